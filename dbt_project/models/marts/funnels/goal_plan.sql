with funnels as (
    select * from {{ ref('funnels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

revenue_targets as (
    select * from {{ ref('revenue_targets') }}
),

int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

int_seasonal_indices as (
    select * from {{ ref('int_seasonal_indices') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

fiscal_years as (
    select
        fiscal_year,
        year_start_date,
        year_end_date
    from int_dates
    where date_day = {{ as_of_date() }}
),

-- the last year, or since the first event
history as (
    select
        greatest(min(int_metrics__placed.date_day), {{ add_days(as_of_date(), -364) }})
            as first_date
    from int_metrics__placed
    inner join funnels
        on
            int_metrics__placed.role = funnels.role
            and int_metrics__placed.metric_id = funnels.metric_id
),

step_metrics as (
    select
        funnels.role,
        funnels.step,
        funnels.metric_id,
        metrics.metric_name,
        metrics.unit,
        metrics.aggregation,
        max(funnels.step) over (partition by funnels.role) as last_step,
        -- the channels of the first step go by the first of them
        min(funnels.metric_id) over (partition by funnels.role, funnels.step) as step_metric_id
    from funnels
    inner join metrics
        on funnels.metric_id = metrics.metric_id
),

capacities as (
    select
        int_rep_days.role,
        int_rep_days.rep_id,
        sum(int_rep_days.capacity) as capacity,
        sum(int_rep_days.employed) as employed_days,
        max(
            case
                when int_rep_days.date_day = {{ as_of_date() }} then int_rep_days.employed
                else 0
            end
        ) as is_here
    from int_rep_days
    cross join history
    where
        int_rep_days.date_day >= history.first_date
        and int_rep_days.date_day <= {{ as_of_date() }}
    group by 1, 2
),

-- working days of a rep in a year, what is usual of part time and leave taken off
role_capacities as (
    select
        role,
        cast(sum(is_here) as {{ type_double() }}) as reps,
        365e0 * sum(capacity) / nullif(sum(employed_days), 0) as capacity_days_per_rep
    from capacities
    group by 1
),

rep_metrics as (
    select
        capacities.role,
        capacities.rep_id,
        step_metrics.step,
        step_metrics.metric_id,
        coalesce(sum(int_metrics__placed.numerator), 0) as actual,
        max(capacities.capacity) as capacity
    from capacities
    inner join step_metrics
        on capacities.role = step_metrics.role
    cross join history
    left join int_metrics__placed
        on
            capacities.rep_id = int_metrics__placed.rep_id
            and capacities.role = int_metrics__placed.role
            and step_metrics.metric_id = int_metrics__placed.metric_id
            and int_metrics__placed.date_day >= history.first_date
    group by 1, 2, 3, 4
),

rep_steps as (
    select
        role,
        rep_id,
        step,
        min(metric_id) as metric_id,
        sum(actual) as actual
    from rep_metrics
    group by 1, 2, 3
),

rep_edges as (
    select
        role,
        rep_id,
        step,
        metric_id,
        actual,
        lag(actual) over (partition by role, rep_id order by step asc nulls last) as base,
        lag(metric_id) over (partition by role, rep_id order by step asc nulls last)
            as previous_metric_id
    from rep_steps
),

-- everybody with the same step in their funnel, and how much their rates differ beyond chance
organisation_rates as (
    select
        previous_metric_id,
        metric_id,
        sum(actual) / nullif(sum(base), 0) as rate,
        sum(base) as bases,
        sum(base * base) as squared_bases,
        sum(actual * actual / nullif(base, 0)) as weighed_squares,
        count(*) as reps
    from rep_edges
    where base > 0
    group by 1, 2
),

spread_rates as (
    select
        organisation_rates.previous_metric_id,
        organisation_rates.metric_id,
        organisation_rates.rate,
        int_dispersions.dispersion * organisation_rates.rate as noise,
        greatest(
            (
                organisation_rates.weighed_squares
                - organisation_rates.bases * organisation_rates.rate * organisation_rates.rate
                - (organisation_rates.reps - 1)
                * int_dispersions.dispersion * organisation_rates.rate
            )
            / nullif(
                organisation_rates.bases
                - organisation_rates.squared_bases / organisation_rates.bases, 0
            ), 0
        ) as variance
    from organisation_rates
    inner join int_dispersions
        on
            organisation_rates.metric_id = int_dispersions.metric_id
            and int_dispersions.is_organisation
),

role_edges as (
    select
        role,
        step,
        metric_id,
        previous_metric_id,
        sum(actual) as actual,
        sum(base) as base
    from rep_edges
    group by 1, 2, 3, 4
),

-- a role's own rate, shrunk to the organisation's the more, the less there is of it
rates as (
    select
        role_edges.role,
        role_edges.step,
        role_edges.metric_id,
        role_edges.actual,
        role_edges.base,
        spread_rates.variance * role_edges.base
        / nullif(spread_rates.variance * role_edges.base + spread_rates.noise, 0) as own_weight,
        spread_rates.rate + coalesce(
            spread_rates.variance * role_edges.base
            / nullif(spread_rates.variance * role_edges.base + spread_rates.noise, 0)
            * (role_edges.actual / nullif(role_edges.base, 0) - spread_rates.rate), 0
        ) as rate
    from role_edges
    left join spread_rates
        on
            role_edges.metric_id = spread_rates.metric_id
            and role_edges.previous_metric_id = spread_rates.previous_metric_id
),

-- how many events of a step lead to one of the result
chains as (
    select
        role,
        step,
        actual,
        base,
        own_weight,
        rate,
        coalesce(
            exp(
                -sum(ln(nullif(greatest(rate, 0), 0))) over (
                    partition by role order by step desc nulls last
                    rows between unbounded preceding and 1 preceding
                )
            ), 1
        ) as events_per_result,
        min(case when step = 1 or rate > 0 then 1 else 0 end) over (partition by role)
            as is_complete
    from rates
),

-- a result varies by chance: deals come as they come, and each has its own size
result_dispersions as (
    select
        step_metrics.role,
        step_metrics.unit as result_unit,
        case
            when step_metrics.aggregation = 'sum'
                then
                    greatest(result_scatter.dispersion - chains.rate, 0)
                    + count_scatter.dispersion * chains.rate
            else result_scatter.dispersion
        end as result_dispersion
    from step_metrics
    inner join chains
        on
            step_metrics.role = chains.role
            and step_metrics.step = chains.step
    inner join int_dispersions as result_scatter
        on
            step_metrics.role = result_scatter.role
            and step_metrics.metric_id = result_scatter.metric_id
            and not result_scatter.is_organisation
    left join step_metrics as counts
        on
            step_metrics.role = counts.role
            and step_metrics.last_step - 1 = counts.step
            and counts.metric_id = counts.step_metric_id
    left join int_dispersions as count_scatter
        on
            counts.role = count_scatter.role
            and counts.metric_id = count_scatter.metric_id
            and not count_scatter.is_organisation
    where step_metrics.step = step_metrics.last_step
),

-- what reps do on a day; someone there for less than a quarter of the time says little
rep_rates as (
    select
        rep_metrics.role,
        rep_metrics.metric_id,
        rep_metrics.actual,
        rep_metrics.actual / rep_metrics.capacity as per_day,
        row_number() over (
            partition by rep_metrics.role, rep_metrics.metric_id
            order by
                rep_metrics.actual / rep_metrics.capacity desc nulls last,
                rep_metrics.rep_id asc nulls last
        ) as place,
        count(*) over (partition by rep_metrics.role, rep_metrics.metric_id) as places
    from rep_metrics
    inner join role_capacities
        on rep_metrics.role = role_capacities.role
    where
        rep_metrics.capacity > 0
        and 4 * rep_metrics.capacity >= role_capacities.capacity_days_per_rep
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
    from rep_metrics
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

working_days as (
    select
        cast(extract(month from int_dates.date_day) as integer) as calendar_month,
        int_dates.slot_id,
        cast(sum(int_calendar_days.working) as {{ type_double() }}) as working_days
    from int_dates
    cross join fiscal_years
    cross join int_settings
    inner join int_calendar_days
        on
            int_dates.date_day = int_calendar_days.date_day
            and int_settings.default_calendar = int_calendar_days.calendar
    where
        int_dates.date_day >= fiscal_years.year_start_date
        and int_dates.date_day <= fiscal_years.year_end_date
    group by 1, 2
),

seasons as (
    select
        role,
        metric_id,
        slot_id,
        avg(seasonal_index) as season
    from int_seasonal_indices
    group by 1, 2, 3
),

month_shares as (
    select
        step_metrics.role,
        step_metrics.metric_id,
        sum(working_days.working_days) as working_days,
    {% for month in range(1, 13) %}
    sum(
        case
            when working_days.calendar_month = {{ month }}
                then working_days.working_days * coalesce(seasons.season, 1)
            else 0
        end
    )
    / nullif(sum(working_days.working_days * coalesce(seasons.season, 1)), 0)
        as month_{{ month }}_share{{ "," if not loop.last }}
    {% endfor %}
    from step_metrics
    cross join working_days
    left join seasons
        on
            step_metrics.role = seasons.role
            and step_metrics.metric_id = seasons.metric_id
            and working_days.slot_id = seasons.slot_id
    group by 1, 2
),

assigned as (
    select
        fct_goals_daily.role,
        fct_goals_daily.metric_id,
        sum(fct_goals_daily.daily_goal) as assigned_goal
    from fct_goals_daily
    cross join fiscal_years
    where
        fct_goals_daily.date_day >= fiscal_years.year_start_date
        and fct_goals_daily.date_day <= fiscal_years.year_end_date
    group by 1, 2
),

-- the next fiscal year is planned; its own target comes before the one of every year
targets as (
    select
        revenue_targets.role,
        revenue_targets.revenue_target,
        row_number() over (
            partition by revenue_targets.role
            order by case when revenue_targets.fiscal_year is null then 2 else 1 end asc nulls last
        ) as preference
    from revenue_targets
    cross join fiscal_years
    where
        coalesce(revenue_targets.fiscal_year, fiscal_years.fiscal_year + 1)
        = fiscal_years.fiscal_year + 1
),

chances as (
    select
        0.5e0 as probability,
        0e0 as normal_quantile
    union all
    select
        0.8e0 as probability,
        0.8416212336e0 as normal_quantile
),

unit_plan as (
    select
        fiscal_years.fiscal_year + 1 as fiscal_year,
        fiscal_years.year_end_date,
        step_metrics.role,
        step_metrics.step,
        step_metrics.last_step,
        step_metrics.metric_id,
        step_metrics.metric_name,
        step_metrics.unit,
        chances.probability,
        chances.normal_quantile,
        targets.revenue_target as result_target,
        result_dispersions.result_unit,
        result_dispersions.result_dispersion,
        case when step_metrics.step > 1 then chains.base end as history_from,
        case when step_metrics.step > 1 then chains.actual end as history_to,
        case when step_metrics.step > 1 then chains.own_weight end as own_weight,
        case when step_metrics.step > 1 then chains.rate end as rate,
        chains.events_per_result,
        channel_shares.channel_share,
        role_capacities.reps,
        role_capacities.capacity_days_per_rep,
        usual_rates.median_per_day,
        usual_rates.top_quartile_per_day,
        assigned.assigned_goal,
        month_shares.working_days,
    {% for month in range(1, 13) %}
    month_shares.month_{{ month }}_share{{ "," if not loop.last }}
    {% endfor %}
    from step_metrics
    cross join fiscal_years
    cross join chances
    inner join chains
        on
            step_metrics.role = chains.role
            and step_metrics.step = chains.step
            and chains.is_complete = 1
    inner join result_dispersions
        on step_metrics.role = result_dispersions.role
    inner join channel_shares
        on
            step_metrics.role = channel_shares.role
            and step_metrics.metric_id = channel_shares.metric_id
    inner join role_capacities
        on step_metrics.role = role_capacities.role
    inner join month_shares
        on
            step_metrics.role = month_shares.role
            and step_metrics.metric_id = month_shares.metric_id
    left join usual_rates
        on
            step_metrics.role = usual_rates.role
            and step_metrics.metric_id = usual_rates.metric_id
    left join assigned
        on
            step_metrics.role = assigned.role
            and step_metrics.metric_id = assigned.metric_id
    left join targets
        on
            step_metrics.role = targets.role
            and result_dispersions.result_unit = 'money'
            and targets.preference = 1
),

{{ plan_volumes('unit_plan') }},

final as (
    select
        {{ as_of_date() }} as as_of_date,
        role,
        fiscal_year,
        {{ add_days('year_end_date', 1) }} as year_start_date,
        probability,
        step,
        last_step,
        metric_id,
        metric_name,
        unit,
        result_unit,
        result_target,
        {% for column in [
            "result_dispersion", "result_mean", "history_from", "history_to", "own_weight", "rate",
            "events_per_result", "channel_share", "reps", "capacity_days_per_rep", "working_days",
            "events_per_year", "events_per_month", "events_per_rep", "events_per_day",
            "full_time_goal", "median_per_day", "top_quartile_per_day",
        ] %}
        {{ settle(column) }} as {{ column }},
        {% endfor %}
        feasibility,
        {{ settle('assigned_goal') }} as assigned_goal,
        {% for month in range(1, 13) %}
        {{ settle('month_' ~ month ~ '_share') }} as month_{{ month }}_share,
        {% endfor %}
        {{ settle('assigned_goal / nullif(events_per_year, 0)') }} as assigned_ratio
    from planned
)

select * from final
