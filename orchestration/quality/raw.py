"""Suite `raw`: is what the source said fit to build on? Runs after loading, before dbt."""

from __future__ import annotations

from orchestration.quality.checks import BuiltIn, Check, Measured, Suite
from orchestration.quality.results import CheckSpec, Severity
from orchestration.sources.canonical import TABLES

NO_ACTIVITIES = "no activities in this source"
NO_OPPORTUNITIES = "no opportunities in this source"

# one scan of the activities serves all checks; hours are enough to find the company's local day
ACTIVITY_HOURS = """
create or replace temp table activity_hours as
with hours as (
    select
        substr(occurred_at, 1, 13) as hour_text,
        count(*) as row_count,
        count(*) filter (nullif(trim(rep_id), '') is null) as unassigned_count,
        count(*) filter (
            try_cast(duration_seconds as double) not between 0 and {max_duration_seconds}
        ) as implausible_count,
        max(_extracted_at) as extracted_at
    from raw_files.activities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1
)

select
    *,
    try_cast(replace(hour_text, 'T', ' ') || ':00:00' as timestamp) as hour_at,
    cast(timezone({time_zone}, timezone('UTC', hour_at)) as date) as date_day
from hours
"""

# what was read last tells which days were over when it was read
LAST_READ = """
create or replace temp table last_read as
with reads as (
    select max(extracted_at) as extracted_at from activity_hours
    union all
    select max(_extracted_at) from raw_files.opportunities
)

select
    max(cast(extracted_at as timestamptz)) as read_at,
    least(
        {as_of},
        cast(timezone({time_zone}, max(cast(extracted_at as timestamptz))) as date) - 1
    ) as last_whole_day
from reads
"""

DAYS_OFF = """
create or replace temp table days_off as
with calendars as (
    select
        coalesce(nullif(trim(calendar), ''), {default_calendar}) as calendar,
        count(distinct rep_id) as rep_count
    from raw_files.reps
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and coalesce(end_date, '9999-12-31') >= cast({as_of} as varchar)
    group by 1
),

all_holidays as (
    select calendar, holiday_date from raw_reference.holidays
    union
    select calendars.calendar, custom_holidays.holiday_date
    from ({custom_holidays}) as custom_holidays
    inner join calendars
        on custom_holidays.calendar = '' or custom_holidays.calendar = calendars.calendar
)

select all_holidays.holiday_date as date_day
from all_holidays
inner join calendars
    on all_holidays.calendar = calendars.calendar
group by 1
having sum(calendars.rep_count) * 2 >= (select sum(rep_count) from calendars)
"""

VOLUME = """
with last_day as (
    select last_whole_day as date_day from last_read
    where exists (select 1 from activity_hours)
),

daily as (
    select date_day, sum(row_count) as row_count from activity_hours group by 1
),

earlier as (
    select last_day.date_day - cast(7 * weeks.number as integer) as date_day
    from last_day
    cross join range(1, cast({volume_weeks} as bigint) + 1) as weeks(number)
),

usual as (
    select
        median(coalesce(daily.row_count, 0)) as row_count,
        count(*) as day_count
    from earlier
    left join daily
        on earlier.date_day = daily.date_day
    where
        earlier.date_day >= (select min(date_day) from daily)
        and earlier.date_day not in (select date_day from days_off)
),

-- a weekday far below the other days, such as a Sunday with a few late e-mails, says nothing
typical as (
    select median(daily.row_count) as row_count
    from daily
    cross join last_day
    where
        daily.date_day < last_day.date_day
        and daily.date_day >= last_day.date_day - cast(7 * {volume_weeks} as integer)
),

judged as (
    select
        last_day.date_day,
        coalesce(daily.row_count, 0) as row_count,
        usual.row_count as usual_count,
        usual.day_count,
        usual.row_count < {volume_min_median}
        or usual.row_count < {volume_min_ratio} * typical.row_count as is_quiet,
        last_day.date_day in (select date_day from days_off) as is_off
    from last_day
    cross join usual
    cross join typical
    left join daily
        on last_day.date_day = daily.date_day
)

select
    strftime(date_day, '%A %Y-%m-%d') as subject,
    row_count || ' activities'
    || case
        when is_off then ', a holiday for most reps'
        when day_count < 4 then ', fewer than 4 such weekdays to compare with'
        when is_quiet then ', a weekday that is usually quiet'
        else ''
    end as observed,
    'at least ' || coalesce(cast(ceil({volume_min_ratio} * usual_count) as bigint), 0)
    || ' (the median of ' || day_count || ' such weekdays is '
    || coalesce(cast(usual_count as bigint), 0) || ')'
        as expected,
    case
        when is_off or day_count < 4 or is_quiet then 0
        when row_count < {volume_min_ratio} * usual_count then 1
        else 0
    end as failed_rows
from judged
"""

