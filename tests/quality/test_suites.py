"""Each check passes on clean data and fails on one planted defect."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from orchestration.core.errors import CheckFailed, ConfigError, ScorecardError
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.policy.declared import thresholds
from orchestration.quality import checks
from orchestration.quality.checks import SuiteName
from orchestration.quality.runner import expectation_names, run_suite, tables_of_marts_checks
from orchestration.sources.canonical import TABLES
from tests.quality.conftest import AS_OF, create_warehouse, write_calendar, write_company_settings

# what Great Expectations 1.24 imports, and how it is told the schema of a table
pytestmark = [
    pytest.mark.filterwarnings("ignore:module 'sre_(constants|parse)':DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`schema_name` is deprecated:DeprecationWarning"),
]

Plant = Callable[[str], None]

RAW_DEFECTS = {
    "gx_row_count_reps": "delete from raw_files.reps",
    "gx_values_not_null_reps_rep_id": "update raw_files.reps set rep_id = null where rep_id = 'r1'",
    "gx_values_not_null_activities_activity_type": (
        "update raw_files.activities set activity_type = null where activity_id = 'a0406_1'"
    ),
    "gx_values_not_null_activities_occurred_at": (
        "update raw_files.activities set occurred_at = null where activity_id = 'a0406_1'"
    ),
    "gx_values_not_null_opportunities_opportunity_id": (
        "update raw_files.opportunities set opportunity_id = null where opportunity_id = 'o1'"
    ),
    # 7 of the usual 25 are left: 28 %
    "gx_volume_activities": (
        "delete from raw_files.activities"
        " where activity_id like 'a0626_%' and activity_id not like 'a0626___'"
        " or activity_id between 'a0626_10' and 'a0626_17'"
    ),
    # from Friday 19 June to Friday 26 June there are five working days
    "gx_freshness_activities": "delete from raw_files.activities where occurred_at >= '2026-06-20'",
    # from Wednesday 13 May there are 32, without Memorial Day 31
    "gx_freshness_opportunities": (
        "update raw_files.opportunities set is_closed = 'false',"
        " created_at = '2026-05-13T12:00:00Z'"
    ),
    "gx_unassigned_share_activities": (
        "update raw_files.activities set rep_id = ' ' where activity_id not like '%_1'"
    ),
    "gx_unassigned_share_opportunities": (
        "update raw_files.opportunities set rep_id = null where rep_id = 'r1' or amount > '1020'"
    ),
    "gx_plausible_duration_seconds": (
        "update raw_files.activities set duration_seconds = duration_seconds || '000'"
        " where duration_seconds = '180'"
    ),
    "gx_not_negative_amount": (
        "update raw_files.opportunities set amount = '-5' where opportunity_id = 'o1'"
    ),
    "gx_plausible_maximum_amount": (
        "update raw_files.opportunities set amount = '99000000' where opportunity_id = 'o1'"
    ),
    "gx_deleted_share_reps": (
        "insert into raw_files.reps by name select 'x' || i as rep_id, 'true' as _is_deleted"
        " from range(20) as numbers(i)"
    ),
    "gx_deleted_share_activities": (
        "update raw_files.activities set _is_deleted = 'true' where occurred_at < '2026-05-01'"
    ),
    "gx_deleted_share_opportunities": (
        "update raw_files.opportunities set _is_deleted = 'true' where amount < '1015'"
    ),
    **{
        f"gx_rows_match_loader_{table.name}": (
            "update raw_files._loads set rows_in_file = rows_in_file + 1"
            f" where table_name = '{table.name}'"
        )
        for table in TABLES
    },
}
MARTS_DEFECTS = {
    **{
        f"gx_row_count_{table}": f"delete from marts.{table}"
        for table in (
            "dim_dates",
            "dim_reps",
            "dim_metrics",
            "dim_performance_levels",
            "dim_seasonal_adjustments",
            "scorecard_rep_metrics",
            "scorecard_reps",
            "scorecard_teams",
            "dim_goals",
            "fct_goals_daily",
            "fct_leading_metrics_daily",
            "fct_lagging_metrics_daily",
        )
    },
    **{
        f"gx_as_of_date_{table}": (
            f"update marts.{table} set as_of_date = date '2026-06-25'"
            f" where rowid = (select min(rowid) from marts.{table})"
        )
        for table in ("scorecard_rep_metrics", "scorecard_reps", "scorecard_teams")
    },
    "gx_values_between_seasonal_index": (
        "update marts.dim_seasonal_adjustments set seasonal_index = 6 where metric_id = 'dials'"
    ),
    "gx_staged_rows_match_raw": (
        "create or replace view staging.stg_files__activities as"
        " select *, false as is_deleted from raw_files.activities where rep_id is not null"
    ),
    "gx_events_reconcile_with_raw": (
        "update marts.fct_leading_metrics_daily set value = value - 1"
        " where metric_id = 'dials' and rep_id = 'r1' and date_day = '2026-04-06'"
    ),
    "gx_records_accounted_for": (
        "update marts.record_accounting set counted_count = 3 where event_type = 'deal_won'"
    ),
    "gx_organisation_equals_sum_of_reps": (
        "update marts.scorecard_teams set actual = actual - unassigned_actual"
        " where metric_id = 'dials' and period_type = 'month'"
    ),
    "gx_unassigned_reconciles": (
        "update marts.scorecard_teams set unassigned_actual = 0"
        " where metric_id = 'dials' and period_type = 'month'"
    ),
    "gx_actuals_reconcile_with_facts": (
        "update marts.scorecard_rep_metrics set numerator = numerator + 1"
        " where metric_id = 'talk_rate' and rep_id = 'r2'"
    ),
    "gx_organisation_value_reconciles": (
        "update marts.scorecard_benchmarks set organisation_value = organisation_value * 1.01"
        " where metric_id = 'dials' and rep_id = 'r1' and period_type = 'month'"
    ),
    "gx_peer_median_within_peers": (
        "update marts.scorecard_benchmarks set peer_median = 10 * peer_median"
        " where metric_id = 'talk_rate' and rep_id = 'r1' and period_type = 'month'"
    ),
    "gx_goals_conserved": (
        "update marts.fct_goals_daily set full_goal = full_goal * 1.01"
        " where rep_id = 'r1' and date_day = '2026-06-01'"
    ),
    "gx_contributions_sum_to_the_gap": (
        "update marts.scorecard_diagnosis set contribution = contribution + 0.5"
        " where rep_id = 'r1' and is_main_cause"
    ),
    "gx_sheets_reconcile_with_scorecards": (
        "update marts.scorecard_one_on_one_metrics set actual = actual + 1"
        " where rep_id = 'r1' and metric_id = 'dials'"
    ),
    "gx_history_says_each_day_once": (
        "insert into raw_published.scorecard_history by name"
        " select * replace ('again' as release_id) from raw_published.scorecard_history limit 1"
    ),
    "gx_restatements_reconcile_with_facts": (
        "update marts.scorecard_restatements set restated_actual = restated_actual + 0.01"
        " where rep_id = 'r1' and metric_id = 'talk_rate'"
    ),
    "gx_plausible_median_attainment": (
        "update marts.scorecard_rep_metrics set attainment = attainment * 60"
    ),
    "gx_values_between_conversion_probability": (
        "update marts.lead_scores set conversion_probability = 1 where lead_id = 'l1'"
    ),
    "gx_every_lead_scored_once": "delete from marts.lead_scores where lead_id = 'l1'",
    "gx_lead_score_calibrated": "update marts.lead_score_calibration set mean_predicted = 0.3",
    "gx_projections_in_order": (
        "update marts.scorecard_rep_metrics set projection_low = 31 where rep_id = 'r1'"
    ),
    "gx_projections_hold": (
        "update marts.projection_calibration set coverage_ratio = 0.6, coverage_high = 0.65"
    ),
    "gx_employed_reps_have_a_scorecard": "delete from marts.scorecard_reps where rep_id = 'r2'",
    "gx_goals_are_reached_by_some": "update marts.goal_quality set verdict = 'everybody'",
    "gx_reps_of_records_are_known": (
        "update raw_files.opportunities set rep_id = 'r9' where opportunity_id = 'o1'"
    ),
    "gx_accounts_of_records_are_known": (
        "update raw_files.leads set account_id = 'acne' where lead_id = 'l1'"
    ),
    "gx_reps_have_records": (
        "insert into raw_files.reps by name"
        " select 'r3' as rep_id, 'SDR' as role, 'false' as _is_deleted"
    ),
    "gx_deals_close_after_they_open": (
        "update raw_files.opportunities set close_date = '2026-05-01' where opportunity_id = 'o1'"
    ),
    "gx_records_are_not_in_the_future": (
        "update raw_files.activities set occurred_at = '2027' || substr(occurred_at, 5)"
        " where activity_id like '%_1'"
    ),
    "gx_stages_follow_each_other": (
        "update raw_files.opportunity_stage_changes set from_stage = 'Trial'"
        " where from_stage = 'Demo'"
    ),
    # what the policy says and records do not know; policy and records agree otherwise
    "gx_goals_are_for_somebody": "update raw_files.reps set end_date = '2025-12-31'",
    "gx_event_rules_match_records": (
        "update raw_files.activities set outcome = 'Reached' where outcome = 'connected'"
    ),
    "gx_records_match_event_rules": (
        "update raw_files.activities set activity_type = 'Ring' where activity_id like '%_3'"
    ),
    "gx_roles_have_a_scorecard": "update raw_files.reps set role = 'sdr' where rep_id = 'r1'",
    "gx_scorecard_metrics_have_a_goal": "update raw_files.reps set role = '' where rep_id = 'r2'",
    "gx_currencies_have_a_rate": (
        "update raw_files.opportunities set currency = 'EUR' where opportunity_id = 'o1'"
    ),
}
DEFECTS = [
    *(("raw", name, sql) for name, sql in RAW_DEFECTS.items()),
    *(("marts", name, sql) for name, sql in MARTS_DEFECTS.items()),
]


def by_name(results: list[CheckResult]) -> dict[str, CheckResult]:
    return {result.check_name: result for result in results}


@pytest.mark.parametrize("suite", ["raw", "marts"])
def test_every_check_passes_on_clean_data(settings: Settings, suite: SuiteName) -> None:
    results = run_suite(settings, suite, AS_OF)

    assert [result.check_name for result in results if not result.passed] == []
    assert [result.check_name for result in results] == [
        spec.check_name for spec in expectation_names(suite)
    ]


@pytest.mark.parametrize(("suite", "name", "sql"), DEFECTS, ids=[name for _, name, _ in DEFECTS])
def test_a_check_fails_on_its_defect(
    settings: Settings, plant: Plant, suite: SuiteName, name: str, sql: str
) -> None:
    plant(sql)

    result = by_name(run_suite(settings, suite, AS_OF))[name]

    assert not result.passed
    assert result.observed_value
    assert result.failed_rows is None or result.failed_rows > 0


@pytest.mark.parametrize("suite", ["raw", "marts"])
def test_every_declared_check_has_a_defect(suite: SuiteName) -> None:
    planted = {name for of_suite, name, _ in DEFECTS if of_suite == suite}

    declared = [spec.check_name for spec in expectation_names(suite)]

    assert len(declared) == len(set(declared))
    assert set(declared) == planted


def test_a_company_without_anybody_on_a_scorecard_publishes(
    settings: Settings, plant: Plant
) -> None:
    plant("update marts.dim_reps set role = 'Founder'; update raw_files.reps set role = 'Founder'")
    for table in ("rep_metrics", "reps", "teams", "benchmarks", "one_on_one_metrics", "diagnosis"):
        plant(f"delete from marts.scorecard_{table}")

    found = by_name(run_suite(settings, "marts", AS_OF))

    assert [one.check_name for one in found.values() if one.stops_the_run] == []
    assert found["gx_row_count_scorecard_reps"].observed_value == "nobody is on a scorecard"
    assert "role 'Founder' has no scorecard: 2 reps" in str(
        found["gx_roles_have_a_scorecard"].observed_value
    )


def test_checks_are_declared_without_importing_great_expectations() -> None:
    code = (
        "import sys; from orchestration.quality.runner import expectation_names;"
        "assert expectation_names('raw') and expectation_names('marts');"
        "sys.exit('great_expectations' in sys.modules or 'sqlalchemy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("suite", ["raw", "marts"])
def test_declarations_are_complete(suite: SuiteName) -> None:
    for spec in expectation_names(suite):
        assert spec.check_name.startswith("gx_")
        assert spec.layer == suite
        assert spec.description.endswith(".")
        assert spec.blocking == (spec.severity == "error")
        assert spec.asset_key == ("raw_files" if suite == "raw" else "marts", spec.table_name)


def test_each_threshold_relaxes_a_check_that_names_it() -> None:
    named = set()
    for suite in ("raw", "marts", "policy", "crm"):
        for name in checks.query_names(suite):
            header, sql = checks.read_query(f"{suite}/{name}")
            settings = set(filter(None, header.get("settings", "").split(", ")))
            assert all(
                f"{{{{ {setting} }}}}" in sql for setting in settings - {"max_duration_seconds"}
            )
            named |= settings
    for suite in get_args(SuiteName):
        for declaration in checks.read_suite(suite)["expectations"].values():
            named |= set(filter(None, declaration.get("settings", "").split(", ")))

    assert named | {"min_rows_for_ratios"} == set(thresholds())


def test_a_header_with_an_unknown_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "read_sql", lambda *_: "-- why: because\n\nselect 1")

    with pytest.raises(ValueError, match=r"raw/unknown.sql: the header has no key 'why'"):
        checks.read_query("raw/unknown")


def test_a_query_that_duckdb_cannot_take_apart_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would count as one that reads no table, and engines would not bring what it reads."""
    suite = checks.declared_suite("marts")
    pivot = checks.Query("pivot marts.dim_reps on team using count(*)", {})
    broken = replace(suite, checks=(replace(suite.checks[0], query=pivot),))
    monkeypatch.setattr(checks, "declared_suite", lambda *_: broken)

    name = suite.checks[0].spec.check_name
    with pytest.raises(ScorecardError, match=rf"{name}: which tables .*Only SELECT"):
        tables_of_marts_checks(settings, AS_OF)


