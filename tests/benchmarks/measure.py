"""One measurement of the benchmark in a process of its own, so that imports and memory count.

`python -m tests.benchmarks.measure TASK ARGUMENTS`, where the arguments are JSON; what it found is
written to `result.json` in the folder of the measurement.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.core.settings import Settings

if TYPE_CHECKING:
    import duckdb

HANDWRITTEN = Path(__file__).with_name("handwritten.sql")
TOLERANCE = 1e-6
# the columns that identify a row, by which the two results are compared
KEYS = {
    "dim_dates": ("date_day",),
    "dim_reps": ("rep_version_id",),
    "dim_metrics": ("metric_id",),
    "dim_goals": ("goal_id",),
    "dim_performance_levels": ("level",),
    "dim_seasonal_adjustments": ("metric_id", "role", "region", "slot_id"),
    "fct_leading_metrics_daily": ("rep_id", "metric_id", "date_day"),
    "fct_lagging_metrics_daily": ("rep_id", "metric_id", "date_day"),
    "fct_goals_daily": ("rep_id", "metric_id", "date_day"),
    "scorecard_rep_metrics": ("rep_id", "metric_id", "period_type", "period_start"),
    "scorecard_reps": ("rep_id", "period_type", "period_start"),
    "scorecard_teams": ("team_scope", "team", "metric_id", "period_type", "period_start"),
}
# these jump where a figure lies on an edge, and sums of parallel threads differ in the last digit
JUMPING = {
    "evidence",
    "status",
    "goal_probability",
    "rank_in_role",
    "metrics_outstanding",
    "metrics_ahead",
    "metrics_on_track",
    "metrics_watch",
    "metrics_needing_intervention",
    "metrics_too_little_data",
}
# what the scripts with data frames make, and the tables of the hand-written SQL for just that
FACTS = ("fct_leading_metrics_daily", "fct_lagging_metrics_daily")
BY_HAND_FOR_FACTS = (
    *("metrics", "reps", "zones", "activity_days", "deals", "dated_deals", "metric_days"),
    *(*FACTS, "dates", "sums"),
)
Result = dict[str, Any]


class Stopwatch:
    """Seconds by the clock and of the processor, by phase."""

    def __init__(self) -> None:
        """Start with no phases."""
        self.phases: dict[str, dict[str, float]] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what happens in the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.add(name, time.perf_counter() - wall, time.process_time() - cpu)

    def add(self, name: str, wall: float, cpu: float) -> None:
        """Add to a phase."""
        phase = self.phases.setdefault(name, {"wall": 0.0, "cpu": 0.0})
        phase["wall"] += wall
        phase["cpu"] += cpu


def generate(settings: Settings, day: dt.date, activities: int, file_format: str) -> Result:
    """Write the files of a demo company of that size and parse the project; not measured."""
    from orchestration.demo.company import generate as write_files
    from orchestration.transform import dbt_runner

    truth = write_files(
        settings.files_dir,
        today=day,
        activities=activities,
        file_format="csv" if file_format == "csv" else "parquet",
    )
    dbt_runner.parse(settings)
    return {"rows": {**truth.rows, "reps": truth.reps}}


def load(settings: Settings, day: dt.date) -> Result:
    """The files connector, and the reference tables that a refresh needs besides."""
    watch = Stopwatch()
    with watch.phase("imports"):
        from orchestration.releases.history import load_history
        from orchestration.releases.release import list_releases
        from orchestration.sources.files.load import load_files
        from orchestration.sources.reference import write_reference
    with watch.phase("loading"):
        loads = load_files(settings, now=dt.datetime.now(dt.UTC))
    with watch.phase("reference"):
        write_reference(settings, day)
        load_history(settings, day, list_releases(settings))
    return {"phases": watch.phases, "rows": sum(table.rows_in_file for table in loads)}


def read(settings: Settings) -> Result:
    """DuckDB's own way to load the same files."""
    import duckdb

    watch = Stopwatch()
    path = settings.company_dir / "read.duckdb"
    with watch.phase("loading"), duckdb.connect(str(path)) as connection:
        for file in sorted(settings.files_dir.iterdir()):
            reader = "read_parquet" if file.suffix == ".parquet" else "read_csv"
            connection.execute(f"create table {file.stem} as select * from {reader}('{file}')")
    path.unlink()
    return {"phases": watch.phases}


