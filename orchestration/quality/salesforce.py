"""Checks of `raw_salesforce`, part of the suite `raw` where that source is enabled."""

from __future__ import annotations

from orchestration.connectors.salesforce import OBJECTS, SCHEMA, SalesforceObject
from orchestration.quality.checks import Check, Measured
from orchestration.quality.results import CheckSpec, Severity

# objects in which something happens on every working day
BUSY = ("Opportunity", "Task", "Event")


def _check(
    what: str,
    one: SalesforceObject,
    severity: Severity,
    description: str,
    expected: str,
    sql: str,
    absent: str | None = None,
) -> Check:
    name = f"gx_{what}_salesforce_{one.table}"
    spec = CheckSpec(name, "raw", SCHEMA, one.table, None, severity, description)
    return Measured(spec, expected, sql, absent)


def _rows(one: SalesforceObject) -> Check:
    return _check(
        "rows_match_loader",
        one,
        "error",
        f"The live rows of {one.name} are those that the loader counted, and no id is there twice. "
        "If not, somebody changed the raw table: run `scorecard refresh --full`.",
        "live rows as counted, each id once",
        f"""
        with stored as (
            select
                count(*) filter (_is_deleted = 'false') as live_rows,
                count(*) - count(distinct id) as repeated_rows
            from {SCHEMA}.{one.table}
        ),

        said as (
            select coalesce(max_by(live_rows, (loaded_at, rowid)), 0) as live_rows
            from {SCHEMA}._loads where object_name = '{one.name}'
        )

        select
            '{one.name}' as subject,
            stored.live_rows || ' live rows, ' || stored.repeated_rows || ' ids more than once'
                as observed,
            said.live_rows || ' live rows, each id once' as expected,
            abs(stored.live_rows - said.live_rows) + stored.repeated_rows as failed_rows
        from stored
        cross join said
        """,
    )


def _deleted(one: SalesforceObject) -> Check:
    return _check(
        "deleted_share",
        one,
        "error",
        f"The share of deleted rows of {one.name} has not exploded. Did the user of the app lose "
        "access to records? If the deletions are right, raise max_deleted_ratio in "
        "company_settings.csv.",
        "at most {max_deleted_ratio:.0%} deleted",
        f"""
        select
            'deleted rows of {one.name}' as subject,
            bad_count || ' of ' || row_count as observed,
            'at most ' || round(100 * {{max_deleted_ratio}}, 1) || ' %' as expected,
            case
                when
                    row_count >= {{min_rows_for_ratios}}
                    and bad_count > {{max_deleted_ratio}} * row_count
                    then bad_count
                else 0
            end as failed_rows
        from (
            select count(*) filter (_is_deleted = 'true') as bad_count, count(*) as row_count
            from {SCHEMA}.{one.table}
            having count(*) > 0
        )
        """,
        absent=f"no {one.name} was read",
    )


def _freshness(one: SalesforceObject) -> Check:
    return _check(
        "freshness",
        one,
        "warn",
        f"Some {one.name} was changed recently. If not, the CRM is not used, or the user of the "
        "app no longer sees new records.",
        "at most {freshness_days:g} days before the as-of date",
        f"""
        select
            'newest change of {one.name}' as subject,
            'on ' || newest as observed,
            'at most {{freshness_days:g}} days before ' || {{as_of}} as expected,
            case when {{as_of}} - newest <= {{freshness_days}} then 0 else 1 end as failed_rows
        from (
            select try_cast(left(max(system_modstamp), 10) as date) as newest
            from {SCHEMA}.{one.table}
            having count(*) > 0
        )
        """,
        absent=f"no {one.name} was read",
    )


def _volume(one: SalesforceObject) -> Check:
    return _check(
        "volume",
        one,
        "warn",
        f"As many {one.name} records were created in the last seven days as usual in a week. If "
        "not, an integration that writes them may have stopped.",
        "at least {volume_min_ratio:.0%} of the usual week",
        f"""
        with weekly as (
            select
                ({{as_of}} - try_cast(left(created_date, 10) as date)) // 7 as weeks_ago,
                count(*) as row_count
            from {SCHEMA}.{one.table}
            where _is_deleted = 'false' and left(created_date, 10) <= cast({{as_of}} as varchar)
            group by 1
        ),

        usual as (
            select median(coalesce(weekly.row_count, 0)) as row_count
            from range(1, cast({{volume_weeks}} as bigint) + 1) as weeks (number)
            left join weekly on weeks.number = weekly.weeks_ago
            where weeks.number <= (select max(weeks_ago) from weekly)
            having count(*) >= 4
        ),

        last as (
            select coalesce(sum(row_count), 0) as row_count from weekly where weeks_ago = 0
        )

        select
            '{one.name} created in seven days' as subject,
            cast(last.row_count as bigint) as observed,
            'at least ' || cast(ceil({{volume_min_ratio}} * usual.row_count) as bigint) as expected,
            case
                when usual.row_count < {{volume_min_median}} then 0
                when last.row_count < {{volume_min_ratio}} * usual.row_count then 1
                else 0
            end as failed_rows
        from last
        cross join usual
        """,
        absent=f"too few weeks of {one.name} to compare with",
    )


def _columns(one: SalesforceObject) -> Check:
    return _check(
        "columns",
        one,
        "warn",
        f"The fields of {one.name} are those of the load before. What appeared may be worth "
        "reading (SCORECARD_SALESFORCE_FIELDS); what vanished stays empty in new rows.",
        "no field appeared, vanished or changed its type",
        f"""
        with last_load as (
            select max(loaded_at) as loaded_at from {SCHEMA}._loads
            where object_name = '{one.name}'
        )

        select
            field_changes.field as subject,
            field_changes.what as observed,
            'as before' as expected,
            1 as failed_rows
        from {SCHEMA}._field_changes as field_changes
        inner join last_load on field_changes.noticed_at = last_load.loaded_at
        where field_changes.object_name = '{one.name}'
        """,
        absent="the same fields as before",
    )


def checks() -> tuple[Check, ...]:
    """All checks, of each object."""
    return (
        *(_rows(one) for one in OBJECTS),
        *(_deleted(one) for one in OBJECTS),
        *(_freshness(one) for one in OBJECTS if one.name in BUSY),
        *(_volume(one) for one in OBJECTS if one.name in BUSY),
        *(_columns(one) for one in OBJECTS),
    )
