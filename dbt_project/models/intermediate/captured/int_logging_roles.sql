with scorecard_metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

int_activity_metrics as (
    select * from {{ ref('int_activity_metrics') }}
),

-- a manager who logs nothing is no gap: only roles that are measured on activities are looked at
logging_roles as (
    select distinct scorecard_metrics.role
    from scorecard_metrics
    inner join int_activity_metrics
        on scorecard_metrics.metric_id = int_activity_metrics.metric_id
)

select * from logging_roles