def test_the_tables_that_the_suite_of_the_marts_reads(settings: Settings) -> None:
    found = tables_of_marts_checks(replace(settings, sources=("files", "hubspot")), AS_OF)

    assert ("marts", "dim_goals") in found
    assert ("config", "event_rules") in found
    assert ("staging", "stg_files__reps") in found
    assert ("intermediate", "int_hubspot__leads") in found
    assert {schema for schema, _ in found} == {"config", "intermediate", "marts", "staging"}


def test_a_source_without_activities_says_so(settings: Settings) -> None:
    settings.warehouse_path.unlink()
    create_warehouse(settings.warehouse_path, activities=False)

    found = by_name([*run_suite(settings, "raw", AS_OF), *run_suite(settings, "marts", AS_OF)])

    failed = {name: result for name, result in found.items() if not result.passed}
    assert set(failed) == {"gx_event_rules_match_records"}
    assert "there are no records of activities, so that the rules on lines 2, 3 match" in str(
        failed["gx_event_rules_match_records"].observed_value
    )
    assert found["gx_volume_activities"].observed_value == "no activities in this source"
    assert found["gx_freshness_activities"].observed_value == "no activities in this source"
    assert (
        found["gx_row_count_fct_leading_metrics_daily"].observed_value
        == "no records for leading metrics in this source"
    )


