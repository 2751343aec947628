"""Paths and options of a company, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Settings of one company's pipeline. All paths are absolute."""

    company: str = "demo"
    data_dir: Path = REPOSITORY / "data"
    dbt_project_dir: Path = REPOSITORY / "dbt_project"
    reports_project_dir: Path = REPOSITORY / "reports"
    target: str = "duckdb"
    sources: tuple[str, ...] = ("files",)
    audiences: bool | None = None  # None: not said, which is off
    analysts: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()  # of `scorecard serve`, besides this machine's own names
    serving_url: str = field(default="", repr=False)  # may hold a password
    memory: str = "80%"  # as DuckDB has it by itself

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, company: str | None = None
    ) -> Settings:
        """Read `SCORECARD_*` variables; `company` wins over `SCORECARD_COMPANY`.

        Raises:
            ConfigError: a value is not one of the allowed ones, or a path cannot be used.
        """
        given = os.environ if environ is None else environ
        read = Environment.read({**given, "SCORECARD_COMPANY": company} if company else given)
        settings = cls(
            company=read.company,
            data_dir=read.data_dir or cls.data_dir,
            target=read.target,
            sources=read.sources,
            audiences=read.audiences,
            analysts=read.analysts,
            allowed_hosts=read.allowed_hosts,
            serving_url=read.serving_url.get_secret_value(),
            memory=read.memory,
        )
        for name, folder in (
            ("SCORECARD_DATA_DIR", settings.data_dir),
            ("The repository", settings.dbt_project_dir),
        ):
            if "'" in str(folder):
                raise ConfigError(
                    f"{name}: the path {folder} has an apostrophe, with which the libraries that "
                    "load data cannot read it. Use a folder whose path has none."
                )
        return settings

    @property
    def has_crm(self) -> bool:
        """Whether a CRM is enabled too, so that the files need not contain the reps."""
        return self.sources != ("files",)

    @property
    def company_dir(self) -> Path:
        """`data/<company>`: everything of this company that is not policy."""
        return self.data_dir / self.company

    @property
    def files_dir(self) -> Path:
        """The folder the files connector reads."""
        return self.company_dir / "files"

    @property
    def warehouse_path(self) -> Path:
        """The working DuckDB file: only the refresh opens it."""
        return self.company_dir / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        """Releases and the `current` pointer."""
        return self.company_dir / "published"

    @property
    def reports_dir(self) -> Path:
        """The site that is served: shell and data folders."""
        return self.company_dir / "reports"

    @property
    def state_dir(self) -> Path:
        """Machine state of this company: lock, working folders, dbt's target, Data Docs."""
        return self.company_dir / "state"

    @property
    def seeds_dir(self) -> Path:
        """The company's policy."""
        return self.dbt_project_dir / "seeds" / self.company

    @property
    def dagster_home(self) -> Path:
        """Run and event history of Dagster."""
        return self.data_dir / ".dagster"
