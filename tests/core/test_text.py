"""Names and cells of others in what a terminal, a log or a digest shows."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from orchestration.cli.terminal import PlainConsole
from orchestration.core.errors import InputError
from orchestration.core.text import plain, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Müller 李 ü", "Zoë Müller 李 ü"),
        ("two\tcells\nand lines", "two\tcells\nand lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPqdevice\x1b\\name", "name"),
        ("\x1b(0name\x1bc", "name"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9cname", "name"),
        ("a\rb\bc\x00d\x7fe", "abcde"),
        ("Ann\u202egnilloR", "AnngnilloR"),
        ("\u2066a\u2069\u200e\u200f\u061cb", "ab"),
        # what never ends must not hide what comes after it
        ("\x1b]0;name: correct line 3", "0;name: correct line 3"),
        ("\x1b", ""),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert plain(shown) == shown


def test_long_text_is_one_line_of_limited_length() -> None:
    assert shortened("  Ann\n- You,\tLee ") == "Ann - You, Lee"
    assert shortened("x" * 10_000_000) == "x" * 200 + "…"
    assert shortened("abc", 3) == "abc"


def test_errors_hold_no_escape_codes() -> None:
    assert str(InputError("reps.csv line 2: \x1b[31m'Ann\u202e'\n- next")) == (
        "reps.csv line 2: 'Ann'\n- next"
    )


def test_a_terminal_keeps_its_own_colours_and_no_others() -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, force_terminal=True, color_system="standard", width=60)
    console.print(Text("Ann\x1b[2J\x9b1m\u202e", style="red"), "[bold]total[/]")
    assert file.getvalue() == "\x1b[31mAnn\x1b[0m \x1b[1mtotal\x1b[0m\n"
