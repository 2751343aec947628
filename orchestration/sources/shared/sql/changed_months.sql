-- The months in which activities change, a day wider on each side for time zones.
insert into raw_files._changed_months
with dates as (
    {% for relation in relations %}
    {% for column in dated_by %}
    select cast(left({{ column }}, 10) as date) as day
    from {{ relation }}
    union all
    {% endfor %}
    {% endfor %}
    select cast(null as date) as day
),

days as (
    select distinct day
    from dates
    where day is not null
),

months as (
    select distinct cast(date_trunc('month', days.day + steps.step) as date) as month_start
    from days
    cross join (values (-1), (0), (1)) as steps (step)
)

select
    'activities' as table_name,
    months.month_start
from months
anti join raw_files._changed_months as known
    on
        known.table_name = 'activities'
        and months.month_start = known.month_start;
