"""The server of `scorecard serve`: a shell, and the data of one audience as `/data/`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.releases.audiences import (
    find_folder,
    read_listing,
)

if TYPE_CHECKING:
    from starlette.applications import Starlette


def served_folders(site: Path, who: str | None = None) -> tuple[Path, Path]:
    """The folders of the shell and of the data that a person sees; everything for nobody.

    Args:
        site: `settings.reports_dir / "current"`, or one of the sites.
        who: a rep's id or the e-mail of a login.

    Raises:
        ConfigError: there is no site, or nothing is written for this person.
    """
    if not ((site / "index.html").is_file() or (site / "shell" / "index.html").is_file()):
        raise ConfigError(f"{site} has no pages yet. Run `scorecard refresh` first.")
    if who is None and read_listing(site) is None:
        return site, site / "data"
    return site / "shell", site / "audiences" / find_folder(site, who)


def site_app(shell: Path, data: Path | None = None) -> Starlette:
    """The pages in `shell` as an application, with the files of `data` as `/data/`."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def answer(request: Request) -> Response:
        # resolved at each request: a refresh swaps the pointer while the server runs
        root, path = shell.resolve(), request.path_params["path"]
        if data is not None and path.startswith("data/"):
            root, path = data.resolve(), path.removeprefix("data/")
        wanted = (root / path).resolve()
        if not wanted.is_relative_to(root):
            return PlainTextResponse("Not found", status_code=404)
        if not wanted.is_file():
            first = request.path_params["path"].split("/")[0]
            if first in {"data", "_app", "api"}:
                return PlainTextResponse("Not found", status_code=404)
            wanted = root / "index.html"
        inside = wanted.relative_to(root).as_posix()
        immutable = "/immutable/" in f"/{inside}" or inside.endswith(".arrow.gz")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        media_type = _media_type(wanted)
        packed = wanted.with_name(f"{wanted.name}.gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            headers["Content-Encoding"] = "gzip"
            wanted = packed
        return FileResponse(wanted, headers=headers, media_type=media_type)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])])


def serve(site: Path, port: int, who: str | None = None) -> None:
    """Show a site on 127.0.0.1 until interrupted, as a person sees it.

    Raises:
        ConfigError: there is no site, or nothing is written for this person.
    """
    import uvicorn

    app = site_app(*served_folders(site, who))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


@contextmanager
def served(shell: Path, data: Path | None = None) -> Iterator[str]:
    """`site_app` on a free port of 127.0.0.1, in a thread; yields the address.

    Raises:
        ScorecardError: the server did not start.
    """
    import uvicorn

    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site_app(shell, data), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise ScorecardError("The pages could not be served on 127.0.0.1.")
                time.sleep(0.02)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _media_type(path: Path) -> str:
    """The type of a file by its name (the host's own table of types may be wrong)."""
    return {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".ico": "image/x-icon",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
        ".gz": "application/octet-stream",
    }.get(path.suffix, "application/octet-stream")