ACTIVITY_FRESHNESS = """
with newest as (
    select max(date_day) filter (date_day <= {as_of}) as date_day
    from activity_hours
    having count(*) > 0
)

select
    'newest activity' as subject,
    coalesce(
        'on ' || date_day || ', ' || ({as_of} - date_day) || ' days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {freshness_days:g} days before ' || {as_of} as expected,
    case when {as_of} - date_day <= {freshness_days} then 0 else 1 end as failed_rows
from newest
"""

OPPORTUNITY_FRESHNESS = """
with moments as (
    select try_cast(substr(created_at, 1, 10) as date) as date_day
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    union all
    select try_cast(close_date as date)
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true' and is_closed = 'true'
),

newest as (
    select max(date_day) filter (date_day <= {as_of}) as date_day
    from moments
    having count(*) > 0
)

select
    'newest deal opened or closed' as subject,
    coalesce(
        'on ' || date_day || ', ' || ({as_of} - date_day) || ' days before the as-of date',
        'none on or before the as-of date'
    ) as observed,
    'at most {opportunity_freshness_days:g} days before ' || {as_of} as expected,
    case when {as_of} - date_day <= {opportunity_freshness_days} then 0 else 1 end as failed_rows
from newest
"""

_SHARE = """
select
    '{subject}' as subject,
    bad_count || ' of ' || row_count || ' (' || round(100 * share, 1) || ' %)' as observed,
    'at most ' || round(100 * {{{threshold}}}, 1) || ' %' as expected,
    case
        when {enough} and share > {{{threshold}}} then bad_count
        else 0
    end as failed_rows
from (select *, coalesce(bad_count / nullif(row_count, 0), 0) as share from ({counted}))
"""
_ENOUGH = "row_count >= {min_rows_for_ratios}"


def _share(subject: str, threshold: str, counted: str, enough: str = _ENOUGH) -> str:
    """The query of a share: `counted` gives `bad_count, row_count`, or no row if there is none."""
    return _SHARE.format(subject=subject, threshold=threshold, counted=counted, enough=enough)


UNASSIGNED_ACTIVITIES = _share(
    "activities without a rep",
    "max_unassigned_ratio",
    """
    select
        coalesce(sum(unassigned_count) filter (is_recent), 0) as bad_count,
        coalesce(sum(row_count) filter (is_recent), 0) as row_count
    from (
        select *, date_day between {as_of} - cast({recent_days} as integer) and {as_of} as is_recent
        from activity_hours
    )
    having count(*) > 0
    """,
)

UNASSIGNED_OPPORTUNITIES = _share(
    "deals without a rep",
    "max_unassigned_ratio",
    """
    select
        count(*) filter (nullif(trim(rep_id), '') is null) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
    """,
)

FUTURE_ACTIVITIES = _share(
    "activities after they were read",
    "max_future_ratio",
    """
    select
        coalesce(
            sum(row_count) filter (
                timezone('UTC', hour_at) > (select read_at + interval 1 day from last_read)
                and date_day > {as_of}
            ),
            0
        ) as bad_count,
        sum(row_count) as row_count
    from activity_hours
    having count(*) > 0
    """,
)

FUTURE_OPPORTUNITIES = _share(
    "deals opened or closed after they were read",
    "max_future_ratio",
    """
    select
        count(*) filter (
            greatest(
                try_cast(substr(created_at, 1, 10) as date),
                case when is_closed = 'true' then try_cast(close_date as date) end
            ) > (
                select greatest(cast(read_at + interval 1 day as date), {as_of}) from last_read
            )
        ) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
    """,
)

DURATIONS = _share(
    "activities with an implausible duration",
    "max_implausible_duration_ratio",
    """
    select sum(implausible_count) as bad_count, sum(row_count) as row_count
    from activity_hours
    having count(*) > 0
    """,
)

NEGATIVE_AMOUNTS = _share(
    "deals with a negative amount",
    "max_negative_amount_ratio",
    """
    select
        count(*) filter (try_cast(amount as double) < 0) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
    """,
    enough="true",
)

