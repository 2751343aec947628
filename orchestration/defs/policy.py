"""The policy is checked before anything is read or built."""

import dagster as dg

from orchestration.defs.resources import OWNERS, Refresh, names_the_disk
from orchestration.policy.check import require_policy

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
    @names_the_disk
    def policy(refresh: dg.ResourceParam[Refresh]) -> dg.MaterializeResult[None]:
        """Fail with every error of the policy at once; warnings are metadata."""
        warnings = [str(problem) for problem in require_policy(refresh.settings)]
        return dg.MaterializeResult(metadata={"warnings": warnings})

    return dg.Definitions(assets=[policy])
