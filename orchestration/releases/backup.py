"""Backup and restore: one archive of everything of a company that no refresh can rebuild.

The archive holds the policy, the input files with the agreements, every release (which carry the
history), what alerts have told, and the raw tables: a CRM may have purged what they still hold.
Marts, pages and the history of runs are rebuilt. `.env` is left out on purpose: it holds secrets.

`backup.json`, its last member, lists size and checksum of each file; an archive without it is not
whole.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO

import duckdb

from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.fingerprint import code_version, hash_file
from orchestration.core.settings import Settings
from orchestration.releases.release import current_release
from orchestration.releases.tables import identifier
from orchestration.warehouse.connection import (
    STORAGE_VERSION,
    limits,
    quote,
    refresh_lock,
    working_folder,
)

FORMAT = 1
CONTENTS = "backup.json"
RAW = "raw.duckdb"
CHUNK = 1 << 20
# of the state folder; all else in it is written anew by a refresh
MEMORY = ("alerts.json",)


@dataclass(frozen=True)
class Backup:
    """What an archive says of itself."""

    company: str
    created_at: str
    code_version: str
    current_release: str | None
    files: Mapping[str, tuple[int, str]]  # size and checksum of each
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files, before compression."""
        return sum(size for size, _ in self.files.values())


def write_backup(settings: Settings, archive: Path, now: dt.datetime) -> Backup:
    """Write the archive, read it back, and only then give it its name.

    Raises:
        ConfigError: a file of that name is there already.
        PublishError: what was read back is not what was written.
        RefreshRunning: a refresh is writing what is to be kept.
    """
    if archive.exists():
        raise ConfigError(f"{archive} exists already; nothing was written. Choose another name.")
    archive.parent.mkdir(parents=True, exist_ok=True)
    incoming = archive.with_name(f".{archive.name}.new")
    release = current_release(settings)
    with refresh_lock(settings, now), working_folder(settings) as folder:
        try:
            backup = Backup(
                settings.company,
                now.isoformat(timespec="seconds"),
                code_version(settings),
                release.release_id if release else None,
                {},
            )
            backup = _write(incoming, backup, _sources(settings, Path(folder)))
            if _read(incoming, None) != backup:
                raise PublishError(
                    f"{archive}: what was read back is not what was written. Nothing was kept; "
                    "check the disk, then write the backup again."
                )
            os.replace(incoming, archive)
        finally:
            with suppress(OSError):
                incoming.unlink(missing_ok=True)
    return backup


def restore_backup(
    settings: Settings, archive: Path, now: dt.datetime, *, replace_company: bool = False
) -> Backup:
    """Put everything of an archive in its place; what cannot be used changes nothing.

    A restore that is killed is repeated with `replace_company`.

    Args:
        settings: of any company; the archive says which one it is.
        archive: what `write_backup` wrote.
        now: an aware time.
        replace_company: give up what this machine has of the company.

    Raises:
        ConfigError: the archive is damaged or of a newer version, or the company lives here.
        RefreshRunning: a refresh of the company is running.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restore-") as name:
        staged = Path(name)
        backup = _read(archive, staged)
        settings = replace(settings, company=backup.company)
        with refresh_lock(settings, now):
            places = _places(settings)
            for part in places:
                _finish_killed(places[part])
            if not replace_company:
                _refuse_to_overwrite(settings, archive, backup)
            if backup.current_release:
                releases = Path("releases") / backup.current_release
                (staged / "published" / "current").symlink_to(releases)
            _swap({staged / part: place for part, place in places.items()})
            _forget_state(settings)
    return backup


def _places(settings: Settings) -> dict[str, Path]:
    """Where each part of an archive belongs."""
    return {
        "policy": settings.seeds_dir,
        "files": settings.files_dir,
        RAW: settings.warehouse_path,
        **{f"state/{name}": settings.state_dir / name for name in MEMORY},
        "published": settings.published_dir,  # last: its pointer is what readers open
    }


def _sources(settings: Settings, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file to keep, by its name in the archive."""
    for part, place in _places(settings).items():
        if part == RAW:
            if place.exists():
                _copy_raw_tables(settings, folder / RAW)
                yield RAW, folder / RAW
        elif place.is_file():
            yield part, place
        else:
            for path in sorted(place.rglob("*")):
                inside = path.relative_to(place)
                is_hidden = any(one.startswith(".") for one in inside.parts)
                is_current = part == "published" and inside.parts[0] == "current"
                if path.is_file() and not is_hidden and not is_current:
                    yield f"{part}/{inside.as_posix()}", path


