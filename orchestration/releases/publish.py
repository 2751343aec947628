"""Releases: an exact, verified copy of every mart, put in place by one rename.

`published/releases/<id>/` holds `scorecard.duckdb`, `parquet/<table>.parquet` and `manifest.json`;
`published/current` points to the release that readers open. A release is written beside the others
under a hidden name and gets its own name only when it is whole, so a crash leaves what was there.
It starts as a copy of the release before it, in which only what differs is written.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import DamagedFile, PublishError
from orchestration.core.fingerprint import code_version, hash_file
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.releases.history import HISTORY, SCORECARDS, write_scorecard_history
from orchestration.releases.release import (
    DATABASE,
    MANIFEST,
    Release,
    current_release,
    find_releases,
    kept_releases,
    list_releases,
    next_id,
    read_release,
    release_folders,
    write_manifest,
)
from orchestration.releases.succession import lost_history, write_own_tables
from orchestration.releases.tables import LAYOUT, identifier, read_marts, write_marts
from orchestration.warehouse.connection import STORAGE_VERSION, limits, quote

logger = logging.getLogger(__name__)

INCOMING_POINTER = ".current-incoming"


def publish(
    settings: Settings,
    as_of: dt.date,
    checks: Sequence[CheckResult],
    high_water_marks: Mapping[str, str | None],
    now: dt.datetime,
    source_states: Mapping[str, Any] | None = None,
) -> Release:
    """Copy the marts to a new release, verify it, and make it the current one.

    The caller holds the refresh lock; `now` is an aware time. `source_states` is what the sources
    looked like just before they were read.

    Raises:
        PublishError: the release could not be written or differs from the warehouse; the release
            that was current still is.
    """
    published_at = now.astimezone(dt.UTC)
    release_id = next_id(settings, now)
    earlier = _earlier_releases(settings)
    releases_dir = settings.published_dir / "releases"
    incoming = releases_dir / f".incoming-{release_id}"
    try:
        releases_dir.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(settings.published_dir)
        (incoming / "parquet").mkdir(parents=True)
        release = Release(
            release_id=release_id,
            company=settings.company,
            published_at=published_at,
            as_of_date=as_of,
            code_version=code_version(settings),
            high_water_marks=dict(high_water_marks),
            row_counts={},
            checksums={},
            source_states=dict(source_states or {}),
            layout=LAYOUT,
            predecessor=earlier[0].release_id if earlier else "",
            path=releases_dir / release_id,
        )
        _write_release(settings, release, checks, earlier, incoming)
        pointer = _prepare_pointer(settings.published_dir, release_id)
        incoming.rename(release.path)  # from here on nothing needs space on the disk
        _sync(releases_dir)
        _swap_pointer(pointer)
    except (OSError, duckdb.Error) as error:
        raise PublishError(_unpublished(error, settings)) from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
        _remove_unless_current(settings.published_dir, release_id)
    _prune(settings)
    return read_release(settings, release.path)


def _write_release(
    settings: Settings,
    release: Release,
    checks: Sequence[CheckResult],
    earlier: Sequence[Release],
    folder: Path,
) -> None:
    """Fill a folder with a whole release, and verify it."""
    row_counts, fingerprints = _write_tables(settings, release, checks, earlier, folder)
    _verify_tables(settings, folder, row_counts, fingerprints)
    written = replace(
        release,
        row_counts=row_counts,
        checksums=_checksums(folder),
        fingerprints=fingerprints,
    )
    write_manifest(folder, written)
    _sync_tree(folder)


def rollback(settings: Settings, release_id: str) -> Release:
    """Make an earlier (or later) release the current one, after checking that its files are whole.

    Raises:
        PublishError: there is no such release, or its files changed since they were published.
    """
    known = {release.release_id: release for release in list_releases(settings)}
    if release_id not in known:
        raise PublishError(
            f"There is no release '{release_id}' of '{settings.company}'. "
            f"Releases on disk: {', '.join(known) or 'none'}."
        )
    release = known[release_id]
    if not release.checksums:
        raise PublishError(
            f"{release.path / MANIFEST} is damaged, so nobody can tell whether the release is what "
            "was published. Nothing was rolled back; choose another release."
        )
    try:
        found = _checksums(release.path)
        changed = sorted(
            name for name, checksum in release.checksums.items() if found.get(name) != checksum
        )
        if changed:
            raise PublishError(
                f"{release.path}: {', '.join(changed)} changed or vanished after publication. "
                "Nothing was rolled back; choose another release."
            )
        _swap_pointer(_prepare_pointer(settings.published_dir, release_id))
    except OSError as error:
        raise PublishError(_unpublished(error, settings)) from error
    return release


def _earlier_releases(settings: Settings) -> list[Release]:
    """The releases that a new one follows, newest first; a damaged old one is left out.

    Raises:
        PublishError: the newest cannot be read; going on would lose what only it says.
    """
    found = find_releases(settings)
    if found and isinstance(found[0], DamagedFile):
        raise lost_history(found[0], found[0].path.parent)
    for error in found:
        if isinstance(error, DamagedFile):
            logger.warning("%s It is an old release: publishing goes on without it.", error)
    return [one for one in found if isinstance(one, Release)]


def _write_tables(
    settings: Settings,
    release: Release,
    checks: Sequence[CheckResult],
    earlier: Sequence[Release],
    folder: Path,
) -> tuple[dict[str, int], dict[str, str]]:
    """Write the DuckDB file and the Parquet files; row counts and fingerprints of the tables."""
    if not settings.warehouse_path.exists():
        raise PublishError(_nothing_to_publish(settings))
    with duckdb.connect(":memory:", config=limits(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {quote(settings.warehouse_path)} as warehouse (read_only)")
        marts = read_marts(connection, "warehouse")
        if not marts:
            raise PublishError(_nothing_to_publish(settings))
        row_counts = {name: mart.row_count for name, mart in marts.items()}
        fingerprints = {name: mart.fingerprint for name, mart in marts.items()}
        unchanged = _copy_unchanged(earlier[0], fingerprints, folder) if earlier else []
        stay = {*unchanged, HISTORY} if SCORECARDS in marts else {*unchanged}
        connection.execute(
            f"attach {quote(folder / DATABASE)} as release (storage_version '{STORAGE_VERSION}')"
        )
        connection.execute("create schema if not exists release.marts")
        connection.execute("set checkpoint_threshold = '1TB'")  # once, when all is written
        write_marts(connection, marts, stay)
        own = ["releases", "data_checks"]
        unknown = write_own_tables(connection, release, checks, earlier)
        if SCORECARDS in marts:
            write_scorecard_history(connection, release, earlier, unknown)
            own.append(HISTORY)
        for table in own:
            ((row_counts[table],),) = connection.execute(
                f"select count(*) from release.marts.{table}"
            ).fetchall()
        connection.execute("checkpoint release")  # detaching alone would hide a full disk
        connection.execute("detach release")
        connection.execute(f"attach {quote(folder / DATABASE)} as release (read_only)")
        for table in row_counts.keys() - set(unchanged):
            connection.execute(
                f"copy release.marts.{identifier(table)} to"
                f" {quote(folder / 'parquet' / f'{table}.parquet')}"
                " (format parquet, compression zstd, compression_level 1)"
            )
    return row_counts, fingerprints


def _copy_unchanged(previous: Release, fingerprints: Mapping[str, str], folder: Path) -> list[str]:
    """Copy the previous release's DuckDB file, and the Parquet files of tables that are the same.

    A copy is used if it is what was published; else nothing is taken over from that file.
    """
    if previous.layout != LAYOUT or not _copy_whole(previous, DATABASE, folder):
        return []
    return [
        table
        for table, fingerprint in fingerprints.items()
        if previous.fingerprints.get(table) == fingerprint
        and _copy_whole(previous, f"parquet/{table}.parquet", folder)
    ]


def _copy_whole(release: Release, name: str, folder: Path) -> bool:
    """Copy a file of a release, if it is there and the copy is what was published."""
    source, copy = release.path / name, folder / name
    if not (source.is_file() and os.access(source, os.R_OK)):
        return False
    shutil.copyfile(source, copy)
    if hash_file(copy) == release.checksums.get(name):
        return True
    copy.unlink()
    return False


def _verify_tables(
    settings: Settings, folder: Path, row_counts: Mapping[str, int], fingerprints: Mapping[str, str]
) -> None:
    """Open what was written as a reader would, and compare it with the warehouse."""
    with duckdb.connect(":memory:", config=limits(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {quote(folder / DATABASE)} as written (read_only)")
        for table, expected in row_counts.items():
            parquet = quote(folder / "parquet" / f"{table}.parquet")
            for source in (f"written.marts.{identifier(table)}", f"read_parquet({parquet})"):
                (found,) = connection.execute(f"select count(*) from {source}").fetchall()
                if found[0] != expected:
                    raise PublishError(
                        f"{source} has {found[0]} rows, the warehouse has {expected}. Nothing was "
                        "published; check the disk and run `scorecard refresh` again."
                    )
        own = row_counts.keys() - fingerprints.keys()
        for table, mart in read_marts(connection, "written", but=own).items():
            if mart.fingerprint != fingerprints.get(table):
                raise PublishError(
                    f"{folder / DATABASE}: {table} holds other rows than the warehouse. Nothing "
                    "was published; check the disk and run `scorecard refresh` again."
                )


def _checksums(folder: Path) -> dict[str, str]:
    checksums = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            checksums[path.relative_to(folder).as_posix()] = hash_file(path)
    return checksums


def _prepare_pointer(published_dir: Path, release_id: str) -> Path:
    pointer = published_dir / INCOMING_POINTER
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(Path("releases") / release_id)
    return pointer


def _swap_pointer(pointer: Path) -> None:
    """Readers see the old release before this rename and the new one after it, nothing else."""
    os.replace(pointer, pointer.with_name("current"))
    _sync(pointer.parent)


def _remove_unless_current(published_dir: Path, release_id: str) -> None:
    """Remove a release that could not be made the current one, and the pointer meant for it."""
    with suppress(OSError):
        (published_dir / INCOMING_POINTER).unlink(missing_ok=True)
    if (published_dir / "current").resolve().name != release_id:
        shutil.rmtree(published_dir / "releases" / release_id, ignore_errors=True)


def _prune(settings: Settings) -> None:
    """Remove the releases that are not kept; the current one always stays.

    Of one that cannot be read nobody knows the day: it goes when those before it are gone.
    """
    current = current_release(settings)
    releases = list_releases(settings)
    kept = {release.release_id for release in kept_releases(releases)}
    if current is not None:
        kept.add(current.release_id)
    readable = {release.release_id for release in releases}
    for folder in release_folders(settings):
        if folder.name not in kept and (folder.name in readable or folder.name < min(kept)):
            try:
                _remove(folder)
            except OSError as error:  # the new release is in place: not a reason to fail
                logger.warning("%s: cannot remove this old release (%s)", folder, error)


def _remove_leftovers(published_dir: Path) -> None:
    """Remove what a killed publication left behind."""
    for path in (published_dir / "releases").glob(".*"):
        if path.is_dir():
            shutil.rmtree(path)


def _remove(path: Path) -> None:
    """Remove a release; hidden first, so that half a release is never listed."""
    hidden = path.with_name(f".removed-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden)


def _sync_tree(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unpublished(error: OSError | duckdb.Error, settings: Settings) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return (
        f"{settings.published_dir}: publishing failed ({text}). See that message, then run "
        "`scorecard refresh` again. What was current still is."
    )


def _nothing_to_publish(settings: Settings) -> str:
    return f"{settings.warehouse_path} has no marts to publish. Run `scorecard refresh`."
