"""The data folder, the swap of the site, the server, and the errors of the build."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.core.errors import ConfigError, PublishError, ScorecardError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.site.data import _copied, write_site_data
from orchestration.site.publish import publish_site
from orchestration.site.server import LOOPBACK_HOSTS, SECURITY_HEADERS, serve, served
from orchestration.site.shell import build_shell
from tests.site.conftest import publish_sample

SOURCES = REPOSITORY / "reports" / "sources"
COMPANY = {
    "company_name": "Example",
    "currency": "EUR",
    "refreshed_at": "19 Nov 2026 06:00 (Europe/Berlin)",
}

FAKE_NPM = """#!/bin/sh
if [ "$1" = ci ]; then mkdir -p node_modules; exit 0; fi
mkdir -p .evidence/template/build/_app/immutable .evidence/template/build/data
echo '<!doctype html>shell' > .evidence/template/build/index.html
echo 'console.log(1)' > .evidence/template/build/_app/immutable/start.js
echo 'left over' > .evidence/template/build/data/other_team.arrow.gz
"""


@pytest.fixture(scope="module")
def data(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the sample release."""
    folder = tmp_path_factory.mktemp("site") / "data"
    write_site_data(published, folder, SOURCES, COMPANY)
    return folder


@pytest.fixture
def release(settings: Settings, published: Path, tmp_path: Path) -> Settings:
    """Settings with a published release, a copy of the project and an npm that builds nothing."""
    project = tmp_path / "reports"
    shutil.copytree(
        REPOSITORY / "reports", project, ignore=shutil.ignore_patterns("node_modules", ".evidence")
    )
    settings = replace(settings, reports_project_dir=project)
    publish_sample(settings, published, "20261119T050000Z-a")
    return settings


@pytest.fixture
def fake_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a `node` and an `npm` of the test's own first on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def install(npm: str, node: str = "#!/bin/sh\necho v20.1.0\n") -> None:
        for name, script in (("npm", npm), ("node", node)):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)

    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return install


