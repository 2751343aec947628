"""dbt: from raw tables and policy to marts, one asset per seed and model, one check per test."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration import dbt_runner
from orchestration.defs.policy import POLICY
from orchestration.defs.resources import OWNERS, WAREHOUSE_POOL, Refresh
from orchestration.publishing import code_version
from orchestration.run_state import read_recipe, write_checks, write_recipe
from orchestration.settings import Settings
from orchestration.warehouse import connect

DbtEvent = (
    dg.Output[Any]
    | dg.AssetMaterialization
    | dg.AssetObservation
    | dg.AssetCheckResult
    | dg.AssetCheckEvaluation
)


class Translator(DagsterDbtTranslator):
    """Groups are the layers; seeds wait for the check of the policy."""

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
        """The description alone; the SQL is in the repository."""
        description: str = dbt_resource_props["description"]
        return description


@cache
def parsed_project(settings: Settings) -> dbt_runner.DbtProject:
    """The dbt project, parsed once per process and company."""
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
    def dbt_build(
        context: dg.AssetExecutionContext, refresh: dg.ResourceParam[Refresh]
    ) -> Iterator[DbtEvent]:
        """Build what is selected; after a success no month counts as changed any more."""
        settings = refresh.settings
        recipe = _recipe(settings)
        selected = get_updated_cli_invocation_params_for_context(
            context=context, manifest=project.content, dagster_dbt_translator=translator
        )
        run = dbt_runner.build(
            settings,
            project,
            refresh.as_of,
            full=refresh.full or recipe != read_recipe(settings),
            selection=selected.selection_args,
            on_result=context.log.info,
        )
        write_checks(settings, "dbt", run.checks)
        metadata = _table_metadata(settings)
        for event in run.events:
            message = DbtCoreCliEventMessage(raw_event=dict(event), event_history_metadata={})
            for result in message.to_default_asset_events(
                manifest=project.content, dagster_dbt_translator=translator, context=context
            ):
                if isinstance(result, dg.Output):
                    node = event["data"]["node_info"]["node_relation"]
                    more = metadata.get((node["schema"], node["alias"]), {})
                    yield result.with_metadata({**result.metadata, **more})
                else:
                    yield result
        run.raise_for_errors()
        with connect(settings) as connection:
            connection.execute("delete from raw_files._changed_months")
        write_recipe(settings, recipe)

    return dg.Definitions(assets=[dbt_build])


def _recipe(settings: Settings) -> str:
    """What old months of the incremental models depend on besides their records.

    The models and the policy, and the time zone that each rep had when.
    """
    with connect(settings, read_only=True) as connection:
        zones = connection.execute(
            "select coalesce(rep_id, ''), coalesce(valid_from, ''), coalesce(time_zone, '')"
            " from raw_files.reps where _is_deleted = 'false' order by all"
        ).fetchall()
    return f"{code_version(settings)} {hashlib.sha256(repr(zones).encode()).hexdigest()[:12]}"


def _table_metadata(settings: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    """Row count of each table and columns of each table and view, as the warehouse has them."""
    with connect(settings, read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type, comment"
            " from duckdb_columns() where not internal order by table_oid, column_index"
        ).fetchall()
        rows = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    by_table: dict[tuple[str, str], list[dg.TableColumn]] = {}
    for schema, table, name, type_, comment in columns:
        by_table.setdefault((schema, table), []).append(
            dg.TableColumn(name, type=type_, description=comment)
        )
    metadata: dict[tuple[str, str], dict[str, Any]] = {
        key: {"dagster/column_schema": dg.TableSchema(found)} for key, found in by_table.items()
    }
    for schema, table, count in rows:
        metadata[schema, table]["dagster/row_count"] = count
    return metadata
