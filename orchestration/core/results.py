"""Declaration and result of a data check, the same for dbt tests and expectations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["raw", "marts", "dbt"]
Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class CheckSpec:
    """A check that is declared, before it ran. `table_name` is the asset it belongs to."""

    check_name: str
    layer: Layer
    schema_name: str
    table_name: str
    column_name: str | None
    severity: Severity
    description: str

    @property
    def blocking(self) -> bool:
        """Whether a failure stops the run: errors do, warnings do not."""
        return self.severity == "error"

    @property
    def asset_key(self) -> tuple[str, str]:
        """The key of the asset that the check is declared on: `<schema>/<table>`."""
        return (self.schema_name, self.table_name)


@dataclass(frozen=True)
class CheckResult:
    """What one check found; a row of `marts.data_checks`."""

    check_name: str
    layer: Layer
    table_name: str
    column_name: str | None
    passed: bool
    severity: Severity
    observed_value: str | None
    expected: str | None
    failed_rows: int | None
    description: str

    @property
    def stops_the_run(self) -> bool:
        """Whether this result keeps the release from being published."""
        return not self.passed and self.severity == "error"
