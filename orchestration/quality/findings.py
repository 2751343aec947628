"""What a policy says and the records of the files do not know, or the other way round.

`scorecard check` runs the queries of `sql/policy` on files as they were staged, before anything is
built; a refresh runs the same queries on all sources, with the suite `marts`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.sql import read_sql
from orchestration.policy.reading import Policy, PolicyProblem
from orchestration.quality.checks import policy_queries
from orchestration.quality.runner import check_values
from orchestration.warehouse.connection import limits, quote

SHOWN_OF_A_KIND = 12

# table and number of a row (from 0) -> file, and the line that an editor shows
Place = Callable[[str, int | None], tuple[str, int | None]]


def find_in_files(
    settings: Settings,
    policy: Policy,
    files: Mapping[str, Path],
    place: Place,
    as_of: dt.date,
) -> list[PolicyProblem]:
    """Compare a policy with files in the shape of raw tables, one Parquet file per table.

    Of each kind of finding the first are listed, and the rest is counted.
    """
    values = {**check_values(policy, as_of), "read_on": "null"}
    prepared, queries = policy_queries()
    problems: list[PolicyProblem] = []
    with duckdb.connect(config=limits(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(read_sql(__package__, "macros"))
        for table, path in files.items():
            connection.execute(
                f"create temp view source_{table} as"
                f" select * from read_parquet({quote(path)}, file_row_number = true)"
            )
        for one in prepared:
            connection.execute(one.render(values))
        for _, severity, query in queries:
            rows = connection.execute(
                "select file, source_table, line, message, remedy"
                f" from (\n{query.render(values)}\n)"
                " order by source_table nulls first, line nulls last, message"
            ).fetchall()
            for number, (file, table, line, message, remedy) in enumerate(rows, 1):
                if number > SHOWN_OF_A_KIND:
                    break
                if number == SHOWN_OF_A_KIND < len(rows):
                    message += f" (and {len(rows) - number:,} more like it)"
                if file is None:
                    file, line = place(table, line)
                problems.append(PolicyProblem(severity, file, line, None, None, message, remedy))
    return problems
