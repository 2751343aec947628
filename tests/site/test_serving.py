"""The proxy of docs/serving.md: each login gets its own folder, whatever it asks for."""

from __future__ import annotations

import http.client
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases import audiences
from orchestration.site.publish import publish_site
from orchestration.site.server import SECURITY_HEADERS
from tests.site.conftest import publish_sample

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    not NGINX and not os.environ.get("CI"),
    reason="the proxy of docs/serving.md is tested where nginx is installed",
)

REPS = {"ada": "r01", "ben": "r06"}
ANALYST = "ana@example.com"


class Login(http.server.BaseHTTPRequestHandler):
    """Stands in for oauth2-proxy: the cookie says who is logged in."""

    def do_GET(self) -> None:
        cookie = self.headers.get("Cookie", "")
        self.send_response(202 if cookie else 401)
        if cookie:
            self.send_header("X-Auth-Request-Email", cookie.removeprefix("login="))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Answer:
    """What the proxy sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def current(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with audiences and a shell that needs no Node."""
    shell = tmp_path_factory.mktemp("shell")
    (shell / "index.html").write_text("shell")
    (shell / "_app" / "immutable").mkdir(parents=True)
    (shell / "_app" / "immutable" / "start.js").write_text("code")
    settings = replace(
        Settings(),
        data_dir=tmp_path_factory.mktemp("data"),
        audiences=True,
        analysts=(ANALYST,),
    )
    sample = publish_sample(settings, published)
    with duckdb.connect(str(sample.database)) as connection:
        for name, rep_id in REPS.items():
            connection.execute(
                "update marts.dim_reps set email = ? where rep_id = ?",
                [f"{name.title()}@Example.com", rep_id],
            )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.site.publish.build_shell", lambda _: shell)
        publish_site(settings)
    # nginx started by root reads as another user
    for folder in (settings.data_dir, *settings.data_dir.parents):
        if folder.name.startswith("pytest-") or folder == settings.data_dir:
            folder.chmod(0o755)
    return settings.reports_dir / "current"


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def ask(current: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Ask nginx with the configuration of the docs; only paths and ports are this test's."""
    text = (REPOSITORY / "docs" / "serving.md").read_text()
    (config,) = re.findall(r"```nginx\n(.*?)```", text, re.S)
    login = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Login)
    thread = threading.Thread(target=login.serve_forever)
    thread.start()
    port = free_port()
    for there, here in (
        ("/opt/scorecard/data/acme/reports/current", str(current)),
        ("listen 443;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:4180", f"127.0.0.1:{login.server_port}"),
    ):
        assert there in config
        config = config.replace(there, here)
    folder = tmp_path_factory.mktemp("nginx")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/errors;\n"
        "events {}\n"
        f"http {{\ninclude /etc/nginx/mime.types;\naccess_log off;\n{places}{config}}}\n"
    )
    assert NGINX
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "errors"]
    process = subprocess.Popen(command)

    def answer(path: str, who: str | None = None, **headers: str) -> Answer:
        if who:
            headers["Cookie"] = f"login={who}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())

    try:
        deadline = time.monotonic() + 20
        while True:
            assert process.poll() is None, (folder / "errors").read_text()
            assert time.monotonic() < deadline
            try:
                answer("/oauth2/start")
                break
            except OSError:
                time.sleep(0.05)
        yield answer
    finally:
        process.terminate()
        process.wait(timeout=20)
        login.shutdown()
        thread.join()
        login.server_close()


def manifest_of(current: Path, who: str | None) -> bytes:
    folder = audiences.find_folder(current, who) if who != audiences.NOBODY else who
    return (current / "audiences" / folder / "manifest.json").read_bytes()


@pytest.mark.parametrize("who", ["ada@example.com", "ADA@Example.COM", "ben@example.com", ANALYST])
def test_each_login_gets_its_own_folder(ask: Ask, current: Path, who: str) -> None:
    answer = ask("/data/manifest.json", who)
    assert (answer.status, answer.body) == (200, manifest_of(current, who))
    assert answer.headers["cache-control"] == "private, no-store"


def test_the_streams_of_a_login_are_served_as_the_pages_read_them(ask: Ask, current: Path) -> None:
    folder = current / "audiences" / audiences.find_folder(current, "ada@example.com")
    for stream in folder.glob("*.arrow.gz"):
        answer = ask(f"/data/{stream.name}", "ada@example.com", Accept_Encoding="gzip")
        assert (answer.status, answer.body) == (200, stream.read_bytes())
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/data/manifest.json", "/_app/immutable/start.js", "/reps/r01/"]
)
def test_without_a_login_there_is_nothing(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["location"][:15]) == (302, "http://127.0.0.")
    assert "/oauth2/sign_in?rd=/" in answer.headers["location"]
    assert b"shell" not in answer.body


@pytest.mark.parametrize(
    "who", ["who@example.com", "ada@example.com.evil", "../ada@example.com", "nobody"]
)
def test_a_login_that_nobody_knows_gets_the_empty_folder(ask: Ask, current: Path, who: str) -> None:
    assert ask("/data/manifest.json", who).body == manifest_of(current, audiences.NOBODY)


