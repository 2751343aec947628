"""The intraday refresh: poll the sources, and start a run when something changed."""

import datetime as dt

import dagster as dg

from orchestration.core.errors import ScorecardError
from orchestration.core.settings import Settings
from orchestration.defs.resources import COMPANY_TAG, LONGEST_WAIT
from orchestration.readers.watch import Attempts, Due, seconds_between_looks, what_is_due
from orchestration.warehouse.connection import is_refreshing

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
RUN_KEY_TAG = "dagster/run_key"
# a live run takes the lock within this time
LONGEST_START = dt.timedelta(minutes=10)


@dg.definitions
def sensors() -> dg.Definitions:
    """One sensor, off by default.

    Raises:
        ConfigError: a variable cannot be used.
    """
    settings = Settings.from_environment()

    @dg.sensor(
        name="intraday",
        job_name="refresh",
        minimum_interval_seconds=seconds_between_looks(),
        description="Looks at the sources, and refreshes as of today when something changed.",
    )
    def intraday(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        """Request at most one run at a time, later after failures, never twice for one change.

        What was read is in the releases: what is due is compared with the last one, so a run counts
        only once it has published.
        """
        now = dt.datetime.now(dt.UTC)
        attempts = Attempts.parse(context.cursor)
        running = _running(context.instance, settings, now)
        if running:
            return dg.SensorResult(skip_reason=running, cursor=context.cursor)
        if attempts.run_key and _failed(context.instance, attempts.run_key):
            attempts = attempts.fail(now)
        try:
            due = what_is_due(settings, now)
        except ScorecardError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=str(attempts))
        why_not = due if isinstance(due, str) else attempts.why_not(due, now)
        if not isinstance(due, Due) or why_not:
            return dg.SensorResult(skip_reason=str(why_not), cursor=str(attempts))
        context.log.info(f"{due.reason}: a refresh as of {due.as_of}.")
        attempts = attempts.start(due)
        options = {"as_of": due.as_of.isoformat(), "wait_seconds": LONGEST_WAIT}
        request = dg.RunRequest(
            run_key=attempts.run_key,
            run_config={"resources": {"refresh": {"config": options}}},
        )
        return dg.SensorResult(run_requests=[request], cursor=str(attempts))

    return dg.Definitions(sensors=[intraday])


def _running(instance: dg.DagsterInstance, settings: Settings, now: dt.datetime) -> str:
    """Return why no other run may start now, or None; marks runs that died long ago as failed."""
    if is_refreshing(settings):
        return "A refresh is running."
    unfinished = dg.RunsFilter(statuses=UNFINISHED, tags={COMPANY_TAG: settings.company})
    for record in instance.get_run_records(unfinished):
        started = record.start_time
        # a start in the future comes from a wrong clock
        if started is None or abs(now.timestamp() - started) < LONGEST_START.total_seconds():
            return "A refresh is about to run."
        instance.report_run_failed(record.dagster_run, "Its process ended without a word.")
    return ""


def _failed(instance: dg.DagsterInstance, run_key: str) -> bool:
    records = instance.get_run_records(dg.RunsFilter(tags={RUN_KEY_TAG: run_key}), limit=1)
    return not records or records[0].dagster_run.status != dg.DagsterRunStatus.SUCCESS
