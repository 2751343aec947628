-- The tables that the project publishes for the demo company, as an analyst would write them by
-- hand for DuckDB alone: the event rules and the company's settings stand in the SQL, steps that are
-- read twice are temporary tables, nothing is tested or documented. It is the yardstick of the
-- benchmark, so it has to give the same figures: `measure.py` compares every row.
--
-- The caller attaches the warehouse as `warehouse` and sets the variables `as_of` and `seeds`.

create macro settled(amount) as cast(cast(amount as decimal(28, 9)) as double);

create macro attainment(actual, goal, is_higher_better) as
    case
        when is_higher_better then actual / nullif(goal, 0)
        when actual is null or goal is null or goal = 0 then null
        when actual <= 0 then 2
        else least(2, goal / actual)
    end;

create macro wilson_hilferty(shape, goal) as
    case when shape > 0 then 3 * sqrt(shape) * (1 - 1 / (9 * shape) - pow(goal / shape, 1 / 3)) end;

create macro z_of(aggregation, actual, goal, dispersion, numerator, denominator, squares) as
    case
        when aggregation in ('count', 'sum') and actual < goal
            then wilson_hilferty(actual / nullif(dispersion, 0) + 1, goal / nullif(dispersion, 0))
        when aggregation in ('count', 'sum')
            then wilson_hilferty(actual / nullif(dispersion, 0), goal / nullif(dispersion, 0))
        when aggregation = 'ratio'
            then (
                numerator - denominator * goal
                - sign(numerator - denominator * goal)
                * least(0.5, abs(numerator - denominator * goal))
            ) / nullif(sqrt(greatest(denominator * goal * (1 - goal), 0)), 0)
        else
            (actual - goal) / nullif(sqrt(greatest(
                (squares - denominator * actual * actual)
                / nullif(denominator - 1, 0) / nullif(denominator, 0), 0
            )), 0)
    end;

create macro evidence_of(attainment, information, z, is_higher_better) as
    case
        when attainment is null then null
        when coalesce(information, 0) < 5 then 'too_little_data'
        when if(is_higher_better, z, -z) <= -1.96 then 'proven_miss'
        when if(is_higher_better, z, -z) >= 1.96 then 'proven_excess'
        else 'not_proven'
    end;

create macro status_of(goal, is_unseen, attainment, level, evidence) as
    case
        when is_unseen then 'not_captured'
        when goal is null then 'no_goal'
        when attainment is null or evidence = 'too_little_data' then 'too_little_data'
        when level = 'needs_intervention' and evidence <> 'proven_miss' then 'watch'
        when level = 'outstanding' and evidence <> 'proven_excess' then 'ahead'
        else level
    end;

create macro tail(x) as
    0.3989422804014327 * exp(-0.5 * x * x) * list_reduce(
        [1.330274429::double, -1.821255978, 1.781477937, -0.356563782, 0.319381530, 0],
        lambda a, b: a / (1 + 0.2316419 * x) + b
    );

create macro normal_cdf(z) as if(z >= 0, 1 - tail(least(abs(z), 8)), tail(least(abs(z), 8)));

create temp table metrics as
select * from read_csv(getvariable('seeds') || '/metrics.csv');

create temp table levels as
select level, min_attainment, rank,
    if(row_number() over by_edge = 1, -1e300, min_attainment) as from_attainment,
    lead(min_attainment, 1, 1e300) over by_edge as below_attainment
from read_csv(getvariable('seeds') || '/performance_levels.csv')
window by_edge as (order by min_attainment);

create temp table goals as
select goal_id, scope, scope_value, coalesce(tier, '') as tier, metric_id, period,
    goal::double as goal, timing, valid_from, valid_to, 'policy' as source
from read_csv(
    getvariable('seeds') || '/goals.csv', types = {'valid_from': 'date', 'valid_to': 'date'}
);

-- ------------------------------------------------------------------ people, and where they work

create temp table reps as
select
    rep_id || '@' || row_number() over by_version as rep_version_id,
    rep_id, rep_name, email, manager_id,
    coalesce(team, 'No team') as team,
    coalesce(region, '') as region,
    coalesce(role, '') as role,
    coalesce(tier, '') as tier,
    coalesce(calendar, 'us') as calendar,
    coalesce(time_zone, 'America/Los_Angeles') as time_zone,
    coalesce(fte::double, 1) as fte,
    hire_date::date as hire_date,
    end_date::date as end_date,
    valid_from::date as valid_from,
    lead(valid_from::date) over by_version as valid_to,
    if(row_number() over by_version = 1, date '1900-01-01', valid_from::date) as effective_from,
    coalesce(lead(valid_from::date) over by_version, date '9999-12-31') as effective_to
from warehouse.raw_files.reps
where _is_deleted = 'false'
window by_version as (partition by rep_id order by valid_from nulls first);

create temp table zones as
select rep_id, effective_from, effective_to, time_zone from reps
union all
select 'unassigned', date '1900-01-01', date '9999-12-31', 'America/Los_Angeles';

-- ------------------------------------------------------------------------ what happened each day

-- the one pass over the activities
create temp table activity_days as
with dated as (
    select
        coalesce(activities.rep_id, 'unassigned') as rep_id,
        (occurred_at::timestamp + to_seconds(
            if(occurred_at::timestamp >= changes_at, later_offset_seconds, offset_seconds)
        ))::date as date_day,
        activity_type, direction, outcome, duration_seconds
    from warehouse.raw_files.activities
    join zones
        on coalesce(activities.rep_id, 'unassigned') = zones.rep_id
        and occurred_at::timestamp >= effective_from
        and occurred_at::timestamp < effective_to
    join warehouse.raw_reference.time_zone_days
        on zones.time_zone = time_zone_days.time_zone
        and occurred_at::timestamp::date = utc_date
    where _is_deleted = 'false'
)
select
    rep_id, date_day,
    count(*) filter (activity_type = 'call' and direction = 'outbound') as dials,
    count(*) filter (
        activity_type = 'call' and direction = 'outbound' and outcome = 'connected'
    ) as connects,
    count(*) filter (
        activity_type = 'call' and outcome = 'connected' and duration_seconds::double >= 120
    ) as conversations,
    count(*) filter (activity_type = 'email' and direction = 'outbound') as emails_sent,
    count(*) filter (activity_type = 'meeting' and outcome = 'booked') as meetings_booked,
    count(*) filter (activity_type = 'meeting' and outcome = 'held') as meetings_held,
    count(*) filter (activity_type = 'demo' and outcome = 'held') as demos_held,
    count(*) filter (activity_type = 'proposal') as proposals_sent,
    list(distinct activity_type) as kinds
from dated
group by all;

