"""A new company: what is copied, what is refused, what the user is told; the examples' policies."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.errors import ConfigError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.policy.check import check_policy
from orchestration.policy.declared import policy_seeds
from orchestration.sources.init import init_company

EXAMPLES = REPOSITORY / "docs" / "examples"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project with the demo's policy and no data."""
    result = replace(
        Settings(), data_dir=tmp_path / "data", dbt_project_dir=tmp_path / "dbt_project"
    )
    shutil.copytree(REPOSITORY / "dbt_project" / "seeds" / "demo", result.seeds_dir)
    return result


def contents(folder: Path) -> dict[str, bytes]:
    """Name and bytes of each file in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_new_company_has_the_policy_of_the_demo_and_an_empty_files_folder(
    settings: Settings,
) -> None:
    text = init_company(settings, "acme")
    acme = replace(settings, company="acme")
    assert contents(acme.seeds_dir) == contents(settings.seeds_dir)
    assert contents(acme.files_dir) == {}
    assert str(acme.files_dir) in text
    assert str(acme.seeds_dir) in text
    assert "reps (required), activities" in text
    assert "scorecard check --company acme" in text
    assert "scorecard refresh --company acme" in text


@pytest.mark.parametrize("example", ["maven", "maven_salesforce", "adventureworks"])
def test_an_example_brings_its_policy_and_its_mappings(settings: Settings, example: str) -> None:
    init_company(settings, "acme", EXAMPLES / example)
    acme = replace(settings, company="acme")
    assert contents(acme.seeds_dir) == contents(EXAMPLES / example / "policy")
    assert contents(acme.files_dir) == contents(EXAMPLES / example / "files")
    required = {seed.name for seed in policy_seeds() if not seed.optional}
    assert required <= {path.stem for path in acme.seeds_dir.iterdir()}


@pytest.fixture
def exports(settings: Settings) -> Path:
    """Where the mappings of the examples expect exports, with one of Maven's four there."""
    folder = replace(settings, company="acme").files_dir / "exports"
    folder.mkdir(parents=True)
    (folder / "products.csv").touch()
    return folder


def test_the_user_is_told_which_exports_the_mappings_read(
    settings: Settings, exports: Path
) -> None:
    text = init_company(settings, "acme", EXAMPLES / "maven")
    assert "(accounts, opportunities, reps)" in text
    assert [line.strip() for line in text.splitlines() if "exports" in line][1:] == [
        f"- {exports / name}" for name in ("accounts.csv", "sales_pipeline.csv", "sales_teams.csv")
    ]


def test_exports_that_are_there_already_are_found(settings: Settings, exports: Path) -> None:
    for name in ("accounts", "sales_pipeline", "sales_teams"):
        (exports / f"{name}.csv").touch()
    assert "all are there" in init_company(settings, "acme", EXAMPLES / "maven")


def test_the_folder_of_the_exports_is_made(settings: Settings) -> None:
    init_company(settings, "acme", EXAMPLES / "maven")
    assert (replace(settings, company="acme").files_dir / "exports").is_dir()


def test_an_existing_policy_is_not_overwritten(settings: Settings) -> None:
    init_company(settings, "acme")
    goals = replace(settings, company="acme").seeds_dir / "goals.csv"
    goals.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists already; nothing was changed"):
        init_company(settings, "acme", EXAMPLES / "maven")
    assert goals.read_text(encoding="utf-8") == "mine"


def test_an_existing_mapping_is_not_overwritten_and_nothing_else_is_written(
    settings: Settings,
) -> None:
    acme = replace(settings, company="acme")
    acme.files_dir.mkdir(parents=True)
    mapping = acme.files_dir / "reps.sql"
    mapping.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"reps\.sql exists already"):
        init_company(settings, "acme", EXAMPLES / "maven")
    assert mapping.read_text(encoding="utf-8") == "mine"
    assert not acme.seeds_dir.exists()


def test_the_demo_cannot_be_made_again(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="exists already"):
        init_company(settings, "demo")


def test_a_source_without_a_policy_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    with pytest.raises(ConfigError, match="there are no policy files"):
        init_company(settings, "acme", tmp_path / "exports")
    assert not replace(settings, company="acme").seeds_dir.exists()


@pytest.mark.parametrize("name", ["", "Acme", "../acme", "acme corp", "1acme", "rules"])
def test_a_name_that_cannot_name_a_folder_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigError, match="is not a company name"):
        init_company(settings, name)


@pytest.mark.parametrize("example", ["maven", "maven_salesforce", "adventureworks"])
def test_the_policy_of_an_example_has_no_error(settings: Settings, example: str) -> None:
    init_company(settings, "acme", EXAMPLES / example)
    problems = check_policy(replace(settings, company="acme"))
    # an export of deals alone has too little that leads: said, and not an error
    assert {(problem.severity, problem.file) for problem in problems} == {
        ("warn", "seeds/acme/scorecard_metrics.csv")
    }
