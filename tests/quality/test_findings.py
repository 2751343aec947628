"""What `scorecard check` says of a policy and files that do not fit: place, value and remedy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.settings import Settings
from orchestration.policy.reading import read_policy
from orchestration.quality.checks import query_names
from orchestration.quality.findings import find_in_files
from orchestration.quality.runner import run_suite
from orchestration.sources.files.load import staged_files
from tests.quality.conftest import write_seed

AS_OF = dt.date(2026, 6, 30)
POLICY = {
    "company_settings": ["setting,value", "currency,USD", "default_calendar,us"],
    "calendars": ["calendar,working_weekdays", "us,1111100"],
    "custom_holidays": ["calendar"],
    "metrics": ["metric_id,event_type", "visits,visit", "deals,won"],
    "event_rules": [
        "event_type,source_table,activity_type,outcome,min_duration_seconds",
        "visit,activities,visit,done,60",
        "won,opportunities,,won,",
    ],
    "scorecard_metrics": ["role,metric_id", "Rep,visits"],
    "goals": [
        "goal_id,scope,scope_value,tier,metric_id,valid_from,valid_to",
        "all,role,Rep,,visits,,",
    ],
    "exchange_rates": ["currency,valid_from,rate", "USD,1900-01-01,1"],
}
FILES = {
    "reps": [
        "rep_id,rep_name,role,team,region,tier,hire_date,end_date,valid_from,manager_id",
        "ann,Ann Orr,Rep,West,EU,senior,2020-01-01,,,",
        "bob,Bob Lee,Rep,East,US,,2020-01-01,,,",
    ],
    "activities": [
        "activity_id,rep_id,activity_type,outcome,occurred_at,duration_seconds",
        "a1,ann,Visit,Done,2026-06-02T10:00:00Z,90",
        "a2,bob,Visit,Done,2026-06-02T10:00:00Z,90",
    ],
    "opportunities": [
        "opportunity_id,rep_id,amount,currency,created_at,close_date,is_closed,is_won",
        "o1,ann,10,USD,2026-05-01T10:00:00Z,2026-06-01,true,true",
    ],
}


@pytest.fixture
def company(settings: Settings, tmp_path: Path) -> Settings:
    """A company whose policy and files fit."""
    made = replace(settings, dbt_project_dir=tmp_path / "own")
    made.seeds_dir.mkdir(parents=True)
    made.files_dir.mkdir(parents=True)
    for seed, rows in POLICY.items():
        write_seed(made, seed, rows)
    for table, rows in FILES.items():
        write(made, table, *rows[1:])
    return made


def write(company: Settings, table: str, *rows: str, header: str | None = None) -> None:
    lines = [header or FILES[table][0], *rows]
    (company.files_dir / f"{table}.csv").write_text("\n".join([*lines, ""]))


def found(company: Settings) -> list[str]:
    with staged_files(company) as staged:
        problems = find_in_files(
            company, read_policy(company.seeds_dir), staged.paths, staged.place, AS_OF
        )
    return [f"{problem.severity} {problem}" for problem in problems]


def test_a_policy_that_fits_its_records_has_no_finding(company: Settings) -> None:
    assert found(company) == []


@pytest.mark.parametrize(
    ("goal", "message", "remedy"),
    [
        ("team,west,,,", "no rep is of team 'west' on any day", "most likely 'West'"),
        ("region,APAC,,,", "no rep is of region 'APAC' on any day", "or remove the line"),
        ("rep,Bob Lee,,,", "no rep has the id 'Bob Lee' on any day", "most likely 'bob'"),
        (
            "role,Rep,junior,,",
            "no rep is of role 'Rep' and tier 'junior' on any day",
            "change its days or tier",
        ),
        (
            "team,East,,2018-01-01,2019-01-01",
            "no rep is of team 'East' on a day from 2018-01-01 to 2018-12-31",
            "change its days or tier",
        ),
    ],
)
def test_a_goal_for_nobody_is_named_with_the_likely_name(
    company: Settings, goal: str, message: str, remedy: str
) -> None:
    scope, value, tier, first, last = goal.split(",")
    write_seed(
        company, "goals", [*POLICY["goals"], f"odd,{scope},{value},{tier},deals,{first},{last}"]
    )

    (finding,) = found(company)

    assert finding.startswith(
        f"warn seeds/demo/goals.csv line 3: goal 'odd' is for nobody: {message}"
    )
    assert remedy in finding


def test_a_goal_holds_for_a_version_of_a_rep(company: Settings) -> None:
    # Bob was in the West to the end of 2025
    write(
        company,
        "reps",
        "bob,Bob Lee,Rep,West,,,2020-01-01,,,",
        "bob,Bob Lee,Rep,East,,,2020-01-01,,2026-01-01,",
        "ann,Ann Orr,Rep,East,,,2020-01-01,,,",
    )
    goals = ["g1,team,West,,deals,2025-12-31,", "g2,team,West,,deals,2026-01-01,"]
    write_seed(company, "goals", [*POLICY["goals"], *goals])

    (finding,) = found(company)

    assert "goals.csv line 4: goal 'g2'" in finding


def test_outcomes_under_another_name_are_found_from_both_sides(company: Settings) -> None:
    rows = [f"m{n},ann,Visit,Finished,2026-06-02T10:00:00Z,90" for n in range(7)]
    write(company, "activities", *rows, "a2,bob,Visit,Cancelled,2026-06-02T10:00:00Z,90")

    rule, records = found(company)

    assert rule.startswith("warn seeds/demo/event_rules.csv line 2: no record matches this rule")
    assert (
        "of type 'visit', outcome 'done', of 60 seconds or more; it is what visits counts" in rule
    )
    assert "(Visit / Finished (7), Visit / Cancelled (1))" in rule
    assert records.startswith("warn activities.csv line 2: 8 of 8 activities match no event rule")
    assert "Visit / Finished (7), Visit / Cancelled (1)" in records


def test_a_duration_no_record_has_is_a_rule_without_records(company: Settings) -> None:
    rules = [POLICY["event_rules"][0], "visit,activities,visit,done,91", POLICY["event_rules"][2]]
    write_seed(company, "event_rules", rules)

    assert "no record matches this rule" in found(company)[0]


def test_tables_without_records_are_one_finding(company: Settings) -> None:
    (company.files_dir / "opportunities.csv").unlink()

    (finding,) = found(company)

    assert (
        "line 3: there are no records of opportunities, so that the rules on line 3 match"
        in finding
    )


def test_a_role_without_a_scorecard_is_named_unless_it_only_leads(company: Settings) -> None:
    write(
        company,
        "reps",
        "ann,Ann Orr,rep,West,EU,senior,2020-01-01,,,cid",
        "bob,Bob Lee,Rep,East,US,,2020-01-01,,,cid",
        "cid,Cid Fox,Head,,,,2020-01-01,,,",
        "dee,Dee Kay,,,,,2026-06-20,,,",
    )

    findings = found(company)

    assert findings == [
        "warn reps.csv line 2: role 'rep' has no scorecard: 1 rep (such as ann) -> write 'Rep' as "
        "scorecard_metrics.csv does",
        "warn reps.csv line 5: no role: 1 rep (such as dee) -> correct the role, or add it to "
        "scorecard_metrics.csv; leave it if they are not measured",
    ]


def test_a_metric_without_a_goal_is_named(company: Settings) -> None:
    write_seed(company, "scorecard_metrics", [*POLICY["scorecard_metrics"], "Rep,deals"])

    (finding,) = found(company)

    assert (
        "scorecard_metrics.csv line 3: the scorecard of role 'Rep' has deals, for which" in finding
    )


def test_a_missing_rate_is_an_error_with_currency_day_and_file(company: Settings) -> None:
    rates = [*POLICY["exchange_rates"], "NOK,2026-06-15,0.1"]
    write_seed(company, "exchange_rates", rates)
    deals = [("o2", "nok", "2026-06-20"), ("o3", "NOK", "2026-06-14"), ("o4", "DKK", "2026-05-05")]
    rows = [f"{o},ann,5,{c},2026-05-01T10:00:00Z,{d},true,true" for o, c, d in deals]
    # without an amount there is nothing to convert
    write(company, "opportunities", *rows, "o5,ann,,SEK,2026-05-01T10:00:00Z,2026-06-01,true,false")

    assert found(company) == [
        "error opportunities.csv line 3: currency 'NOK' has no rate on 2026-06-14, the close date "
        "of deal 'o3' -> add the line NOK,2026-06-14,<rate> to exchange_rates.csv",
        "error opportunities.csv line 4: currency 'DKK' has no rate on 2026-05-05, the close date "
        "of deal 'o4' -> add the line DKK,2026-05-05,<rate> to exchange_rates.csv",
    ]


def test_what_refers_to_nothing_is_one_line_per_kind(company: Settings) -> None:
    write(
        company,
        "leads",
        "l1,ann,nix,2026-06-01",
        "l2,zoe,,2026-06-01",
        header="lead_id,rep_id,account_id,created_at",
    )
    write(company, "accounts", "acme", header="account_id")
    write(company, "opportunities", "o1,ann,10,USD,2026-06-20T10:00:00Z,2026-06-01,true,true")

    findings = found(company)

    assert [finding.split(" -> ")[0] for finding in findings] == [
        "warn leads.csv line 2: 1 of leads are of accounts that are not among the accounts, such "
        "as 'nix'",
        "warn opportunities.csv line 2: 1 deal was closed before created, such as 'o1' on "
        "2026-06-01",
        "warn leads.csv line 3: 1 of leads are of 1 rep who is not among the reps: 'zoe' (1)",
    ]


def test_a_rep_without_a_record_is_named_unless_new(company: Settings) -> None:
    rows = FILES["reps"][1:]
    write(
        company,
        "reps",
        *rows,
        "cid,Cid Fox,Rep,West,,,2026-01-01,,,",
        "dee,Dee Kay,Rep,West,,,2026-06-20,,,",
        "eve,Eve May,Rep,West,,,2020-01-01,2026-03-31,,",
    )

    (finding,) = found(company)

    assert "reps.csv line 4: 1 of 3 reps with a scorecard has no record at all: cid" in finding


def test_of_one_kind_the_first_are_listed_and_the_rest_is_counted(company: Settings) -> None:
    goals = [f"g{n},team,Nowhere {n},,deals,," for n in range(30)]
    write_seed(company, "goals", [*POLICY["goals"], *goals])

    findings = found(company)

    assert len(findings) == 12
    assert "(and 18 more like it)" in findings[-1]


# one of each kind of what refers to nothing, or never happened
ODD = """
update raw_files.reps set role = 'sdr' where rep_id = 'r1';
insert into raw_files.reps by name
    select 'r3' as rep_id, 'Rep 3' as rep_name, 'SDR' as role, 'false' as _is_deleted;
