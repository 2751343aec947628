with int_figures__restated as (
    select * from {{ ref('int_figures__restated') }}
),

int_activity_changes as (
    select * from {{ ref('int_activity_changes') }}
),

int_deal_changes as (
    select * from {{ ref('int_deal_changes') }}
),

causes as (
    select
        int_figures__restated.as_of_date,
        int_figures__restated.rep_id,
        int_figures__restated.metric_id,
        int_figures__restated.period_type,
        int_figures__restated.period_start,
        int_activity_changes.record_count,
        case
            when int_activity_changes.is_deleted then 'deleted'
            when int_activity_changes.entered_after >= int_figures__restated.as_of_date then 'late'
            else 'changed'
        end as cause
    from int_figures__restated
    inner join int_activity_changes
        on
            int_figures__restated.rep_id = int_activity_changes.rep_id
            and int_figures__restated.metric_id = int_activity_changes.metric_id
            and int_activity_changes.date_day >= int_figures__restated.period_start
            and int_activity_changes.date_day <= int_figures__restated.as_of_date
            and (
                int_activity_changes.entered_after >= int_figures__restated.as_of_date
                or int_activity_changes.changed_after >= int_figures__restated.as_of_date
            )
    union all
    select
        int_figures__restated.as_of_date,
        int_figures__restated.rep_id,
        int_figures__restated.metric_id,
        int_figures__restated.period_type,
        int_figures__restated.period_start,
        1 as record_count,
        case
            when int_deal_changes.is_deleted then 'deleted'
            when int_deal_changes.entered_at > int_figures__restated.published_at then 'late'
            else 'changed'
        end as cause
    from int_figures__restated
    inner join int_deal_changes
        on
            int_figures__restated.rep_id = int_deal_changes.rep_id
            and int_figures__restated.metric_id = int_deal_changes.metric_id
            and int_deal_changes.date_day >= int_figures__restated.period_start
            and int_deal_changes.date_day <= int_figures__restated.as_of_date
            and (
                int_deal_changes.entered_at > int_figures__restated.published_at
                or int_deal_changes.changed_at > int_figures__restated.published_at
            )
),

counted as (
    select
        as_of_date,
        rep_id,
        metric_id,
        period_type,
        period_start,
        sum(case when cause = 'late' then record_count else 0 end) as late_count,
        sum(case when cause = 'changed' then record_count else 0 end) as changed_count,
        sum(case when cause = 'deleted' then record_count else 0 end) as deleted_count
    from causes
    group by 1, 2, 3, 4, 5
)

select * from counted
