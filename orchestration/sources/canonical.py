"""The canonical CRM tables: what every source is turned into (see docs/canonical-tables.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ColumnType = Literal["text", "number", "integer", "boolean", "date", "timestamp"]


@dataclass(frozen=True)
class Column:
    """A canonical column.

    Attributes:
        required: the file must have it.
        nullable: a cell may be empty.
        day_column: of a moment, the column that says the day where the time is not known. Raw
            tables have one column for both: a text of ten characters is a day.
    """

    name: str
    type: ColumnType = "text"
    required: bool = False
    nullable: bool = True
    day_column: str = ""


@dataclass(frozen=True)
class Table:
    """A canonical table. `key` identifies a record; `dated_by` columns place it in months."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False
    dated_by: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def _required(name: str, type: ColumnType = "text", nullable: bool = False) -> Column:
    return Column(name, type, required=True, nullable=nullable)


TABLES: tuple[Table, ...] = (
    Table(
        "reps",
        ("rep_id", "valid_from"),
        (
            _required("rep_id"),
            _required("rep_name"),
            Column("email"),
            Column("manager_id"),
            Column("team"),
            Column("region"),
            Column("role"),
            Column("tier"),
            Column("calendar"),
            Column("time_zone"),
            Column("fte", "number"),
            Column("hire_date", "date"),
            Column("end_date", "date"),
            Column("valid_from", "date"),
        ),
        required=True,
    ),
    Table(
        "activities",
        ("activity_id",),
        (
            Column("activity_id"),
            _required("rep_id", nullable=True),
            _required("activity_type"),
            Column("direction"),
            Column("outcome"),
            replace(_required("occurred_at", "timestamp"), day_column="activity_date"),
            Column("duration_seconds", "number"),
            Column("contact_id"),
            Column("lead_id"),
            Column("account_id"),
            Column("opportunity_id"),
            Column("created_at", "timestamp"),
            Column("updated_at", "timestamp"),
            Column("is_deleted", "boolean"),
        ),
        dated_by=("occurred_at",),
    ),
    Table(
        "opportunities",
        ("opportunity_id",),
        (
            _required("opportunity_id"),
            _required("rep_id", nullable=True),
            Column("account_id"),
            Column("lead_id"),
            Column("opportunity_type"),
            Column("stage"),
            _required("amount", "number", nullable=True),
            Column("currency"),
            _required("created_at", "timestamp", nullable=True),
            Column("close_date", "date"),
            _required("is_closed", "boolean"),
            _required("is_won", "boolean"),
            Column("updated_at", "timestamp"),
            Column("is_deleted", "boolean"),
        ),
        dated_by=("created_at", "close_date"),
    ),
    Table(
        "opportunity_splits",
        ("opportunity_id", "rep_id"),
        (
            _required("opportunity_id"),
            _required("rep_id"),
            _required("split_ratio", "number"),
        ),
    ),
    Table(
        "opportunity_stage_changes",
        ("opportunity_id", "changed_at", "to_stage"),
        (
            _required("opportunity_id"),
            Column("from_stage"),
            _required("to_stage"),
            _required("changed_at", "timestamp"),
        ),
    ),
    Table(
        "leads",
        ("lead_id",),
        (
            _required("lead_id"),
            Column("rep_id"),
            Column("account_id"),
            _required("created_at", "timestamp"),
            Column("source"),
            Column("industry"),
            Column("employee_count", "number"),
            Column("country"),
            Column("job_title"),
            Column("status"),
            Column("converted_at", "timestamp"),
            Column("opportunity_id"),
            Column("is_deleted", "boolean"),
        ),
    ),
    Table(
        "accounts",
        ("account_id",),
        (
            _required("account_id"),
            Column("account_name"),
            Column("industry"),
            Column("employee_count", "number"),
            Column("annual_revenue", "number"),
            Column("country"),
            Column("fiscal_year_end_month", "integer"),
        ),
    ),
    Table(
        "time_off",
        ("rep_id", "start_date", "end_date"),
        (
            _required("rep_id"),
            _required("start_date", "date"),
            _required("end_date", "date"),
            Column("fraction", "number"),
        ),
    ),
    Table(
        "goals",
        ("goal_id",),
        (
            _required("goal_id"),
            _required("scope"),
            Column("scope_value"),
            Column("tier"),
            _required("metric_id"),
            _required("period"),
            _required("goal", "number"),
            Column("timing"),
            Column("valid_from", "date"),
            Column("valid_to", "date"),
        ),
    ),
    Table(
        "interventions",
        ("intervention_id",),
        (
            _required("intervention_id"),
            _required("rep_id"),
            _required("agreed_date", "date"),
            _required("metric_id"),
            _required("action"),
            Column("due_date", "date"),
            Column("note"),
        ),
    ),
)
TABLE_BY_NAME = {table.name: table for table in TABLES}

# columns that ingestion adds to every raw table
META_COLUMNS = ("_modified_at", "_is_deleted", "_extracted_at")
