from __future__ import annotations

import csv
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import duckdb
import pytest

from orchestration import cli
from orchestration.core.errors import ConfigError, InputError
from orchestration.core.settings import Settings
from orchestration.readers.agreements import agree, find_metric
from orchestration.sources.files.load import check_files, load_files

DAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
HEADER = "intervention_id,rep_id,agreed_date,metric_id,action,due_date,note"


@pytest.fixture
def company(settings: Settings) -> Settings:
    """The demo's policy and two reps."""
    settings.files_dir.mkdir(parents=True)
    (settings.files_dir / "reps.csv").write_text("rep_id,rep_name\nann,Ann\nbob,Bob\n")
    return settings


def log(company: Settings, *rows: str, header: str = HEADER) -> Path:
    path = company.files_dir / "interventions.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def write_down(company: Settings, action: str = "Call more", **more: object) -> Path:
    return agree(
        company, "ann", metric_id="dials", action=action, agreed_date=DAY, **more
    )  # fmt: skip


def test_what_was_agreed_on_is_appended_and_can_be_read(company: Settings) -> None:
    write_down(company)
    path = write_down(
        company, 'Say "hello", then\nask', due_date=DAY + dt.timedelta(7), note="so; so"
    )
    check_files(company)
    load_files(company, now=NOW)
    with duckdb.connect(str(company.warehouse_path), read_only=True) as connection:
        found = connection.execute(
            "select rep_id, agreed_date, metric_id, action, due_date, note"
            " from raw_files.interventions order by action"
        ).fetchall()
    assert found == [
        ("ann", "2026-11-23", "dials", "Call more", None, None),
        ("ann", "2026-11-23", "dials", 'Say "hello", then\nask', "2026-11-30", "so; so"),
    ]
    assert len({row["intervention_id"] for row in rows_of(path)}) == 2


def test_a_file_of_ones_own_keeps_its_columns_rows_and_delimiter(company: Settings) -> None:
    path = log(
        company,
        "i1;mine;2026-11-02;bob;dials;Old",  # without a line end
        header="intervention_id;remark;agreed_date;rep_id;metric_id;action",
    )
    write_down(company)
    first, second = rows_of(path, ";")
    assert (first["remark"], first["action"]) == ("mine", "Old")
    assert (second["remark"], second["action"], second["rep_id"]) == ("", "Call more", "ann")
    with pytest.raises(ConfigError, match="no column for note"):
        write_down(company, note="lost")
    assert len(rows_of(path, ";")) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("i2,eve,2026-11-02,dials,Act,,", "line 3: rep_id 'eve' is not a rep_id of reps"),
        ("i2,ann,2026-11-02,deals,Act,,", "line 3: metric_id 'deals' is not a metric_id of metr"),
        ("i2,ann,2.11.2026,dials,Act,,", "line 3: agreed_date '2.11.2026' is not a date"),
        ("i2,ann,2026-11-02,dials,,,", "line 3: action is empty"),
        ("i2,ann,2026-11-02,dials,Act,2026-11-01,", "line 3: due_date '2026-11-01' is before agr"),
        ("i1,ann,2026-11-02,dials,Act,,", "line 3: intervention_id 'i1' is there more than once"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(company: Settings, row: str, message: str) -> None:
    path = log(company, "i1,ann,2026-11-02,dials,Act,2026-11-30,fine", row)
    with pytest.raises(InputError, match=message):
        check_files(company)
    before = path.read_text(encoding="utf-8")
    with pytest.raises(InputError):  # nothing is added to a file that cannot be read
        write_down(company)
    assert path.read_text(encoding="utf-8") == before


def test_a_metric_that_left_the_policy_is_found_in_a_file_that_did_not_change(
    company: Settings, tmp_path: Path
) -> None:
    log(company, "i1,ann,2026-11-02,dials,Act,,")
    own = replace(company, dbt_project_dir=tmp_path / "dbt_project")
    copytree(company.seeds_dir, own.seeds_dir)
    load_files(own, now=NOW)
    metrics = own.seeds_dir / "metrics.csv"
    metrics.write_text(metrics.read_text().replace("dials,", "calls,", 1))
    with pytest.raises(InputError, match="line 2: metric_id 'dials'"):
        load_files(own, now=NOW)


def test_what_cannot_be_is_refused(company: Settings) -> None:
    with pytest.raises(ConfigError, match="say what"):
        write_down(company, " ")
    with pytest.raises(ConfigError, match="is before"):
        write_down(company, due_date=DAY - dt.timedelta(1))
    (company.files_dir / "interventions.sql").write_text("select 1")
    with pytest.raises(ConfigError, match="only a CSV"):
        write_down(company)


def test_a_metric_is_found_by_id_or_name(company: Settings) -> None:
    assert find_metric(company, "demos_held") == "demos_held"
    assert find_metric(company, "demos HELD") == "demos_held"
    with pytest.raises(ConfigError, match="'dance' is none of"):
        find_metric(company, "dance")


def test_two_managers_at_once_lose_nothing(company: Settings) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: write_down(company, f"Action {number}"), range(12)))
    actions = {row["action"] for row in rows_of(company.files_dir / "interventions.csv")}
    assert len(actions) == 12


def test_the_command_needs_a_release_to_know_the_reps(
    company: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCORECARD_COMPANY", "demo")
    monkeypatch.setenv("SCORECARD_DATA_DIR", str(company.data_dir))
    assert cli.run(["agree", "ann", "--metric", "dials", "--action", "x"]) == 2
    assert "has not published anything yet" in capsys.readouterr().err
