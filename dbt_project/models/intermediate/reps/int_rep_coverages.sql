with int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
    where period_type = 'week'
),

int_windows as (
    select * from {{ ref('int_windows') }}
    where purpose = 'four_weeks'
),

-- four weeks need not begin with one: what was captured is that of the weeks that they touch
final as (
    select
        int_windows.period_type,
        int_windows.period_start,
        int_rep_periods.rep_id,
        sum(int_rep_periods.captured_days)
        / nullif(cast(sum(int_rep_periods.work_days) as {{ type_double() }}), 0) as coverage_ratio
    from int_rep_periods
    inner join int_windows
        on
            int_rep_periods.period_end >= int_windows.window_start
            and int_rep_periods.period_start <= int_windows.window_end
    group by 1, 2, 3
)

select * from final