def refresh(settings: Settings, day: dt.date, full: bool) -> Result:
    """What a refresh does between loading and the pages, step by step as the job has them."""
    watch = Stopwatch()
    with watch.phase("imports"):
        _import("dbt.cli.main", "dbt.adapters.duckdb", "great_expectations")
        from orchestration.quality.runner import run_suite
        from orchestration.releases.publish import publish
        from orchestration.transform import dbt_runner
        from orchestration.warehouse.connection import connect
    with watch.phase("dbt parse"):
        project = dbt_runner.parse(settings)
    with watch.phase("checks of raw"):
        checks = run_suite(settings, "raw", day)
    started = dt.datetime.now(dt.UTC)
    with watch.phase("dbt build"):
        run = dbt_runner.build(settings, project, day, full=full)
        run.raise_for_errors()
        with connect(settings) as connection:
            connection.execute("delete from raw_files._changed_months")
    with watch.phase("checks of marts"):
        checks += [*run.checks, *run_suite(settings, "marts", day)]
    with watch.phase("publish"):
        publish(settings, day, checks, {}, dt.datetime.now(dt.UTC))
    failed = [check.check_name for check in checks if check.stops_the_run]
    nodes = {
        event["data"]["node_info"]["node_name"]: event["data"]["execution_time"]
        for event in run.events
        # those that were left as they stood say again what they said when they were built
        if dt.datetime.fromisoformat(event["info"]["ts"]) >= started
    }
    return {"phases": watch.phases, "failed_checks": failed, "nodes": nodes}


def same_tables(settings: Settings, day: dt.date) -> Result:
    """Build and publish just the tables of the hand-written SQL, and what they rest on.

    Those that the scripts with data frames make come first, and `facts` is what the process has
    cost until then. dbt's tests belong to it; the checks of Great Expectations are about all marts
    and are left out.
    """
    import resource

    watch = Stopwatch()
    with watch.phase("imports"):
        _import("dbt.cli.main", "dbt.adapters.duckdb")
        from orchestration.releases.publish import publish
        from orchestration.transform import dbt_runner
    with watch.phase("dbt parse"):
        project = dbt_runner.parse(settings)

    def build(tables: Sequence[str], built: Sequence[str] = ()) -> dbt_runner.DbtRun:
        # of the tests only those that need no other tables
        selection = ["--indirect-selection", "cautious", "--select", *(f"+{t}" for t in tables)]
        if built:
            selection += ["--exclude", *built]
        run = dbt_runner.build(settings, project, day, full=True, selection=selection)
        run.raise_for_errors()
        return run

    with watch.phase("dbt build: facts"):
        facts = build([*FACTS, "scorecard_rep_metrics"])
    cost = {
        "wall": sum(phase["wall"] for phase in watch.phases.values()),
        "cpu": time.process_time(),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024),
    }
    with watch.phase("dbt build: the rest"):
        rest = build(list(KEYS), [e["data"]["node_info"]["node_name"] for e in facts.events])
    with watch.phase("publish"):
        publish(settings, day, [*facts.checks, *rest.checks], {}, dt.datetime.now(dt.UTC))
    return {"phases": watch.phases, "facts": cost}


def forget(settings: Settings) -> Result:
    """Leave only what was loaded, so that the next build starts from nothing; not measured."""
    from orchestration.warehouse.connection import connect

    shutil.rmtree(settings.published_dir, ignore_errors=True)
    with connect(settings) as connection:
        for (schema,) in connection.execute(
            "select distinct schema_name from duckdb_schemas()"
            " where database_name = current_database() and not internal"
            " and schema_name not like 'raw%' and schema_name <> 'main'"
        ).fetchall():
            connection.execute(f'drop schema "{schema}" cascade')
        connection.execute("checkpoint")
    return {}


