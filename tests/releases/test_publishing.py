from __future__ import annotations

import datetime as dt
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import PublishError
from orchestration.core.fingerprint import code_version
from orchestration.core.machine import explain
from orchestration.core.results import CheckResult
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases import publish as publishing
from orchestration.releases.publish import publish, rollback
from orchestration.releases.release import current_release, list_releases
from orchestration.warehouse.connection import connect

AS_OF = dt.date(2026, 6, 29)
NOW = dt.datetime(2026, 6, 30, 2, 0, tzinfo=dt.UTC)
MARKS = {"raw_files.activities": "2026-06-29T23:59:59Z"}
CHECK = CheckResult(
    check_name="gx_volume",
    layer="marts",
    table_name="scorecard_reps",
    column_name=None,
    passed=True,
    severity="error",
    observed_value="3",
    expected="between 1 and 5",
    failed_rows=0,
    description="As many rows as last week",
)

PUBLISH_WITH_LIMITED_FILES = """
import datetime as dt, pathlib, resource, signal, sys
from dataclasses import replace
from orchestration.core.machine import explained
from orchestration.releases.publish import publish
from orchestration.core.settings import Settings
settings = replace(Settings(), data_dir=pathlib.Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with explained(settings):
    publish(settings, dt.date(2026, 6, 29), [], {}, dt.datetime.now(dt.UTC))
"""

READ_ON_REQUEST = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    rows = connection.execute("select score from marts.scorecard_reps where rep_id = 'r1'")
    print(rows.fetchall()[0][0], flush=True)
