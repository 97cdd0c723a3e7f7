"""The command line: the bot's (`mixbot run`, `demo`, …) and the DJs' (`mixbot upload`, …)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console

from mixbot.errors import UserError
from mixbot.settings import Settings, SettingsError, StoreSettings

T = TypeVar("T")

FAILED, USED_WRONGLY = 1, 2

cli = typer.Typer(
    help="A Discord bot for Mixcloud shows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # typer's would print local variables, secrets among them
)
keys = typer.Typer(help="Keys that encrypt what the database keeps.", no_args_is_help=True)
cli.add_typer(keys, name="keys")
database = typer.Typer(help="The database: upgrade, back up, restore.", no_args_is_help=True)
cli.add_typer(database, name="db")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@cli.command()
def run() -> None:
    """Run the bot until it is told to stop."""
    from mixbot import app, logs

    settings = Settings.read()
    logs.configure(settings)
    _finish(app.run(settings))


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the chat page; 0 takes a free one.")] = 8765,
    code: Annotated[
        bool, typer.Option("--code", help="Prove a link with a code, not by signing in.")
    ] = False,
) -> None:
    """Everything on this machine: Discord, Mixcloud and the bot, with a chat in the browser."""
    from mixbot.sandbox.demo import run_demo

    _finish(run_demo(port=port, sign_in=not code, announce=out.print))


@cli.command()
def sync(
    guild: Annotated[int | None, typer.Option(help="Register for one server only, by id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before changing.")] = False,
) -> None:
    """Register the slash commands with Discord; shows what differs first."""
    from mixbot import registration

    _finish(registration.sync(_quietly(), guild, confirmed=yes, out=out))


@cli.command()
def check() -> None:
    """Check the settings, the database, Discord and Mixcloud: one line each."""
    from mixbot import checks

    if not _finish(checks.run(_quietly(), out)):
        raise typer.Exit(FAILED)


@keys.command()
def new() -> None:
    """Print a new key for MIXBOT_ENCRYPTION_KEYS."""
    from mixbot.vault import Vault

    out.print(Vault.new_key())


@keys.command()
def rotate() -> None:
    """Encrypt everything with the first of MIXBOT_ENCRYPTION_KEYS; the bot may run meanwhile.

    Every running bot must have the new key already. To stop this is safe: it goes on where it was.
    """
    from mixbot import upkeep

    if not _to_its_end(upkeep.rotate(StoreSettings.read(), out, err)):
        raise typer.Exit(FAILED)


# The database

BackupFile = Annotated[Path, typer.Argument(help="The backup, an SQLite file.")]


@database.command()
def upgrade() -> None:
    """Bring the tables up to date, as starting the bot does."""
    from mixbot import upkeep

    _to_its_end(upkeep.upgrade(StoreSettings.read(), out))


@database.command()
def backup(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write everything into FILE, while the bot runs; it restores into SQLite and PostgreSQL."""
    from mixbot import upkeep

    _to_its_end(upkeep.back_up(StoreSettings.read(), file, out, err, overwrite=force))


@database.command()
def restore(
    file: BackupFile,
    force: Annotated[
        bool, typer.Option("--force", help="Replace everything that the database holds.")
    ] = False,
) -> None:
    """Put everything in FILE into the database, or nothing. Stop the bot before."""
    from mixbot import upkeep

    _to_its_end(upkeep.restore(StoreSettings.read(), file, out, err, replace=force))


# For DJs

File = Annotated[Path, typer.Argument(help="A file; - is what is piped in.", show_default=False)]
Picture = Annotated[Path | None, typer.Option(help="Cover: a JPEG or PNG of at most 10 MB.")]
Schedule = Annotated[
    str | None, typer.Option(help="When to publish, as “2026-12-24 20:00”; Pro accounts only.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show all, and send nothing.")]
Tags = Annotated[list[str] | None, typer.Option(show_default=False)]


@cli.command(rich_help_panel="For DJs")
def login(
    port: Annotated[
        int, typer.Option(help="Port of the address Mixcloud sends you back to; 0 takes any.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address to open.")
    ] = False,
) -> None:
    """Log in to Mixcloud in your browser; the token is kept in your .netrc."""
    from mixbot import terminal
    from mixbot.settings import MixcloudSettings

    with _explaining():
        _to_its_end(terminal.login(MixcloudSettings.read(), out, port=port, browser=not no_browser))


