"""Data Docs: one plain HTML page per suite that asks no other host for anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from orchestration.core.results import CheckResult
from orchestration.quality.checks import Suite, Values

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
article { border: 1px solid #8886; border-left-width: 6px; border-radius: 6px;
  margin: 1rem 0; padding: .5rem 1rem; }
article.passed { border-left-color: #2a7a3b; }
article.failed { border-left-color: #b3261e; }
article.warned { border-left-color: #b26a00; }
h2 { font-size: 1.05rem; margin: .2rem 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 8rem 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { overflow-x: auto; }
"""


def write_data_docs(
    folder: Path,
    suite: Suite,
    results: Sequence[CheckResult],
    as_of: dt.date,
    values: Values,
) -> Path:
    """Write the page of a suite and the index of all pages in the folder; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    queries = {
        check.spec.check_name: check.query.render(values)
        for check in suite.checks
        if check.query is not None
    }
    failed = sum(not result.passed for result in results)
    page = folder / f"{suite.name}.html"
    page.write_text(
        _page(
            suite.title,
            [
                f"<p>As of {as_of}: {len(results)} checks, {failed} failed. "
                '<a href="index.html">All suites</a></p>',
                # what failed comes first
                *(
                    _article(result, queries.get(result.check_name))
                    for result in sorted(results, key=lambda result: result.passed)
                ),
            ],
        ),
        encoding="utf-8",
    )
    pages = sorted(path for path in folder.glob("*.html") if path.name != "index.html")
    links = (f'<li><a href="{path.name}">{escape(path.stem)}</a></li>' for path in pages)
    (folder / "index.html").write_text(
        _page("Data checks", ["<ul>", *links, "</ul>"]), encoding="utf-8"
    )
    return page


def _page(title: str, body: Iterable[str]) -> str:
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head>",
            f"<body><h1>{escape(title)}</h1>",
            *body,
            "</body></html>\n",
        )
    )


def _article(result: CheckResult, query: str | None) -> str:
    state = "passed" if result.passed else "failed" if result.severity == "error" else "warned"
    facts = {
        "Table": result.table_name,
        "Column": result.column_name,
        "Observed": result.observed_value,
        "Expected": result.expected,
        "Failed rows": result.failed_rows or None,
    }
    lines = [f"<dt>{name}</dt><dd>{escape(str(fact))}</dd>" for name, fact in facts.items() if fact]
    shown = (
        f"<details><summary>Query</summary><pre>{escape(query)}</pre></details>" if query else ""
    )
    return (
        f'<article class="{state}" id="{escape(result.check_name)}">'
        f"<h2>{state}: {escape(result.check_name)}</h2><p>{escape(result.description)}</p>"
        f"<dl>{''.join(lines)}</dl>{shown}</article>"
    )
