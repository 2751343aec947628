"""Checks as they are declared: `<suite>.yml`, and one file per query in `sql/<suite>`.

A query starts with a header, lines `-- key: text` that go on at deeper indentation:

    what, reason, remedy    what holds, why it matters, what to do if not: the check's description
    severity                error stops the run, warn does not
    table, column           what the check belongs to
    tables                  instead of `table`: names, or the name of a list in `_lists`; the check
                            is made for each of them and named `<file>_<table>`
    expected                what is printed as the expectation
    settings                company settings that relax the check
    absent                  why there may be nothing to compare; without it, nothing is an error

It yields `subject, observed, expected, failed_rows` of everything compared; rows with `failed_rows`
above 0 are unexpected. The company's settings and `as_of` are Jinja variables, `table` is one too.
Queries in `sql/policy` yield findings instead; see policy.yml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

import duckdb
import yaml

from orchestration.core.errors import ScorecardError
from orchestration.core.results import CheckSpec, Severity
from orchestration.core.sql import read_sql, render_sql, template
from orchestration.sources.canonical import TABLES
from orchestration.sources.registry import Source, find_source

SuiteName = Literal["raw", "marts"]
FolderName = Literal["raw", "marts", "policy"]
Values = Mapping[str, Any]
KEYS = {
    *("what", "reason", "remedy", "severity", "table", "tables", "column"),
    *("expected", "settings", "absent"),
}
FILES: tuple[str, ...] = ("files",)


@dataclass(frozen=True)
class Query:
    """A query and what its templates say of the table that it is about."""

    text: str
    subject: Values

    def render(self, values: Values) -> str:
        """The SQL with the values of a run."""
        return template(self.text).render({**values, **self.subject})


@dataclass(frozen=True)
class Check:
    """A check: a query that measures, or an expectation of Great Expectations as plain data."""

    spec: CheckSpec
    expected: Query
    absent: str | None = None
    query: Query | None = None
    expectation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Prepared:
    """What several checks read: a temporary table or view."""

    name: str
    kind: str
    query: Query

    def render(self, values: Values) -> str:
        """The statement that creates it."""
        return f"create or replace temp {self.kind} {self.name} as\n{self.query.render(values)}"


@dataclass(frozen=True)
class Suite:
    """Checks that run together, after what they share was prepared."""

    name: SuiteName
    title: str
    prepare: tuple[Prepared, ...]
    checks: tuple[Check, ...]


def declared_suite(suite: SuiteName, sources: Sequence[str] = FILES) -> Suite:
    """A suite for the sources that are enabled, without importing Great Expectations."""
    crms = [source for source in map(find_source, sources) if source.checked_objects]
    content = read_suite(suite)
    lists = _lists(crms)
    default = "raw_files" if suite == "raw" else "marts"
    names = [crm.name for crm in crms]
    declared = [
        *((name, declaration, None) for name, declaration in content["expectations"].items()),
        *((name, *read_query(f"{suite}/{name}")) for name in query_names(suite)),
        *((name, *read_query(f"crm/{name}")) for name in query_names("crm") if suite == "raw"),
    ]
    prepared = list(_prepared(suite, content["prepare"], lists, names))
    if suite == "marts":
        prepared += _prepared("policy", read_suite("policy")["prepare"], lists, names)
        declared += [
            (name, header, render_sql(__package__, "finding", query=sql))
            for name, header, sql in _findings()
        ]
    return Suite(
        suite,
        content["title"],
        tuple(prepared),
        tuple(
            _check(check_name, suite, declaration, sql, subject)
            for name, declaration, sql in declared
            if not (crms and declaration.get("only_files"))
            for check_name, subject in _subjects(name, declaration, lists, default)
        ),
    )


def policy_queries() -> tuple[list[Prepared], list[tuple[str, Severity, Query]]]:
    """What compares a policy with records: what to prepare, then name, severity and query."""
    prepared = list(_prepared("policy", read_suite("policy")["prepare"], _lists([]), []))
    return prepared, [
        (name, cast(Severity, header["severity"]), Query(sql, {}))
        for name, header, sql in _findings()
    ]


def _findings() -> list[tuple[str, Values, str]]:
    """The checks of `sql/policy`: name, header, query. Nothing found is as it should be."""
    return [
        (name, {"expected": "none", "absent": "none found", **header}, sql)
        for name in query_names("policy")
        for header, sql in [read_query(f"policy/{name}")]
    ]


def tables_read(suite: SuiteName, sources: Sequence[str], values: Values) -> list[tuple[str, str]]:
    """Schema and name of what the queries of a suite read, besides raw tables.

    Raises:
        ScorecardError: DuckDB cannot say what a query reads.
    """
    declared = declared_suite(suite, sources)
    named = [
        *((f"{suite}/prepare/{one.name}", one.query) for one in declared.prepare),
        *((one.spec.check_name, one.query) for one in declared.checks),
    ]
    found: set[tuple[str, str]] = set()
    with duckdb.connect() as connection:
        for name, query in named:
            if query is None:
                continue
            row = connection.execute("select json_serialize_sql(?)", [query.render(values)])
            parsed = json.loads(cast(tuple[str], row.fetchone())[0])
            if parsed["error"]:
                raise ScorecardError(
                    f"{name}: which tables this check reads is unknown, because DuckDB cannot "
                    f"take its query apart ({parsed['error_message']}). Engines other than DuckDB "
                    "need that list. Write the check as one plain query."
                )
            found.update(_tables_of(parsed))
    return sorted(one for one in found if one[0] in ("config", "staging", "intermediate", "marts"))


def _tables_of(node: object) -> Iterator[tuple[str, str]]:
    """Schema and name of each table in a parsed query."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield (node["schema_name"], node["table_name"])
        for child in node.values():
            yield from _tables_of(child)
    elif isinstance(node, list):
        for child in node:
            yield from _tables_of(child)


