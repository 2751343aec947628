with int_rep_scores__measured as (
    select * from {{ ref('int_rep_scores__measured') }}
),

int_team_scores__measured as (
    select * from {{ ref('int_team_scores__measured') }}
),

int_levels__resolved as (
    select * from {{ ref('int_levels__resolved') }}
),

unioned as (
    select * from int_rep_scores__measured
    union all
    select * from int_team_scores__measured
),

attained as (
    select
        unioned.*,
        {{ attainment('unioned.actual', 'unioned.goal_to_date', 'unioned.is_higher_better') }}
            as attainment
    from unioned
),

-- the half-open ranges of a metric and role do not overlap; 1e-9 forgives sums of daily goals
levelled as (
    select
        attained.*,
        int_levels__resolved.level
    from attained
    left join int_levels__resolved
        on
            attained.metric_id = int_levels__resolved.metric_id
            and attained.role = int_levels__resolved.role
            and attained.attainment + 1e-9 >= int_levels__resolved.min_attainment
            and attained.attainment + 1e-9 < int_levels__resolved.below_attainment
)

select * from levelled
