"""Publications that are killed at any moment: readers see whole releases, and none is lost.

SCORECARD_TEST_KILLS=200 kills each of them 200 times; 20 times by default.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.releases import publish as publishing
from orchestration.releases.publish import current_release, list_releases
from orchestration.warehouse.connection import connect
from tests.releases import serving
from tests.releases.serving import ANALYST, ask
from tests.site.conftest import publish_sample
from tests.sources.killing import KILLS, kill_at_random
from tests.transform.engines.conftest import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180 + 10 * KILLS)]
DAY = dt.date(2026, 6, 29)


def test_a_release_that_is_killed_at_random_is_whole_or_is_not(settings: Settings) -> None:
    offered = [0]

    def offer(number: int) -> None:
        with connect(settings) as connection:
            connection.execute("create schema if not exists marts")
            connection.execute(
                f"create or replace table marts.scorecard_reps as select {number} as score"
            )
            connection.execute(
                "create or replace table marts.fct_days as"
                f" select md5(cast({number} + i as varchar)) as day from range(100000) as t(i)"
            )
        offered[0] = number

    def check(numbers: random.Random, loads: int) -> None:
        for release in list_releases(settings):
            assert publishing._checksums(release.path) == release.checksums
        current = current_release(settings)
        if current is not None:
            with duckdb.connect(str(current.database), read_only=True) as connection:
                rows = connection.execute("select score from marts.scorecard_reps").fetchall()
            assert 0 <= rows[0][0] <= offered[0]
        offer(loads)

    offer(0)
    kill_at_random(
        settings.data_dir,
        {},
        prepare="from orchestration.releases.publish import publish",
        load="publish(settings, dt.date(2026, 6, 29), [], {}, dt.datetime.now(dt.UTC))",
        longest=0.8,
        change=check,
        before_last=lambda: offer(1_000_000),
    )
    new = current_release(settings)
    assert new is not None
    with duckdb.connect(str(new.database), read_only=True) as connection:
        rows = connection.execute("select score from marts.scorecard_reps").fetchall()
        known = connection.execute("select release_id from marts.releases").fetchall()
    assert rows == [(1_000_000,)]
    assert list_releases(settings)[0] == new
    assert {release_id for (release_id,) in known} == {
        release.release_id for release in list_releases(settings)
    }
    assert not list(settings.published_dir.rglob(".*"))


def test_postgresql_is_killed_at_random_and_shows_one_whole_release(
    served: Settings, published: Path, postgres: Server, tmp_path: Path
) -> None:
    settings = replace(served, data_dir=tmp_path / "data")
    shown: list[int] = []

    def offer(number: int) -> None:
        database = tmp_path / "next.duckdb"
        shutil.copyfile(published, database)
        with duckdb.connect(str(database)) as connection:
            for table in ("scorecard_reps", "scorecard_teams"):
                day = DAY + dt.timedelta(days=number)
                connection.execute(f"update marts.{table} set as_of_date = ?", [day])
        publish_sample(settings, database, f"20260630T{number:06}Z-{number:04x}")
        shown.append(number)

    def days() -> list[int]:
        rows = ask(
            postgres,
            ANALYST,
            "select as_of_date from scorecard.scorecard_reps union"
            " select as_of_date from scorecard.scorecard_teams",
        )
        return [(day - DAY).days for (day,) in rows]

    def check(numbers: random.Random, loads: int) -> None:
        found = days()
        assert len(found) == 1  # both tables are of one release
        assert found[0] in shown
        offer(loads)

    shown += days()  # of the fixture
    offer(0)
    kill_at_random(
        settings.data_dir,
        {"SERVED_URL": settings.serving_url},
        prepare="import os\nfrom orchestration.releases.postgres import serve_release",
        load="serve_release(replace(settings, serving_url=os.environ['SERVED_URL'],"
        f" analysts={settings.analysts!r}))",
        longest=2.0,
        change=check,
        before_last=lambda: offer(100_000),
    )
    assert days() == [100_000]
    [(waiting,)] = ask(
        postgres, None, "select count(*) from pg_locks where locktype = 'advisory' and granted"
    )
    assert waiting == 0
    assert serving.internal_schema(postgres)
