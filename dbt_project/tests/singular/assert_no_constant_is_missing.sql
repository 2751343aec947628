-- without a constant, nothing would be proven and nobody told
select * from {{ ref('int_constants') }}
where
    proven_z + min_information + goal_weight + pace_drift + interval_ratio + interval_z
    + one_sided_interval_z + calibration_tolerance + calibration_min_outcomes is null
