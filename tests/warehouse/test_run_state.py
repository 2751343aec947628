from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.core.errors import CheckFailed
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.warehouse.run_state import (
    forget_checks,
    raise_for_failed_checks,
    read_checks,
    read_high_water_marks,
    write_checks,
    write_high_water_marks,
)

CHECK = CheckResult(
    check_name="gx_volume",
    layer="raw",
    table_name="activities",
    column_name=None,
    passed=False,
    severity="error",
    observed_value="3 rows",
    expected="at least 100 rows",
    failed_rows=None,
    description="As many as on other Mondays.",
)


def test_checks_of_all_layers_are_read_back_in_order(settings: Settings) -> None:
    assert read_checks(settings) == []
    marts = replace(CHECK, layer="marts", check_name="gx_sum")
    write_checks(settings, "marts", [marts])
    write_checks(settings, "raw", [CHECK, CHECK])
    write_checks(settings, "raw", [CHECK])
    assert read_checks(settings) == [CHECK, marts]
    forget_checks(settings)
    assert read_checks(settings) == []


def test_high_water_marks_are_read_back(settings: Settings) -> None:
    assert read_high_water_marks(settings) == {}
    marks = {"raw_files.activities": "2026-06-29T10:00:00Z", "raw_files.goals": None}
    write_high_water_marks(settings, marks)
    assert read_high_water_marks(settings) == marks


def test_only_failed_errors_stop_a_refresh() -> None:
    raise_for_failed_checks([replace(CHECK, passed=True), replace(CHECK, severity="warn")])
    message = "activities: gx_volume: 3 rows, expected at least 100 rows. As many as on other Mon"
    with pytest.raises(CheckFailed, match=message):
        raise_for_failed_checks([CHECK])
