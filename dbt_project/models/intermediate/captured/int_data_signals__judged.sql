with int_logging_reps as (
    select * from {{ ref('int_logging_reps') }}
),

int_captures as (
    select * from {{ ref('int_captures') }}
),

int_logging_habits__peered as (
    select * from {{ ref('int_logging_habits__peered') }}
),

int_signal_windows as (
    select * from {{ ref('int_signal_windows') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- captures are judged by the gaps that statuses are judged by
measured as (
    select
        'capture_drop_rep' as signal_id,
        'rep' as signal_scope,
        int_logging_reps.team,
        int_logging_reps.rep_id,
        int_logging_reps.rep_name,
        int_logging_reps.manager_id,
        'any' as activity_type,
        int_captures.captured_days as observed_count,
        int_captures.usual_days as record_count,
        cast(null as bigint) as expected_odd_count,
        cast(null as bigint) as expected_record_count,
        int_captures.usual_ratio,
        int_captures.gap_first_day,
        int_captures.gap_last_day,
        int_captures.gap_days,
        int_captures.scope_id is not null as is_measurable,
        true as is_capture
    from int_logging_reps
    left join int_captures
        on
            int_logging_reps.rep_id = int_captures.scope_id
            and int_captures.scope = 'rep'
    union all
    select
        'capture_drop_team' as signal_id,
        'team' as signal_scope,
        scope_id as team,
        cast(null as {{ type_text() }}) as rep_id,
        cast(null as {{ type_text() }}) as rep_name,
        cast(null as {{ type_text() }}) as manager_id,
        case when kind = '' then 'any' else kind end as activity_type,
        captured_days as observed_count,
        usual_days as record_count,
        cast(null as bigint) as expected_odd_count,
        cast(null as bigint) as expected_record_count,
        usual_ratio,
        gap_first_day,
        gap_last_day,
        gap_days,
        true as is_measurable,
        true as is_capture
    from int_captures
    where scope = 'team'
    union all
    select
        signal_id,
        'rep' as signal_scope,
        team,
        rep_id,
        rep_name,
        manager_id,
        case when signal_id = 'short_calls' then 'call' else 'any' end as activity_type,
        odd_count as observed_count,
        record_count,
        peer_odd_count as expected_odd_count,
        peer_record_count as expected_record_count,
        cast(null as {{ type_double() }}) as usual_ratio,
        cast(null as date) as gap_first_day,
        cast(null as date) as gap_last_day,
        cast(null as bigint) as gap_days,
        all_record_count > 0 as is_measurable,
        false as is_capture
    from int_logging_habits__peered
),

-- half a record is added to what is expected, so that nobody is infinitely far from peers who
-- have none
expected as (
    select
        measured.*,
        measured.observed_count / nullif(cast(measured.record_count as {{ type_double() }}), 0)
            as observed_ratio,
        case
            when measured.is_capture then measured.usual_ratio
            when measured.expected_record_count > 0
                then
                    (measured.expected_odd_count + 0.5e0)
                    / (measured.expected_record_count + 1e0)
        end as expected_ratio
    from measured
),

scored as (
    select
        expected.*,
        case
            when not expected.is_capture
                then
                    (expected.observed_count - expected.record_count * expected.expected_ratio)
                    / nullif(
                        sqrt(
                            expected.record_count * expected.expected_ratio
                            * (1 - expected.expected_ratio)
                        ), 0
                    )
        end as z_score
    from expected
),

judged as (
    select
        scored.*,
        int_settings.short_call_seconds,
        int_settings.bulk_min_records,
        int_settings.backdated_days,
        int_settings.signal_min_records,
        int_signal_windows.records_start as period_start,
        case when scored.is_capture then {{ goals_due_date() }} else {{ as_of_date() }} end
            as period_end,
        case
            when not scored.is_measurable then 'not_measurable'
            when scored.is_capture and scored.gap_days is not null then 'signal'
            when scored.is_capture then 'clear'
            when
                scored.z_score is null
                or scored.record_count < int_settings.signal_min_records
                or scored.expected_record_count < int_settings.signal_min_records
                then 'too_little_data'
            when
                not scored.is_capture
                and scored.z_score >= int_settings.signal_min_z
                and scored.observed_ratio >= int_settings.signal_min_share
                and scored.observed_ratio >= int_settings.signal_min_ratio * scored.expected_ratio
                then 'signal'
            else 'clear'
        end as signal_status
    from scored
    cross join int_settings
    cross join int_signal_windows
)

select * from judged
