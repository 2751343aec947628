{%- set actual_columns = [
    "numerator", "denominator", "sum_of_squares", "unassigned_numerator", "numerator_with_goal",
    "denominator_with_goal", "sum_of_squares_with_goal", "weighed_goal",
] -%}
{%- set goal_columns = ["goal_to_date", "goal_period"] -%}

with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

int_window_days as (
    select * from {{ ref('int_window_days') }}
),

-- days that no window cuts are added up once for all windows
days as (
    select distinct
        date_day,
        part_start_date
    from int_window_days
),

window_parts as (
    select distinct
        purpose,
        period_type,
        period_start,
        part_start_date
    from int_window_days
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
        sum(
            case
                when int_metrics__placed.rep_id = 'unassigned' then int_metrics__placed.numerator
                else 0
            end
        ) as unassigned_numerator,
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
        {% for column in actual_columns %}
        {{ column }},
        {% endfor %}
    {% for column in goal_columns %}
    cast(null as {{ type_double() }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from actuals
    union all
    select
        part_start_date,
        rep_id,
        team,
        metric_id,
        {% for column in actual_columns %}
        cast(null as {{ type_double() }}) as {{ column }},
        {% endfor %}
    {% for column in goal_columns %}
    {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from goals
),

-- a scope tells our own names from a team that is really called so
parts as (
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
    {% for column in actual_columns + goal_columns %}
    sum({{ column }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from unioned
    where {{ condition }}
    group by 1, 2, 3, 4
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- a part lies in several windows, and counts in each
final as (
    select
        parts.scope,
        parts.scope_id,
        parts.metric_id,
        window_parts.purpose,
        window_parts.period_type,
        window_parts.period_start,
    {% for column in actual_columns + goal_columns %}
    sum(parts.{{ column }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from parts
    inner join window_parts
        on parts.part_start_date = window_parts.part_start_date
    group by 1, 2, 3, 4, 5, 6
)

select * from final
