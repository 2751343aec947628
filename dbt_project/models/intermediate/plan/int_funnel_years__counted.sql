with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

-- the last year, or since the first event
history as (
    select
        {{ higher_of('min(int_metrics__placed.date_day)', add_days(as_of_date(), -364)) }}
            as first_date
    from int_metrics__placed
    inner join int_funnel_metrics__placed
        on
            int_metrics__placed.role = int_funnel_metrics__placed.role
            and int_metrics__placed.metric_id = int_funnel_metrics__placed.metric_id
),

reps as (
    select
        int_rep_days.role,
        int_rep_days.rep_id,
        sum(int_rep_days.capacity) as capacity_days,
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

final as (
    select
        reps.role,
        reps.rep_id,
        int_funnel_metrics__placed.step,
        int_funnel_metrics__placed.metric_id,
        reps.capacity_days,
        reps.employed_days,
        reps.is_here,
        coalesce(sum(int_metrics__placed.numerator), 0) as actual
    from reps
    inner join int_funnel_metrics__placed
        on reps.role = int_funnel_metrics__placed.role
    cross join history
    left join int_metrics__placed
        on
            reps.rep_id = int_metrics__placed.rep_id
            and reps.role = int_metrics__placed.role
            and int_funnel_metrics__placed.metric_id = int_metrics__placed.metric_id
            and int_metrics__placed.date_day >= history.first_date
    group by 1, 2, 3, 4, 5, 6, 7
)

select * from final
