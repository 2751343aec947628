"""House rules: SQL lives in .sql files; files and functions are short; unknown is never fine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ROOT = PROJECT / "orchestration"
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

# what is said where a value is missing: coalesce(…, '…'), else '…', … ?? '…'
_FALLBACK = re.compile(
    r"(?:\bcoalesce\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*,|\belse\b|\?\?)"
    r"""\s*\(?\s*(?P<quote>['"`])(?P<text>[^\n]*?)(?P=quote)"""
)
_REASSURING = re.compile(
    r"\b(nothing|nobody|fine|usual|on track|over 99|100 ?%"
    r"|no (result|status|miss|metric|gap|problem)(e?s)?)\b",
    re.IGNORECASE,
)


def reassuring(text: str) -> list[str]:
    """Fallbacks that soothe: where nothing is known, "Not known" is said first, with the reason.

    A single word is a code, not a sentence.
    """
    said = [match["text"] for match in _FALLBACK.finditer(text) if " " in match["text"]]
    return [
        words for words in said if _REASSURING.search(words) and not words.startswith("Not known")
    ]


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


@pytest.mark.parametrize(
    "offender",
    [
        "coalesce(misses_1 || '.', 'Nothing is below its level.') as misses",
        "coalesce(max(case when a = 1 then b end), 'No status moved.')",
        "case when gap < 0 then sentence else 'No result was missed.' end",
        "{sheet.diagnosis ?? 'No result was missed over the last 13 weeks.'}",
        "{signal ??\n\t\t(`All is as usual`)}",
        'words = chance(share) if share is not None else "over 99% chance"',
    ],
)
def test_a_reassuring_fallback_is_found(offender: str) -> None:
    assert reassuring(offender)


def test_a_fallback_that_says_why_passes() -> None:
    said = "coalesce(diagnosis, 'Not known: the role has no funnel.') || coalesce(luck, '')"
    assert reassuring(said) == []
    assert reassuring("case when has_goal then 'Nothing is below its level.' end") == []


def test_no_sentence_reassures_where_nothing_is_known() -> None:
    folders = {
        "dbt_project/models": ".sql",
        "dbt_project/macros": ".sql",
        "reports/components": ".svelte",
        "reports/pages": ".md",
        "orchestration/readers": ".py",
        "orchestration/site": ".py",
    }
    found = {
        path.relative_to(PROJECT).as_posix(): said
        for folder, suffix in folders.items()
        for path in (PROJECT / folder).rglob(f"*{suffix}")
        if (said := reassuring(path.read_text(encoding="utf-8")))
    }
    assert found == {}
