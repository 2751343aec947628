"""Alerts are sent after publication, if enabled; they never fail a refresh."""

import datetime as dt
import os

import dagster as dg

from orchestration.core.errors import ScorecardError
from orchestration.defs.publication import RELEASE
from orchestration.defs.resources import OWNERS, Refresh, names_the_disk
from orchestration.policy.as_of import company_time_zone
from orchestration.readers.alerts import AlertSettings, send_digests
from orchestration.warehouse.run_state import write_alerts

DIGESTS = dg.AssetKey(["alerts", "digests"])
RETRIES = dg.RetryPolicy(max_retries=2, delay=15, backoff=dg.Backoff.EXPONENTIAL)


@dg.definitions
def alerts() -> dg.Definitions:
    """One asset: the digests for reps and managers."""

    @dg.asset(
        key=DIGESTS,
        deps=[RELEASE],
        group_name="alerts",
        owners=OWNERS,
        kinds={"python"},
        retry_policy=RETRIES,
        description="At most one digest a day to each rep and manager, of what is new.",
    )
    @names_the_disk
    def digests(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Refresh]
    ) -> dg.MaterializeResult[None]:
        """Send the digests that are due; a delivery that fails again is only a warning."""
        today = dt.datetime.now(company_time_zone(refresh.settings)).date()
        try:
            outcome = send_digests(
                refresh.settings, AlertSettings.from_environment(os.environ), today
            )
        except ScorecardError as error:
            write_alerts(refresh.settings, str(error))
            context.log.warning(f"No alerts: {error}")
            return dg.MaterializeResult(metadata={"problem": str(error)})
        write_alerts(refresh.settings, str(outcome))
        if outcome.failed:
            if context.retry_number < RETRIES.max_retries:
                raise ScorecardError(f"Alerts: {outcome}. They are tried again.")
            context.log.warning(f"Alerts: {outcome}")
        return dg.MaterializeResult(
            metadata={
                "outcome": str(outcome),
                "dagster/row_count": len(outcome.sent),
                "failed": outcome.failed,
                "waiting": outcome.waiting,
                "without_address": outcome.without_address,
            }
        )

    return dg.Definitions(assets=[digests])
