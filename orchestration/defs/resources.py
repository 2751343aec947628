"""The resource of a refresh: settings, as-of date and the company's lock."""

import datetime as dt
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import dagster as dg
from pydantic import Field

from orchestration.core.machine import explained
from orchestration.core.settings import Settings
from orchestration.policy.as_of import choose_as_of
from orchestration.warehouse.connection import refresh_lock

OWNERS = ["team:sales-operations"]
WAREHOUSE_POOL = "warehouse"
COMPANY_TAG = "scorecard/company"
LONGEST_WAIT = 3600  # seconds that a scheduled run waits for another refresh

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Refresh:
    """One run: its company, as-of date and options."""

    settings: Settings
    as_of: dt.date
    full: bool
    quarantine: bool


class RefreshResource(dg.ConfigurableResource[Refresh]):
    """Options of a run. The lock is held from before the first step until after the last."""

    as_of: str = Field(default="", description="Last day that counts; yesterday when empty.")
    full: bool = Field(default=False, description="Load and build everything from scratch.")
    wait_seconds: int = Field(default=0, description="How long to wait for another refresh.")
    quarantine: bool = Field(default=False, description="Set bad rows aside instead of failing.")

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Refresh]:
        """Take the lock and fix the as-of date for the whole run."""
        settings = Settings.from_environment()
        now = dt.datetime.now(dt.UTC)
        as_of = choose_as_of(settings, self.as_of or None, os.environ, now)
        with refresh_lock(settings, now, self.wait_seconds):
            if context.instance is not None and context.run is not None:
                end_dead_runs(context.instance, settings, context.run.run_id)
            yield Refresh(settings, as_of, self.full, self.quarantine)


def names_the_disk(step: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Report a lack of space, rights or memory as such, whatever a library makes of it."""

    @wraps(step)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Any:
        with explained(Settings.from_environment()):
            return step(*arguments, **named)

    @wraps(step)
    def run_by_result(*arguments: Arguments.args, **named: Arguments.kwargs) -> Iterator[Any]:
        with explained(Settings.from_environment()):
            yield from cast(Iterator[Any], step(*arguments, **named))

    return cast(
        Callable[Arguments, Result], run_by_result if inspect.isgeneratorfunction(step) else run
    )


def end_dead_runs(instance: dg.DagsterInstance, settings: Settings, living_run_id: str) -> None:
    """Mark killed runs as failed: the holder of the lock knows that no other run is alive."""
    started = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTED], tags={COMPANY_TAG: settings.company}
    )
    for run in instance.get_runs(started):
        if run.run_id != living_run_id:
            instance.report_run_failed(run, "Its process ended without a word.")


@dg.definitions
def resources() -> dg.Definitions:
    """The resource that every step requires."""
    return dg.Definitions(resources={"refresh": RefreshResource()})
