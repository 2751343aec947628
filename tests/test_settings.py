from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import ConfigError
from orchestration.settings import Settings


def test_a_data_folder_with_an_apostrophe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SCORECARD_DATA_DIR: the path .*O'Brien.* apostrophe"):
        Settings.from_environment({"SCORECARD_DATA_DIR": str(tmp_path / "O'Brien")})


def test_other_letters_in_the_data_folder_are_fine(tmp_path: Path) -> None:
    folder = tmp_path / 'Ümläute & "quotes"'
    assert Settings.from_environment({"SCORECARD_DATA_DIR": str(folder)}).data_dir == folder
