"""How a check is declared: a built-in expectation on a table, or a query that measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.core.errors import ConfigError
from orchestration.policy.cells import parse_number
from orchestration.policy.declared import thresholds
from orchestration.policy.reading import Policy
from orchestration.quality.results import CheckSpec

SETTINGS_SEED = "company_settings"


@dataclass(frozen=True)
class BuiltIn:
    """An expectation that comes with Great Expectations.

    `thresholds` are arguments whose value is that of a threshold, or `as_of_days`.
    """

    spec: CheckSpec
    expected: str
    expectation: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    thresholds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """A query of everything that is compared, with `subject, observed, expected, failed_rows`.

    Rows with `failed_rows` above 0 are unexpected. `absent` is the reason why there may be nothing
    to compare; a query without rows and without such a reason could not measure, which is an error.
    """

    spec: CheckSpec
    expected: str
    sql: str
    absent: str | None = None


Check = BuiltIn | Measured


@dataclass(frozen=True)
class Suite:
    """Checks that run together, after the statements that prepare what they share."""

    name: str
    title: str
    prepare: tuple[str, ...]
    checks: tuple[Check, ...]


def read_thresholds(policy: Policy) -> dict[str, float]:
    """Each threshold: the company's setting, else its default.

    Raises:
        ConfigError: a setting is not a number of 0 or more.
    """
    declared = thresholds()
    values = {
        name: float(one.default) if "." in one.default else int(one.default)
        for name, one in declared.items()
    }
    for row in policy.tables[SETTINGS_SEED]:
        if row["setting"] in values:
            value = parse_number(row["value"])
            if value is None or value < 0:
                raise ConfigError(
                    f"{policy.file(SETTINGS_SEED)} line {row.line}: {row['setting']} "
                    f"'{row['value']}' is not a number of 0 or more. It is the "
                    f"{declared[row['setting']].meaning}; "
                    f"write for example {declared[row['setting']].default}."
                )
            values[row["setting"]] = value
    return values