def test_a_holiday_of_most_reps_may_be_quiet(settings: Settings, plant: Plant) -> None:
    plant("delete from raw_files.activities where occurred_at >= '2026-06-26'")
    (settings.seeds_dir / "custom_holidays.csv").write_text(
        "calendar,holiday_date,holiday_name\n,2026-06-26,Company day\n"
    )

    result = by_name(run_suite(settings, "raw", AS_OF))["gx_volume_activities"]

    assert result.passed
    assert "0 activities, a day on which most reps do not work" in str(result.observed_value)


def test_a_weekday_with_little_work_is_not_judged(settings: Settings, plant: Plant) -> None:
    # 25 on a working day and 1 on each Saturday, a working day too: one without any is no alarm
    write_calendar(settings, "1111110")
    plant(
        "insert into raw_files.activities select * replace ("
        "'late_' || activity_id as activity_id, strftime(cast(occurred_at as timestamp)"
        " + interval 1 day, '%Y-%m-%dT%H:%M:%SZ') as occurred_at)"
        " from raw_files.activities where dayname(cast(occurred_at as timestamp)) = 'Friday'"
        " and occurred_at < '2026-06-26'"
        " qualify row_number() over (partition by left(occurred_at, 10) order by activity_id) = 1"
    )
    company_settings = settings.seeds_dir / "company_settings.csv"
    company_settings.write_text(company_settings.read_text() + "volume_min_median,1\n")
    plant("update raw_files.activities set _extracted_at = '2026-06-28T12:00:00Z'")

    result = by_name(run_suite(settings, "raw", dt.date(2026, 6, 27)))["gx_volume_activities"]

    assert "0 activities, a weekday that is usually quiet" in str(result.observed_value)


