"""Stand-in for dbt's adapter: each dispatched macro becomes a function of its name."""

from __future__ import annotations

from collections.abc import Callable


def dispatch(name: str, package: str) -> Callable[..., str]:
    """What stands in the SQL for a macro that each engine writes in its own way."""
    return lambda *arguments: f"{name}({', '.join(arguments)})" if arguments else "double"
