"""What the machine refuses is told by disk and folder, whoever noticed it."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration.core import machine
from orchestration.core.errors import (
    ConfigError,
    DamagedFile,
    InputError,
    MachineError,
    PublishError,
)
from orchestration.core.files import replace_file
from orchestration.core.machine import explain, explained, format_size, machine_error
from orchestration.core.settings import Settings


@pytest.fixture
def company(settings: Settings) -> Settings:
    settings.company_dir.mkdir(parents=True)
    return settings


def os_error(number: int, path: Path | None = None) -> OSError:
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full; "),
        (errno.EDQUOT, "the quota of the user "),
        (errno.EFBIG, "may not grow any further"),
        (errno.EROFS, "can only be read"),
        (errno.EACCES, "has no right to it"),
        (errno.EPERM, "has no right to it"),
        (errno.ENOMEM, "The memory is not enough"),
        (errno.EMFILE, "No more files may be opened"),
    ],
)
def test_each_refusal_has_a_remedy_and_names_the_place(
    company: Settings, number: int, words: str
) -> None:
    path = company.published_dir / "releases" / "x.duckdb"  # none of these folders is there yet
    message = str(machine_error(os_error(number, path), company))
    assert words in message
    assert "What was published stays." in message
    assert os.strerror(number) in message
    if number != errno.EMFILE:
        assert str(company.company_dir) in message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (duckdb.IOException('Could not write "{}/w.duckdb": No space left on device'),
         "is full"),
        (duckdb.TransactionException('Failed to commit: "{}/w.duckdb": Disk quota exceeded'),
         "quota"),
        (duckdb.IOException('Cannot open file "{}/w.duckdb": Read-only file system'),
         "can only be read"),
        (duckdb.IOException('Cannot open file "{}/w.duckdb": Permission denied'), "no right to it"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data"),
         "The memory is not enough"),
        (duckdb.OutOfMemoryException("failed to offload data block. This limit was set by the"
                                     " 'max_temp_directory_size' setting."), "is full"),
        (sqlite3.OperationalError("database or disk is full"), "is full"),
        (pa.ArrowMemoryError("malloc of size 1 failed"), "The memory is not enough"),
        (MemoryError(), "The memory is not enough"),
        ("Runtime Error in model x: IO Error: '{}/x': No space left on device", "is full"),
    ],
)  # fmt: skip
def test_libraries_say_it_in_words(company: Settings, error: Exception | str, words: str) -> None:
    if isinstance(error, str):
        error = error.format(company.company_dir)
    else:
        error = type(error)(str(error).format(company.company_dir))
    message = str(machine_error(error, company))
    assert words in message
    assert str(company.company_dir) in message


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('No files found that match the pattern "a.csv"'),
        duckdb.IOException('Could not set lock on file "w.duckdb": Conflicting lock is held'),
        os_error(errno.ENOENT),
        os_error(errno.ECONNREFUSED),
        ValueError("No space left on device"),  # a cell of a file may say so
        # of a server, whose disk is not this one
        InputError("Database postgresql: could not extend file: No space left on device"),
    ],
)
def test_other_errors_are_left_alone(company: Settings, error: Exception) -> None:
    assert machine_error(error, company) is None


def test_it_is_found_inside_what_others_made_of_it(company: Settings) -> None:
    try:
        try:
            raise os_error(errno.ENOSPC, company.company_dir)
        except OSError as error:
            raise InputError("a.csv: cannot be read. Correct that line.") from error
    except InputError as error:
        found = explain(error, company)
    assert isinstance(found, MachineError)
    assert "Correct that line" not in str(found)
    with pytest.raises(MachineError, match="is full"), explained(company):
        raise os_error(errno.ENOSPC, company.company_dir)


def test_an_error_of_ours_is_found_inside_that_of_a_library(company: Settings) -> None:
    ours, theirs = InputError("reps.csv line 3"), RuntimeError("step failed")
    theirs.__cause__ = ours
    assert explain(theirs, company) is ours
    assert explain(RuntimeError("other"), company) is None
    theirs.__cause__ = theirs  # libraries chain errors into circles
    assert explain(theirs, company) is None
    with pytest.raises(PublishError), explained(company):
        raise PublishError("rows were lost")


def test_a_mistake_in_a_setting_is_said_as_it_stands(company: Settings) -> None:
    error = ConfigError("SCORECARD_SALESFORCE_KEY: the file cannot be read.")
    error.__cause__ = os_error(errno.EACCES)
    assert explain(error, company) is error


def test_free_space_is_said(company: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        machine.shutil,
        "disk_usage",
        lambda folder: type("Usage", (), {"free": 12_300, "total": 10_000_000_000}),
    )
    message = str(machine_error(os_error(errno.ENOSPC, company.company_dir), company))
    assert "12 KB of 10 GB are free" in message


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_500, "1.5 KB"),
        (12_300_000, "12 MB"),
        (3e12, "3.0 TB"),
    ],
)
def test_sizes_are_written_for_people(count: float, text: str) -> None:
    assert format_size(count) == text


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "goals.csv"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)

    def fail(*_: object) -> None:
        raise os_error(errno.ENOSPC)

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, fail)
            with pytest.raises(OSError, match="No space"):
                replace_file(path, "new")
        assert path.read_text(encoding="utf-8") == "old"
        assert list(tmp_path.iterdir()) == [path]
    replace_file(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_damaged_warehouse_is_named_with_its_remedy(company: Settings) -> None:
    for text in (
        'IO Error: The file "{}" exists, but it is not a valid DuckDB database file!',
        "IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2",
        "Runtime Error in model x: Serialization Error: Failed to deserialize: no field 7",
    ):
        known = machine_error(text.format(company.warehouse_path), company)
        assert isinstance(known, DamagedFile)
        assert str(known).startswith(f"{company.warehouse_path} is damaged (")
        assert "Delete it, then run `scorecard refresh --full`" in str(known)
