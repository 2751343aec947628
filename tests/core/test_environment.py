from __future__ import annotations

import re

import pytest

from orchestration.core.environment import PREFIX, Environment, example
from orchestration.core.errors import ConfigError
from orchestration.core.settings import REPOSITORY

SECRETS = {
    "PGPASSWORD": "pgpassword",
    "SCORECARD_SPARK_PASSWORD": "spark_password",
    "SCORECARD_SALESFORCE_CLIENT_SECRET": "salesforce_client_secret",
    "SCORECARD_HUBSPOT_SERVICE_KEY": "hubspot_service_key",
    "SCORECARD_DATABASE_URL": "database_url",
    "SCORECARD_SERVING_URL": "serving_url",
    "SCORECARD_ALERT_URL": "alert_url",
}


def test_the_example_is_printed_from_the_variables() -> None:
    """`python -m orchestration.core.environment > .env.example` renews it."""
    assert (REPOSITORY / ".env.example").read_text(encoding="utf-8") == example()


def test_the_example_says_the_defaults() -> None:
    lines = [line for line in example().splitlines() if line and not line.startswith("#")]
    environ = dict(line.split("=", 1) for line in lines)

    assert Environment.read(environ) == Environment.read({}).model_copy(update={"audiences": False})
    assert len(environ) == len(Environment.model_fields)


def test_every_variable_is_described() -> None:
    assert [name for name, one in Environment.model_fields.items() if not one.description] == []


def test_every_variable_of_the_code_and_the_documentation_is_declared() -> None:
    """Those that dbt reads are set by the code."""
    declared = {f"{PREFIX}{name.upper()}" for name in Environment.model_fields}
    paths = [*(REPOSITORY / "orchestration").rglob("*.py"), *(REPOSITORY / "docs").rglob("*.md")]
    named = {
        name
        for path in paths
        for name in re.findall(
            r"SCORECARD_(?!TEST_)[A-Z_]*[A-Z]\b(?!_)", path.read_text(encoding="utf-8")
        )
    }
    internal = {
        "SCORECARD_GOALS_DUE_DATE",
        "SCORECARD_SPARK_FOLDER_URL",
        "SCORECARD_VERSION",
        "SCORECARD_WAREHOUSE",
    }

    assert named - declared - internal == set()


def test_no_secret_is_in_a_text_form() -> None:
    environ = {name: f"postgresql://user:hush-{name}@host/x" for name in SECRETS}
    read = Environment.read(environ)

    assert all(getattr(read, field).get_secret_value() for field in SECRETS.values())
    assert "hush" not in f"{read!r} {read} {read.model_dump()}"


@pytest.mark.parametrize("variable", ["SCORECARD_SERVING_URL"])
def test_a_secret_that_is_wrong_is_not_shown(variable: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable} is not the address") as raised:
        Environment.read({variable: "mysql://user:hush@host/x"})

    assert "hush" not in str(raised.value)


def test_blanks_and_empty_values_are_none() -> None:
    read = Environment.read({"SCORECARD_COMPANY": " ", "SCORECARD_MEMORY": "", "PGHOST": " db "})

    assert (read.company, read.memory, read.pghost) == ("demo", "80%", "db")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SCORECARD_COMPANY", "Acme", "'Acme' is not a company name"),
        ("SCORECARD_COMPANY", "rules", "'rules' is not a company name"),
        ("SCORECARD_TARGET", "oracle", "'oracle' is not supported. Use one of: duckdb,"),
        ("SCORECARD_SOURCES", "files,pipe", "'pipe' is not a source. Use a comma-separated list"),
        ("SCORECARD_AUDIENCES", "yes", "'yes' is not on or off"),
        ("SCORECARD_ANALYSTS", "ann", "'ann' is not an e-mail"),
        ("SCORECARD_ALLOWED_HOSTS", "http://x", "'http://x' is not a host name"),
        ("SCORECARD_AS_OF_DATE", "today", "'today' is not a day. Write it as YYYY-MM-DD"),
        ("SCORECARD_INTRADAY_SECONDS", "9", "'9' is not a number of seconds"),
        ("SCORECARD_SPARK_PORT", "ten", "'ten' is not a number"),
        ("SCORECARD_ALERTS", "maybe", "'maybe' is neither on nor off"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(variable: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: {re.escape(message)}"):
        Environment.read({variable: value})
