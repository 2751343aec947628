"""A release in which only what differs was written is the one that would be written whole."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import PublishError
from orchestration.core.settings import Settings
from orchestration.releases import publish as publishing
from orchestration.releases import tables as release_tables
from orchestration.releases.publish import publish, rollback
from orchestration.releases.release import Release, list_releases
from orchestration.warehouse.connection import connect

AS_OF = dt.date(2026, 6, 29)
NOW = dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC)
OF_RELEASES = ("releases", "data_checks", "scorecard_history")
MARTS = f"""
create schema marts;
create table marts.scorecard_rep_metrics as
select
    date '{AS_OF}' as as_of_date, 'r' || rep as rep_id, 'Ada' as rep_name, 'North' as team,
    'AE' as role, '' as tier, 'm' || metric as metric_id, 'Demos' as metric_name, 'count' as unit,
    'count' as aggregation, true as is_higher_better, 'leading' as metric_kind, 1 as sort_order,
    period_type, period_type || period as period_id,
    date '2026-06-01' - period::int * 30 as period_start,
    date '2026-06-30' - period::int * 30 as period_end, period = 0 as is_current,
    rep / 7e0 as actual, 10e0 as goal_to_date, 20e0 as goal_period, 0.5e0 as attainment,
    'on_track' as level, 'not_proven' as evidence, 'on_track' as status
from range(9) as reps(rep), range(3) as metrics(metric), range(7) as periods(period),
    (values ('month'), ('quarter')) as types(period_type);
comment on table marts.scorecard_rep_metrics is 'One row per rep, metric and period';
comment on column marts.scorecard_rep_metrics.actual is 'What was reached';
create table marts.scorecard_reps as
select distinct rep_id, period_type, period_start, 1e0 as score, 'watch' as status, as_of_date
from marts.scorecard_rep_metrics;
create table marts.fct_leading_metrics_daily as
select 'r' || rep as rep_id, date '2026-01-01' + day::int as date_day, 1e0 / (day + 1) as value,
    date_trunc('month', date '2026-01-01' + day::int)::date as month_start_date
from range(5) as reps(rep), range(180) as days(day);
create table marts.scorecard_one_on_ones as
select date '{AS_OF}' as as_of_date, week::varchar as rep_id,
    case when week > 0 then date '2026-01-05' + week::int * 7 end as week_start_date
from range(20) as weeks(week);
create table marts.dim_reps as select 'r' || rep as rep_id, 'North' as team from range(9) as t(rep);
"""
SCORECARDS = "marts.scorecard_rep_metrics"
CHANGES = {
    "a new day of activities": "insert into marts.fct_leading_metrics_daily"
    " values ('r1', '2026-06-30', {n}, '2026-06-01')",
    "a late record": "update marts.fct_leading_metrics_daily set value = value + {n}"
    " where month_start_date = '2026-02-01' and rep_id = 'r2'",
    "deleted records": "delete from marts.fct_leading_metrics_daily"
    " where month_start_date = '2026-03-01' and value < 0.0{n}",
    "records of no month": "insert into marts.fct_leading_metrics_daily"
    " values ('r3', null, {n}, null)",
    "a record twice": "insert into marts.fct_leading_metrics_daily"
    " from marts.fct_leading_metrics_daily where date_day = '2026-04-0{n}'",
    "current figures": f"update {SCORECARDS} set actual = actual + {{n}} where is_current",
    "a period closes": f"update {SCORECARDS} set is_current = false where period_type = 'month'",
    "a new period": f"insert into {SCORECARDS} select * replace (period_start + 30{{n}} as"
    f" period_start) from {SCORECARDS} where is_current",
    "a period goes": f"delete from {SCORECARDS} where period_id = 'quarter{{n}}'",
    "all figures": f"update {SCORECARDS} set actual = actual * 1.{{n}}",
    "two as-of dates": "update marts.scorecard_one_on_ones set as_of_date = as_of_date - 1"
    " where week_start_date = '2026-01-12'",
    "one as-of date": "update marts.scorecard_one_on_ones set as_of_date = '2026-07-1{n}'",
    "a week that had no date": "update marts.scorecard_one_on_ones"
    " set week_start_date = '2026-02-0{n}' where week_start_date is null",
    "other order": "create or replace table marts.dim_reps as"
    " from marts.dim_reps order by all desc",
    "another column": "alter table marts.scorecard_reps add column if not exists more_{n} double",
    "another type": "alter table marts.dim_reps alter team type varchar[] using [team::varchar]",
    "another comment": f"comment on column {SCORECARDS}.actual is 'Reached: {{n}}'",
    "no rows": "delete from marts.dim_reps",
    "a table more": "create or replace table marts.table_{n} as select {n} as rep_id",
    "a table less": "drop table if exists marts.table_{n}",
    "nothing": "select 1",
}  # fmt: skip


def damage(path: Path) -> None:
    """Change the last byte, which no reader looks at, as a bad disk may."""
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))


def forget_layout(newest: Release) -> None:
    path = newest.path / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"layout": "another"}), encoding="utf-8")


MISHAPS: dict[str, Callable[[Settings, list[Release]], object]] = {
    "rollback": lambda settings, releases: rollback(settings, releases[-1].release_id),
    "damaged file": lambda settings, releases: damage(releases[0].database),
    "damaged Parquet": lambda settings, releases: damage(
        releases[0].path / "parquet" / "scorecard_rep_metrics.parquet"
    ),
    "other code": lambda settings, releases: forget_layout(releases[0]),
    "crash": lambda settings, releases: crash(settings),
    "removed by hand": lambda settings, releases: releases[0].path.rename(
        settings.company_dir / releases[0].release_id
    ),
}


def crash(settings: Settings) -> None:
    """Leave what a publication leaves that is killed after it wrote its files."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_verify_tables", killed)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            publish(settings, AS_OF, [], {}, NOW + dt.timedelta(days=400))
    assert list((settings.published_dir / "releases").glob(".incoming-*"))


