"""The command in a process of its own, forked from one that has imported what takes seconds.

Of the CPU seconds of a small refresh from nothing a third are imports of Dagster, dbt and
Great Expectations; here they are paid once for all tests of a process. The project itself is
imported by each command, so that a copy runs its own code.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import runpy
import signal
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])


class Command:
    """`scorecard` in a project, with these settings and no others; it leads a process group.

    With `full_disk` the kernel lets it enlarge no file.
    """

    def __init__(
        self,
        project: Path,
        settings: Mapping[str, str],
        *arguments: str,
        full_disk: bool = False,
    ) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SCORECARD_")}
        reader, writer = FORKS.Pipe(duplex=False)
        environment = {**inherited, **settings}
        self.process = FORKS.Process(
            target=_run, args=(project, environment, arguments, writer, full_disk)
        )
        self.process.start()
        writer.close()
        self.output: IO[str] = open(os.dup(reader.fileno()), encoding="utf-8")
        reader.close()

    def kill(self) -> None:
        """End the process and those that it started at once."""
        assert self.process.pid is not None
        os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self) -> int | None:
        """Wait for the end; its exit code, or minus the signal that ended it."""
        self.output.close()
        self.process.join()
        return self.process.exitcode


def run(project: Path, settings: Mapping[str, str], *arguments: str) -> tuple[int | None, str]:
    """Run the command to its end; its exit code, and what it printed to whatever stream."""
    command = Command(project, settings, *arguments)
    output = command.output.read()
    return command.wait(), output


def _run(
    project: Path,
    environment: Mapping[str, str],
    arguments: tuple[str, ...],
    output: Connection,
    full_disk: bool,
) -> None:
    os.setsid()
    if full_disk:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = open(1, "w", encoding="utf-8"), open(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(project)
    sys.path.insert(0, str(project))
    sys.argv = ["scorecard", *arguments]
    runpy.run_module("orchestration.cli", run_name="__main__", alter_sys=True)
