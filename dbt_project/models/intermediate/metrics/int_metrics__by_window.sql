{#- where a figure counts: a rep is judged on captured days, a team where a goal applies as well -#}
{%- set has_goal = "goal_id is not null" -%}
{%- set is_captured = "coalesce(captured, 1) = 1" -%}
{%- set is_gapless = is_captured ~ " and not coalesce(is_rep_gap, false)" -%}
{%- set conditions = {
    "with_goal": has_goal,
    "judged": is_captured,
    "judged_with_goal": has_goal ~ " and " ~ is_captured,
    "gapless": is_gapless,
} -%}
{%- set actual_sums = {
    "numerator": ("true", "numerator"),
    "denominator": ("true", "denominator"),
    "unassigned_numerator": (
        "true", "case when int_metrics__placed.rep_id = 'unassigned' then numerator else 0 end"
    ),
    "weighed_goal": ("true", "goal * denominator"),
    "weighed_goal_judged": (is_captured, "goal * denominator"),
} -%}
{%- for name, condition in conditions.items() -%}
{%- for part in ["numerator", "denominator", "sum_of_squares"] -%}
{%- do actual_sums.update({part ~ "_" ~ name: (condition, part)}) -%}
{%- endfor -%}
{%- endfor -%}
{%- set is_due = "int_goals__captured.date_day <= " ~ goals_due_date() -%}
{%- set capacity = "working * employed * fte * (1 - leave)" -%}
{%- set is_worked = has_goal ~ " and " ~ is_due ~ " and " ~ capacity ~ " > 0" -%}
{%- set goal_sums = {
    "goal_period": ("true", "daily_goal"),
    "goal_to_date": (is_due, "daily_goal"),
    "goal_judged": (is_due ~ " and captured = 1", "daily_goal"),
    "goal_gapless": (is_due ~ " and captured = 1 and not is_rep_gap", "daily_goal"),
    "full_goal": ("true", "full_goal"),
    "working_days": (is_worked, "1"),
    "unjudged_capacity": (is_due ~ " and captured = 0", capacity),
    "judged_days": (is_worked ~ " and captured = 1", "1"),
    "gap_days": (is_worked ~ " and captured = 1 and is_rep_gap", "1"),
} -%}
{%- set columns = actual_sums | list + goal_sums | list -%}

with int_metrics__placed as (
    select * from {{ ref('int_metrics__placed') }}
),

int_goals__captured as (
    select * from {{ ref('int_goals__captured') }}
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
    {% for name, (condition, measure) in actual_sums.items() %}
    sum(case when {{ condition }} then {{ measure }} end) as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
    from int_metrics__placed
    inner join days
        on int_metrics__placed.date_day = days.date_day
    left join int_goals__captured
        on
            int_metrics__placed.rep_id = int_goals__captured.rep_id
            and int_metrics__placed.metric_id = int_goals__captured.metric_id
            and int_metrics__placed.date_day = int_goals__captured.date_day
    group by 1, 2, 3, 4
),

goals as (
    select
        days.part_start_date,
        int_goals__captured.rep_id,
        int_goals__captured.team,
        int_goals__captured.metric_id,
    {% for name, (condition, measure) in goal_sums.items() %}
    sum(case when {{ condition }} then {{ measure }} else 0 * {{ measure }} end)
        as {{ name }}{{ "," if not loop.last }}
    {% endfor %}
    from int_goals__captured
    inner join days
        on int_goals__captured.date_day = days.date_day
    where int_goals__captured.goal_id is not null or int_goals__captured.captured = 0
    group by 1, 2, 3, 4
),

unioned as (
    select
        part_start_date,
        rep_id,
        team,
        metric_id,
        {% for column in actual_sums %}
        {{ column }},
        {% endfor %}
    {% for column in goal_sums %}
    cast(null as {{ type_double() }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from actuals
    union all
    select
        part_start_date,
        rep_id,
        team,
        metric_id,
        {% for column in actual_sums %}
        cast(null as {{ type_double() }}) as {{ column }},
        {% endfor %}
    {% for column in goal_sums %}
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
    {% for column in columns %}
    sum({{ column }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from unioned
    where {{ condition }}
    group by 1, 2, 3, 4
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- a part counts in each of its windows. A goal that is not spread is no figure without records
final as (
    select
        parts.scope,
        parts.scope_id,
        parts.metric_id,
        window_parts.purpose,
        window_parts.period_type,
        window_parts.period_start,
    {% for column in columns %}
    sum(parts.{{ column }}) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
    from parts
    inner join window_parts
        on parts.part_start_date = window_parts.part_start_date
    group by 1, 2, 3, 4, 5, 6
    having
        parts.scope = 'rep'
        or count(parts.numerator) + count(parts.denominator) + count(parts.goal_period) > 0
)

select * from final
