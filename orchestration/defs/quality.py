"""Great Expectations at both edges of dbt: every expectation is a named asset check."""

from collections.abc import Iterator

import dagster as dg

from orchestration.core.errors import CheckFailed
from orchestration.core.results import CheckResult
from orchestration.core.settings import Settings
from orchestration.defs.resources import Refresh, names_the_disk
from orchestration.quality.checks import SuiteName
from orchestration.quality.runner import expectation_names, run_suite
from orchestration.warehouse.run_state import write_checks


@dg.definitions
def quality() -> dg.Definitions:
    """The suite of the raw tables and the suite of the marts."""
    return dg.Definitions(asset_checks=[suite_checks("raw"), suite_checks("marts")])


def suite_checks(suite: SuiteName) -> dg.AssetChecksDefinition:
    """Define one step that evaluates all expectations of a suite."""
    declared = expectation_names(suite, Settings.from_environment().sources)

    @dg.multi_asset_check(
        name=f"{suite}_expectations",
        specs=[
            dg.AssetCheckSpec(
                name=spec.check_name,
                asset=dg.AssetKey(spec.asset_key),
                description=spec.description,
                blocking=spec.blocking,
            )
            for spec in declared
        ],
    )
    @names_the_disk
    def expectations(refresh: dg.ResourceParam[Refresh]) -> Iterator[dg.AssetCheckResult]:
        """Evaluate the suite; a check without a result is an error, not a success."""
        results = run_suite(refresh.settings, suite, refresh.as_of)
        write_checks(refresh.settings, suite, results)
        found = {(result.table_name, result.check_name): result for result in results}
        for spec in declared:
            result = found.get((spec.table_name, spec.check_name))
            if result is None:
                raise CheckFailed(f"The check {spec.check_name} was declared but not evaluated.")
            yield _asset_check_result(result, dg.AssetKey(spec.asset_key))

    return expectations


def _asset_check_result(result: CheckResult, asset_key: dg.AssetKey) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity(result.severity.upper())
    metadata = {
        "observed": result.observed_value,
        "expected": result.expected,
        "failed_rows": result.failed_rows,
    }
    return dg.AssetCheckResult(
        passed=result.passed,
        check_name=result.check_name,
        asset_key=asset_key,
        severity=severity,
        metadata={name: value for name, value in metadata.items() if value is not None},
        description=result.description,
    )
