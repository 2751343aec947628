"""Runs the expectations of a suite on the working warehouse and writes their Data Docs.

Great Expectations takes seconds to import, so it is imported inside functions. Queries that measure
run once, into one temporary table, on which Great Expectations then judges every check; its own
pages load their style from other hosts, so the pages are written here.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from orchestration.core.errors import CheckFailed, ConfigError, ScorecardError
from orchestration.core.results import CheckResult, CheckSpec
from orchestration.core.settings import Settings
from orchestration.core.sql import read_sql
from orchestration.policy.cells import parse_number
from orchestration.policy.declared import policy_seeds, thresholds
from orchestration.policy.reading import Policy, read_policy
from orchestration.quality.checks import (
    FILES,
    Check,
    Suite,
    SuiteName,
    Values,
    declared_suite,
    tables_read,
)
from orchestration.quality.data_docs import write_data_docs
from orchestration.sources.canonical import TABLES
from orchestration.warehouse.connection import limits, quote

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from sqlalchemy import Connection

SETTINGS_SEED = "company_settings"
SHOWN_FAILURES = 3
# the policy files that are compared with records, in sql/policy/prepare/policy.sql
POLICY_TABLES = ("metrics", "event_rules", "scorecard_metrics", "goals", "exchange_rates")


class _Measurement(NamedTuple):
    subject: str
    observed: str
    expected: str
    failed_rows: int


def expectation_names(suite: SuiteName, sources: Sequence[str] = FILES) -> list[CheckSpec]:
    """The declared checks of a suite, without importing Great Expectations."""
    return [check.spec for check in declared_suite(suite, sources).checks]


def tables_of_marts_checks(settings: Settings, as_of: dt.date) -> list[tuple[str, str]]:
    """Schema and name of what the suite `marts` reads besides raw tables."""
    values = check_values(read_policy(settings.seeds_dir), as_of)
    return tables_read("marts", settings.sources, values)


def run_suite(settings: Settings, suite: SuiteName, as_of: dt.date) -> list[CheckResult]:
    """Evaluate every check of a suite, in order, and write its page of the Data Docs.

    The working warehouse is opened read-only: nothing else in this process may have it open. A
    check that fails is a result, not an exception: the caller decides what it stops.

    Raises:
        CheckFailed: a check could not be evaluated; it is named.
        ConfigError: the company's settings cannot be read, or a threshold is not a number.
        ScorecardError: the working warehouse cannot be opened.
    """
    declared = declared_suite(suite, settings.sources)
    values = check_values(read_policy(settings.seeds_dir), as_of)
    with _datasource(settings) as datasource:
        with datasource.get_execution_engine().engine.connect() as connection:
            measured = _measure(connection, declared, values)
        judged = _judge(datasource, declared, values)
    results = []
    for check in declared.checks:
        expected = check.expected.render(values)
        if check.query is not None:
            results.append(_measured_result(check, expected, measured, judged))
        else:
            results.append(_built_in_result(check, expected, judged))
    write_data_docs(settings.state_dir / "data_docs", declared, results, as_of, values)
    return results


def read_thresholds(policy: Policy) -> dict[str, float]:
    """Each threshold: the company's setting, else its default.

    Raises:
        ConfigError: a setting is not a number of 0 or more.
    """
    declared = thresholds()
    values = {name: float(one.default) for name, one in declared.items()}
    for row in policy.tables[SETTINGS_SEED]:
        if row["setting"] in values:
            value = parse_number(row["value"])
            if value is None or value < 0:
                raise ConfigError(
                    f"{policy.file(SETTINGS_SEED)} line {row.line}: {row['setting']} "
                    f"'{row['value']}' is not a number of 0 or more. It is the "
                    f"{declared[row['setting']].meaning}; "
                    f"write for example {declared[row['setting']].default}."
                )
            values[row["setting"]] = value
    # texts and queries show 4 days, not 4.0
    return {name: int(value) if value.is_integer() else value for name, value in values.items()}


def check_values(policy: Policy, as_of: dt.date) -> dict[str, Any]:
    """What the variables in the queries and texts of the checks stand for."""
    if any(seed not in policy.tables for seed in (SETTINGS_SEED, "calendars", "custom_holidays")):
        raise ConfigError("\n".join(str(problem) for problem in policy.problems))
    company = {row["setting"]: row["value"] for row in policy.tables[SETTINGS_SEED]}
    calendars = [
        f"({quote(row['calendar'])}, {quote(row['working_weekdays'])})"
        for row in policy.tables["calendars"]
    ]
    holidays = [
        f"({quote(row['calendar'])}, cast({quote(row['holiday_date'])} as date),"
        # not yet a column of every policy; empty means closed
        f" {parse_number(row.cells.get('working', '')) or 0:g})"
        for row in policy.tables["custom_holidays"]
    ]
    return {
        **read_thresholds(policy),
        "as_of": f"date '{as_of.isoformat()}'",
        "as_of_days": [as_of],
        # a release of an earlier day may have read records of later ones
        "read_on": "(select max(cast(loaded_at as date)) from raw_files._loads)",
        "time_zone": quote(company.get("company_time_zone") or "UTC"),
        "currency": quote((company.get("currency") or policy.setting("currency")).upper()),
        "policy": {name: _rows_as_sql(policy, name) for name in POLICY_TABLES},
        "default_calendar": quote(company.get("default_calendar") or ""),
        "calendars": ", ".join(calendars or ["(null, null)"]),
        "custom_holidays": ", ".join(holidays or ["(null, null, null)"]),
        "file_tables": [table.name for table in TABLES],
    }


def _rows_as_sql(policy: Policy, seed: str) -> dict[str, Any]:
    """The columns of a policy file and its rows, with file and line; an empty cell is null."""
    columns = [column.name for column in next(s for s in policy_seeds() if s.name == seed).columns]
    rows = [
        [quote(policy.file(seed)), str(row.line)]
        + [quote(cell) if (cell := row.cells.get(name)) else "null" for name in columns]
        for row in policy.rows(seed)
    ] or [["null"] * (len(columns) + 2)]
    return {"columns": columns, "rows": ", ".join(f"({', '.join(cells)})" for cells in rows)}


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Let a package look as if it were not installed, unless it is imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


def _postpone_import(name: str) -> None:
    """Let a module be imported when something in it is used, not before."""
    spec = importlib.util.find_spec(name)
    if name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


@contextmanager
def _datasource(settings: Settings) -> Iterator[SQLDatasource]:
    """The working warehouse as Great Expectations sees it, read-only, closed at the end."""
    path = settings.warehouse_path
    if not path.is_file():
        raise ScorecardError(f"{path}: there is no working warehouse yet. Run `scorecard refresh`.")
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported
    _postpone_import("scipy.stats")  # 1 s, for the one expectation on distributions that we lack
    with _hidden("pyspark"):  # 0.3 s where it is installed, and it ends processes without a file
        import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    from orchestration.quality.dialect import connection_string

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    try:
        datasource = context.data_sources.add_sql(
            "warehouse",
            connection_string=connection_string(str(path)),
            create_temp_table=False,
            kwargs={  # type: ignore[call-arg]
                "connect_args": {"read_only": True, "config": limits(settings)}
            },
        )
        # one engine looks whether tables are there, the other runs the checks
        engines = (datasource.get_engine(), datasource.get_execution_engine().engine)
    except TestConnectionError as error:
        raise ScorecardError(
            f"{path}: the working warehouse cannot be opened for its checks "
            f"({_first_line(error.__cause__)}). Close other programs that have it open."
        ) from error
    try:
        yield datasource
    finally:
        for engine in engines:
            engine.dispose()


def _measure(connection: Connection, suite: Suite, values: Values) -> dict[str, list[_Measurement]]:
    """Run each measuring query once, into the temporary table `measurements`."""
    from sqlalchemy.exc import DBAPIError

    def run(what: str, sql: str) -> None:
        try:
            connection.exec_driver_sql(sql)
        except DBAPIError as error:
            raise CheckFailed(
                f"{what} could not be evaluated: {_first_line(error.orig or error)}. The table or "
                "column it reads is missing or has another type: build the earlier steps first."
            ) from error

    connection.exec_driver_sql("set TimeZone = 'UTC'")
    connection.exec_driver_sql(
        "create temp table measurements"
        "(check_name text, subject text, observed text, expected text, failed_rows bigint)"
    )
    run("the macros of the checks", read_sql(__package__, "macros"))
    for prepared in suite.prepare:
        run(f"{prepared.name}, which the suite '{suite.name}' reads", prepared.render(values))
    for check in suite.checks:
        if check.query is not None:
            name = check.spec.check_name
            run(
                name,
                f"insert into measurements select '{name}', subject, observed, expected,"
                f" failed_rows from (\n{check.query.render(values)}\n)",
            )
    measured: dict[str, list[_Measurement]] = defaultdict(list)
    rows = connection.exec_driver_sql(
        "select * from measurements order by check_name, failed_rows desc, subject"
    )
    for row in rows.mappings():
        measured[row["check_name"]].append(
            _Measurement(row["subject"], row["observed"], row["expected"], row["failed_rows"])
        )
    connection.commit()  # else the temporary tables go when the connection is given back
    return measured


def _judge(
    datasource: SQLDatasource, suite: Suite, values: Values
) -> dict[str, ExpectationValidationResult]:
    """Let Great Expectations judge: one batch for all that was measured, and one per table."""
    import great_expectations as gx

    expectations: dict[tuple[str, str] | None, list[Any]] = defaultdict(list)
    for check in suite.checks:
        expectations[None if check.query else check.spec.asset_key].append(
            {
                **(check.expectation or _no_failed_rows(check.spec.check_name)),
                "description": check.spec.description,
                "severity": "critical" if check.spec.blocking else "warning",
                "meta": {"check_name": check.spec.check_name},
            }
        )
    judged = {}
    for asset_key, of_asset in expectations.items():
        asset: Any
        if asset_key is None:
            asset = datasource.add_query_asset("measurements", query="select * from measurements")
        else:
            schema, table = asset_key
            asset = datasource.add_table_asset(table, table_name=table, schema_name=schema)
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        outcome = batch.validate(
            gx.ExpectationSuite(name=asset.name, expectations=of_asset),
            expectation_parameters=values,
        )
        for result in outcome.results:
            if result.expectation_config is not None:
                judged[result.expectation_config.meta["check_name"]] = result
    return judged


def _no_failed_rows(check_name: str) -> dict[str, Any]:
    """The expectation that a query measured no unexpected row."""
    query = f"select * from {{batch}} where check_name = '{check_name}' and failed_rows > 0"
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}


def _evaluated(
    spec: CheckSpec, judged: Mapping[str, ExpectationValidationResult]
) -> ExpectationValidationResult:
    """What Great Expectations found; a check that was not evaluated never passes."""
    result = judged.get(spec.check_name)
    if result is None:
        raise CheckFailed(f"{spec.check_name} was declared and not evaluated. Report this defect.")
    raised = result.exception_info or {}
    for info in (raised, *raised.values()):
        if isinstance(info, Mapping) and info.get("raised_exception"):
            raise CheckFailed(
                f"{spec.check_name} could not be evaluated: "
                f"{_first_line(info.get('exception_message'))}"
            ) from duckdb.Error(info.get("exception_message"))
    return result


def _measured_result(
    check: Check,
    expected: str,
    measured: Mapping[str, list[_Measurement]],
    judged: Mapping[str, ExpectationValidationResult],
) -> CheckResult:
    result = _evaluated(check.spec, judged)
    rows = measured.get(check.spec.check_name, [])
    failed = [row for row in rows if row.failed_rows > 0]
    if not rows:
        if check.absent is None:
            raise CheckFailed(
                f"{check.spec.check_name} could not be evaluated: there is nothing to compare, "
                f"although there should be ({check.spec.description})"
            )
        observed = check.absent
    elif failed:
        # of a finding, what to do stands where others have what was expected
        form = "{}: {} -> {}" if expected == "none" else "{}: {} (expected {})"
        observed = "; ".join(
            form.format(row.subject, row.observed, row.expected) for row in failed[:SHOWN_FAILURES]
        )
        if len(failed) > SHOWN_FAILURES:
            observed += f"; and {len(failed) - SHOWN_FAILURES} more"
    elif len(rows) == 1:
        observed = f"{rows[0].subject}: {rows[0].observed}"
        expected = rows[0].expected
    else:
        observed = f"{len(rows)} compared, all as expected"
    return _check_result(check, result, observed, expected, sum(row.failed_rows for row in failed))


def _built_in_result(
    check: Check, expected: str, judged: Mapping[str, ExpectationValidationResult]
) -> CheckResult:
    result = _evaluated(check.spec, judged)
    found = result.result
    failed_rows = found.get("unexpected_count")
    if "observed_value" in found:
        observed = str(found["observed_value"])
    elif failed_rows is not None:
        observed = f"{failed_rows} of {found['element_count']} rows unexpected"
    else:
        observed = "no rows in this table"
    return _check_result(check, result, observed, expected, failed_rows)


def _check_result(
    check: Check,
    result: ExpectationValidationResult,
    observed: str,
    expected: str,
    failed_rows: int | None,
) -> CheckResult:
    return CheckResult(
        check_name=check.spec.check_name,
        layer=check.spec.layer,
        table_name=check.spec.table_name,
        column_name=check.spec.column_name,
        passed=bool(result.success),
        severity=check.spec.severity,
        observed_value=observed,
        expected=expected,
        failed_rows=failed_rows,
        description=check.spec.description,
    )


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
