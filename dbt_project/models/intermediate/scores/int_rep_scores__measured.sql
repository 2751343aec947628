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

int_rep_coverages as (
    select * from {{ ref('int_rep_coverages') }}
),

joined as (
    select
        int_rep_cards.*,
        int_rep_cards.aggregation in ('count', 'sum') as is_additive,
        int_metrics__by_window.numerator,
        int_metrics__by_window.denominator,
        int_metrics__by_window.sum_of_squares,
        int_metrics__by_window.goal_to_date,
        int_metrics__by_window.goal_period,
        int_rep_goals__resolved.goal,
        int_dispersions.dispersion,
        int_rep_cards.is_activity and int_rep_coverages.is_suspect as is_suspect
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
    left join int_rep_coverages
        on
            int_rep_cards.rep_id = int_rep_coverages.rep_id
            and int_rep_cards.purpose = int_rep_coverages.purpose
            and int_rep_cards.period_type = int_rep_coverages.period_type
            and int_rep_cards.period_start = int_rep_coverages.period_start
),

-- a ratio's or mean's goal applies as it stands on the last day that counts
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
            else numerator / nullif(denominator, 0)
        end as actual,
        case when is_additive then {{ settle('goal_to_date') }} else goal end as goal_to_date,
        case when is_additive then {{ settle('goal_period') }} else goal end as goal_period,
        case when is_additive then {{ settle('coalesce(numerator, 0)') }} else numerator end
            as numerator,
        denominator,
        sum_of_squares,
        dispersion,
        is_suspect
    from joined
)

select * from measured
