"""Fixtures that every part of the tests shares."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.core.settings import Settings

# one builds the pages, the other waits for Spark's plans
LONGEST = ("test_pages_in_browser.py", "test_spark.py")
EXIT_STATUS = pytest.StashKey[int]()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of the demo company whose data lies in a folder of the test's own."""
    return replace(Settings(), data_dir=tmp_path / "data")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: browsers and servers are waited for."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long start first: one of them at the end would have one process alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, item.path.name not in LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the exit status for the end of the process."""
    session.config.stash[EXIT_STATUS] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End as the command does: DuckDB's complaints about leaks would bury the summary."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(EXIT_STATUS, 2))
