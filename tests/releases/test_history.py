"""What was published when: nothing that was once said is lost, and nothing else gets in."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import Any

import duckdb
import pytest

from orchestration.core.errors import PublishError
from orchestration.core.settings import Settings
from orchestration.releases import publish as publishing
from orchestration.releases.history import COLUMNS, load_history
from orchestration.releases.publish import publish, rollback
from orchestration.releases.release import Release, list_releases
from orchestration.warehouse.connection import connect

MONDAY, TUESDAY, WEDNESDAY = dt.date(2026, 6, 29), dt.date(2026, 6, 30), dt.date(2026, 7, 1)
FIRST_NIGHT = dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC)

SCORECARDS = """
create schema if not exists marts;
create or replace table marts.scorecard_rep_metrics as
select
    date '{day}' as as_of_date, 'r1' as rep_id, 'Ada' as rep_name, 'North' as team, 'AE' as role,
    '' as tier, 'demos' as metric_id, 'Demos held' as metric_name, 'count' as unit,
    'count' as aggregation, true as is_higher_better, 'leading' as metric_kind, 1 as sort_order,
    period_type, period_type || ' ' || is_current as period_id,
    date '{day}' - days as period_start, date '{day}' as period_end, is_current,
    {actual}::double as actual, 10::double as goal_to_date, 20::double as goal_period,
    {actual} / 10 as attainment, 'on_track' as level, 'not_proven' as evidence,
    'on_track' as status
from (
    values ('week', true, 1), ('week', false, 8), ('month', true, 20), ('last_4_weeks', true, 27)
) as periods(period_type, is_current, days);
create or replace table marts.scorecard_reps as
select rep_id, period_type, period_start, is_current, attainment as score, 'watch' as status
from marts.scorecard_rep_metrics;
"""


def publish_day(settings: Settings, day: dt.date, actual: int, hours: int = 0) -> Release:
    """Publish scorecards as of a day that say `actual`, in the night after it."""
    with connect(settings) as connection:
        connection.execute(SCORECARDS.format(day=day, actual=actual))
    nights = (day - MONDAY).days
    now = FIRST_NIGHT + dt.timedelta(days=max(nights, 0), hours=hours)
    return publish(settings, day, [], {}, now)


def history(release: Release, columns: str = "as_of_date, actual") -> list[tuple[Any, ...]]:
    """What the weeks of the published history say, in its order."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        return connection.execute(
            f"select {columns} from marts.scorecard_history where period_type = 'week'"
        ).fetchall()


def test_a_release_adds_its_current_periods(settings: Settings) -> None:
    release = publish_day(settings, MONDAY, 8)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        rows = connection.execute("select * from marts.scorecard_history order by period_type")
        assert [column[0] for column in rows.description or ()] == list(COLUMNS)
        found = [dict(zip(COLUMNS, row, strict=True)) for row in rows.fetchall()]
        undescribed = connection.execute(
            "select column_name from duckdb_columns()"
            " where table_name = 'scorecard_history' and comment is null"
        ).fetchall()
    assert [row["period_type"] for row in found] == ["last_4_weeks", "month", "week"]
    week = found[-1]
    assert week["release_id"] == release.release_id
    assert week["published_at"] == dt.datetime(2026, 6, 30, 2)
    assert (week["actual"], week["attainment"], week["status"]) == (8, 0.8, "on_track")
    assert (week["score"], week["score_status"]) == (0.8, "watch")
    assert undescribed == []
    assert release.row_counts["scorecard_history"] == 3
    assert (release.path / "parquet" / "scorecard_history.parquet").is_file()


def test_each_day_is_kept_in_order(settings: Settings) -> None:
    publish_day(settings, MONDAY, 8)
    assert history(publish_day(settings, TUESDAY, 9)) == [(MONDAY, 8), (TUESDAY, 9)]


def test_the_last_release_of_a_day_is_what_was_said_that_day(settings: Settings) -> None:
    publish_day(settings, MONDAY, 8)
    publish_day(settings, TUESDAY, 4)
    last = publish_day(settings, TUESDAY, 9, hours=3)
    said = history(last, "as_of_date, actual, release_id")
    assert [row[:2] for row in said] == [(MONDAY, 8), (TUESDAY, 9)]
    assert said[1][2] == last.release_id