def change(settings: Settings, *statements: str) -> None:
    with connect(settings) as connection:
        for statement in statements:
            connection.execute(statement)


def content(release: Release) -> dict[str, object]:
    """Everything readers see of the marts, in DuckDB and in Parquet, whatever the order."""
    found: dict[str, object] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release.database}' as published (read_only)")
        found["described"] = connection.execute(
            "select table_name, column_name, data_type, columns.comment, tables.comment"
            " from duckdb_columns() as columns join duckdb_tables() as tables"
            " using (database_name, table_name) where database_name = 'published'"
            f" and table_name not in {OF_RELEASES} order by table_name, column_index"
        ).fetchall()
        for table in release.row_counts.keys() - set(OF_RELEASES):
            parquet = f"'{release.path}/parquet/{table}.parquet'"
            for source in (f"published.marts.{table}", parquet):
                rows = connection.execute(f"from {source}").fetchall()
                found[source.replace(str(release.path), "")] = Counter(map(repr, rows))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_what_is_patched_equals_what_is_written_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    whole = replace(settings, data_dir=settings.data_dir / "whole")
    whole.company_dir.mkdir(parents=True)
    patched: Counter[str] = Counter()
    patch = release_tables._patch

    def note(connection: object, mart: release_tables.Mart, before: object) -> None:
        patched[mart.name] += 1
        patch(connection, mart, before)  # type: ignore[arg-type]

    monkeypatch.setattr(release_tables, "_patch", note)
    change(settings, MARTS)
    publish(settings, AS_OF, [], {}, NOW)
    names, mishaps = list(CHANGES), list(MISHAPS)
    chance.shuffle(names)
    chance.shuffle(mishaps)
    days = 0
    while names:
        days += 1
        day = AS_OF + dt.timedelta(days=days)
        some, names = names[:3], names[3:]
        tables = ("scorecard_rep_metrics", "scorecard_reps")
        change(
            settings,
            *(f"update marts.{table} set as_of_date = '{day}'" for table in tables),
            *(CHANGES[name].format(n=chance.randint(1, 9)) for name in some),
        )
        if days > 1 and mishaps:
            some.append(mishaps.pop())
            MISHAPS[some[-1]](settings, list_releases(settings))
        release = publish(settings, day, [], {}, NOW + dt.timedelta(days=days))
        whole.warehouse_path.write_bytes(settings.warehouse_path.read_bytes())
        shutil.rmtree(whole.published_dir, ignore_errors=True)
        written_whole = publish(whole, day, [], {}, NOW)
        assert content(release) == content(written_whole), some
        assert release.fingerprints == written_whole.fingerprints
        assert rollback(settings, release.release_id) == release  # its checksums are right
    assert not mishaps
    assert patched.total() > 3


def test_only_the_parts_that_differ_are_written(settings: Settings) -> None:
    """Rows that stay lie where they lay: what is new comes behind them, whatever its period."""
    change(settings, MARTS)
    publish(settings, AS_OF, [], {}, NOW)
    change(
        settings,
        "update marts.fct_leading_metrics_daily set value = 5 where date_day = '2026-02-01'",
    )
    release = publish(settings, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    with duckdb.connect(str(release.database), read_only=True) as connection:
        months = connection.execute(
            "select distinct on (month_start_date) month(month_start_date)"
            " from marts.fct_leading_metrics_daily order by month_start_date, rowid"
        ).fetchall()
        order = connection.execute(
            "select month(month_start_date) from marts.fct_leading_metrics_daily"
            " group by month_start_date order by min(rowid)"
        ).fetchall()
    assert len(months) == 6
    assert [month for (month,) in order] == [1, 3, 4, 5, 6, 2]


def test_a_file_does_not_grow_from_release_to_release(settings: Settings) -> None:
    change(settings, MARTS)
    sizes = []
    for days in range(7):
        change(
            settings,
            f"update {SCORECARDS} set actual = actual + 1 where is_current",
            f"update {SCORECARDS} set as_of_date = as_of_date + 1",
        )
        as_of, now = AS_OF + dt.timedelta(days=days), NOW + dt.timedelta(days=days)
        sizes.append(publish(settings, as_of, [], {}, now).database.stat().st_size)
    assert max(sizes[3:]) <= max(sizes[:3])


def test_a_copy_with_other_rows_is_not_published(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows as in the warehouse are not enough."""
    change(settings, MARTS)
    old = publish(settings, AS_OF, [], {}, NOW)
    change(settings, f"update {SCORECARDS} set actual = 5 where rep_id = 'r1' and is_current")
    monkeypatch.setattr(release_tables, "_patch", lambda *_: None)
    with pytest.raises(PublishError, match="scorecard_rep_metrics holds other rows"):
        publish(settings, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    assert [release.release_id for release in list_releases(settings)] == [old.release_id]
