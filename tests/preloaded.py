"""What a refresh imports and is not ours, for processes that are forked."""

import os
import sys
from importlib import import_module

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported
# Great Expectations imports Spark where it is installed, and Spark ends a process that has no main
# module yet: it takes it for a run of its doctests
sys.modules["pyspark"] = None  # type: ignore[assignment]
for name in (
    "dagster_dbt",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "great_expectations.expectations",
):
    import_module(name)
del sys.modules["pyspark"]
