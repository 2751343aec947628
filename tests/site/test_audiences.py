"""Nothing of another audience is in what an audience is served.

A canary stands in the place of each person's id, name and e-mail and of every text of theirs.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration import cli
from orchestration.cli.progress import print_release
from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.settings import REPOSITORY, Settings
from orchestration.releases import audiences
from orchestration.releases.audiences import NOBODY, Company, View, find_audiences, find_left_out
from orchestration.releases.release import current_release
from orchestration.site.data import read_sources, write_audiences
from orchestration.site.publish import publish_site
from orchestration.site.server import served_folders
from tests.site.conftest import publish_sample

SOURCES = REPOSITORY / "reports" / "sources"
COMPANY = {"company_name": "Example", "currency": "EUR", "refreshed_at": "today"}
ANALYST = "ana@example.com"
# who manages whom: m0 stands above the managers of North and South
MANAGERS = {"m0": None, "m1": "m0", "m2": "m0", "m3": None}
TREES = {
    "m0": {"m0", "m1", "m2", *(f"r{number:02d}" for number in range(1, 10))},
    "m1": {"m1", "r01", "r02", "r03", "r04", "r05"},
    "m3": {"m3", "r10", "r11", "r12", "r13", "r14"},
    "r04": {"r04"},
}
# words of the project's, not of a person
VOCABULARY = re.compile(
    r"(metric|period|week|slot|factor)_id|leading_metric_id|(metric|step|factor)_name|step|last_step"
    r"|.*_type|.*_scope|.*unit|aggregation|metric_kind|level|score_level|evidence|.*status|verdict"
    r"|team|region|role|tier|calendar|time_zone|.*_state|.*_fit|signal_id|reference_source"
    r"|industry_source|period_key|status_week_before|reference"
)
CANARY = re.compile(rb"(?i)canary[-. ]([rm]\d+)(-id|-text|-goal| name|@example)")


def plant(path: Path) -> None:
    """Put canaries into a published file, and managers who are people too."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set search_path = 'marts'")
        for manager, above in MANAGERS.items():
            team = {"m1": "North", "m2": "South", "m3": "West"}.get(manager)
            connection.execute(
                "insert into dim_reps (rep_id, rep_name, manager_id, team, role, is_current,"
                " is_active) values (?, ?, ?, ?, 'Manager', true, true)",
                [manager, manager, above, team],
            )
        connection.execute("update dim_reps set email = rep_id")
        connection.execute(
            "insert into dim_goals (goal_id, scope, scope_value, metric_id, goal)"
            " select 'canary-' || rep_id || '-goal', 'rep', rep_id, 'dials', 10 from dim_reps"
        )
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns()"
            " where schema_name = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
        of_reps = {table for table, column in columns if column == "rep_id"}
        for table, column in columns:
            if table not in of_reps or column == "rep_id":
                continue
            text = f"coalesce({column}, '') || ' canary-' || rep_id || '-text'"
            condition = "rep_id is not null"
            if column == "rep_name":
                text = "'Canary ' || rep_id || ' Name'"
            elif column == "email":
                text = "'canary.' || rep_id || '@example.com'"
            elif column in ("manager_id", "manager_name"):
                key = "manager_id" if table in of_reps else column
                text = f"'canary-' || {key} || '-id'"
                if column == "manager_name":
                    text = f"'Canary ' || regexp_extract({key}, '[rm][0-9]+') || ' Name'"
                condition = f"{key} is not null"
            elif VOCABULARY.fullmatch(column):
                continue
            names = [name for owner, name in columns if owner == table]
            if column == "manager_name" and "manager_id" not in names:
                continue
            connection.execute(f"update {table} set {column} = {text} where {condition}")
        for table in of_reps:
            connection.execute(
                f"update {table} set rep_id = 'canary-' || rep_id || '-id' where rep_id is not null"
            )
        connection.execute(
            "update dim_goals set scope_value = 'canary-' || scope_value || '-id'"
            " where scope = 'rep'"
        )
        connection.execute(
            "update data_checks set observed_value = 'canary-r07-id', expected = 'Canary r01 Name'"
        )
        connection.execute("update goal_quality set sentence = 'Canary r07 Name reached it'")


def id_of(person: str) -> str:
    """The id of a person in the release with canaries."""
    return f"canary-{person}-id"


