"""Declarations of the policy: each said once, and read by dbt, by the checks and in the docs."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from orchestration.core.settings import REPOSITORY
from orchestration.policy.declared import (
    SettingType,
    company_settings,
    policy_seeds,
    settings_table,
)
from orchestration.policy.rules_of_company import is_valid_setting

MODEL = REPOSITORY / "dbt_project/models/intermediate/goals/int_settings.sql"


def test_a_default_is_valid() -> None:
    known = get_args(SettingType)
    for setting in company_settings().values():
        assert setting.type in known, setting
        assert not setting.default or is_valid_setting(setting, setting.default), setting


def test_every_setting_but_those_of_pages_and_checks_is_a_column_of_its_type() -> None:
    text = MODEL.read_text()
    columns = {
        name: type_
        for type_, names in re.findall(r"'(\w+)': \[([^]]+)\]", text)
        for name in re.findall(r"'(\w+)'", names)
    }
    expected = {
        setting.name: setting.type if setting.type in ("integer", "number") else "text"
        for setting in company_settings().values()
        if setting.used_by not in ("pages", "checks") and setting.type != "weekday"
    }
    assert columns == expected
    assert "setting = 'week_start'" in text


@pytest.mark.parametrize("used_by", [("pages", "scorecards", "leads", "signals"), ("checks",)])
def test_the_documentation_lists_the_settings(used_by: tuple[str, ...]) -> None:
    page = (REPOSITORY / "docs/policy.md").read_text()
    table = settings_table(*used_by)
    assert table in page, f"docs/policy.md should have this table:\n{table}"


def test_every_declared_name_is_a_column() -> None:
    for seed in policy_seeds():
        names = {column.name for column in seed.columns}
        assert names.issuperset(seed.key), seed.name
        for column in seed.columns:
            if column.references:
                [other] = [one for one in policy_seeds() if one.name == column.references]
                assert column.name in {one.name for one in other.columns}, (seed.name, column.name)
