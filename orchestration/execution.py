"""Runs the job in this process, for the command line: the same job that the schedule runs."""

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError

from orchestration.core.settings import Settings
from orchestration.definitions import defs
from orchestration.defs.alerts import DIGESTS
from orchestration.defs.reports import SITE
from orchestration.warehouse.run_state import raise_for_failed_checks, read_checks

DAGSTER_YAML = Path(__file__).parent / "dagster.yaml"


@dataclass(frozen=True)
class Progress:
    """Something that happened: a step started, finished or failed, or says what it does."""

    step: str
    kind: str
    message: str


@dataclass(frozen=True)
class Loaded:
    """What ingestion read of one table."""

    table: str
    rows: int
    rows_changed: int
    rows_quarantined: int
    warnings: list[str]


def prepare_home(settings: Settings) -> Path:
    """Dagster's home with our configuration, and the variable that points to it."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DAGSTER_YAML, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def run_refresh(
    settings: Settings,
    options: Mapping[str, object],
    *,
    reports: bool,
    alerts: bool = False,
    record: bool,
    on_progress: Callable[[Progress], None],
) -> list[Loaded]:
    """Execute the job; returns what was read.

    Args:
        settings: The company that the environment names.
        options: Fields of `RefreshResource`.
        reports: Whether to renew the site as well.
        alerts: Whether to tell reps and managers what is new.
        record: Whether to keep the run in Dagster's history, for `scorecard dev` to show. Its
            SQLite files cost as much as all the rest of a small refresh.
        on_progress: Called for each thing that happens.

    Raises:
        Exception: whatever made the first step fail.
    """
    job = _job(settings)
    left_out = ({SITE} if not reports else set()) | ({DIGESTS} if not alerts else set())
    wanted = sorted(set(job.asset_layer.executable_asset_keys) - left_out)
    run_id = str(uuid.uuid4())
    with (
        dg.DagsterInstance.from_config(str(prepare_home(settings)))
        if record
        else _forgetful_instance()
    ) as instance:
        instance.add_event_listener(run_id, lambda entry: _report(entry, on_progress))
        try:
            result = job.execute_in_process(
                instance=instance,
                run_id=run_id,
                asset_selection=wanted if left_out else None,
                run_config={
                    "resources": {"refresh": {"config": dict(options)}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
        except DagsterAssetCheckFailedError as error:
            raise_for_failed_checks(read_checks(settings))
            raise AssertionError("a check failed and left no result") from error
    return [
        _loaded(materialization)
        for materialization in result.asset_materializations_for_node("load_raw")
        if "rows_changed" in materialization.metadata
    ]


@lru_cache(maxsize=1)
def _job(settings: Settings) -> dg.JobDefinition:
    """The job, made once for a company: a process that stays needs it again and again."""
    return defs().resolve_job_def("refresh")


def _forgetful_instance() -> dg.DagsterInstance:
    """An instance that passes events on and keeps none; its SQLite takes 2 ms for each of them.

    So it need not look for events of before either, which Dagster does for each asset.
    """
    instance = dg.DagsterInstance.ephemeral()
    storage = instance.event_log_storage
    storage.store_event = lambda event: None  # type: ignore[method-assign]
    storage.get_asset_records = lambda asset_keys=None: []  # type: ignore[method-assign]
    return instance


def _loaded(materialization: dg.AssetMaterialization) -> Loaded:
    def metadata(name: str) -> Any:
        return materialization.metadata[name].value

    return Loaded(
        table=materialization.asset_key.path[-1],
        rows=metadata("dagster/row_count"),
        rows_changed=metadata("rows_changed"),
        rows_quarantined=metadata("rows_quarantined"),
        warnings=metadata("warnings"),
    )


def _report(entry: dg.EventLogEntry, on_progress: Callable[[Progress], None]) -> None:
    event = entry.dagster_event
    if entry.step_key is None:
        return
    if event is None:
        on_progress(Progress(entry.step_key, "message", entry.user_message))
    elif event.is_step_start:
        on_progress(Progress(entry.step_key, "start", ""))
    elif event.is_step_success:
        on_progress(Progress(entry.step_key, "success", ""))
    elif event.is_step_failure:
        on_progress(Progress(entry.step_key, "failure", ""))
