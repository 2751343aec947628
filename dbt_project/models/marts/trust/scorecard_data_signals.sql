with int_data_signals__judged as (
    select * from {{ ref('int_data_signals__judged') }}
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
                then 'No activity was ever logged here, so a gap in the capture cannot be seen.'
            when signal_status = 'not_measurable' and signal_id = 'short_calls'
                then 'The source says no call''s duration, so short calls cannot be looked for.'
            when signal_status = 'not_measurable'
                then
                    'The source does not say when records were entered, so how they are logged '
                    || 'cannot be looked at.'
            when signal_status = 'too_little_data'
                then
                    'Too few records to judge: ' || {{ count_text('record_count') }}
                    || ', and ' || {{ count_text('expected_record_count') }} || ' of peers; '
                    || {{ count_text('signal_min_records') }} || ' of each are needed.'
            when signal_status = 'clear' and is_capture then 'No gap in the capture.'
            when signal_status = 'clear' then 'Nothing out of the ordinary among peers.'
            when signal_id = 'capture_drop_rep'
                then
                    'No activity of any kind on ' || {{ count_text('gap_days') }}
                    || ' working days (' || cast(gap_first_day as {{ type_text() }}) || ' to '
                    || cast(gap_last_day as {{ type_text() }})
                    || '): leave, a broken integration, or no work? Enter time off, or confirm.'
            when signal_id = 'capture_drop_team'
                then
                    case
                        when activity_type = 'any' then 'No activity of any kind'
                        else 'No activity of the kind ' || activity_type
                    end
                    || ' reached us from the team on ' || {{ count_text('gap_days') }}
                    || ' working days (' || cast(gap_first_day as {{ type_text() }}) || ' to '
                    || cast(gap_last_day as {{ type_text() }})
                    || '). Nobody is judged by these days. An integration may have stopped.'
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
    from int_data_signals__judged
)

select * from final
