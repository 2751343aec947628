with int_rep_cards as (
    select * from {{ ref('int_rep_cards') }}
    where purpose = 'four_weeks'
),

int_scores__evidenced as (
    select * from {{ ref('int_scores__evidenced') }}
    where scope = 'rep' and purpose in ('four_weeks', 'four_weeks_earlier')
),

int_rep_coverages as (
    select * from {{ ref('int_rep_coverages') }}
),

int_capture_gaps as (
    select * from {{ ref('int_capture_gaps') }}
    where scope = 'rep'
),

week_before as (
    select * from int_scores__evidenced
    where purpose = 'four_weeks_earlier'
),

gaps as (
    select
        int_rep_cards.rep_id,
        int_rep_cards.period_start,
        min(int_capture_gaps.first_day) as gap_first_day,
        max(int_capture_gaps.last_day) as gap_last_day
    from int_rep_cards
    inner join int_capture_gaps
        on
            int_rep_cards.rep_id = int_capture_gaps.scope_id
            and int_rep_cards.window_start <= int_capture_gaps.last_day
            and int_rep_cards.window_end >= int_capture_gaps.first_day
    group by 1, 2
),

final as (
    select
        int_rep_cards.rep_id,
        int_rep_cards.period_id as week_id,
        int_rep_cards.period_start as week_start_date,
        int_rep_cards.is_current,
        int_rep_cards.window_start as window_start_date,
        int_rep_cards.window_end as window_end_date,
        int_rep_cards.metric_id,
        int_rep_cards.metric_name,
        int_rep_cards.metric_kind,
        int_rep_cards.unit,
        int_rep_cards.aggregation,
        int_rep_cards.is_higher_better,
        int_rep_cards.weight,
        int_rep_cards.sort_order,
        int_rep_cards.role,
        int_scores__evidenced.actual,
        int_scores__evidenced.goal_to_date,
        int_scores__evidenced.attainment,
        int_scores__evidenced.level,
        int_scores__evidenced.evidence,
        int_scores__evidenced.z_score,
        int_scores__evidenced.status,
        int_scores__evidenced.gap_days,
        gaps.gap_first_day,
        gaps.gap_last_day,
        int_rep_coverages.coverage_ratio,
        week_before.attainment as attainment_week_before,
        week_before.status as status_week_before
    from int_rep_cards
    inner join int_scores__evidenced
        on
            int_rep_cards.rep_id = int_scores__evidenced.scope_id
            and int_rep_cards.metric_id = int_scores__evidenced.metric_id
            and int_rep_cards.purpose = int_scores__evidenced.purpose
            and int_rep_cards.period_start = int_scores__evidenced.period_start
    left join int_rep_coverages
        on
            int_rep_cards.rep_id = int_rep_coverages.rep_id
            and int_rep_cards.period_start = int_rep_coverages.period_start
    left join gaps
        on
            int_rep_cards.rep_id = gaps.rep_id
            and int_rep_cards.period_start = gaps.period_start
    left join week_before
        on
            int_rep_cards.rep_id = week_before.scope_id
            and int_rep_cards.metric_id = week_before.metric_id
            and int_rep_cards.period_start = week_before.period_start
)

select * from final
