"""The commands about what is published: releases, the pages, PostgreSQL's logins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.terminal import Company, now, out, settings_of
from orchestration.core.errors import ConfigError, DamagedFile
from orchestration.core.settings import Settings

app = typer.Typer()
releases_app = typer.Typer(help="What is published.", no_args_is_help=True)
app.add_typer(releases_app, name="releases")


@releases_app.command("list")
def list_(company: Company = None) -> None:
    """List the releases, newest first."""
    from orchestration.releases.release import Release, current_release, find_releases

    settings = settings_of(company)
    releases = find_releases(settings)
    if not releases:
        out.print(f"'{settings.company}' has not published anything yet.")
    try:
        current = current_release(settings)
    except DamagedFile as error:
        current = None
        if releases and isinstance(releases[0], Release):
            out.print(str(error), style="yellow", markup=False)
    for release in releases:
        if isinstance(release, DamagedFile):
            out.print(str(release), style="yellow", markup=False)
            continue
        out.print(
            f"{release.release_id}  as of {release.as_of_date}"
            f"  {sum(release.row_counts.values()):>12,} rows  code {release.code_version}"
            + ("  [green]current[/]" if release == current else "")
        )


@releases_app.command("rollback")
def rollback_(
    release_id: Annotated[str, typer.Argument(help="As `scorecard releases list` shows it.")],
    company: Company = None,
) -> None:
    """Make another release the current one, and let the pages follow."""
    from orchestration.releases.publish import rollback
    from orchestration.site.publish import require_audiences
    from orchestration.warehouse.connection import refresh_lock

    settings = settings_of(company)
    require_audiences(settings)
    with refresh_lock(settings, now()):
        release = rollback(settings, release_id)
        _show_release(settings)
    out.print(f"[green]Release {release.release_id}[/] (as of {release.as_of_date}) is current.")


@app.command()
def serve(
    company: Company = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8080,
    who: Annotated[
        str | None, typer.Option("--as", help="As this person sees them: rep id or e-mail.")
    ] = None,
) -> None:
    """Serve the pages on 127.0.0.1."""
    from orchestration.site.server import serve as serve_site

    settings = settings_of(company)
    out.print(f"http://127.0.0.1:{port}  (Ctrl+C ends it)")
    serve_site(settings.reports_dir / "current", port, who, settings.allowed_hosts)


@app.command()
def roles(company: Company = None) -> None:
    """Give each person a login to the served PostgreSQL, and revoke it from those who left."""
    from orchestration.releases.postgres import make_roles

    settings = settings_of(company)
    if not settings.serving_url:
        raise ConfigError("SCORECARD_SERVING_URL is not set: no PostgreSQL is served.")
    done = make_roles(settings)
    for line in done:
        out.print(line, markup=False)
    out.print("[green]The roles are in order.[/]" if done else "[green]Nothing to change.[/]")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to, for example backups/2026-12-01.tar.gz.")],
    company: Company = None,
) -> None:
    """Write everything that no refresh can rebuild into one archive."""
    from orchestration.core.machine import format_size
    from orchestration.releases.backup import write_backup

    settings = settings_of(company)
    written = write_backup(settings, file, now())
    out.print(
        f"[green]{file}[/] has {len(written.files)} files of '{settings.company}' "
        f"({format_size(file.stat().st_size)}), and each was read back."
    )
    out.print("Not in it: .env with its secrets, and what `scorecard refresh` rebuilds.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `scorecard backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up what this machine has of the company.")
    ] = False,
) -> None:
    """Bring a company back from an archive, onto this machine or an empty one."""
    from orchestration.releases.backup import restore_backup

    backup = restore_backup(Settings.from_environment(), file, now(), replace_company=replace)
    settings = settings_of(backup.company)
    _show_release(settings)
    out.print(
        f"[green]'{backup.company}'[/] is as it was at {backup.created_at}. Put .env back in its "
        f"place, then run `scorecard refresh --company {backup.company}`."
    )


def _show_release(settings: Settings) -> None:
    """Let pages and PostgreSQL, where there are any, show the release that is current now."""
    if settings.reports_dir.exists():
        from orchestration.site.publish import publish_site

        publish_site(settings)
    if settings.serving_url:
        from orchestration.releases.postgres import serve_release

        serve_release(settings)