LARGEST_AMOUNTS = """
with amounts as (
    select
        coalesce(nullif(upper(trim(currency)), ''), 'company currency') as currency,
        try_cast(amount as double) as amount
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true' and try_cast(amount as double) > 0
),

currencies as (
    select
        currency,
        count(*) as row_count,
        median(amount) as median_amount,
        max(amount) as max_amount
    from amounts
    group by 1
)

select
    currencies.currency as subject,
    'largest ' || format('{{:,.0f}}', max_amount) || ', median '
    || format('{{:,.0f}}', median_amount) as observed,
    'at most {max_amount_to_median_ratio:g} times the median' as expected,
    case
        when row_count < {min_rows_for_ratios} then 0
        else (
            select count(*) from amounts
            where
                amounts.currency = currencies.currency
                and amounts.amount > {max_amount_to_median_ratio} * currencies.median_amount
        )
    end as failed_rows
from currencies
"""


def _spec(
    name: str, table: str, column: str | None, severity: Severity, description: str
) -> CheckSpec:
    return CheckSpec(name, "raw", "raw_files", table, column, severity, description)


def _loaded(table: str, has_delete_flag: bool) -> Check:
    # a row that the file itself marks as deleted is in the file, yet not live
    flagged = "count(*) filter (is_deleted = 'true')" if has_delete_flag else "0"
    return Measured(
        _spec(
            f"gx_rows_match_loader_{table}",
            table,
            None,
            "error",
            f"The live rows of {table} are the rows of the file as the loader counted them, "
            "without those it set aside. If they differ, a load was cut short: run "
            "`scorecard refresh --full`.",
        ),
        "live rows = rows of the file - quarantined rows",
        f"""
        with stored as (
            select
                count(*) filter (coalesce(_is_deleted, 'false') <> 'true') as live_rows,
                {flagged} as flagged_rows
            from raw_files.{table}
        ),

        last_load as (
            select rows_in_file - coalesce(rows_quarantined, 0) as file_rows
            from raw_files._loads
            where table_name = '{table}'
            order by loaded_at desc, rowid desc
            limit 1
        ),

        said as (
            select coalesce(max(file_rows), 0) as file_rows from last_load
        )

        select
            '{table}' as subject,
            stored.live_rows || ' live rows' as observed,
            case
                when stored.flagged_rows > 0
                    then greatest(said.file_rows - stored.flagged_rows, 0) || ' to '
                else ''
            end || said.file_rows || ' rows' as expected,
            greatest(
                stored.live_rows - said.file_rows,
                said.file_rows - stored.flagged_rows - stored.live_rows,
                0
            ) as failed_rows
        from stored
        cross join said
        """,
    )


def _deleted(table: str) -> Check:
    return Measured(
        _spec(
            f"gx_deleted_share_{table}",
            table,
            "_is_deleted",
            "error",
            f"The share of deleted rows of {table} has not exploded. A truncated export looks like "
            "mass deletion: compare the file with the CRM; if the deletions are right, raise "
            "max_deleted_ratio in company_settings.csv.",
        ),
        "at most {max_deleted_ratio:.0%} deleted",
        _share(
            f"deleted rows of {table}",
            "max_deleted_ratio",
            f"""
            select count(*) filter (_is_deleted = 'true') as bad_count, count(*) as row_count
            from raw_files.{table}
            having count(*) > 0
            """,
        ),
        absent=f"no {table} in this source",
    )


def _filled(table: str, column: str) -> Check:
    return BuiltIn(
        _spec(
            f"gx_values_not_null_{table}_{column}",
            table,
            column,
            "error",
            f"Every row of {table} has a {column}. Correct the mapping of that column.",
        ),
        "no empty value",
        "ExpectColumnValuesToNotBeNull",
        {"column": column},
    )


