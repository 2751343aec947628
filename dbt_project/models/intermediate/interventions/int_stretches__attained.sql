with int_rep_scores__measured as (
    select * from {{ ref('int_rep_scores__measured') }}
    where purpose = 'period' and period_type = 'week'
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
    where period_type = 'week' and not is_current
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

summed as (
    select
        int_rep_scores__measured.role,
        int_rep_scores__measured.metric_id,
        int_rep_scores__measured.scope_id as rep_id,
        floor(
            {{ dbt.datediff('int_rep_periods.period_end', as_of_date(), 'day') }}
            / cast(int_constants.stretch_days as {{ type_double() }})
        ) as stretches_ago,
        int_rep_scores__measured.aggregation in ('count', 'sum') as is_additive,
        int_rep_scores__measured.is_higher_better,
        sum(int_rep_scores__measured.numerator) as numerator,
        sum(int_rep_scores__measured.denominator) as denominator,
        sum(int_rep_scores__measured.goal_to_date) as goal_sum,
        avg(int_rep_scores__measured.goal_to_date) as goal_mean,
        sum(int_rep_periods.capacity_days) as capacity_days
    from int_rep_scores__measured
    inner join int_rep_periods
        on
            int_rep_scores__measured.scope_id = int_rep_periods.rep_id
            and int_rep_scores__measured.period_start = int_rep_periods.period_start
    cross join int_constants
    where
        int_rep_periods.period_end
        > {{ add_days(as_of_date(), '-int_constants.stretch_history_days') }}
    group by 1, 2, 3, 4, 5, 6
),

attained as (
    select
        summed.role,
        summed.metric_id,
        summed.rep_id,
        summed.stretches_ago,
        case
            when summed.is_additive
                then
                    {{ attainment(
                        'summed.numerator', 'summed.goal_sum', 'summed.is_higher_better'
                    ) }}
            else
                {{ attainment(
                    '(summed.numerator / nullif(summed.denominator, 0))', 'summed.goal_mean',
                    'summed.is_higher_better'
                ) }}
        end as attainment
    from summed
    cross join int_settings
    where summed.capacity_days >= int_settings.suspect_min_capacity_days
)

select * from attained
