"""Files that are replaced whole, or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file beside the old one, then put it in its place; a failure leaves the old one.

    A disk that is full or a machine that stops in the middle cannot leave half a file.
    """
    data = content.encode() if isinstance(content, str) else content
    path = path.resolve()  # a link stays one
    incoming = path.with_name(f".{path.name}.new")
    try:
        with incoming.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, incoming)
        os.replace(incoming, path)
    except BaseException:
        with suppress(OSError):
            incoming.unlink()
        raise
