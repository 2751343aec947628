"""The asset graph, from raw files to the site. `scorecard dev` shows it."""

import dagster as dg

from orchestration.defs import (
    alerts,
    ingestion,
    jobs,
    policy,
    publication,
    quality,
    reports,
    resources,
    schedules,
    sensors,
    transformation,
)


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions, run in one process: imports are most of the fixed cost.

    The modules are named, not discovered: discovery imports every Dagster plug-in there is.
    """
    return dg.Definitions.merge(
        resources.resources(),
        policy.policy_check(),
        ingestion.ingestion(),
        quality.quality(),
        transformation.transformation(),
        publication.publication(),
        reports.reports(),
        alerts.alerts(),
        jobs.jobs(),
        schedules.schedules(),
        sensors.sensors(),
        dg.Definitions(executor=dg.in_process_executor),
    )
