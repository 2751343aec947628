with int_windows as (
    select * from {{ ref('int_windows') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

edges as (
    select window_start as date_day from int_windows
    union
    select {{ add_days('window_end', 1) }} as date_day from int_windows
),

-- days between two edges lie in the same windows: facts are added up once for all of them
parted as (
    select
        int_dates.date_day,
        coalesce(
            max(edges.date_day) over (
                order by int_dates.date_day asc nulls last
                rows between unbounded preceding and current row
            ),
            min(int_dates.date_day) over ()
        ) as part_start_date
    from int_dates
    left join edges
        on int_dates.date_day = edges.date_day
),

final as (
    select
        int_windows.purpose,
        int_windows.period_type,
        int_windows.period_start,
        parted.date_day,
        parted.part_start_date
    from int_windows
    inner join parted
        on
            parted.date_day >= int_windows.window_start
            and parted.date_day <= int_windows.window_end
)

select * from final
