with constants as (
    select * from {{ ref('constants') }}
),

pivoted as (
    select
        {% for constant in ["stretch_days", "stretch_history_days"] %}
        cast(max(case when constant = '{{ constant }}' then value end) as integer)
            as {{ constant }},
        {% endfor %}
        max(case when constant = 'proven_z' then value end) as proven_z,
        max(case when constant = 'min_information' then value end) as min_information,
        max(case when constant = 'goal_weight' then value end) as goal_weight,
        max(case when constant = 'pace_drift' then value end) as pace_drift,
        max(case when constant = 'interval_ratio' then value end) as interval_ratio,
        max(case when constant = 'interval_z' then value end) as interval_z,
        max(case when constant = 'one_sided_interval_z' then value end) as one_sided_interval_z,
        max(case when constant = 'calibration_tolerance' then value end) as calibration_tolerance,
        max(case when constant = 'calibration_min_outcomes' then value end)
            as calibration_min_outcomes,
        max(case when constant = 'doubtful_chance' then value end) as doubtful_chance
    from constants
)

select * from pivoted