def test_the_folder_of_another_cannot_be_asked_for(ask: Ask, current: Path) -> None:
    folder = audiences.find_folder(current, "ben@example.com")
    secret = manifest_of(current, "ben@example.com")
    streams = {path.name for path in (current / "audiences" / folder).iterdir()}
    own = {path.name for path in (current / "audiences" / audiences.find_folder(
        current, "ada@example.com")).iterdir()}  # fmt: skip
    paths = [
        template.format(folder=folder)
        for template in (
            "/audiences/{folder}/manifest.json",
            "/data/{folder}/manifest.json",
            "/data/../audiences/{folder}/manifest.json",
            "/data/..%2faudiences%2f{folder}%2fmanifest.json",
            "/data/%2e%2e/{folder}/manifest.json",
            "/data/..%2f{folder}%2fmanifest.json",
            "/data/..%5c{folder}%5cmanifest.json",
            "/data/%252e%252e%252f{folder}%252fmanifest.json",
            "/data//../../audiences/{folder}/manifest.json",
            "//audiences/{folder}/manifest.json",
            "/../audiences/{folder}/manifest.json",
            "/data/manifest.json%00/../{folder}/manifest.json",
            "/audiences.json",
            "/audiences.map",
            "/data/../audiences.json",
            "/_app/immutable/../../../audiences/{folder}/manifest.json",
            "/data/manifest.json/../../../audiences.map",
        )
    ]
    paths += [f"/data/{name}" for name in streams - own]
    for path in paths:
        answer = ask(path, "ada@example.com")
        assert answer.body == b"shell" or answer.status in (400, 404), (path, answer)
        assert secret not in answer.body
        assert folder.encode() not in answer.body


@pytest.mark.parametrize(
    "header",
    ["X-Auth-Request-Email", "X-Forwarded-Email", "X-Email", "Scorecard-Email", "Remote-User"],
)
def test_a_header_of_the_request_changes_nothing(ask: Ask, current: Path, header: str) -> None:
    spoofed = {header.replace("-", "_"): "ben@example.com"}
    answer = ask("/data/manifest.json", "ada@example.com", **spoofed)
    assert answer.body == manifest_of(current, "ada@example.com")
    assert ask("/data/manifest.json", **spoofed).status == 302


def test_conditions_are_not_answered_from_anothers_file(ask: Ask, current: Path) -> None:
    """Manifests of one second and one length have one ETag: a browser would keep another's."""
    first = ask("/data/manifest.json", "ben@example.com")
    assert first.headers.keys().isdisjoint({"etag", "last-modified"})
    facts = (
        (current / "audiences" / audiences.find_folder(current, "ada@example.com"))
        .joinpath("manifest.json")
        .stat()
    )
    for condition in (
        {"If_None_Match": f'"{int(facts.st_mtime):x}-{facts.st_size:x}"'},
        {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ):
        answer = ask("/data/manifest.json", "ada@example.com", **condition)
        assert answer.status == 200, condition
        assert answer.body == manifest_of(current, "ada@example.com")
    ranged = ask("/data/manifest.json", "ada@example.com", Range="bytes=0-9")
    assert manifest_of(current, "ada@example.com").startswith(ranged.body[:10])


@pytest.mark.parametrize("path", ["/data/", "/data", "/audiences/", "/_app/", "/data/."])
def test_no_folder_is_listed(ask: Ask, path: str) -> None:
    answer = ask(path, ANALYST)
    assert answer.body == b"shell" or answer.status in (301, 403, 404), answer
    assert b"manifest" not in answer.body


def test_every_page_gets_the_shell(ask: Ask) -> None:
    for path in ("/", "/reps/r01/", "/teams/North%20West/"):
        assert ask(path, "ada@example.com").body == b"shell"
    assert ask("/_app/immutable/start.js", "ada@example.com").body == b"code"


def test_who_left_finds_nothing_after_the_refresh(ask: Ask, current: Path) -> None:
    """Even before nginx has read the new table."""
    folder = current / "audiences" / audiences.find_folder(current, "ben@example.com")
    hidden = folder.with_name("gone")
    folder.rename(hidden)
    try:
        assert ask("/data/manifest.json", "ben@example.com").status == 404
    finally:
        hidden.rename(folder)


@pytest.mark.parametrize(
    "path",
    ["/", "/reps/r01/", "/_app/immutable/start.js", "/_app/no.js", "/data/manifest.json", "/data/"],
)
def test_the_headers_are_those_of_our_own_server(ask: Ask, path: str) -> None:
    for who in ("ada@example.com", None):
        headers = ask(path, who).headers
        assert {name: headers.get(name.lower()) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_code_is_kept_and_pages_are_asked_for_again(ask: Ask) -> None:
    who = "ada@example.com"
    assert "immutable" in ask("/_app/immutable/start.js", who).headers["cache-control"]
    assert ask("/reps/r01/", who).headers["cache-control"] == "no-cache"
    missing = ask("/_app/immutable/no.js", who)
    assert (missing.status, missing.headers.get("cache-control")) == (404, None)


def test_the_login_cannot_be_shown_in_a_frame(ask: Ask) -> None:
    headers = ask("/oauth2/start").headers
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/%00", "/%zz", "/data/%00", "/%"])
def test_what_no_path_can_be_is_refused(ask: Ask, path: str) -> None:
    assert ask(path, "ada@example.com").status == 400
