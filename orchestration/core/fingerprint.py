"""Fingerprints tell whether files, rows or values have changed since the last run."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from pathlib import Path

from orchestration.core.settings import REPOSITORY, Settings


def hash_bytes(content: bytes) -> str:
    """Hash bytes."""
    return hashlib.sha256(content).hexdigest()


def hash_values(*values: object) -> str:
    """Hash values by their `repr`; the caller sorts values that have no order."""
    return hash_bytes(repr(values).encode())


def hash_file(path: Path) -> str:
    """Hash the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(paths: Iterable[Path], root: Path) -> str:
    """Hash the contents of files and their paths below `root`, in any order."""
    return hash_values(
        sorted((path.relative_to(root).as_posix(), hash_file(path)) for path in paths)
    )


def rows_hash(alias: str) -> str:
    """SQL of DuckDB that hashes the rows of the relation `alias`, in any order.

    dbt has the same expression in the macro `rows_hash`.
    """
    return f"concat_ws(' ', count(*), bit_xor(hash({alias})), sum(cast(hash({alias}) as hugeint)))"


def code_version(settings: Settings) -> str:
    """Return the version of the package and a hash of dbt project, rules and policy."""
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    root = settings.dbt_project_dir
    files = [root / "dbt_project.yml", *settings.seeds_dir.glob("*.csv")]
    for folder in ("models", "macros", "seeds/rules"):
        files += [path for path in (root / folder).rglob("*") if path.is_file()]
    return f"{pyproject['project']['version']}+{hash_files(files, root)[:12]}"
