"""The server of `scorecard serve`: a shell, and the data of one audience as `/data/`."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.releases.audiences import (
    find_folder,
    read_listing,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# another site that points its own name at 127.0.0.1 still sends that name
LOOPBACK_HOSTS = ("127.0.0.1", "localhost")

# docs/serving.md has the same for nginx; DuckDB runs as WebAssembly, and charts have inline styles
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' "
        "'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# bytes; no file name is longer
LONGEST_NAME = 255
LONGEST_PATH = 2048


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


def site_app(
    shell: Path, data: Path | None = None, hosts: Sequence[str] = LOOPBACK_HOSTS
) -> ASGIApp:
    """The pages in `shell` as an application, with the files of `data` as `/data/`.

    Only requests to one of `hosts` are answered.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def answer(request: Request) -> Response:
        if not _is_path(request.scope["raw_path"]):
            return PlainTextResponse("Bad request", status_code=400)
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
            "Vary": "Accept-Encoding",
        }
        media_type = _media_type(wanted)
        packed = wanted.with_name(f"{wanted.name}.gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            headers["Content-Encoding"] = "gzip"
            wanted = packed
        return FileResponse(wanted, headers=headers, media_type=media_type)

    app = Starlette(
        routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
        ],
    )
    return _with_security_headers(app)


def _is_path(raw: bytes) -> bool:
    """Whether the path of a request is one that a file or a page can have."""
    if len(raw) > LONGEST_PATH or re.search(rb"%(?![0-9A-Fa-f]{2})", raw):
        return False
    path = unquote_to_bytes(raw)
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in path and max(map(len, path.split(b"/"))) <= LONGEST_NAME


def _with_security_headers(app: ASGIApp) -> ASGIApp:
    """The application, with the headers in each of its answers, errors included."""
    headers = [(name.lower().encode(), text.encode()) for name, text in SECURITY_HEADERS.items()]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await app(scope, receive, send_with_headers)

    return answer


def serve(site: Path, port: int, who: str | None = None, hosts: Sequence[str] = ()) -> None:
    """Show a site on 127.0.0.1 until interrupted, as a person sees it.

    Args:
        site: the folder of the site.
        port: a free port.
        who: a rep's id or the e-mail of a login.
        hosts: names besides those of this machine by which browsers reach the server.

    Raises:
        ConfigError: there is no site, or nothing is written for this person.
    """
    import uvicorn

    app = site_app(*served_folders(site, who), hosts=(*LOOPBACK_HOSTS, *hosts))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


@contextmanager
def served(
    shell: Path, data: Path | None = None, hosts: Sequence[str] = LOOPBACK_HOSTS
) -> Iterator[str]:
    """`site_app` on a free port of 127.0.0.1, in a thread; yields the address.

    Raises:
        ScorecardError: the server did not start.
    """
    import uvicorn

    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        app = site_app(shell, data, hosts)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
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
