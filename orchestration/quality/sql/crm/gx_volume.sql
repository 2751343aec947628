-- what: As many {{ name }} records were created in the last seven days as usual in a week.
-- reason: If not, an integration that writes them may have stopped:
-- remedy: check it. If weeks differ that much, lower volume_min_ratio in company_settings.csv.
-- severity: warn
-- tables: busy_objects
-- expected: at least {{ '{:.0%}'.format(volume_min_ratio) }} of the usual week
-- settings: volume_min_ratio, volume_min_median, volume_weeks
-- absent: too few weeks of {{ name }} to compare with

with weekly as (
    select
        ({{ as_of }} - try_cast(left({{ created }}, 10) as date)) // 7 as weeks_ago,
        count(*) as row_count
    from {{ schema }}.{{ table }}
    where _is_deleted = 'false' and left({{ created }}, 10) <= cast({{ as_of }} as varchar)
    group by 1
),

usual as (
    select median(coalesce(weekly.row_count, 0)) as row_count
    from range(1, cast({{ volume_weeks }} as bigint) + 1) as weeks (number)
    left join weekly
        on weeks.number = weekly.weeks_ago
    where weeks.number <= (select max(weeks_ago) from weekly)
    having count(*) >= 4
),

last_week as (
    select
        coalesce(sum(row_count), 0) as row_count,
        (
            select count(*) from company_days
            where is_working and date_day > {{ as_of }} - 7
        ) as working_days
    from weekly
    where weeks_ago = 0
)

select
    '{{ name }} created in seven days' as subject,
    cast(last_week.row_count as bigint) as observed,
    'at least ' || cast(ceil({{ volume_min_ratio }} * usual.row_count) as bigint) as expected,
    case
        -- of a week in which most reps were away on most days, nothing is expected
        when usual.row_count < {{ volume_min_median }} or last_week.working_days < 3 then 0
        when last_week.row_count < {{ volume_min_ratio }} * usual.row_count then 1
        else 0
    end as failed_rows
from last_week
cross join usual
