"""The checks of a policy: the demo's passes, and each planted defect is found where it is."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.policy.check import check_policy
from orchestration.policy.declared import policy_seeds, write_missing_files
from orchestration.policy.reading import PolicyProblem, read_policy

DEMO = REPOSITORY / "dbt_project" / "seeds" / "demo"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A copy of the demo's policy."""
    result = replace(Settings(), dbt_project_dir=tmp_path)
    shutil.copytree(DEMO, result.seeds_dir)
    return result


def rewrite(settings: Settings, seed: str, old: str, new: str) -> None:
    """Replace text that must occur exactly once in a policy file."""
    path = settings.seeds_dir / f"{seed}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(settings: Settings, seed: str, *lines: str) -> int:
    """Add lines to a policy file; the number of the last one."""
    path = settings.seeds_dir / f"{seed}.csv"
    text = path.read_text(encoding="utf-8") + "".join(f"{line}\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return text.count("\n")


def only(settings: Settings) -> PolicyProblem:
    """The one problem found."""
    problems = check_policy(settings)
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


def test_the_policy_of_the_demo_has_no_problem(settings: Settings) -> None:
    assert check_policy(settings) == []


def test_the_seeds_known_here_are_those_of_the_demo() -> None:
    headers = {}
    for path in DEMO.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            headers[path.stem] = next(csv.reader(file))
    assert headers == {
        seed.name: [column.name for column in seed.columns] for seed in policy_seeds()
    }


def test_a_problem_reads_as_place_reason_and_remedy(settings: Settings) -> None:
    line = append(settings, "goals", "sdr2_dials,role,sdr2,,dials,day,45,relieve,,")
    assert str(only(settings)) == (
        f"seeds/demo/goals.csv line {line}: role 'sdr2' has no scorecard -> give it one in "
        "scorecard_metrics.csv, or use one of: AE, AM, SDR"
    )


# ------------------------------------------------------------------ files


def test_rows_carry_the_line_they_start_on(settings: Settings) -> None:
    path = settings.seeds_dir / "custom_holidays.csv"
    path.write_text(
        "calendar,holiday_date,holiday_name\n"
        '\nus,2026-01-02,"A day\nin two lines"\n'
        "us,2026-01-05,Next\n",
        encoding="utf-8",
    )
    rows = read_policy(settings.seeds_dir).rows("custom_holidays")
    assert [(row.line, row["holiday_name"]) for row in rows] == [
        (3, "A day\nin two lines"),
        (5, "Next"),
    ]


def test_a_setting_can_be_read(settings: Settings) -> None:
    policy = read_policy(settings.seeds_dir)
    assert policy.setting("currency") == "USD"
    assert policy.setting("min_peers") == "5"  # the default


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(settings: Settings) -> None:
    for path in settings.seeds_dir.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert check_policy(settings) == []


@pytest.mark.parametrize("seed", [seed.name for seed in policy_seeds() if not seed.optional])
def test_a_missing_file_is_an_error(settings: Settings, seed: str) -> None:
    (settings.seeds_dir / f"{seed}.csv").unlink()
    problem = only(settings)
    assert (problem.severity, problem.file) == ("error", f"seeds/demo/{seed}.csv")
    assert problem.message == "the file is missing"


def test_an_optional_file_may_be_missing_and_is_written_for_dbt(settings: Settings) -> None:
    optional = [seed for seed in policy_seeds() if seed.optional]
    for seed in optional:
        (settings.seeds_dir / f"{seed.name}.csv").unlink()
    assert check_policy(settings) == []
    (settings.seeds_dir / "funnels.csv").write_text("role,step,metric_id\nAE,1,dials\n")
    write_missing_files(settings.seeds_dir)
    texts = {seed.name: (settings.seeds_dir / f"{seed.name}.csv").read_text() for seed in optional}
    assert texts.pop("funnels") == "role,step,metric_id\nAE,1,dials\n"
    assert texts == {seed.name: f"{seed.header}\n" for seed in optional if seed.name in texts}


def test_an_empty_file_is_an_error(settings: Settings) -> None:
    (settings.seeds_dir / "goals.csv").write_text("", encoding="utf-8")
    assert only(settings).message == "the file is empty"


def test_a_file_with_only_a_header_is_accepted(settings: Settings) -> None:
    path = settings.seeds_dir / "seasonal_adjustments.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert check_policy(settings) == []


def test_semicolons_are_an_error(settings: Settings) -> None:
    path = settings.seeds_dir / "goals.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    problem = only(settings)
    assert (problem.line, problem.message) == (1, "cells are separated by semicolons")
    assert "commas" in problem.remedy


def test_text_that_is_not_utf8_is_an_error_with_its_line(settings: Settings) -> None:
    path = settings.seeds_dir / "custom_holidays.csv"
    path.write_bytes(path.read_bytes() + "us,2026-12-24,Weihnachten für alle\n".encode("latin-1"))
    problem = only(settings)
    assert (problem.line, problem.message) == (4, "the file is not UTF-8 text (byte 0xfc)")


def test_a_missing_column_is_an_error(settings: Settings) -> None:
    rewrite(settings, "exchange_rates", "currency,valid_from,rate", "currency,valid_from")
    problem = only(settings)
    assert (problem.line, problem.message) == (1, "column 'rate' is missing")


def test_an_unknown_column_is_an_error(settings: Settings) -> None:
    rewrite(settings, "exchange_rates", "currency,valid_from,rate", "currency,valid_from,rate,note")
    problem = only(settings)
    assert (problem.line, problem.value) == (1, "note")


def test_a_column_that_comes_twice_is_an_error(settings: Settings) -> None:
    rewrite(settings, "exchange_rates", "currency,valid_from,rate", "currency,valid_from,rate,rate")
    assert only(settings).message == "column 'rate' appears 2 times"


def test_a_line_with_too_many_cells_is_an_error(settings: Settings) -> None:
    line = append(settings, "exchange_rates", "CHF,2026-01-01,1,13")
    problem = only(settings)
    assert (problem.line, problem.message) == (line, "the line has 4 cells, the header has 3")


def test_an_open_quote_is_an_error(settings: Settings) -> None:
    line = append(settings, "custom_holidays", 'us,2026-12-24,"Christmas Eve')
    problem = only(settings)
    assert (problem.line, problem.remedy) == (line, "check its quotes")


def test_a_file_that_no_rule_reads_is_a_warning(settings: Settings) -> None:
    (settings.seeds_dir / "gaols.csv").write_text("goal_id\n", encoding="utf-8")
    problem = only(settings)
    assert (problem.severity, problem.value) == ("warn", "gaols.csv")


# ------------------------------------------------------------------ a line too many


@pytest.mark.parametrize(
    ("seed", "line", "column", "value", "message"),
    [
        # cells
        ("exchange_rates", "CHF,2026-01-01,abc", "rate", "abc", "is not a number"),
        ("exchange_rates", 'CHF,2026-01-01,"1,13"', "rate", "1,13", "is not a number"),
        ("exchange_rates", "CHF,2026-01-01,nan", "rate", "nan", "is not a number"),
        ("exchange_rates", "CHF,2026-01-01,1e999", "rate", "1e999", "is not a number"),
        ("exchange_rates", "CHF,2026-01-01,1e308", "rate", "1e308", "is not a number"),
        ("exchange_rates", "CHF,2026-01-01,inf", "rate", "inf", "is not a number"),
        ("exchange_rates", "chf,2026-01-01,1", "currency", "chf", "not three capital letters"),
        ("exchange_rates", "CHF,2026-W01-1,1", "valid_from", "2026-W01-1", "is not a date"),
        ("exchange_rates", "CHF,01.02.2026,1", "valid_from", "01.02.2026", "is not a date"),
        ("exchange_rates", "CHF,2026-02-30,1", "valid_from", "2026-02-30", "is not a date"),
        ("exchange_rates", "CHF ,2026-01-01,1", "currency", "CHF ", "has blanks around it"),
        ("exchange_rates", ",2026-01-01,1", "currency", "", "currency is empty"),
        ("ramp_curves", "SDR,9999999999,1", "month_of_tenure", "9999999999", "whole number"),
        ("ramp_curves", "SDR,4.5,1", "month_of_tenure", "4.5", "is not a whole number"),
        (
            "metrics",
            "calls,Calls,leading,count,count,dial,,,yes,10,Calls",
            "is_higher_better",
            "yes",
            "is not true or false",
        ),
        (
            "seasonal_adjustments",
            "a1,,,,02-30,03-01,,,0.9,Carnival",
            "from_month_day",
            "02-30",
            "is not a month and day",
        ),
        # one of a list
        ("metrics", "x,X,late,count,count,dial,,,true,1,X", "metric_kind", "late", "not known"),
        ("metrics", "x,X,leading,pct,count,dial,,,true,1,X", "unit", "pct", "not known"),
        ("metrics", "x,X,leading,count,max,dial,,,true,1,X", "aggregation", "max", "not known"),
        ("event_rules", "x,tickets,,,,,rep", "source_table", "tickets", "not known"),
        ("event_rules", "x,activities,call,,x,,manager", "credited_to", "manager", "not known"),
        ("goals", "x,squad,a,,dials,day,1,relieve,,", "scope", "squad", "not known"),
        ("goals", "x,team,a,,dials,decade,1,relieve,,", "period", "decade", "not known"),
        ("goals", "x,team,a,,dials,day,1,shift,,", "timing", "shift", "not known"),
        ("performance_levels", "dials,,good,0,1", "level", "good", "not known"),
        (
            "industry_benchmarks",
            "win_rate,AE,20 %,won,closed,B2B,,2024,A survey,,false",
            "value",
            "20 %",
            "is not a number",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,20,won,closed,B2B,,2024,A survey,,false",
            "value",
            "20",
            "more than 100 %",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,-0.2,won,closed,B2B,,2024,A survey,,false",
            "value",
            "-0.2",
            "is negative",
        ),
        (
            "industry_benchmarks",
            "demos_held,SDR,3,demos,week,B2B,,2024,A survey,,false",
            "denominator",
            "week",
            "is not 'working day'",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,0.2,won,closed,B2B,,24,A survey,,false",
            "year",
            "24",
            "not between 1900 and 2100",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,0.2,won,closed,B2B,0,2024,A survey,,false",
            "sample_size",
            "0",
            "is below 1",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,0.2,won,closed,B2B,,2024,,,false",
            "source",
            "",
            "source is empty",
        ),
        (
            "industry_benchmarks",
            "win_rate,AE,0.2,won,closed,B2B,,2024,A survey,,true",
            "source_url",
            "",
            "marked as verified",
        ),
        (
            "industry_benchmarks",
            "win_rates,AE,0.2,won,closed,B2B,,2024,A survey,,false",
            "metric_id",
            "win_rates",
            "not in metrics.csv",
        ),
        (
            "industry_benchmarks",
            "win_rate,sdr2,0.2,won,closed,B2B,,2024,A survey,,false",
            "role",
            "sdr2",
            "no scorecard",
        ),
        # keys
        ("metrics", "dials,D,leading,count,count,dial,,,true,1,D", "metric_id", "dials", "line 2"),
        ("goals", "sdr_dials,team,a,,dials,day,45,relieve,,", "goal_id", "sdr_dials", "line 2"),
        ("event_rules", "dial,activities,call,outbound,,,rep", "event_type", "dial", "line 2"),
        ("scorecard_metrics", "SDR,,dials,leading,1,9", "role", "SDR", "line 2"),
        (
            "seasonal_adjustments",
            "trade_fair_2026,,,,01-01,01-02,,,1.1,Fair",
            "adjustment_id",
            "trade_fair_2026",
            "line 2",
        ),
        ("ramp_curves", "SDR,1,0.3", "role", "SDR", "line 2"),
        ("calendars", "us,US,,1111100", "calendar", "us", "line 2"),
        ("custom_holidays", ",2026-07-06,Again", "calendar", "", "line 2"),
        ("company_settings", "currency,USD", "setting", "currency", "line 4"),
        ("exchange_rates", "EUR,2026-01-01,1.1", "currency", "EUR", "line 5"),
        # references
        ("goals", "x,role,SDR,,dails,day,4,relieve,,", "metric_id", "dails", "not in metrics.csv"),
        ("goals", "x,role,sdr2,,dials,day,4,relieve,,", "scope_value", "sdr2", "no scorecard"),
        ("ramp_curves", "sdr2,1,0.5", "role", "sdr2", "no scorecard"),
        ("performance_levels", ",sdr2,on_track,0,1", "role", "sdr2", "no scorecard"),
        ("performance_levels", "dails,,on_track,0,1", "metric_id", "dails", "not in metrics.csv"),
        (
            "seasonal_adjustments",
            "a1,,sdr2,,01-01,01-31,,,0.9,Cold",
            "role",
            "sdr2",
            "no scorecard",
        ),
        (
            "seasonal_adjustments",
            "a1,dails,,,01-01,01-31,,,0.9,Cold",
            "metric_id",
            "dails",
            "not in metrics.csv",
        ),
        (
            "metrics",
            "calls,Calls,leading,count,count,cal,,,true,10,Calls",
            "event_type",
            "cal",
            "not in event_rules.csv",
        ),
        ("custom_holidays", "usa,2026-12-24,Eve", "calendar", "usa", "not in calendars.csv"),
        # metrics
        (
            "metrics",
            "r,R,leading,ratio,ratio,,,dials,true,1,R",
            "numerator_metric_id",
            "",
            "has no numerator_metric_id",
        ),
        (
            "metrics",
            "r,R,leading,ratio,ratio,,dials,,true,1,R",
            "denominator_metric_id",
            "",
            "has no denominator_metric_id",
        ),
        (
            "metrics",
            "r,R,leading,ratio,ratio,,dials,calls,true,1,R",
            "denominator_metric_id",
            "calls",
            "is not a metric",
        ),
        (
            "metrics",
            "r,R,leading,ratio,ratio,,win_rate,dials,true,1,R",
            "numerator_metric_id",
            "win_rate",
            "is a ratio",
        ),
        (
            "metrics",
            "r,R,leading,ratio,ratio,dial,connects,dials,true,1,R",
            "event_type",
            "dial",
            "has event type 'dial'",
        ),
        (
            "metrics",
            "c,C,leading,count,count,dial,,dials,true,1,C",
            "denominator_metric_id",
            "dials",
            "only for ratios",
        ),
        (
            "metrics",
            "c,C,leading,money,sum,dial,,,true,1,C",
            "aggregation",
            "sum",
            "cannot be taken from activities",
        ),
        # event rules
        ("event_rules", "x,opportunities,,,signed,,rep", "outcome", "signed", "for opportunities"),
        ("event_rules", "x,leads,,,lost,,rep", "outcome", "lost", "for leads"),
        (
            "event_rules",
            "x,opportunities,,outbound,won,,rep",
            "direction",
            "outbound",
            "not known for opportunities",
        ),
        (
            "event_rules",
            "x,activities,call,,,-5,rep",
            "min_duration_seconds",
            "-5",
            "is negative",
        ),
        # numbers
        ("goals", "x,team,a,,dials,day,-1,relieve,,", "goal", "-1", "negative"),
        ("exchange_rates", "CHF,2026-01-01,0", "rate", "0", "not greater than 0"),
        (
            "seasonal_adjustments",
            "a1,,,,01-01,01-31,,,0,Closed",
            "factor",
            "0",
            "not greater than 0",
        ),
        ("ramp_curves", "SDR,0,0.1", "month_of_tenure", "0", "not greater than 0"),
        ("ramp_curves", "SDR,4,-0.1", "ramp_ratio", "-0.1", "is negative"),
        # goals
        ("goals", "x,team,,,dials,day,1,relieve,,", "scope_value", "", "scope_value is empty"),
        ("goals", "x,org,all,,dials,day,1,relieve,,", "scope_value", "all", "scope org has"),
        (
            "goals",
            "x,team,a,,dials,day,1,relieve,2026-02-01,2026-02-01",
            "valid_to",
            "2026-02-01",
            "is not after valid_from",
        ),
        # seasonal adjustments
        (
            "seasonal_adjustments",
            "a1,,,,01-01,01-31,2027,2026,0.9,Cold",
            "valid_to_year",
            "2026",
            "is before valid_from_year",
        ),
        # calendars
        ("calendars", "x,US,,111110", "working_weekdays", "111110", "not seven digits"),
        ("calendars", "x,US,,1111120", "working_weekdays", "1111120", "not seven digits"),
        ("calendars", "x,US,,0000000", "working_weekdays", "0000000", "no working day"),
        ("calendars", "x,XX,,1111100", "country", "XX", "country 'XX' is not known"),
        ("calendars", "x,US,ZZ,1111100", "subdivision", "ZZ", "subdivision 'ZZ' of US"),
        ("calendars", "x,,CA,1111100", "subdivision", "CA", "has no country"),
        # company settings
        ("company_settings", "colour,red", "setting", "colour", "setting 'colour' is not known"),
        # exchange rates
        ("exchange_rates", "USD,2026-01-01,1.1", "rate", "1.1", "own currency USD is not 1"),
    ],
)
def test_a_wrong_line_is_found(
    settings: Settings, seed: str, line: str, column: str, value: str, message: str
) -> None:
    number = append(settings, seed, line)
    errors = [problem for problem in check_policy(settings) if problem.severity == "error"]
    found = [problem for problem in errors if problem.column == column]
    assert len(found) == 1, [str(problem) for problem in errors]
    assert (found[0].file, found[0].line) == (f"seeds/demo/{seed}.csv", number)
    assert found[0].value == value
    assert message in found[0].message
    assert found[0].remedy


def test_a_setting_of_an_earlier_version_stops_nothing(settings: Settings) -> None:
    number = append(settings, "company_settings", "signal_capture_days,7")
    (problem,) = [one for one in check_policy(settings) if one.value == "signal_capture_days"]
    assert (problem.severity, problem.line) == ("warn", number)
    assert problem.message == "setting 'signal_capture_days' is no longer used"
    assert problem.remedy == "remove the line"


@pytest.mark.parametrize(
    ("seed", "line"),
    [
        ("seasonal_adjustments", "a1,,,,12-21,01-05,,,0.5,Over the new year"),
        ("seasonal_adjustments", "a1,,,,02-29,02-29,2026,2026,0.5,A day of leap years"),
        ("event_rules", "renewed,opportunities,renewal,,won,,rep"),
        ("event_rules", "demo_stage,opportunity_stage_changes,,,Demo done,,rep"),
        ("event_rules", "lead_converted,leads,,,converted,,rep"),
        ("calendars", "shop,,,0111110"),
        ("metrics", "talk,Talk time,leading,count,sum,conversation,,,true,1,Seconds on the phone"),
        ("ramp_curves", "SDR,4,1.1"),
    ],
)
def test_a_right_line_is_accepted(settings: Settings, seed: str, line: str) -> None:
    append(settings, seed, line)
    assert check_policy(settings) == []


# ------------------------------------------------------------------ goals that overlap


@pytest.mark.parametrize(
    ("earlier", "later", "overlaps"),
    [
        # half-open: the day on which one ends is the day on which the other may start
        ("team,a,,dials,day,1,relieve,,2026-07-01", "team,a,,dials,day,2,relieve,2026-07-01,", 0),
        ("team,a,,dials,day,1,relieve,,2026-07-02", "team,a,,dials,day,2,relieve,2026-07-01,", 1),
        ("team,a,,dials,day,1,relieve,,", "team,a,,dials,month,2,redistribute,2030-01-01,", 1),
        ("team,a,,dials,day,1,relieve,,", "team,b,,dials,day,2,relieve,,", 0),
        ("team,a,,dials,day,1,relieve,,", "team,a,,connects,day,2,relieve,,", 0),
        ("team,a,,dials,day,1,relieve,,", "rep,a,,dials,day,2,relieve,,", 0),
        ("org,,,dials,day,1,relieve,,", "org,,,dials,day,2,relieve,,", 1),
        # role + tier outranks role; in other scopes a tier only narrows who is meant
        ("role,AM,,dials,day,1,relieve,,", "role,AM,senior,dials,day,2,relieve,,", 0),
        ("role,AM,senior,dials,day,1,relieve,,", "role,AM,senior,dials,day,2,relieve,,", 1),
        ("team,a,,dials,day,1,relieve,,", "team,a,senior,dials,day,2,relieve,,", 1),
        ("team,a,junior,dials,day,1,relieve,,", "team,a,senior,dials,day,2,relieve,,", 0),
    ],
)
def test_goals_of_one_rank_may_not_hold_on_one_day(
    settings: Settings, earlier: str, later: str, overlaps: int
) -> None:
    line = append(settings, "goals", f"one,{earlier}", f"two,{later}")
    problems = check_policy(settings)
    if not overlaps:
        assert problems == []
        return
    assert [(problem.line, problem.value) for problem in problems] == [(line, "two")]
    assert f"as goal 'one' on line {line - 1}" in problems[0].message


@pytest.mark.parametrize(
    ("earlier", "later", "overlaps"),
    [
        ("opportunities,,,won,,rep", "opportunities,,,lost,,rep", False),
        ("opportunities,,,won,,rep", "opportunities,,,closed,,rep", True),
        ("opportunities,,,won,,rep", "opportunities,renewal,,won,,rep", True),
        ("opportunities,new,,won,,rep", "opportunities,renewal,,won,,rep", False),
        ("opportunity_stage_changes,,,Demo,,rep", "opportunity_stage_changes,,,,,rep", True),
        ("leads,,,created,,rep", "leads,,,converted,,rep", False),
        # an activity is matched once, whatever the number of rules
        ("activities,call,,,,rep", "activities,call,outbound,,,rep", False),
    ],
)
def test_a_deal_may_not_be_one_event_twice(
    settings: Settings, earlier: str, later: str, overlaps: bool
) -> None:
    line = append(settings, "event_rules", f"x,{earlier}", f"x,{later}")
    problems = check_policy(settings)
    assert [problem.line for problem in problems] == ([line] if overlaps else [])
    assert all(f"by line {line - 1}" in problem.message for problem in problems)


# ------------------------------------------------------------------ levels


def test_levels_without_an_edge_of_0_are_an_error(settings: Settings) -> None:
    append(settings, "performance_levels", "dials,,on_track,0.9,1", "dials,,outstanding,1.1,0")
    problem = only(settings)
    assert (problem.line, problem.message) == (5, "the levels of metric 'dials' have no edge 0")


def test_the_default_levels_must_be_there(settings: Settings) -> None:
    path = settings.seeds_dir / "performance_levels.csv"
    path.write_text("metric_id,role,level,min_attainment,rank\n", encoding="utf-8")
    assert only(settings).message == "the default levels (no metric, no role) have no edge 0"


def test_two_levels_with_one_edge_are_an_error(settings: Settings) -> None:
    rewrite(settings, "performance_levels", ",,on_track,0.80,2", ",,on_track,1.2,2")
    problem = only(settings)
    assert (problem.line, problem.column, problem.value) == (3, "min_attainment", "1.2")


def test_a_negative_edge_is_an_error(settings: Settings) -> None:
    rewrite(settings, "performance_levels", ",,on_track,0.80,2", ",,on_track,-0.8,4")
    problem = only(settings)
    assert (problem.line, problem.value) == (3, "-0.8")


def test_ranks_follow_the_edges(settings: Settings) -> None:
    rewrite(settings, "performance_levels", ",,on_track,0.80,2", ",,on_track,0.80,1")
    problem = only(settings)
    assert (problem.line, problem.column, problem.value) == (3, "rank", "1")


def test_levels_of_a_metric_and_role_are_a_table_of_their_own(settings: Settings) -> None:
    append(
        settings,
        "performance_levels",
        "dials,SDR,on_track,0.9,1",
        "dials,SDR,needs_intervention,0,2",
    )
    assert check_policy(settings) == []


# ------------------------------------------------------------------ company settings


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("America/Los_Angeles", "Pacific", "Pacific"),
        ("week_start,monday", "week_start,1", "1"),
        ("fiscal_year_start_month,2", "fiscal_year_start_month,13", "13"),
        ("score_cap,1.5", "score_cap,0.5", "0.5"),
        ("default_calendar,us", "default_calendar,mars", "mars"),
        ("history_years,4", "history_years,0", "0"),
        ("suspect_coverage_ratio,0.5", "suspect_coverage_ratio,50", "50"),
        ("suspect_min_capacity_days,5", "suspect_min_capacity_days,-1", "-1"),
        ("history_years,4", "min_peers,1", "1"),
        ("history_years,4", "max_reached_ratio,80", "80"),
        ("history_years,4", "max_scorecard_metrics,six", "six"),
        ("currency,USD", "currency,usd", "usd"),
        ("currency,USD", "currency,CHF", "CHF"),
    ],
)
def test_a_wrong_setting_is_found(settings: Settings, old: str, new: str, value: str) -> None:
    rewrite(settings, "company_settings", old, new)
    problems = check_policy(settings)
    assert {(problem.severity, problem.column, problem.value) for problem in problems} == {
        ("error", "value", value)
    }


