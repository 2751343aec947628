"""A backup brings back all that no refresh can rebuild, whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import ConfigError, PublishError, RefreshRunning
from orchestration.core.settings import Settings
from orchestration.releases import backup as backups
from orchestration.releases.backup import Backup, restore_backup, write_backup
from orchestration.releases.publish import publish, rollback
from orchestration.releases.release import current_release, list_releases
from orchestration.warehouse.connection import connect, refresh_lock

DAY = dt.date(2026, 6, 29)
NOW = dt.datetime(2026, 6, 30, 2, tzinfo=dt.UTC)


@pytest.fixture
def company(tmp_path: Path) -> Settings:
    """A company of two releases, of which the older one is current, with all that is kept."""
    settings = replace(
        Settings(), company="acme", data_dir=tmp_path / "here", dbt_project_dir=tmp_path / "dbt"
    )
    shutil.copytree(Settings().seeds_dir, settings.seeds_dir)
    (tmp_path / "dbt" / "dbt_project.yml").write_text("name: x\n", encoding="utf-8")
    settings.files_dir.mkdir(parents=True)
    (settings.files_dir / "interventions.csv").write_text("agreed\n", encoding="utf-8")
    settings.state_dir.mkdir()
    (settings.state_dir / "alerts.json").write_text('{"r1": {}}', encoding="utf-8")
    (settings.state_dir / "recipe.json").write_text('"of this warehouse"', encoding="utf-8")
    with connect(settings) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_reps as select 'r1' as rep_id")
        connection.execute("create schema raw_salesforce")
        connection.execute(
            "create table raw_salesforce.task (id varchar not null, subject varchar)"
        )
        # the CRM has purged it since; nobody else has it any more
        connection.execute("insert into raw_salesforce.task values ('t1', 'Call')")
    older = publish(settings, DAY, [], {}, NOW)
    publish(settings, DAY, [], {}, NOW + dt.timedelta(days=1))
    rollback(settings, older.release_id)
    return settings


@pytest.fixture
def archive(company: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "backups" / "acme.tar.gz"
    write_backup(company, path, NOW)
    return path


@pytest.fixture
def elsewhere(company: Settings, tmp_path: Path) -> Settings:
    """A machine with the program and nothing else."""
    return replace(
        company, company="demo", data_dir=tmp_path / "there", dbt_project_dir=tmp_path / "dbt2"
    )


def contents(settings: Settings) -> dict[str, bytes]:
    """Every file of the company that is not a lock, by name."""
    folders = [settings.company_dir, settings.seeds_dir]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def hidden(settings: Settings) -> list[Path]:
    return [
        path
        for folder in (settings.data_dir, settings.seeds_dir.parent)
        for path in folder.rglob(".*")
    ]


def test_a_company_comes_back_on_an_empty_machine(
    company: Settings, archive: Path, elsewhere: Settings
) -> None:
    backup = restore_backup(elsewhere, archive, NOW)
    assert (backup.company, backup.created_at) == ("acme", "2026-06-30T02:00:00+00:00")
    there = replace(elsewhere, company="acme")
    before, after = contents(company), contents(there)
    # the warehouse has the raw tables alone, and what was known of the old one is not taken over
    assert before.keys() - after.keys() == {"state/recipe.json"}
    assert after.keys() <= before.keys()
    for name in after.keys() - {"warehouse.duckdb"}:
        assert before[name] == after[name], name
    assert [r.release_id for r in list_releases(there)] == [
        r.release_id for r in list_releases(company)
    ]
    current, kept = current_release(there), current_release(company)
    assert current is not None
    assert kept is not None
    assert current.release_id == kept.release_id
    with connect(there) as connection:
        assert connection.execute("from raw_salesforce.task").fetchall() == [("t1", "Call")]
        with pytest.raises(duckdb.ConstraintException):  # columns are what they were
            connection.execute("insert into raw_salesforce.task values (null, 'Call')")
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert schemas == [("raw_salesforce",)]
    assert hidden(there) == []
    assert hidden(company) == []


def test_only_its_owner_may_read_it_and_secrets_are_not_in_it(
    company: Settings, tmp_path: Path
) -> None:
    (company.company_dir / ".env").write_text("SECRET=1", encoding="utf-8")
    (company.files_dir / ".env").write_text("SECRET=1", encoding="utf-8")
    path = tmp_path / "acme.tar.gz"
    backup = write_backup(company, path, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [name for name in backup.files if ".env" in name]
    with tarfile.open(path) as tar:
        assert tar.getnames()[-1] == "backup.json"
        assert set(tar.getnames()) == {*backup.files, "backup.json"}


def test_a_backup_replaces_nothing_and_waits_for_no_refresh(
    company: Settings, archive: Path, tmp_path: Path
) -> None:
    content = archive.read_bytes()
    with pytest.raises(ConfigError, match="exists already"):
        write_backup(company, archive, NOW)
    assert archive.read_bytes() == content
    with refresh_lock(company, NOW), pytest.raises(RefreshRunning):
        write_backup(company, tmp_path / "other.tar.gz", NOW)
    assert not (tmp_path / "other.tar.gz").exists()


def test_what_was_not_written_as_it_is_read_is_not_kept(
    company: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = backups._read

    def wrong(archive: Path, folder: Path | None) -> Backup:
        return replace(read(archive, folder), files={})

    monkeypatch.setattr(backups, "_read", wrong)
    with pytest.raises(PublishError, match="not what was written"):
        write_backup(company, tmp_path / "acme.tar.gz", NOW)
    assert not list(tmp_path.glob("*acme.tar.gz*"))


def test_a_living_company_is_replaced_only_on_request(company: Settings, archive: Path) -> None:
    publish(company, DAY, [], {}, NOW + dt.timedelta(days=2))
    before = contents(company)
    with pytest.raises(ConfigError, match=r"'acme' lives here: .*--replace"):
        restore_backup(company, archive, NOW)
    assert contents(company) == before
    restore_backup(company, archive, NOW, replace_company=True)
    assert len(list_releases(company)) == 2
    assert hidden(company) == []


def test_a_policy_that_was_changed_since_is_not_overwritten(
    company: Settings, archive: Path, elsewhere: Settings
) -> None:
    there = replace(elsewhere, company="acme")
    shutil.copytree(company.seeds_dir, there.seeds_dir)
    (there.seeds_dir / "goals.csv").write_text("mine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"goals\.csv is not what acme\.tar\.gz holds"):
        restore_backup(elsewhere, archive, NOW)
    shutil.copyfile(company.seeds_dir / "goals.csv", there.seeds_dir / "goals.csv")
    restore_backup(elsewhere, archive, NOW)  # the policy is there already, as from a checkout
    assert current_release(there) is not None


@pytest.mark.parametrize("step", range(1, 12))
def test_a_disk_that_fills_while_restoring_leaves_the_company_as_it_was(
    company: Settings, archive: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    publish(company, DAY, [], {}, NOW + dt.timedelta(days=2))
    before, left = contents(company), [step]
    rename = Path.rename

    def fail_once(path: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail_once)
        try:
            restore_backup(company, archive, NOW, replace_company=True)
        except OSError:
            assert contents(company) == before
        else:
            assert left[0] > 0, "every place was filled before that step"
    assert hidden(company) == []


class Killed(BaseException):
    """What ends a restore with no chance to clean up after itself."""


@pytest.mark.parametrize("step", range(1, 11))
def test_a_restore_that_is_killed_is_repeated(
    company: Settings,
    archive: Path,
    elsewhere: Settings,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    restore_backup(elsewhere, archive, NOW)
    expected = contents(replace(elsewhere, company="acme"))
    publish(company, DAY, [], {}, NOW + dt.timedelta(days=2))
    left, rename = [step], Path.rename

    def kill(path: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", kill)
        patch.setattr(backups, "_remove", lambda path: None)
        try:
            restore_backup(company, archive, NOW, replace_company=True)
        except Killed:
            pass
    restore_backup(company, archive, NOW, replace_company=True)
    found = contents(company)
    assert found.pop("warehouse.duckdb")
    assert expected.pop("warehouse.duckdb")
    assert found == expected
    assert hidden(company) == []


def rewrite(archive: Path, **changed: bytes | None) -> None:
    """Change or leave out members of the archive, or add to them."""
    with tarfile.open(archive) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    members |= {name: content for name, content in changed.items() if content is not None}
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in members.items():
            if changed.get(name, b"") is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, BytesIO(content))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"files/interventions.csv": b"forged\n"}, "interventions.csv is not what was written"),
        ({"files/interventions.csv": None}, "interventions.csv is not what was written"),
        ({"files/more.csv": b"x"}, "more.csv is not what was written"),
        ({"backup.json": None}, "its end, backup.json, is missing or damaged"),
        ({"backup.json": b"{"}, "its end, backup.json, is missing or damaged"),
        ({"backup.json": b'{"format": 2}'}, "newer version of Sales Scorecard"),
        ({"../../evil": b"x"}, "no part of a backup"),
        ({"files/../../evil": b"x"}, "no part of a backup"),
        ({"/etc/evil": b"x"}, "no part of a backup"),
        ({"state/recipe.json": b"x"}, "no part of a backup"),
    ],
)
def test_an_archive_that_is_not_what_was_written_changes_nothing(
    archive: Path, elsewhere: Settings, changed: dict[str, bytes | None], message: str
) -> None:
    rewrite(archive, **changed)
    with pytest.raises(ConfigError, match=message):
        restore_backup(elsewhere, archive, NOW)
    assert not list(elsewhere.data_dir.rglob("*"))
    assert not elsewhere.seeds_dir.parent.exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_an_archive_that_was_cut_off_or_damaged_changes_nothing(
    archive: Path, elsewhere: Settings, share: float
) -> None:
    content = archive.read_bytes()
    place = int(len(content) * share)
    archive.write_bytes(content[:place])
    with pytest.raises(ConfigError, match="no whole backup"):
        restore_backup(elsewhere, archive, NOW)
    archive.write_bytes(content[:place] + b"\0garbage" + content[place + 8 :])
    with pytest.raises(ConfigError, match="no whole backup"):
        restore_backup(elsewhere, archive, NOW)
    assert not list(elsewhere.data_dir.rglob("*"))


def test_an_archive_that_is_not_there_is_named(elsewhere: Settings) -> None:
    with pytest.raises(ConfigError, match=r"There is no file nowhere\.tar\.gz"):
        restore_backup(elsewhere, Path("nowhere.tar.gz"), NOW)


def test_links_in_an_archive_are_refused(archive: Path, elsewhere: Settings) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        link = tarfile.TarInfo("files/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(ConfigError, match="no part of a backup"):
        restore_backup(elsewhere, archive, NOW)


def test_contents_are_written_out(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("backup.json")
        assert file is not None
        content = json.loads(file.read())
    assert content["format"] == 1
    assert content["company"] == "acme"
    assert len(content["files"]["raw.duckdb"][1]) == 64
    assert os.path.basename(content["current_release"]).startswith("20260630")
