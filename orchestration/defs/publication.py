"""The release: written, verified and swapped only after every blocking check has passed."""

import datetime as dt

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.defs.resources import OWNERS, WAREHOUSE_POOL, Refresh, names_the_disk
from orchestration.defs.transformation import parsed_project
from orchestration.releases.postgres import serve_release
from orchestration.releases.publish import publish
from orchestration.warehouse.run_state import (
    raise_for_failed_checks,
    read_checks,
    read_high_water_marks,
    read_source_states,
)

RELEASE = dg.AssetKey(["published", "release"])
SERVED = dg.AssetKey(["published", "postgres"])


@dg.definitions
def publication() -> dg.Definitions:
    """The release, and its copy in PostgreSQL where one is served."""
    settings = Settings.from_environment()
    nodes = parsed_project(settings).content["nodes"].values()
    marts = [dg.AssetKey(["marts", node["name"]]) for node in nodes if node["schema"] == "marts"]

    @dg.asset(
        key=RELEASE,
        deps=marts,
        group_name="published",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
        pool=WAREHOUSE_POOL,
        description="An exact, verified copy of every mart that readers open; ten are kept.",
    )
    @names_the_disk
    def release(refresh: dg.ResourceParam[Refresh]) -> dg.MaterializeResult[None]:
        """Publish the marts with the results of all checks."""
        settings = refresh.settings
        checks = read_checks(settings)
        raise_for_failed_checks(checks)
        new = publish(
            settings,
            refresh.as_of,
            checks,
            read_high_water_marks(settings),
            dt.datetime.now(dt.UTC),
            read_source_states(settings),
        )
        return dg.MaterializeResult(
            metadata={
                "release_id": new.release_id,
                "as_of_date": new.as_of_date.isoformat(),
                "path": dg.MetadataValue.path(str(new.path)),
                "checks": len(checks),
                "row_counts": dict(new.row_counts),
                "dagster/row_count": sum(new.row_counts.values()),
            }
        )

    @dg.asset(
        key=SERVED,
        deps=[RELEASE],
        group_name="published",
        owners=OWNERS,
        kinds={"postgres"},
        description="The release as views of PostgreSQL, in which each person sees their rows.",
    )
    @names_the_disk
    def postgres(refresh: dg.ResourceParam[Refresh]) -> dg.MaterializeResult[None]:
        """Copy the release to PostgreSQL and point the views to it."""
        return dg.MaterializeResult(metadata={"schema": serve_release(refresh.settings)})

    return dg.Definitions(assets=[release, postgres] if settings.serving_url else [release])
