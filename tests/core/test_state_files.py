"""A damaged file ends in one message with the remedy, or is taken for one that is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.errors import DamagedFile
from orchestration.core.state_files import read_cache, read_state


def names(content: dict[str, list[str]]) -> list[str]:
    return [name.upper() for name in content["names"]]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert read_state(path, names, remedy="") is None
    for text in ('{"names": ["a"]}', '{"format": 1, "names": ["a"], "added later": 3}'):
        path.write_text(text, encoding="utf-8")
        assert read_state(path, names, remedy="") == ["A"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no JSON at line 1"),
        (b'{"names": ["a', "no JSON at line 1"),
        (b"\0" * 9, "no JSON"),
        (b"\xff\xfe\xfd", "codec can't decode"),
        (b"[" * 100_000, "recursion"),
        (b"{}", "names is missing"),
        (b"[]", "indices must be integers"),
        (b"null", "not subscriptable"),
        (b'{"names": [1]}', "no attribute 'upper'"),
        (b'{"format": 2, "names": []}', "by a newer version of this program, in format 2"),
        (b'{"format": "?", "names": []}', "by a newer version"),
    ],
)
def test_damage_is_told_with_file_and_remedy(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFile) as raised:
        read_state(path, names, remedy="Delete it.")
    assert str(raised.value).startswith(f"{path} is damaged (")
    assert reason in str(raised.value)
    assert str(raised.value).endswith("). Delete it.")
    assert read_cache(path, names) is None


def test_a_folder_in_its_place_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="Is a directory"):
        read_state(tmp_path, names, remedy="Delete it.")
