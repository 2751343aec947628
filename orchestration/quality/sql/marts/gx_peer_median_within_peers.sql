-- what: The median of a rep's peers lies between the least and the most that any of them reached
--     per day of capacity.
-- severity: error
-- table: scorecard_benchmarks
-- column: peer_median
-- expected: least peer <= median <= most
-- absent: nobody has enough peers

with rates as (
    select
        *,
        case when peer_scope <> 'organisation' then role else '' end as circle,
        case when aggregation in ('count', 'sum') then nullif(judged_capacity_days, 0) else 1 end
            as scale
    from marts.scorecard_benchmarks
),

extremes as (
    select
        metric_id,
        period_type,
        period_start,
        role as circle,
        min(judged_actual / scale) as lowest,
        max(judged_actual / scale) as highest
    from rates
    group by all
    union all
    select
        metric_id,
        period_type,
        period_start,
        '',
        min(judged_actual / scale),
        max(judged_actual / scale)
    from rates
    group by all
),

compared as (
    select
        rates.metric_id,
        rates.rep_id || ' ' || rates.period_type || ': ' || rates.peer_median / rates.scale
            as label,
        rates.peer_median / rates.scale
        >= extremes.lowest - 1e-6 * greatest(abs(extremes.lowest), 1)
        and rates.peer_median / rates.scale
        <= extremes.highest + 1e-6 * greatest(abs(extremes.highest), 1) as is_within
    from rates
    inner join extremes
        on
            rates.metric_id = extremes.metric_id
            and rates.period_type = extremes.period_type
            and rates.period_start = extremes.period_start
            and rates.circle = extremes.circle
    where rates.peer_median is not null
)

select
    metric_id as subject,
    coalesce(min(label) filter (not is_within), count(*) || ' medians are') as observed,
    'between the least and the most that a rep of the circle reaches per day' as expected,
    count(*) filter (not is_within) as failed_rows
from compared
group by 1
