with int_funnel_years__counted as (
    select * from {{ ref('int_funnel_years__counted') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

reps as (
    select distinct
        role,
        rep_id,
        capacity_days,
        employed_days,
        is_here
    from int_funnel_years__counted
),

-- working days of a rep in a year, less the usual part time and leave
capacities as (
    select
        role,
        cast(sum(is_here) as {{ type_double() }}) as reps,
        365e0 * sum(capacity_days) / nullif(sum(employed_days), 0) as capacity_days_per_rep
    from reps
    group by 1
),

-- what reps do on a day; someone who worked only a small part of the time tells little
rep_rates as (
    select
        int_funnel_years__counted.role,
        int_funnel_years__counted.metric_id,
        int_funnel_years__counted.actual / int_funnel_years__counted.capacity_days as per_day,
        row_number() over (
            partition by int_funnel_years__counted.role, int_funnel_years__counted.metric_id
            order by
                int_funnel_years__counted.actual
                / int_funnel_years__counted.capacity_days desc nulls last,
                int_funnel_years__counted.rep_id asc nulls last
        ) as place,
        count(*) over (
            partition by int_funnel_years__counted.role, int_funnel_years__counted.metric_id
        ) as places
    from int_funnel_years__counted
    inner join capacities
        on int_funnel_years__counted.role = capacities.role
    cross join int_constants
    where
        int_funnel_years__counted.capacity_days > 0
        and int_funnel_years__counted.capacity_days
        >= int_constants.plan_min_presence_ratio * capacities.capacity_days_per_rep
),

usual_rates as (
    select
        role,
        metric_id,
        max(case when place = floor((places + 1) / 2e0) then per_day end) as median_per_day,
        max(case when place = floor((places + 3) / 4e0) then per_day end) as top_quartile_per_day
    from rep_rates
    group by 1, 2
),

totals as (
    select
        role,
        step,
        metric_id,
        sum(actual) as actual
    from int_funnel_years__counted
    group by 1, 2, 3
),

channel_shares as (
    select
        role,
        metric_id,
        coalesce(
            actual / nullif(sum(actual) over (partition by role, step), 0),
            1e0 / count(*) over (partition by role, step)
        ) as channel_share
    from totals
),

final as (
    select
        channel_shares.role,
        channel_shares.metric_id,
        channel_shares.channel_share,
        capacities.reps,
        capacities.capacity_days_per_rep,
        usual_rates.median_per_day,
        usual_rates.top_quartile_per_day
    from channel_shares
    inner join capacities
        on channel_shares.role = capacities.role
    left join usual_rates
        on
            channel_shares.role = usual_rates.role
            and channel_shares.metric_id = usual_rates.metric_id
)

select * from final