update raw_files.activities set outcome = 'Reached' where outcome = 'connected';
update raw_files.activities set activity_type = 'Ring' where activity_id like '%_5';
update raw_files.opportunities set rep_id = 'r9' where opportunity_id = 'o1';
update raw_files.opportunities set close_date = '2026-05-01' where opportunity_id = 'o2';
update raw_files.opportunities set currency = 'EUR' where opportunity_id = 'o3';
update raw_files.leads set account_id = 'acne' where lead_id = 'l1';
update raw_files.activities set occurred_at = '2027' || substr(occurred_at, 5)
    where activity_id like '%_1';
update raw_files.opportunity_stage_changes set from_stage = 'Trial' where from_stage = 'Demo';
"""
# the same records as dbt maps those of a CRM
MOVED = {
    "reps": "rep_id, rep_name, role, cast(hire_date as date) as hire_date",
    "activities": (
        "activity_id, rep_id, activity_type, direction, outcome,"
        " cast(duration_seconds as double) as duration_seconds,"
        " replace(replace(occurred_at, 'T', ' '), 'Z', '') as occurred_at"
    ),
    "opportunities": (
        "opportunity_id, rep_id, cast(amount as double) as amount, currency,"
        " cast(close_date as date) as close_date, cast(is_closed as boolean) as is_closed,"
        " cast(is_won as boolean) as is_won, replace(created_at, 'Z', '+00') as created_at"
    ),
    "opportunity_splits": "opportunity_id, rep_id, split_ratio",
    "opportunity_stage_changes": "opportunity_id, from_stage, to_stage, changed_at",
    "leads": "lead_id, rep_id, account_id, created_at",
    "accounts": "account_id",
}


def findings_of_refresh(settings: Settings) -> dict[str, str | None]:
    names = set(query_names("policy"))
    results = run_suite(settings, "marts", dt.date(2026, 6, 26))
    return {one.check_name: one.observed_value for one in results if one.check_name in names}


@pytest.mark.filterwarnings("ignore:module 'sre_(constants|parse)':DeprecationWarning")
@pytest.mark.filterwarnings("ignore:`schema_name` is deprecated:DeprecationWarning")
def test_files_and_a_crm_with_the_same_records_have_the_same_findings(
    settings: Settings, plant: Callable[[str], None]
) -> None:
    plant(ODD)
    of_files = findings_of_refresh(settings)
    plant("create schema intermediate")
    for table, columns in MOVED.items():
        plant(
            f"create table intermediate.int_salesforce__{table} as"
            f" select {columns}, false as is_deleted from raw_files.{table};"
            f"delete from raw_files.{table}"
        )
    plant(
        "create table intermediate.int_goals__of_quotas as select null as goal_id, null as scope,"
        " null as scope_value, null as metric_id, null as valid_from, null as valid_to limit 0"
    )

    of_crm = findings_of_refresh(replace(settings, sources=("files", "salesforce")))

    quiet = {name for name, said in of_files.items() if said == "none found"}
    assert quiet == {"gx_goals_are_for_somebody", "gx_scorecard_metrics_have_a_goal"}
    assert of_crm == of_files
