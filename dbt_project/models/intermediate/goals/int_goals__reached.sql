with int_goals__held as (
    select * from {{ ref('int_goals__held') }}
    where goal_id is not null
),

int_scores__evidenced as (
    select * from {{ ref('int_scores__evidenced') }}
    where scope = 'rep' and purpose = 'period'
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- attainment has season, ramp, leave and part time taken out already; where the logging is broken
-- or another goal held for a part of the time, it says nothing about this goal
judged_reps as (
    select
        int_goals__held.goal_id,
        int_goals__held.role,
        int_goals__held.tier,
        int_goals__held.rep_id,
        case
            when int_goals__held.is_unchanged and int_scores__evidenced.status <> 'data_suspect'
                then int_scores__evidenced.attainment
        end as attainment
    from int_goals__held
    left join int_scores__evidenced
        on
            int_goals__held.rep_id = int_scores__evidenced.scope_id
            and int_goals__held.metric_id = int_scores__evidenced.metric_id
            and int_goals__held.period_type = int_scores__evidenced.period_type
            and int_goals__held.period_start = int_scores__evidenced.period_start
),

ranked_reps as (
    select
        judged_reps.*,
        row_number() over (
            partition by goal_id, role, tier
            order by attainment desc nulls last, rep_id asc nulls last
        ) as place,
        count(attainment) over (partition by goal_id, role, tier) as judged_count
    from judged_reps
),

-- the wanted attainment is the least of the best 60 % of the reps, or what the setting says
counted as (
    select
        ranked_reps.goal_id,
        ranked_reps.role,
        ranked_reps.tier,
        count(*) as rep_count,
        count(ranked_reps.attainment) as judged_count,
        sum(case when ranked_reps.attainment + 1e-9 >= 1 then 1 else 0 end) as reached_count,
        avg(
            case
                when
                    ranked_reps.place >= floor((ranked_reps.judged_count + 1) / 2e0)
                    and ranked_reps.place <= floor(ranked_reps.judged_count / 2e0) + 1
                    then ranked_reps.attainment
            end
        ) as median_attainment,
        max(
            case
                when
                    ranked_reps.place + 1e-9
                    >= int_settings.suggested_reached_ratio * ranked_reps.judged_count
                    then ranked_reps.attainment
            end
        ) as wanted_attainment
    from ranked_reps
    cross join int_settings
    group by 1, 2, 3
)

select * from counted
