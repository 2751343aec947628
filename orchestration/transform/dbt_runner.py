"""dbt inside this process: no second interpreter, no second import of dbt (2 s of CPU each)."""

from __future__ import annotations

import datetime as dt
import json
import os
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.core.errors import ScorecardError
from orchestration.core.machine import machine_error
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.transform import engines, node_cache

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult
    from dbt.contracts.graph.manifest import Manifest

MAX_MESSAGES = 5
MAX_MESSAGE = 600
MAX_ROW = 300


@dataclass(frozen=True)
class DbtProject:
    """A parsed dbt project: as an object for dbt, as plain data for everyone else."""

    manifest: Manifest
    content: Mapping[str, Any]


@dataclass(frozen=True)
class DbtRun:
    """What a build did: dbt's structured result events, test results, and why it failed."""

    events: Sequence[Mapping[str, Any]]
    checks: Sequence[CheckResult]
    errors: Sequence[str]
    refused: ScorecardError | None = None

    def raise_for_errors(self) -> None:
        """Raise what the machine refused, or else a ScorecardError that lists the first errors."""
        if self.refused:
            raise self.refused
        if self.errors:
            shown = "\n".join(f"- {message}" for message in self.errors[:MAX_MESSAGES])
            more = len(self.errors) - MAX_MESSAGES
            raise ScorecardError(
                f"dbt found {len(self.errors)} error(s); nothing was published.\n{shown}"
                + (f"\n- and {more} more" if more > 0 else "")
            )


def target_dir(settings: Settings) -> Path:
    """Where dbt keeps its artifacts of this company, and `dbt.log` says what each node did."""
    return settings.state_dir / "dbt"


def parse(settings: Settings) -> DbtProject:
    """Parse the project, reusing what has not changed since the last parse.

    Raises:
        ScorecardError: the project or the policy cannot be parsed.
    """
    reasons: list[str] = []

    def collect(message: Any) -> None:
        # the exception only says that there are some of these
        if message.info.name == "SemanticValidationFailure" and message.info.level == "error":
            reasons.append(" ".join(str(message.info.msg).split()))

    result = _invoke(settings, ["parse"], callback=collect)
    if not result.success:
        said = f"dbt cannot parse the project: {result.exception}"
        raise ScorecardError(
            "\n".join([said, *(f"- {reason}" for reason in reasons)])
        ) from result.exception
    content = json.loads((target_dir(settings) / "manifest.json").read_text(encoding="utf-8"))
    for node in content["nodes"].values():
        if node["resource_type"] == "test":  # a singular test belongs to the first model it reads
            node["attached_node"] = node.get("attached_node") or _first(node["depends_on"]["nodes"])
    return DbtProject(manifest=result.result, content=content)


def build(
    settings: Settings,
    project: DbtProject,
    as_of: dt.date,
    *,
    full: bool = False,
    selection: Sequence[str] = (),
    on_result: Callable[[str], None] = lambda message: None,
) -> DbtRun:
    """Build seeds, models and data tests in dependency order; a failed test skips what follows.

    Nodes with nothing changed upstream are skipped; their earlier results are returned again.

    Args:
        settings: Whose warehouse to build.
        project: The parsed project.
        as_of: The last day that counts.
        full: Build everything anew, incremental models from scratch.
        selection: dbt's selection arguments; all nodes by default.
        on_result: Called with one line per finished node.
    """
    from dbt_common.events.functions import msg_to_dict

    events: list[Mapping[str, Any]] = []
    lines: list[str] = []

    def collect(message: Any) -> None:
        if message.info.name in ("LogSeedResult", "LogModelResult", "LogTestResult"):
            event = msg_to_dict(message)
            events.append(event)
            lines.append(f"{event['info']['ts']} {event['info']['msg']}")
            on_result(str(event["info"]["msg"]))

    environment = {"SCORECARD_AS_OF_DATE": as_of.isoformat()}
    # a partial selection is always built and not recorded, because its inputs may be stale
    is_whole = not selection or "fqn:*" in selection
    plan = node_cache.plan(settings, project.content, environment, full=full, is_recorded=is_whole)
    unchanged, nodes = plan.unchanged, plan.upstream_hashes
    results: Sequence[RunResult] = []
    firsts: Mapping[str, str] = {}
    errors: list[str] = []
    if len(unchanged) < len(nodes):
        arguments = _build_arguments(plan, selection, full=full)
        environment["SCORECARD_VERSION"] = plan.version
        result = _invoke(settings, arguments, environment, project.manifest, collect)
        results = result.result.results if result.result is not None else []
        firsts = _first_failing_rows(settings, results)
        errors = _errors(result, results, firsts)
    # dbt's own log formats even the lines that it leaves out: 5 ms for each node
    (target_dir(settings) / "dbt.log").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    checks = _checks(results, firsts)
    good = ("success", "pass", "warn")
    succeeded = {node.node.unique_id for node in results if node.status in good}
    node_cache.record(settings, plan, succeeded, events, checks)
    results_by_node = {event["data"]["node_info"]["unique_id"]: event for event in events}
    results_by_node |= {name: cached.event for name, cached in unchanged.items()}
    checks |= {name: cached.check for name, cached in unchanged.items() if cached.check is not None}
    in_order = [results_by_node[name] for name in nodes if name in results_by_node]
    return DbtRun(in_order, list(checks.values()), errors, _refused(settings, errors))


