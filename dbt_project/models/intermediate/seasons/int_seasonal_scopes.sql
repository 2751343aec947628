with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- ratios and means are not spread over days, so they have no season
scopes as (
    select distinct
        metrics.metric_id,
        int_crm__reps.role,
        int_crm__reps.region
    from int_crm__reps
    cross join metrics
    where metrics.aggregation in ('count', 'sum')
)

select * from scopes
