with int_logging_reps as (
    select * from {{ ref('int_logging_reps') }}
),

int_logging_habits as (
    select * from {{ ref('int_logging_habits') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

signal_ids as (
    select 'short_calls' as signal_id
    union all
    select 'bulk_logging' as signal_id
    union all
    select 'backdated' as signal_id
),

rep_signals as (
    select
        signal_ids.signal_id,
        int_logging_reps.rep_id,
        int_logging_reps.rep_name,
        int_logging_reps.team,
        int_logging_reps.role,
        int_logging_reps.manager_id,
        coalesce(int_logging_habits.record_count, 0) as record_count,
        coalesce(int_logging_habits.odd_count, 0) as odd_count
    from int_logging_reps
    cross join signal_ids
    left join int_logging_habits
        on
            int_logging_reps.rep_id = int_logging_habits.rep_id
            and signal_ids.signal_id = int_logging_habits.signal_id
),

summed as (
    select
        rep_signals.*,
        sum(rep_signals.record_count) over (
            partition by rep_signals.signal_id, rep_signals.role
        ) - rep_signals.record_count as role_record_count,
        sum(rep_signals.odd_count) over (
            partition by rep_signals.signal_id, rep_signals.role
        ) - rep_signals.odd_count as role_odd_count,
        sum(rep_signals.record_count) over (partition by rep_signals.signal_id)
            as all_record_count,
        sum(rep_signals.odd_count) over (partition by rep_signals.signal_id) as all_odd_count
    from rep_signals
),

-- peers are the others of the role; where they have too few records, all others
peered as (
    select
        summed.*,
        case
            when summed.role_record_count >= int_settings.signal_min_records
                then summed.role_record_count
            else summed.all_record_count - summed.record_count
        end as peer_record_count,
        case
            when summed.role_record_count >= int_settings.signal_min_records
                then summed.role_odd_count
            else summed.all_odd_count - summed.odd_count
        end as peer_odd_count
    from summed
    cross join int_settings
)

select * from peered
