"""The shell: the pages without data, built by Node once per version of `reports/`."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import filelock

from orchestration.core.errors import ScorecardError
from orchestration.core.files import replace_file
from orchestration.core.fingerprint import hash_bytes, hash_file, hash_files, hash_values
from orchestration.core.settings import Settings
from orchestration.core.state_files import read_cache
from orchestration.site.folders import compress_files, keep_newest

logger = logging.getLogger(__name__)

KEEP_SHELLS = 2

NODE_MAJOR = 20

LOG_LINES = 25

# the only variables that npm, Node and the pages' packages see: no secret of the company
NODE_VARIABLES = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|XDG_\w+|CI"
    r"|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|NODE_(OPTIONS|EXTRA_CA_CERTS)|npm_config_.+",
    re.IGNORECASE,
)

SHELL_SOURCES = (
    "pages",
    "components",
    "static",
    "patches",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "evidence.config.yaml",
    ".npmrc",
)


def build_shell(settings: Settings) -> Path:
    """The built pages without data: once per version of `reports/`, then from the cache.

    Raises:
        ScorecardError: Node or npm is missing or too old, or the build failed.
    """
    project = settings.reports_project_dir
    cache = settings.data_dir / ".reports_shell"
    shell = cache / _hash_of_sources(project)
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / ".lock"):
        if _is_whole(shell):
            return shell
        _require_node()
        install_packages(project)
        # an earlier build's leftovers (other teams' tables included) never reach this one
        with tempfile.TemporaryDirectory(prefix="build-", dir=cache) as name:
            work = Path(name)
            for source in SHELL_SOURCES:
                if (project / source).is_dir():
                    shutil.copytree(project / source, work / source)
                elif (project / source).exists():
                    shutil.copy2(project / source, work / source)
            (work / "node_modules").symlink_to(project / "node_modules")
            _run(["npm", "run", "build"], work, "build the pages")
            built = work / ".evidence" / "template" / "build"
            if not (built / "index.html").is_file():
                raise ScorecardError(
                    f"The build of the pages in {project} left no index.html. "
                    "Run `npm ci && npm run build` there to see why."
                )
            shutil.rmtree(built / "data", ignore_errors=True)
            _move_scripts_into_files(built)
            compress_files(built)
            shutil.rmtree(shell, ignore_errors=True)  # a damaged one; sites have their own links
            os.replace(built, shell)
            _is_whole(shell)  # notes what it holds
        # their names are hashes
        keep_newest(cache, KEEP_SHELLS, shell, newest=lambda path: path.stat().st_mtime)
    return shell


def _is_whole(shell: Path) -> bool:
    """Whether a shell holds what was built; the first look at it notes what that is."""
    if not (shell / "index.html").is_file():
        return False
    noted = shell.with_name(f"{shell.name}.json")
    found = hash_files((path for path in shell.rglob("*") if path.is_file()), shell)
    known = read_cache(noted, str)
    if known is None:
        replace_file(noted, json.dumps(found))
    elif known != found:
        logger.warning("%s is damaged: the pages are built anew.", shell)
    return known in (None, found)


def _move_scripts_into_files(built: Path) -> None:
    """Move each script within `index.html` into a file, so that pages need to run no inline code.

    They run in place and in order as before: none of them is a module.
    """
    page = built / "index.html"
    folder = built / "_app" / "immutable" / "inline"
    folder.mkdir(parents=True, exist_ok=True)

    def move(script: re.Match[str]) -> str:
        code = script.group(1).strip()
        if not code:
            return ""
        name = f"{hash_bytes(code.encode())[:16]}.js"
        (folder / name).write_text(code, encoding="utf-8")
        return f'<script src="/_app/immutable/inline/{name}"></script>'

    html = page.read_text(encoding="utf-8")
    moved = re.sub(r"<script>(.*?)</script>", move, html, flags=re.DOTALL)
    page.write_text(moved, encoding="utf-8")


def install_packages(project: Path) -> None:
    """Run `npm ci` in `project` unless exactly these packages are installed.

    Raises:
        ScorecardError: npm failed.
    """
    wanted = hash_files(
        [project / "package-lock.json", *(project / "patches").glob("*.patch")], project
    )
    stamp = project / "node_modules" / ".scorecard-install"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    _run(["npm", "ci", "--no-progress"], project, "install the packages of the pages")
    replace_file(stamp, wanted)


def _hash_of_sources(project: Path) -> str:
    """Hash every file that the shell is built from, and this one, which says how."""
    files: list[Path] = []
    for source in SHELL_SOURCES:
        path = project / source
        files += path.rglob("*") if path.is_dir() else [path]
    sources = hash_files(filter(Path.is_file, files), project)
    return hash_values(sources, hash_file(Path(__file__)))[:16]


def _require_node() -> None:
    """Stop with advice when Node cannot build the pages."""
    node = shutil.which("node")
    advice = f"Install Node {NODE_MAJOR} or newer with npm, or refresh with --no-reports."
    if node is None or shutil.which("npm") is None:
        raise ScorecardError(f"The pages need Node and npm, which are not on the PATH. {advice}")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", version.stdout)
    if major is None or int(major.group(1)) < NODE_MAJOR:
        raise ScorecardError(
            f"The pages need Node {NODE_MAJOR} or newer; {node} is "
            f"{version.stdout.strip() or 'broken'}. {advice}"
        )


def _run(command: list[str], folder: Path, purpose: str) -> None:
    """Run a command of Node's; its last lines are the error when it fails."""
    environment = {
        **{name: text for name, text in os.environ.items() if NODE_VARIABLES.fullmatch(name)},
        "SEND_ANONYMOUS_USAGE_STATS": "no",
        "VITE_EVIDENCE_SPA": "true",
        "VITE_EVIDENCE_DISABLE_WINDOWS_CACHE_SERVICE_WORKER": "true",
    }
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        tail = "\n".join(result.stdout.strip().splitlines()[-LOG_LINES:])
        raise ScorecardError(
            f"Could not {purpose}: `{' '.join(command)}` in {folder} ended with exit code "
            f"{result.returncode}. Its last lines:\n{tail}"
        )