def handwritten(settings: Settings, day: dt.date) -> Result:
    """The same tables from the same raw tables by SQL for DuckDB alone, into a file of its own."""
    return _run_by_hand(settings, day, HANDWRITTEN.read_text(encoding="utf-8"))


def handwritten_facts(settings: Settings, day: dt.date) -> Result:
    """Only daily facts and actuals, as the scripts with data frames make them."""
    import duckdb

    statements = [
        statement.query
        for statement in duckdb.extract_statements(HANDWRITTEN.read_text(encoding="utf-8"))
    ]
    found = [re.search(r"create (?:temp )?table (\w+)", query) for query in statements]
    chosen = [
        query
        for query, name in zip(statements, found, strict=True)
        if name is None or name[1] in BY_HAND_FOR_FACTS
    ]
    return _run_by_hand(settings, day, ";\n".join([*chosen, "create table actuals as from sums"]))


def _run_by_hand(settings: Settings, day: dt.date, sql: str) -> Result:
    import duckdb

    from orchestration.warehouse.connection import limits

    watch = Stopwatch()
    path = _handwritten_path(settings)
    path.unlink(missing_ok=True)
    with watch.phase("SQL"), duckdb.connect(str(path), config=limits(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
        connection.execute(f"set variable as_of = date '{day}'")
        connection.execute(f"set variable seeds = '{settings.seeds_dir}'")
        connection.execute(sql)
    return {"phases": watch.phases}


def dataframes(settings: Settings, day: dt.date, library: str) -> Result:
    """Daily facts and actuals from the same raw tables by a script for pandas or polars."""
    from tests.benchmarks import dataframes as scripts

    watch = Stopwatch()
    with watch.phase("script"):
        scripts.write(
            library, settings.warehouse_path, settings.seeds_dir, day, settings.company_dir
        )
    return {"phases": watch.phases}


def compare_dataframes(settings: Settings, library: str) -> Result:
    """Rows of the published facts and actuals that differ from those of a script."""
    import duckdb

    from tests.benchmarks import dataframes as scripts

    daily, actuals = scripts.paths(library, settings.company_dir)
    published = settings.published_dir / "current" / "scorecard.duckdb"
    facts = " union all ".join(f"from published.marts.{table}" for table in FACTS)
    keys = KEYS["scorecard_rep_metrics"]
    # a scorecard has the metrics of the role only, and 0 where nothing happened
    cards = (
        f"select {', '.join(keys)}, coalesce(theirs.actual,"
        " if(aggregation in ('count', 'sum'), 0, null)) as actual"
        " from published.marts.scorecard_rep_metrics"
        f" left join '{actuals}' as theirs using ({', '.join(keys)})"
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        tables = {
            "daily facts": _compared(
                connection,
                f"({facts})",
                f"'{daily}'",
                KEYS[FACTS[0]],
                [_difference(name, True) for name in ("value", "numerator", "denominator")],
            ),
            "actuals": _compared(
                connection,
                "published.marts.scorecard_rep_metrics",
                f"({cards})",
                keys,
                [_difference("actual", True)],
            ),
        }
    return {"tables": tables}


def _compared(
    connection: duckdb.DuckDBPyConnection,
    ours: str,
    theirs: str,
    keys: Sequence[str],
    differences: Sequence[str],
) -> dict[str, int]:
    """Count the rows of either side, and those that differ or that one side lacks."""
    on = " and ".join(f"ours.{key} = theirs.{key}" for key in keys)
    lacking = f"ours.{keys[0]} is null or theirs.{keys[0]} is null"
    rows, different = connection.execute(
        f"select count(*), count(*) filter ({' or '.join([lacking, *differences])})"
        f" from {ours} as ours full join {theirs} as theirs on {on}"
    ).fetchall()[0]
    return {"rows": rows, "different": different}


def compare(settings: Settings) -> Result:
    """Rows of each published table that differ from the hand-written ones, beyond 1e-6."""
    import duckdb

    from orchestration.warehouse.connection import limits

    differing = {}
    published = settings.published_dir / "current" / "scorecard.duckdb"
    with duckdb.connect(config=limits(settings)) as connection:
        connection.execute(f"attach '{_handwritten_path(settings)}' as handwritten (read_only)")
        connection.execute(f"attach '{published}' as published (read_only)")
        for table, keys in KEYS.items():
            columns = connection.execute(
                "select column_name, data_type in ('DOUBLE', 'BIGINT', 'INTEGER')"
                " from duckdb_columns() where database_name = 'published'"
                " and schema_name = 'marts' and table_name = ? order by column_index",
                [table],
            ).fetchall()
            differing[table] = _compared(
                connection,
                f"published.marts.{table}",
                f"handwritten.main.{table}",
                keys,
                [_difference(name, number) for name, number in columns if name not in JUMPING],
            )
    return {"tables": differing}


def add_day(settings: Settings, day: dt.date) -> Result:
    """The activities of the last day once more, a day later, as ingestion leaves them."""
    from orchestration.warehouse.connection import connect

    moments = ", ".join(
        f"strftime(cast({name} as timestamp) + interval 1 day, '%Y-%m-%dT%H:%M:%SZ') as {name}"
        for name in ("occurred_at", "created_at", "updated_at")
    )
    with connect(settings) as connection:
        (count,) = connection.execute(
            "insert into raw_files.activities select * replace"
            f" (activity_id || '+1' as activity_id, {moments})"
            f" from raw_files.activities where occurred_at >= '{day}'"
        ).fetchall()[0]
        connection.execute(
            "update raw_files._loads set rows_in_file = rows_in_file + ?"
            " where table_name = 'activities'",
            [count],
        )
        connection.execute(
            "insert into raw_files._changed_months"
            f" values ('activities', date '{(day + dt.timedelta(days=1)).replace(day=1)}')"
        )
    return {"rows": count}


def command(settings: Settings, day: dt.date) -> Result:
    """The whole job without the pages, as `scorecard refresh --no-reports` runs it."""
    os.environ["SCORECARD_DATA_DIR"] = str(settings.data_dir)
    watch = Stopwatch()
    with watch.phase("imports"):
        _import("dbt.cli.main", "dbt.adapters.duckdb", "great_expectations", "dagster_dbt")
        from orchestration.execution import Progress, run_refresh
    last = (time.perf_counter(), time.process_time())

    def lap(name: str) -> None:
        nonlocal last
        now = (time.perf_counter(), time.process_time())
        watch.add(name, now[0] - last[0], now[1] - last[1])
        last = now

    def on_progress(progress: Progress) -> None:
        if progress.kind == "start":
            # before the first step Dagster makes its graph, for which dbt parses the project
            lap("dbt parse, Dagster graph" if len(watch.phases) == 1 else "between the steps")
        elif progress.kind == "success":
            lap(progress.step)

    options = {"as_of": day.isoformat(), "full": False, "quarantine": False}
    loads = run_refresh(settings, options, reports=False, record=False, on_progress=on_progress)
    lap("between the steps")
    return {"phases": watch.phases, "rows_changed": sum(table.rows_changed for table in loads)}


def intraday(settings: Settings, day: dt.date) -> Result:
    """From a deal that is won in the CRM to the number in the published file, three times.

    The demo company's CRM is a Salesforce on this machine. The process has refreshed once, so its
    imports are paid; `first` is that refresh. The clock starts when the deal is won.
    """
    import duckdb

    from orchestration.execution import Progress, run_refresh
    from orchestration.readers.watch import Due, what_is_due
    from orchestration.releases.release import current_release
    from tests.sources.demo_org import move_into
    from tests.sources.fake_salesforce import Org, serving

    org = Org(max_calls=10_000_000, polls_until_done=0)
    move_into(org, settings.files_dir)
    # the company is in Los Angeles: nine in the morning there
    now = dt.datetime.combine(day, dt.time(17), dt.UTC)
    org.now = now
    os.environ["SCORECARD_DATA_DIR"] = str(settings.data_dir)
    os.environ["SCORECARD_SOURCES"] = "files,salesforce"
    os.environ["SCORECARD_SALESFORCE_CLIENT_ID"] = "client"
    os.environ["SCORECARD_SALESFORCE_CLIENT_SECRET"] = "secret"
    settings = Settings.from_environment()

    def refresh_as_of(as_of: dt.date, watch: Stopwatch, name: str) -> None:
        wall, cpu = time.perf_counter(), time.process_time()

        def on_progress(progress: Progress) -> None:
            nonlocal wall, cpu
            if progress.kind == "success":
                now = time.perf_counter(), time.process_time()
                watch.add(f"{name}: {progress.step}", now[0] - wall, now[1] - cpu)
                wall, cpu = now

        with watch.phase(name):
            run_refresh(
                settings,
                {"as_of": as_of.isoformat()},
                reports=False,
                record=False,
                on_progress=on_progress,
            )

    def published(record_id: str) -> float:
        release = current_release(settings)
        assert release is not None
        with duckdb.connect(str(release.database), read_only=True) as connection:
            rows = connection.execute(
                "select sum(actual) from marts.scorecard_rep_metrics where metric_id ="
                " 'revenue_won' and period_type = 'month' and is_current and rep_id = ?",
                [org.records["Opportunity"][record_id]["OwnerId"]],
            ).fetchall()
        return float(rows[0][0])

    watch = Stopwatch()
    calls = []
    with serving(org) as url:
        os.environ["SCORECARD_SALESFORCE_URL"] = url
        refresh_as_of(day - dt.timedelta(days=1), watch, "first refresh")
        refresh_as_of(day, watch, "first refresh of the day")
        deals = [
            record_id
            for record_id, deal in org.records["Opportunity"].items()
            if deal["IsClosed"] == "false" and float(deal["Amount"] or 0) > 0
        ]
        for number, record_id in enumerate(deals[-3:], start=1):
            before = published(record_id)
            org.now += dt.timedelta(minutes=1)
            org.put(
                "Opportunity", record_id,
                IsClosed="true", IsWon="true", StageName="closed won", CloseDate=day.isoformat(),
            )  # fmt: skip
            org.now += dt.timedelta(seconds=1)
            asked = org.calls
            with watch.phase(f"look {number}"):
                due = what_is_due(settings, now)
            assert isinstance(due, Due), due
            refresh_as_of(due.as_of, watch, f"refresh {number}")
            calls.append(org.calls - asked)
            assert published(record_id) > before, "the number is not in the published file"
    return {"phases": watch.phases, "calls": calls}


class _AtOnce:
    """A session in which HubSpot answers at once: deals, and so many calls with associations."""

    def __init__(self, calls: int, now: dt.datetime) -> None:
        self.calls, self.now = calls, now
        self.seconds = 0.0  # that making the answers took

    def request(self, method: str, url: str, **more: Any) -> Any:
        from requests import Response

        started = time.process_time()
        response = Response()
        response.status_code = 200
        response.headers["Date"] = email.utils.format_datetime(self.now, usegmt=True)
        response._content = self._answer(url, more).encode()
        self.seconds += time.process_time() - started
        return response

    def _answer(self, url: str, more: Mapping[str, Any]) -> str:
        from orchestration.sources.hubspot.objects import OBJECT_BY_NAME

        name = url.rsplit("/", 1)[1]
        if "/properties/" in url:
            one = OBJECT_BY_NAME[name]
            names = (*one.required, *one.optional, one.stamp)
            return json.dumps({"results": [{"name": each, "type": "string"} for each in names]})
        if name == "search":
            return '{"total": 0, "results": []}'
        parameters = more.get("params") or {}
        if name != "calls" or parameters.get("archived") != "false":
            return '{"results": []}'
        first = int(parameters.get("after", 0)) + 1
        last = min(first + int(parameters["limit"]), self.calls + 1)
        rows = ", ".join(CALL % {"id": number} for number in range(first, last))
        following = f', "paging": {{"next": {{"after": "{last - 1}"}}}}'
        return f'{{"results": [{rows}]{following if last <= self.calls else ""}}}'


CALL = """{"id": "%(id)d", "properties": {"hs_object_id": "%(id)d", "hubspot_owner_id": "41",
"hs_timestamp": "2026-10-20T10:00:00Z", "hs_call_direction": "OUTBOUND",
"hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "hs_call_duration": "130000",
"hs_call_status": "COMPLETED", "hs_activity_type": "Discovery", "hs_createdate":
"2026-10-20T10:00:00.250Z", "hs_lastmodifieddate": "2026-10-20T10:05:00.123Z"},
"createdAt": "2026-10-20T10:00:00.250Z", "updatedAt": "2026-10-20T10:05:00.123Z",
"archived": false, "associations": {"contacts": {"results": [{"id": "9%(id)d", "type":
"call_to_contact"}]}, "companies": {"results": [{"id": "8%(id)d", "type": "call_to_company"}]}}}"""


def hubspot(settings: Settings, calls: int) -> Result:
    """HubSpot's connector where the API answers at once: all calls, then a load without changes."""
    watch = Stopwatch()
    with watch.phase("imports"):
        from orchestration.sources.hubspot.client import HubSpotClient, HubSpotSettings
        from orchestration.sources.hubspot.load import load_hubspot
    now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    api = _AtOnce(calls, now)
    chosen = HubSpotSettings("key", objects=("deals", "calls"))
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    loads = {}
    for name in ("all", "without changes"):
        client = HubSpotClient(chosen, api, sleep=lambda _: None)  # type: ignore[arg-type]
        with watch.phase(name):
            loads = {one.table_name: one for one in load_hubspot(settings, client, now=now)}
        watch.add(f"{name}: answers", 0.0, api.seconds)
        api.now += dt.timedelta(hours=1)
        api.seconds = 0.0
    assert loads["call"].rows == calls
    return {"phases": watch.phases, "rows": calls}


def _import(*modules: str) -> None:
    """Import what the steps would import, so that it does not count as theirs."""
    for module in modules:
        import_module(module)


def _handwritten_path(settings: Settings) -> Path:
    return settings.company_dir / "handwritten.duckdb"


def _difference(column: str, is_number: bool) -> str:
    if not is_number:
        return f"ours.{column} is distinct from theirs.{column}"
    return (
        f"not coalesce(abs(ours.{column} - theirs.{column})"
        f" <= {TOLERANCE} * greatest(1, abs(theirs.{column})),"
        f" ours.{column} is null and theirs.{column} is null)"
    )


TASKS: dict[str, Callable[..., Result]] = {
    task.__name__: task
    for task in (
        generate,
        load,
        read,
        refresh,
        same_tables,
        forget,
        handwritten,
        handwritten_facts,
        dataframes,
        compare_dataframes,
        compare,
        add_day,
        command,
        intraday,
        hubspot,
    )
}


def main(task: str, arguments: str) -> None:
    """Run one task and leave its result in the folder."""
    values = json.loads(arguments)
    folder = Path(values.pop("folder"))
    if "day" in values:
        values["day"] = dt.date.fromisoformat(values["day"])
    settings = Settings(data_dir=folder, memory=Settings.from_environment().memory)
    result = TASKS[task](settings, **values)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # as the command ends: tearing the interpreter down is no part of a refresh


if __name__ == "__main__":
    main(*sys.argv[1:])
