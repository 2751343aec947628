with int_goals__judged as (
    select * from {{ ref('int_goals__judged') }}
),

int_scorecards__judged as (
    select * from {{ ref('int_scorecards__judged') }}
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
    from int_goals__judged
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
