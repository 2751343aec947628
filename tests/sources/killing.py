"""Loads that are killed: in the middle of a step by an exception, and at any moment for real."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestration.core.settings import REPOSITORY

KILLS = int(os.environ.get("SCORECARD_TEST_KILLS", "20"))


class Killed(BaseException):
    """What `killed_after` ends a load with; no handler of the code may catch it."""


class killed_after:
    """Ends the block at the n-th change of state, before or after it was made.

    `steps` are the attributes (of a module or class) that change the state.
    """

    def __init__(self, number: int, owner: object, *steps: str) -> None:
        self.left = number
        self.owner = owner
        self.steps = steps
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        for name in self.steps:
            self.patch.setattr(self.owner, name, self.counted(getattr(self.owner, name)))

    def counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            result = step(*arguments)
            self.left -= 1
            if self.left == 0:
                raise Killed
            return result

        return run

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> bool:
        self.patch.undo()
        return kind is Killed


# imports once, then forks a process for each line it reads, and at the next says how it ended
FORKS = """
import datetime as dt, os, sys
from dataclasses import replace
from pathlib import Path
from orchestration.core.settings import Settings
{prepare}
settings = replace(Settings(), data_dir=Path(sys.argv[1]))
settings.state_dir.mkdir(parents=True, exist_ok=True)
while sys.stdin.readline():
    child = os.fork()
    if child == 0:
        {load}
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitpid(child, 0)[1], flush=True)
"""


def kill_at_random(
    data_dir: Path,
    environment: Mapping[str, str],
    *,
    prepare: str,
    load: str,
    longest: float,
    change: Callable[[random.Random, int], None],
    before_last: Callable[[], None],
) -> None:
    """Load again and again, kill `KILLS` of the loads at any moment, and let the last one end.

    Args:
        data_dir: of the company.
        environment: of the process that loads.
        prepare: statements before the first load, such as imports.
        load: statements of a load; `settings` is the company.
        longest: seconds after which a load is killed at the latest.
        change: changes the CRM after each load, by random numbers and how many loads there were.
        before_last: what happens before the load that is not killed.
    """
    numbers = random.Random(7)
    code = FORKS.format(prepare=prepare, load=load)
    forks = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, str(data_dir)],
        cwd=REPOSITORY,
        env={**os.environ, **environment, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert forks.stdin is not None
    assert forks.stdout is not None

    def next_number() -> int:
        print(file=forks.stdin, flush=True)
        return int(forks.stdout.readline())

    kills = ended = 0
    wait = longest
    while kills < KILLS:
        process = next_number()
        time.sleep(numbers.uniform(0, wait))
        os.kill(process, signal.SIGKILL)  # one that has ended is there until it was waited for
        killed = next_number() == signal.SIGKILL
        kills, ended = kills + killed, ended + (not killed)
        wait = min(longest, wait * 1.05) if killed else wait * 0.85  # as quick as the machine is
        assert ended <= 10 + KILLS, "the load is over before it can be killed"
        change(numbers, kills + ended)
    before_last()
    next_number()
    assert next_number() == 0
    forks.stdin.close()
    assert forks.wait() == 0
    forks.stdout.close()
