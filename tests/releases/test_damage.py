"""Each file that a publication and the steps before it leave may be damaged in any way.

The next publication heals it, or one message names the file and the remedy; what was said stays.
CI tries a sample that the seed chooses, `SCORECARD_TEST_DAMAGE=all` every file in every way.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.cli.releases import list_
from orchestration.core.errors import ScorecardError
from orchestration.core.machine import explain
from orchestration.core.settings import Settings
from orchestration.readers.alerts import _read_told
from orchestration.releases.release import current_release, open_tables
from orchestration.warehouse import run_state
from tests.releases.test_history import history
from tests.releases.test_succession import days_after, publish_as

SEED, SAMPLE = 20251, 30
DAYS = days_after(4)


def newer(content: bytes) -> bytes:
    """What a newer version of whoever wrote the file may write."""
    if content[8:12] == b"DUCK":
        return content[:12] + (9999).to_bytes(8, "little") + content[20:]
    return b'{"format": 99}' if content[:1] in (b"{", b"[", b'"') else b"\xff" + content


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "one byte less": lambda content: content[:-1],
    "emptied": lambda content: b"",
    "zeroed": lambda content: bytes(len(content)),
    "zeroed from the middle": lambda content: (
        content[: len(content) // 2] + bytes(len(content) - len(content) // 2)
    ),
    "garbage": lambda content: random.Random(SEED).randbytes(len(content)),
    "newer": newer,
}
OTHERS = ("missing", "a folder", "a dead link")


def damage(path: Path, how: str) -> None:
    content = b"" if path.is_symlink() else path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how == "a dead link":
        path.symlink_to("gone")
    elif how != "missing":
        path.write_bytes(DAMAGES[how](content))


def write_states(settings: Settings) -> None:
    """Write what the steps of a refresh leave for later ones."""
    run_state.write_checks(settings, "dbt", [])
    run_state.write_high_water_marks(settings, {"raw_files.reps": "2026-06-29"})
    run_state.write_source_states(settings, {"files": [["reps.csv", 1, 2]]})
    run_state.write_recipe(settings, "recipe")
    run_state.write_alerts(settings, "nothing new")
    told = {"ada": {"sent_on": "2026-06-29", "alerts": {}}}
    (settings.state_dir / "alerts.json").write_text(json.dumps(told), encoding="utf-8")


def use_all(settings: Settings) -> list[Exception]:
    """Read as the commands do, publish one more day, and read again; what failed."""
    failures = []
    used = (
        lambda: list_("demo"),
        lambda: read_current(settings),
        lambda: run_state.read_checks(settings),
        lambda: run_state.read_high_water_marks(settings),
        lambda: run_state.read_source_states(settings),
        lambda: run_state.read_recipe(settings),
        lambda: run_state.read_alerts(settings),
        lambda: _read_told(settings.state_dir / "alerts.json"),
        lambda: publish_as(settings, DAYS[3], 3),
    )
    for use in used:
        try:
            use()
        except Exception as error:
            failures.append(error)
    return failures


def read_current(settings: Settings) -> None:
    release = current_release(settings)
    assert release is not None
    with open_tables(release.database) as connection:
        connection.execute("from scorecard_history").fetchall()


def chosen_cases(settings: Settings) -> list[tuple[str, str]]:
    """Which file is damaged in which way."""
    files = sorted(
        path.relative_to(settings.company_dir).as_posix()
        for path in settings.company_dir.rglob("*")
        if path.is_symlink() or path.is_file()
    )
    cases = [(name, how) for name in files for how in (*DAMAGES, *OTHERS)]
    if os.environ.get("SCORECARD_TEST_DAMAGE") == "all":
        return cases
    return random.Random(SEED).sample(cases, SAMPLE)


def fault_of(settings: Settings, name: str, failures: list[Exception]) -> str:
    """What is wrong with how the damage ended, if something is."""
    path = settings.company_dir / name
    for error in failures:
        known = explain(error, settings)
        if not isinstance(known, ScorecardError):
            return f"{type(error).__name__}: {error}"
        if not any(str(one) in str(known) for one in (path, path.parent, path.parent.parent)):
            return f"names no file: {known}"
        if "un `scorecard" not in str(known) and "elete it" not in str(known):
            return f"names no remedy: {known}"
    try:
        release = current_release(settings)
        said = history(release) if release else []
    except (ScorecardError, duckdb.Error):
        said = list(zip(DAYS, range(4), strict=True)) if failures else []
    if not set(zip(DAYS[:3], range(3), strict=True)) <= set(said):
        return f"only {said} is left of what was said"
    return ""


def test_whatever_is_damaged_heals_or_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, day in enumerate(DAYS[:3]):
        publish_as(settings, day, number)
    write_states(settings)
    faults, healed = [], 0
    cases = chosen_cases(settings)
    for number, (name, how) in enumerate(cases):
        other = replace(settings, data_dir=tmp_path / f"case-{number}")
        shutil.copytree(settings.data_dir, other.data_dir, symlinks=True)
        monkeypatch.setenv("SCORECARD_DATA_DIR", str(other.data_dir))
        damage(other.company_dir / name, how)
        failures = use_all(other)
        healed += not failures
        if fault := fault_of(other, name, failures):
            faults.append(f"{name}, {how}: {fault}")
        shutil.rmtree(other.data_dir)
    print(f"{len(cases)} damages: {healed} healed, {len(cases) - healed - len(faults)} said")
    assert not faults, "\n".join(faults)
