"""A new company: its policy folder and its files folder, copied from the demo or an example."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from orchestration.core.errors import ConfigError
from orchestration.core.settings import Settings
from orchestration.sources.canonical import TABLES

# a file name in quotes in a mapping: read_csv('deals.csv'), from 'deals.parquet'
_INPUT_FILE = re.compile(r"'([^'*?]+\.(?:csv|parquet|jsonl|json)(?:\.gz)?)'")


def init_company(settings: Settings, name: str, source_folder: Path | None = None) -> str:
    """Create the policy and the files folder of a company; says what to do next.

    Without a source folder the policy is the demo's. A source folder (see docs/examples) has the
    policy in `policy/` and SQL mappings of the company's exports in `files/`.

    Raises:
        ConfigError: the name is not usable, the source is incomplete, or something is there
            already; nothing was written then.
    """
    if not name:
        raise ConfigError("'' is not a company name. Use for example 'acme'.")
    Settings.from_environment({}, company=name)  # raises unless it can name a folder
    company = replace(settings, company=name)
    if source_folder is None:
        policy_folder, mappings = replace(settings, company="demo").seeds_dir, []
    else:
        policy_folder = source_folder / "policy"
        mappings = sorted(path for path in source_folder.glob("files/*") if path.is_file())
    policy = sorted(policy_folder.glob("*.csv"))
    if not policy:
        raise ConfigError(
            f"{policy_folder}: there are no policy files. --from takes a folder with policy/*.csv "
            "and files/*.sql in it, such as docs/examples/maven; leave it out to start from the "
            "policy of the demo, and copy your exports afterwards."
        )
    _refuse_to_overwrite(name, company.seeds_dir, [company.files_dir / m.name for m in mappings])

    company.seeds_dir.mkdir(parents=True, exist_ok=True)
    company.files_dir.mkdir(parents=True, exist_ok=True)
    copies = {path: company.seeds_dir / path.name for path in policy}
    copies |= {path: company.files_dir / path.name for path in mappings}
    try:
        for path, copy in copies.items():
            shutil.copyfile(path, copy)
    except OSError:  # a disk that is full: half a company would be in the way of the next try
        for copy in copies.values():
            copy.unlink(missing_ok=True)
        company.seeds_dir.rmdir()
        raise
    exports = _exports_read_by(company, mappings)
    for path in exports:
        path.parent.mkdir(parents=True, exist_ok=True)
    return _next_steps(company, mappings, exports)


def _refuse_to_overwrite(name: str, seeds_dir: Path, files: list[Path]) -> None:
    for path in (*sorted(seeds_dir.glob("*")), *files):
        if path.exists():
            raise ConfigError(
                f"{path} exists already; nothing was changed. Choose another name than '{name}', "
                "or move that file away first."
            )


def _exports_read_by(company: Settings, mappings: list[Path]) -> list[Path]:
    """The files that the mappings read, where they are expected."""
    names = {
        name
        for mapping in mappings
        for name in _INPUT_FILE.findall(mapping.read_text(encoding="utf-8"))
    }
    return [company.files_dir / name for name in sorted(names)]


def _next_steps(company: Settings, mappings: list[Path], exports: list[Path]) -> str:
    if mappings:
        tables = ", ".join(mapping.stem for mapping in mappings)
        missing = [path for path in exports if not path.exists()]
        data = f"The mappings in {company.files_dir} ({tables})\n     read your exports; "
        data += "all are there." if not missing else "copy these to where they are expected:"
        data += "".join(f"\n     - {path}" for path in missing)
    else:
        required = ", ".join(table.name for table in TABLES if table.required)
        optional = ", ".join(table.name for table in TABLES if not table.required)
        data = (
            f"Put your exports into {company.files_dir}\n"
            f"     One file per table: {required} (required), {optional};\n"
            "     as <table>.csv in the columns of docs/canonical-tables.md, or as <table>.sql\n"
            "     that selects those columns from whatever files you have (docs/examples/maven)."
        )
    return (
        f"Company '{company.company}' is set up.\n"
        f"  1. {data}\n"
        f"  2. Make the policy yours: {company.seeds_dir}\n"
        "     Start with company_settings.csv, scorecard_metrics.csv and goals.csv; docs/policy.md "
        "explains every column.\n"
        f"  3. scorecard check --company {company.company}\n"
        f"  4. scorecard refresh --company {company.company}\n"
    )