SUITE = Suite(
    "raw",
    "Raw: what the source said",
    (ACTIVITY_HOURS, LAST_READ, DAYS_OFF),
    (
        BuiltIn(
            _spec(
                "gx_row_count_reps",
                "reps",
                None,
                "error",
                "There is at least one rep. Without reps there is no scorecard: check the reps "
                "file or its mapping.",
            ),
            "at least 1 row",
            "ExpectTableRowCountToBeBetween",
            {"min_value": 1},
        ),
        _filled("reps", "rep_id"),
        _filled("activities", "activity_type"),
        _filled("activities", "occurred_at"),
        _filled("opportunities", "opportunity_id"),
        Measured(
            _spec(
                "gx_volume_activities",
                "activities",
                "occurred_at",
                "error",
                "The last whole day has about as many activities as that weekday usually has; "
                "holidays of most reps are left out. If it has far fewer, the export or the "
                "logging integration probably broke: check it before anyone is judged by it.",
            ),
            "at least {volume_min_ratio:.0%} of the median of {volume_weeks:g} such weekdays",
            VOLUME,
            absent=NO_ACTIVITIES,
        ),
        Measured(
            _spec(
                "gx_freshness_activities",
                "activities",
                "occurred_at",
                "error",
                "The newest activity is recent. If not, the export has stopped: deliver a newer "
                "file, or scorecards would show everybody behind.",
            ),
            "at most {freshness_days:g} days before the as-of date",
            ACTIVITY_FRESHNESS,
            absent=NO_ACTIVITIES,
        ),
        Measured(
            _spec(
                "gx_freshness_opportunities",
                "opportunities",
                "close_date",
                "warn",
                "A deal was opened or closed recently. If not, the export of deals may have "
                "stopped.",
            ),
            "at most {opportunity_freshness_days:g} days before the as-of date",
            OPPORTUNITY_FRESHNESS,
            absent=NO_OPPORTUNITIES,
        ),
        Measured(
            _spec(
                "gx_unassigned_share_activities",
                "activities",
                "rep_id",
                "error",
                "Most recent activities have a rep. If not, the mapping of the rep broke: what "
                "has no rep counts for the organisation only.",
            ),
            "at most {max_unassigned_ratio:.0%} without a rep",
            UNASSIGNED_ACTIVITIES,
            absent=NO_ACTIVITIES,
        ),
        Measured(
            _spec(
                "gx_unassigned_share_opportunities",
                "opportunities",
                "rep_id",
                "error",
                "Most deals have a rep. If not, the mapping of the rep broke: what has no rep "
                "counts for the organisation only.",
            ),
            "at most {max_unassigned_ratio:.0%} without a rep",
            UNASSIGNED_OPPORTUNITIES,
            absent=NO_OPPORTUNITIES,
        ),
        Measured(
            _spec(
                "gx_future_share_activities",
                "activities",
                "occurred_at",
                "warn",
                "Hardly any activity is dated more than a day after it was read. Planned meetings "
                "are normal; many future records point to wrong time zones or years.",
            ),
            "at most {max_future_ratio:.0%} in the future",
            FUTURE_ACTIVITIES,
            absent=NO_ACTIVITIES,
        ),
        Measured(
            _spec(
                "gx_future_share_opportunities",
                "opportunities",
                "close_date",
                "warn",
                "Hardly any deal was opened or closed in the future. Correct the dates in the CRM: "
                "such deals count only when their day has come.",
            ),
            "at most {max_future_ratio:.0%} in the future",
            FUTURE_OPPORTUNITIES,
            absent=NO_OPPORTUNITIES,
        ),
        Measured(
            _spec(
                "gx_plausible_duration_seconds",
                "activities",
                "duration_seconds",
                "error",
                "Durations are seconds: hardly any is negative or longer than a day. Milliseconds "
                "or minutes in that column make every conversation rule wrong: correct the "
                "mapping.",
            ),
            "at most {max_implausible_duration_ratio:.0%} outside 0 to {max_duration_seconds:g}",
            DURATIONS,
            absent=NO_ACTIVITIES,
        ),
        Measured(
            _spec(
                "gx_not_negative_amount",
                "opportunities",
                "amount",
                "error",
                "No deal has a negative amount. If credit notes are deals in your CRM, raise "
                "max_negative_amount_ratio in company_settings.csv.",
            ),
            "at most {max_negative_amount_ratio:.0%} below 0",
            NEGATIVE_AMOUNTS,
            absent=NO_OPPORTUNITIES,
        ),
        Measured(
            _spec(
                "gx_plausible_maximum_amount",
                "opportunities",
                "amount",
                "warn",
                "No amount is wildly above the median of its currency. Look for a missing decimal "
                "point in the largest deals.",
            ),
            "at most {max_amount_to_median_ratio:g} times the median",
            LARGEST_AMOUNTS,
            absent="no amounts in this source",
        ),
        *(
            _loaded(table.name, any(column.name == "is_deleted" for column in table.columns))
            for table in TABLES
        ),
        *(_deleted(table) for table in ("reps", "activities", "opportunities")),
    ),
)
# a CRM has reps where the files have none
OF_FILES_ALONE = tuple(
    check for check in SUITE.checks if check.spec.check_name == "gx_row_count_reps"
)
