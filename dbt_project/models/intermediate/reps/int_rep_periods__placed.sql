with int_rep_days__captured as (
    select * from {{ ref('int_rep_days__captured') }}
),

int_window_days as (
    select * from {{ ref('int_window_days') }}
    where purpose = 'period'
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

days as (
    select distinct
        date_day,
        part_start_date
    from int_window_days
),

period_parts as (
    select distinct
        period_type,
        period_start,
        part_start_date
    from int_window_days
),

by_part as (
    select
        days.part_start_date,
        int_rep_days__captured.rep_id,
        max(int_rep_days__captured.reference_date) as reference_date,
        sum(int_rep_days__captured.capacity_days) as capacity_days,
        sum(int_rep_days__captured.capacity_days_remaining) as capacity_days_remaining,
        sum(int_rep_days__captured.work_days) as work_days,
        sum(int_rep_days__captured.captured_days) as captured_days
    from int_rep_days__captured
    inner join days
        on int_rep_days__captured.date_day = days.date_day
    group by 1, 2
),

by_period as (
    select
        period_parts.period_type,
        period_parts.period_start,
        by_part.rep_id,
        max(by_part.reference_date) as reference_date,
        sum(by_part.capacity_days) as capacity_days,
        sum(by_part.capacity_days_remaining) as capacity_days_remaining,
        sum(by_part.work_days) as work_days,
        sum(by_part.captured_days) as captured_days
    from by_part
    inner join period_parts
        on by_part.part_start_date = period_parts.part_start_date
    group by 1, 2, 3
),

-- the rep as on the last day that counts; someone not employed in a period has no scorecard in it
final as (
    select
        int_periods.period_type,
        int_periods.period_id,
        int_periods.period_start,
        int_periods.period_end,
        int_periods.is_current,
        by_period.rep_id,
        by_period.reference_date,
        int_crm__reps.rep_version_id,
        int_crm__reps.rep_name,
        int_crm__reps.team,
        int_crm__reps.region,
        int_crm__reps.role,
        int_crm__reps.tier,
        int_crm__reps.manager_id,
        by_period.capacity_days,
        by_period.capacity_days_remaining,
        by_period.work_days,
        by_period.captured_days
    from by_period
    inner join int_periods
        on
            by_period.period_type = int_periods.period_type
            and by_period.period_start = int_periods.period_start
    inner join int_crm__reps
        on
            by_period.rep_id = int_crm__reps.rep_id
            and by_period.reference_date >= int_crm__reps.effective_from
            and by_period.reference_date < int_crm__reps.effective_to
)

select * from final
