"""What a refresh imports and is not ours, for processes that are forked."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported

import dagster_dbt
import dagster_dlt
import dbt.adapters.duckdb
import dbt.cli.main
import great_expectations.expectations

__all__ = ["dagster_dbt", "dagster_dlt", "dbt", "great_expectations"]
