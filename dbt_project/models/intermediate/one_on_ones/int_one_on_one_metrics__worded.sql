with int_one_on_one_metrics as (
    select * from {{ ref('int_one_on_one_metrics') }}
),

statuses as (
    select * from {{ ref('statuses') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

named as (
    select
        int_one_on_one_metrics.rep_id,
        int_one_on_one_metrics.week_start_date,
        int_one_on_one_metrics.metric_id,
        int_one_on_one_metrics.metric_name,
        int_one_on_one_metrics.sort_order,
        int_one_on_one_metrics.status,
        int_one_on_one_metrics.attainment,
        -- too early, but not below the goal, is told
        int_one_on_one_metrics.status in ('not_captured', 'data_suspect')
        or int_one_on_one_metrics.status = 'too_little_data'
        and coalesce(int_one_on_one_metrics.attainment < 1, true) as is_untold,
        {{ value_text('int_one_on_one_metrics.actual', 'int_one_on_one_metrics.unit') }}
        || ' of '
        || {{ value_text('int_one_on_one_metrics.goal_to_date', 'int_one_on_one_metrics.unit') }}
            as distance,
        coalesce(int_one_on_one_metrics.status <> 'no_goal', false) as has_goal,
        int_one_on_one_metrics.status_week_before is not null as is_compared,
        int_one_on_one_metrics.gap_days,
        int_one_on_one_metrics.gap_first_day,
        int_one_on_one_metrics.gap_last_day,
        statuses.side,
        statuses.is_proven,
        statuses.luck,
        coalesce(int_one_on_one_metrics.status <> int_one_on_one_metrics.status_week_before, false)
            as is_moved,
        lower(statuses.status_name) as status_words,
        lower(statuses_week_before.status_name) as status_words_week_before
    from int_one_on_one_metrics
    cross join int_settings
    left join statuses
        on int_one_on_one_metrics.status = statuses.status
    left join statuses as statuses_week_before
        on int_one_on_one_metrics.status_week_before = statuses_week_before.status
),

-- proven ones first, then those furthest from the goal
final as (
    select
        rep_id,
        week_start_date,
        metric_id,
        metric_name,
        status,
        side,
        is_proven,
        is_moved,
        is_untold,
        has_goal,
        is_compared,
        metric_name || case
            when status = 'not_captured' then ' (no record could have reached us)'
            when distance is null then ' (nothing to measure yet)'
            when status = 'data_suspect' then ' ' || distance || ' (records may be missing)'
            else ' ' || distance || ' (too early to tell)'
        end as untold,
        'No activity of any kind on ' || {{ count_text('gap_days') }} || ' working days ('
        || cast(gap_first_day as {{ type_text() }}) || ' to '
        || cast(gap_last_day as {{ type_text() }}) || ')' as gap_words,
        attainment,
        metric_name || ': ' || status_words_week_before || ' to ' || status_words as moved,
        metric_name || ' ' || {{ floored_percent_text('attainment') }} || ' of goal'
        || coalesce(', ' || luck, '') as standing,
        row_number() over (
            partition by rep_id, week_start_date, is_moved
            order by sort_order asc nulls last, metric_id asc nulls last
        ) as moved_rank,
        row_number() over (
            partition by rep_id, week_start_date, is_untold
            order by sort_order asc nulls last, metric_id asc nulls last
        ) as untold_rank,
        row_number() over (
            partition by rep_id, week_start_date, side
            order by
                case when is_proven then 0 else 1 end asc nulls last,
                case when side = 'above' then -attainment else attainment end asc nulls last,
                metric_id asc nulls last
        ) as side_rank,
        row_number() over (
            partition by rep_id, week_start_date, status
            order by sort_order asc nulls last, metric_id asc nulls last
        ) as status_rank
    from named
)

select * from final
