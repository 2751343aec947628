"""Fingerprints change when what they stand for does, and only then."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.core.fingerprint import code_version, hash_files, rows_hash
from orchestration.core.settings import REPOSITORY, Settings


@pytest.mark.parametrize(
    ("rows", "is_same"),
    [
        ("(2, null), (1, 'a')", True),  # another order
        ("(1, 'a')", False),
        ("(1, 'a'), (2, null), (2, null)", False),
        ("(1, null), (2, 'a')", False),
        ("(1, 'a'), (2, '')", False),
    ],
)
def test_a_hash_of_rows_depends_on_cells_and_not_on_their_order(rows: str, is_same: bool) -> None:
    def hashed(values: str) -> object:
        query = f"select {rows_hash('held')} from (values {values}) as held (number, word)"
        return duckdb.sql(query).fetchall()

    assert (hashed(rows) == hashed("(1, 'a'), (2, null)")) is is_same


def test_dbt_hashes_rows_with_the_same_expression() -> None:
    path = REPOSITORY / "dbt_project" / "macros" / "engine" / "node_cache.sql"
    found = re.search(r"macro rows_hash\(\) -%}\s*(.*?)\s*{%- endmacro", path.read_text("utf-8"))
    assert found is not None
    assert found[1] == rows_hash("held")


def test_a_hash_of_files_depends_on_their_names_and_contents(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("1", encoding="utf-8")
    second.write_text("2", encoding="utf-8")
    before = hash_files([first, second], tmp_path)
    assert hash_files([second, first], tmp_path) == before
    first.write_text("2", encoding="utf-8")
    second.write_text("1", encoding="utf-8")
    assert hash_files([first, second], tmp_path) != before


def test_the_code_version_changes_with_models_policy_and_rules(
    tmp_path: Path,
) -> None:
    project = tmp_path / "dbt_project"
    (project / "models").mkdir(parents=True)
    (project / "seeds" / "demo").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: x\n", encoding="utf-8")
    model = project / "models" / "dim_reps.sql"
    policy = project / "seeds" / "demo" / "goals.csv"
    model.write_text("select 1 as one\n", encoding="utf-8")
    policy.write_text("goal\n50\n", encoding="utf-8")
    changed = Settings(data_dir=tmp_path, dbt_project_dir=project)
    first = code_version(changed)
    assert first.startswith("0.1.0+")
    policy.write_text("goal\n60\n", encoding="utf-8")
    second = code_version(changed)
    model.write_text("select 2 as one\n", encoding="utf-8")
    third = code_version(changed)
    rules = project / "seeds" / "rules" / "period_types.csv"
    rules.parent.mkdir()
    rules.write_text("period_type\nweek\n", encoding="utf-8")
    fourth = code_version(changed)
    assert len({first, second, third, fourth}) == 4
