with int_rep_scores as (
    select * from {{ ref('int_rep_scores') }}
    where purpose = 'four_weeks'
),

week_before as (
    select * from {{ ref('int_rep_scores') }}
    where purpose = 'four_weeks_earlier'
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
    where period_type = 'week' and is_employed
),

int_windows as (
    select * from {{ ref('int_windows') }}
    where purpose = 'four_weeks'
),

current_reps as (
    select
        rep_id,
        rep_name
    from {{ ref('int_crm__reps') }}
    where is_current
),

sheets as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.rep_name,
        int_rep_periods.team,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.manager_id,
        current_reps.rep_name as manager_name,
        int_rep_periods.period_id as week_id,
        int_rep_periods.period_start as week_start_date,
        int_rep_periods.period_end as week_end_date,
        int_rep_periods.is_current,
        int_windows.window_start as window_start_date,
        int_windows.window_end as window_end_date,
        int_rep_scores.score,
        week_before.score as score_week_before
    from int_rep_scores
    inner join int_rep_periods
        on
            int_rep_scores.rep_id = int_rep_periods.rep_id
            and int_rep_scores.period_start = int_rep_periods.period_start
    inner join int_windows
        on int_rep_scores.period_start = int_windows.period_start
    left join week_before
        on
            int_rep_scores.rep_id = week_before.rep_id
            and int_rep_scores.period_start = week_before.period_start
    left join current_reps
        on int_rep_periods.manager_id = current_reps.rep_id
),

final as (
    select
        sheets.*,
        case
            when score is null then 'Not known: no metric can be judged in these four weeks.'
            when score_week_before is null
                then
                    'Score ' || {{ floored_percent_text('score') }}
                    || '; there is none of a week before.'
            else
                'Score ' || {{ floored_percent_text('score') }} || ', a week before '
                || {{ floored_percent_text('score_week_before') }} || '.'
        end as headline
    from sheets
)

select * from final
