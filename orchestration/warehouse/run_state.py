"""State that one step of a refresh leaves for a later one: check results, high-water marks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from orchestration.core.errors import CheckFailed
from orchestration.core.files import replace_file
from orchestration.core.results import CheckResult, Layer
from orchestration.core.settings import Settings
from orchestration.core.state_files import read_cache, read_state

LAYERS: tuple[Layer, ...] = get_args(Layer)


def write_checks(settings: Settings, layer: Layer, checks: Sequence[CheckResult]) -> None:
    """Replace the check results of a layer."""
    _write(settings, f"checks_{layer}", [asdict(check) for check in checks])


def read_checks(settings: Settings) -> list[CheckResult]:
    """Return the latest results of the checks of all layers.

    Raises:
        DamagedFile: what they found was changed since.
    """
    return [
        check
        for layer in LAYERS
        for check in read_state(
            _path(settings, f"checks_{layer}"),
            lambda content: [CheckResult(**check) for check in content],
            remedy="Run `scorecard refresh`: it checks again.",
        )
        or []
    ]


def raise_for_failed_checks(checks: Sequence[CheckResult]) -> None:
    """Raise if checks failed that stop a refresh, with the finding of each.

    Raises:
        CheckFailed: names the checks; nothing is published.
    """
    failed = [check for check in checks if check.stops_the_run]
    if failed:
        found = "\n".join(
            f"- {check.table_name}: {check.check_name}: {check.observed_value or 'failed'}, "
            f"expected {check.expected}. {check.description}"
            for check in failed
        )
        raise CheckFailed(f"{len(failed)} check(s) failed; nothing was published.\n{found}")


def forget_checks(settings: Settings) -> None:
    """Forget all results: a refresh must not publish those of an earlier one."""
    for layer in LAYERS:
        _path(settings, f"checks_{layer}").unlink(missing_ok=True)


def write_high_water_marks(settings: Settings, marks: Mapping[str, str | None]) -> None:
    """Replace the high-water marks of the sources."""
    _write(settings, "high_water_marks", dict(marks))


def read_high_water_marks(settings: Settings) -> dict[str, str | None]:
    """The high-water mark of each raw table when it was last loaded."""
    return read_cache(_path(settings, "high_water_marks"), dict[str, str | None]) or {}


def write_source_states(settings: Settings, states: Mapping[str, Any]) -> None:
    """Save the state of the sources just before they were read."""
    _write(settings, "source_states", dict(states))


def read_source_states(settings: Settings) -> dict[str, Any]:
    """Return the state of each source just before it was read."""
    return read_cache(_path(settings, "source_states"), dict[str, Any]) or {}


def write_alerts(settings: Settings, outcome: str) -> None:
    """Save the outcome of the alerts as text."""
    _write(settings, "alerts_outcome", outcome)


def read_alerts(settings: Settings) -> str:
    """Return the outcome of the alerts of the last refresh that had any."""
    return read_cache(_path(settings, "alerts_outcome"), str) or ""


def write_recipe(settings: Settings, recipe: str) -> None:
    """Save the recipe of the incremental models."""
    _write(settings, "recipe", recipe)


def read_recipe(settings: Settings) -> str | None:
    """Return the recipe of the incremental models, None before the first build."""
    return read_cache(_path(settings, "recipe"), str)


def _path(settings: Settings, name: str) -> Path:
    return settings.state_dir / f"{name}.json"


def _write(settings: Settings, name: str, content: object) -> None:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    replace_file(_path(settings, name), json.dumps(content, indent=1))
