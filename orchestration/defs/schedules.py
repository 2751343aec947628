"""The nightly refresh, two hours after the company's midnight."""

import dagster as dg

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.defs.resources import LONGEST_WAIT
from orchestration.policy.as_of import company_time_zone, last_complete_day


@dg.definitions
def schedules() -> dg.Definitions:
    """One schedule, in the time zone of the company."""
    settings = Settings.from_environment()
    try:
        time_zone = str(company_time_zone(settings))
    except ConfigError:  # the check of the policy says so in every run
        time_zone = "UTC"

    @dg.schedule(
        job_name="refresh",
        cron_schedule="0 2 * * *",
        execution_timezone=time_zone,
        description="Every night at 02:00, up to the day before.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """A run whose as-of date is the last complete day."""
        as_of = last_complete_day(settings, context.scheduled_execution_time)
        options = {"as_of": as_of.isoformat(), "wait_seconds": LONGEST_WAIT}
        return dg.RunRequest(
            run_key=as_of.isoformat(),
            run_config={"resources": {"refresh": {"config": options}}},
        )

    return dg.Definitions(schedules=[nightly])
