{{ config(meta={'compared': true}) }}

with int_days as (
    select * from {{ ref('int_days') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_activity_events__daily as (
    select * from {{ ref('int_activity_events__daily') }}
),

int_opportunity_events__daily as (
    select * from {{ ref('int_opportunity_events__daily') }}
),

int_other_events__daily as (
    select * from {{ ref('int_other_events__daily') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

event_days as (
    {% for kind in ["activity", "opportunity", "other"] -%}
    select distinct
        event_type,
        date_day
    from int_{{ kind }}_events__daily
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- history starts with the first event of a metric, but not more than history_years ago:
-- one backdated record must not make a century of goals
first_event as (
    select min(event_days.date_day) as first_event_date
    from event_days
    inner join metrics
        on event_days.event_type = metrics.event_type
    inner join int_days
        on event_days.date_day = int_days.date_day
    cross join int_settings
    where
        event_days.date_day <= {{ as_of_date() }}
        and extract(year from event_days.date_day)
        >= extract(year from {{ as_of_date() }}) - int_settings.history_years
),

first_year as (
    select
        coalesce(
            min(case when date_day = first_event_date then year_start_date end),
            min(case when date_day = {{ as_of_date() }} then year_start_date end)
        ) as date_day
    from int_days
    cross join first_event
),

last_year as (
    -- a week that reaches into the next fiscal year needs that year's goals
    select max(year_end_date) as date_day from int_days
    where date_day = {{ add_days(as_of_date(), 6) }}
),

final as (
    select
        int_days.date_day,
        int_days.iso_weekday,
        int_days.week_start_date,
        int_days.week_end_date,
        int_days.week_id,
        int_days.month_start_date,
        int_days.month_end_date,
        int_days.month_id,
        int_days.fiscal_year,
        int_days.fiscal_quarter,
        int_days.fiscal_month,
        int_days.quarter_start_date,
        int_days.quarter_end_date,
        int_days.quarter_id,
        int_days.year_start_date,
        int_days.year_end_date,
        int_days.year_id,
        int_days.slot_id,
        -- weeks reach over the ends of the years; the days beyond are there for their sums only
        int_days.date_day between first_year.date_day and last_year.date_day as is_in_history
    from int_days
    cross join first_year
    cross join last_year
    where
        int_days.date_day between {{ add_days('first_year.date_day', -6) }}
        and {{ add_days('last_year.date_day', 6) }}
)

select * from final
