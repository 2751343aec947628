-- what: Each counted metric has as many events in the marts as there are live records in raw that
--     match its rules, up to the as-of date.
-- reason: If not, a model drops or multiplies records;
-- remedy: `scorecard refresh --full` rebuilds all months.
-- severity: error
-- table: scorecard_rep_metrics
-- column: actual
-- expected: events in the marts = matching records in raw
-- absent: no counted metric on activities or deals in this company's policy

with matches as (
    select distinct
        event_rules.event_type,
        counted_activities.cell_id,
        counted_activities.row_count
    from counted_activities
    inner join config.event_rules
        on
            event_rules.source_table = 'activities'
            and coalesce(lower(event_rules.activity_type), counted_activities.activity_type)
            = counted_activities.activity_type
            and (
                event_rules.direction is null
                or lower(event_rules.direction) = counted_activities.direction
            )
            and (
                event_rules.outcome is null
                or lower(event_rules.outcome) = counted_activities.outcome
            )
            and coalesce(cast(event_rules.min_duration_seconds as double), 0)
            <= counted_activities.seconds
),

deal_matches as (
    select distinct
        event_rules.event_type,
        counted_deals.outcome,
        counted_deals.opportunity_type,
        counted_deals.credit
    from counted_deals
    inner join config.event_rules
        on
            event_rules.source_table = 'opportunities'
            and lower(event_rules.outcome) = counted_deals.outcome
            and (
                event_rules.activity_type is null
                or lower(event_rules.activity_type) = counted_deals.opportunity_type
            )
),

events as (
    select event_type, sum(row_count) as event_count from matches group by 1
    union all
    select event_type, sum(credit) as event_count from deal_matches group by 1
),

event_totals as (
    select event_type, sum(event_count) as event_count from events group by 1
),

-- events of other tables are not counted a second time here
countable as (
    select metrics.metric_id, metrics.event_type
    from config.metrics
    where
        metrics.aggregation = 'count'
        and metrics.event_type not in (
            select event_type from config.event_rules
            where source_table not in ('activities', 'opportunities')
        )
),

fact_totals as (
    select metric_id, sum(value) as value from facts where date_day <= {{ as_of }} group by 1
)

select
    countable.metric_id as subject,
    cast(coalesce(fact_totals.value, 0) as varchar) || ' in the marts' as observed,
    cast(coalesce(event_totals.event_count, 0) as varchar) || ' in raw' as expected,
    case
        when agrees(coalesce(fact_totals.value, 0), coalesce(event_totals.event_count, 0)) then 0
        else ceil(abs(coalesce(fact_totals.value, 0) - coalesce(event_totals.event_count, 0)))
    end as failed_rows
from countable
left join event_totals
    on countable.event_type = event_totals.event_type
left join fact_totals
    on countable.metric_id = fact_totals.metric_id