@cli.command(rich_help_panel="For DJs")
def tracklist(
    file: File,
    to: Annotated[
        Literal["text", "cue", "yaml"] | None, typer.Option(help="Write it as this.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
) -> None:
    """Check a tracklist (time stamps, a cue sheet or YAML), and convert it."""
    from mixbot import terminal

    with _explaining():
        terminal.tracklist(file, out, to=to, output=output)


@cli.command(rich_help_panel="For DJs")
def upload(
    show: Annotated[Path, typer.Argument(help="A YAML file that describes the show.")],
    audio: Annotated[Path, typer.Argument(help="The mp3.")],
    picture: Picture = None,
    schedule: Schedule = None,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Only for who has the link.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Publish a show: mixbot upload show.yml show.mp3"""
    from dataclasses import replace

    from mixbot import terminal
    from mixbot.settings import MixcloudSettings

    with _explaining():
        draft = terminal.read_show(show)
        draft = replace(
            draft,
            picture=picture or draft.picture,
            publish_date=schedule or draft.publish_date,
            unlisted=unlisted or draft.unlisted,
        )
        settings = MixcloudSettings.read()
        _to_its_end(terminal.upload(settings, draft, audio, out, err, dry_run=dry_run))


@cli.command(rich_help_panel="For DJs")
def edit(
    key: Annotated[str, typer.Argument(help="you/your-show, or a link to it.")],
    show: Annotated[
        Path | None, typer.Option("--from", help="A YAML file with what is to be changed.")
    ] = None,
    name: str | None = None,
    description: str | None = None,
    picture: Picture = None,
    tracks: Annotated[Path | None, typer.Option("--tracklist", help="The new tracklist.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="The new tags, all of them.")] = None,
    add_tag: Tags = None,
    remove_tag: Tags = None,
    schedule: Schedule = None,
    publish: Annotated[bool | None, typer.Option("--publish/--unpublish")] = None,
    unlisted: Annotated[bool | None, typer.Option("--unlisted/--listed")] = None,
    hide_stats: Annotated[bool | None, typer.Option("--hide-stats/--show-stats")] = None,
    dry_run: DryRun = False,
) -> None:
    """Change a show of yours: mixbot edit you/your-show --add-tag Ambient"""
    from dataclasses import replace

    from mixbot import terminal
    from mixbot.mixcloud import Draft
    from mixbot.settings import MixcloudSettings

    with _explaining():
        changes = terminal.read_show(show, whole=False) if show else Draft()
        given = {
            "name": name,
            "description": description,
            "picture": picture,
            "tags": tag,
            "sections": terminal.read_sections(tracks) if tracks else None,
            "publish_date": schedule,
            "publish": True if publish else None,
            "unpublish": True if publish is False else None,
            "unlisted": unlisted,
            "hide_stats": hide_stats,
        }
        told: Any = {field: value for field, value in given.items() if value is not None}
        changes = replace(changes, **told)
        if changes == Draft() and not add_tag and not remove_tag:
            raise typer.BadParameter("say what to change, such as --add-tag Ambient")
        if changes.tags is not None and (add_tag or remove_tag):
            raise typer.BadParameter("--tag names all tags; --add-tag and --remove-tag change them")
        _to_its_end(
            terminal.edit(
                MixcloudSettings.read(),
                key,
                changes,
                out,
                err,
                add_tags=add_tag or (),
                remove_tags=remove_tag or (),
                dry_run=dry_run,
            )
        )


def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to; to stop it, with Ctrl-C or SIGTERM, is to fail."""

    async def stoppable() -> T:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    try:
        return asyncio.run(stoppable())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(FAILED) from None


@contextmanager
def _explaining() -> Iterator[None]:
    """Say what went wrong with Mixcloud or with what it was to be given, a line for each thing."""
    from mixbot.mixcloud import InvalidArgument, MixcloudError

    try:
        yield
    except (MixcloudError, InvalidArgument) as error:
        from mixbot.drafting import explained

        for line in explained(error, advice="Log in again: mixbot login"):
            err.print(line, markup=False)
        raise typer.Exit(FAILED) from None


def _quietly() -> Settings:
    from mixbot import logs

    settings = Settings.read()
    logs.configure(settings, level="ERROR")
    return settings


def _finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run `work` to its end; Ctrl-C is a way to end, not an error."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return None


def main() -> None:
    """The program `mixbot`: 0 done, 1 failed, 2 used wrongly."""
    try:
        cli()
    except SettingsError as error:
        err.print(str(error), markup=False)
        raise SystemExit(USED_WRONGLY) from None
    except UserError as error:
        err.print(str(error), markup=False)
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main()
