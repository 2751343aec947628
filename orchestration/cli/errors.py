"""How an error reaches the terminal: one message, never a traceback."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from orchestration.core.errors import ScorecardError
from orchestration.core.machine import explain
from orchestration.core.settings import Settings


def shown_error(error: Exception) -> ScorecardError:
    """The error to show: what the machine refused, one of ours, or that it was unexpected."""
    try:
        settings = Settings.from_environment()
    except Exception:  # it may be these that are wrong
        settings = Settings()
    return explain(error, settings) or ScorecardError(
        f"Unexpected error: {type(error).__name__}: {error}\nDetails: {_write_details()}"
    )


def _write_details() -> Path | str:
    """Keep the traceback of an unexpected error in a file."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="scorecard-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(traceback.format_exc())
    except OSError as error:
        return f"none, they could not be written ({error})"
    return Path(name)
