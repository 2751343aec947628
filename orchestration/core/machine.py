"""Map errors of the machine (space, rights, memory) to ours, naming disk and folder.

Python, DuckDB, Arrow, SQLite and dbt each report a full disk in their own way, and whoever
was reading a file then takes it for a fault of that file. Errors of the machine become ours here
and nowhere else.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.core.errors import ConfigError, DamagedFile, MachineError, ScorecardError
from orchestration.core.settings import Settings

# libraries that report what the machine refused as text only
_LIBRARIES = ("_duckdb", "duckdb", "sqlite3", "dbt", "pyarrow")
_PATH = re.compile(r"""["'](/[^"'\\]+)""")
_NUMBERS = {
    errno.ENOSPC: "space",
    errno.EDQUOT: "quota",
    errno.EFBIG: "size",
    errno.EROFS: "read-only",
    errno.EACCES: "rights",
    errno.EPERM: "rights",
    errno.ENOMEM: "memory",
    errno.EMFILE: "files",
    errno.ENFILE: "files",
}
_WORDS = {
    "no space left on device": "space",
    "max_temp_directory_size": "space",  # DuckDB's limit is what was free on the disk
    "database or disk is full": "space",
    "disk quota exceeded": "quota",
    "file too large": "size",
    "read-only file system": "read-only",
    "attempt to write a readonly database": "read-only",
    "permission denied": "rights",
    "operation not permitted": "rights",
    "cannot allocate memory": "memory",
    "out of memory": "memory",
    "too many open files": "files",
    # of DuckDB's files
    "corrupt database file": "damage",
    "not a valid duckdb database file": "damage",
    "database file with version number": "damage",
    "failure while replaying wal": "damage",
    "could not read enough bytes": "damage",
    "failed to deserialize": "damage",
    "error loading database": "damage",
}


def machine_error(
    error: BaseException | str, settings: Settings
) -> MachineError | DamagedFile | None:
    """What the machine refused or lost, if the error says so; its causes are not looked at.

    Args:
        error: an exception, or what a library said of one.
        settings: whose folders are meant where the error names none.
    """
    text = str(error)
    kind = _kind(error, text)
    if kind is None:
        return None
    named = getattr(error, "filename", None) or next(iter(_PATH.findall(text)), None)
    unnamed = settings.warehouse_path if kind == "damage" else settings.company_dir
    path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else unnamed
    if not path.is_absolute():
        path = Path.cwd() / path
    reason = next((line.strip() for line in text.splitlines() if line.strip()), kind)
    if kind == "damage":
        return DamagedFile(path, reason, _remedy_of_damage(path, settings))
    return MachineError(f"{_remedy(kind, path, settings)} What was published stays. ({reason})")


def explain(error: BaseException | None, settings: Settings) -> ScorecardError | None:
    """The error to show: what the machine refused, or else the error of ours that was raised.

    Both may be wrapped into errors of libraries. A mistake in a setting is said as it stands.
    """
    ours: ScorecardError | None = None
    seen: set[int] = set()  # libraries raise errors again, and so chain them into circles
    while error is not None and id(error) not in seen:
        if isinstance(error, MachineError | DamagedFile):
            return error
        if isinstance(error, ConfigError):
            return ours or error
        if isinstance(error, ScorecardError):
            ours = ours or error
        elif refused := machine_error(error, settings):
            return refused
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return ours


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Raise what the machine refused during the block as an error of ours.

    Raises:
        MachineError: names disk and folder, and what to do.
    """
    try:
        yield
    except Exception as error:
        known = explain(error, settings)
        if isinstance(known, MachineError | DamagedFile) and known is not error:
            raise known from error
        raise


def _kind(error: BaseException | str, text: str) -> str | None:
    if isinstance(error, OSError):
        return _NUMBERS.get(error.errno or 0) or _said(text)
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, str) or type(error).__module__.split(".")[0] in _LIBRARIES:
        return _said(text)
    return None


def _said(text: str) -> str | None:
    lower = text.lower()
    return next((kind for words, kind in _WORDS.items() if words in lower), None)


def _remedy_of_damage(path: Path, settings: Settings) -> str:
    if path == settings.warehouse_path:
        return (
            "Delete it, then run `scorecard refresh --full`, which reads everything anew. What a "
            "CRM has purged since is in your last backup alone (docs/backup.md)."
        )
    return "Restore it from a backup, or delete it and run `scorecard refresh`."


def _remedy(kind: str, path: Path, settings: Settings) -> str:
    folder = _existing(path)
    disk = _disk(folder)
    is_data = path.is_relative_to(settings.data_dir)
    elsewhere = ", or set SCORECARD_DATA_DIR to a folder on another disk" if is_data else ""
    again = "then run the command again."
    if kind == "memory":
        spill = _existing(settings.company_dir)
        return (
            f"The memory is not enough. DuckDB may take {settings.memory} of it (SCORECARD_MEMORY) "
            f"and puts what does not fit into {spill} ({_free(spill)}). End other programs, or set "
            f"SCORECARD_MEMORY to what is really there, {again}"
        )
    if kind == "files":
        return f"No more files may be opened. Raise the limit (`ulimit -n 4096`), {again}"
    if kind == "rights":
        return (
            f"{path}: the user {_user()} has no right to it. Give the user the right to read and "
            f"write there, {again}"
        )
    if kind == "read-only":
        return (
            f"{path}: the disk {disk} can only be read. Mount it so that it can be written"
            f"{elsewhere}, {again}"
        )
    reason = {
        "space": f"the disk {disk} is full",
        "quota": f"the quota of the user {_user()} on the disk {disk} is used up",
        "size": f"a file on the disk {disk} may not grow any further (see `ulimit -f`)",
    }[kind]
    return f"{folder}: {reason}; {_free(folder)}. Free some space there{elsewhere}, {again}"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # of a container
        return f"number {os.geteuid()}"


def _existing(path: Path) -> Path:
    """The path, if it is a folder, or the first folder above it that is there."""
    return next((one for one in (path, *path.parents) if os.path.isdir(one)), Path("/"))


def _disk(folder: Path) -> Path:
    """Where the disk of a folder is mounted."""
    return next((one for one in (folder, *folder.parents) if os.path.ismount(one)), Path("/"))


def _free(folder: Path) -> str:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return "how much is free cannot be seen"
    return f"{format_size(usage.free)} of {format_size(usage.total)} are free"


def format_size(count: float) -> str:
    """A number of bytes for people: 1.5 GB."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return (
                f"{count:.0f} {unit}" if unit == "bytes" or count >= 10 else f"{count:.1f} {unit}"
            )
        count /= 1000
    return f"{count:.1f} TB"
