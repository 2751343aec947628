"""Errors a person can act on: each names the problem, the place and the remedy."""

from __future__ import annotations

from pathlib import Path

from orchestration.core.text import plain


class ScorecardError(Exception):
    """A step or a check failed; nothing was published. The message is shown unchanged."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        """Take the message; what it quotes of others cannot steer a terminal or a log."""
        super().__init__(plain(message))


class ConfigError(ScorecardError):
    """Usage, settings or policy are wrong; nothing was started."""

    exit_code = 2


class InputError(ScorecardError):
    """The source data cannot be used: names file, row, value and remedy."""


class CheckFailed(ScorecardError):
    """A blocking data check failed; the previous release stays published."""


class MachineError(ScorecardError):
    """Disk, rights or memory of the machine are not enough; see `core/machine.py`."""


class DamagedFile(ScorecardError):
    """A file that an earlier run wrote cannot be used: names it, what is wrong, and the remedy."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        """Make the message of the three."""
        super().__init__(f"{path} is damaged ({reason}). {remedy}")
        self.path = path


class RefreshRunning(ScorecardError):
    """Another refresh of the same company holds the lock."""


class PublishError(ScorecardError):
    """Writing or verifying a release failed; the previous release stays published."""