def test_a_missing_setting_is_an_error(settings: Settings) -> None:
    rewrite(settings, "company_settings", "week_start,monday\n", "")
    problem = only(settings)
    assert (problem.value, problem.message) == ("week_start", "setting 'week_start' is missing")


def test_settings_with_a_default_may_be_left_out(settings: Settings) -> None:
    rewrite(settings, "company_settings", "history_years,4\n", "")
    assert check_policy(settings) == []


# ------------------------------------------------------------------ warnings


def test_a_scorecard_with_too_few_leading_metrics_is_a_warning(settings: Settings) -> None:
    rewrite(settings, "scorecard_metrics", "SDR,,connect_rate,leading,1,4\n", "")
    problem = only(settings)
    assert (problem.severity, problem.line, problem.value) == ("warn", 2, "SDR")
    assert "3 leading and 2 lagging" in problem.message


def test_a_scorecard_with_more_than_six_metrics_is_a_warning(settings: Settings) -> None:
    line = append(
        settings,
        "scorecard_metrics",
        "AE,senior,dials,leading,1,7",
        "AE,senior,emails_sent,leading,1,8",
        "AE,senior,deals_won,lagging,1,9",
    )
    problem = only(settings)
    assert (problem.severity, problem.line) == ("warn", line - 2)
    assert problem.message == "the scorecard of role 'AE', tier 'senior' has 9 metrics"