def _check(
    name: str, suite: SuiteName, declaration: Values, sql: str | None, subject: Values
) -> Check:
    subject = {**subject, "column": declaration.get("column")}

    def told(key: str) -> str:
        return template(declaration.get(key, "")).render(subject)

    spec = CheckSpec(
        check_name=name,
        layer=suite,
        schema_name=subject["schema"],
        table_name=subject["table"],
        column_name=declaration.get("column"),
        severity=cast(Severity, declaration["severity"]),
        description=" ".join(filter(None, map(told, ("what", "reason", "remedy")))),
    )
    expected = Query(declaration["expected"], subject)
    if sql is not None:
        return Check(spec, expected, told("absent") or None, query=Query(sql, subject))
    return Check(
        spec,
        expected,
        expectation={"type": declaration["type"], "kwargs": declaration["kwargs"]},
    )


def _prepared(
    suite: FolderName, kinds: Mapping[str, str], lists: Mapping[str, list[Values]], crms: list[str]
) -> Iterator[Prepared]:
    for name, kind in kinds.items():
        header, sql = read_query(f"{suite}/prepare/{name}")
        for full_name, subject in _subjects(name, header, lists, "raw_files"):
            yield Prepared(full_name, kind, Query(sql, {**subject, "crms": crms}))


def _subjects(
    name: str, declaration: Values, lists: Mapping[str, list[Values]], schema: str
) -> list[tuple[str, Values]]:
    """For each table that a declaration is made for: the full name, and what it can say of it."""
    if "tables" not in declaration:
        return [(name, {"schema": schema, "table": declaration.get("table")})]
    named = declaration["tables"]
    if named in lists:
        tables = lists[named]
    else:
        names = [table.strip() for table in named.split(",")]
        tables = [{"key": table, "schema": schema, "table": table} for table in names]
    return [(f"{name}_{table['key']}", table) for table in tables]


def _lists(crms: Sequence[Source]) -> dict[str, list[Values]]:
    """The tables that checks are made for, by the name of the list."""
    every_file: list[Values] = [
        {
            "key": table.name,
            "schema": "raw_files",
            "table": table.name,
            "columns": [column.name for column in table.columns],
        }
        for table in TABLES
    ]
    objects = [(source, one) for source in crms for one in source.checked_objects]
    subjects: list[Values] = [
        {
            "key": f"{source.name}_{one.table}",
            "schema": source.schema,
            "table": one.table,
            "name": one.name,
            "loaded_as": one.loaded_as,
            "changed": one.changed,
            "created": one.created,
            "fields_setting": f"SCORECARD_{source.name.upper()}_FIELDS",
        }
        for source, one in objects
    ]
    return {
        "every_file": every_file,
        "every_object": subjects,
        "busy_objects": [one for one in subjects if one["created"]],
        "objects_with_fields": [
            subject for subject, (_, one) in zip(subjects, objects, strict=True) if one.has_fields
        ],
    }


@cache
def read_suite(suite: FolderName) -> Values:
    """The declaration of a suite: title, what it prepares, expectations."""
    text = files(__package__).joinpath(f"{suite}.yml").read_text(encoding="utf-8")
    content: Values = yaml.safe_load(text)
    return content


@cache
def query_names(folder: str) -> list[str]:
    """The names of the checks in a folder of queries."""
    found = files(__package__).joinpath("sql", folder).iterdir()
    return sorted(path.name.removesuffix(".sql") for path in found if path.name.endswith(".sql"))


@cache
def read_query(name: str) -> tuple[Mapping[str, str], str]:
    """The header of a query, and the query.

    Raises:
        ValueError: the header has a key that does not exist.
    """
    header, sql = read_sql(__package__, name).split("\n\n", 1)
    found: dict[str, str] = {}
    key = ""
    for line in header.splitlines():
        text = line.removeprefix("-- ")
        if text.startswith(" "):
            found[key] += f" {text.strip()}"
        else:
            key, _, text = text.partition(": ")
            if key not in KEYS:
                raise ValueError(f"{name}.sql: the header has no key '{key}'")
            found[key] = text
    return found, sql
