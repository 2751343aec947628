"""The house rules on Python: SQL lives in .sql files; files and functions are short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "orchestration"
MOST_LINES_OF_A_QUERY = 3
MOST_SQL_LINES = 200
MOST_LINES_IN_A_FILE = 600
MOST_LINES_IN_A_FUNCTION = 60
MOST_LINES_OF_CHECKS = 1200

_SQL = re.compile(
    r"\b(select|insert into|create (or replace )?(temp )?(table|view|schema)|delete from"
    r"|update \S+ set|drop (table|schema|view)|alter table|copy)\b",
    re.IGNORECASE,
)


def modules() -> Iterator[tuple[str, str]]:
    """Each module's path under `orchestration`, and its text."""
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def queries(text: str) -> list[int]:
    """The number of lines of each string of several lines that looks like SQL."""
    tree = ast.parse(text)
    no_strings = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.Expr)
        for part in ast.walk(node)
        if part is not node and (isinstance(node, ast.JoinedStr) or part is node.value)
        if isinstance(part, ast.Constant | ast.JoinedStr)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in no_strings or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > 1 and _SQL.search(ast.unparse(node)):
            found.append(lines)
    return found


def test_no_query_of_more_than_three_lines_is_in_python() -> None:
    found = {
        name for name, text in modules() if max(queries(text), default=0) > MOST_LINES_OF_A_QUERY
    }

    assert found == set()


def test_little_sql_is_in_python() -> None:
    assert sum(sum(queries(text)) for _, text in modules()) < MOST_SQL_LINES


def test_files_are_short() -> None:
    found = {name for name, text in modules() if len(text.splitlines()) > MOST_LINES_IN_A_FILE}

    assert found == set()


def test_functions_are_short() -> None:
    found = {
        f"{name}: {node.name}"
        for name, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES_IN_A_FUNCTION
    }

    assert found == set()


def test_the_checks_are_declared_and_not_coded() -> None:
    lines = sum(len(text.splitlines()) for name, text in modules() if name.startswith("quality/"))

    assert lines < MOST_LINES_OF_CHECKS


def test_sql_in_strings_is_found() -> None:
    docstring = '"""Select what\nis from."""\n'
    long = 'x = f"""\n  select {a}\n  from b\n"""\n'
    joined = "y = (\n    'insert into a'\n    ' select 1'\n)\n"

    assert queries(docstring + long + joined + "z = 'select 1'\n") == [4, 2]


def test_links_of_the_pages_outside_docs_lead_somewhere() -> None:
    repository = ROOT.parent
    pages = [*repository.glob("*.md"), ROOT / "sources/README.md"]
    links = [
        (page.name, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert len(pages) > 3
    assert links == []