def test_past_holidays_do_not_count_as_usual(settings: Settings, plant: Plant) -> None:
    # Monday 2026-06-22: of the eight Mondays before, 25 May was a holiday
    result = by_name(run_suite(settings, "raw", dt.date(2026, 6, 22)))["gx_volume_activities"]

    assert result.expected == "at least 8 (the median of 7 such weekdays is 25)"


def test_a_day_that_was_not_over_when_it_was_read_is_not_judged(
    settings: Settings, plant: Plant
) -> None:
    # read at nine in the morning in Los Angeles: Friday has hardly begun, Thursday counts
    plant(
        "delete from raw_files.activities where occurred_at >= '2026-06-26';"
        "update raw_files.activities set _extracted_at = '2026-06-26T16:00:00Z';"
        "update raw_files.opportunities set _extracted_at = '2026-06-26T16:00:00Z'"
    )

    result = by_name(run_suite(settings, "raw", AS_OF))["gx_volume_activities"]

    assert result.passed
    assert result.observed_value == "Thursday 2026-06-25: 25 activities"


def test_the_local_day_decides_what_counts_by_the_as_of_date(
    settings: Settings, plant: Plant
) -> None:
    # 23:30 UTC on the as-of date is the next day in Berlin (r2), the same day in Los Angeles (r1)
    plant(
        "insert into raw_files.activities by name select 'late_' || rep_id as activity_id, rep_id,"
        " 'call' as activity_type, 'outbound' as direction,"
        " '2026-06-26T23:30:00Z' as occurred_at, 'false' as _is_deleted from raw_files.reps"
    )

    result = by_name(run_suite(settings, "marts", AS_OF))["gx_events_reconcile_with_raw"]

    assert not result.passed
    assert result.failed_rows == 1
    assert "dials: 1500.0 in the marts (expected 1501" in str(result.observed_value)


