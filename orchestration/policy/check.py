"""All findings about a policy at once, each with file, line, value and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.policy.cells import check_cells, check_duplicate_keys, check_references
from orchestration.policy.declared import policy_seeds
from orchestration.policy.reading import Policy, PolicyProblem, check_unknown_files, read_policy
from orchestration.policy.rules_of_company import (
    check_calendars,
    check_company_settings,
    check_exchange_rates,
    check_lead_rules,
)
from orchestration.policy.rules_of_goals import (
    check_goal_overlaps,
    check_goals,
    check_levels,
    check_seasonal_adjustments,
)
from orchestration.policy.rules_of_metrics import (
    check_event_rule_overlaps,
    check_event_rules,
    check_funnels,
    check_industry_benchmarks,
    check_measures,
    check_metrics,
    check_revenue_targets,
    check_scorecards,
)


def check_policy(settings: Settings) -> list[PolicyProblem]:
    """Everything that is wrong or doubtful in the company's policy, in file and line order.

    References between files are checked once every file can be read.
    """
    policy = read_policy(settings.seeds_dir)
    problems = list(policy.problems)
    problems += check_unknown_files(policy, settings.seeds_dir)
    seeds = policy_seeds()
    for seed in seeds:
        if seed.name in policy.tables:
            problems += check_cells(policy, seed)
            problems += check_duplicate_keys(policy, seed)
    if len(policy.tables) == len(seeds):
        for seed in seeds:
            problems += check_references(policy, seed)
        for check in _CHECKS:
            problems += check(policy)
    order = {policy.file(seed.name): number for number, seed in enumerate(seeds)}
    return sorted(problems, key=lambda problem: (order.get(problem.file, -1), problem.line or 0))


def require_policy(settings: Settings) -> list[PolicyProblem]:
    """The warnings of a policy that has no errors.

    Raises:
        ConfigError: all errors of the policy at once.
    """
    problems = check_policy(settings)
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError("\n".join(errors))
    return problems


_CHECKS: tuple[Callable[[Policy], Iterable[PolicyProblem]], ...] = (
    check_metrics,
    check_event_rules,
    check_event_rule_overlaps,
    check_measures,
    check_goals,
    check_goal_overlaps,
    check_levels,
    check_calendars,
    check_seasonal_adjustments,
    check_company_settings,
    check_exchange_rates,
    check_funnels,
    check_revenue_targets,
    check_industry_benchmarks,
    check_lead_rules,
    check_scorecards,
)
