"""The one job: everything from raw to site, in dependency order."""

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.defs.resources import COMPANY_TAG


@dg.definitions
def jobs() -> dg.Definitions:
    """The job that the schedule and the command line run."""
    refresh = dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        tags={COMPANY_TAG: Settings.from_environment().company},
        description="Read the sources, build and check the scorecards, publish them.",
    )
    return dg.Definitions(jobs=[refresh])
