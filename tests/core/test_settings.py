from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings


def test_a_data_folder_with_an_apostrophe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SCORECARD_DATA_DIR: the path .*O'Brien.* apostrophe"):
        Settings.from_environment({"SCORECARD_DATA_DIR": str(tmp_path / "O'Brien")})


@pytest.mark.parametrize("memory", ["6", "6 GB", "0GB", "lots", "1e9GB", "101%", "0%"])
def test_what_is_no_amount_of_memory_is_refused(memory: str) -> None:
    with pytest.raises(ConfigError, match=f"SCORECARD_MEMORY: '{memory}' is not .* 6GB"):
        Settings.from_environment({"SCORECARD_MEMORY": memory})


@pytest.mark.parametrize("memory", ["6GB", "512MiB", "5%", "100%"])
def test_an_amount_of_memory_is_taken_as_it_is(memory: str) -> None:
    assert Settings.from_environment({"SCORECARD_MEMORY": memory}).memory == memory


def test_other_letters_in_the_data_folder_are_fine(tmp_path: Path) -> None:
    folder = tmp_path / 'Ümläute & "quotes"'
    assert Settings.from_environment({"SCORECARD_DATA_DIR": str(folder)}).data_dir == folder
