with int_activities__recent as (
    select * from {{ ref('int_activities__recent') }}
),

int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

scorecard_metrics as (
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
),

-- who is employed on the as-of date, as they are on it
reps as (
    select
        int_crm__reps.rep_id,
        int_crm__reps.rep_name,
        int_crm__reps.team,
        int_crm__reps.role,
        int_crm__reps.manager_id
    from int_crm__reps
    inner join logging_roles
        on int_crm__reps.role = logging_roles.role
    where
        {{ as_of_date() }} >= int_crm__reps.effective_from
        and {{ as_of_date() }} < int_crm__reps.effective_to
        and {{ as_of_date() }} >= coalesce(int_crm__reps.hire_date, {{ as_of_date() }})
        and {{ as_of_date() }} <= coalesce(int_crm__reps.end_date, {{ as_of_date() }})
),

windows as (
    select
        {{ add_days(add_days(goals_due_date(), 1), '-signal_capture_days') }} as capture_start,
        {{ add_days(
            add_days(goals_due_date(), 1), '-signal_capture_days - signal_baseline_days'
        ) }} as baseline_start,
        {{ add_days(add_days(as_of_date(), 1), '-signal_days') }} as records_start
    from int_settings
),

-- days on which there was someone to log: an absence or a holiday is no gap in the capture
work_days as (
    select
        int_rep_days.rep_id,
        int_rep_days.team,
        int_rep_days.date_day,
        int_rep_days.date_day >= windows.capture_start as is_now
    from int_rep_days
    inner join logging_roles
        on int_rep_days.role = logging_roles.role
    cross join windows
    where
        int_rep_days.capacity > 0
        and int_rep_days.date_day >= windows.baseline_start
        and int_rep_days.date_day <= {{ goals_due_date() }}
),

captured as (
    select distinct
        int_activities__counted_daily.rep_id,
        int_activities__counted_daily.date_day,
        int_activities__counted_daily.activity_type
    from int_activities__counted_daily
    cross join windows
    where int_activities__counted_daily.date_day >= windows.baseline_start
    union all
    select distinct
        int_activities__counted_daily.rep_id,
        int_activities__counted_daily.date_day,
        'any' as activity_type
    from int_activities__counted_daily
    cross join windows
    where int_activities__counted_daily.date_day >= windows.baseline_start
),

activity_types as (
    select 'any' as activity_type
    union
    select activity_type from captured
),

-- by rep and kind of activity: how many days there were, and on how many something was captured
rep_captures as (
    select
        work_days.rep_id,
        work_days.team,
        activity_types.activity_type,
        sum(case when work_days.is_now then 1 else 0 end) as days_now,
        sum(case when work_days.is_now and captured.date_day is not null then 1 else 0 end)
            as captured_now,
        sum(case when work_days.is_now then 0 else 1 end) as days_before,
        sum(case when not work_days.is_now and captured.date_day is not null then 1 else 0 end)
            as captured_before
    from work_days
    cross join activity_types
    left join captured
        on
            work_days.rep_id = captured.rep_id
            and work_days.date_day = captured.date_day
            and activity_types.activity_type = captured.activity_type
    group by 1, 2, 3
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
    from rep_captures
    group by 1, 2
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
        reps.rep_id,
        reps.rep_name,
        reps.team,
        reps.role,
        reps.manager_id,
        coalesce(rep_habits.record_count, 0) as record_count,
        coalesce(rep_habits.odd_count, 0) as odd_count
    from reps
    cross join signal_ids
    left join rep_habits
        on
            reps.rep_id = rep_habits.rep_id
            and signal_ids.signal_id = rep_habits.signal_id
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
),

