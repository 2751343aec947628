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
    where purpose = 'four_weeks'
),

week_before as (
    select * from int_scores__evidenced
    where purpose = 'four_weeks_earlier'
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
    left join week_before
        on
            int_rep_cards.rep_id = week_before.scope_id
            and int_rep_cards.metric_id = week_before.metric_id
            and int_rep_cards.period_start = week_before.period_start
)

select * from final
