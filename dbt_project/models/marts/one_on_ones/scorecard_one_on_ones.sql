with int_one_on_ones as (
    select * from {{ ref('int_one_on_ones') }}
),

int_one_on_ones__listed as (
    select * from {{ ref('int_one_on_ones__listed') }}
),

int_one_on_ones__current as (
    select * from {{ ref('int_one_on_ones__current') }}
),

int_one_on_ones__agreed as (
    select * from {{ ref('int_one_on_ones__agreed') }}
),

int_one_on_ones__asked as (
    select * from {{ ref('int_one_on_ones__asked') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_one_on_ones.rep_id,
        int_one_on_ones.rep_name,
        int_one_on_ones.team,
        int_one_on_ones.role,
        int_one_on_ones.tier,
        int_one_on_ones.manager_id,
        int_one_on_ones.manager_name,
        int_one_on_ones.week_id,
        int_one_on_ones.week_start_date,
        int_one_on_ones.week_end_date,
        int_one_on_ones.is_current,
        int_one_on_ones.window_start_date,
        int_one_on_ones.window_end_date,
        int_one_on_ones.score,
        int_one_on_ones.score_week_before,
        int_one_on_ones__listed.metrics_moved,
        int_one_on_ones.headline,
        int_one_on_ones__listed.changes,
        int_one_on_ones__listed.wins,
        int_one_on_ones__listed.misses,
        int_one_on_ones__listed.data_problem,
        int_one_on_ones__current.diagnosis,
        int_one_on_ones__current.pace_metric_id,
        int_one_on_ones__current.month_goal_probability,
        int_one_on_ones__current.quarter_goal_probability,
        int_one_on_ones__current.pace,
        {% for number in [1, 2, 3] %}
        int_one_on_ones__current.lead_{{ number }}_id,
        int_one_on_ones__current.lead_{{ number }},
        {% endfor %}
        int_one_on_ones__agreed.intervention_1_id,
        int_one_on_ones__agreed.intervention_2_id,
        int_one_on_ones__asked.question_1,
        int_one_on_ones__asked.question_2,
        int_one_on_ones__asked.question_3
    from int_one_on_ones
    {% for step in ["listed", "current", "agreed", "asked"] %}
    left join int_one_on_ones__{{ step }}
        on
            int_one_on_ones.rep_id = int_one_on_ones__{{ step }}.rep_id
            and int_one_on_ones.week_start_date = int_one_on_ones__{{ step }}.week_start_date
    {% endfor %}
)

select * from final
