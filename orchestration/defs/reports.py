"""The site: pages over the published release."""

import dagster as dg

from orchestration.defs.publication import RELEASE
from orchestration.defs.resources import OWNERS, Refresh, names_the_disk
from orchestration.site.publish import publish_site

SITE = dg.AssetKey(["reports", "site"])


@dg.definitions
def reports() -> dg.Definitions:
    """One asset: the folder that is served."""

    @dg.asset(
        key=SITE,
        deps=[RELEASE],
        group_name="reports",
        owners=OWNERS,
        kinds={"javascript", "python"},
        description="The pages: a shell, built when its code changes, and a data folder each time.",
    )
    @names_the_disk
    def site(refresh: dg.ResourceParam[Refresh]) -> dg.MaterializeResult[None]:
        """Write the data of the pages and swap it in."""
        folder = publish_site(refresh.settings)
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(folder))})

    return dg.Definitions(assets=[site])