def manifest_of(folder: Path) -> dict[str, Any]:
    """The tables of a data folder's manifest."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return dict(manifest["renderedFiles"]["scorecard"])


def rows_of(folder: Path, file: str) -> list[dict[str, Any]]:
    """The rows of one stream."""
    stream = gzip.decompress((folder / file).read_bytes())
    return list(pa.ipc.open_stream(stream).read_all().to_pylist())


def test_each_source_becomes_a_table(data: Path) -> None:
    expected = {path.stem for path in SOURCES.glob("*.sql")} | {"company"}
    assert set(manifest_of(data)) == expected
    about = COMPANY | {"sees": "everything", "reader": ""}
    assert rows_of(data, manifest_of(data)["company"]["file"]) == [about]


def test_figures_are_those_of_the_published_file(data: Path, published: Path) -> None:
    rows = rows_of(data, manifest_of(data)["scorecard_rep_metrics"]["file"])
    with duckdb.connect(str(published), read_only=True) as connection:
        expected = connection.execute(
            "select rep_id, metric_id, actual, goal_to_date, attainment "
            "from marts.scorecard_rep_metrics where is_current and period_type = 'month'"
        ).fetchall()
    shown = {
        (row["rep_id"], row["metric_id"], row["actual"], row["goal_to_date"], row["attainment"])
        for row in rows
        if row["period_key"] == "month"
    }
    assert shown == set(expected)


def test_only_one_closed_week_and_one_closed_month_are_shipped(data: Path) -> None:
    rows = rows_of(data, manifest_of(data)["scorecard_reps"]["file"])
    periods = {(row["period_key"], row["period_id"]) for row in rows}
    closed = {period for period in periods if period[0].startswith("previous_")}
    assert closed == {("previous_week", "2026-W46"), ("previous_month", "2026-10")}


def test_missing_dates_stay_missing(data: Path) -> None:
    rows = rows_of(data, manifest_of(data)["dim_reps"]["file"])
    hired = {row["rep_id"]: row["hire_date"] for row in rows}
    assert hired["r12"] is None
    assert hired["r01"] == "2024-03-04"


def test_a_partition_holds_one_rep_and_all_of_theirs(data: Path, published: Path) -> None:
    entry = manifest_of(data)["fct_goals_daily"]
    assert entry["partitioned_by"] == "rep_id"
    assert "r14" not in entry["files"], "a rep without a goal has no stream"
    rows = rows_of(data, entry["files"]["r01"])
    with duckdb.connect(str(published), read_only=True) as connection:
        expected = connection.execute(
            "select count(*), sum(daily_goal) from marts.fct_goals_daily where rep_id = 'r01'"
        ).fetchone()
    assert {row["rep_id"] for row in rows} == {"r01"}
    total = sum(row["daily_goal"] for row in rows if row["daily_goal"] is not None)
    assert (len(rows), pytest.approx(total)) == expected


def test_a_copy_holds_nothing_that_lies_behind_its_rows_or_beneath_a_null() -> None:
    valid = pa.py_buffer(bytes([0b11111101]))  # the second of eight is null
    texts = pa.array(["Own" if number < 3 else "Secret" for number in range(8)])
    hidden = pa.StringArray.from_buffers(8, *texts.buffers()[1:], null_bitmap=valid)
    numbers = pa.array([1.0, 987654.321, 1.0, *[123456.789] * 5])
    flags = pa.array([False, True, False, *[True] * 5])
    table = pa.table(
        {
            "text": hidden,
            "number": pa.Array.from_buffers(pa.float64(), 8, [valid, numbers.buffers()[1]]),
            "flag": pa.Array.from_buffers(pa.bool_(), 8, [valid, flags.buffers()[1]]),
        }
    )
    rows = table.slice(1, 2)
    copied = _copied(rows)
    assert copied.equals(rows)
    texts_of_copy = copied.column("text").chunk(0).buffers()[2]
    numbers_of_copy = copied.column("number").chunk(0).buffers()[1]
    flags_of_copy = copied.column("flag").chunk(0).buffers()[1]
    assert texts_of_copy.to_pybytes() == b"Own"
    assert numbers_of_copy.to_pybytes() == struct.pack("<dd", 0.0, 1.0)
    assert flags_of_copy.to_pybytes() == b"\0"


def test_an_empty_table_keeps_its_columns(published: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "nothing.sql").write_text("select rep_id, hire_date from dim_reps where false")
    write_site_data(published, tmp_path / "data", sources)
    entry = manifest_of(tmp_path / "data")["nothing"]
    assert entry["file"] is None
    assert '"rep_id" VARCHAR, "hire_date" VARCHAR' in entry["ddl"]


def test_a_select_that_does_not_fit_is_named(published: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "broken.sql").write_text("select no_such_column from dim_reps")
    with pytest.raises(PublishError, match=r"broken\.sql.*no_such_column"):
        write_site_data(published, tmp_path / "data", sources)


def test_publishing_swaps_the_pointer_and_keeps_three(
    release: Settings, published: Path, fake_node: Callable[[str], None]
) -> None:
    fake_node(FAKE_NPM)
    pointer = release.reports_dir / "current"
    first = publish_site(release)
    assert pointer.resolve() == first.resolve()
    assert (pointer / "index.html").is_file()
    data = pointer / "data"
    [company] = rows_of(data, manifest_of(data)["company"]["file"])
    assert company["refreshed_at"].startswith("18 Nov 2026 21:00 (America/")
    for letter in "bcd":
        publish_sample(release, published, f"20261119T050000Z-{letter}")
        publish_site(release)
    names = {path.name[-1] for path in (release.reports_dir / "releases").iterdir()}
    assert names == {"b", "c", "d"}
    assert pointer.resolve().name.endswith("-d")


def test_publishing_the_same_release_again_replaces_it(
    release: Settings, fake_node: Callable[[str], None]
) -> None:
    fake_node(FAKE_NPM)
    site = publish_site(release)
    (site / "stale").write_text("from before")
    assert publish_site(release) == site
    assert not (site / "stale").exists()
    assert [path.name for path in site.parent.iterdir()] == [site.name]


def test_a_failed_publication_leaves_the_site_of_before(
    release: Settings, published: Path, fake_node: Callable[[str], None]
) -> None:
    fake_node(FAKE_NPM)
    before = publish_site(release)
    publish_sample(release, published, "20261120T050000Z-b")
    (release.reports_project_dir / "sources" / "broken.sql").write_text(
        "select nothing from nowhere"
    )
    with pytest.raises(PublishError, match="broken"):
        publish_site(release)
    assert (release.reports_dir / "current").resolve() == before.resolve()
    assert [path.name for path in before.parent.iterdir()] == [before.name]


def test_nothing_published_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(PublishError, match="scorecard refresh"):
        publish_site(settings)


def test_what_a_build_left_in_data_never_reaches_the_site(
    release: Settings, fake_node: Callable[[str], None]
) -> None:
    fake_node(FAKE_NPM)
    site = publish_site(release)
    assert not list(site.rglob("other_team*"))


def test_the_shell_is_built_once_per_version(
    release: Settings, fake_node: Callable[[str], None]
) -> None:
    fake_node(FAKE_NPM)
    shell = build_shell(release)
    fake_node("#!/bin/sh\nexit 1\n")
    assert build_shell(release) == shell
    page = release.reports_project_dir / "pages" / "index.md"
    page.write_text(page.read_text() + "\nA new sentence.\n")
    with pytest.raises(ScorecardError):
        build_shell(release)


def test_a_failed_build_shows_its_last_lines(
    release: Settings, fake_node: Callable[[str], None]
) -> None:
    fake_node(
        "#!/bin/sh\n[ $1 = ci ] && mkdir -p node_modules && exit 0\necho 'page is broken'\nexit 3\n"
    )
    with pytest.raises(ScorecardError, match=r"exit code 3(.|\n)*page is broken"):
        build_shell(release)


def test_missing_node_says_what_to_install(
    release: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScorecardError, match=r"Install Node 20.*--no-reports"):
        build_shell(release)


def test_old_node_says_what_to_install(release: Settings, fake_node: Callable[..., None]) -> None:
    fake_node(FAKE_NPM, "#!/bin/sh\necho v18.2.0\n")
    with pytest.raises(ScorecardError, match=r"v18\.2\.0"):
        build_shell(release)


@dataclass(frozen=True)
class Answer:
    """What the server sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    address: str, path: str, accept: str = "identity", host: str = "", method: str = "GET"
) -> Answer:
    """Send one request, with any name of the host."""
    place = address.removeprefix("http://")
    with closing(http.client.HTTPConnection(place, timeout=10)) as connection:
        headers = {"Accept-Encoding": accept, "Host": host or place}
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@pytest.fixture
def get(tmp_path: Path) -> Iterator[Callable[..., Answer]]:
    """Ask a server over a small site, with a secret beside its folder."""
    site = tmp_path / "site"
    (site / "_app" / "immutable").mkdir(parents=True)
    (site / "data").mkdir()
    (site / "index.html").write_text("shell")
    (site / "_app" / "immutable" / "start.js").write_text("plain")
    (site / "_app" / "immutable" / "start.js.gz").write_bytes(gzip.compress(b"plain"))
    (site / "data" / "dim_reps.0123.arrow.gz").write_bytes(b"stream")
    (tmp_path / "secret").write_text("secret")
    with served(site) as address:
        yield partial(ask, address)


