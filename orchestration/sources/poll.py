"""What the sources look like, asked cheaply: an intraday refresh runs only when that changes.

Each source has one function `look(settings, seen)`. Without `seen` it says what the source looks
like now; with what it said before a refresh, it says the same if, and only if, that refresh read
all there is. A look never opens the working warehouse: a refresh may be writing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestration.core.settings import Settings
from orchestration.sources import hubspot, salesforce
from orchestration.sources.files import look_at_files

Look = Callable[[Settings, Any], Any]
LOOKS: Mapping[str, Look] = {
    "files": look_at_files,
    "salesforce": salesforce.look,
    "hubspot": hubspot.look,
}


def look_at_sources(settings: Settings, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What each source looks like, as plain data; files are always read, so always looked at.

    Raises:
        ScorecardError: a source cannot be reached.
    """
    sources = dict.fromkeys(("files", *settings.sources))
    return {name: LOOKS[name](settings, (seen or {}).get(name)) for name in sources}
