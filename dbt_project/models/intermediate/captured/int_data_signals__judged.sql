with int_logging_reps as (
    select * from {{ ref('int_logging_reps') }}
),

int_rep_captures as (
    select * from {{ ref('int_rep_captures') }}
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

-- the rule that compares a rep with the team cannot see that a whole team fell silent: a team is
-- compared with its own weeks before, kind by kind, because each kind has its own integration
team_captures as (
    select
        team,
        activity_type,
        sum(days_now) as days_now,
        sum(captured_now) as captured_now,
        sum(days_before) as days_before,
        sum(captured_before) as captured_before
    from int_rep_captures
    group by 1, 2
),

measured as (
    select
        'capture_drop_rep' as signal_id,
        'rep' as signal_scope,
        int_logging_reps.team,
        int_logging_reps.rep_id,
        int_logging_reps.rep_name,
        int_logging_reps.manager_id,
        'any' as activity_type,
        int_rep_captures.captured_now as observed_count,
        int_rep_captures.days_now as record_count,
        team_captures.captured_now - int_rep_captures.captured_now as expected_odd_count,
        team_captures.days_now - int_rep_captures.days_now as expected_record_count,
        team_captures.captured_now + team_captures.captured_before > 0 as is_measurable,
        true as is_capture
    from int_logging_reps
    inner join int_rep_captures
        on
            int_logging_reps.rep_id = int_rep_captures.rep_id
            and int_logging_reps.team = int_rep_captures.team
            and int_rep_captures.activity_type = 'any'
    inner join team_captures
        on
            int_rep_captures.team = team_captures.team
            and int_rep_captures.activity_type = team_captures.activity_type
    union all
    select
        'capture_drop_team' as signal_id,
        'team' as signal_scope,
        team_captures.team,
        cast(null as {{ type_text() }}) as rep_id,
        cast(null as {{ type_text() }}) as rep_name,
        cast(null as {{ type_text() }}) as manager_id,
        team_captures.activity_type,
        team_captures.captured_now as observed_count,
        team_captures.days_now as record_count,
        team_captures.captured_before as expected_odd_count,
        team_captures.days_before as expected_record_count,
        team_captures.captured_now + team_captures.captured_before > 0 as is_measurable,
        true as is_capture
    from team_captures
    where team_captures.activity_type = 'any' or team_captures.captured_before > 0
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
        (expected.observed_count - expected.record_count * expected.expected_ratio)
        / nullif(
            sqrt(expected.record_count * expected.expected_ratio * (1 - expected.expected_ratio)), 0
        ) as z_score
    from expected
),

judged as (
    select
        scored.*,
        int_settings.short_call_seconds,
        int_settings.bulk_min_records,
        int_settings.backdated_days,
        int_settings.signal_capture_days,
        int_settings.signal_baseline_days,
        int_settings.signal_min_records,
        case
            when scored.is_capture then int_signal_windows.capture_start
            else int_signal_windows.records_start
        end as period_start,
        case when scored.is_capture then {{ goals_due_date() }} else {{ as_of_date() }} end
            as period_end,
        case
            when not scored.is_measurable then 'not_measurable'
            when scored.z_score is null then 'too_little_data'
            when
                not scored.is_capture
                and (
                    scored.record_count < int_settings.signal_min_records
                    or scored.expected_record_count < int_settings.signal_min_records
                )
                then 'too_little_data'
            when
                scored.is_capture
                and scored.z_score <= -int_settings.signal_min_z
                and scored.observed_ratio
                < int_settings.suspect_coverage_ratio * scored.expected_ratio
                then 'signal'
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
