"""Every environment variable that the project reads: what it means, its default, what it may be.

`python -m orchestration.core.environment` prints `.env.example`, which is made of these fields.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from orchestration.core.errors import ConfigError

PREFIX = "SCORECARD_"
# beside the companies in dbt_project/seeds, so no name of one
RULES_FOLDER = "rules"
TARGETS = ("duckdb", "postgres", "spark")
# each is a package of orchestration/sources; of a person known to several, the first says all
SOURCES = ("files", "salesforce", "hubspot")
MEMORY = re.compile(r"[1-9]\d*[KMGT]i?B|([1-9]\d?|100)%")
# what may stand in a proxy's table as it is (docs/serving.md)
EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+'&-]*@[a-z0-9][a-z0-9.-]*")
HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")
INTRADAY_SECONDS = 300
SHORTEST_INTRADAY_SECONDS = 10
WIDTH = 100
HEADER = """\
# Save as .env and change what differs. `make` and `scorecard dev` read .env; for the command line
# run `set -a; . ./.env; set +a` first. Nothing here is needed for the demo, and an empty value is
# the default. `python -m orchestration.core.environment` prints this file.
"""

Names = Annotated[tuple[str, ...], NoDecode]
Switch = Annotated[bool | None, NoDecode]


class Environment(BaseSettings):
    """The variables, read once; what is secret is never shown."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, validate_default=False, frozen=True)

    company: str = Field(
        "demo",
        description="Whose data: names data/<company>/ and dbt_project/seeds/<company>/.",
    )
    data_dir: Path | None = Field(
        None,
        description="Where files, warehouse, releases and pages lie; data/ in this folder when "
        "empty.",
    )
    sources: Names = Field(
        ("files",),
        description="Where records come from, separated by commas: files, salesforce, hubspot.",
    )
    as_of_date: dt.date | None = Field(
        None,
        description="Last day that counts, YYYY-MM-DD; yesterday in the company's time zone when "
        "empty.",
    )
    memory: str = Field(
        "80%",
        description="How much memory DuckDB may take, such as 6GB, or 50% of the machine's or the "
        "container's. What does not fit is put into files beside the warehouse; Python needs 1 GB "
        "besides.",
    )
    intraday_seconds: int = Field(
        INTRADAY_SECONDS,
        description="How often `scorecard watch` and Dagster's sensor look at the sources, in "
        "seconds (docs/intraday.md).",
    )

    target: str = Field(
        "duckdb",
        description="Engine that computes the scorecards: duckdb, postgres, spark "
        "(docs/engines.md).",
    )
    pghost: str = Field(
        "",
        validation_alias="PGHOST",
        description="With postgres: the server. All of PostgreSQL's tools read these variables.",
    )
    pgport: str = Field("", validation_alias="PGPORT", description="Its port; 5432 when empty.")
    pgdatabase: str = Field("", validation_alias="PGDATABASE", description="The database.")
    pguser: str = Field("", validation_alias="PGUSER", description="Who signs in.")
    pgpassword: SecretStr = Field(
        SecretStr(""),
        validation_alias="PGPASSWORD",
        description="Their password; a password file (~/.pgpass) instead of it is fine.",
    )
    spark_host: str = Field("", description="With spark: its Thrift server (docs/spark.md).")
    spark_port: int = Field(10_000, description="The port of the Thrift server.")
    spark_user: str = Field("", description="Who signs in; scorecard when empty.")
    spark_password: SecretStr = Field(SecretStr(""), description="Their password.")
    spark_folder: str = Field(
        "",
        description="The folder of this company's tables, which this machine, the server and all "
        "workers reach under the same name: a path, or an address such as s3a://bucket/scorecard.",
    )

    salesforce_url: str = Field(
        "",
        description="With salesforce: the org's My Domain, https://acme.my.salesforce.com "
        "(docs/salesforce.md).",
    )
    salesforce_client_id: str = Field(
        "", description="The consumer key of an app that may read the org."
    )
    salesforce_client_secret: SecretStr = Field(
        SecretStr(""), description="The app's secret; or else a user and a private key."
    )
    salesforce_username: str = Field("", description="The user who has the key's certificate.")
    salesforce_private_key_file: str = Field("", description="The path of the private key.")
    salesforce_objects: str = Field(
        "", description="Which objects, separated by commas; the usual ones when empty."
    )
    salesforce_fields: str = Field(
        "", description="Which custom fields, such as Event.outcome=Result__c."
    )
    salesforce_landed_in: str = Field(
        "",
        description="Instead of the app: where Fivetran, Airbyte, dlt or others landed "
        "Salesforce's tables, a schema of SCORECARD_DATABASE_URL or the path of a folder of "
        "Parquet files (docs/landed.md).",
    )
    hubspot_service_key: SecretStr = Field(
        SecretStr(""), description="With hubspot: a service key that may read (docs/hubspot.md)."
    )
    hubspot_url: str = Field("", description="Another address of its API, behind a proxy.")
    hubspot_objects: str = Field(
        "", description="Which objects, separated by commas; the usual ones when empty."
    )
    hubspot_fields: str = Field(
        "", description="Which custom properties, such as meetings.outcome=result."
    )
    hubspot_landed_in: str = Field(
        "", description="Instead of the key: where HubSpot's tables were landed, as for Salesforce."
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="The database that has landed tables, or answers <table>.database.sql: "
        "duckdb:////path/landed.duckdb, or an address of SQLAlchemy such as "
        "postgresql+psycopg2://user:password@host/name. It is never logged.",
    )

    audiences: Switch = Field(
        None,
        description="Pages: on gives each login a folder with only what it may see "
        "(docs/serving.md).",
        examples=["off"],
    )
    analysts: Names = Field(
        (), description="The e-mails of those who see everything, separated by commas."
    )
    allowed_hosts: Names = Field(
        (),
        description="Names by which browsers reach `scorecard serve` besides this machine's own, "
        "separated by commas.",
    )
    serving_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL that shows each release to BI tools, each person their rows "
        "(docs/postgres.md), such as postgresql://publisher@db.example.com:5432/sales.",
    )
    chromium: str = Field(
        "",
        description="The browser that prints one-on-one sheets; found on the PATH when empty.",
    )
    alerts: Switch = Field(
        False,
        description="on tells rep and manager what newly needs intervention or stands out, at "
        "most one digest a day each, on their working days; `scorecard alerts --dry-run` shows "
        "what would be sent.",
        examples=["off"],
    )
    alert_url: SecretStr = Field(
        SecretStr(""),
        description="Where digests go, as Apprise URLs (https://appriseit.com/services/), "
        "separated by blanks. {email} and {rep_id} are the receiver's. It is never logged. For "
        "example mailtos://user:password@smtp.example.com?to={email}",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `read` gives, and nothing else."""
        return (init_settings,)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Environment:
        """Read the variables, of the process unless others are given.

        Raises:
            ConfigError: a value is not one of the allowed ones; names variable and remedy.
        """
        source = EnvSettingsSource(cls)
        given = os.environ if environ is None else environ
        stripped = {name.lower(): value.strip() for name, value in given.items()}
        source.env_vars = {name: value for name, value in stripped.items() if value}
        return cls(**source())

    @field_validator("company")
    @classmethod
    def _check_company(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name == RULES_FOLDER:
            raise ConfigError(
                f"SCORECARD_COMPANY: '{name}' is not a company name. Use lower-case letters, "
                "digits and _ (it names a folder), for example 'acme'."
            )
        return name

    @field_validator("data_dir")
    @classmethod
    def _resolve_data_dir(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("sources", mode="before")
    @classmethod
    def _split_sources(cls, text: str) -> tuple[str, ...]:
        named = [part.strip() for part in text.split(",")]
        for source in filter(None, named):
            if source not in SOURCES:
                raise ConfigError(
                    f"SCORECARD_SOURCES: '{source}' is not a source. "
                    f"Use a comma-separated list of: {', '.join(SOURCES)}."
                )
        return tuple(source for source in SOURCES if source in named)

    @field_validator("as_of_date", mode="before")
    @classmethod
    def _parse_as_of_date(cls, text: str) -> dt.date:
        return parse_day(text, "SCORECARD_AS_OF_DATE")

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, memory: str) -> str:
        if not MEMORY.fullmatch(memory):
            raise ConfigError(
                f"SCORECARD_MEMORY: '{memory}' is not an amount of memory. Write it as 6GB, or "
                "as a share of the machine's, such as 50%."
            )
        return memory

    @field_validator("intraday_seconds", mode="before")
    @classmethod
    def _check_intraday_seconds(cls, text: str) -> str:
        if not text.isdigit() or int(text) < SHORTEST_INTRADAY_SECONDS:
            raise ConfigError(
                f"SCORECARD_INTRADAY_SECONDS: '{text}' is not a number of seconds. Use a whole "
                f"number from {SHORTEST_INTRADAY_SECONDS}, for example {INTRADAY_SECONDS}."
            )
        return text

    @field_validator("target")
    @classmethod
    def _check_target(cls, target: str) -> str:
        if target not in TARGETS:
            raise ConfigError(
                f"SCORECARD_TARGET: '{target}' is not supported. Use one of: {', '.join(TARGETS)}."
            )
        return target

    @field_validator("spark_port", mode="before")
    @classmethod
    def _check_spark_port(cls, text: str) -> str:
        if not text.isdecimal():
            raise ConfigError(f"SCORECARD_SPARK_PORT: '{text}' is not a number, such as 10000.")
        return text

    @field_validator("audiences", mode="before")
    @classmethod
    def _switch_audiences(cls, text: str) -> bool:
        if text not in ("on", "off"):
            raise ConfigError(f"SCORECARD_AUDIENCES: '{text}' is not on or off.")
        return text == "on"

    @field_validator("analysts", mode="before")
    @classmethod
    def _split_analysts(cls, text: str) -> tuple[str, ...]:
        analysts = _list_of(text)
        for email in analysts:
            if not EMAIL.fullmatch(email):
                raise ConfigError(
                    f"SCORECARD_ANALYSTS: '{email}' is not an e-mail. Write those who see all "
                    "figures as ann@example.com,ben@example.com."
                )
        return analysts

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_allowed_hosts(cls, text: str) -> tuple[str, ...]:
        hosts = _list_of(text)
        for host in hosts:
            if not HOST.fullmatch(host):
                raise ConfigError(
                    f"SCORECARD_ALLOWED_HOSTS: '{host}' is not a host name. Write the names by "
                    "which browsers reach the pages, without scheme and port, such as "
                    "scorecard.example.com."
                )
        return hosts

    @field_validator("serving_url")
    @classmethod
    def _check_serving_url(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith("postgresql://"):
            raise ConfigError(
                "SCORECARD_SERVING_URL is not the address of a PostgreSQL database. Write it as "
                "postgresql://user@host:5432/database (docs/postgres.md)."
            )
        return url

    @field_validator("alerts", mode="before")
    @classmethod
    def _switch_alerts(cls, text: str) -> bool:
        switch = text.lower()
        if switch not in ("on", "off"):
            raise ConfigError(f"SCORECARD_ALERTS: '{switch}' is neither on nor off.")
        return switch == "on"


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


def example() -> str:
    """The text of `.env.example`."""
    parts = [HEADER]
    for name, declared in Environment.model_fields.items():
        variable = declared.validation_alias or f"{PREFIX}{name.upper()}"
        comment = textwrap.wrap(
            declared.description or "",
            WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        parts.append("\n".join([*comment, f"{variable}={_shown(declared)}\n"]))
    return "\n".join(parts)


def _shown(declared: Any) -> str:
    """What a variable says when it is not changed; a secret has no default."""
    value = declared.examples[0] if declared.examples else declared.default
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None or isinstance(value, SecretStr) else str(value)


def _list_of(text: str) -> tuple[str, ...]:
    """Names separated by commas or blanks, in lower case."""
    return tuple(text.lower().replace(",", " ").split())


if __name__ == "__main__":
    sys.stdout.write(example())
