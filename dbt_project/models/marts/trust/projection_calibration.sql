{% set moments = ['earlier', 'start', 'quarter_1', 'quarter_2', 'quarter_3'] %}

with scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
    where period_end <= {{ last_month_end() }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
    where date_day <= {{ last_month_end() }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
    where date_day <= {{ last_month_end() }}
),

first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

numbered_reps as (
    select
        everyone.rep_id,
        row_number() over (order by everyone.rep_id asc nulls last) as place,
        least(1, 200e0 / count(*) over ()) as share
    from (
        select distinct rep_id from scorecard_rep_metrics
    ) as everyone
),

-- every nth rep of a large company: two hundred tell as much, at a bounded cost
sampled_reps as (
    select rep_id from numbered_reps
    where floor(place * share) > floor((place - 1) * share)
),

outcomes as (
    select
        scorecard_rep_metrics.rep_id,
        scorecard_rep_metrics.metric_id,
        scorecard_rep_metrics.role,
        scorecard_rep_metrics.aggregation,
        scorecard_rep_metrics.is_higher_better,
        scorecard_rep_metrics.period_type,
        scorecard_rep_metrics.period_start,
        scorecard_rep_metrics.actual as outcome,
        scorecard_rep_metrics.goal_period,
        scorecard_rep_metrics.dispersion,
        {% for share in [1, 2, 3] %}
        {{ add_days(
            'scorecard_rep_metrics.period_start',
            'cast(floor((' ~ dbt.datediff(
                'scorecard_rep_metrics.period_start', 'scorecard_rep_metrics.period_end', 'day'
            ) ~ ' + 1) * ' ~ share ~ ' / 4e0) as integer) - 1'
        ) }} as quarter_{{ share }}_date,
        {% endfor %}
        {{ add_days('scorecard_rep_metrics.period_start', -92) }} as earlier_date,
        {{ add_days('scorecard_rep_metrics.period_start', -1) }} as start_date
    from scorecard_rep_metrics
    inner join sampled_reps
        on scorecard_rep_metrics.rep_id = sampled_reps.rep_id
    inner join first_record
        on scorecard_rep_metrics.period_start >= first_record.date_day
    where
        not scorecard_rep_metrics.is_current
        and scorecard_rep_metrics.period_type in ('week', 'month', 'quarter', 'year')
        and scorecard_rep_metrics.aggregation in ('count', 'sum')
        and scorecard_rep_metrics.goal_period > 0
        and scorecard_rep_metrics.dispersion > 0
),

-- goals before the first record are no pace
movements as (
    select
        fct_goals_daily.rep_id,
        fct_goals_daily.metric_id,
        fct_goals_daily.date_day,
        fct_goals_daily.daily_goal as goal,
        0e0 as actual,
        cast(null as {{ type_text() }}) as period_type,
        cast(null as date) as period_start,
        cast(null as {{ type_text() }}) as moment
    from fct_goals_daily
    inner join sampled_reps
        on fct_goals_daily.rep_id = sampled_reps.rep_id
    inner join first_record
        on fct_goals_daily.date_day >= first_record.date_day
    where fct_goals_daily.daily_goal > 0
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
    where int_metrics__daily.metric_id in (select outcomes.metric_id from outcomes)
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
    from outcomes
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
),

-- what was known before the period and at the end of its first, second and third quarter
known as (
    select
        outcomes.*,
        {% for share in [1, 2, 3] %}
        {{ settle('remembered.quarter_' ~ share ~ '_goal - remembered.start_goal') }}
            as goal_{{ share }},
        {{ settle('remembered.quarter_' ~ share ~ '_actual - remembered.start_actual') }}
            as actual_{{ share }},
        {% endfor %}
        {{ settle('remembered.start_goal - remembered.earlier_goal') }} as earlier_goal,
        {{ settle('remembered.start_actual - remembered.earlier_actual') }} as earlier_actual
    from outcomes
    inner join remembered
        on
            outcomes.rep_id = remembered.rep_id
            and outcomes.metric_id = remembered.metric_id
            and outcomes.period_type = remembered.period_type
            and outcomes.period_start = remembered.period_start
),

-- a goal that is due but for a rounding error leaves nothing to foretell
counted as (
    select
        known.*,
        case when known.goal_1 < known.goal_period * (1 - 1e-9) then 1 else 0 end
        + case when known.goal_2 < known.goal_period * (1 - 1e-9) then 1 else 0 end
        + case when known.goal_3 < known.goal_period * (1 - 1e-9) then 1 else 0 end as moments
    from known
),

asked as (
    {% for share in [1, 2, 3] %}
    select
        role,
        metric_id,
        period_type,
        aggregation,
        is_higher_better,
        outcome,
        goal_period,
        dispersion,
        earlier_goal,
        earlier_actual,
        {{ share }} / 4e0 as share_elapsed,
        moments,
        goal_{{ share }} as goal_to_date,
        actual_{{ share }} as actual
    from counted
    where goal_{{ share }} < goal_period * (1 - 1e-9)
    {{ "union all" if not loop.last }}
    {% endfor %}
),

{{ project_period('asked') }},

-- 1e-6 forgives the rounding of sums
judged as (
    select
        role,
        metric_id,
        period_type,
        share_elapsed,
        goal_probability,
        1e0 / moments as outcomes,
        cast(least(floor(goal_probability * 10), 9) as integer) as chance_bin,
        case
            when outcome >= projection_low - 1e-6 and outcome <= projection_high + 1e-6 then 1
            else 0
        end as held,
        case when outcome < projection_low - 1e-6 then 1 else 0 end as below,
        case
            when is_higher_better and outcome >= goal_period - 1e-6 then 1
            when not is_higher_better and outcome <= goal_period + 1e-6 then 1
            else 0
        end as reached
    from projected
),

sliced as (
    select
        role,
        metric_id,
        period_type,
        share_elapsed,
        chance_bin,
        count(*) as forecasts,
        {{ settle('sum(outcomes)') }} as outcomes,
        sum(held) as held,
        sum(below) as below,
        avg(goal_probability) as mean_chance,
        sum(reached) as reached
    from judged
    group by grouping sets (
        (),
        (period_type),
        (period_type, share_elapsed),
        (role),
        (role, metric_id),
        (period_type, role, metric_id),
        (chance_bin),
        (period_type, chance_bin),
        (role, metric_id, chance_bin)
    )
),

rated as (
    select
        sliced.*,
        sliced.held / cast(sliced.forecasts as {{ type_double() }}) as coverage_ratio,
        sliced.reached / cast(sliced.forecasts as {{ type_double() }}) as reached_ratio
    from sliced
    where sliced.forecasts > 0
),

ranged_ratios as (
    select
        rated.*,
        {{ wilson_bound('(rated.coverage_ratio * rated.outcomes)', 'rated.outcomes', -1) }}
            as coverage_low,
        {{ wilson_bound('(rated.coverage_ratio * rated.outcomes)', 'rated.outcomes', 1) }}
            as coverage_high,
        {{ wilson_bound('(rated.reached_ratio * rated.outcomes)', 'rated.outcomes', -1) }}
            as reached_low,
        {{ wilson_bound('(rated.reached_ratio * rated.outcomes)', 'rated.outcomes', 1) }}
            as reached_high
    from rated
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        case
            when chance_bin is not null and period_type is not null then 'chance_by_period_type'
            when chance_bin is not null and role is not null then 'chance_by_metric'
            when chance_bin is not null then 'chance'
            when share_elapsed is not null then 'moment'
            when metric_id is not null and period_type is not null then 'metric_by_period_type'
            when metric_id is not null then 'metric'
            when role is not null then 'role'
            when period_type is not null then 'period_type'
            else 'all'
        end as slice,
        role,
        metric_id,
        period_type,
        share_elapsed,
        chance_bin / 10e0 as chance_from,
        cast(forecasts as integer) as forecasts,
        outcomes,
        cast(held as integer) as held,
        cast(below as integer) as below,
        coverage_ratio,
        coverage_low,
        coverage_high,
        mean_chance,
        cast(reached as integer) as reached,
        reached_ratio,
        reached_low,
        reached_high,
        -- five points matter, where chance alone does not explain them
        case
            when outcomes < 30 then 'too_little_data'
            when chance_bin is not null and abs(reached_ratio - mean_chance) <= 0.05 then 'holds'
            when chance_bin is not null and mean_chance < reached_low then 'too_low'
            when chance_bin is not null and mean_chance > reached_high then 'too_high'
            when chance_bin is not null or abs(coverage_ratio - 0.8) <= 0.05 then 'holds'
            when coverage_high < 0.8 then 'too_narrow'
            when coverage_low > 0.8 then 'too_wide'
            else 'holds'
        end as verdict
    from ranged_ratios
)

select * from final
