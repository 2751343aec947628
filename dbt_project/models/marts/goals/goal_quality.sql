with int_goals__held as (
    select * from {{ ref('int_goals__held') }}
),

scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
),

dim_goals as (
    select * from {{ ref('dim_goals') }}
),

int_scorecards__judged as (
    select * from {{ ref('int_scorecards__judged') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- attainment has season, ramp, leave and part time taken out already; where the logging is broken
-- or another goal held for a part of the time, it says nothing about this goal
judged_reps as (
    select
        int_goals__held.goal_id,
        int_goals__held.role,
        int_goals__held.tier,
        int_goals__held.rep_id,
        case
            when int_goals__held.is_unchanged and scorecard_rep_metrics.status <> 'data_suspect'
                then scorecard_rep_metrics.attainment
        end as attainment
    from int_goals__held
    left join scorecard_rep_metrics
        on
            int_goals__held.rep_id = scorecard_rep_metrics.rep_id
            and int_goals__held.metric_id = scorecard_rep_metrics.metric_id
            and int_goals__held.period_start = scorecard_rep_metrics.period_start
            and scorecard_rep_metrics.period_type = 'last_13_weeks'
    where int_goals__held.goal_id is not null
),

ranked_reps as (
    select
        judged_reps.*,
        row_number() over (
            partition by goal_id, role, tier
            order by attainment desc nulls last, rep_id asc nulls last
        ) as place,
        count(attainment) over (partition by goal_id, role, tier) as judged_count
    from judged_reps
),

-- the wanted attainment is the least of the best 60 % of the reps, or what the setting says
counted as (
    select
        ranked_reps.goal_id,
        ranked_reps.role,
        ranked_reps.tier,
        count(*) as rep_count,
        count(ranked_reps.attainment) as judged_count,
        sum(case when ranked_reps.attainment + 1e-9 >= 1 then 1 else 0 end) as reached_count,
        avg(
            case
                when
                    ranked_reps.place >= floor((ranked_reps.judged_count + 1) / 2e0)
                    and ranked_reps.place <= floor(ranked_reps.judged_count / 2e0) + 1
                    then ranked_reps.attainment
            end
        ) as median_attainment,
        max(
            case
                when
                    ranked_reps.place + 1e-9
                    >= int_settings.suggested_reached_ratio * ranked_reps.judged_count
                    then ranked_reps.attainment
            end
        ) as wanted_attainment
    from ranked_reps
    cross join int_settings
    group by 1, 2, 3
),

judged_goals as (
    select
        counted.*,
        dim_goals.metric_id,
        dim_goals.scope,
        dim_goals.scope_value,
        dim_goals.period,
        dim_goals.goal,
        metrics.metric_name,
        metrics.unit,
        metrics.is_higher_better,
        int_settings.min_peers,
        int_settings.suggested_reached_ratio,
        counted.reached_count / nullif(cast(counted.judged_count as {{ type_double() }}), 0)
            as reached_ratio,
        case
            when counted.judged_count < int_settings.min_peers then 'too_few_reps'
            when
                counted.reached_count + 1e-9 < int_settings.min_reached_ratio * counted.judged_count
                then 'nobody'
            when
                counted.reached_count - 1e-9 > int_settings.max_reached_ratio * counted.judged_count
                then 'everybody'
            else 'fine'
        end as verdict,
        case
            when counted.wanted_attainment <= 0 then null
            when metrics.is_higher_better and metrics.unit = 'ratio'
                then least(dim_goals.goal * counted.wanted_attainment, 1e0)
            when metrics.is_higher_better then dim_goals.goal * counted.wanted_attainment
            else dim_goals.goal / counted.wanted_attainment
        end as wanted_goal
    from counted
    inner join dim_goals
        on counted.goal_id = dim_goals.goal_id
    inner join metrics
        on dim_goals.metric_id = metrics.metric_id
    cross join int_settings
),

-- two figures are enough for a goal
stepped as (
    select
        judged_goals.*,
        power(10e0, floor(ln(nullif(judged_goals.wanted_goal, 0)) / ln(10e0) + 1e-9) - 1) as step
    from judged_goals
),

-- rounded towards what more reps reach
rounded as (
    select
        stepped.*,
        case
            when stepped.is_higher_better
                then {{ settle('floor(stepped.wanted_goal / stepped.step + 1e-9) * stepped.step') }}
            else {{ settle('-floor(1e-9 - stepped.wanted_goal / stepped.step) * stepped.step') }}
        end as rounded_goal
    from stepped
),

suggested as (
    select
        rounded.*,
        case
            when
                (rounded.verdict = 'nobody' and rounded.is_higher_better)
                or (rounded.verdict = 'everybody' and not rounded.is_higher_better)
                then case when rounded.rounded_goal < rounded.goal then rounded.rounded_goal end
            when rounded.verdict in ('nobody', 'everybody')
                then case when rounded.rounded_goal > rounded.goal then rounded.rounded_goal end
        end as suggested_goal
    from rounded
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        'goal' as subject,
        goal_id,
        role,
        tier,
        metric_id,
        metric_name,
        unit,
        scope,
        scope_value,
        period,
        goal,
        cast(rep_count as bigint) as rep_count,
        cast(judged_count as bigint) as judged_count,
        cast(case when judged_count > 0 then reached_count end as bigint) as reached_count,
        reached_ratio,
        median_attainment,
        suggested_goal,
        cast(null as bigint) as leading_count,
        cast(null as bigint) as lagging_count,
        verdict,
        case
            when verdict = 'too_few_reps'
                then
                    cast(judged_count as {{ type_text() }}) || ' of '
                    || cast(rep_count as {{ type_text() }})
                    || ' reps had this goal and a result all through the last 13 weeks; '
                    || cast(min_peers as {{ type_text() }}) || ' are needed to judge it.'
            else
                cast(reached_count as {{ type_text() }}) || ' of '
                || cast(judged_count as {{ type_text() }})
                || ' reps reached it over the last 13 weeks.'
                || case
                    when suggested_goal is not null
                        then
                            ' About '
                            || cast(
                                cast(floor(100 * suggested_reached_ratio + 0.5e0) as integer)
                                as {{ type_text() }}
                            )
                            || '% of them would have reached the suggested goal.'
                    when verdict = 'nobody'
                        then
                            ' Most did nothing that counts: look at how it is recorded before the'
                            || ' goal.'
                    when verdict = 'everybody' then ' Most of them only just.'
                    else ''
                end
        end as sentence
    from suggested
    union all
    select
        {{ as_of_date() }} as as_of_date,
        'scorecard' as subject,
        cast(null as {{ type_text() }}) as goal_id,
        role,
        tier,
        cast(null as {{ type_text() }}) as metric_id,
        cast(null as {{ type_text() }}) as metric_name,
        cast(null as {{ type_text() }}) as unit,
        cast(null as {{ type_text() }}) as scope,
        cast(null as {{ type_text() }}) as scope_value,
        cast(null as {{ type_text() }}) as period,
        cast(null as {{ type_double() }}) as goal,
        cast(null as bigint) as rep_count,
        cast(null as bigint) as judged_count,
        cast(null as bigint) as reached_count,
        cast(null as {{ type_double() }}) as reached_ratio,
        cast(null as {{ type_double() }}) as median_attainment,
        cast(null as {{ type_double() }}) as suggested_goal,
        cast(leading_count as bigint) as leading_count,
        cast(lagging_count as bigint) as lagging_count,
        verdict,
        sentence
    from int_scorecards__judged
)

select * from final
