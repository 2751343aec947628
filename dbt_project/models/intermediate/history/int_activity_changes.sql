with int_activities__recent as (
    select * from {{ ref('int_activities__recent') }}
),

int_metric_rules as (
    select * from {{ ref('int_metric_rules') }}
),

changed_activities as (
    select
        rep_id,
        date_day,
        activity_type,
        direction,
        outcome,
        coalesce(duration_seconds, 0) as duration_seconds,
        is_deleted,
        entered_after,
        changed_after,
        count(*) as record_count
    from int_activities__recent
    where entered_after >= date_day or changed_after >= date_day
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),

-- distinct, because two rules of one metric must not count a record twice
activity_changes as (
    select distinct
        int_metric_rules.metric_id,
        changed_activities.*
    from changed_activities
    inner join int_metric_rules
        on
            int_metric_rules.source_table = 'activities'
            and coalesce(int_metric_rules.activity_type, changed_activities.activity_type)
            = changed_activities.activity_type
            and coalesce(int_metric_rules.direction, changed_activities.direction)
            = changed_activities.direction
            and coalesce(int_metric_rules.outcome, changed_activities.outcome)
            = changed_activities.outcome
            and int_metric_rules.min_duration_seconds <= changed_activities.duration_seconds
)

select * from activity_changes
