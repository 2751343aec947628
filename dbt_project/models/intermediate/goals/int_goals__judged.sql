with int_goals__reached as (
    select * from {{ ref('int_goals__reached') }}
),

int_goals__unioned as (
    select * from {{ ref('int_goals__unioned') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

joined as (
    select
        int_goals__reached.*,
        int_goals__unioned.metric_id,
        int_goals__unioned.scope,
        int_goals__unioned.scope_value,
        int_goals__unioned.period,
        int_goals__unioned.goal,
        metrics.metric_name,
        metrics.unit,
        metrics.is_higher_better,
        int_settings.min_peers,
        int_settings.min_reached_ratio,
        int_settings.max_reached_ratio,
        int_settings.suggested_reached_ratio,
        int_constants.suggested_goal_figures
    from int_goals__reached
    inner join int_goals__unioned
        on int_goals__reached.goal_id = int_goals__unioned.goal_id
    inner join metrics
        on int_goals__unioned.metric_id = metrics.metric_id
    cross join int_settings
    cross join int_constants
),

judged as (
    select
        joined.*,
        reached_count / nullif(cast(judged_count as {{ type_double() }}), 0) as reached_ratio,
        case
            when judged_count < min_peers then 'too_few_reps'
            when reached_count + 1e-9 < min_reached_ratio * judged_count then 'nobody'
            when reached_count - 1e-9 > max_reached_ratio * judged_count then 'everybody'
            else 'fine'
        end as verdict,
        case
            when wanted_attainment <= 0 then null
            when is_higher_better and unit = 'ratio'
                then {{ lower_of('goal * wanted_attainment', '1e0') }}
            when is_higher_better then goal * wanted_attainment
            else goal / wanted_attainment
        end as wanted_goal
    from joined
),

-- two figures are enough for a goal, or as many as the constant says
stepped as (
    select
        judged.*,
        power(
            10e0,
            floor(ln(nullif(wanted_goal, 0)) / ln(10e0) + 1e-9) + 1 - suggested_goal_figures
        ) as step
    from judged
),

-- rounded towards what more reps reach
rounded as (
    select
        stepped.*,
        case
            when is_higher_better then {{ settle('floor(wanted_goal / step + 1e-9) * step') }}
            else {{ settle('-floor(1e-9 - wanted_goal / step) * step') }}
        end as rounded_goal
    from stepped
),

suggested as (
    select
        rounded.*,
        case
            when
                (verdict = 'nobody' and is_higher_better)
                or (verdict = 'everybody' and not is_higher_better)
                then case when rounded_goal < goal then rounded_goal end
            when verdict in ('nobody', 'everybody')
                then case when rounded_goal > goal then rounded_goal end
        end as suggested_goal
    from rounded
)

select * from suggested
