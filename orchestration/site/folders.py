"""Files of the site: compressed beside themselves, linked instead of copied, pruned."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

COMPRESSED_SUFFIXES = {".js", ".css", ".html", ".json", ".svg", ".wasm", ".webmanifest"}


def compress_files(folder: Path) -> None:
    """Put a gzip beside each file that shrinks, so that the server never compresses."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in COMPRESSED_SUFFIXES:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def link_or_copy(source: str, target: str) -> str:
    """A hard link where the file system has them: the shell is 40 MB and never changes."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def keep_newest(
    folder: Path, count: int, keep: Path, newest: Callable[[Path], Any] = attrgetter("name")
) -> None:
    """Delete all but the newest `count` folders, by name or by what `newest` says of a folder.

    `keep` always stays.
    """
    folders = [path for path in folder.iterdir() if path.is_dir() and path != keep]
    folders.sort(key=newest, reverse=True)
    for path in folders[count - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
