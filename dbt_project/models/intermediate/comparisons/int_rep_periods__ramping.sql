with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

final as (
    select
        int_rep_periods.rep_id,
        int_rep_periods.period_type,
        int_rep_periods.period_start
    from int_rep_periods
    inner join int_rep_days
        on
            int_rep_periods.rep_id = int_rep_days.rep_id
            and int_rep_periods.reference_date = int_rep_days.date_day
    where int_rep_days.ramp < 1
)

select * from final