create temp table deals as
with rates as (
    select currency, valid_from, rate,
        lead(valid_from, 1, date '9999-12-31') over (
            partition by currency order by valid_from
        ) as valid_to
    from read_csv(getvariable('seeds') || '/exchange_rates.csv')
)
select
    coalesce(splits.rep_id, opportunities.rep_id, 'unassigned') as rep_id,
    coalesce(splits.split_ratio::double, 1) as credit,
    amount::double * if(coalesce(opportunities.currency, 'USD') = 'USD', 1, rate) as amount,
    is_closed = 'true' as is_closed,
    is_closed = 'true' and is_won = 'true' as is_won,
    opportunities.created_at::timestamp as created_at,
    close_date::date as close_date
from warehouse.raw_files.opportunities
left join (
    select * from warehouse.raw_files.opportunity_splits where _is_deleted = 'false'
) as splits using (opportunity_id)
left join rates
    on coalesce(opportunities.currency, 'USD') = rates.currency
    and coalesce(close_date::date, getvariable('as_of')) >= rates.valid_from
    and coalesce(close_date::date, getvariable('as_of')) < rates.valid_to
where opportunities._is_deleted = 'false';

create temp table dated_deals as
select deals.*,
    (created_at + to_seconds(
        if(created_at >= changes_at, later_offset_seconds, coalesce(offset_seconds, 0))
    ))::date as created_date
from deals
left join zones
    on deals.rep_id = zones.rep_id
    and created_at >= effective_from and created_at < effective_to
left join warehouse.raw_reference.time_zone_days
    on zones.time_zone = time_zone_days.time_zone and created_at::date = utc_date;

create temp table metric_days as
with counted as (
    unpivot (
        select rep_id, date_day, columns(* exclude (rep_id, date_day, kinds))::double
        from activity_days
    ) on columns(* exclude (rep_id, date_day)) into name metric_id value numerator
),
opened as (
    select rep_id, created_date as date_day, 'opportunities_created' as metric_id,
        sum(credit) as numerator
    from dated_deals
    where created_date is not null
    group by all
),
closed as (
    select
        rep_id, close_date as date_day,
        sum(credit) filter (is_won) as deals_won,
        sum(credit) filter (not is_won) as deals_lost,
        sum(credit) as deals_closed,
        sum(credit * amount) filter (is_won) as revenue,
        sum(credit * amount * credit * amount) filter (is_won) as credit_squared,
        sum(credit * amount * amount) filter (is_won) as amount_squared,
        sum(credit * (close_date - created_date)) filter (is_won) as days,
        sum(credit * (close_date - created_date) * (close_date - created_date))
            filter (is_won) as days_squared
    from dated_deals
    where is_closed and close_date is not null
    group by all
),
additive as (
    select rep_id, metric_id, date_day, numerator, null::double as denominator,
        numerator * numerator as sum_of_squares, numerator as event_count
    from counted
    where numerator > 0
    union all
    select rep_id, metric_id, date_day, numerator, null, numerator * numerator, numerator from opened
    union all
    select rep_id, 'deals_won', date_day, deals_won, null, deals_won * deals_won, deals_won
    from closed
    where deals_won is not null
    union all
    select rep_id, 'deals_lost', date_day, deals_lost, null, deals_lost * deals_lost, deals_lost
    from closed
    where deals_lost is not null
    union all
    select rep_id, 'deals_closed', date_day, deals_closed, null, deals_closed * deals_closed,
        deals_closed
    from closed
    union all
    select rep_id, 'revenue_won', date_day, revenue, null, credit_squared, deals_won
    from closed
    where deals_won is not null
    union all
    select rep_id, 'deal_size', date_day, revenue, deals_won, amount_squared, deals_won
    from closed
    where deals_won is not null
    union all
    select rep_id, 'sales_cycle_days', date_day, days, deals_won, days_squared, deals_won
    from closed
    where deals_won is not null
    union all
    select rep_id, 'connect_rate', date_day, connects, dials, null, null
    from activity_days
    where connects > 0 or dials > 0
    union all
    select rep_id, 'win_rate', date_day, coalesce(deals_won, 0), deals_closed, null, null
    from closed
)
select rep_id, metric_id, date_day,
    if(denominator is null, numerator, numerator / nullif(denominator, 0)) as value,
    numerator, denominator, sum_of_squares, event_count
from additive
where date_day <= getvariable('as_of');

create table fct_leading_metrics_daily as
select rep_id, metric_id, date_day, value, numerator, denominator, sum_of_squares,
    date_trunc('month', date_day)::date as month_start_date
from metric_days
where metric_id in (select metric_id from metrics where metric_kind = 'leading');

create table fct_lagging_metrics_daily as
select rep_id, metric_id, date_day, value, numerator, denominator, sum_of_squares,
    date_trunc('month', date_day)::date as month_start_date
from metric_days
where metric_id in (select metric_id from metrics where metric_kind = 'lagging');

-- ------------------------------------------------------------------------ days, and days of people