def test_how_a_scorecard_should_be_is_a_setting(settings: Settings) -> None:
    append(settings, "company_settings", "max_scorecard_metrics,5", "leading_per_lagging,3")
    messages = [str(problem) for problem in check_policy(settings)]
    assert len(messages) == 6  # three roles, both too long and too few leading
    assert "role 'SDR' has 6 metrics -> keep the 5 that matter" in messages[0]
    assert "aim at 3 leading for each lagging" in messages[1]


def test_the_row_of_a_tier_replaces_the_row_of_the_role(settings: Settings) -> None:
    append(settings, "scorecard_metrics", "AE,senior,demos_held,leading,9,3")
    assert check_policy(settings) == []


def test_a_ratio_goal_above_1_is_a_warning(settings: Settings) -> None:
    rewrite(settings, "goals", "win_rate,year,0.25", "win_rate,year,25")
    problem = only(settings)
    assert (problem.severity, problem.value) == ("warn", "25")


def test_problems_of_several_files_come_in_the_order_of_files_and_lines(
    settings: Settings,
) -> None:
    append(settings, "goals", "x,role,SDR,,dails,day,4,relieve,,")
    append(settings, "exchange_rates", "CHF,2026-01-01,0")
    append(settings, "goals", "y,role,AE,,dails,day,4,relieve,,")
    assert [problem.value for problem in check_policy(settings)] == ["dails", "dails", "0"]


