with int_figures__published as (
    select * from {{ ref('int_figures__published') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

-- the sum of any window is a difference of two running sums, so that the days are read once for
-- all windows: a window begins after the day before it and ends on the as-of date
edges as (
    select
        rep_id,
        metric_id,
        as_of_date as date_day
    from int_figures__published
    union
    select
        rep_id,
        metric_id,
        day_before as date_day
    from int_figures__published
),

first_edge as (
    select min(day_before) as date_day from int_figures__published
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
        int_figures__published.*,
        {{ settle('running_to.numerator - running_before.numerator') }} as numerator,
        {{ settle('running_to.denominator - running_before.denominator') }} as denominator
    from int_figures__published
    left join running as running_to
        on
            int_figures__published.rep_id = running_to.rep_id
            and int_figures__published.metric_id = running_to.metric_id
            and int_figures__published.as_of_date = running_to.date_day
    left join running as running_before
        on
            int_figures__published.rep_id = running_before.rep_id
            and int_figures__published.metric_id = running_before.metric_id
            and int_figures__published.day_before = running_before.date_day
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

-- sums are added in any order: a difference in the last digits is not a restatement
restated as (
    select * from compared
    where
        (actual is null and restated_actual is not null)
        or (actual is not null and restated_actual is null)
        or abs(actual - restated_actual) > 1e-6 * {{ higher_of('1', 'abs(actual)') }}
)

select * from restated