measured as (
    select
        'capture_drop_rep' as signal_id,
        'rep' as signal_scope,
        reps.team,
        reps.rep_id,
        reps.rep_name,
        reps.manager_id,
        'any' as activity_type,
        rep_captures.captured_now as observed_count,
        rep_captures.days_now as record_count,
        team_captures.captured_now - rep_captures.captured_now as expected_odd_count,
        team_captures.days_now - rep_captures.days_now as expected_record_count,
        team_captures.captured_now + team_captures.captured_before > 0 as is_measurable,
        true as is_capture
    from reps
    inner join rep_captures
        on
            reps.rep_id = rep_captures.rep_id
            and reps.team = rep_captures.team
            and rep_captures.activity_type = 'any'
    inner join team_captures
        on
            rep_captures.team = team_captures.team
            and rep_captures.activity_type = team_captures.activity_type
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
    from peered
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
        case when scored.is_capture then windows.capture_start else windows.records_start end
            as period_start,
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
    cross join windows
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        signal_id,
        signal_scope,
        team,
        rep_id,
        rep_name,
        manager_id,
        activity_type,
        period_start,
        period_end,
        signal_status,
        cast(observed_count as {{ type_double() }}) as observed_count,
        cast(record_count as {{ type_double() }}) as record_count,
        observed_ratio,
        expected_ratio,
        observed_ratio / nullif(expected_ratio, 0) as ratio_to_expected,
        z_score,
        case
            when signal_status = 'not_measurable' and is_capture
                then 'The source has no activities, so a gap in their capture cannot be seen.'
            when signal_status = 'not_measurable' and signal_id = 'short_calls'
                then 'The source says no call''s duration, so short calls cannot be looked for.'
            when signal_status = 'not_measurable'
                then
                    'The source does not say when records were entered, so how they are logged '
                    || 'cannot be looked at.'
            when signal_status = 'too_little_data' and is_capture
                then 'Too few working days to compare with.'
            when signal_status = 'too_little_data'
                then
                    'Too few records to judge: ' || {{ count_text('record_count') }}
                    || ', and ' || {{ count_text('expected_record_count') }} || ' of peers; '
                    || {{ count_text('signal_min_records') }} || ' of each are needed.'
            when signal_status = 'clear' and is_capture then 'As much is captured as is usual.'
            when signal_status = 'clear' then 'Nothing out of the ordinary among peers.'
            when signal_id = 'capture_drop_rep'
                then
                    'Activities were captured on ' || {{ count_text('observed_count') }} || ' of '
                    || {{ count_text('record_count') }} || ' working days since '
                    || cast(period_start as {{ type_text() }}) || '; on the rest of the team it is '
                    || {{ percent_text('expected_ratio') }}
                    || ' of the days. A connection may have stopped, or leave is not entered.'
            when signal_id = 'capture_drop_team'
                then
                    case
                        when activity_type = 'any' then 'Activities of any kind'
                        else 'Activities of the kind ' || activity_type
                    end
                    || ' were captured on ' || {{ count_text('observed_count') }} || ' of '
                    || {{ count_text('record_count') }}
                    || ' working days of the team''s reps since '
                    || cast(period_start as {{ type_text() }})
                    || '; in the '
                    || {{ count_text('signal_baseline_days') }} || ' days before it was '
                    || {{ percent_text('expected_ratio') }}
                    || ' of the days. An integration may have stopped.'
            when signal_id = 'short_calls'
                then
                    {{ percent_text('observed_ratio') }} || ' of '
                    || {{ count_text('record_count') }} || ' calls lasted at most '
                    || {{ count_text('short_call_seconds') }} || ' seconds; among peers it is '
                    || {{ percent_text('expected_ratio') }}
                    || '. Ask how these calls are dialled before reading their number.'
            when signal_id = 'bulk_logging'
                then
                    {{ percent_text('observed_ratio') }} || ' of '
                    || {{ count_text('record_count') }} || ' activities were entered '
                    || {{ count_text('bulk_min_records') }}
                    || ' or more within one minute; among peers it is '
                    || {{ percent_text('expected_ratio') }}
                    || '. Ask how they are logged: their times may be approximate.'
            else
                {{ percent_text('observed_ratio') }} || ' of '
                || {{ count_text('record_count') }} || ' activities were entered more than '
                || {{ count_text('backdated_days') }}
                || ' days after they happened; among peers it is '
                || {{ percent_text('expected_ratio') }}
                || '. Ask what delays the logging: recent days may still be incomplete.'
        end as sentence
    from judged
)

select * from final
