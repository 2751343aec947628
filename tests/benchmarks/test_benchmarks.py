"""The benchmark itself runs, at a size that says nothing about speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import (
    BEGIN,
    END,
    measure,
    measure_size,
    merged,
    read_measured,
    render,
    write_document,
    write_measured,
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_small_company_gives_all_ratios_and_the_figures_of_the_handwritten_sql(
    tmp_path: Path,
) -> None:
    size = measure_size(tmp_path / "company", 20_000)

    assert 15_000 < size.activities < 25_000
    assert size.full.found["failed_checks"] == []
    assert size.incremental.found["failed_checks"] == []
    assert size.added > 0
    assert size.compared_rows > 50_000
    assert size.differences == 0, size.compared
    assert len(size.ratios()) == 7
    assert all(ratio > 0 for ratio in size.ratios().values())
    assert all(
        measured.peak_bytes > 0
        for measured in (size.loading, size.full, size.incremental, size.by_hand)
    )
    # polars is not in the lock: whoever has it compares it too
    assert set(size.scripts) >= {"pandas"}
    for tables in size.scripts_compared.values():
        assert tables["daily facts"]["rows"] > 5_000
        assert tables["actuals"]["rows"] > 1_000
        assert [table["different"] for table in tables.values()] == [0, 0]
    assert size.same_tables.found["facts"]["cpu"] < size.same_tables.cpu
    assert set(size.full.found["nodes"]) > set(size.incremental.found["nodes"])
    assert f"| {size.activities:,} | {size.reps} |" in render([size], None, 0.0)
    write_measured(tmp_path / "measured.json", [size], (size.full, size.full), size.full)
    kept = read_measured(tmp_path / "measured.json")
    assert (
        render(kept["sizes"], None, 0.0).splitlines()[2:]
        == (render([size], None, 0.0).splitlines()[2:])
    )
    assert merged(kept["sizes"], size) == [size]


def test_a_task_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"read failed:(.|\n)*Cannot open file"):
        measure(tmp_path, "read")


def test_only_what_is_between_the_markers_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n\n{BEGIN}\n\nold\n\n{END}\n\nafter\n")

    write_document(document, "new")

    assert document.read_text() == f"before\n\n{BEGIN}\n\nnew\n\n{END}\n\nafter\n"
