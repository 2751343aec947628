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

record_days as (
    select distinct
        rep_id,
        date_day
    from {{ ref('int_metrics__daily') }}
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
        sum(int_rep_days__captured.captured_days) as captured_days,
        count(record_days.date_day) as record_days
    from int_rep_days__captured
    inner join days
        on int_rep_days__captured.date_day = days.date_day
    left join record_days
        on
            int_rep_days__captured.rep_id = record_days.rep_id
            and int_rep_days__captured.date_day = record_days.date_day
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
        sum(by_part.captured_days) as captured_days,
        sum(by_part.record_days) as record_days
    from by_part
    inner join period_parts
        on by_part.part_start_date = period_parts.part_start_date
    group by 1, 2, 3
),

-- who was not employed in a period has a scorecard in it only for what came in all the same, as on
-- the last day employed before it, or the first one after it: so months add up to the quarter
referred as (
    select
        by_period.*,
        coalesce(
            reference_date,
            max(reference_date) over (
                partition by rep_id, period_type
                order by period_start asc nulls last
                rows between unbounded preceding and current row
            ),
            case
                when min(reference_date) over (partition by rep_id) > period_start
                    then min(reference_date) over (partition by rep_id)
                else max(reference_date) over (partition by rep_id)
            end
        ) as known_date
    from by_period
),

-- the rep as on the last day that counts
final as (
    select
        int_periods.period_type,
        int_periods.period_id,
        int_periods.period_start,
        int_periods.period_end,
        int_periods.is_current,
        referred.rep_id,
        referred.known_date as reference_date,
        referred.reference_date is not null as is_employed,
        int_crm__reps.rep_version_id,
        int_crm__reps.rep_name,
        int_crm__reps.team,
        int_crm__reps.region,
        int_crm__reps.role,
        int_crm__reps.tier,
        int_crm__reps.manager_id,
        referred.capacity_days,
        referred.capacity_days_remaining,
        referred.work_days,
        referred.captured_days
    from referred
    inner join int_periods
        on
            referred.period_type = int_periods.period_type
            and referred.period_start = int_periods.period_start
    inner join int_crm__reps
        on
            referred.rep_id = int_crm__reps.rep_id
            and referred.known_date >= int_crm__reps.effective_from
            and referred.known_date < int_crm__reps.effective_to
    where referred.reference_date is not null or referred.record_days > 0
)

select * from final