def test_a_threshold_is_a_company_setting(settings: Settings, plant: Plant) -> None:
    plant(RAW_DEFECTS["gx_freshness_activities"])
    write_company_settings(settings, freshness_days=7)

    result = by_name(run_suite(settings, "raw", AS_OF))["gx_freshness_activities"]

    assert result.passed
    assert result.expected == "at most 7 working days before 2026-06-26"


@pytest.mark.parametrize("value", ["soon", "-1"])
def test_a_threshold_that_is_no_number_is_named(settings: Settings, value: str) -> None:
    write_company_settings(settings, freshness_days=value)

    with pytest.raises(
        ConfigError, match=rf"company_settings.csv line 4: freshness_days '{value}'"
    ):
        run_suite(settings, "raw", AS_OF)


def test_unreadable_settings_are_named(settings: Settings) -> None:
    (settings.seeds_dir / "company_settings.csv").unlink()

    with pytest.raises(ConfigError, match=r"company_settings.csv: the file is missing"):
        run_suite(settings, "raw", AS_OF)


def test_a_check_that_cannot_run_is_named(settings: Settings, plant: Plant) -> None:
    plant("drop table marts.dim_goals")

    with pytest.raises(CheckFailed, match=r"gx_goals_conserved could not be evaluated: .*"):
        run_suite(settings, "marts", AS_OF)


