"""The invented company's release has what a real one has, so that no page is tested on less."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.site.contracts import read_contracts


def test_the_sample_has_the_columns_of_the_contracts_and_fills_what_must_be_filled(
    published: Path,
) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        for table, columns in read_contracts().items():
            described = connection.execute(f"describe marts.{table}").fetchall()
            assert {name: type_.lower() for name, type_, *_ in described} == {
                name: column.type for name, column in columns.items()
            }, table
            required = [name for name, column in columns.items() if column.is_required]
            for name in required:
                (empty,) = connection.execute(
                    f"select count(*) from marts.{table} where {name} is null"
                ).fetchone() or (None,)
                assert empty == 0, (table, name)
