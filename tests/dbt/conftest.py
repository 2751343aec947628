"""A small company that lives by the examples of the rules, built once per session.

Its people and records are few enough to work every number out by hand. Tests that change something
do it in a copy.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from orchestration.core.settings import Settings
from orchestration.releases.history import load_history
from orchestration.sources.canonical import TABLES
from orchestration.sources.reference import write_reference
from orchestration.transform import dbt_runner, engines
from orchestration.warehouse.connection import connect
from tests.transform.engines.conftest import Server, postgres

__all__ = ["postgres"]

AS_OF = dt.date(2026, 12, 31)
NO_ROWS: tuple[Mapping[str, str], ...] = ()

# what differs from the demo company's policy: calendar years, no holidays, a handful of goals
POLICY: Mapping[str, Sequence[Mapping[str, str]]] = {
    "calendars": [{"calendar": "plain", "working_weekdays": "1111100"}],
    "custom_holidays": NO_ROWS,
    "company_settings": [
        {"setting": "company_name", "value": "Examples"},
        {"setting": "company_time_zone", "value": "America/New_York"},
        {"setting": "currency", "value": "USD"},
        {"setting": "fiscal_year_start_month", "value": "1"},
        {"setting": "default_calendar", "value": "plain"},
    ],
    "seasonal_adjustments": [
        {
            "adjustment_id": "year_end",
            "metric_id": "dials",
            "from_month_day": "12-21",
            "to_month_day": "12-31",
            "factor": "0.5",
            "reason": "Year end",
        }
    ],
    "ramp_curves": [
        {"role": "AM", "month_of_tenure": str(month), "ramp_ratio": "0.5"} for month in range(1, 7)
    ],
    "goals": [
        {"goal_id": "dials", "scope": "role", "scope_value": "SDR", "metric_id": "dials",
         "period": "day", "goal": "20", "timing": "relieve"},
        {"goal_id": "demos", "scope": "role", "scope_value": "AE", "metric_id": "demos_held",
         "period": "month", "goal": "22", "timing": "redistribute"},
        {"goal_id": "senior_demos", "scope": "role", "scope_value": "AE", "tier": "senior",
         "metric_id": "demos_held", "period": "month", "goal": "11", "timing": "redistribute"},
        {"goal_id": "revenue", "scope": "role", "scope_value": "AM", "metric_id": "revenue_won",
         "period": "year", "goal": "120000", "timing": "redistribute"},
    ],
}  # fmt: skip

REPS = [
    {"rep_id": "leaver", "role": "AE", "team": "North"},
    {"rep_id": "promoted", "role": "AE", "team": "North"},
    {"rep_id": "promoted", "role": "AE", "team": "South", "tier": "senior",
     "valid_from": "2026-06-16"},
    {"rep_id": "caller", "role": "SDR", "team": "South"},
    {"rep_id": "hire", "role": "AM", "team": "South", "hire_date": "2026-01-01"},
]  # fmt: skip
TIME_OFF = [{"rep_id": "leaver", "start_date": "2026-06-16", "end_date": "2026-06-30"}]
DEALS = [
    {"opportunity_id": "d1", "rep_id": "hire", "amount": "1000", "close_date": "2026-03-02",
     "created_at": "2026-02-02T12:00:00Z", "is_closed": "true", "is_won": "true"},
    {"opportunity_id": "d2", "rep_id": "a_stranger", "amount": "500", "close_date": "2026-03-02",
     "created_at": "2026-02-02T12:00:00Z", "is_closed": "true", "is_won": "true",
     "currency": "EUR"},
]  # fmt: skip

# three calls on each weekday of 2026 by the caller, one of a stranger, one of nobody, one deleted
ACTIVITIES = """
    select
        'a' || row_number() over (order by day, number) as activity_id,
        case when number = 4 then 'a_stranger' when number <> 5 then 'caller' end as rep_id,
        'call' as activity_type,
        'outbound' as direction,
        case when number = 1 then 'connected' end as outcome,
        strftime(day + to_hours(12 + number), '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
        '150' as duration_seconds,
        case when number = 6 then 'true' else 'false' end as _is_deleted
    from range(timestamp '2026-01-01', timestamp '2027-01-01', interval 1 day) as days (day)
    cross join range(1, 7) as numbers (number)
    where isodow(day) < 6 and (number < 4 or day(day) = 15)
"""


@dataclass(frozen=True)
class Company:
    """A company with its own copy of the dbt project, policy and warehouse."""

    settings: Settings

    def dbt(self, *arguments: str, as_of: dt.date = AS_OF) -> Any:
        """Run dbt inside this process; its result, whatever the outcome."""
        return dbt_runner._invoke(
            self.settings, list(arguments), {"SCORECARD_AS_OF_DATE": as_of.isoformat()}
        )

    def build(self, *arguments: str) -> Mapping[str, str]:
        """Outcome by name of each node of a build."""
        result = self.dbt("build", *arguments)
        assert result.result is not None, result.exception
        return {node.node.name: f"{node.status} {node.message or ''}" for node in result.result}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the warehouse."""
        with connect(self.settings, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Change the warehouse behind everyone's back."""
        with connect(self.settings) as connection:
            connection.execute(sql)

    def copy(self, folder: Path) -> Company:
        """The same company in another folder."""
        shutil.copytree(self.settings.dbt_project_dir, folder / "dbt_project")
        # without dbt's parsed project: it remembers where the seeds were
        shutil.copytree(
            self.settings.data_dir, folder / "data", ignore=shutil.ignore_patterns("state")
        )
        return Company(
            replace(self.settings, data_dir=folder / "data", dbt_project_dir=folder / "dbt_project")
        )

    def add_policy(self, seed: str, **cells: str) -> None:
        """Append one row to a seed, blank where nothing is said."""
        path = self.settings.seeds_dir / f"{seed}.csv"
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, _header(path), lineterminator="\n").writerow(cells)


def differing_on_postgres(
    company: Company, server: Server, folder: Path, models: Sequence[str]
) -> list[str]:
    """Of these intermediate models, those of which PostgreSQL makes other rows than were built."""
    there = company.copy(folder)
    there = Company(replace(there.settings, target="postgres"))
    database = f"models_{secrets.token_hex(4)}"
    server.execute(
        f"create database {database} template template0 lc_collate 'C' lc_ctype 'C.UTF-8'"
    )
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.variables(database).items():
            patch.setenv(name, value)
        engines.load_raw(there.settings, dbt_runner.parse(there.settings))
        outcomes = there.build(
            "--resource-type", "model", "--resource-type", "seed", "--select",
            *(f"+{model}" for model in models),
        )  # fmt: skip
        broken = {name: said for name, said in outcomes.items() if said.startswith("error")}
        assert not broken
        assert {said.split()[0] for said in outcomes.values()} <= {"success", "SELECT", "CREATE"}
        with (
            engines.open_engine(there.settings) as engine,
            connect(company.settings, read_only=True) as connection,
        ):
            for model in models:
                table = f"intermediate.{model}"
                described = connection.execute(f"describe {table}").fetchall()
                columns = ", ".join(f"cast({name} as {type_})" for name, type_, *_ in described)
                names = [name for name, *_ in described]
                with engine.read(("intermediate", model), names) as rows:
                    connection.register("there", rows.read_all())
                theirs = connection.execute(f"select {columns} from there").fetchall()
                ours = connection.execute(f"from {table}").fetchall()
                if sorted(map(repr, theirs)) != sorted(map(repr, ours)):
                    found.append(model)
    return found


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def _write_policy(settings: Settings) -> None:
    shutil.copytree(settings.dbt_project_dir / "seeds" / "demo", settings.seeds_dir)
    for seed, rows in POLICY.items():
        path = settings.seeds_dir / f"{seed}.csv"
        header = _header(path)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(rows)


def _write_raw(settings: Settings) -> None:
    records = {"reps": REPS, "time_off": TIME_OFF, "opportunities": DEALS}
    with connect(settings) as connection:
        connection.execute("create schema raw_files")
        for table in TABLES:
            columns = [column.name for column in table.columns]
            texts = [*columns, "_modified_at", "_is_deleted", "_extracted_at"]
            connection.execute(
                f"create table raw_files.{table.name} ({', '.join(f'{c} varchar' for c in texts)})"
            )
            for record in records.get(table.name, []):
                row = {"_is_deleted": "false", "rep_name": record.get("rep_id"), **record}
                values = {name: value for name, value in row.items() if name in texts}
                connection.execute(
                    f"insert into raw_files.{table.name} ({', '.join(values)})"
                    f" values ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
        connection.execute(f"insert into raw_files.activities by name {ACTIVITIES}")
        connection.execute(
            "create table raw_files._changed_months (table_name varchar, month_start date)"
        )


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The examples company before its first build."""
    folder = tmp_path_factory.mktemp("examples")
    project = folder / "dbt_project"
    shutil.copytree(
        Settings().dbt_project_dir, project, ignore=shutil.ignore_patterns("target", "logs")
    )
    settings = replace(
        Settings(), company="examples", data_dir=folder / "data", dbt_project_dir=project
    )
    _write_policy(settings)
    _write_raw(settings)
    write_reference(settings, AS_OF)
    load_history(settings, AS_OF, [])
    return Company(settings)


@pytest.fixture(scope="session")
def outcomes(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a full build with all tests said, by node; of several processes one builds."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return company.build("--full-refresh")
    shared = tmp_path_factory.getbasetemp().parent / "examples"
    said, data = shared / "outcomes.json", company.settings.data_dir
    with FileLock(f"{shared}.lock"):
        if said.is_file():
            shutil.copytree(shared / "data", data, dirs_exist_ok=True)
        else:
            outcomes = company.build("--full-refresh")
            shutil.copytree(data, shared / "data", dirs_exist_ok=True)
            said.write_text(json.dumps(outcomes), encoding="utf-8")
    found: Mapping[str, str] = json.loads(said.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def built(company: Company, outcomes: Mapping[str, str]) -> Company:
    """The examples company after its first build; look, do not touch."""
    broken = {name: said for name, said in outcomes.items() if said.startswith(("error", "fail"))}
    assert not broken
    return company


@pytest.fixture(scope="session")
def manifest(built: Company) -> Mapping[str, Any]:
    """dbt's manifest of the project, as plain data."""
    path = dbt_runner.target_dir(built.settings) / "manifest.json"
    content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def models(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Our models by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


@pytest.fixture(scope="session")
def compiled(built: Company, models: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
    """The SQL of each model as a full build ran it."""
    folder = dbt_runner.target_dir(built.settings) / "compiled" / "sales_scorecard"
    return {
        name: (folder / node["original_file_path"]).read_text(encoding="utf-8")
        for name, node in models.items()
    }


@pytest.fixture
def run_model(
    compiled: Mapping[str, str], models: Mapping[str, Mapping[str, Any]]
) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a model over made-up inputs: `run_model(name, "select …", input=sql, …)`.

    Models between it and its inputs are built too.
    """

    def run(model: str, question: str, **inputs: str) -> list[tuple[Any, ...]]:
        def build(name: str, connection: duckdb.DuckDBPyConnection) -> None:
            for parent in models[name]["depends_on"]["nodes"]:
                step = parent.split(".")[-1]
                if step in models and step not in made:
                    build(step, connection)
                    connection.execute(
                        f"create table {models[step]['schema']}.{step} as {compiled[step]}"
                    )
                    made.add(step)

        made = set(inputs)
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as warehouse; use warehouse")
            for schema in ("staging", "intermediate", "marts", "config"):
                connection.execute(f"create schema {schema}")
            for name, sql in inputs.items():
                schema = models[name]["schema"] if name in models else "config"
                connection.execute(f"create table {schema}.{name} as {sql}")
            build(model, connection)
            connection.execute(f"create view answer as {compiled[model]}")
            return connection.execute(question).fetchall()

    return run
