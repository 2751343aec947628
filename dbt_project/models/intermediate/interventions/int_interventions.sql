with stg_files__interventions as (
    select * from {{ ref('stg_files__interventions') }}
    where not is_deleted
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- one role per rep and day: nothing multiplies
named as (
    select
        stg_files__interventions.intervention_id,
        stg_files__interventions.rep_id,
        stg_files__interventions.metric_id,
        stg_files__interventions.agreed_date,
        stg_files__interventions.action,
        stg_files__interventions.due_date,
        stg_files__interventions.note,
        int_rep_days.role,
        coalesce(metrics.metric_name, stg_files__interventions.metric_id) as metric_name,
        metrics.aggregation in ('count', 'sum') as is_additive,
        metrics.is_higher_better,
        {{ add_days('stg_files__interventions.agreed_date', '1 - int_constants.stretch_days') }}
            as before_start_date,
        {{ add_days('stg_files__interventions.agreed_date', 'int_constants.stretch_days') }}
            as after_end_date
    from stg_files__interventions
    cross join int_constants
    left join metrics
        on stg_files__interventions.metric_id = metrics.metric_id
    left join int_rep_days
        on
            stg_files__interventions.rep_id = int_rep_days.rep_id
            and stg_files__interventions.agreed_date = int_rep_days.date_day
),

final as (
    select
        named.*,
        after_end_date <= {{ goals_due_date() }} as is_over
    from named
)

select * from final
