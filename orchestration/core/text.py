"""Make foreign text, such as names and cells, safe for a message, a log or a digest."""

from __future__ import annotations

import re

LONGEST = 200
# whole escape sequences: of colours and the cursor, of titles and links, and of two characters
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\n]*?(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# control characters but tab and line end, and those that turn the direction of text
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str) -> str:
    """Remove everything that a terminal or a mail program would interpret."""
    return text if text.isprintable() else _CONTROLS.sub("", _ESCAPES.sub("", text))


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the plain text on one line, shortened if it is too long."""
    line = " ".join(plain(text[: 10 * longest]).split())
    return line if len(line) <= longest else f"{line[:longest]}…"
