with int_figures__restated as (
    select * from {{ ref('int_figures__restated') }}
),

int_metric_rules as (
    select * from {{ ref('int_metric_rules') }}
),

int_restatement_causes as (
    select * from {{ ref('int_restatement_causes') }}
),

-- stage changes and leads do not say when they came or changed
traced_metrics as (
    select metric_id
    from int_metric_rules
    group by 1
    having min(case when source_table in ('activities', 'opportunities') then 1 else 0 end) = 1
),

final as (
    select
        int_figures__restated.as_of_date,
        int_figures__restated.release_id,
        int_figures__restated.published_at,
        int_figures__restated.rep_id,
        int_figures__restated.metric_id,
        int_figures__restated.metric_name,
        int_figures__restated.unit,
        int_figures__restated.period_type,
        int_figures__restated.period_id,
        int_figures__restated.period_start,
        int_figures__restated.period_end,
        int_figures__restated.actual as published_actual,
        int_figures__restated.restated_actual,
        int_figures__restated.restated_actual - int_figures__restated.actual as difference,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(int_restatement_causes.late_count, 0) as bigint)
        end as late_count,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(int_restatement_causes.changed_count, 0) as bigint)
        end as changed_count,
        case
            when traced_metrics.metric_id is not null
                then cast(coalesce(int_restatement_causes.deleted_count, 0) as bigint)
        end as deleted_count
    from int_figures__restated
    left join traced_metrics
        on int_figures__restated.metric_id = traced_metrics.metric_id
    left join int_restatement_causes
        on
            int_figures__restated.as_of_date = int_restatement_causes.as_of_date
            and int_figures__restated.rep_id = int_restatement_causes.rep_id
            and int_figures__restated.metric_id = int_restatement_causes.metric_id
            and int_figures__restated.period_type = int_restatement_causes.period_type
            and int_figures__restated.period_start = int_restatement_causes.period_start
)

select * from final
