"""Which file holds which canonical table, and which files are none."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from orchestration.core.errors import InputError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import TABLE_BY_NAME, TABLES

DATABASE_FORM = "database.sql"

FORMS = ("csv", "parquet", "jsonl", "sql", DATABASE_FORM)


def find_files(settings: Settings) -> dict[str, Path]:
    """The file of each table that has one."""
    folder = settings.files_dir
    found: dict[str, Path] = {}
    for table in TABLES:
        forms = [folder / f"{table.name}.{form}" for form in FORMS]
        existing = [path for path in forms if path.is_file()]
        if len(existing) > 1:
            names = ", ".join(path.name for path in existing)
            raise InputError(
                f"{folder}: {table.name} is there more than once ({names}). Keep one of them."
            )
        if existing:
            found[table.name] = existing[0]
    for table in TABLES:
        if table.required and table.name not in found and not settings.has_crm:
            what = "there is no file of" if found else "the folder has no data: there is not even"
            raise InputError(
                f"{folder}: {what} the table '{table.name}'. Put {table.name}.csv there (or "
                ".parquet, .jsonl, or a .sql mapping); its columns are: "
                f"{', '.join(column.name for column in table.columns)}."
            )
    return found


def stray_files(settings: Settings, sources: dict[str, Path]) -> list[str]:
    """Files that nothing reads, with the likely name: mostly a misspelt one, or a workbook.

    A SQL mapping may read any file by its name, or by a pattern that it ends in.
    """
    if not settings.files_dir.is_dir():
        return []
    mappings = [path.read_text("utf-8", "replace") for path in sources.values() if _is_sql(path)]
    return [
        f"{path.name}: nothing reads this file -> {_remedy(path, sources)}"
        for path in sorted(settings.files_dir.iterdir())
        if path.is_file()
        and not path.name.startswith((".", "~$"))
        and path.suffix.lower() not in (".md", ".txt")
        and path not in sources.values()
        and not any(path.name in text or f"*{path.suffix}" in text for text in mappings)
    ]


def _is_sql(path: Path) -> bool:
    return path.suffix == ".sql"


def _remedy(path: Path, sources: dict[str, Path]) -> str:
    """How a file would be read."""
    squeezed = {name.replace("_", ""): name for name in TABLE_BY_NAME}
    stem = "".join(letter for letter in path.stem.lower() if letter.isalpha())
    near = get_close_matches(stem, squeezed, n=1)
    name = squeezed[near[0]] if near else None
    if path.suffix.lower().removeprefix(".") not in FORMS:
        table = name or "<table>"
        return f"save it as {table}.csv (CSV UTF-8); {path.suffix or 'such'} files are not read"
    if name and name in sources:
        return f"{name} is read from {sources[name].name}; remove one of them"
    if name:
        return f"rename it to {name}{path.suffix.lower()}"
    return f"rename it to one of: {', '.join(TABLE_BY_NAME)}; or remove it"


def is_of_database(path: Path | None) -> bool:
    """Whether the table is read by a query to a database."""
    return path is not None and path.name.endswith(f".{DATABASE_FORM}")
