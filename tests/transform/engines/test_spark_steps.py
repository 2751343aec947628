"""Steps that are read again and again are made once on Spark; any other SQL is left as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from orchestration.core.settings import REPOSITORY

MACRO = REPOSITORY / "dbt_project" / "macros" / "cut_into_steps.sql"
Cut = Callable[[str], Mapping[str, Any]]

# each step reads the one before it three times
DOUBLING = (
    "with numbers as (\n    select 1 as x\n    union all\n    select 2 as x\n),\n"
    + ",\n".join(
        f"-- ({before} again, and again\n"
        f"{name} as (\n"
        f"    select count(*) + max({before}.x) as x\n"
        f"    from {before}\n"
        f"    inner join {before} as second on {before}.x = second.x\n"
        f"    where {before}.x > (select min(x) - 1 from {before})\n"
        ")"
        for before, name in (
            ("numbers", "one"),
            ("one", "two"),
            ("two", "three"),
            ("three", "four"),
        )
    )
)
DOUBLING += "\n\nselect * from four\n"


class _Returned(Exception):
    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value


@pytest.fixture
def cut() -> Cut:
    """The macro as dbt calls it, for a table `marts.wide`."""

    def give_back(value: Mapping[str, Any]) -> None:
        raise _Returned(value)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    module: Any = environment.from_string(
        Path(MACRO).read_text(), globals={"return": give_back, "modules": {"re": re}}
    ).module

    def call(sql: str) -> Mapping[str, Any]:
        with pytest.raises(_Returned) as returned:
            module.cut_into_steps(sql, "marts.wide")
        return returned.value.value

    return call


def test_steps_give_what_the_whole_gives(cut: Cut) -> None:
    found = cut(DOUBLING)
    assert found["steps"]
    assert len(found["steps"]) < 4
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for step in found["steps"]:
            connection.execute(f"create table marts.wide__{step['name']} as {step['sql']}")
        assert (
            connection.execute(found["sql"]).fetchall() == connection.execute(DOUBLING).fetchall()
        )


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as x",
        "with one as (select 1 as x), two as (select * from one) select * from two",
        "with one as (\n    select 1\n),\ntwo as (\n    select * from one\n)\nselect * from two",
    ],
)
def test_other_sql_is_left_whole(cut: Cut, sql: str) -> None:
    found = cut(sql)
    assert found["steps"] == []
    assert found["sql"].split() == sql.split()
