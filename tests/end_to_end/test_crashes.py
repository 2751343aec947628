"""A refresh that is killed, or that the disk or the rights stop, leaves the release of before.

The next one gives the right result; so does one on another machine, from a backup.
"""

from __future__ import annotations

import math
import resource
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
from orchestration.releases.release import current_release, list_releases
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

    before: Settings
    uninterrupted: Settings
    seconds: dict[str, float]

    def copy(self, data_dir: Path) -> Settings:
        """The company on its first day, in a folder of the test's own."""
        shutil.copytree(self.before.data_dir, data_dir, symlinks=True)
        return replace(self.before, data_dir=data_dir)


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


def leftovers(settings: Settings) -> list[Path]:
    """What a refresh writes on its way and removes again."""
    hidden = [*settings.company_dir.rglob(".*"), *settings.company_dir.rglob("*.tmp")]
    return [*hidden, *settings.state_dir.glob("working-*")]


def test_every_step_is_killed_and_the_next_refresh_is_right(story: Story, tmp_path: Path) -> None:
    settings = story.copy(tmp_path / "data")
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
    assert leftovers(settings) == []


def test_a_full_disk_stops_every_step_and_the_next_refresh_is_right(
    story: Story, tmp_path: Path
) -> None:
    settings = story.copy(tmp_path / "data")
    old = current_release(settings)
    stopped_at = []
    for title in KILLED_STEPS:
        command = scorecard(settings.data_dir, *refresh(SECOND_DAY))
        assert title in (step for step, _ in started_steps(command))  # reads up to it
        assert command.process.pid is not None
        # from here on the kernel lets no file grow, whoever writes it
        resource.prlimit(command.process.pid, resource.RLIMIT_FSIZE, (0, 0))
        output = command.output.read()
        assert command.wait() == 1, output
        message = output.splitlines()[-1]
        assert "may not grow any further" in message, output
        assert str(settings.company_dir) in message
        assert " are free. Free some space there" in message
        assert "orrect that line" not in output
        assert current_release(settings) == old, title
        assert list_releases(settings) == [old], title
        assert leftovers(settings) == [], title
        stopped_at.append(title if f"✗ {title}" in output else output.split("✗ ")[1].split("  ")[0])
    # the policy is only read
    assert stopped_at == [KILLED_STEPS[1], *KILLED_STEPS[1:]]

    run(settings.data_dir, *refresh(SECOND_DAY))
    assert differences(settings, story.uninterrupted) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["agree", "{rep}", "--metric", "dials", "--action", "Call before ten"],
        ["releases", "rollback", "{release}"],
        ["demo-data", "--reps", "8", "--days", "30"],
        ["init", "nobody_has_this_company"],
        ["backup", "{folder}/demo.tar.gz"],
        ["restore", "{archive}", "--replace"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_full_disk_stops_every_command_and_changes_nothing(
    story: Story, tmp_path: Path, arguments: list[str]
) -> None:
    settings, archive = story.before, story.before.data_dir.parent / "before.tar.gz"
    release = current_release(settings)
    assert release is not None
    if arguments[0] == "restore" and not archive.exists():
        run(settings.data_dir, "backup", str(archive))
    with duckdb.connect(str(release.database), read_only=True) as connection:
        reps = connection.execute("select min(rep_id) from marts.scorecard_reps").fetchall()
    values = {
        "rep": reps[0][0],
        "release": release.release_id,
        "folder": tmp_path,
        "archive": archive,
    }

    def files() -> dict[str, bytes]:
        folders = (settings.company_dir, settings.seeds_dir.parent, tmp_path)
        return {
            str(path): path.read_bytes()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file() and path.suffix != ".lock"
        }

    before = files()
    command = Command(
        REPOSITORY,
        {"SCORECARD_DATA_DIR": str(settings.data_dir)},
        *(part.format(**values) for part in arguments),
        full_disk=True,
    )
    output = command.output.read()
    assert command.wait() == 1, output
    assert "may not grow any further" in output
    assert " are free. Free some space there" in output
    assert files() == before
    run(settings.data_dir, "releases", "list")


def test_a_restored_company_has_the_figures_of_the_one_that_was_lost(
    story: Story, tmp_path: Path
) -> None:
    archive = tmp_path / "demo.tar.gz"
    there = replace(story.before, data_dir=tmp_path / "there")
    run(story.before.data_dir, "backup", str(archive))
    run(there.data_dir, "restore", str(archive))
    assert published_rows(there) == published_rows(story.before)
    run(there.data_dir, *refresh(SECOND_DAY))
    assert differences(there, story.uninterrupted) == []
    days = []
    for settings in (there, story.uninterrupted):
        release = current_release(settings)
        assert release is not None
        with duckdb.connect(str(release.database), read_only=True) as connection:
            days.append(
                connection.execute(
                    "select as_of_date, count(*) from marts.scorecard_history group by 1 order by 1"
                ).fetchall()
            )
    assert [str(day) for day, _ in days[0]] == [FIRST_DAY, SECOND_DAY]
    assert days[0] == days[1]
