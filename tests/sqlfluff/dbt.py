"""Stand-ins for dbt's own macros, so that sqlfluff can render the models without dbt."""

from __future__ import annotations


def dateadd(datepart: str, interval: object, day: str) -> str:
    """SQL of the shape that dbt writes."""
    return f"dateadd({day}, {interval}, '{datepart}')"


def datediff(first: str, second: str, datepart: str) -> str:
    """SQL of the shape that dbt writes."""
    return f"datediff('{datepart}', {first}, {second})"


def date_trunc(datepart: str, day: str) -> str:
    """SQL of the shape that dbt writes."""
    return f"date_trunc('{datepart}', {day})"


def date_spine(datepart: str, *bounds: str) -> str:
    """SQL of the shape that dbt writes."""
    return f"select date_{datepart} from spine"