def test_a_built_in_check_that_cannot_run_is_named(settings: Settings, plant: Plant) -> None:
    plant("alter table marts.dim_seasonal_adjustments drop column seasonal_index")

    with pytest.raises(CheckFailed, match="gx_values_between_seasonal_index could not be"):
        run_suite(settings, "marts", AS_OF)


def test_a_missing_warehouse_is_named(settings: Settings) -> None:
    settings.warehouse_path.unlink()

    with pytest.raises(ScorecardError, match=r"warehouse.duckdb: there is no working warehouse"):
        run_suite(settings, "raw", AS_OF)


def test_a_damaged_warehouse_is_named(settings: Settings) -> None:
    settings.warehouse_path.write_bytes(b"not a database" * 1000)

    with pytest.raises(ScorecardError, match=r"warehouse.duckdb: the working warehouse cannot be"):
        run_suite(settings, "raw", AS_OF)


def test_the_warehouse_is_free_afterwards(settings: Settings, plant: Plant) -> None:
    before = settings.warehouse_path.read_bytes()

    run_suite(settings, "marts", AS_OF)

    assert settings.warehouse_path.read_bytes() == before
    plant("create table marts.written_afterwards(number integer)")


def test_data_docs_call_no_other_host(settings: Settings, plant: Plant) -> None:
    plant("update raw_files.reps set rep_name = '<b>', rep_id = '<b>' where rep_id = 'r2'")
    plant("delete from marts.scorecard_reps where rep_id = 'r2'")
    run_suite(settings, "raw", AS_OF)
    run_suite(settings, "marts", AS_OF)

    pages: list[Path] = sorted((settings.state_dir / "data_docs").iterdir())

    assert [page.name for page in pages] == ["index.html", "marts.html", "raw.html"]
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert "http:" not in content
        assert "https:" not in content
        assert "//" not in content.replace("<!doctype", "")
        assert "<script" not in content
        assert "<b>" not in content
    marts = pages[1].read_text(encoding="utf-8")
    assert "failed: gx_employed_reps_have_a_scorecard" in marts
    assert all(spec.check_name in marts for spec in expectation_names("marts"))


def freshness(settings: Settings) -> CheckResult:
    return by_name(run_suite(settings, "raw", AS_OF))["gx_freshness_activities"]


def test_a_stopped_export_is_refused_with_the_setting_that_lets_it_pass(
    settings: Settings, plant: Plant
) -> None:
    # the last record on Thursday 18 June; 19 and 22 to 26 June are six working days
    plant("delete from raw_files.activities where occurred_at >= '2026-06-19'")

    result = freshness(settings)

    assert result.stops_the_run
    assert "on 2026-06-18, 6 working days before" in str(result.observed_value)
    assert "raise freshness_days in company_settings.csv" in result.description


