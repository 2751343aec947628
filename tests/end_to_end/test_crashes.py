"""A refresh that is killed leaves the release of before; the next one gives the right result."""

from __future__ import annotations

import math
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from pathlib import Path

import duckdb
import pytest

from orchestration.cli.progress import STEPS
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases.publish import current_release, list_releases
from tests.processes import Command

FIRST_DAY, SECOND_DAY = "2025-06-29", "2025-06-30"
# without pages, PostgreSQL and alerts the release is the last step
KILLED_STEPS = [
    title
    for step, title in STEPS.items()
    if step not in ("reports__site", "published__postgres", "alerts__digests")
]
HISTORY = ("releases", "data_checks", "scorecard_history")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def scorecard(data_dir: Path, *arguments: str) -> Command:
    return Command(REPOSITORY, {"SCORECARD_DATA_DIR": str(data_dir)}, *arguments)


def run(data_dir: Path, *arguments: str) -> None:
    command = scorecard(data_dir, *arguments)
    output = command.output.read()
    assert command.wait() == 0, output


def take_away_the_second_day(activities: Path) -> None:
    whole = activities.with_name("whole.txt")
    activities.rename(whole)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_csv('{whole}', all_varchar = true)"
            f" where occurred_at < '{SECOND_DAY}') to '{activities}'"
        )


def refresh(day: str) -> list[str]:
    return ["refresh", "--no-reports", "--as-of", day]


@dataclass(frozen=True)
class Story:
    """A company that published the first day and now has the files of the second."""

    settings: Settings
    uninterrupted: Settings
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("crashes")
    before, uninterrupted = folder / "before", folder / "uninterrupted"
    run(before, "demo-data", "--reps", "10", "--days", "150", "--today", SECOND_DAY)
    activities = before / "demo" / "files" / "activities.csv"
    take_away_the_second_day(activities)
    run(before, *refresh(FIRST_DAY))
    activities.with_name("whole.txt").replace(activities)
    shutil.copytree(before, uninterrupted, symlinks=True)
    command = scorecard(uninterrupted, *refresh(SECOND_DAY))
    starts = dict(started_steps(command))
    assert command.wait() == 0
    moments = [*starts.values(), time.monotonic()]
    seconds = [later - earlier for earlier, later in pairwise(moments)]
    return Story(
        replace(Settings(), data_dir=before),
        replace(Settings(), data_dir=uninterrupted),
        dict(zip(starts, seconds, strict=True)),
    )


def started_steps(command: Command) -> Iterator[tuple[str, float]]:
    """Titles of steps as they start, and when."""
    for line in command.output:
        if line.rstrip().endswith("…"):
            yield line.strip().removesuffix(" …"), time.monotonic()


def published_rows(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """All rows per published table, in an order that the last digit of a sum cannot change."""
    release = current_release(settings)
    assert release is not None
    rows = {}
    with duckdb.connect(str(release.database), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, list(case data_type when 'DOUBLE'"
            " then 'round(' || column_name || ', 6)' else column_name end"
            " order by data_type = 'DOUBLE', column_index)"
            " from duckdb_columns() where schema_name = 'marts' group by 1 order by 1"
        ).fetchall()
        for table, keys in columns:
            if table not in HISTORY:
                order = ", ".join(keys)
                rows[table] = connection.execute(f"from marts.{table} order by {order}").fetchall()
    return rows


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):  # sums are added in any order
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def differences(one: Settings, other: Settings) -> list[tuple[object, ...]]:
    """Table and both rows where two published files differ."""
    rows, other_rows = published_rows(one), published_rows(other)
    assert rows.keys() == other_rows.keys() != set()
    return [
        (table, left, right)
        for table in rows
        for left, right in zip_longest(rows[table], other_rows[table], fillvalue=())
        if len(left) != len(right) or not all(map(same, left, right))
    ]


def test_every_step_is_killed_and_the_next_refresh_is_right(story: Story) -> None:
    settings = story.settings
    old = current_release(settings)
    assert old is not None
    assert set(KILLED_STEPS) == set(story.seconds)

    for title in KILLED_STEPS:
        command = scorecard(settings.data_dir, *refresh(SECOND_DAY))
        assert title in (step for step, _ in started_steps(command))  # reads up to it
        # the seconds of the last step include the end of the process
        time.sleep(story.seconds[title] / 4)
        assert command.process.is_alive(), f"'{title}' was over before it could be killed"
        command.kill()
        assert command.wait() == -signal.SIGKILL
        assert current_release(settings) == old, title
        with duckdb.connect(str(old.database), read_only=True) as connection:
            rows = connection.execute("select max(as_of_date) from marts.releases").fetchall()
            assert str(rows[0][0]) == FIRST_DAY

    run(settings.data_dir, *refresh(SECOND_DAY))
    new = current_release(settings)
    assert new is not None
    assert str(new.as_of_date) == SECOND_DAY
    assert differences(settings, story.uninterrupted) == []
    # nothing of the killed runs is left, nor did they say anything
    with duckdb.connect(str(new.database), read_only=True) as connection:
        said = connection.execute(
            "select distinct cast(as_of_date as varchar), release_id"
            " from marts.scorecard_history order by 1"
        ).fetchall()
    assert said == [(FIRST_DAY, old.release_id), (SECOND_DAY, new.release_id)]
    assert [release.release_id for release in list_releases(settings)] == [
        new.release_id,
        old.release_id,
    ]
    assert not list((settings.published_dir / "releases").glob(".*"))