def test_the_edges_of_the_checks_are_settings(settings: Settings) -> None:
    append(settings, "company_settings", "freshness_days,10")
    assert check_policy(settings) == []
    append(settings, "company_settings", "volume_min_ratio,much")
    assert [problem.value for problem in check_policy(settings)] == ["much"]


# ------------------------------------------------------------------ funnels and revenue targets


def write_funnel(settings: Settings, *lines: str) -> None:
    """A funnel of AEs instead of the demo's funnels, and no revenue targets."""
    text = "role,step,metric_id\n" + "".join(f"AE,{line}\n" for line in lines)
    (settings.seeds_dir / "funnels.csv").write_text(text, encoding="utf-8")
    (settings.seeds_dir / "revenue_targets.csv").unlink()


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["1,demos_held", "2,demoes"], 3, "metric 'demoes' is not in metrics.csv"),
        (["1,demos_held", "3,deals_won"], 3, "step 3 of role 'AE' comes where step 2 is expected"),
        (["2,demos_held", "3,deals_won"], 2, "step 2 of role 'AE' comes where step 1 is expected"),
        (
            ["1,demos_held", "2,deals_won", "2,deals_closed"],
            4,
            "step 2 of role 'AE' is already on line 3",
        ),
        (["1,demos_held", "2,win_rate"], 3, "metric 'win_rate' is a ratio"),
        (["1,demos_held", "2,deal_size"], 3, "metric 'deal_size' is a mean"),
        (["1,demos_held", "2,deals_lost"], 3, "of metric 'deals_lost' less is better"),
        (
            ["1,revenue_won", "2,deals_won"],
            2,
            "metric 'revenue_won' is a sum, which only the last step may be",
        ),
        (["1,demos_held", "2,deals_won", "3,demos_held"], 4, "is already on line 2"),
        (["1,demos_held"], 2, "the funnel of role 'AE' has 1 step"),
        (
            [
                "1,dials",
                "2,connects",
                "3,conversations",
                "4,demos_held",
                "5,proposals_sent",
                "6,deals_won",
                "7,revenue_won",
            ],
            8,
            "the funnel of role 'AE' has 7 steps",
        ),
        (["1,demos_held", "second,deals_won"], 3, "step 'second' is not a whole number"),
    ],
)
def test_a_funnel_that_is_no_chain_is_an_error(
    settings: Settings, lines: list[str], line: int, message: str
) -> None:
    write_funnel(settings, *lines)
    problem = next(p for p in check_policy(settings) if p.file == "seeds/demo/funnels.csv")
    assert (problem.severity, problem.line) == ("error", line)
    assert message in problem.message
    assert problem.remedy


