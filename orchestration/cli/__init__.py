"""The command `scorecard`. It imports what a command needs only when that command runs."""

from __future__ import annotations

import atexit
import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

import typer

from orchestration.cli import companies, readers, refresh, releases
from orchestration.cli.errors import shown_error
from orchestration.cli.terminal import err

app = typer.Typer(
    help="Honest sales scorecards: from raw CRM activity to published, checked pages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (refresh, readers, releases, companies):  # in the order of --help
    app.add_typer(commands.app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one message, never a traceback."""
    try:
        app(arguments)
    except SystemExit as done:
        return int(done.code or 0)
    except KeyboardInterrupt:
        err.print("Interrupted; what was published stays.", style="red")
        return 1
    except Exception as error:
        known = shown_error(error)
        with suppress(OSError):  # what it would be written to may be on the disk that is full
            err.print(str(known), style="red", markup=False)
        return known.exit_code
    return 0


def main() -> None:
    """The entry point of the command."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries; the tests turn them into errors
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the letters of a name
    code = run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 1
    # tearing the interpreter down takes half a second and prints DuckDB's complaints about leaks
    atexit._run_exitfuncs()
    os._exit(code)
