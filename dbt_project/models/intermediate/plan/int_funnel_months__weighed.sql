with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_seasonal_indices__resolved as (
    select * from {{ ref('int_seasonal_indices__resolved') }}
),

fiscal_years as (
    select
        year_start_date,
        year_end_date
    from int_dates
    where date_day = {{ as_of_date() }}
),

working_days as (
    select
        cast(extract(month from int_dates.date_day) as integer) as calendar_month,
        int_dates.slot_id,
        cast(sum(int_calendar_days.working) as {{ type_double() }}) as working_days
    from int_dates
    cross join fiscal_years
    cross join int_settings
    inner join int_calendar_days
        on
            int_dates.date_day = int_calendar_days.date_day
            and int_settings.default_calendar = int_calendar_days.calendar
    where
        int_dates.date_day >= fiscal_years.year_start_date
        and int_dates.date_day <= fiscal_years.year_end_date
    group by 1, 2
),

seasons as (
    select
        role,
        metric_id,
        slot_id,
        avg(seasonal_index) as season
    from int_seasonal_indices__resolved
    group by 1, 2, 3
),

final as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.metric_id,
        sum(working_days.working_days) as working_days,
    {% for month in range(1, 13) %}
    sum(
        case
            when working_days.calendar_month = {{ month }}
                then working_days.working_days * coalesce(seasons.season, 1)
            else 0
        end
    )
    / nullif(sum(working_days.working_days * coalesce(seasons.season, 1)), 0)
        as month_{{ month }}_share{{ "," if not loop.last }}
    {% endfor %}
    from int_funnel_metrics__placed
    cross join working_days
    left join seasons
        on
            int_funnel_metrics__placed.role = seasons.role
            and int_funnel_metrics__placed.metric_id = seasons.metric_id
            and working_days.slot_id = seasons.slot_id
    group by 1, 2
)

select * from final
