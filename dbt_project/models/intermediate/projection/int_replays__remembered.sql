{% set moments = ['earlier', 'start', 'quarter_1', 'quarter_2', 'quarter_3'] %}

with int_replays__sampled as (
    select * from {{ ref('int_replays__sampled') }}
),

int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope = 'rep' and purpose = 'period' and goal_period > 0
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
    where date_day <= {{ last_month_end() }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
    where date_day <= {{ last_month_end() }}
),

-- nothing is foretold without a goal
asked as (
    select * from int_replays__sampled
    where exists (
        select 1 from int_metrics__by_window
        where
            int_replays__sampled.rep_id = int_metrics__by_window.scope_id
            and int_replays__sampled.metric_id = int_metrics__by_window.metric_id
            and int_replays__sampled.period_type = int_metrics__by_window.period_type
            and int_replays__sampled.period_start = int_metrics__by_window.period_start
    )
),

sampled_reps as (
    select distinct rep_id from asked
),

first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

-- goals before the first record do not count towards the pace
movements as (
    select
        int_goals__daily.rep_id,
        int_goals__daily.metric_id,
        int_goals__daily.date_day,
        int_goals__daily.daily_goal as goal,
        0e0 as actual,
        cast(null as {{ type_text() }}) as period_type,
        cast(null as date) as period_start,
        cast(null as {{ type_text() }}) as moment
    from int_goals__daily
    inner join sampled_reps
        on int_goals__daily.rep_id = sampled_reps.rep_id
    inner join first_record
        on int_goals__daily.date_day >= first_record.date_day
    where int_goals__daily.daily_goal > 0
    union all
    select
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        int_metrics__daily.date_day,
        0e0 as goal,
        int_metrics__daily.numerator as actual,
        cast(null as {{ type_text() }}) as period_type,
        cast(null as date) as period_start,
        cast(null as {{ type_text() }}) as moment
    from int_metrics__daily
    inner join sampled_reps
        on int_metrics__daily.rep_id = sampled_reps.rep_id
    where int_metrics__daily.metric_id in (select asked.metric_id from asked)
    {% for moment in moments %}
    union all
    select
        rep_id,
        metric_id,
        {{ moment }}_date as date_day,
        0e0 as goal,
        0e0 as actual,
        period_type,
        period_start,
        '{{ moment }}' as moment
    from asked
    {% endfor %}
),

-- all days up to the row's own, that one included
cumulated as (
    select
        rep_id,
        metric_id,
        period_type,
        period_start,
        moment,
        sum(goal) over (
            partition by rep_id, metric_id
            order by date_day asc nulls last
            range between unbounded preceding and current row
        ) as goal,
        sum(actual) over (
            partition by rep_id, metric_id
            order by date_day asc nulls last
            range between unbounded preceding and current row
        ) as actual
    from movements
),

remembered as (
    select
        {% for moment in moments %}
        max(case when moment = '{{ moment }}' then goal end) as {{ moment }}_goal,
        max(case when moment = '{{ moment }}' then actual end) as {{ moment }}_actual,
        {% endfor %}
        rep_id,
        metric_id,
        period_type,
        period_start
    from cumulated
    where moment is not null
    group by rep_id, metric_id, period_type, period_start
)

select * from remembered
