"""What a release is, and in which order releases follow each other.

A manifest names the release before it, and the id of a release is greater than all before it,
whatever the clock says. So the order of ids is the order of succession, in Python and in SQL;
`published_at` is what the clock said, and nothing is ordered by it. Releases of before manifests
named a predecessor are ordered by their ids too, which were times.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import DamagedFile, PublishError
from orchestration.core.settings import Settings
from orchestration.core.state_files import FORMAT, read_state
from orchestration.warehouse.connection import quote

logger = logging.getLogger(__name__)

KEPT_RELEASES = 10
KEPT_DAYS = 7  # of which the last release is kept, however many follow it on the day after
DATABASE = "scorecard.duckdb"
MANIFEST = "manifest.json"
_ID = re.compile(r"(\d{8}T\d{6})Z-[0-9a-f]+")
_MOMENT = "%Y%m%dT%H%M%S"
# fields of the manifest besides id and times: their types, and whether older ones lack them
_FIELDS: Mapping[str, tuple[type, bool]] = {
    "company": (str, False),
    "code_version": (str, False),
    "high_water_marks": (dict, False),
    "row_counts": (dict, False),
    "checksums": (dict, False),
    "fingerprints": (dict, True),
    "source_states": (dict, True),
    "layout": (str, True),
    "predecessor": (str, True),
}


@dataclass(frozen=True)
class Release:
    """One published release, as its manifest describes it."""

    release_id: str
    company: str
    published_at: dt.datetime
    as_of_date: dt.date
    code_version: str
    high_water_marks: Mapping[str, str | None]
    row_counts: Mapping[str, int]
    checksums: Mapping[str, str]  # none: the manifest is damaged
    path: Path
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    source_states: Mapping[str, Any] = field(default_factory=dict)
    layout: str = ""
    predecessor: str = ""

    @property
    def database(self) -> Path:
        """The DuckDB file that readers open."""
        return self.path / DATABASE


def next_id(settings: Settings, now: dt.datetime) -> str:
    """Return an id for a new release that is greater than all that are on disk."""
    moments = [
        dt.datetime.strptime(found[1], _MOMENT).replace(tzinfo=dt.UTC)
        for path in release_folders(settings)
        if (found := _ID.fullmatch(path.name))
    ]
    after = max(moments) + dt.timedelta(seconds=1) if moments else now
    return f"{max(now.astimezone(dt.UTC), after):{_MOMENT}}Z-{secrets.token_hex(2)}"


def release_folders(settings: Settings) -> list[Path]:
    """The folders of the releases, newest first, whether they can be read or not."""
    folder = settings.published_dir / "releases"
    return sorted(
        (
            path
            for path in (folder.iterdir() if folder.is_dir() else ())
            if not path.name.startswith(".")
            and path.is_dir()
            and (_ID.fullmatch(path.name) or (path / MANIFEST).exists())
        ),
        key=lambda path: path.name,
        reverse=True,
    )


def list_releases(settings: Settings) -> list[Release]:
    """All releases on disk that can be read, newest first."""
    return [one for one in find_releases(settings) if isinstance(one, Release)]


def find_releases(settings: Settings) -> list[Release | DamagedFile]:
    """All releases on disk, newest first; of one that cannot be read, why."""
    found: list[Release | DamagedFile] = []
    for folder in release_folders(settings):
        try:
            found.append(read_release(settings, folder))
        except DamagedFile as error:
            found.append(error)
    return found


def kept_releases(releases: Sequence[Release]) -> list[Release]:
    """The releases to keep, newest first: the last ones of the last as-of dates, then the newest.

    Intraday refreshes alone would push yesterday's release out of reach of a rollback.
    """
    last_of_day: dict[dt.date, str] = {}
    for release in releases:
        last_of_day.setdefault(release.as_of_date, release.release_id)
    of_days = list(last_of_day.values())[:KEPT_DAYS]
    others = [one.release_id for one in releases if one.release_id not in of_days]
    kept = {*of_days, *others[: KEPT_RELEASES - len(of_days)]}
    return [release for release in releases if release.release_id in kept]


def current_release(settings: Settings) -> Release | None:
    """The release that readers see; None before the first publication.

    Raises:
        DamagedFile: the pointer leads nowhere, or the release cannot be read.
    """
    pointer = settings.published_dir / "current"
    if pointer.is_dir():
        return read_release(settings, pointer.resolve())
    if not os.path.lexists(pointer) and not release_folders(settings):
        return None
    releases = list_releases(settings)
    show = f"`scorecard releases rollback {releases[0].release_id}` or " if releases else ""
    raise DamagedFile(
        pointer, "it points to no release", f"Run {show}`scorecard refresh`: both set it again."
    )


def read_release(settings: Settings, folder: Path) -> Release:
    """Read the manifest of a release; where that is damaged, what the database says of itself.

    Raises:
        DamagedFile: neither can be read.
    """
    path = folder / MANIFEST
    remedy = (
        "`scorecard releases list` shows the others and `scorecard releases rollback` brings one "
        f"back; restore {folder} from a backup, or delete it."
    )
    try:
        release = read_state(path, lambda content: _parse(content, folder), remedy=remedy)
        if release is None:
            raise DamagedFile(path, "it is missing", remedy)
        return release
    except DamagedFile as error:
        release = _read_from_tables(settings, folder)
        if release is None:
            raise
        logger.warning(
            "%s\nIts tables say what it is: they can be read, but nobody can tell whether they are"
            " what was published.",
            error,
        )
        return release


def write_manifest(folder: Path, release: Release) -> None:
    """Write what `read_release` reads."""
    content = {key: value for key, value in vars(release).items() if key != "path"}
    content["format"] = FORMAT
    content["published_at"] = release.published_at.isoformat()
    content["as_of_date"] = release.as_of_date.isoformat()
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@contextmanager
def open_tables(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the DuckDB file of a release for reading.

    Raises:
        PublishError: the file is damaged, or another version of the code wrote its tables.
    """
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute("set search_path = 'marts'")
            yield connection
    except duckdb.ProgrammingError as error:  # of tables and columns
        raise PublishError(
            f"{database} was published by another version of the code "
            f"({first_line(error)}). Run `scorecard refresh` first."
        ) from error
    except duckdb.Error as error:
        if "permission denied" in str(error).lower():
            raise  # nothing is lost
        raise DamagedFile(
            database,
            first_line(error),
            "Run `scorecard refresh`, which publishes a new release, or `scorecard releases "
            "rollback` with one that `scorecard releases list` shows.",
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _parse(content: Any, folder: Path) -> Release:
    fields = {}
    for name, (kind, optional) in _FIELDS.items():
        if name not in content and optional:
            continue
        if not isinstance(content[name], kind):
            raise ValueError(f"{name} is no {kind.__name__}")
        fields[name] = content[name]
    if content["release_id"] != folder.name:
        raise ValueError(f"it is that of the release {content['release_id']}")
    return Release(
        release_id=folder.name,
        published_at=dt.datetime.fromisoformat(content["published_at"]),
        as_of_date=dt.date.fromisoformat(content["as_of_date"]),
        path=folder.resolve(),
        **fields,
    )


def _read_from_tables(settings: Settings, folder: Path) -> Release | None:
    """What the database of a release says of it, or its Parquet files; None if neither can be read.

    Without checksums nothing is copied from its files unread.
    """
    columns = "published_at, as_of_date, code_version, high_water_marks"
    parquet = folder / "parquet"
    with duckdb.connect() as connection:
        for attach, relation in (
            (f"attach {quote(folder / DATABASE)} as written (read_only)", "written.marts.releases"),
            ("select 1", f"read_parquet({quote(parquet / 'releases.parquet')})"),
        ):
            with suppress(duckdb.Error, ValueError):
                connection.execute(attach)
                ((published_at, as_of_date, code_version, marks),) = connection.execute(
                    f"select {columns} from {relation} where release_id = ?", [folder.name]
                ).fetchall()
                return Release(
                    release_id=folder.name,
                    company=settings.company,
                    published_at=published_at.replace(tzinfo=dt.UTC),
                    as_of_date=as_of_date,
                    code_version=code_version,
                    high_water_marks=json.loads(marks),
                    row_counts={path.stem: 0 for path in parquet.glob("*.parquet")},
                    checksums={},
                    path=folder.resolve(),
                )
    return None
