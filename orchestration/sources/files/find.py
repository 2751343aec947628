"""Which file holds which canonical table, and which files are none."""

from __future__ import annotations

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
    """Data files that nothing reads: mostly a misspelt name. A SQL mapping may read any file."""
    if any(path.suffix == ".sql" for path in sources.values()):
        return []
    if not settings.files_dir.is_dir():
        return []
    return [
        f"{path.name} is not a canonical table and is not read (known: {', '.join(TABLE_BY_NAME)})"
        for path in sorted(settings.files_dir.iterdir())
        if path.suffix in {f".{form}" for form in FORMS} and path not in sources.values()
    ]


def is_of_database(path: Path | None) -> bool:
    """Whether the table is read by a query to a database."""
    return path is not None and path.name.endswith(f".{DATABASE_FORM}")
