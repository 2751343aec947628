"""Publish the site: put the shell and the data together, and swap them in at once.

The shell depends only on the code in `reports/`; the data is written from the published DuckDB
file. With `SCORECARD_AUDIENCES=on` the shell lies apart (`shell/`), and each audience has a data
folder of its own (`audiences/<folder>/`), which a proxy that knows who is logged in serves as
`/data/`.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from pathlib import Path

from orchestration.core.errors import ConfigError, PublishError
from orchestration.core.settings import Settings
from orchestration.policy.as_of import company_time_zone
from orchestration.readers.labels import format_moment
from orchestration.releases.audiences import (
    read_listing,
)
from orchestration.releases.release import current_release
from orchestration.site.data import write_audiences, write_site_data
from orchestration.site.folders import keep_newest, link_or_copy
from orchestration.site.shell import build_shell

KEEP_RELEASES = 3


def require_audiences(settings: Settings) -> None:
    """Let nobody see more than before because a setting was left out.

    Raises:
        ConfigError: the pages have audiences, and whether they are to have is not said.
    """
    if settings.audiences is None and read_listing(settings.reports_dir / "current") is not None:
        raise ConfigError(
            f"SCORECARD_AUDIENCES is not set, but the pages of '{settings.company}' show each "
            "person only what they may see. Set it to on; or to off, if whoever opens the pages "
            "may see everything from now on."
        )


def publish_site(settings: Settings) -> Path:
    """Put the shell and the data of the published release together and swap them in at once.

    Returns:
        The folder of the new site; `settings.reports_dir / "current"` points to it.

    Raises:
        ScorecardError: nothing is published yet, or a step failed; the site of before stays.
    """
    require_audiences(settings)
    release = settings.published_dir / "current"
    published = release.resolve() / "scorecard.duckdb"
    current = current_release(settings)
    if current is None or not published.is_file():
        raise PublishError(f"{release} has no release yet. Run `scorecard refresh` first.")
    sources_dir = settings.reports_project_dir / "sources"
    shell = build_shell(settings)
    releases = settings.reports_dir / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    site = releases / published.parent.name
    pointer = settings.reports_dir / "current"
    pool = settings.reports_dir / ".streams"
    for left in releases.glob(".*"):  # of one that was killed
        shutil.rmtree(left)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=releases))
    try:
        work.chmod(0o755)
        company = {
            **_read_company(settings.seeds_dir / "company_settings.csv"),
            "refreshed_at": format_moment(current.published_at, company_time_zone(settings)),
        }
        if settings.audiences:
            shutil.copytree(shell, work / "shell", copy_function=link_or_copy)
            write_audiences(
                published,
                work,
                sources_dir,
                company,
                settings.analysts,
                previous=pointer,
                pool=pool,
            )
        else:
            shutil.copytree(shell, work, dirs_exist_ok=True, copy_function=link_or_copy)
            write_site_data(published, work / "data", sources_dir, company)
        _put_in_place(work, site)
        _point_to(pointer, site)
    except OSError as error:
        raise PublishError(
            f"{settings.reports_dir}: the pages could not be written ({error}). Those of before "
            "stay; run `scorecard refresh` again."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _prune_pool(pool)
    keep_newest(releases, KEEP_RELEASES, keep=site)
    return site


def _put_in_place(work: Path, site: Path) -> None:
    if site.exists():
        # the same release again (the pages changed): a reader sees the one or the other
        retired = Path(tempfile.mkdtemp(prefix=".old-", dir=site.parent))
        os.replace(site, retired / "site")
        os.replace(work, site)
        shutil.rmtree(retired)
    else:
        os.replace(work, site)


def _point_to(pointer: Path, site: Path) -> None:
    incoming = pointer.with_name(".current-incoming")
    incoming.unlink(missing_ok=True)
    try:
        incoming.symlink_to(Path("releases") / site.name)
        os.replace(incoming, pointer)
    finally:
        incoming.unlink(missing_ok=True)


def _prune_pool(pool: Path) -> None:
    """Delete the streams that no site links to any more."""
    for path in pool.glob("*") if pool.is_dir() else ():
        if path.stat().st_nlink == 1:
            path.unlink(missing_ok=True)


def _read_company(path: Path) -> dict[str, str]:
    """`company_name` and `currency` of the company's settings."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        settings = {row["setting"]: row["value"] for row in csv.DictReader(file)}
    return {name: settings.get(name) or "" for name in ("company_name", "currency")}