def test_every_page_gets_the_shell(get: Callable[..., Answer]) -> None:
    for path in ("/", "/reps/r01/", "/teams/North%20West/"):
        answer = get(path)
        assert (answer.status, answer.body) == (200, b"shell")
        assert answer.headers["cache-control"] == "no-cache"


def test_missing_files_are_missing(get: Callable[..., Answer]) -> None:
    assert get("/data/dim_reps.ffff.arrow.gz").status == 404
    assert get("/_app/immutable/old.js").status == 404


def test_nothing_outside_the_site_is_served(get: Callable[..., Answer]) -> None:
    for path in ("/../secret", "/..%2fsecret", "/data/..%2f..%2fsecret", "//etc/passwd"):
        answer = get(path)
        assert answer.status == 404 or answer.body == b"shell", path


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/reps/%00/",
        "/data/a%00b",
        "/%zz",
        "/%",
        "/reps/%e4/",
        f"/{'a' * 256}",
        "/" + "%C3%A4" * 128,
        "/" + "a/" * 1024,
        f"/{'a' * 60_000}",
    ],
)
def test_what_no_path_can_be_is_refused(get: Callable[..., Answer], path: str) -> None:
    assert get(path).status == 400


@pytest.mark.parametrize("path", ["/reps/100%25/", "/teams/" + "%C3%A4" * 127, "/" + "a/" * 1023])
def test_long_and_escaped_names_get_the_shell(get: Callable[..., Answer], path: str) -> None:
    assert (get(path).status, get(path).body) == (200, b"shell")


