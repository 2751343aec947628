"""Each check of HubSpot's raw tables: clean data passes, one planted defect fails."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from orchestration.core.settings import Settings
from orchestration.quality.runner import expectation_names, run_suite
from orchestration.sources.hubspot.load import create_tables
from orchestration.sources.hubspot.objects import TABLES
from tests.quality.conftest import AS_OF

# ten weeks of four calls, meetings and deals on each day
RECORDS = "; ".join(
    f"insert into raw_hubspot.{table} by name select"
    f" '{table}' || row_number() over () as id, strftime(day, '%Y-%m-%dT10:00:00.000Z')"
    f" as {created}, {created} as hs_lastmodifieddate, 'false' as _is_deleted"
    " from range(timestamp '2026-04-18', timestamp '2026-06-27', interval 1 day) as days (day)"
    " cross join range(4) as copies (number)"
    for table, created in (
        ("call", "hs_timestamp"),
        ("meeting", "hs_timestamp"),
        ("deal", "createdate"),
    )
)
DEFECTS = {
    "gx_rows_match_loader_hubspot_call": (
        "insert into raw_hubspot.call from raw_hubspot.call limit 1"
    ),
    "gx_deleted_share_hubspot_meeting": (
        "update raw_hubspot.meeting set _is_deleted = 'true' where hs_timestamp < '2026-06-01'"
    ),
    "gx_freshness_hubspot_deal": (
        "update raw_hubspot.deal set hs_lastmodifieddate = '2026-06-01T10:00:00.000Z'"
    ),
    "gx_volume_hubspot_call": (
        "update raw_hubspot.call set hs_timestamp = '2026-06-01T10:00:00.000Z'"
        " where hs_timestamp > '2026-06-20T11'"
    ),
    "gx_columns_hubspot_call": (
        "insert into raw_hubspot._field_changes"
        " values ('call', 'hs_call_direction', 'vanished', '2026-06-27 07:30:00')"
    ),
}


@pytest.fixture
def both(settings: Settings) -> Settings:
    """The small warehouse with HubSpot beside the files."""
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        create_tables(connection)
        connection.execute(RECORDS)
        for table, _ in TABLES:
            connection.execute(
                "insert into raw_hubspot._loads select ?, timestamp '2026-06-27 07:30:00',"
                f" 0, 0, count(*) from raw_hubspot.{table}",
                [table],
            )
    return replace(settings, sources=("files", "hubspot"))


def test_every_check_passes_on_clean_data(both: Settings) -> None:
    results = run_suite(both, "raw", AS_OF)
    assert [result.check_name for result in results if not result.passed] == []
    assert [result.check_name for result in results] == [
        spec.check_name for spec in expectation_names("raw", both.sources)
    ]
    observed = {result.check_name: result.observed_value for result in results}
    assert observed["gx_volume_hubspot_call"] == "calls created in seven days: 28"
    assert observed["gx_freshness_hubspot_meeting"].endswith(
        "on 2026-06-26, 0 working days before the as-of date"
    )
    assert observed["gx_columns_hubspot_email"] == "the same fields as before"


@pytest.mark.parametrize("name", DEFECTS)
def test_a_check_fails_on_its_defect(both: Settings, name: str) -> None:
    with duckdb.connect(str(both.warehouse_path)) as connection:
        connection.execute(DEFECTS[name])
    found = {result.check_name: result for result in run_suite(both, "raw", AS_OF)}
    assert not found[name].passed
    assert found[name].observed_value


def test_a_source_that_is_not_enabled_has_no_checks() -> None:
    assert not [spec for spec in expectation_names("raw") if "hubspot" in spec.check_name]
