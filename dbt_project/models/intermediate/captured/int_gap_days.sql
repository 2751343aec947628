{{ config(meta={'compared': true}) }}

with int_capture_gaps as (
    select * from {{ ref('int_capture_gaps') }}
    where scope = 'team'
),

int_metric_rules as (
    select * from {{ ref('int_metric_rules') }}
    where source_table = 'activities'
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

-- a metric of several kinds is in a gap when any of them is
final as (
    select distinct
        int_capture_gaps.scope_id as team,
        int_metric_rules.metric_id,
        int_dates.date_day
    from int_capture_gaps
    inner join int_metric_rules
        on int_capture_gaps.kind = coalesce(int_metric_rules.activity_type, '')
    inner join int_dates
        on
            int_capture_gaps.first_day <= int_dates.date_day
            and int_capture_gaps.last_day >= int_dates.date_day
)

select * from final
