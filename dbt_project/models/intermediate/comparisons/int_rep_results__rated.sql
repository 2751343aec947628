with int_rep_results as (
    select * from {{ ref('int_rep_results') }}
),

-- the running period of each type, and the last that is closed
int_periods__aged as (
    select * from {{ ref('int_periods__aged') }}
    where age <= 2
),

int_rep_periods__ramping as (
    select * from {{ ref('int_rep_periods__ramping') }}
),

-- the rate is what makes reps comparable: per day of capacity, or the ratio itself
rated as (
    select
        int_rep_results.*,
        int_rep_periods__ramping.rep_id is not null as is_ramping,
        case
            when int_rep_results.is_additive
                then
                    int_rep_results.numerator
                    / nullif(int_rep_results.judged_capacity_days, 0)
            else int_rep_results.judged_actual
        end as rate
    from int_rep_results
    inner join int_periods__aged
        on
            int_rep_results.period_type = int_periods__aged.period_type
            and int_rep_results.period_start = int_periods__aged.period_start
    left join int_rep_periods__ramping
        on
            int_rep_results.rep_id = int_rep_periods__ramping.rep_id
            and int_rep_results.period_type = int_rep_periods__ramping.period_type
            and int_rep_results.period_start = int_rep_periods__ramping.period_start
)

select * from rated
