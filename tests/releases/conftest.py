"""The server of the tests of engines serves releases too."""

from tests.transform.engines.conftest import postgres

__all__ = ["postgres"]
