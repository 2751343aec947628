"""Checks of the raw tables of CRMs, part of the suite `raw` where such a source is enabled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestration.quality.checks import Check, Measured
from orchestration.quality.results import CheckSpec, Severity
from orchestration.sources.hubspot import objects as hubspot_objects
from orchestration.sources.salesforce import objects as salesforce_objects


@dataclass(frozen=True)
class RawObject:
    """What the checks need to know of an object.

    `loaded_as`: its name in the records of loads. `stamp` and `created`: the columns that say when
    a record was changed and created. `is_busy`: something happens in it on every working day.
    """

    source: str
    schema: str
    name: str
    table: str
    loaded_as: str
    stamp: str
    created: str
    is_busy: bool
    has_fields: bool = True


def _check(
    what: str,
    one: RawObject,
    severity: Severity,
    description: str,
    expected: str,
    sql: str,
    absent: str | None = None,
) -> Check:
    name = f"gx_{what}_{one.source}_{one.table}"
    spec = CheckSpec(name, "raw", one.schema, one.table, None, severity, description)
    return Measured(spec, expected, sql, absent)


def _rows(one: RawObject) -> Check:
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
            from {one.schema}.{one.table}
        ),

        said as (
            select coalesce(max_by(live_rows, (loaded_at, rowid)), 0) as live_rows
            from {one.schema}._loads where object_name = '{one.loaded_as}'
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


def _deleted(one: RawObject) -> Check:
    return _check(
        "deleted_share",
        one,
        "error",
        f"The share of deleted rows of {one.name} has not exploded. Did the user or key "
        "lose access to records? If the deletions are right, raise max_deleted_ratio in "
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
            from {one.schema}.{one.table}
            having count(*) > 0
        )
        """,
        absent=f"no {one.name} was read",
    )


def _freshness(one: RawObject) -> Check:
    return _check(
        "freshness",
        one,
        "warn",
        f"Some {one.name} was changed recently. If not, the CRM is not used, or the user or key "
        "no longer sees new records.",
        "at most {freshness_days:g} days before the as-of date",
        f"""
        select
            'newest change of {one.name}' as subject,
            'on ' || newest as observed,
            'at most {{freshness_days:g}} days before ' || {{as_of}} as expected,
            case when {{as_of}} - newest <= {{freshness_days}} then 0 else 1 end as failed_rows
        from (
            select try_cast(left(max({one.stamp}), 10) as date) as newest
            from {one.schema}.{one.table}
            having count(*) > 0
        )
        """,
        absent=f"no {one.name} was read",
    )


def _volume(one: RawObject) -> Check:
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
                ({{as_of}} - try_cast(left({one.created}, 10) as date)) // 7 as weeks_ago,
                count(*) as row_count
            from {one.schema}.{one.table}
            where _is_deleted = 'false' and left({one.created}, 10) <= cast({{as_of}} as varchar)
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


def _columns(one: RawObject) -> Check:
    return _check(
        "columns",
        one,
        "warn",
        f"The fields of {one.name} are those of the load before. What appeared may be worth "
        f"reading (SCORECARD_{one.source.upper()}_FIELDS); what vanished stays empty in new rows.",
        "no field appeared, vanished or changed its type",
        f"""
        with last_load as (
            select max(loaded_at) as loaded_at from {one.schema}._loads
            where object_name = '{one.loaded_as}'
        )

        select
            field_changes.field as subject,
            field_changes.what as observed,
            'as before' as expected,
            1 as failed_rows
        from {one.schema}._field_changes as field_changes
        inner join last_load on field_changes.noticed_at = last_load.loaded_at
        where field_changes.object_name = '{one.loaded_as}'
        """,
        absent="the same fields as before",
    )


def _checks(objects: tuple[RawObject, ...]) -> tuple[Check, ...]:
    busy = [one for one in objects if one.is_busy]
    return (
        *(_rows(one) for one in objects),
        *(_deleted(one) for one in objects),
        *(_freshness(one) for one in busy),
        *(_volume(one) for one in busy),
        *(_columns(one) for one in objects if one.has_fields),
    )


def _of_salesforce() -> tuple[Check, ...]:
    return _checks(
        tuple(
            RawObject(
                "salesforce",
                salesforce_objects.SCHEMA,
                one.name,
                one.table,
                one.name,
                "system_modstamp",
                "created_date",
                one.name in ("Opportunity", "Task", "Event"),
            )
            for one in salesforce_objects.OBJECTS
        )
    )


def _of_hubspot() -> tuple[Check, ...]:
    busy = {"deals": "createdate", "calls": "hs_timestamp", "meetings": "hs_timestamp"}
    known = {one.table: one for one in hubspot_objects.OBJECTS}
    found = []
    for table, _ in hubspot_objects.TABLES:
        one = known.get(table)
        name = one.name if one else table
        found.append(
            RawObject(
                "hubspot",
                hubspot_objects.SCHEMA,
                name,
                table,
                table,
                one.stamp if one else "",
                busy.get(name, ""),
                name in busy,
                one is not None,
            )
        )
    return _checks(tuple(found))


# the checks of each source
CHECKS: Mapping[str, Callable[[], tuple[Check, ...]]] = {
    "salesforce": _of_salesforce,
    "hubspot": _of_hubspot,
}