"""


@pytest.fixture
def warehouse(settings: Settings) -> Settings:
    """Settings of a company whose warehouse has two marts, unsorted and described."""
    with connect(settings) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_reps as select 1 as rep_id")
        connection.execute(
            "create table marts.scorecard_reps as"
            " select * from (values ('r3', 0.9e0), ('r1', 1.5e0), ('r2', null))"
            " as v(rep_id, score)"
        )
        connection.execute("comment on table marts.scorecard_reps is 'One row per rep''s score'")
        connection.execute("comment on column marts.scorecard_reps.score is 'Weighted score'")
        connection.execute(
            "create table marts.dim_dates as select '2026-W27' as week_id,"
            " date '2026-06-29' + interval (day) day as date_day from range(3) as t(day)"
        )
    return settings


def score(settings: Settings, value: float) -> None:
    """Give rep r1 another score in the working warehouse."""
    with connect(settings) as connection:
        connection.execute("update marts.scorecard_reps set score = ? where rep_id = 'r1'", [value])


def published_score(settings: Settings) -> float:
    database = settings.published_dir / "current" / "scorecard.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select score from marts.scorecard_reps where rep_id = 'r1'"
        ).fetchall()
    return float(rows[0][0])


def hidden_files(settings: Settings) -> list[Path]:
    return [path for path in settings.published_dir.rglob(".*") if path.name != "."]


def test_a_release_is_an_exact_copy_of_the_marts(warehouse: Settings) -> None:
    release = publish(warehouse, AS_OF, [CHECK], MARKS, NOW)

    assert release.path.parent == warehouse.published_dir / "releases"
    assert (warehouse.published_dir / "current").resolve() == release.path.resolve()
    with duckdb.connect(str(release.database), read_only=True) as connection:
        assert connection.execute("select * from marts.scorecard_reps").fetchall() == [
            ("r1", 1.5),
            ("r2", None),
            ("r3", 0.9),
        ]
        tables = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        assert [name for (name,) in tables] == [
            "data_checks",
            "dim_dates",
            "releases",
            "scorecard_reps",
        ]
        comments = connection.execute(
            "select comment from duckdb_tables() where table_name = 'scorecard_reps' union all"
            " select comment from duckdb_columns() where table_name = 'scorecard_reps'"
            " order by 1 nulls last"
        ).fetchall()
        assert comments == [("One row per rep's score",), ("Weighted score",), (None,)]
        parquet = release.path / "parquet" / "scorecard_reps.parquet"
        assert connection.execute(f"select * from '{parquet}'").fetchall() == [
            ("r1", 1.5),
            ("r2", None),
            ("r3", 0.9),
        ]


def test_columns_keep_their_order(warehouse: Settings) -> None:
    release = publish(warehouse, AS_OF, [], {}, NOW)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        description = connection.execute("describe marts.dim_dates").fetchall()
    assert [(row[0], row[1]) for row in description] == [
        ("week_id", "VARCHAR"),
        ("date_day", "TIMESTAMP"),
    ]


def test_the_file_can_be_opened_by_older_drivers(warehouse: Settings) -> None:
    release = publish(warehouse, AS_OF, [], {}, NOW)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        rows = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal"
        ).fetchall()
    assert str(rows[0][0]).startswith("v1.4.0")
    assert not list(release.path.glob("*.wal"))


def test_the_manifest_says_what_was_published(warehouse: Settings) -> None:
    release = publish(warehouse, AS_OF, [CHECK], MARKS, NOW)
    manifest = json.loads((release.path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of_date"] == "2026-06-29"
    assert manifest["published_at"] == "2026-06-30T02:00:00+00:00"
    assert manifest["high_water_marks"] == MARKS
    assert manifest["row_counts"] == {
        "data_checks": 1,
        "dim_dates": 3,
        "releases": 1,
        "scorecard_reps": 3,
    }
    assert set(manifest["checksums"]) == {
        "scorecard.duckdb",
        "parquet/data_checks.parquet",
        "parquet/dim_dates.parquet",
        "parquet/releases.parquet",
        "parquet/scorecard_reps.parquet",
    }
    assert manifest["code_version"] == code_version(warehouse)
    assert current_release(warehouse) == release


def test_checks_and_releases_carry_over_from_the_releases_that_are_kept(
    warehouse: Settings,
) -> None:
    releases = [
        publish(warehouse, AS_OF, [CHECK], MARKS, NOW + dt.timedelta(days=day)) for day in range(12)
    ]
    expected = [release.release_id for release in releases[1:]]  # the ten before and this one
    with duckdb.connect(str(releases[-1].database), read_only=True) as connection:
        for table in ("releases", "data_checks"):
            rows = connection.execute(f"select release_id from marts.{table} order by 1").fetchall()
            assert [release_id for (release_id,) in rows] == expected
        (row,) = connection.execute(
            "select published_at, as_of_date, high_water_marks from marts.releases"
            " order by release_id desc limit 1"
        ).fetchall()
        assert row == (dt.datetime(2026, 7, 11, 2), AS_OF, json.dumps(MARKS))
        (check,) = connection.execute(
            "select check_name, layer, table_name, passed, expected, failed_rows, checked_at"
            " from marts.data_checks order by release_id desc limit 1"
        ).fetchall()
        assert check == (
            "gx_volume",
            "marts",
            "scorecard_reps",
            True,
            "between 1 and 5",
            0,
            dt.datetime(2026, 7, 11, 2),
        )


def test_ten_releases_are_kept(warehouse: Settings) -> None:
    releases = [
        publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=day)) for day in range(12)
    ]
    kept = [release.release_id for release in list_releases(warehouse)]
    assert kept == [release.release_id for release in reversed(releases[2:])]
    assert not hidden_files(warehouse)


def test_intraday_releases_do_not_push_out_those_of_earlier_days(warehouse: Settings) -> None:
    """Eight days with a release of the night and some of the day; the last of seven days stay."""
    for day in range(8):
        as_of, night = AS_OF + dt.timedelta(days=day), NOW + dt.timedelta(days=day)
        for hours in (0, 9, 10, 11, 12):  # the first completes the day before
            date = as_of - dt.timedelta(days=hours == 0)
            publish(warehouse, date, [], {}, night + dt.timedelta(hours=hours))
    releases = list_releases(warehouse)
    days = [release.as_of_date for release in releases]
    last = AS_OF + dt.timedelta(days=7)
    assert days == [last] * 4 + [last - dt.timedelta(days=ago) for ago in range(1, 7)]
    assert {release.published_at.hour for release in releases[4:]} == {NOW.hour}
    assert len({release.release_id for release in releases}) == 10


def test_rollback_and_forward_again(warehouse: Settings) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    score(warehouse, 0.5)
    new = publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    assert published_score(warehouse) == 0.5

    assert rollback(warehouse, old.release_id) == old
    assert published_score(warehouse) == 1.5
    assert current_release(warehouse) == old

    rollback(warehouse, new.release_id)
    assert published_score(warehouse) == 0.5


def test_the_current_release_outlives_ten_newer_ones(warehouse: Settings) -> None:
    first = publish(warehouse, AS_OF, [], {}, NOW)
    for day in range(1, 10):
        publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=day))
    assert first in list_releases(warehouse)
    # a clock that went backwards does not make the newest release the oldest
    early = publish(warehouse, AS_OF, [], {}, NOW - dt.timedelta(days=9))
    assert current_release(warehouse) == early


def test_a_table_that_did_not_change_is_copied_from_the_release_before(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(warehouse, AS_OF, [], {}, NOW)
    with connect(warehouse) as connection:  # the same rows in another order are the same table
        connection.execute(
            "create or replace table marts.dim_dates as from marts.dim_dates order by date_day desc"
        )
    score(warehouse, 0.5)
    copied = []
    copy_unchanged = publishing._copy_unchanged

    def note(*args: object) -> list[str]:
        copied.append(copy_unchanged(*args))  # type: ignore[arg-type]
        return copied[-1]

    monkeypatch.setattr(publishing, "_copy_unchanged", note)
    new = publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    assert copied == [["dim_dates"]]
    assert published_score(warehouse) == 0.5
    with duckdb.connect(str(new.database), read_only=True) as connection:
        (whole,) = connection.execute(
            "select count(*), min(date_day)::date, max(date_day)::date from marts.dim_dates"
        ).fetchall()
        assert whole == (3, dt.date(2026, 6, 29), dt.date(2026, 7, 1))
        parquet = new.path / "parquet" / "dim_dates.parquet"
        assert (
            connection.execute(f"from '{parquet}' except all from marts.dim_dates").fetchall() == []
        )
        assert connection.execute(f"select count(*) from '{parquet}'").fetchall() == [(3,)]


@pytest.mark.parametrize("name", ["scorecard.duckdb", "parquet/dim_dates.parquet"])
def test_nothing_is_copied_from_a_damaged_file(warehouse: Settings, name: str) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    whole = (old.path / name).read_bytes()
    (old.path / name).write_bytes(whole[:-1] + b"?")
    folder = warehouse.data_dir / "copied"
    (folder / "parquet").mkdir(parents=True)
    copied = publishing._copy_unchanged(old, old.fingerprints, folder)
    assert copied == ([] if name == "scorecard.duckdb" else ["scorecard_reps"])
    (old.path / name).write_bytes(whole)
    assert set(publishing._copy_unchanged(old, old.fingerprints, folder)) == set(old.fingerprints)


def test_rollback_to_an_unknown_release_names_those_there_are(warehouse: Settings) -> None:
    release = publish(warehouse, AS_OF, [], {}, NOW)
    with pytest.raises(PublishError, match=f"no release '2020'.*{release.release_id}"):
        rollback(warehouse, "2020")


def test_rollback_refuses_a_release_whose_files_changed(warehouse: Settings) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    new = publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    (old.path / "parquet" / "dim_dates.parquet").write_bytes(b"damaged")
    with pytest.raises(PublishError, match=re.escape("parquet/dim_dates.parquet")):
        rollback(warehouse, old.release_id)
    assert current_release(warehouse) == new


def test_readers_that_hold_the_published_file_open_do_not_matter(warehouse: Settings) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    current = str(warehouse.published_dir / "current" / "scorecard.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", READ_ON_REQUEST, current],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def read() -> str:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write("\n")
            reader.stdin.flush()
            return reader.stdout.readline().strip()

        assert read() == "1.5"
        score(warehouse, 0.5)
        for day in range(1, 12):  # until the release it reads is removed
            publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=day))
        assert not old.path.exists()
        assert read() == "1.5"
        assert published_score(warehouse) == 0.5
        reader.stdin.close()


def test_leftovers_of_a_killed_publication_are_cleaned(warehouse: Settings) -> None:
    half = warehouse.published_dir / "releases" / ".incoming-20260101T000000Z-abcd" / "parquet"
    half.mkdir(parents=True)
    (half / "dim_dates.parquet").write_bytes(b"half")
    (warehouse.published_dir / ".current-incoming").symlink_to("releases/20260101T000000Z-abcd")
    assert list_releases(warehouse) == []
    release = publish(warehouse, AS_OF, [], {}, NOW)
    assert hidden_files(warehouse) == []
    assert list_releases(warehouse) == [release]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Free some space there"),
        (errno.EACCES, "Give the user the right"),
        (errno.EIO, "run `scorecard refresh` again"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "symlink", "replace"])
def test_a_failure_at_any_step_leaves_the_old_release(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str, step: str
) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    score(warehouse, 0.5)

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(PublishError) as failure:
            publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=1))
    assert remedy in str(explain(failure.value, warehouse))
    assert current_release(warehouse) == old
    assert published_score(warehouse) == 1.5
    assert hidden_files(warehouse) == []
    assert list_releases(warehouse) == [old]

    publish(warehouse, AS_OF, [], {}, NOW + dt.timedelta(days=2))
    assert published_score(warehouse) == 0.5
    assert hidden_files(warehouse) == []


@pytest.mark.parametrize("rows", [20_000, 200_000])  # fails in the Parquet file / the database
def test_a_disk_that_is_full_while_publishing(warehouse: Settings, rows: int) -> None:
    """The kernel refuses to let files grow, as it does on a full disk."""
    old = publish(warehouse, AS_OF, [], {}, NOW)
    with connect(warehouse) as connection:
        connection.execute(
            f"create table marts.fct_many as select md5(i::varchar) as rep_id from range({rows})"
            " as t(i)"
        )
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH_WITH_LIMITED_FILES, str(warehouse.data_dir)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "MachineError: " in done.stderr
    assert "may not grow any further" in done.stderr
    assert current_release(warehouse) == old
    assert published_score(warehouse) == 1.5
    assert not list((warehouse.published_dir / "releases").glob(".*"))


def test_a_copy_that_lost_rows_is_not_published(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish(warehouse, AS_OF, [], {}, NOW)
    write = publishing._write_tables

    def lose_a_row(*args: object) -> tuple[dict[str, int], dict[str, str]]:
        row_counts, fingerprints = write(*args)  # type: ignore[arg-type]
        return row_counts | {"scorecard_reps": 4}, fingerprints

    monkeypatch.setattr(publishing, "_write_tables", lose_a_row)
    with pytest.raises(PublishError, match="has 3 rows, the warehouse has 4"):
        publish(warehouse, AS_OF, [], {}, NOW)
    assert current_release(warehouse) == old
    assert not list((warehouse.published_dir / "releases").glob(".*"))


def test_nothing_to_publish_is_an_error(settings: Settings) -> None:
    with pytest.raises(PublishError, match="no marts to publish"):
        publish(settings, AS_OF, [], {}, NOW)
    with connect(settings) as connection:
        connection.execute("create schema marts")
    with pytest.raises(PublishError, match="no marts to publish"):
        publish(settings, AS_OF, [], {}, NOW)
    assert list_releases(settings) == []
    assert current_release(settings) is None
