"""Read what an earlier run wrote, which a disk, a crash or a person may have damaged since.

Every such file is read here, so that each damage ends in one message that names the file and the
remedy. What can be made again is read with `read_cache`, which takes damage for absence.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from orchestration.core.errors import DamagedFile

logger = logging.getLogger(__name__)

# raised where old code would misread a file: a new field alone is no reason, it is ignored
FORMAT = 1
Content = TypeVar("Content")


def read_state(path: Path, parse: Callable[[Any], Content], *, remedy: str) -> Content | None:
    """Return what a JSON file says; None if there is no such file.

    Args:
        path: The file.
        parse: Turns the JSON value into what is wanted, and raises a ValueError, TypeError,
            LookupError or AttributeError if that is not possible.
        remedy: What a person can do about a damaged file, as a sentence.

    Raises:
        DamagedFile: The file cannot be read, is no JSON, or says something else than expected.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _require_known_format(content)
        return parse(content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DamagedFile(path, _reason(error), remedy) from error


def read_cache(path: Path, parse: Callable[[Any], Content]) -> Content | None:
    """Return what a JSON file says that can be made again; None if it is missing or damaged."""
    try:
        return read_state(path, parse, remedy="It is made anew.")
    except DamagedFile as error:
        logger.warning("%s", error)
        return None


def _require_known_format(content: Any) -> None:
    known = isinstance(content, dict) and "format" in content
    if known and not (isinstance(content["format"], int) and content["format"] <= FORMAT):
        raise ValueError(
            f"it was written by a newer version of this program, in format {content['format']}; "
            f"this version knows formats up to {FORMAT}"
        )


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}: {error.msg}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return (str(error).strip() or type(error).__name__).splitlines()[0]
