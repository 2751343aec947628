"""Releases follow each other, whatever the clock says, and carry on what was said before."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from orchestration.core.errors import DamagedFile, PublishError
from orchestration.core.settings import Settings
from orchestration.releases import release as release_module
from orchestration.releases.history import HISTORY
from orchestration.releases.publish import publish, rollback
from orchestration.releases.release import (
    Release,
    current_release,
    find_releases,
    list_releases,
    read_release,
)
from orchestration.warehouse.connection import connect
from tests.releases.test_history import MONDAY, SCORECARDS, history

YEAR = dt.timedelta(days=365)


def publish_as(
    settings: Settings,
    day: dt.date,
    actual: int,
    clock: dt.timedelta = dt.timedelta(),
    hour: int = 2,
) -> Release:
    """Publish in the night after a day what a refresh says whose clock is wrong by `clock`."""
    as_of = day + clock
    with connect(settings) as connection:
        connection.execute(SCORECARDS.format(day=as_of, actual=actual))
    now = dt.datetime.combine(day, dt.time(hour), dt.UTC) + dt.timedelta(days=1) + clock
    return publish(settings, as_of, [], {}, now)


def days_after(count: int) -> list[dt.date]:
    return [MONDAY + dt.timedelta(days=number) for number in range(count)]


def require_succession(settings: Settings, releases: Sequence[Release]) -> None:
    """Each release follows the one before it; the last is the newest and current."""
    ids = [release.release_id for release in releases]
    assert ids == sorted(ids)
    assert [release.predecessor for release in releases] == ["", *ids[:-1]]
    kept = [release.release_id for release in list_releases(settings)]
    assert kept[0] == ids[-1]
    assert kept == sorted(kept, reverse=True)
    current = current_release(settings)
    assert current is not None
    assert current.release_id == ids[-1]


def test_a_manifest_names_the_release_before_it(settings: Settings) -> None:
    first, second = (publish_as(settings, day, 8) for day in days_after(2))
    manifest = json.loads((second.path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["predecessor"] == first.release_id
    require_succession(settings, [first, second])


@pytest.mark.parametrize("wrong", [YEAR, -YEAR, dt.timedelta(days=3), -dt.timedelta(days=3)])
def test_a_clock_that_was_wrong_for_a_night_loses_no_day(
    settings: Settings, wrong: dt.timedelta
) -> None:
    """The fourth of twelve nights runs by a wrong clock, which is set right by the next one."""
    days = days_after(12)
    releases = [
        publish_as(settings, day, number, wrong if number == 3 else dt.timedelta())
        for number, day in enumerate(days)
    ]
    require_succession(settings, releases)
    said = dict(history(releases[-1]))
    expected = {day: number for number, day in enumerate(days) if number != 3}
    assert {day: said[day] for day in expected} == expected
    # what was said under a wrong date stays as well, unless the day came and said it again
    assert days[3] + wrong in said


def test_a_clock_that_stays_wrong_changes_nothing(settings: Settings) -> None:
    days = days_after(4)
    releases = [publish_as(settings, day, number, -YEAR) for number, day in enumerate(days)]
    assert history(releases[-1]) == [(day - YEAR, number) for number, day in enumerate(days)]
    require_succession(settings, releases)


def test_a_day_can_be_completed_after_a_clock_was_ahead(settings: Settings) -> None:
    """The date that lay ahead is later than every day, and yet settles none of them."""
    tuesday, wednesday = days_after(3)[1:]
    publish_as(settings, MONDAY, 1, YEAR)
    publish_as(settings, tuesday, 2, hour=0)
    publish_as(settings, tuesday, 3)
    last = publish_as(settings, wednesday, 4)
    assert history(last) == [(MONDAY + YEAR, 1), (tuesday, 3), (wednesday, 4)]
    # settled: wednesday has been published since, by whatever clock
    again = publish(settings, tuesday, [], {}, dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert sorted(history(again)) == [(tuesday, 3), (wednesday, 4), (MONDAY + YEAR, 1)]


def test_a_day_that_was_filled_in_is_settled_too(settings: Settings) -> None:
    monday, tuesday, wednesday = days_after(3)
    publish_as(settings, monday, 1)
    publish_as(settings, wednesday, 3)
    for actual in (2, 9):
        with connect(settings) as connection:
            connection.execute(SCORECARDS.format(day=tuesday, actual=actual))
        now = dt.datetime(2026, 7, 9, actual, tzinfo=dt.UTC)
        last = publish(settings, tuesday, [], {}, now)
    assert sorted(history(last)) == [(monday, 1), (tuesday, 2), (wednesday, 3)]


def test_what_is_kept_follows_the_succession(settings: Settings) -> None:
    """A release from ahead is removed as any other; it does not hold a place for a year."""
    ahead = publish_as(settings, MONDAY, 0, YEAR)
    releases = [publish_as(settings, day, 1) for day in days_after(12)]
    assert not ahead.path.exists()
    assert list_releases(settings) == list(reversed(releases[2:]))
    rollback(settings, releases[4].release_id)
    current = current_release(settings)
    assert current == releases[4]


def test_two_machines_with_different_clocks_publish_in_turns(settings: Settings) -> None:
    """Each is an hour ahead of or behind the other, and they share the folder and its lock."""
    releases = []
    for number, day in enumerate(days_after(6)):
        hours = 6 if number % 2 else 0
        with connect(settings) as connection:
            connection.execute(SCORECARDS.format(day=day, actual=number))
        clock = dt.datetime(2026, 6, 30, 12 - hours, tzinfo=dt.UTC)
        releases.append(publish(settings, day, [], {}, clock))
    require_succession(settings, releases)
    assert history(releases[-1]) == list(zip(days_after(6), range(6), strict=True))


def test_two_machines_that_publish_at_once_lose_nothing(settings: Settings) -> None:
    """A lock that does not reach over the network: both carry on from the same release."""
    monday, tuesday, wednesday, thursday = days_after(4)
    publish_as(settings, monday, 1)
    other = replace(settings, data_dir=settings.data_dir / "other")
    shutil.copytree(settings.company_dir, other.company_dir, symlinks=True)
    here, there = publish_as(settings, tuesday, 2), publish_as(other, wednesday, 3)
    assert here.predecessor == there.predecessor
    shutil.copytree(there.path, settings.published_dir / "releases" / there.release_id)
    last = publish_as(settings, thursday, 4)
    assert sorted(history(last)) == [(monday, 1), (tuesday, 2), (wednesday, 3), (thursday, 4)]
    with duckdb.connect(str(last.database), read_only=True) as connection:
        known = connection.execute("select release_id from marts.releases order by 1").fetchall()
    assert [name for (name,) in known] == [
        release.release_id for release in reversed(list_releases(settings))
    ]


def test_a_folder_without_predecessors_is_healed(settings: Settings) -> None:
    """As older code left it: each night carried on from the release whose clock was ahead."""
    nights = days_after(4)
    ahead = publish_as(settings, MONDAY - dt.timedelta(days=1), 0, YEAR)
    later = []
    for number, day in enumerate(nights):
        home = replace(settings, data_dir=settings.data_dir / f"night-{number}")
        home.company_dir.mkdir(parents=True)
        shutil.copytree(ahead.path, home.published_dir / "releases" / ahead.release_id)
        release = publish_as(home, day, number + 1)
        old_id = f"{day + dt.timedelta(days=1):%Y%m%d}T020000Z-abcd"
        with duckdb.connect(str(release.database)) as connection:
            for table in ("releases", "data_checks", HISTORY):
                connection.execute(
                    f"update marts.{table} set release_id = ? where release_id = ?",
                    [old_id, release.release_id],
                )
        folder = release.path.rename(settings.published_dir / "releases" / old_id)
        later.append(folder)
    for folder in [ahead.path, *later]:
        path = folder / "manifest.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        del content["predecessor"], content["format"]
        path.write_text(json.dumps(content | {"release_id": folder.name}), encoding="utf-8")
    assert list_releases(settings)[0].release_id == ahead.release_id

    last = publish_as(settings, nights[-1] + dt.timedelta(days=1), 9)
    assert last.release_id > ahead.release_id
    assert last.predecessor == ahead.release_id
    said = dict(history(last))
    assert {day: said[day] for day in nights} == {nights[n]: n + 1 for n in range(4)}
    assert said[nights[-1] + dt.timedelta(days=1)] == 9


DAMAGES: dict[str, Any] = {
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "zeroed": lambda content: bytes(len(content)),
    "garbage": lambda content: bytes((byte * 7 + 13) % 256 for byte in content),
    "from a newer version": lambda content: json.dumps({"format": 99}).encode(),
    "missing": None,
}


def damage(release: Release, name: str, how: str) -> None:
    path = release.path / name
    changed = DAMAGES[how]
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed(path.read_bytes()))


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("files", [("manifest.json",), ("manifest.json", "scorecard.duckdb")])
def test_a_damaged_old_release_never_stops_a_new_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, files: Sequence[str], how: str
) -> None:
    monkeypatch.setattr(release_module, "KEPT_RELEASES", 3)
    monkeypatch.setattr(release_module, "KEPT_DAYS", 3)
    days = days_after(6)
    releases = [publish_as(settings, day, number) for number, day in enumerate(days[:3])]
    for name in files:
        damage(releases[1], name, how)
    for number, day in enumerate(days[3:], start=3):
        releases.append(publish_as(settings, day, number))
    assert history(releases[-1]) == list(zip(days, range(6), strict=True))
    assert not releases[1].path.exists()  # removed in its turn
    assert len(find_releases(settings)) == 3


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["manifest.json", "scorecard.duckdb"])
def test_the_newest_release_is_carried_on_from_what_is_left_of_it(
    settings: Settings, name: str, how: str
) -> None:
    first, second = (publish_as(settings, day, number) for number, day in enumerate(days_after(2)))
    damage(second, name, how)
    third = publish_as(settings, days_after(3)[2], 2)
    assert third.predecessor == second.release_id
    assert history(third) == list(zip(days_after(3), range(3), strict=True))
    assert [one.release_id for one in list_releases(settings)] == [
        third.release_id,
        second.release_id,
        first.release_id,
    ]
    if name == "manifest.json":
        assert read_release(settings, second.path).as_of_date == second.as_of_date
    with pytest.raises(PublishError, match="choose another release"):
        rollback(settings, second.release_id)
    assert rollback(settings, first.release_id) == first


def test_a_newest_release_that_cannot_be_read_stops_publishing_in_words(settings: Settings) -> None:
    """Its history would be lost: somebody has to decide."""
    first, second = (publish_as(settings, day, number) for number, day in enumerate(days_after(2)))
    for path in [*second.path.glob("*.*"), *second.path.glob("parquet/*")]:
        path.write_bytes(b"")
    with pytest.raises(DamagedFile, match="rollback"):
        current_release(settings)
    with pytest.raises(PublishError, match=f"Restore .*{second.release_id} .*, or delete it"):
        publish_as(settings, days_after(3)[2], 2)
    assert list_releases(settings) == [first]
    shutil.rmtree(second.path)
    third = publish_as(settings, days_after(3)[2], 2)
    assert history(third) == [(MONDAY, 0), (days_after(3)[2], 2)]


def test_a_release_that_came_back_from_a_backup_is_taken_in(settings: Settings) -> None:
    days = days_after(3)
    first, second = (publish_as(settings, day, number) for number, day in enumerate(days[:2]))
    backup = second.path.rename(settings.data_dir / second.release_id)
    publish_as(settings, days[2], 2)
    backup.rename(second.path)
    last = publish_as(settings, days[2], 3)
    assert sorted(history(last)) == [(days[0], 0), (days[1], 1), (days[2], 3)]
    assert first in list_releases(settings)


def test_a_pointer_that_leads_nowhere_is_said_and_set_again(settings: Settings) -> None:
    assert current_release(settings) is None
    release = publish_as(settings, MONDAY, 1)
    pointer = settings.published_dir / "current"
    for break_it in (
        pointer.unlink,
        lambda: pointer.symlink_to("releases/gone"),
        lambda: pointer.write_text("?"),
    ):
        pointer.unlink(missing_ok=True)
        if break_it != pointer.unlink:
            break_it()
        with pytest.raises(DamagedFile, match=f"rollback {release.release_id}"):
            current_release(settings)
        rollback(settings, release.release_id)
        assert current_release(settings) == release
