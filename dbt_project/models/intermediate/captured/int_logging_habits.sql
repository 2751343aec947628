with int_activities__recent as (
    select * from {{ ref('int_activities__recent') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- activities that a minute of entering holds, by the rep who entered them
minutes as (
    select
        rep_id,
        {{ dbt.date_trunc('minute', 'created_at') }} as created_minute,
        count(*) as record_count,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from int_activities__recent
    where is_recent and not is_deleted and created_at is not null
    group by 1, 2
),

bulks as (
    select
        minutes.rep_id,
        sum(minutes.record_count) as record_count,
        sum(
            case
                when
                    minutes.record_count >= int_settings.bulk_min_records
                    and minutes.last_occurred_at > {{ add_seconds(
                        'minutes.first_occurred_at',
                        'cast(3600 * int_settings.bulk_min_hours as integer)'
                    ) }}
                    then minutes.record_count
                else 0
            end
        ) as odd_count
    from minutes
    cross join int_settings
    group by 1
),

habits as (
    select
        int_activities__recent.rep_id,
        sum(
            case
                when
                    int_activities__recent.activity_type = 'call'
                    and int_activities__recent.duration_seconds is not null
                    then 1
                else 0
            end
        ) as call_count,
        sum(
            case
                when
                    int_activities__recent.activity_type = 'call'
                    and int_activities__recent.duration_seconds <= int_settings.short_call_seconds
                    then 1
                else 0
            end
        ) as short_call_count,
        sum(case when int_activities__recent.created_at is not null then 1 else 0 end)
            as dated_count,
        sum(
            case
                when
                    int_activities__recent.created_at > {{ add_seconds(
                        'int_activities__recent.occurred_at',
                        'cast(86400 * int_settings.backdated_days as integer)'
                    ) }}
                    then 1
                else 0
            end
        ) as backdated_count
    from int_activities__recent
    cross join int_settings
    where int_activities__recent.is_recent and not int_activities__recent.is_deleted
    group by 1
),

rep_habits as (
    select
        'short_calls' as signal_id,
        rep_id,
        call_count as record_count,
        short_call_count as odd_count
    from habits
    union all
    select
        'bulk_logging' as signal_id,
        rep_id,
        record_count,
        odd_count
    from bulks
    union all
    select
        'backdated' as signal_id,
        rep_id,
        dated_count as record_count,
        backdated_count as odd_count
    from habits
)

select * from rep_habits
