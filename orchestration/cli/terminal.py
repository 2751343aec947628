"""Shared by the commands: the company, the time, and the output streams."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from orchestration.core.errors import ConfigError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.core.text import plain


class PlainConsole(Console):
    """A terminal on which no name, cell or message of others moves the cursor or paints."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Clean each piece of text; colours and cursor moves of our own are no text."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else plain(text), style, control)


out = PlainConsole(highlight=False, soft_wrap=True)
err = PlainConsole(highlight=False, soft_wrap=True, stderr=True)
# for tables, whose lines are cut to the width of the terminal
wide = PlainConsole(highlight=False)

Company = Annotated[
    str | None,
    typer.Option("--company", "-c", help="Whose data; SCORECARD_COMPANY or 'demo' otherwise."),
]


def settings_of(company: str | None) -> Settings:
    """Settings of the company, which later steps read from the environment again."""
    settings = Settings.from_environment(company=company)
    if not settings.seeds_dir.is_dir():
        raise ConfigError(
            f"There is no company '{settings.company}': {settings.seeds_dir} does not exist. "
            f"Create it with `scorecard init {settings.company}`."
        )
    os.environ["SCORECARD_COMPANY"] = settings.company
    return settings


def require_input(settings: Settings) -> None:
    """Refuse a company that has neither a CRM nor files.

    Raises:
        ConfigError: there is nothing to read.
    """
    if settings.has_crm or (settings.files_dir.is_dir() and any(settings.files_dir.iterdir())):
        return
    remedy = (
        "Run `scorecard demo-data` first."
        if settings.company == "demo"
        else "Put the exports there: docs/canonical-tables.md says how."
    )
    raise ConfigError(f"{settings.files_dir} has no files to read. {remedy}")


def now() -> dt.datetime:
    """The time of the command, in UTC."""
    return dt.datetime.now(dt.UTC)


def shown(path: Path) -> Path:
    """The path as people write it: relative to the repository if it lies there."""
    return path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path