def _errors(result: Any, results: Sequence[RunResult], firsts: Mapping[str, str]) -> list[str]:
    errors = [
        _message(node, firsts.get(node.node.unique_id, ""))
        for node in results
        if node.status in ("error", "fail")
    ]
    if not result.success and not errors:
        return [str(result.exception or "dbt stopped without a message")]
    return errors


def _build_arguments(plan: node_cache.Plan, selection: Sequence[str], *, full: bool) -> list[str]:
    if plan.unchanged:  # name the others: `--exclude` would also leave out their tests
        nodes = [name for name in plan.upstream_hashes if name not in plan.unchanged]
        names = [name.split(".")[2] for name in nodes]
        selection = ["--select", *names, "--indirect-selection", "empty"]
    whole = ["--full-refresh"] if full else []
    return ["--no-write-json", "build", "--exclude-resource-type", "unit_test", *selection, *whole]


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    manifest: Manifest | None = None,
    callback: Callable[[Any], None] | None = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    callbacks = [callback] if callback else []
    with _dbt_environment(settings, environment or {}):
        try:
            return dbtRunner(manifest=manifest, callbacks=callbacks).invoke(
                ["--log-level", "none", "--log-level-file", "none", *arguments]
            )
        finally:
            _close_connections()


@contextmanager
def _dbt_environment(settings: Settings, more: Mapping[str, str]) -> Iterator[None]:
    """Set the variables that dbt and the project read, and restore the old values."""
    directory = target_dir(settings)
    directory.mkdir(parents=True, exist_ok=True)
    values = {
        "SCORECARD_COMPANY": settings.company,
        "SCORECARD_TARGET": settings.target,
        "SCORECARD_SOURCES": ",".join(settings.sources),
        "SCORECARD_WAREHOUSE": str(settings.warehouse_path),
        "SCORECARD_MEMORY": settings.memory,
        "DBT_PROJECT_DIR": str(settings.dbt_project_dir),
        "DBT_PROFILES_DIR": str(settings.dbt_project_dir),
        "DBT_TARGET_PATH": str(directory),
        "DBT_LOG_PATH": str(directory),
        **engines.environment(settings),
        **more,
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _close_connections() -> None:
    """Close the warehouse file, which dbt keeps open for the life of the process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()  # forgetting it, as dbt does, would leave this to garbage collection
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _is_executed_test(result: RunResult) -> bool:
    return result.node.unique_id.startswith("test.") and result.status in ("pass", "warn", "fail")


def _first_failing_rows(settings: Settings, results: Sequence[RunResult]) -> dict[str, str]:
    """The first row that each failed test found, as text; dbt itself only counts them.

    Not on other engines: they are servers, and a count has to do.
    """
    failed = [one for one in results if _is_executed_test(one) and one.status != "pass"]
    if settings.target != "duckdb" or not failed:
        return {}
    found: dict[str, str] = {}
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        for result in failed:
            sql = getattr(result.node, "compiled_code", None)
            if not sql:
                continue
            # what a generic test finds may be an aggregate of its own, which is shown as it is
            rows = connection.execute(f"select * from (\n{sql}\n) order by all limit 1")
            names = [column[0] for column in rows.description or []]
            for row in rows.fetchall():
                cells = (f"{name} {cell}" for name, cell in zip(names, row, strict=True))
                found[result.node.unique_id] = textwrap.shorten(", ".join(cells), MAX_ROW)
    return found


def _checks(results: Sequence[RunResult], firsts: Mapping[str, str]) -> dict[str, CheckResult]:
    """The result of each test that ran, by the id of its node."""
    return {
        result.node.unique_id: _check(result, firsts.get(result.node.unique_id, ""))
        for result in results
        if _is_executed_test(result)
    }


def _observed(result: RunResult, first: str) -> str:
    """How many rows a test found, and the first of them."""
    count = result.failures or 0
    return f"{count} {'row' if count == 1 else 'rows'}" + (f", the first: {first}" if first else "")


def _check(result: RunResult, first: str) -> CheckResult:
    node: Any = result.node
    attached = getattr(node, "attached_node", None) or _first(node.depends_on.nodes)
    failed_rows = result.failures or 0
    return CheckResult(
        check_name=node.name,
        layer="dbt",
        table_name=attached.split(".")[-1] if attached else "",
        column_name=getattr(node, "column_name", None),
        passed=result.status == "pass",
        severity="warn" if node.config.severity.lower() == "warn" else "error",
        observed_value=_observed(result, first),
        expected="0 rows",
        failed_rows=failed_rows,
        description=node.description or node.name.replace("_", " "),
    )


def _first(names: Sequence[str]) -> str | None:
    return names[0] if names else None


def _refused(settings: Settings, errors: Sequence[str]) -> ScorecardError | None:
    """Return what this machine refused or lost; servers of other engines have their own disks."""
    if settings.target != "duckdb":
        return None
    return next(filter(None, (machine_error(text, settings) for text in errors)), None)


def _message(result: RunResult, first: str) -> str:
    node = result.node
    if result.status == "fail":
        about = _check(result, first)
        return f"{about.check_name}: {about.observed_value}. {about.description}"
    # Spark adds where in its own code it was
    text = textwrap.shorten(result.message or "no message", MAX_MESSAGE, placeholder=" …")
    return f"{node.resource_type} {node.name} ({node.original_file_path}): {text}"
