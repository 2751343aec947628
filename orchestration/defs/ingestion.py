"""Raw tables: the sources' records as text, and reference data from libraries."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from orchestration.core.settings import Settings
from orchestration.core.text import plain
from orchestration.defs.policy import POLICY
from orchestration.defs.resources import OWNERS, WAREHOUSE_POOL, Refresh, names_the_disk
from orchestration.releases.history import HISTORY, load_history
from orchestration.releases.release import list_releases
from orchestration.sources.reference import write_reference
from orchestration.sources.registry import Source, enabled_sources, poll_sources
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
    reference = {name: dg.AssetKey(["raw_reference", name]) for name in REFERENCE}
    specs = _specs(enabled_sources(Settings.from_environment()), reference)

    @dg.multi_asset(name="load_raw", specs=specs, pool=WAREHOUSE_POOL)
    @names_the_disk
    def load_raw(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Refresh]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Load what changed, the reference tables that depend on it, and what was published."""
        settings = refresh.settings
        forget_checks(settings)
        now = dt.datetime.now(dt.UTC)
        # before they are read: what changes meanwhile must look new to the next poll
        write_source_states(settings, poll_sources(settings))
        marks: dict[str, str | None] = {}
        for source in enabled_sources(settings):
            loads = source.load(settings, full=refresh.full, quarantine=refresh.quarantine, now=now)
            marks |= {f"{source.schema}.{load.table_name}": load.high_water_mark for load in loads}
            for load in loads:
                context.log.info(
                    f"{load.table_name}: {load.rows_changed} of {load.rows} rows changed"
                )
                for warning in load.warnings:
                    context.log.warning(plain(warning))
                yield _loaded(dg.AssetKey([source.schema, load.table_name]), load)
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


def _specs(sources: Sequence[Source], reference: Mapping[str, dg.AssetKey]) -> list[dg.AssetSpec]:
    """Return the specs of the sources' raw tables and of the tables loaded with them."""
    raw = [dg.AssetKey([source.schema, table]) for source in sources for table in source.tables]
    return [
        *(
            dg.AssetSpec(
                dg.AssetKey([source.schema, table]),
                deps=[POLICY],
                group_name=source.schema,
                owners=OWNERS,
                kinds={"duckdb", *({source.name} - {"files"})},
                description=f"`{table}` as the source {source.name} has it, as text.",
            )
            for source in sources
            for table in source.tables
        ),
        dg.AssetSpec(
            CHANGED_MONTHS,
            deps=raw,
            group_name="raw_files",
            owners=OWNERS,
            kinds={"duckdb"},
            description="Months in which activities changed since the last successful build.",
        ),
        *(
            dg.AssetSpec(
                key,
                deps=raw,
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