def _copy_raw_tables(settings: Settings, target: Path) -> None:
    """Copy what sources said to a DuckDB file of its own; dbt rebuilds all else."""
    with duckdb.connect(":memory:", config=limits(settings)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {quote(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {quote(target)} as copy (storage_version '{STORAGE_VERSION}')")
        con.execute("use copy")
        tables = con.execute(
            "select schema_name, table_name, sql from duckdb_tables()"
            " where database_name = 'warehouse' and starts_with(schema_name, 'raw_') order by all"
        ).fetchall()
        for schema, table, definition in tables:
            name = f"{identifier(schema)}.{identifier(table)}"
            con.execute(f"create schema if not exists copy.{identifier(schema)}")
            con.execute(definition)
            con.execute(f"insert into copy.{name} select * from warehouse.{name}")
        con.execute("checkpoint copy")  # detaching alone would hide a full disk


class _Hashing:
    """A file that is read through, and its size and checksum afterwards."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size, self.hash = file, 0, hashlib.sha256()

    def read(self, count: int = CHUNK) -> bytes:
        """Read on."""
        content = self.file.read(count)
        self.size += len(content)
        self.hash.update(content)
        return content

    @property
    def found(self) -> tuple[int, str]:
        """Size and checksum of what was read."""
        return self.size, self.hash.hexdigest()


def _write(path: Path, backup: Backup, sources: Iterator[tuple[str, Path]]) -> Backup:
    """Write the archive and make it durable; only its owner may read it."""
    files: dict[str, tuple[int, str]] = {}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
            for name, source in sources:
                with source.open("rb") as content:
                    hashing = _Hashing(content)
                    tar.addfile(tar.gettarinfo(arcname=name, fileobj=content), hashing)
                files[name] = hashing.found
            backup = replace(backup, files=files)
            content_list = json.dumps(asdict(backup), indent=1).encode()
            member = tarfile.TarInfo(CONTENTS)
            member.size = len(content_list)
            tar.addfile(member, BytesIO(content_list))
        file.flush()
        os.fsync(file.fileno())
    return backup


def _read(archive: Path, folder: Path | None) -> Backup:
    """Read every file, write it into the folder if there is one, and compare the checksums.

    Raises:
        ConfigError: the archive is not there, not whole, or of a newer version.
    """
    found: dict[str, tuple[int, str]] = {}
    contents = b""
    with _readable(archive), tarfile.open(archive, mode="r:gz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            if file is None or not _is_expected(member.name):
                raise _unusable(archive, f"it holds {member.name!r}, which is no part of a backup")
            if member.name == CONTENTS:
                contents = file.read()
                continue
            hashing = _Hashing(file)
            if folder is None:
                while hashing.read():
                    pass
            else:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as copy:
                    shutil.copyfileobj(hashing, copy, CHUNK)
            found[member.name] = hashing.found
        while tar.fileobj is not None and tar.fileobj.read(CHUNK):
            pass  # to the checksum at the end
    backup = _contents(archive, contents)
    expected = {name: (size, checksum) for name, (size, checksum) in backup.files.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise _unusable(archive, f"{name} is not what was written")
    return replace(backup, files=expected)


def _contents(archive: Path, text: bytes) -> Backup:
    try:
        content = json.loads(text)
        version = content["format"]
        if version > FORMAT:
            raise ConfigError(
                f"{archive} was written by a newer version of Sales Scorecard (format {version}, "
                f"known is {FORMAT}). Nothing was changed; install that version and restore again."
            )
        return Backup(**content)
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(archive, f"its end, {CONTENTS}, is missing or damaged") from error


def _is_expected(name: str) -> bool:
    """Whether a name may be in an archive: nothing is ever written outside the folder."""
    parts = name.split("/")
    known = parts[0] in ("policy", "files", "published") or name in (RAW, CONTENTS)
    return (known or name in {f"state/{one}" for one in MEMORY}) and not {"", ".", ".."} & {*parts}


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ConfigError(f"There is no file {archive}.") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _unusable(archive, str(error).rstrip(".") or type(error).__name__) from error


def _unusable(archive: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{archive} is no whole backup: {why}. Nothing was changed; copy it again from where it is "
        "kept, or restore an older one."
    )


def _refuse_to_overwrite(settings: Settings, archive: Path, backup: Backup) -> None:
    """Refuse if the company lives here: what a restore would replace is not in the archive."""
    for part, place in _places(settings).items():
        held = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
        for path in held:
            name = part if path == place else f"{part}/{path.relative_to(place).as_posix()}"
            known = backup.files.get(name)
            if known is None or known[1] != hash_file(path):
                raise ConfigError(
                    f"'{backup.company}' lives here: {path} is not what {archive.name} holds. "
                    "Nothing was changed. Back it up first if it matters, then restore with "
                    "--replace."
                )


def _incoming(place: Path) -> Path:
    return place.with_name(f".{place.name}.restored")


def _retired(place: Path) -> Path:
    return place.with_name(f".{place.name}.replaced")


def _finish_killed(place: Path) -> None:
    """Undo what a restore that was killed left at a place."""
    _remove(_incoming(place))
    if _retired(place).exists() and not place.exists():
        _retired(place).rename(place)
    _remove(_retired(place))


def _swap(parts: Mapping[Path, Path]) -> None:
    """Put each part in its place, or leave all as they were."""
    done: list[Path] = []
    try:
        for part, place in parts.items():  # policy may lie on another disk
            place.parent.mkdir(parents=True, exist_ok=True)
            if part.exists():
                shutil.move(part, _incoming(place))
        for place in parts.values():
            done.append(place)
            if place.exists():
                place.rename(_retired(place))
            if _incoming(place).exists():
                _incoming(place).rename(place)
    except OSError:
        for place in done:
            if not _incoming(place).exists():
                _remove(place)
            if _retired(place).exists():
                _retired(place).rename(place)
        raise
    finally:
        for place in parts.values():
            _remove(_incoming(place))
    for place in parts.values():
        _remove(_retired(place))


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _forget_state(settings: Settings) -> None:
    """Remove what a refresh knows of the warehouse of before; who holds the lock is still known."""
    for name in (f"{settings.warehouse_path.name}.wal", f"{settings.warehouse_path.name}.tmp"):
        _remove(settings.company_dir / name)
    for path in settings.state_dir.iterdir():
        if path.name not in (*MEMORY, "refresh.json") and path.suffix != ".lock":
            _remove(path)