@pytest.fixture(scope="module")
def planted(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file with canaries."""
    path = tmp_path_factory.mktemp("planted") / "scorecard.duckdb"
    shutil.copyfile(published, path)
    plant(path)
    return path


@pytest.fixture(scope="module")
def site(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folders of all audiences."""
    folder = tmp_path_factory.mktemp("audiences")
    write_audiences(planted, folder, SOURCES, COMPANY, [ANALYST], pool=folder / "pool")
    return folder


@pytest.fixture
def company(planted: Path) -> Company:
    """The people of the release."""
    with duckdb.connect(str(planted), read_only=True) as connection:
        return Company(connection)


def folder_of(site: Path, who: str | None) -> Path:
    """The data folder of a person."""
    return site / "audiences" / audiences.find_folder(site, who)


def found_in(folder: Path) -> set[tuple[str, str]]:
    """Whose canaries are in the files of a folder, compressed ones unpacked, and which."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".gz":
                content += gzip.decompress(content)
            content += path.name.encode()
            found |= {
                (whose.decode(), kind.decode().lower()) for whose, kind in CANARY.findall(content)
            }
    return found


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table in a data folder."""
    entry = json.loads((folder / "manifest.json").read_text())["renderedFiles"]["scorecard"][table]
    files = entry["files"].values() if "files" in entry else [entry["file"]]
    rows: list[dict[str, Any]] = []
    for file in filter(None, files):
        stream = gzip.decompress((folder / file).read_bytes())
        rows += pa.ipc.open_stream(stream).read_all().to_pylist()
    return rows


def test_no_audience_is_served_anything_of_another(site: Path) -> None:
    everybody = {f"r{number:02d}" for number in range(1, 15)} | set(MANAGERS)
    trees = {person: TREES.get(person, {person}) for person in everybody if person != "m2"}
    for person, tree in trees.items():
        found = found_in(folder_of(site, id_of(person)))
        teams = {"North": range(1, 6), "South": range(6, 10), "West": range(10, 15)}
        above = {f"m{place}" for place, (_, numbers) in enumerate(teams.items(), start=1)
                 if tree & {f"r{number:02d}" for number in numbers}}  # fmt: skip
        above |= {MANAGERS[manager] for manager in tree & set(MANAGERS)} - {None}
        strangers = {whose for whose, _ in found} - tree
        assert strangers <= above, (person, strangers)
        # of one's manager there is the name, and no more
        shown = {kind for whose, kind in found if whose in strangers}
        assert shown <= {"-id", " name"}, (person, shown)
        assert {whose for whose, kind in found if kind == "@example"} == tree, person


def test_an_analyst_sees_everybody(site: Path) -> None:
    found = found_in(folder_of(site, ANALYST))
    assert len({whose for whose, kind in found if kind == "-text"}) == 14
    assert folder_of(site, ANALYST) == folder_of(site, None)


def test_texts_of_each_rep_are_planted_in_every_table_of_reps(site: Path) -> None:
    """The search can fail: what it looks for is there for those who may see it."""
    for table in audiences.RULES:
        rows = rows_of(folder_of(site, None), table)
        if audiences.RULES[table].rows == "own":
            assert any("canary-r04-id" in row.values() for row in rows), table
    for table in ("lead_scores", "scorecard_interventions", "scorecard_one_on_ones"):
        own = rows_of(folder_of(site, id_of("r04")), table)
        assert any("canary-r04-text" in str(row) for row in own), table


def test_a_login_that_nobody_knows_gets_no_row(site: Path) -> None:
    folder = site / "audiences" / NOBODY
    assert {path.suffix for path in folder.iterdir()} == {".gz", ".json"}
    (about,) = rows_of(folder, "company")
    assert about == COMPANY | {"sees": "nothing", "reader": ""}
    assert all(rows_of(folder, table) == [] for table in audiences.RULES)


def test_a_table_without_a_rule_is_not_published(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(audiences.RULES, "scorecard_funnels")
    with pytest.raises(PublishError, match=r"no rule for scorecard_funnels.*RULES"):
        write_audiences(planted, tmp_path, SOURCES, COMPANY)
    assert list(tmp_path.iterdir()) == []


def test_every_table_has_a_rule_and_every_rule_a_table() -> None:
    tables = {source.table for source in read_sources(SOURCES)}
    assert tables == audiences.RULES.keys()


def test_checks_are_counted_but_what_they_found_is_left_out(site: Path) -> None:
    checks = rows_of(folder_of(site, id_of("r04")), "data_checks")
    assert len(checks) == len(rows_of(folder_of(site, None), "data_checks")) > 0
    assert {(check["observed_value"], check["expected"]) for check in checks} == {(None, None)}


def test_a_total_that_would_be_a_colleague_is_left_out(site: Path) -> None:
    """North has five reps; two of them are measured on deals, all five on dials."""

    def metrics(who: str, table: str, scope: str = "team") -> set[str]:
        rows = rows_of(folder_of(site, id_of(who)), table)
        assert {row["team"] for row in rows if row["team_scope"] == "team"} <= {"North"}
        return {row["metric_id"] for row in rows if row["team_scope"] == scope}

    for table in ("scorecard_teams", "scorecard_teams_weekly"):
        assert "dials" in metrics("r04", table)
        assert "deals_won" not in metrics("r04", table), "the total less r04's is r05's"
        assert "deals_won" in metrics("m1", table), "who sees all of them may see their sum"
        assert {"dials", "deals_won"} <= metrics("r04", table, "organisation")
    compared = rows_of(folder_of(site, id_of("r04")), "scorecard_benchmarks")
    shown = {row["metric_id"] for row in compared if row["team_value"] is not None}
    whole = rows_of(folder_of(site, None), "scorecard_benchmarks")
    assert "deals_won" not in shown
    assert "dials" in {row["metric_id"] for row in whole if row["team_value"] is not None}
    assert all(
        row["team_coverage_ratio"]
        for row in rows_of(folder_of(site, None), "scorecard_rep_metrics")
    )


def test_who_sees_all_but_one_of_a_team_does_not_get_its_total(company: Company) -> None:
    month = ("dials", "month", "2026-11-01")
    four = View(company, frozenset(id_of(rep) for rep in ("r01", "r02", "r03", "r04")))
    assert not four.shows_team("North", month)
    assert View(company, frozenset({id_of("r01")})).shows_team("North", month)
    five = View(company, company.tree_below(id_of("m1")))
    assert five.shows_team("North", month)
    # nine of the eleven who dial with a goal besides West's AE: too few are left of all
    rest = View(company, company.tree_below(id_of("m0")))
    assert not rest.shows_organisation(month)
    assert not five.shows_team("North", ("dials", "month", "1999-01-01")), (
        "nobody knows who that was"
    )


def test_goals_of_others_are_left_out(site: Path) -> None:
    goals = rows_of(folder_of(site, id_of("r04")), "dim_goals")
    assert {goal["scope_value"] for goal in goals if goal["scope"] == "rep"} == {id_of("r04")}
    assert {goal["scope_value"] for goal in goals if goal["scope"] == "role"} <= {"AE"}


def test_managers_in_a_circle_do_not_hang_the_refresh(company: Company) -> None:
    company.reports[id_of("r01")].append(id_of("m1"))
    assert company.tree_below(id_of("r01")) == company.tree_below(id_of("m1"))


def test_who_left_loses_the_folder_and_the_others_keep_theirs(company: Company) -> None:
    before, _ = find_audiences(company, [ANALYST], {})
    folders = {email: audience.folder for audience in before for email in audience.emails}
    known = folders | {"": folders[ANALYST]}
    company.people[id_of("r04")] = replace(company.people[id_of("r04")], is_active=False)
    after, _ = find_audiences(company, [ANALYST], known)
    kept = {email: audience.folder for audience in after for email in audience.emails}
    del folders["canary.r04@example.com"]
    assert kept == folders
    assert len(set(kept.values())) == 18
    assert all(re.fullmatch(r"[0-9a-f]{32}", folder) for folder in kept.values())


def test_a_former_analyst_cannot_use_the_old_folder(company: Company) -> None:
    login = "canary.r04@example.com"
    (everything, *_), _ = find_audiences(company, [ANALYST, login], {})
    known = dict.fromkeys(["", ANALYST, login], everything.folder)
    (now, *others), _ = find_audiences(company, [ANALYST], known)
    assert now.folder != everything.folder
    assert everything.folder not in {audience.folder for audience in others}


def test_e_mails_that_cannot_tell_a_person_give_no_folder(company: Company, site: Path) -> None:
    emails = {"r01": None, "r02": 'x"; include /etc/passwd; "@example.com', "r03": "~^.*$",
              "r04": "Twin@Example.com", "r05": "twin@example.com"}  # fmt: skip
    for rep, email in emails.items():
        company.people[id_of(rep)] = replace(company.people[id_of(rep)], email=email)
    found, left_out = find_audiences(company, [], {})
    assert set(left_out) == {id_of(rep) for rep in emails}
    assert "shares an e-mail" in left_out[id_of("r05")]
    assert {email for audience in found for email in audience.emails}.isdisjoint(emails.values())
    lines = (site / audiences.NGINX_MAP).read_text().splitlines()
    assert len(lines) == 19
    assert all(re.fullmatch(r'"[^"\\$;{}]+@example\.com" "[0-9a-f]{32}";', line) for line in lines)


def test_managers_who_would_see_nothing_are_named_first(company: Company) -> None:
    people = {
        id_of(rep): replace(company.people[id_of(rep)], email=email)
        for rep, email in {"r01": "one@example.com", "r02": None, "r06": "six@example.com",
                           "m2": None}.items()
    }  # fmt: skip
    assert list(find_left_out(people, []).items()) == [
        (id_of("m1"), "is not in reps and manages 2"),
        (id_of("m0"), "is not in reps and manages 1"),
        (id_of("m2"), "has no e-mail and manages 1"),
        (id_of("r02"), "has no e-mail"),
    ]


@pytest.fixture
def published_site(
    settings: Settings, planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings with audiences, a release and a shell that need no Node."""
    shell = tmp_path / "shell"
    shell.mkdir()
    (shell / "index.html").write_text("shell")
    monkeypatch.setattr("orchestration.site.publish.build_shell", lambda _: shell)
    settings = replace(settings, audiences=True, analysts=(ANALYST,))
    publish_sample(settings, planted)
    publish_site(settings)
    return settings


def test_a_setting_that_is_left_out_shows_nobody_more(
    published_site: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = (published_site.reports_dir / "current").resolve()
    forgotten = replace(published_site, audiences=None)
    monkeypatch.setattr(Settings, "from_environment", lambda company: forgotten)
    for command in (["refresh"], ["releases", "rollback", site.name]):
        assert cli.run(command) == 2
        assert "SCORECARD_AUDIENCES is not set" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="show each person only what they may see"):
        publish_site(forgotten)
    current = published_site.reports_dir / "current"
    assert current.resolve() == site
    assert (current / "shell").is_dir()

    publish_site(replace(published_site, audiences=False))
    assert (current / "data" / "manifest.json").is_file()
    assert not (current / "audiences").exists()


def test_the_shell_holds_nobodys_data(published_site: Settings) -> None:
    current = published_site.reports_dir / "current"
    shell, data = served_folders(current, "CANARY.R04@example.com")
    assert [path.name for path in shell.iterdir()] == ["index.html"]
    assert data == folder_of(current, id_of("r04"))
    assert served_folders(current) == (shell, folder_of(current, None))
    with pytest.raises(ConfigError, match="is not an active rep"):
        served_folders(current, "who@example.com")


def test_a_refresh_names_who_sees_nothing_and_the_remedy(
    published_site: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    release = current_release(published_site)
    assert release is not None
    with duckdb.connect(str(release.database)) as connection:
        connection.execute(
            "update marts.dim_reps set email = null where rep_id in (?, ?)",
            [id_of("m0"), id_of("r04")],
        )
    print_release(published_site, release, reports=True)
    said = " ".join(capsys.readouterr().out.split())
    assert f"warning: 2 see nothing: {id_of('m0')} has no e-mail and manages 2;" in said
    assert f"{id_of('r04')} has no e-mail. Give each a row in reps, or a user in the CRM" in said


def test_what_did_not_change_is_not_written_again(published_site: Settings) -> None:
    current = published_site.reports_dir / "current"

    def files() -> dict[str, int]:
        folder = current.resolve() / "audiences"
        return {
            path.relative_to(folder).as_posix(): path.stat().st_ino
            for path in folder.rglob("*.arrow.gz")
        }

    before = files()
    publish_site(published_site)
    assert files() == before


def test_a_failed_publication_leaves_the_audiences_of_before(
    published_site: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (published_site.reports_dir / "current").resolve()
    listed = sorted(path.name for path in before.iterdir())
    monkeypatch.delitem(audiences.RULES, "dim_reps")
    with pytest.raises(PublishError, match="dim_reps"):
        publish_site(published_site)
    assert (published_site.reports_dir / "current").resolve() == before
    assert sorted(path.name for path in before.iterdir()) == listed


def test_a_site_without_audiences_says_how_to_get_them(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("shell")
    assert served_folders(tmp_path) == (tmp_path, tmp_path / "data")
    with pytest.raises(ConfigError, match="SCORECARD_AUDIENCES=on"):
        served_folders(tmp_path, "r04")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SCORECARD_AUDIENCES", "yes"), ("SCORECARD_ANALYSTS", 'a"@example.com')],
)
def test_settings_that_cannot_be_meant_are_refused(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Settings.from_environment({variable: value})
