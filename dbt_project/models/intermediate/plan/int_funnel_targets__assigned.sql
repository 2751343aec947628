with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

revenue_targets as (
    select * from {{ ref('revenue_targets') }}
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

fiscal_years as (
    select
        fiscal_year,
        year_start_date,
        year_end_date
    from int_dates
    where date_day = {{ as_of_date() }}
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

assigned as (
    select
        int_goals__daily.role,
        int_goals__daily.metric_id,
        sum(int_goals__daily.daily_goal) as assigned_goal
    from int_goals__daily
    cross join fiscal_years
    where
        int_goals__daily.date_day >= fiscal_years.year_start_date
        and int_goals__daily.date_day <= fiscal_years.year_end_date
    group by 1, 2
),

final as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.metric_id,
        fiscal_years.fiscal_year + 1 as fiscal_year,
        {{ add_days('fiscal_years.year_end_date', 1) }} as year_start_date,
        targets.revenue_target,
        assigned.assigned_goal
    from int_funnel_metrics__placed
    cross join fiscal_years
    left join targets
        on
            int_funnel_metrics__placed.role = targets.role
            and targets.preference = 1
    left join assigned
        on
            int_funnel_metrics__placed.role = assigned.role
            and int_funnel_metrics__placed.metric_id = assigned.metric_id
)

select * from final