def test_the_funnel_of_a_role_without_a_scorecard_is_an_error(settings: Settings) -> None:
    line = append(settings, "funnels", "Clerk,1,dials", "Clerk,2,connects")
    problems = check_policy(settings)
    assert [problem.line for problem in problems] == [line - 1, line]
    assert problems[0].message == "role 'Clerk' has no scorecard"


def test_several_metrics_of_the_first_step_are_its_channels(settings: Settings) -> None:
    write_funnel(settings, "1,demos_held", "1,meetings_held", "2,deals_won", "3,revenue_won")
    assert check_policy(settings) == []


def test_a_revenue_target_needs_a_funnel_that_ends_in_money(settings: Settings) -> None:
    line = append(settings, "revenue_targets", "SDR,2027,1000000")
    assert (only(settings).line, only(settings).message) == (
        line,
        "role 'SDR' has no funnel that ends in money",
    )


def test_a_revenue_target_is_above_0(settings: Settings) -> None:
    rewrite(settings, "revenue_targets", "AM,,5000000", "AM,,0")
    assert only(settings).message == "revenue_target '0' is not greater than 0"


# ------------------------------------------------------------------ leads


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("colour,=,red,5", "attribute", "attribute 'colour' is not known"),
        ("industry,like,Rail,5", "operator", "operator 'like' is not known"),
        ("industry,=,Rail,many", "points", "points 'many' is not a number"),
        (
            "industry,>=,Rail,5",
            "operator",
            "operator '>=' compares numbers, and industry is text",
        ),
        (
            "employee_count,=,50,5",
            "operator",
            "operator '=' compares text, and employee_count is a number",
        ),
        ("employee_count,>=,fifty,5", "value", "value 'fifty' is not a number"),
        ("country,=,,5", "value", "value is empty"),
        ("country,is_blank,DE,5", "value", "value 'DE' is not for operator is_blank"),
        ("country,in,DE||FR,5", "value", "value 'DE||FR' is not a list of 1 to 20 values"),
        ("country,contains,D%,5", "value", "value 'D%' has a % or _ in it"),
    ],
)
@pytest.mark.parametrize("seed", ["icp_rules", "lead_score_rules"])
def test_a_lead_rule_that_cannot_hold_is_an_error(
    settings: Settings, seed: str, line: str, column: str, message: str
) -> None:
    number = append(settings, seed, line)
    problem = only(settings)
    assert (problem.severity, problem.line, problem.column) == ("error", number, column)
    assert problem.message == message
    assert problem.remedy


def test_an_ideal_customer_is_a_company(settings: Settings) -> None:
    append(settings, "icp_rules", "source,=,web,5")
    assert only(settings).message == "attribute 'source' is not known"


def test_every_operator_of_a_lead_rule_can_be_used(settings: Settings) -> None:
    append(
        settings,
        "lead_score_rules",
        "country,in,DE | FR,5",
        "country,contains,D,5",
        "country,is_blank,,-5",
        "annual_revenue,<,1000000,-5.5",
    )
    assert check_policy(settings) == []


def test_a_good_fit_asks_for_more_points_than_a_fair_one(settings: Settings) -> None:
    rewrite(settings, "company_settings", "icp_good_points,40", "icp_good_points,10")
    assert only(settings).message == "icp_good_points '10' is not above icp_fair_points '10'"
    rewrite(settings, "company_settings", "icp_fair_points,10\n", "")
    assert only(settings).message == "icp_good_points is set and icp_fair_points is not"


def test_a_list_of_statuses_has_no_gap(settings: Settings) -> None:
    rewrite(settings, "company_settings", "|disqualified|", "||")
    assert only(settings).column == "value"
