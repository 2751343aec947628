with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

-- the goal that a rep has on the last day that counts, and whether another one held before
final as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.role,
        int_rep_periods.tier,
        int_rep_periods.period_type,
        int_rep_periods.period_start,
        int_goals__daily.metric_id,
        max(
            case
                when int_goals__daily.date_day = int_rep_periods.reference_date
                    then int_goals__daily.goal_id
            end
        ) as goal_id,
        min(coalesce(int_goals__daily.goal_id, ''))
        = max(coalesce(int_goals__daily.goal_id, '')) as is_unchanged
    from int_rep_periods
    inner join int_goals__daily
        on
            int_rep_periods.rep_id = int_goals__daily.rep_id
            and int_goals__daily.date_day >= int_rep_periods.period_start
            and int_goals__daily.date_day <= int_rep_periods.reference_date
    where
        int_rep_periods.period_type = 'last_13_weeks'
        and int_goals__daily.employed = 1
    group by 1, 2, 3, 4, 5, 6
)

select * from final
