with int_settings as (
    select * from {{ ref('int_settings') }}
),

-- two years more on both sides, so that every period that matters is whole before any is cut off
spine as (
    {{ dbt.date_spine('day', *date_spine_bounds()) }}
),

days as (
    select cast(date_day as date) as date_day from spine
),

numbered as (
    select
        days.date_day,
        cast(extract(year from days.date_day) as integer) as calendar_year,
        cast(extract(month from days.date_day) as integer) as calendar_month,
        cast(extract(day from days.date_day) as integer) as day_of_month,
        {{ day_number('days.date_day') }} % 7 + 1 as iso_weekday,
        {{ first_of_month('days.date_day') }} as month_start_date,
        int_settings.fiscal_year_start_month,
        ({{ day_number('days.date_day') }} % 7 + 8 - int_settings.week_start_weekday) % 7
            as day_of_week
    from days
    cross join int_settings
),

fiscal as (
    select
        numbered.*,
        numbered.calendar_year
        + case
            when
                numbered.fiscal_year_start_month > 1
                and numbered.calendar_month >= numbered.fiscal_year_start_month
                then 1
            else 0
        end as fiscal_year,
        (numbered.calendar_month - numbered.fiscal_year_start_month + 12) % 12 + 1 as fiscal_month,
        cast({{ add_days('numbered.date_day', '-numbered.day_of_week') }} as date)
            as week_start_date
    from numbered
),

quartered as (
    select
        fiscal.*,
        cast(floor((fiscal.fiscal_month - 1) / 3e0) as integer) + 1 as fiscal_quarter,
        {{ add_days('fiscal.week_start_date', 3) }} as middle_of_week
    from fiscal
),

bounded as (
    select
        quartered.*,
        max(quartered.date_day) over (partition by quartered.month_start_date) as month_end_date,
        min(quartered.date_day) over (
            partition by quartered.fiscal_year, quartered.fiscal_quarter
        ) as quarter_start_date,
        max(quartered.date_day) over (
            partition by quartered.fiscal_year, quartered.fiscal_quarter
        ) as quarter_end_date,
        min(quartered.date_day) over (partition by quartered.fiscal_year) as year_start_date,
        max(quartered.date_day) over (partition by quartered.fiscal_year) as year_end_date
    from quartered
),

final as (
    select
        bounded.date_day,
        cast(bounded.iso_weekday as integer) as iso_weekday,
        bounded.week_start_date,
        {{ add_days('bounded.week_start_date', 6) }} as week_end_date,
        cast(extract(year from bounded.middle_of_week) as {{ type_text() }}) || '-W'
        || lpad(
            cast(
                cast(
                    floor(
                        (
                            {{ day_number('bounded.middle_of_week') }}
                            - {{ day_number(first_of_year('bounded.middle_of_week')) }}
                        ) / 7e0
                    ) as integer
                ) + 1 as {{ type_text() }}
            ), 2, '0'
        ) as week_id,
        bounded.month_start_date,
        bounded.month_end_date,
        cast(bounded.calendar_year as {{ type_text() }}) || '-'
        || lpad(cast(bounded.calendar_month as {{ type_text() }}), 2, '0') as month_id,
        cast(bounded.fiscal_year as integer) as fiscal_year,
        bounded.fiscal_quarter,
        cast(bounded.fiscal_month as integer) as fiscal_month,
        bounded.quarter_start_date,
        bounded.quarter_end_date,
        'FY' || cast(bounded.fiscal_year as {{ type_text() }}) || '-Q'
        || cast(bounded.fiscal_quarter as {{ type_text() }}) as quarter_id,
        bounded.year_start_date,
        bounded.year_end_date,
        'FY' || cast(bounded.fiscal_year as {{ type_text() }}) as year_id,
        cast(bounded.calendar_month as {{ type_text() }})
        || case when bounded.day_of_month <= 15 then '-1' else '-2' end as slot_id
    from bounded
)

select * from final
