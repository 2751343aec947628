-- what: Durations are seconds: hardly any is negative or longer than a day.
-- reason: Milliseconds or minutes in that column make every conversation rule wrong:
-- remedy: correct the mapping. If such activities are real, raise max_duration_seconds or
--     max_implausible_duration_ratio in company_settings.csv.
-- severity: error
-- table: activities
-- column: duration_seconds
-- expected: at most {{ '{:.0%}'.format(max_implausible_duration_ratio) }} outside 0 to
--     {{ max_duration_seconds }}
-- settings: max_implausible_duration_ratio, max_duration_seconds
-- absent: no activities in this source

with counted as (
    select sum(implausible_count) as bad_count, sum(row_count) as row_count
    from activity_hours
    having count(*) > 0
)

select
    'activities with an implausible duration' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_implausible_duration_ratio }}) as expected,
    share_failures(
        bad_count, row_count, {{ max_implausible_duration_ratio }}, {{ min_rows_for_ratios }}
    ) as failed_rows
from counted
