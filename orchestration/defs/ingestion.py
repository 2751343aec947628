"""Raw tables: what the sources said, as text, and what well-kept libraries know."""

import datetime as dt
from collections.abc import Iterator
from functools import partial

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.defs.policy import POLICY
from orchestration.defs.resources import OWNERS, WAREHOUSE_POOL, Refresh
from orchestration.releases.history import HISTORY, load_history
from orchestration.releases.publish import list_releases
from orchestration.sources import hubspot, salesforce
from orchestration.sources.canonical import TABLES
from orchestration.sources.files import load_files
from orchestration.sources.poll import look_at_sources
from orchestration.sources.reference import write_reference
from orchestration.sources.shared.load import TableLoad
from orchestration.warehouse.run_state import (
    forget_checks,
    write_high_water_marks,
    write_source_states,
)

CHANGED_MONTHS = dg.AssetKey(["raw_files", "_changed_months"])
PUBLISHED_HISTORY = dg.AssetKey(["raw_published", HISTORY])
REFERENCE = {
    "holidays": "Public holidays of each calendar, from the `holidays` package.",
    "time_zone_days": "Offset of each time zone on each day, from the tz database.",
}


@dg.definitions
def ingestion() -> dg.Definitions:
    """One asset per raw table. One step writes them all, so that the first error stops it."""
    sources = Settings.from_environment().sources
    loaders_of_crm = {
        module.SCHEMA: module.load_from_environment
        for name, module in (("salesforce", salesforce), ("hubspot", hubspot))
        if name in sources
    }
    crm = [
        *(
            dg.AssetKey([salesforce.SCHEMA, one.table])
            for one in salesforce.OBJECTS
            if "salesforce" in sources
        ),
        *(
            dg.AssetKey([hubspot.SCHEMA, table])
            for table, _ in hubspot.TABLES
            if "hubspot" in sources
        ),
    ]
    files = {table.name: dg.AssetKey(["raw_files", table.name]) for table in TABLES}
    reference = {name: dg.AssetKey(["raw_reference", name]) for name in REFERENCE}
    specs = [
        *(
            dg.AssetSpec(
                key,
                deps=[POLICY],
                group_name="raw_files",
                owners=OWNERS,
                kinds={"dlt", "duckdb"},
                description=f"The canonical table `{name}` as the files have it, as text.",
            )
            for name, key in files.items()
        ),
        *(
            dg.AssetSpec(
                key,
                deps=[POLICY],
                group_name=key.path[0],
                owners=OWNERS,
                kinds={"dlt", "duckdb", key.path[0].removeprefix("raw_")},
                description=f"`{key.path[1]}` as the CRM has it, as text.",
            )
            for key in crm
        ),
        dg.AssetSpec(
            CHANGED_MONTHS,
            deps=[files["activities"], *crm],
            group_name="raw_files",
            owners=OWNERS,
            kinds={"duckdb"},
            description="Months in which activities changed since the last successful build.",
        ),
        *(
            dg.AssetSpec(
                key,
                deps=[files["reps"], files["activities"], files["opportunities"], *crm],
                group_name="raw_reference",
                owners=OWNERS,
                kinds={"python", "duckdb"},
                description=REFERENCE[name],
            )
            for name, key in reference.items()
        ),
        dg.AssetSpec(
            PUBLISHED_HISTORY,
            deps=[POLICY],
            group_name="raw_published",
            owners=OWNERS,
            kinds={"duckdb"},
            description="What earlier releases said, as far as it may have been restated since.",
        ),
    ]

    @dg.multi_asset(name="load_raw", specs=specs, pool=WAREHOUSE_POOL)
    def load_raw(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Refresh]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Load what changed, the reference tables that depend on it, and what was published."""
        settings = refresh.settings
        forget_checks(settings)
        now = dt.datetime.now(dt.UTC)
        # before they are read: what changes meanwhile must look new to the next look
        write_source_states(settings, look_at_sources(settings))
        loaders = {
            "raw_files": partial(
                load_files,
                settings,
                full=refresh.full,
                quarantine=refresh.quarantine,
                now=now,
            )
        }
        for schema, load_crm in loaders_of_crm.items():
            loaders[schema] = partial(load_crm, settings, full=refresh.full, now=now)
        marks: dict[str, str | None] = {}
        for schema, load_source in loaders.items():
            loads = load_source()
            marks |= {f"{schema}.{load.table_name}": load.high_water_mark for load in loads}
            for load in loads:
                context.log.info(
                    f"{load.table_name}: {load.rows_changed} of {load.rows} rows changed"
                )
                for warning in load.warnings:
                    context.log.warning(warning)
                yield _loaded(dg.AssetKey([schema, load.table_name]), load)
        write_high_water_marks(settings, marks)
        yield dg.MaterializeResult(asset_key=CHANGED_MONTHS)
        for name, rows in write_reference(settings, refresh.as_of).items():
            yield dg.MaterializeResult(
                asset_key=reference[name], metadata={"dagster/row_count": rows}
            )
        rows = load_history(settings, refresh.as_of, list_releases(settings))
        yield dg.MaterializeResult(
            asset_key=PUBLISHED_HISTORY, metadata={"dagster/row_count": rows}
        )

    return dg.Definitions(assets=[load_raw])


def _loaded(asset_key: dg.AssetKey, load: TableLoad) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=asset_key,
        metadata={
            "dagster/row_count": load.rows,
            "rows_changed": load.rows_changed,
            "rows_deleted": load.rows_deleted,
            "rows_quarantined": load.rows_quarantined,
            "high_water_mark": load.high_water_mark or "none",
            "warnings": list(load.warnings),
        },
    )
