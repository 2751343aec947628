"""Where things are and what is switched on, read once from the environment."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.core.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
# beside the companies in dbt_project/seeds, so no name of one
RULES_FOLDER = "rules"
TARGETS = ("duckdb", "postgres", "spark")
# each is a package of orchestration/sources; of a person known to several, the first says all
SOURCES = ("files", "salesforce", "hubspot")
MEMORY = re.compile(r"[1-9]\d*[KMGT]i?B|([1-9]\d?|100)%")
# what may stand in a proxy's table as it is (docs/serving.md)
EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+'&-]*@[a-z0-9][a-z0-9.-]*")


HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")


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
        env = os.environ if environ is None else environ
        name = company or env.get("SCORECARD_COMPANY") or "demo"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name == RULES_FOLDER:
            raise ConfigError(
                f"SCORECARD_COMPANY: '{name}' is not a company name. Use lower-case letters, "
                "digits and _ (it names a folder), for example 'acme'."
            )
        target = env.get("SCORECARD_TARGET") or "duckdb"
        if target not in TARGETS:
            raise ConfigError(
                f"SCORECARD_TARGET: '{target}' is not supported. Use one of: {', '.join(TARGETS)}."
            )
        named = [s.strip() for s in (env.get("SCORECARD_SOURCES") or "files").split(",")]
        for source in filter(None, named):
            if source not in SOURCES:
                raise ConfigError(
                    f"SCORECARD_SOURCES: '{source}' is not a source. "
                    f"Use a comma-separated list of: {', '.join(SOURCES)}."
                )
        sources = tuple(source for source in SOURCES if source in named)
        audiences = env.get("SCORECARD_AUDIENCES") or ""
        if audiences not in ("on", "off", ""):
            raise ConfigError(f"SCORECARD_AUDIENCES: '{audiences}' is not on or off.")
        analysts = _list_of(env.get("SCORECARD_ANALYSTS"))
        for email in analysts:
            if not EMAIL.fullmatch(email):
                raise ConfigError(
                    f"SCORECARD_ANALYSTS: '{email}' is not an e-mail. Write those who see all "
                    "figures as ann@example.com,ben@example.com."
                )
        allowed_hosts = _list_of(env.get("SCORECARD_ALLOWED_HOSTS"))
        for host in allowed_hosts:
            if not HOST.fullmatch(host):
                raise ConfigError(
                    f"SCORECARD_ALLOWED_HOSTS: '{host}' is not a host name. Write the names by "
                    "which browsers reach the pages, without scheme and port, such as "
                    "scorecard.example.com."
                )
        serving_url = env.get("SCORECARD_SERVING_URL") or ""
        if serving_url and not serving_url.startswith("postgresql://"):
            raise ConfigError(
                "SCORECARD_SERVING_URL is not the address of a PostgreSQL database. Write it as "
                "postgresql://user@host:5432/database (docs/postgres.md)."
            )
        memory = env.get("SCORECARD_MEMORY") or cls.memory
        if not MEMORY.fullmatch(memory):
            raise ConfigError(
                f"SCORECARD_MEMORY: '{memory}' is not an amount of memory. Write it as 6GB, or "
                "as a share of the machine's, such as 50%."
            )
        settings = cls(
            company=name,
            target=target,
            sources=sources,
            audiences={"on": True, "off": False}.get(audiences),
            analysts=analysts,
            allowed_hosts=allowed_hosts,
            serving_url=serving_url,
            memory=memory,
        )
        if env.get("SCORECARD_DATA_DIR"):
            path = Path(env["SCORECARD_DATA_DIR"]).expanduser().resolve()
            settings = replace(settings, data_dir=path)
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
        """Whether records come from a CRM too, so that files need not have the reps."""
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


def _list_of(text: str | None) -> tuple[str, ...]:
    """Names separated by commas or blanks, in lower case."""
    return tuple((text or "").lower().replace(",", " ").split())


def parse_day(text: str, name: str = "--as-of") -> dt.date:
    """A day written YYYY-MM-DD.

    Raises:
        ConfigError: the text is no such day.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{name}: '{text}' is not a day. Write it as YYYY-MM-DD, for example 2026-06-30."
        ) from None