def test_a_replay_does_not_change_what_was_said(settings: Settings) -> None:
    publish_day(settings, MONDAY, 8)
    publish_day(settings, TUESDAY, 9)
    assert history(publish_day(settings, MONDAY, 7, hours=99)) == [(MONDAY, 8), (TUESDAY, 9)]


def test_a_day_that_was_never_published_can_be_filled_in(settings: Settings) -> None:
    publish_day(settings, MONDAY, 8)
    publish_day(settings, WEDNESDAY, 10)
    filled = publish_day(settings, TUESDAY, 9, hours=99)
    assert sorted(history(filled)) == [(MONDAY, 8), (TUESDAY, 9), (WEDNESDAY, 10)]


def test_history_outlives_the_releases_and_the_warehouse(settings: Settings) -> None:
    for day in range(12):
        publish_day(settings, MONDAY + dt.timedelta(days=day), day)
    assert len(list_releases(settings)) == 10
    settings.warehouse_path.unlink()
    shutil.rmtree(settings.state_dir, ignore_errors=True)
    last = publish_day(settings, MONDAY + dt.timedelta(days=12), 12)
    assert history(last) == [(MONDAY + dt.timedelta(days=day), day) for day in range(13)]


def test_what_was_rolled_back_was_said_all_the_same(settings: Settings) -> None:
    monday = publish_day(settings, MONDAY, 8)
    publish_day(settings, TUESDAY, 4)
    rollback(settings, monday.release_id)
    assert history(publish_day(settings, WEDNESDAY, 9)) == [
        (MONDAY, 8),
        (TUESDAY, 4),
        (WEDNESDAY, 9),
    ]


def test_a_publication_that_failed_said_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_day(settings, MONDAY, 8)

    def fail(*_: object) -> None:
        raise PublishError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_verify_tables", fail)
        with pytest.raises(PublishError):
            publish_day(settings, TUESDAY, 4)
    assert history(publish_day(settings, WEDNESDAY, 9)) == [(MONDAY, 8), (WEDNESDAY, 9)]


def test_another_version_of_the_table_loses_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that is not known yet is empty in old rows; one that is known no more stays."""
    with monkeypatch.context() as patch:
        older = {name: column for name, column in COLUMNS.items() if name != "score"}
        patch.setattr(
            "orchestration.releases.history.COLUMNS", {**older, "retired": ("'x'", "Retired.")}
        )
        publish_day(settings, MONDAY, 8)
    newer = publish_day(settings, TUESDAY, 9)
    assert history(newer, "as_of_date, score, retired") == [
        (MONDAY, None, "x"),
        (TUESDAY, 0.9, None),
    ]


def test_code_that_knows_no_history_does_not_end_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_day(settings, MONDAY, 8)
    with connect(settings) as connection:
        connection.execute("drop table marts.scorecard_rep_metrics")
    older = publish(settings, TUESDAY, [], {}, FIRST_NIGHT + dt.timedelta(days=1))
    assert "scorecard_history" not in older.row_counts
    assert history(publish_day(settings, WEDNESDAY, 10)) == [(MONDAY, 8), (WEDNESDAY, 10)]


def test_dbt_reads_the_days_before_that_may_have_been_restated(settings: Settings) -> None:
    def loaded(as_of: dt.date) -> list[tuple[Any, ...]]:
        rows = load_history(settings, as_of, list_releases(settings))
        with connect(settings, read_only=True) as connection:
            found = connection.execute(
                "select as_of_date, period_type, actual from raw_published.scorecard_history"
                " order by all"
            ).fetchall()
        assert rows == len(found)
        return found

    assert loaded(MONDAY) == []  # nothing is published yet
    for day, actual in ((MONDAY, 8), (TUESDAY, 9), (WEDNESDAY, 10)):
        publish_day(settings, day, actual)
    weeks = [row for row in loaded(WEDNESDAY) if row[1] == "week"]
    assert weeks == [(MONDAY, "week", 8), (TUESDAY, "week", 9)]
    assert {row[1] for row in loaded(WEDNESDAY)} == {"week", "month"}  # no rolling windows
    # after 13 weeks only the last day of a month is left, after 13 months not even that
    assert {row[0] for row in loaded(dt.date(2026, 12, 31))} == {TUESDAY, WEDNESDAY}
    assert {row[0] for row in loaded(dt.date(2027, 8, 1))} == {WEDNESDAY}
    assert loaded(dt.date(2027, 9, 1)) == []