@pytest.mark.parametrize(
    "away",
    [
        # both on leave from 19 June on
        "insert into raw_files.time_off by name select rep_id, '2026-06-19' as start_date,"
        " '2026-07-03' as end_date, 'false' as _is_deleted from raw_files.reps",
        # the one who is there left
        "insert into raw_files.time_off by name select 'r1' as rep_id, '2026-06-19' as start_date,"
        " '2026-07-03' as end_date, 'false' as _is_deleted;"
        "update raw_files.reps set end_date = '2026-06-18' where rep_id = 'r2'",
        # a public holiday of six days
        "insert into raw_reference.holidays select 'us', date '2026-06-18' + i::int"
        " from range(1, 9) as days(i)",
    ],
)
def test_days_on_which_nobody_works_make_no_export_stale(
    settings: Settings, plant: Plant, away: str
) -> None:
    plant(f"delete from raw_files.activities where occurred_at >= '2026-06-19'; {away}")

    result = freshness(settings)

    assert result.passed
    assert "0 working days" in str(result.observed_value)


def test_half_a_day_of_leave_is_a_working_day(settings: Settings, plant: Plant) -> None:
    plant(
        "delete from raw_files.activities where occurred_at >= '2026-06-19';"
        "insert into raw_files.time_off by name select rep_id, '2026-06-19' as start_date,"
        " '2026-07-03' as end_date, '0.5' as fraction, 'false' as _is_deleted from raw_files.reps"
    )

    assert "6 working days" in str(freshness(settings).observed_value)


@pytest.mark.parametrize(("weekdays", "days"), [("1111001", 5), ("1111110", 7), ("1000000", 1)])
def test_the_weekday_pattern_says_which_days_are_working_days(
    settings: Settings, plant: Plant, weekdays: str, days: int
) -> None:
    # after Thursday 18 June to Friday 26 June: Friday to Friday, with one weekend
    plant("delete from raw_files.activities where occurred_at >= '2026-06-19'")
    write_calendar(settings, weekdays)

    assert f", {days} working days" in str(freshness(settings).observed_value)


def test_one_record_late_in_the_evening_counts_where_the_company_is(
    settings: Settings, plant: Plant
) -> None:
    # 05:00 UTC on the 20th is the evening of Friday the 19th in Los Angeles
    plant(
        "delete from raw_files.activities where occurred_at >= '2026-06-20';"
        "update raw_files.activities set occurred_at = '2026-06-20T05:00:00Z'"
        " where activity_id = 'a0619_1'"
    )

    assert "on 2026-06-19, 5 working days" in str(freshness(settings).observed_value)


def test_what_stops_a_run_names_the_setting_that_lets_a_company_pass() -> None:
    for suite in ("raw", "marts", "policy", "crm"):
        for name in checks.query_names(suite):
            header, _ = checks.read_query(f"{suite}/{name}")
            if header["severity"] != "error":
                continue
            for setting in filter(None, header.get("settings", "").split(", ")):
                if setting not in ("recent_days", "volume_min_median", "volume_weeks"):
                    assert setting in header["remedy"], f"{suite}/{name}"


def test_few_large_deals_are_no_difference_in_units(settings: Settings, plant: Plant) -> None:
    # nobody won in four weeks, where a third of a deal was expected of each
    plant(
        "update marts.scorecard_rep_metrics set attainment = 0, evidence = 'too_little_data'"
        " where metric_id = 'dials'"
    )

    result = by_name(run_suite(settings, "marts", AS_OF))["gx_plausible_median_attainment"]

    assert result.passed
    assert "too little was expected" in str(result.observed_value)


def test_records_of_unknown_reps_are_records_without_a_rep(
    settings: Settings, plant: Plant
) -> None:
    # the export names people otherwise than the reps file: 24 of 25 a day
    plant("update raw_files.activities set rep_id = 'agent ' || rep_id where rep_id is not null")

    result = by_name(run_suite(settings, "raw", AS_OF))["gx_unassigned_share_activities"]

    assert result.stops_the_run
    assert "(100.0 %)" in str(result.observed_value)
