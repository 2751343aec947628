"""Queries live in .sql files in the folder `sql` beside the module that runs them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def read_sql(package: str, name: str) -> str:
    """Return the query `sql/<name>.sql` of a package; pass the module's `__package__`."""
    path = files(package).joinpath("sql", *f"{name}.sql".split("/"))
    return path.read_text(encoding="utf-8")


def render_sql(package: str, name: str, **values: object) -> str:
    """Return a query with its Jinja expressions filled in, for names that cannot be parameters.

    Raises:
        jinja2.UndefinedError: the query names a value that was not given.
    """
    return template(read_sql(package, name)).render(values)


@cache
def template(text: str) -> Template:
    """Compile a Jinja template in which every name must have a value."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text)
