{% set days = [
    "stretch_days", "stretch_history_days", "audit_history_days", "gap_history_days",
] %}
{% set numbers = [
    "proven_z",
    "confidence_z",
    "min_information",
    "goal_weight",
    "pace_drift",
    "interval_ratio",
    "interval_z",
    "one_sided_interval_z",
    "calibration_tolerance",
    "calibration_min_outcomes",
    "suggested_goal_figures",
    "plan_probability",
    "plan_z",
    "plan_min_presence_ratio",
    "audit_block_weeks",
    "audit_min_blocks",
    "audit_min_weeks",
    "audit_min_weeks_with_result",
    "audit_luck_ratio",
    "doubtful_chance",
    "gap_starts",
    "gap_risk",
] %}

with constants as (
    select * from {{ ref('constants') }}
),

pivoted as (
    select
        {% for constant in days %}
        cast(max(case when constant = '{{ constant }}' then value end) as integer)
            as {{ constant }},
        {% endfor %}
    {% for constant in numbers %}
    max(case when constant = '{{ constant }}' then value end)
        as {{ constant }}{{ "," if not loop.last }}
    {% endfor %}
    from constants
)

select * from pivoted
