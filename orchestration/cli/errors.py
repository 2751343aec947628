"""How an error reaches the terminal: one message, never a traceback."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from orchestration.core.errors import ScorecardError


def find_scorecard_error(error: BaseException | None) -> ScorecardError | None:
    """Find the error of ours that a library wrapped into its own."""
    seen: set[int] = set()  # libraries raise errors again, and so chain them into circles
    while error is not None and id(error) not in seen:
        if isinstance(error, ScorecardError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def unexpected(error: Exception) -> ScorecardError:
    """Say what an error is that is not ours, and where its details are."""
    return ScorecardError(
        f"Unexpected error: {type(error).__name__}: {error}\nDetails: {_write_details()}"
    )


def _write_details() -> Path:
    """Keep the traceback of an unexpected error in a file."""
    descriptor, name = tempfile.mkstemp(prefix="scorecard-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(traceback.format_exc())
    return Path(name)
