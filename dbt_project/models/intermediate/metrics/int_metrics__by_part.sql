with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

days as (
    select distinct
        date_day,
        part_start_date
    from {{ ref('int_window_days') }}
),

-- a goal that applies holds on days off as well, so the join keeps what was done on them
actuals as (
    select
        days.part_start_date,
        int_metrics__placed.rep_id,
        int_metrics__placed.team,
        int_metrics__placed.metric_id,
        sum(int_metrics__placed.numerator) as numerator,
        sum(int_metrics__placed.denominator) as denominator,
        sum(int_metrics__placed.sum_of_squares) as sum_of_squares,
        {% for column in ["numerator", "denominator", "sum_of_squares"] %}
        sum(
            case when int_goals__daily.goal_id is not null then int_metrics__placed.{{ column }} end
        ) as {{ column }}_with_goal,
        {% endfor %}
        sum(int_goals__daily.goal * int_metrics__placed.denominator) as weighed_goal
    from int_metrics__placed
    inner join days
        on int_metrics__placed.date_day = days.date_day
    left join int_goals__daily
        on
            int_metrics__placed.rep_id = int_goals__daily.rep_id
            and int_metrics__placed.metric_id = int_goals__daily.metric_id
            and int_metrics__placed.date_day = int_goals__daily.date_day
    group by 1, 2, 3, 4
),

goals as (
    select
        days.part_start_date,
        int_goals__daily.rep_id,
        int_goals__daily.team,
        int_goals__daily.metric_id,
        sum(
            case
                when int_goals__daily.date_day <= {{ goals_due_date() }}
                    then int_goals__daily.daily_goal
                else 0 * int_goals__daily.daily_goal
            end
        ) as goal_to_date,
        sum(int_goals__daily.daily_goal) as goal_period
    from int_goals__daily
    inner join days
        on int_goals__daily.date_day = days.date_day
    where int_goals__daily.full_goal is not null
    group by 1, 2, 3, 4
),

unioned as (
    select
        part_start_date,
        rep_id,
        team,
        metric_id,
        numerator,
        denominator,
        sum_of_squares,
        case when rep_id = 'unassigned' then numerator else 0 end as unassigned_numerator,
        numerator_with_goal,
        denominator_with_goal,
        sum_of_squares_with_goal,
        weighed_goal,
        cast(null as {{ type_double() }}) as goal_to_date,
        cast(null as {{ type_double() }}) as goal_period
    from actuals
    union all
    select
        part_start_date,
        rep_id,
        team,
        metric_id,
        {% for column in [
            "numerator", "denominator", "sum_of_squares", "unassigned_numerator",
            "numerator_with_goal", "denominator_with_goal", "sum_of_squares_with_goal",
            "weighed_goal",
        ] %}
        cast(null as {{ type_double() }}) as {{ column }},
        {% endfor %}
        goal_to_date,
        goal_period
    from goals
),

final as (
    -- a scope tells our own names from a team that is really called so
    {% for scope, id, condition in [
        ("rep", "rep_id", "true"),
        ("team", "team", "team is not null"),
        ("unassigned", "'Unassigned'", "team is null"),
        ("organisation", "'All teams'", "true"),
    ] %}
    select
        '{{ scope }}' as scope,
        {{ id }} as scope_id,
        metric_id,
        part_start_date,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(sum_of_squares) as sum_of_squares,
        sum(unassigned_numerator) as unassigned_numerator,
        sum(numerator_with_goal) as numerator_with_goal,
        sum(denominator_with_goal) as denominator_with_goal,
        sum(sum_of_squares_with_goal) as sum_of_squares_with_goal,
        sum(weighed_goal) as weighed_goal,
        sum(goal_to_date) as goal_to_date,
        sum(goal_period) as goal_period
    from unioned
    where {{ condition }}
    group by 1, 2, 3, 4
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from final
