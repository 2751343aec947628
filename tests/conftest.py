"""Fixtures that every part of the tests shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of the demo company whose data lies in a folder of the test's own."""
    return replace(Settings(), data_dir=tmp_path / "data")
