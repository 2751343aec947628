with int_rep_cards as (
    select * from {{ ref('int_rep_cards') }}
),

int_metrics__by_window as (
    select * from {{ ref('int_metrics__by_window') }}
    where scope = 'rep'
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
    where not is_organisation
),

begun as (
    select distinct metric_id from {{ ref('int_metrics__begun') }}
),

joined as (
    select
        int_rep_cards.*,
        int_rep_cards.aggregation in ('count', 'sum') as is_additive,
        int_metrics__by_window.numerator,
        int_metrics__by_window.numerator_judged,
        int_metrics__by_window.denominator_judged,
        int_metrics__by_window.sum_of_squares_judged,
        int_metrics__by_window.numerator_gapless,
        int_metrics__by_window.denominator_gapless,
        int_metrics__by_window.goal_to_date,
        int_metrics__by_window.goal_period,
        int_metrics__by_window.full_goal,
        int_metrics__by_window.goal_judged,
        int_metrics__by_window.goal_gapless,
        coalesce(int_metrics__by_window.working_days, 0) as working_days,
        coalesce(int_metrics__by_window.judged_days, 0) as judged_days,
        coalesce(int_metrics__by_window.gap_days, 0) as gap_days,
        int_metrics__by_window.unjudged_capacity,
        int_rep_goals__resolved.goal,
        int_dispersions.dispersion,
        begun.metric_id is null as is_never
    from int_rep_cards
    left join int_metrics__by_window
        on
            int_rep_cards.rep_id = int_metrics__by_window.scope_id
            and int_rep_cards.metric_id = int_metrics__by_window.metric_id
            and int_rep_cards.purpose = int_metrics__by_window.purpose
            and int_rep_cards.period_type = int_metrics__by_window.period_type
            and int_rep_cards.period_start = int_metrics__by_window.period_start
    left join int_rep_goals__resolved
        on
            int_rep_cards.rep_version_id = int_rep_goals__resolved.rep_version_id
            and int_rep_cards.metric_id = int_rep_goals__resolved.metric_id
            and int_rep_cards.reference_date >= int_rep_goals__resolved.valid_from
            and int_rep_cards.reference_date < int_rep_goals__resolved.valid_to
    left join int_dispersions
        on
            int_rep_cards.metric_id = int_dispersions.metric_id
            and int_rep_cards.role = int_dispersions.role
    left join begun
        on int_rep_cards.metric_id = begun.metric_id
),

-- a ratio's or mean's goal applies as it stands on the last day that counts; it is read on captured
-- days only
measured as (
    select
        'rep' as scope,
        rep_id as scope_id,
        role,
        metric_id,
        purpose,
        period_type,
        period_start,
        aggregation,
        is_higher_better,
        case
            when is_additive then {{ settle('coalesce(numerator, 0)') }}
            else numerator_judged / nullif(denominator_judged, 0)
        end as actual,
        case when is_additive then {{ settle('goal_to_date') }} else goal end as goal_to_date,
        case when is_additive then {{ settle('goal_period') }} else goal end as goal_period,
        case
            when is_additive then {{ settle('coalesce(numerator_judged, 0)') }}
            else numerator_judged / nullif(denominator_judged, 0)
        end as judged_actual,
        case when is_additive then {{ settle('goal_judged') }} else goal end as judged_goal,
        case
            when is_additive then {{ settle('coalesce(numerator_gapless, 0)') }}
            else numerator_gapless / nullif(denominator_gapless, 0)
        end as gapless_actual,
        case when is_additive then {{ settle('goal_gapless') }} else goal end as gapless_goal,
        cast(working_days as integer) as working_days,
        cast(judged_days as integer) as judged_days,
        cast(gap_days as integer) as gap_days,
        unjudged_capacity,
        case
            when is_additive then {{ settle('coalesce(numerator_judged, 0)') }}
            else numerator_judged
        end as numerator,
        denominator_judged as denominator,
        sum_of_squares_judged as sum_of_squares,
        dispersion,
        case
            -- a goal of 0 is none on purpose, and a period without a working day asks for nothing
            when case when is_additive then full_goal else goal end = 0 then 'no_goal'
            when is_never or (working_days > 0 and judged_days = 0) then 'not_captured'
        end as untold_status
    from joined
)

select * from measured