def test_every_answer_has_the_security_headers(get: Callable[..., Answer]) -> None:
    answers = [
        get("/"),
        get("/data/dim_reps.0123.arrow.gz"),
        get("/data/none"),
        get("/%00"),
        get("/", host="evil.example"),
        get("/", method="POST"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 400, 400, 405]
    for answer in answers:
        sent = {name: answer.headers.get(name.lower()) for name in SECURITY_HEADERS}
        assert sent == SECURITY_HEADERS


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil", "*"]
)
def test_a_name_of_another_site_gets_nothing(get: Callable[..., Answer], host: str) -> None:
    """A page of that site could otherwise read all figures (DNS rebinding)."""
    answer = get("/data/dim_reps.0123.arrow.gz", host=host)
    assert (answer.status, b"stream" in answer.body) == (400, False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1"])
def test_names_of_this_machine_get_the_pages(get: Callable[..., Answer], host: str) -> None:
    assert get("/", host=host).body == b"shell"


def test_hosts_can_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("shell")
    settings = Settings.from_environment({"SCORECARD_ALLOWED_HOSTS": "Score.Example.com"})
    with served(tmp_path, hosts=(*LOOPBACK_HOSTS, *settings.allowed_hosts)) as address:
        for host, status in (("score.example.com", 200), ("localhost", 200), ("example.com", 400)):
            assert ask(address, "/", host=host).status == status


@pytest.mark.parametrize("host", ["*", "http://score.example.com", "a:8080", "a.*", "a/b"])
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="SCORECARD_ALLOWED_HOSTS"):
        Settings.from_environment({"SCORECARD_ALLOWED_HOSTS": host})


def test_scripts_of_the_page_become_files(
    release: Settings, fake_node: Callable[[str], None]
) -> None:
    """The Content-Security-Policy lets no inline script run."""
    fake_node(
        FAKE_NPM
        + "echo '<script>first()</script><script> </script><div><script>\nsecond()\n</script>'"
        " > .evidence/template/build/index.html\n"
    )
    shell = build_shell(release)
    html = (shell / "index.html").read_text()
    names = re.findall(r'<script src="/(_app/immutable/inline/\w+\.js)"></script>', html)
    assert [(shell / name).read_text() for name in names] == ["first()", "second()"]
    assert html.count("<script") == 2


def test_npm_runs_without_the_secrets_of_the_company(
    release: Settings,
    fake_node: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    secrets = ("SCORECARD_HUBSPOT_SERVICE_KEY", "PGPASSWORD", "SCORECARD_ALERT_URL", "AWS_SECRET")
    for name in (*secrets, "npm_config_registry", "https_proxy"):
        monkeypatch.setenv(name, f"value-of-{name}")
    fake_node(FAKE_NPM.replace("#!/bin/sh\n", f'#!/bin/sh\nenv > "{tmp_path}/seen-$1"\n'))
    build_shell(release)
    for step in ("ci", "run"):
        seen = (tmp_path / f"seen-{step}").read_text()
        assert not [name for name in secrets if name in seen]
        assert "npm_config_registry=value" in seen
        assert "https_proxy=value" in seen
        assert "HOME=" in seen


def test_files_are_sent_compressed_where_the_browser_can(get: Callable[..., Answer]) -> None:
    packed = get("/_app/immutable/start.js", accept="gzip, br")
    assert gzip.decompress(packed.body) == b"plain"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert "immutable" in packed.headers["cache-control"]
    plain = get("/_app/immutable/start.js")
    assert (plain.body, plain.headers.get("content-encoding")) == (b"plain", None)
    assert get("/data/dim_reps.0123.arrow.gz", accept="gzip").body == b"stream"


def test_serving_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="scorecard refresh"):
        serve(tmp_path, 0)