-- the fiscal year starts in February and is named for the year in which it ends
create temp table dates as
with history as (
    select
        make_date(year(min(date_day)) - (month(min(date_day)) < 2)::int, 2, 1) as first_day,
        make_date(
            year(getvariable('as_of') + 6) + (month(getvariable('as_of') + 6) >= 2)::int, 2, 1
        ) - 1 as last_day
    from metric_days
    where date_day >= make_date(year(getvariable('as_of')) - 4, 1, 1)
),
days as (
    select first_day, last_day,
        unnest(generate_series(first_day - 6, last_day + 6, interval 1 day))::date as date_day
    from history
),
numbered as (
    select *,
        year(date_day) + (month(date_day) >= 2)::int as fiscal_year,
        (month(date_day) + 10) % 12 + 1 as fiscal_month,
        date_trunc('week', date_day)::date as week_start_date,
        date_trunc('month', date_day)::date as month_start_date
    from days
)
select
    date_day, isodow(date_day)::int as iso_weekday, week_start_date,
    week_start_date + 6 as week_end_date,
    strftime(date_day, '%G-W%V') as week_id,
    month_start_date, last_day(date_day) as month_end_date,
    strftime(date_day, '%Y-%m') as month_id,
    fiscal_year::int as fiscal_year,
    ((fiscal_month - 1) // 3 + 1)::int as fiscal_quarter,
    fiscal_month::int as fiscal_month,
    (month_start_date - to_months((fiscal_month - 1)::int % 3))::date as quarter_start_date,
    last_day((month_start_date + to_months(2 - (fiscal_month - 1)::int % 3))::date)
        as quarter_end_date,
    'FY' || fiscal_year || '-Q' || ((fiscal_month - 1) // 3 + 1) as quarter_id,
    make_date(fiscal_year - 1, 2, 1) as year_start_date,
    make_date(fiscal_year, 2, 1) - 1 as year_end_date,
    'FY' || fiscal_year as year_id,
    month(date_day) || if(day(date_day) <= 15, '-1', '-2') as slot_id,
    date_day between first_day and last_day as is_in_history
from numbered;

create table dim_dates as select * exclude (is_in_history) from dates where is_in_history;

create temp table calendar_days as
with calendars as (
    select calendar, working_weekdays
    from read_csv(getvariable('seeds') || '/calendars.csv', types = {'working_weekdays': 'varchar'})
),
custom as (from read_csv(getvariable('seeds') || '/custom_holidays.csv')),
holidays as (
    select calendar, holiday_date from warehouse.raw_reference.holidays
    union
    select calendars.calendar, holiday_date
    from custom
    join calendars on coalesce(custom.calendar, calendars.calendar) = calendars.calendar
)
select calendars.calendar, date_day,
    (working_weekdays[iso_weekday] = '1' and holiday_date is null)::int as working
from calendars
cross join dates
left join holidays
    on calendars.calendar = holidays.calendar and date_day = holiday_date;

create temp table rep_days as
with ramps as (from read_csv(getvariable('seeds') || '/ramp_curves.csv')),
leave_days as (
    select rep_id, date_day, least(sum(coalesce(fraction::double, 1)), 1) as leave
    from warehouse.raw_files.time_off
    join dates on date_day between start_date::date and end_date::date
    where _is_deleted = 'false'
    group by all
),
days as (
    select reps.rep_id, date_day, rep_version_id, team, region, role, tier, fte, working,
        (
            date_day >= coalesce(hire_date, date_day) and date_day <= coalesce(end_date, date_day)
        )::int as employed,
        if(date_day >= hire_date, (year(date_day) - year(hire_date)) * 12 + month(date_day)
            - month(hire_date) - (day(date_day) < day(hire_date))::int + 1, null) as tenure_month
    from reps
    join calendar_days
        on reps.calendar = calendar_days.calendar
        and date_day >= effective_from and date_day < effective_to
)
select days.rep_id, days.date_day, rep_version_id, team, region, days.role, tier, working, employed,
    fte, coalesce(ramp_ratio, 1)::double as ramp, coalesce(leave, 0)::double as leave,
    working * employed * fte * (1 - coalesce(leave, 0)) as capacity
from days
left join ramps on days.role = ramps.role and tenure_month = month_of_tenure
left join leave_days on days.rep_id = leave_days.rep_id and days.date_day = leave_days.date_day;

create temp table placed as
select metric_days.*, coalesce(team, 'Unassigned') as team, coalesce(region, '') as region,
    coalesce(role, '') as role, coalesce(capacity, 0) as capacity, metrics.aggregation,
    dates.month_start_date, dates.slot_id
from metric_days
join metrics using (metric_id)
left join rep_days
    on metric_days.rep_id = rep_days.rep_id and metric_days.date_day = rep_days.date_day
left join dates on metric_days.date_day = dates.date_day;

-- --------------------------------------------------------------------------- luck, and the seasons

create temp table dispersions as
with capacities as (
    select rep_id, role, month_start_date, sum(capacity) as capacity,
        sum(capacity * capacity) as capacity_squared, count(*) as days
    from rep_days join dates using (date_day)
    where capacity > 0 and date_day <= getvariable('as_of')
        and last_day(month_start_date) > getvariable('as_of') - 365
    group by all
),
-- the last twelve whole months; the running one where a metric has no other
year as (
    select *, last_day(month_start_date) as month_end_date,
        min(last_day(month_start_date)) over (partition by metric_id) as first_month_end_date
    from placed
    where last_day(month_start_date) > getvariable('as_of') - 365
    qualify month_end_date <= getvariable('as_of')
        or first_month_end_date > getvariable('as_of')
),
counts as (
    select rep_id, role, metric_id, month_start_date, sum(numerator) as total,
        sum(numerator * numerator) as squares, sum(numerator * capacity) as total_by_capacity
    from year
    where aggregation = 'count' and capacity > 0
    group by all
),
pooled as (
    select metric_id, role, sum(total) as events,
        sum(
            squares - 2 * total / capacity * total_by_capacity
            + total / capacity * total / capacity * capacity_squared
        ) / nullif(sum(total), 0) * sum(days) / nullif(sum(days) - count(*), 0) as dispersion
    from counts join capacities using (rep_id, role, month_start_date)
    group by grouping sets ((metric_id, role), (metric_id))
    union all
    select metric_id, role, sum(event_count), sum(sum_of_squares) / nullif(sum(numerator), 0)
    from year
    where aggregation = 'sum'
    group by grouping sets ((metric_id, role), (metric_id))
),
floored as (
    select metric_id, role, events,
        if(aggregation = 'count', greatest(1, dispersion), dispersion) as dispersion,
        if(aggregation = 'count', 1, null) as floor
    from metrics join pooled using (metric_id)
)
select metrics.metric_id, roles.role,
    coalesce(
        if(by_role.events >= 20, by_role.dispersion, null), overall.dispersion,
        if(aggregation = 'count', 1, null)
    ) as dispersion
from metrics
cross join (select distinct role from reps union all select null) as roles
left join floored as by_role
    on metrics.metric_id = by_role.metric_id and roles.role = by_role.role
left join floored as overall
    on metrics.metric_id = overall.metric_id and overall.role is null
where aggregation in ('count', 'sum');

create temp table scopes as
select distinct metric_id, role, region
from reps cross join metrics
where aggregation in ('count', 'sum');

create temp table seasonal_indices as
with capacities as (
    select role, region, month_start_date, slot_id, sum(capacity * ramp) as capacity
    from rep_days join dates using (date_day)
    where month_end_date <= getvariable('as_of')
    group by all
),
events as (
    select metric_id, role, region, month_start_date, slot_id, min(date_day) as first_date,
        sum(numerator) as total, sum(event_count) as event_count
    from placed
    where capacity > 0 and month_start_date is not null
    group by all
),
firsts as (
    select metric_id, role, min(first_date) as first_date from events group by all
),
slots as (
    select
        metric_id, role, region, month_start_date, slot_id,
        case grouping(role, region) when 0 then 1 when 1 then 2 else 3 end as scope,
        sum(capacity) as capacity, sum(coalesce(total, 0)) as total,
        sum(coalesce(event_count, 0)) as event_count
    from scopes
    join firsts using (metric_id, role)
    join capacities using (role, region)
    left join events using (metric_id, role, region, month_start_date, slot_id)
    where firsts.first_date <= month_start_date + 6
    group by grouping sets (
        (metric_id, role, region, month_start_date, slot_id),
        (metric_id, role, month_start_date, slot_id),
        (metric_id, month_start_date, slot_id)
    )
),
keyed as (
    select * replace (coalesce(role, '') as role, coalesce(region, '') as region) from slots
),
months as (
    select metric_id, scope, role, region, month_start_date,
        year(month_start_date) * 12 + month(month_start_date) as month_number,
        sum(total) / nullif(sum(capacity), 0) as rate
    from keyed
    group by all
),
windows as (
    select *,
        avg(rate) over around as level,
        count(rate) over around as rates
    from months
    window around as (
        partition by metric_id, scope, role, region order by month_number
        range between 6 preceding and 5 following
    )
),
ends as (
    select metric_id, scope, role, region, min(month_number) as first_month,
        max(month_number) as last_month
    from windows
    where rates = 12
    group by all
),
levelled as (
    select months.metric_id, months.scope, months.role, months.region, months.month_start_date,
        windows.level
    from months
    join ends using (metric_id, scope, role, region)
    join windows
        on months.metric_id = windows.metric_id and months.scope = windows.scope
        and months.role = windows.role and months.region = windows.region
        and windows.month_number = least(greatest(months.month_number, first_month), last_month)
    where windows.rates = 12 and windows.level > 0
),
halves as (
    select metric_id, scope, keyed.role, region, slot_id, month(month_start_date) as month,
        sum(total / level) as level_days, sum(capacity) as capacity, sum(total) as total,
        sum(event_count) as event_count, count(distinct month_start_date) as years,
        sum(total / level) / sum(capacity) as raw_index,
        any_value(dispersion) as dispersion
    from keyed
    join levelled using (metric_id, scope, role, region, month_start_date)
    join dispersions using (metric_id)
    where capacity > 0
        and dispersions.role is not distinct from if(scope = 3, null, keyed.role)
    group by all
),
month_raws as (
    select metric_id, scope, role, region, month, sum(level_days) / sum(capacity) as raw_index,
        max(dispersion) / nullif(sum(total), 0) as noise, sum(total) as total,
        sum(event_count) as event_count, sum(years) as half_years
    from halves
    group by all
),
month_indices as (
    select *,
        greatest(coalesce(var_samp(raw_index) over scope_of - avg(noise) over scope_of, 0), 0)
            as variance,
        coalesce(variance / nullif(variance + noise, 0), 0) as shrink_weight
    from month_raws
    window scope_of as (partition by metric_id, scope, role, region)
    qualify count(*) over scope_of = 12 and sum(half_years) over scope_of >= 24
        and sum(event_count) over scope_of / 24 >= 25
),
relatives as (
    select halves.*, month_indices.shrink_weight,
        halves.raw_index / nullif(month_indices.raw_index, 0) - 1 as relative,
        halves.dispersion / nullif(halves.total, 0)
        * (1 - halves.total / nullif(month_indices.total, 0)) as noise,
        1 + shrink_weight * (month_indices.raw_index - 1) as month_index
    from halves
    join month_indices using (metric_id, scope, role, region, month)
),
weighed as (
    select *,
        greatest(
            coalesce(avg(relative * relative) over scope_of - avg(noise) over scope_of, 0), 0
        ) as variance,
        coalesce(variance / nullif(variance + noise, 0), 0) as half_shrink_weight,
        month_index * (1 + coalesce(half_shrink_weight * relative, 0)) as unscaled
    from relatives
    window scope_of as (partition by metric_id, scope, role, region)
),
slot_days as (
    select slot_id, sum(working) as working_days
    from dates join calendar_days using (date_day)
    where calendar = 'us' and getvariable('as_of') between year_start_date and year_end_date
    group by all
),
indices as (
    select weighed.*,
        unscaled / (
            sum(unscaled * working_days) over scope_of / nullif(sum(working_days) over scope_of, 0)
        ) as seasonal_index
    from weighed join slot_days using (slot_id)
    window scope_of as (partition by metric_id, scope, role, region)
),
chosen as (
    select scopes.metric_id, scopes.role, scopes.region, min(scope) as scope
    from scopes
    join (select distinct metric_id, scope, role, region from indices) as available
        on scopes.metric_id = available.metric_id
        and (scope = 3 or scopes.role = available.role)
        and (scope >= 2 or scopes.region = available.region)
    group by all
)
select scopes.metric_id, scopes.role, scopes.region, all_slots.slot_id,
    case chosen.scope
        when 1 then 'role_region' when 2 then 'role' when 3 then 'organisation' else 'none'
    end as index_scope,
    coalesce(event_count, 0) as event_count, coalesce(years, 0)::int as years, raw_index,
    coalesce(shrink_weight, 0) as shrink_weight,
    coalesce(half_shrink_weight, 0) as half_shrink_weight,
    coalesce(seasonal_index, 1) as seasonal_index
from scopes
cross join (select distinct slot_id from dates) as all_slots
left join chosen using (metric_id, role, region)
left join indices
    on scopes.metric_id = indices.metric_id and chosen.scope = indices.scope
    and indices.role = if(chosen.scope = 3, '', scopes.role)
    and indices.region = if(chosen.scope = 1, scopes.region, '')
    and all_slots.slot_id = indices.slot_id;

create temp table manual_seasons as
select scopes.metric_id, scopes.role, scopes.region, date_day, product(factor) as factor,
    max(reason) as reason
from read_csv(getvariable('seeds') || '/seasonal_adjustments.csv') as adjustments
join scopes
    on coalesce(adjustments.metric_id, scopes.metric_id) = scopes.metric_id
    and coalesce(adjustments.role, scopes.role) = scopes.role
    and coalesce(adjustments.region, scopes.region) = scopes.region
join dates
    on if(
        from_month_day <= to_month_day,
        strftime(date_day, '%m-%d') between from_month_day and to_month_day,
        strftime(date_day, '%m-%d') >= from_month_day
        or strftime(date_day, '%m-%d') <= to_month_day
    )
    and year(date_day) between coalesce(valid_from_year, 0) and coalesce(valid_to_year, 9999)
group by all;

create table dim_seasonal_adjustments as
with this_year as (
    from dates where getvariable('as_of') between year_start_date and year_end_date
),
lengths as (select slot_id, count(*) as days from this_year group by all),
manual as (
    select metric_id, role, region, slot_id, sum(factor - 1) as excess, max(reason) as reason
    from manual_seasons join this_year using (date_day)
    group by all
)
select metric_id, role, region, slot_id, split_part(slot_id, '-', 1)::int as month,
    split_part(slot_id, '-', 2)::int as half, index_scope, event_count, years, raw_index,
    shrink_weight, half_shrink_weight, seasonal_index,
    1 + coalesce(excess / days, 0) as manual_factor, reason as manual_reason,
    seasonal_index * (1 + coalesce(excess / days, 0)) as season
from seasonal_indices
join lengths using (slot_id)
left join manual using (metric_id, role, region, slot_id);

-- -------------------------------------------------------------------------------- goals of each day

-- the policy of this company has no goals that begin or end
create temp table rep_goals as
with cards as (
    select role, tier, metric_id from read_csv(getvariable('seeds') || '/scorecard_metrics.csv')
),
candidates as (
    select rep_version_id, goals.metric_id, goal_id, goals.goal, period, timing,
        case scope
            when 'rep' then 5 when 'team' then 4 when 'role' then if(goals.tier <> '', 3, 2)
            when 'region' then 1 else 0
        end as specificity
    from reps
    join goals
        on goals.tier in ('', reps.tier)
        and (scope = 'org' or scope_value = case scope
            when 'rep' then rep_id when 'team' then team
            when 'role' then reps.role when 'region' then region
        end)
    union all by name
    select distinct rep_version_id, cards.metric_id, -1 as specificity
    from reps
    join cards on reps.role = cards.role and coalesce(cards.tier, reps.tier) = reps.tier
)
select candidates.*, aggregation in ('count', 'sum') as is_additive
from candidates
join metrics using (metric_id)
qualify row_number() over (
    partition by rep_version_id, metric_id order by specificity desc, goal_id
) = 1;

create temp table seasons as
select metric_id, role, region, date_day, seasonal_index * coalesce(factor, 1) as season
from seasonal_indices
join dates using (slot_id)
left join manual_seasons using (metric_id, role, region, date_day)
semi join rep_goals using (metric_id);

create temp table weighed_periods as
select periods.rep_id, periods.metric_id, period,
    case period
        when 'week' then week_start_date when 'month' then month_start_date
        when 'quarter' then quarter_start_date else year_start_date
    end as period_start,
    sum(working) as working_days, sum(season) as season_days
from (
    select distinct rep_id, metric_id, period
    from rep_goals join reps using (rep_version_id)
    where is_additive and goal_id is not null and period <> 'day'
) as periods
join rep_days using (rep_id)
join dates using (date_day)
join seasons
    on periods.metric_id = seasons.metric_id and rep_days.role = seasons.role
    and rep_days.region = seasons.region and rep_days.date_day = seasons.date_day
where working = 1
group by all;

-- the first day of the records that a metric rests on, by team: nobody is judged by earlier ones
create temp table begun as
with seen as (
    select rep_id, date_day, unnest(kinds) as kind from activity_days
    union all
    select rep_id, created_date, 'deal' from dated_deals
    union all
    select rep_id, close_date, 'deal' from dated_deals where is_closed
),
kinds (metric_id, kind) as (
    values ('dials', 'call'), ('connects', 'call'), ('conversations', 'call'),
    ('connect_rate', 'call'), ('emails_sent', 'email'), ('meetings_booked', 'meeting'),
    ('meetings_held', 'meeting'), ('demos_held', 'demo'), ('proposals_sent', 'proposal'),
    ('opportunities_created', 'deal'), ('deals_won', 'deal'), ('deals_lost', 'deal'),
    ('deals_closed', 'deal'), ('win_rate', 'deal'), ('revenue_won', 'deal'),
    ('deal_size', 'deal'), ('sales_cycle_days', 'deal')
)
select metric_id, team, min(date_day) as captured_from
from seen
join rep_days using (rep_id, date_day)
join kinds using (kind)
group by all;

create table fct_goals_daily as
with employed_years as (
    select distinct rep_id, fiscal_year
    from rep_days join dates using (date_day)
    where employed = 1
),
days as (
    select rep_days.*, rep_goals.* exclude (rep_version_id), dates.month_start_date,
        case period
            when 'week' then week_start_date when 'month' then month_start_date
            when 'quarter' then quarter_start_date when 'year' then year_start_date
        end as period_start
    from rep_days
    join dates on rep_days.date_day = dates.date_day and is_in_history
    semi join employed_years
        on rep_days.rep_id = employed_years.rep_id
        and dates.fiscal_year = employed_years.fiscal_year
    join rep_goals using (rep_version_id)
),
spread as (
    select days.*, coalesce(season, 1) as season,
        case
            when goal_id is null or not is_additive then null
            when working = 0 then 0
            when days.period = 'day' and timing = 'relieve' then goal * seasons.season
            when days.period = 'day' then goal
            when timing = 'relieve' then goal / nullif(working_days, 0) * seasons.season
            else goal * seasons.season / nullif(season_days, 0)
        end as full_goal
    from days
    left join seasons
        on days.metric_id = seasons.metric_id and days.role = seasons.role
        and days.region = seasons.region and days.date_day = seasons.date_day
    left join weighed_periods
        on days.rep_id = weighed_periods.rep_id and days.metric_id = weighed_periods.metric_id
        and days.period = weighed_periods.period
        and days.period_start = weighed_periods.period_start
)
select rep_id, metric_id, date_day, goal_id, goal, full_goal, working, season, employed, fte, ramp,
    leave, coalesce((date_day >= captured_from)::int, 0) as captured,
    full_goal * employed * fte * ramp * (1 - leave) as daily_goal, team, role, tier,
    month_start_date
from spread
left join begun using (metric_id, team);

-- --------------------------------------------------------------------------------------- scorecards

create temp table periods as
with begun as (
    select distinct 'week' as period_type, week_id as period_id, week_start_date as period_start,
        week_end_date as period_end
    from dates where is_in_history
    union all
    select distinct 'month', month_id, month_start_date, month_end_date
    from dates where is_in_history
    union all
    select distinct 'quarter', quarter_id, quarter_start_date, quarter_end_date
    from dates where is_in_history
    union all
    select distinct 'year', year_id, year_start_date, year_end_date
    from dates where is_in_history
)
select *, period_end >= getvariable('as_of') as is_current
from begun
where period_start <= getvariable('as_of')
    and period_start >= (select min(date_day) from dates where is_in_history)
    and period_end >= (select min(date_day) from metric_days)
union all
values
    ('last_4_weeks', 'last 4 weeks', getvariable('as_of') - 27, getvariable('as_of'), true),
    ('last_13_weeks', 'last 13 weeks', getvariable('as_of') - 90, getvariable('as_of'), true);

create temp table rep_periods as
with days as (
    select rep_days.rep_id, date_day,
        if(employed = 1 and date_day <= getvariable('as_of'), date_day, null) as reference_date,
        if(date_day <= getvariable('as_of'), capacity, 0) as done,
        if(date_day > getvariable('as_of'), capacity, 0) as remaining,
        (capacity > 0 and date_day <= getvariable('as_of'))::int as work,
        (
            capacity > 0 and date_day <= getvariable('as_of') and activity_days.rep_id is not null
        )::int as captured
    from rep_days
    left join activity_days using (rep_id, date_day)
),
sums as (
    select rep_id, period_type, period_start, period_id, period_end, is_current,
        max(reference_date) as reference_date, sum(done) as capacity_days,
        sum(remaining) as capacity_days_remaining, sum(work) as work_days,
        sum(captured) as captured_days
    from days
    join periods on date_day between period_start and period_end
    group by all
)
select sums.*, rep_version_id, rep_name, team, region, role, tier, manager_id,
    captured_days / nullif(work_days, 0) as coverage_ratio,
    sum(captured_days) over team_period / nullif(sum(work_days) over team_period, 0)
        as team_coverage_ratio
from sums
join reps
    on sums.rep_id = reps.rep_id
    and reference_date >= effective_from and reference_date < effective_to
window team_period as (partition by period_type, period_start, team);

create temp table sums as
with both_months as (
    select rep_id, metric_id, month_start_date, sum(numerator) as numerator,
        sum(denominator) as denominator, sum(sum_of_squares) as squares
    from metric_days join dates using (date_day)
    group by all
),
periods_of_actuals as (
    select 'month' as period_type, month_start_date as period_start, * exclude (month_start_date)
    from both_months
    union all
    select 'quarter', quarter_start_date, rep_id, metric_id, sum(numerator), sum(denominator),
        sum(squares)
    from both_months join dates on both_months.month_start_date = date_day
    group by all
    union all
    select 'year', year_start_date, rep_id, metric_id, sum(numerator), sum(denominator),
        sum(squares)
    from both_months join dates on both_months.month_start_date = date_day
    group by all
    union all
    select 'week', week_start_date, rep_id, metric_id, sum(numerator), sum(denominator),
        sum(sum_of_squares)
    from metric_days join dates using (date_day)
    group by all
    union all
    select 'last_4_weeks', getvariable('as_of') - 27, rep_id, metric_id, sum(numerator),
        sum(denominator), sum(sum_of_squares)
    from metric_days
    where date_day between getvariable('as_of') - 27 and getvariable('as_of')
    group by all
    union all
    select 'last_13_weeks', getvariable('as_of') - 90, rep_id, metric_id, sum(numerator),
        sum(denominator), sum(sum_of_squares)
    from metric_days
    where date_day between getvariable('as_of') - 90 and getvariable('as_of')
    group by all
)
from periods_of_actuals;

create temp table goal_sums as
with due as (
    select rep_id, metric_id, date_day, month_start_date, daily_goal as goal,
        if(date_day <= getvariable('as_of'), daily_goal, 0 * daily_goal) as due, due * captured as judged,
        (date_day <= getvariable('as_of') and working * employed * fte * (1 - leave) > 0)::int
            as worked,
        worked * captured as seen
    from fct_goals_daily
    where goal_id is not null
),
months as (
    select rep_id, metric_id, month_start_date, sum(columns(['due', 'goal', 'judged', 'worked', 'seen']))
    from due
    group by all
),
periods_of_goals as (
    select 'month' as period_type, month_start_date as period_start, * exclude (month_start_date)
    from months
    union all by name
    select 'quarter' as period_type, quarter_start_date as period_start, * exclude (month_start_date)
    from months join (select date_day as month_start_date, quarter_start_date from dates)
        using (month_start_date)
    union all by name
    select 'year' as period_type, year_start_date as period_start, * exclude (month_start_date)
    from months join (select date_day as month_start_date, year_start_date from dates)
        using (month_start_date)
    union all by name
    select 'week' as period_type, week_start_date as period_start, * exclude (date_day, month_start_date)
    from due join (select date_day, week_start_date from dates) using (date_day)
    union all by name
    select 'last_4_weeks' as period_type, getvariable('as_of') - 27 as period_start,
        * exclude (date_day, month_start_date)
    from due
    where date_day between getvariable('as_of') - 27 and getvariable('as_of')
    union all by name
    select 'last_13_weeks' as period_type, getvariable('as_of') - 90 as period_start,
        * exclude (date_day, month_start_date)
    from due
    where date_day between getvariable('as_of') - 90 and getvariable('as_of')
)
select period_type, period_start, rep_id, metric_id,
    sum(columns(['due', 'goal', 'judged', 'worked', 'seen']))
from periods_of_goals
group by all;

create table scorecard_rep_metrics as
with cards_of_roles as (
    select roles.role, roles.tier, cards.metric_id, cards.metric_kind, cards.weight,
        cards.sort_order
    from (select distinct role, tier from reps) as roles
    join read_csv(getvariable('seeds') || '/scorecard_metrics.csv') as cards
        on roles.role = cards.role and coalesce(cards.tier, roles.tier) = roles.tier
    qualify row_number() over (
        partition by roles.role, roles.tier, cards.metric_id order by cards.tier is null
    ) = 1
),
running as (
    from periods where is_current and period_type in ('week', 'month', 'quarter', 'year')
),
earlier_actuals as (
    select period_type, rep_id, metric_id, sum(numerator) as earlier_actual
    from metric_days
    join running on date_day >= period_start - 91 and date_day < period_start
    group by all
),
earlier_goals as (
    select period_type, rep_id, metric_id, sum(daily_goal * captured) as earlier_goal
    from fct_goals_daily
    join running on date_day >= period_start - 91 and date_day < period_start
    where full_goal is not null and date_day >= (select min(date_day) from metric_days)
    group by all
),
measured as (
    select rep_periods.*, cards.* exclude (role, tier), metric_name, unit, aggregation,
        is_higher_better, aggregation in ('count', 'sum') as is_additive,
        if(is_additive, coalesce(sums.numerator, 0), sums.numerator) as numerator,
        sums.denominator, sums.squares,
        if(
            is_additive, coalesce(sums.numerator, 0),
            sums.numerator / nullif(sums.denominator, 0)
        ) as actual,
        if(is_additive, settled(goal_sums.due), rep_goals.goal) as goal_to_date,
        if(is_additive, settled(goal_sums.goal), rep_goals.goal) as goal_period,
        actual as judged_actual,
        if(is_additive, settled(goal_sums.judged), rep_goals.goal) as judged_goal,
        coalesce(worked, 0) as working_days, coalesce(seen, 0) as judged_days,
        dispersion, earlier_actual, earlier_goal
    from rep_periods
    join cards_of_roles as cards using (role, tier)
    join metrics using (metric_id)
    left join sums
        on rep_periods.rep_id = sums.rep_id and cards.metric_id = sums.metric_id
        and rep_periods.period_type = sums.period_type
        and rep_periods.period_start = sums.period_start
    left join goal_sums
        on rep_periods.rep_id = goal_sums.rep_id and cards.metric_id = goal_sums.metric_id
        and rep_periods.period_type = goal_sums.period_type
        and rep_periods.period_start = goal_sums.period_start
    left join rep_goals
        on rep_periods.rep_version_id = rep_goals.rep_version_id
        and cards.metric_id = rep_goals.metric_id
    left join dispersions
        on cards.metric_id = dispersions.metric_id and rep_periods.role = dispersions.role
    left join earlier_actuals
        on is_current and rep_periods.rep_id = earlier_actuals.rep_id
        and cards.metric_id = earlier_actuals.metric_id
        and rep_periods.period_type = earlier_actuals.period_type
    left join earlier_goals
        on is_current and rep_periods.rep_id = earlier_goals.rep_id
        and cards.metric_id = earlier_goals.metric_id
        and rep_periods.period_type = earlier_goals.period_type
),
tested as (
    select *,
        attainment(actual, judged_goal, is_higher_better) as attainment,
        if(
            attainment is null, null,
            z_of(aggregation, actual, judged_goal, dispersion, numerator, denominator, squares)
        ) as z_score,
        case
            when is_additive then judged_goal / nullif(dispersion, 0)
            when aggregation = 'ratio'
                then denominator * least(judged_goal, 1 - judged_goal)
            else denominator
        end as information
    from measured
),
judged as (
    select tested.*, level,
        evidence_of(attainment, information, z_score, is_higher_better) as evidence,
        status_of(
            goal_period, working_days > 0 and judged_days = 0, attainment, level, evidence
        ) as status
    from tested
    left join levels
        on attainment + 1e-9 >= from_attainment and attainment + 1e-9 < below_attainment
),
paced as (
    select *,
        is_additive and coalesce(goal_period > goal_to_date, false) as is_running,
        if(aggregation = 'count', 1, dispersion) as unit_size,
        coalesce(earlier_goal, 0) / dispersion + 5 as earlier_weight,
        1 / (1 / earlier_weight + 0.02) as weight_before,
        weight_before + judged_goal / dispersion as pace_weight,
        weight_before * (greatest(coalesce(earlier_actual, 0), 0) / dispersion + 5)
        / earlier_weight + greatest(actual, 0) / dispersion as pace_events,
        (goal_period - goal_to_date) * pace_events / pace_weight as rest,
        rest + unit_size / 2 as shifted,
        shifted ** 2 / (
            rest * (dispersion + (goal_period - goal_to_date) / pace_weight) + unit_size ** 2 / 12
        ) as shape,
        case
            when aggregation <> 'count' then greatest(goal_period - actual + unit_size / 2, unit_size)
            when is_higher_better then ceil(goal_period - actual - 1e-9)
            else floor(goal_period - actual + 1e-9) + 1
        end as gap
    from judged
),
projected as (
    select *,
        list_transform(
            [-1.2815515655, 1.2815515655, 0.8416212336],
            lambda z: shifted * greatest(1 - 1 / (9 * shape) + z / (3 * sqrt(shape)), 0) ** 3
            - unit_size / 2
        ) as rests,
        case
            when status = 'not_captured' then null
            when is_running then actual + rest
            when is_additive then actual
        end as projection,
        case
            when status = 'not_captured' then null
            when is_running then actual + if(rests[1] > 0, rests[1], 0 * rest)
            when is_additive then actual
        end as projection_low,
        case
            when status = 'not_captured' then null
            when is_running then actual + if(
                rests[1] > 0, rests[2], if(rests[3] > rest, rests[3], rest)
            )
            when is_additive then actual
        end as projection_high,
        3 * sqrt(shape) * (
            pow(greatest(gap, 0) / shifted, 1 / 3) - 1 + 1 / (9 * shape)
        ) as goal_z
    from paced
)
select getvariable('as_of') as as_of_date, rep_id, rep_name, team, region, role, tier, manager_id,
    metric_id, metric_name, unit, aggregation, is_higher_better, metric_kind, weight, sort_order,
    period_type, period_id, period_start, period_end, is_current, actual, goal_to_date, goal_period,
    judged_actual, judged_goal, judged_days, working_days, attainment, numerator, denominator, dispersion, level, evidence, z_score, status, projection,
    projection_low, projection_high,
    case
        when not is_additive or coalesce(goal_period, 0) = 0 or status = 'not_captured' then null
        when is_higher_better and actual >= goal_period then 1
        when not is_higher_better and actual > goal_period then 0
        when not is_running then if(is_higher_better, 0, 1)
        else if(is_higher_better, 1 - normal_cdf(goal_z), normal_cdf(goal_z))
    end as goal_probability,
    if(
        is_additive and is_current and capacity_days_remaining > 0,
        greatest(goal_period - actual, 0) / capacity_days_remaining, null
    ) as needed_per_day,
    capacity_days, capacity_days_remaining, coverage_ratio, team_coverage_ratio
from projected;

create table scorecard_reps as
with scored as (
    select as_of_date, rep_id, rep_name, team, region, role, tier, manager_id, period_type,
        period_id, period_start, period_end, is_current,
        if(attainment is not null, weight, null) as counted,
        least(greatest(attainment, 0), 1.5) * weight as points, metric_kind, status, capacity_days
    from scorecard_rep_metrics
),
summed as (
    select as_of_date, rep_id, rep_name, team, region, role, tier, manager_id, period_type,
        period_id, period_start, period_end, is_current,
        sum(if(counted is null, null, points)) / nullif(sum(counted), 0) as score,
        sum(if(counted is null, null, points)) filter (metric_kind = 'leading')
        / nullif(sum(counted) filter (metric_kind = 'leading'), 0) as leading_score,
        sum(if(counted is null, null, points)) filter (metric_kind = 'lagging')
        / nullif(sum(counted) filter (metric_kind = 'lagging'), 0) as lagging_score,
        count(*) as metrics_total,
        count(*) filter (status = 'outstanding') as metrics_outstanding,
        count(*) filter (status = 'ahead') as metrics_ahead,
        count(*) filter (status = 'on_track') as metrics_on_track,
        count(*) filter (status = 'watch') as metrics_watch,
        count(*) filter (status = 'needs_intervention') as metrics_needing_intervention,
        count(*) filter (status = 'too_little_data') as metrics_too_little_data,
        count(*) filter (status = 'no_goal') as metrics_no_goal,
        count(*) filter (status = 'data_suspect') as metrics_data_suspect,
        count(*) filter (status = 'not_captured') as metrics_not_captured,
        max(capacity_days) as capacity_days
    from scored
    group by all
)
select summed.* exclude (capacity_days), managers.rep_name as manager_name, level as score_level,
    if(score is null, null, rank() over (
        partition by period_type, period_start, summed.role order by score desc nulls last
    )) as rank_in_role,
    count(score) over (partition by period_type, period_start, summed.role) as reps_in_role,
    capacity_days,
    case
        when
            score is null or metrics_data_suspect + metrics_too_little_data + metrics_not_captured
            + metrics_no_goal = metrics_total
            then case
                when metrics_data_suspect > 0 then 'data_suspect'
                when metrics_too_little_data > 0 then 'too_little_data'
                when metrics_not_captured > 0 then 'not_captured'
                else 'no_goal'
            end
        when level = 'needs_intervention' and metrics_needing_intervention = 0 then 'watch'
        when level = 'outstanding' and metrics_outstanding = 0 then 'ahead'
        else level
    end as status
from summed
left join (from reps where valid_to is null) as managers on summed.manager_id = managers.rep_id
left join levels on score + 1e-9 >= from_attainment and score + 1e-9 < below_attainment;

create table scorecard_teams as
with actual_days as (
    select team, metric_id, date_day, sum(numerator) as numerator, sum(denominator) as denominator,
        coalesce(sum(numerator) filter (rep_id = 'unassigned'), 0) as unassigned_actual,
        sum(numerator) filter (goal_id is not null) as numerator_with_goal,
        sum(denominator) filter (goal_id is not null) as denominator_with_goal,
        sum(sum_of_squares) filter (goal_id is not null) as squares,
        sum(goal * denominator) as weighed_goal,
        null::double as due, null::double as goal, null::double as judged, null::double as worked,
        null::double as seen
    from placed
    left join (select rep_id, metric_id, date_day, goal_id, goal from fct_goals_daily)
        using (rep_id, metric_id, date_day)
    group by all
),
goal_days as (
    select team, metric_id, date_day,
        sum(if(date_day <= getvariable('as_of'), daily_goal, 0 * daily_goal)) as due,
        sum(daily_goal) as goal,
        sum(if(date_day <= getvariable('as_of'), daily_goal * captured, 0 * daily_goal)) as judged,
        sum((date_day <= getvariable('as_of') and working * employed * fte * (1 - leave) > 0)::int)
            as worked,
        sum(
            (date_day <= getvariable('as_of') and working * employed * fte * (1 - leave) > 0)::int
            * captured
        ) as seen
    from fct_goals_daily
    where goal_id is not null
    group by all
),
sums as (
    select team, metric_id, period_type, period_id, period_start, period_end, is_current,
        sum(numerator) as numerator, sum(denominator) as denominator,
        sum(unassigned_actual) as unassigned_actual,
        sum(numerator_with_goal) as numerator_with_goal,
        sum(denominator_with_goal) as denominator_with_goal, sum(squares) as squares,
        sum(weighed_goal) as weighed_goal, sum(due) as due, sum(goal) as goal,
        sum(judged) as judged, sum(worked) as worked, sum(seen) as seen
    from (from actual_days union all by name from goal_days)
    join periods on date_day between period_start and period_end
    group by all
),
rep_counts as (
    select period_type, period_start, team, count(distinct rep_id) as rep_count
    from rep_periods
    group by grouping sets ((period_type, period_start, team), (period_type, period_start))
),
measured as (
    select
        case
            when grouping(sums.team) = 1 then 'organisation'
            when sums.team = 'Unassigned' then 'unassigned'
            else 'team'
        end as team_scope,
        if(grouping(sums.team) = 0, sums.team, 'All teams') as team,
        if(grouping(sums.team) = 0, sums.team, null) as counted_team,
        metric_id, period_type, period_id, period_start, period_end, is_current,
        sum(sums.numerator) as total_numerator, sum(sums.denominator) as total_denominator,
        sum(unassigned_actual) as unassigned_actual,
        sum(numerator_with_goal) as numerator, sum(denominator_with_goal) as denominator,
        sum(squares) as squares, sum(weighed_goal) as weighed_goal, sum(due) as due,
        sum(goal) as goal, sum(judged) as judged, sum(worked) as worked, sum(seen) as seen
    from sums
    group by grouping sets (
        (sums.team, metric_id, period_type, period_id, period_start, period_end, is_current),
        (metric_id, period_type, period_id, period_start, period_end, is_current)
    )
    having count(sums.numerator) + count(sums.denominator) + count(sums.goal) > 0
),
attained as (
    select
        measured.* replace (
            if(aggregation in ('count', 'sum'), coalesce(total_numerator, 0), total_numerator)
                as total_numerator
        ),
        metric_name, unit, aggregation, is_higher_better, sort_order,
        aggregation in ('count', 'sum') as is_additive, rep_count, dispersion,
        if(
            is_additive, coalesce(measured.total_numerator, 0),
            measured.total_numerator / nullif(total_denominator, 0)
        ) as total_actual,
        if(
            is_additive, if(measured.goal is null, null, coalesce(numerator, 0)),
            numerator / nullif(denominator, 0)
        ) as actual,
        if(is_additive, settled(due), weighed_goal / nullif(denominator, 0)) as goal_to_date,
        if(is_additive, settled(measured.goal), weighed_goal / nullif(denominator, 0))
            as goal_period,
        if(is_additive, settled(judged), weighed_goal / nullif(denominator, 0)) as judged_goal,
        coalesce(worked, 0) as working_days, coalesce(seen, 0) as judged_days
    from measured
    join metrics using (metric_id)
    left join dispersions on measured.metric_id = dispersions.metric_id and role is null
    left join rep_counts
        on measured.period_type = rep_counts.period_type
        and measured.period_start = rep_counts.period_start
        and counted_team is not distinct from rep_counts.team
),
tested as (
    select *,
        attainment(actual, judged_goal, is_higher_better) as attainment,
        if(
            attainment is null, null,
            z_of(aggregation, actual, judged_goal, dispersion, numerator, denominator, squares)
        ) as z_score,
        case
            when is_additive then judged_goal / nullif(dispersion, 0)
            when aggregation = 'ratio'
                then denominator * least(judged_goal, 1 - judged_goal)
            else denominator
        end as information
    from attained
)
select getvariable('as_of') as as_of_date, team_scope, team, metric_id, metric_name, unit,
    aggregation, is_higher_better, sort_order, period_type, period_id, period_start, period_end,
    is_current, coalesce(rep_count, 0) as rep_count, total_actual as actual,
    actual as actual_with_goal, goal_to_date, goal_period, actual as judged_actual, judged_goal,
    judged_days, working_days, attainment,
    total_numerator as numerator, total_denominator as denominator, dispersion, level,
    evidence_of(attainment, information, z_score, is_higher_better) as evidence, z_score,
    status_of(goal_period, working_days > 0 and judged_days = 0, attainment, level, evidence)
        as status,
    if(is_additive, coalesce(unassigned_actual, 0), null) as unassigned_actual
from tested
left join levels on attainment + 1e-9 >= from_attainment and attainment + 1e-9 < below_attainment;

-- ------------------------------------------------------------------------------ the small dimensions

create table dim_reps as
select rep_version_id, reps.rep_id, reps.rep_name, email, manager_id,
    managers.rep_name as manager_name, team, region, role, tier, calendar, time_zone, fte, hire_date,
    end_date, valid_from, valid_to, valid_to is null as is_current,
    valid_to is null and coalesce(hire_date, getvariable('as_of')) <= getvariable('as_of')
    and coalesce(end_date, getvariable('as_of')) >= getvariable('as_of') as is_active,
    case when valid_to is null then next_working_date end as next_working_date
from reps
left join (select rep_id, rep_name from reps where valid_to is null) as managers
    on reps.manager_id = managers.rep_id
left join (
    select rep_id, min(date_day) as next_working_date from rep_days
    where date_day > getvariable('as_of') and capacity > 0 group by rep_id
) as next_working_days on reps.rep_id = next_working_days.rep_id
union all by name
select 'unassigned@1' as rep_version_id, 'unassigned' as rep_id, 'Unassigned' as rep_name,
    'Unassigned' as team, '' as region, '' as role, '' as tier, 'us' as calendar,
    'America/Los_Angeles' as time_zone, 0.0::double as fte, true as is_current,
    false as is_active;

create table dim_metrics as from metrics;

create table dim_goals as from goals;

create table dim_performance_levels as
select '' as metric_id, '' as role, level, min_attainment, rank from levels;
