"""The server of the tests of engines serves releases too."""

from tests.releases.serving import published, served, two_releases
from tests.transform.engines.conftest import postgres

__all__ = ["postgres", "published", "served", "two_releases"]
