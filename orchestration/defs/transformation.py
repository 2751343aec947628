"""dbt: from raw tables and policy to marts, one asset per seed and model, one check per test."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.core.fingerprint import code_version, hash_values
from orchestration.core.settings import Settings
from orchestration.defs.policy import POLICY
from orchestration.defs.resources import OWNERS, WAREHOUSE_POOL, Refresh, names_the_disk
from orchestration.policy.declared import write_missing_files
from orchestration.quality.runner import tables_of_marts_checks
from orchestration.sources.registry import enabled_sources
from orchestration.transform import dbt_runner, engines
from orchestration.transform.lineage import column_lineage, mapping_schema
from orchestration.warehouse.connection import connect
from orchestration.warehouse.run_state import read_recipe, write_checks, write_recipe

DbtEvent = (
    dg.Output[Any]
    | dg.AssetMaterialization
    | dg.AssetObservation
    | dg.AssetCheckResult
    | dg.AssetCheckEvaluation
)


class Translator(DagsterDbtTranslator):
    """Group assets by layer; seeds depend on the check of the policy."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The asset of a dbt node, with its layer as group and an owner."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec
        spec = spec.replace_attributes(group_name=node["schema"], owners=OWNERS)
        if node["resource_type"] == "seed":
            spec = spec.merge_attributes(deps=[POLICY])
        return spec

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the description without the SQL, which is in the repository."""
        description: str = dbt_resource_props["description"]
        return description


@cache
def parsed_project(settings: Settings) -> dbt_runner.DbtProject:
    """The dbt project, parsed once per process and company."""
    write_missing_files(settings.seeds_dir)
    return dbt_runner.parse(settings)


@dg.definitions
def transformation() -> dg.Definitions:
    """The dbt assets of the company that the environment names."""
    project = parsed_project(Settings.from_environment())
    translator = Translator(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    @dbt_assets(
        manifest=project.content,
        dagster_dbt_translator=translator,
        exclude="resource_type:unit_test",
        name="dbt_build",
        pool=WAREHOUSE_POOL,
    )
    @names_the_disk
    def dbt_build(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Refresh]
    ) -> Iterator[DbtEvent]:
        """Build the selected nodes; after a success, clear the list of changed months."""
        settings = refresh.settings
        recipe = _recipe(settings)
        selected = get_updated_cli_invocation_params_for_context(
            context=context, manifest=project.content, dagster_dbt_translator=translator
        )
        if settings.target != "duckdb":
            for relation, rows in engines.load_raw(settings, project).items():
                context.log.info(f"{'.'.join(relation)}: {rows} rows copied to {settings.target}")
        run = dbt_runner.build(
            settings,
            project,
            refresh.as_of,
            full=refresh.full or recipe != read_recipe(settings),
            selection=selected.selection_args,
            on_result=context.log.info,
        )
        write_checks(settings, "dbt", run.checks)
        if settings.target != "duckdb" and not run.errors:
            engines.fetch(settings, project, tables_of_marts_checks(settings, refresh.as_of))
        tables = _tables(settings)
        # the lineage of an ephemeral run is not shown
        is_unread = context.instance.is_ephemeral or settings.target != "duckdb"
        schema = None if is_unread else _schema(settings, tables)
        for event in run.events:
            node = project.content["nodes"][event["data"]["node_info"]["unique_id"]]
            message = DbtCoreCliEventMessage(raw_event=dict(event), event_history_metadata={})
            for result in message.to_default_asset_events(
                manifest=project.content, dagster_dbt_translator=translator, context=context
            ):
                if isinstance(result, dg.Output):
                    table = tables.get((node["schema"], node["name"]), _Table())
                    more = table.metadata()
                    if schema is not None and node["resource_type"] == "model":
                        more["dagster/column_lineage"] = _lineage(settings, node, schema)
                    yield result.with_metadata({**result.metadata, **more})
                else:
                    yield result
        run.raise_for_errors()
        with connect(settings) as connection:
            connection.execute("delete from raw_files._changed_months")
        write_recipe(settings, recipe)

    return dg.Definitions(assets=[dbt_build])


def _recipe(settings: Settings) -> str:
    """Hash what old months of the incremental models depend on besides their records.

    The models and the policy, and the time zone that each rep had when.
    """
    with connect(settings, read_only=True) as connection:
        zones = [
            row
            for source in enabled_sources(settings)
            for row in connection.execute(f"{source.rep_identity} order by all").fetchall()
        ]
    return f"{code_version(settings)} {hash_values(zones)[:12]} {engines.address(settings)}".strip()


@dataclass
class _Table:
    """A table or view of the warehouse: name, type and comment of its columns; rows of a table."""

    columns: list[tuple[str, str, str | None]] = field(default_factory=list)
    rows: int | None = None

    def metadata(self) -> dict[str, Any]:
        """Return the metadata that Dagster shows with the asset."""
        columns = [
            dg.TableColumn(name, type=type_, description=c) for name, type_, c in self.columns
        ]
        count = {} if self.rows is None else {"dagster/row_count": self.rows}
        return {"dagster/column_schema": dg.TableSchema(columns), **count}


def _tables(settings: Settings) -> dict[tuple[str, str], _Table]:
    """All tables and views, by schema and name."""
    tables: dict[tuple[str, str], _Table] = defaultdict(_Table)
    with connect(settings, read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type, comment"
            " from duckdb_columns() where not internal order by table_oid, column_index"
        ).fetchall()
        rows = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    for schema, table, *column in columns:
        tables[schema, table].columns.append((column[0], column[1], column[2]))
    for schema, table, count in rows:
        tables[schema, table].rows = count
    return dict(tables)


def _schema(settings: Settings, tables: Mapping[tuple[str, str], _Table]) -> Any:
    types = {
        key: {name: type_ for name, type_, _ in table.columns} for key, table in tables.items()
    }
    return mapping_schema(settings.warehouse_path.stem, types)


def _lineage(settings: Settings, node: Mapping[str, Any], schema: Any) -> dg.TableColumnLineage:
    folder = dbt_runner.target_dir(settings) / "compiled" / node["package_name"]
    sql = (folder / node["original_file_path"]).read_text(encoding="utf-8")
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey([source.schema, source.table]), source.column)
                for source in sources
            ]
            for column, sources in column_lineage(sql, schema).items()
        }
    )
