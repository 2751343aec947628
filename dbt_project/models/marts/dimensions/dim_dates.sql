with int_dates as (
    select * from {{ ref('int_dates') }}
)

select
    date_day,
    iso_weekday,
    week_start_date,
    week_end_date,
    week_id,
    month_start_date,
    month_end_date,
    month_id,
    fiscal_year,
    fiscal_quarter,
    fiscal_month,
    quarter_start_date,
    quarter_end_date,
    quarter_id,
    year_start_date,
    year_end_date,
    year_id,
    slot_id
from int_dates
where is_in_history
