with scorecard_history as (
    select * from {{ source('raw_published', 'scorecard_history') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_activities__recent as (
    select * from {{ ref('int_activities__recent') }}
),

sourced_opportunities as (
    {{ source_records('opportunities') }}
),

sourced_opportunity_splits as (
    {{ source_records('opportunity_splits') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

published as (
    select
        scorecard_history.*,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation in ('count', 'sum') as is_additive,
        {{ add_days('scorecard_history.period_start', -1) }} as day_before
    from scorecard_history
    inner join metrics
        on scorecard_history.metric_id = metrics.metric_id
),

-- the sum of any window is a difference of two running sums, so that the days are read once for
-- all windows: a window begins after the day before it and ends on the as-of date
edges as (
    select
        rep_id,
        metric_id,
        as_of_date as date_day
    from published
    union
    select
        rep_id,
        metric_id,
        day_before as date_day
    from published
),

first_edge as (
    select min(day_before) as date_day from published
),

movements as (
    select
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        int_metrics__daily.date_day,
        int_metrics__daily.numerator,
        int_metrics__daily.denominator
    from int_metrics__daily
    cross join first_edge
    where int_metrics__daily.date_day > first_edge.date_day
    union all
    select
        rep_id,
        metric_id,
        date_day,
        cast(0 as {{ type_double() }}) as numerator,
        cast(0 as {{ type_double() }}) as denominator
    from edges
),

daily as (
    select
        rep_id,
        metric_id,
        date_day,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from movements
    group by 1, 2, 3
),

running as (
    select
        rep_id,
        metric_id,
        date_day,
        sum(numerator) over (
            partition by rep_id, metric_id
            order by date_day asc nulls last
            rows between unbounded preceding and current row
        ) as numerator,
        sum(denominator) over (
            partition by rep_id, metric_id
            order by date_day asc nulls last
            rows between unbounded preceding and current row
        ) as denominator
    from daily
),

-- each window has both its edges; an inner join would let DuckDB join these with each other first
summed as (
    select
        published.*,
        {{ settle('running_to.numerator - running_before.numerator') }} as numerator,
        {{ settle('running_to.denominator - running_before.denominator') }} as denominator
    from published
    left join running as running_to
        on
            published.rep_id = running_to.rep_id
            and published.metric_id = running_to.metric_id
            and published.as_of_date = running_to.date_day
    left join running as running_before
        on
            published.rep_id = running_before.rep_id
            and published.metric_id = running_before.metric_id
            and published.day_before = running_before.date_day
),

compared as (
    select
        summed.*,
        case
            when summed.is_additive then summed.numerator
            else summed.numerator / nullif(summed.denominator, 0)
        end as restated_actual
    from summed
),

-- sums are added in any order: what differs in their last digits is no restatement
restated as (
    select * from compared
    where
        (actual is null and restated_actual is not null)
        or (actual is not null and restated_actual is null)
        or abs(actual - restated_actual) > 1e-6 * greatest(1, abs(actual))
),

-- which events a metric rests on, itself or through the two metrics of a ratio
metric_parts as (
    select
        metric_id,
        event_type
    from metrics
    where event_type is not null
    union
    select
        metrics.metric_id,
        parts.event_type
    from metrics
    inner join metrics as parts
        on
            metrics.numerator_metric_id = parts.metric_id
            or metrics.denominator_metric_id = parts.metric_id
),

metric_rules as (
    select
        metric_parts.metric_id,
        event_rules.source_table,
        lower(event_rules.activity_type) as activity_type,
        lower(event_rules.direction) as direction,
        lower(event_rules.outcome) as outcome,
        coalesce(event_rules.min_duration_seconds, 0) as min_duration_seconds
    from metric_parts
    inner join event_rules
        on metric_parts.event_type = event_rules.event_type
),

-- stage changes and leads do not say when they came or changed
traced_metrics as (
    select metric_id
    from metric_rules
    group by 1
    having min(case when source_table in ('activities', 'opportunities') then 1 else 0 end) = 1
),

changed_activities as (
    select
        rep_id,
        date_day,
        activity_type,
        direction,
        outcome,
        coalesce(duration_seconds, 0) as duration_seconds,
        is_deleted,
        entered_after,
        changed_after,
        count(*) as record_count
    from int_activities__recent
    where entered_after >= date_day or changed_after >= date_day
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),

-- distinct, because two rules of one metric must not count a record twice
activity_changes as (
    select distinct
        metric_rules.metric_id,
        changed_activities.*
    from changed_activities
    inner join metric_rules
        on
            metric_rules.source_table = 'activities'
            and coalesce(metric_rules.activity_type, changed_activities.activity_type)
            = changed_activities.activity_type
            and coalesce(metric_rules.direction, changed_activities.direction)
            = changed_activities.direction
            and coalesce(metric_rules.outcome, changed_activities.outcome)
            = changed_activities.outcome
            and metric_rules.min_duration_seconds <= changed_activities.duration_seconds
),

first_publication as (
    select min(published_at) as published_at from published
),

first_load as (
    select min(modified_at) as loaded_at from sourced_opportunities
),

deals as (
    select
        sourced_opportunities.opportunity_id,
        sourced_opportunities.rep_id,
        lower(sourced_opportunities.opportunity_type) as opportunity_type,
        cast(sourced_opportunities.created_at as date) as created_date,
        sourced_opportunities.close_date,
        sourced_opportunities.is_deleted,
        sourced_opportunities.created_at as entered_at,
        case
            when
                sourced_opportunities.modified_at > first_load.loaded_at
                and sourced_opportunities.modified_at
                > coalesce(sourced_opportunities.updated_at, first_load.loaded_at)
                then sourced_opportunities.modified_at
            else sourced_opportunities.updated_at
        end as changed_at,
        first_publication.published_at as first_published_at
    from sourced_opportunities
    cross join first_load
    cross join first_publication
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

-- a deal counts for each rep who shares it
changed_deals as (
    select
        deals.opportunity_id,
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        deals.opportunity_type,
        deals.created_date,
        deals.close_date,
        deals.is_deleted,
        deals.entered_at,
        deals.changed_at
    from deals
    left join sourced_opportunity_splits
        on
            deals.opportunity_id = sourced_opportunity_splits.opportunity_id
            and not sourced_opportunity_splits.is_deleted
    left join known_reps
        on coalesce(sourced_opportunity_splits.rep_id, deals.rep_id) = known_reps.rep_id
    where
        deals.entered_at > deals.first_published_at
        or deals.changed_at > deals.first_published_at
),

deal_changes as (
    select distinct
        metric_rules.metric_id,
        changed_deals.opportunity_id,
        changed_deals.rep_id,
        case
            when metric_rules.outcome = 'created' then changed_deals.created_date
            else changed_deals.close_date
        end as date_day,
        changed_deals.is_deleted,
        changed_deals.entered_at,
        changed_deals.changed_at
    from changed_deals
    inner join metric_rules
        on
            metric_rules.source_table = 'opportunities'
            and (
                metric_rules.activity_type is null
                or metric_rules.activity_type = changed_deals.opportunity_type
            )
),

causes as (
    select
        restated.as_of_date,
        restated.rep_id,
        restated.metric_id,
        restated.period_type,
        restated.period_start,
        activity_changes.record_count,
        case
            when activity_changes.is_deleted then 'deleted'
            when activity_changes.entered_after >= restated.as_of_date then 'late'
            else 'changed'
        end as cause
    from restated
    inner join activity_changes
        on
            restated.rep_id = activity_changes.rep_id
            and restated.metric_id = activity_changes.metric_id
            and activity_changes.date_day >= restated.period_start
            and activity_changes.date_day <= restated.as_of_date
            and (
                activity_changes.entered_after >= restated.as_of_date
                or activity_changes.changed_after >= restated.as_of_date
            )
    union all
    select
        restated.as_of_date,
        restated.rep_id,
        restated.metric_id,
        restated.period_type,
        restated.period_start,
        1 as record_count,
        case
            when deal_changes.is_deleted then 'deleted'
            when deal_changes.entered_at > restated.published_at then 'late'
            else 'changed'
        end as cause
    from restated
    inner join deal_changes
        on
            restated.rep_id = deal_changes.rep_id
            and restated.metric_id = deal_changes.metric_id
            and deal_changes.date_day >= restated.period_start
            and deal_changes.date_day <= restated.as_of_date
            and (
                deal_changes.entered_at > restated.published_at
                or deal_changes.changed_at > restated.published_at
            )
),

counted as (
    select
        as_of_date,
        rep_id,
        metric_id,
        period_type,
        period_start,
        sum(case when cause = 'late' then record_count else 0 end) as late_count,
        sum(case when cause = 'changed' then record_count else 0 end) as changed_count,
        sum(case when cause = 'deleted' then record_count else 0 end) as deleted_count
    from causes
    group by 1, 2, 3, 4, 5
),

final as (
    select
        restated.as_of_date,
        restated.release_id,
        restated.published_at,
        restated.rep_id,
        restated.metric_id,
        restated.metric_name,
        restated.unit,
        restated.period_type,
        restated.period_id,
        restated.period_start,
        restated.period_end,
        restated.actual as published_actual,
        restated.restated_actual,
        restated.restated_actual - restated.actual as difference,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(counted.late_count, 0) as bigint)
        end as late_count,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(counted.changed_count, 0) as bigint)
        end as changed_count,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(counted.deleted_count, 0) as bigint)
        end as deleted_count
    from restated
    left join traced_metrics
        on restated.metric_id = traced_metrics.metric_id
    left join counted
        on
            restated.as_of_date = counted.as_of_date
            and restated.rep_id = counted.rep_id
            and restated.metric_id = counted.metric_id
            and restated.period_type = counted.period_type
            and restated.period_start = counted.period_start
)

select * from final
