"""The policy is checked before anything is read or built."""

import dagster as dg

from orchestration.defs.resources import OWNERS, Refresh
from orchestration.errors import ConfigError
from orchestration.policy import check_policy

POLICY = dg.AssetKey(["config", "policy"])


@dg.definitions
def policy_check() -> dg.Definitions:
    """One asset: a policy without errors."""

    @dg.asset(
        key=POLICY,
        group_name="policy",
        owners=OWNERS,
        kinds={"python"},
        description="The policy files of the company, checked with file, line, value and remedy.",
    )
    def policy(refresh: dg.ResourceParam[Refresh]) -> dg.MaterializeResult[None]:
        """Fail with every error of the policy at once; warnings are metadata."""
        problems = check_policy(refresh.settings)
        errors = [str(problem) for problem in problems if problem.severity == "error"]
        if errors:
            raise ConfigError("\n".join(errors))
        return dg.MaterializeResult(metadata={"warnings": [str(problem) for problem in problems]})

    return dg.Definitions(assets=[policy])
