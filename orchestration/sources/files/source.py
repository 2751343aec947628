"""The files as a source: always read, for goals, leave and agreements lie there."""

from __future__ import annotations

from orchestration.core.settings import Settings
from orchestration.core.sql import read_sql
from orchestration.sources.canonical import TABLES
from orchestration.sources.files.load import check_files, load_files, poll_files
from orchestration.sources.registry import Source


def _check(settings: Settings) -> tuple[str, list[str]]:
    return "", check_files(settings)


SOURCE = Source(
    name="files",
    schema="raw_files",
    tables={table.name: table.dated_by for table in TABLES},
    load=load_files,
    poll=poll_files,
    check=_check,
    oldest_day=read_sql(__package__, "oldest_day"),
    time_zones="select time_zone, rep_id from raw_files.reps",
    rep_identity=(
        "select coalesce(rep_id, ''), coalesce(valid_from, ''), coalesce(time_zone, '')"
        " from raw_files.reps where _is_deleted = 'false'"
    ),
)
