"""What was agreed on in a one-on-one: rows of `files/interventions.csv`, which people may edit too.

The file lies with the company's files and is read like them, so it survives every rebuild.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import secrets
from pathlib import Path

import filelock

from orchestration.core.errors import ConfigError
from orchestration.core.files import replace_file
from orchestration.core.settings import Settings
from orchestration.policy.reading import read_policy
from orchestration.sources.canonical import TABLE_BY_NAME
from orchestration.sources.files.find import FORMS
from orchestration.sources.files.load import check_files

TABLE = TABLE_BY_NAME["interventions"]
COLUMNS = [column.name for column in TABLE.columns]


def find_metric(settings: Settings, text: str) -> str:
    """The id of the metric with this id or name.

    Raises:
        ConfigError: lists the metrics there are.
    """
    rows = read_policy(settings.seeds_dir).rows("metrics")
    names = {row["metric_id"]: row["metric_name"] for row in rows}
    if text in names:
        return text
    for metric_id, name in names.items():
        if name.casefold() == text.strip().casefold():
            return metric_id
    raise ConfigError(f"--metric: '{text}' is none of: {', '.join(names)}.")


def agree(
    settings: Settings,
    rep_id: str,
    *,
    metric_id: str,
    action: str,
    agreed_date: dt.date,
    due_date: dt.date | None = None,
    note: str = "",
) -> Path:
    """Append what was agreed on; the file is replaced whole, or not at all.

    Returns:
        The file.

    Raises:
        ConfigError: the row would not be accepted, or the table is not kept as CSV.
        InputError: the files cannot be read as they are.
    """
    if not action.strip():
        raise ConfigError("--action: say what was agreed on.")
    if due_date is not None and due_date < agreed_date:
        raise ConfigError(f"--due: {due_date} is before {agreed_date}, the day it was agreed on.")
    path = settings.files_dir / f"{TABLE.name}.csv"
    for form in FORMS:
        other = settings.files_dir / f"{TABLE.name}.{form}"
        if form != "csv" and other.exists():
            raise ConfigError(
                f"{other}: agreements are kept there, and only a CSV can be appended to. Enter it "
                "where that file comes from."
            )
    row = {
        "intervention_id": f"{agreed_date:%Y%m%d}-{secrets.token_hex(4)}",
        "rep_id": rep_id,
        "agreed_date": agreed_date.isoformat(),
        "metric_id": metric_id,
        "action": action.strip(),
        "due_date": due_date.isoformat() if due_date else "",
        "note": note.strip(),
    }
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(settings.state_dir / "interventions.lock"):
        check_files(settings, [TABLE.name])  # a row added to a broken file would be lost in it
        replace_file(path, _with_row(path, row))
    return path


def _with_row(path: Path, row: dict[str, str]) -> str:
    """The text of the file with one row more, in its own columns and with its own delimiter."""
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    if not text.strip():
        text = ",".join(COLUMNS) + "\n"
    if not text.endswith("\n"):
        text += "\n"
    first = text.splitlines()[0]
    delimiter = max(",;\t|", key=first.count)
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter))]
    lost = [name for name in COLUMNS if row[name] and name not in header]
    if lost:
        raise ConfigError(
            f"{path} line 1: there is no column for {', '.join(lost)}. Add it to the first line."
        )
    line = io.StringIO()
    writer = csv.writer(line, delimiter=delimiter, lineterminator="\n")
    writer.writerow([row.get(name, "") for name in header])
    return text + line.getvalue()
