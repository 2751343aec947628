{{ config(meta={'compared': true}) }}

with int_record_days as (
    select * from {{ ref('int_record_days') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

-- a rule without a type takes any; a deal's type stands in the same column
first_days as (
    select
        team,
        source_table,
        kind,
        min(date_day) as first_day
    from int_record_days
    group by 1, 2, 3
    union all
    select
        team,
        source_table,
        '' as kind,
        min(date_day) as first_day
    from int_record_days
    group by 1, 2
),

-- what never happened was never captured, whatever else arrives
happened as (
    select distinct metric_id from int_metrics__daily
    where date_day <= {{ as_of_date() }}
),

own as (
    select
        metrics.metric_id,
        first_days.team,
        min(first_days.first_day) as captured_from
    from metrics
    inner join happened
        on metrics.metric_id = happened.metric_id
    inner join event_rules
        on metrics.event_type = event_rules.event_type
    inner join first_days
        on
            event_rules.source_table = first_days.source_table
            and coalesce(lower(event_rules.activity_type), '') = first_days.kind
    where first_days.team is not null
    group by 1, 2
),

-- a ratio needs both parts
final as (
    select * from own
    union all
    select
        metrics.metric_id,
        numerators.team,
        {{ higher_of('numerators.captured_from', 'denominators.captured_from') }} as captured_from
    from metrics
    inner join own as numerators
        on metrics.numerator_metric_id = numerators.metric_id
    inner join own as denominators
        on
            metrics.denominator_metric_id = denominators.metric_id
            and numerators.team = denominators.team
)

select * from final
