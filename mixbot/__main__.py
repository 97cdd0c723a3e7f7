"""The command line: `mixbot run`, `demo`, `sync`, `check` and `keys`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console

from mixbot.errors import UserError
from mixbot.settings import Settings, SettingsError

FAILED, USED_WRONGLY = 1, 2

cli = typer.Typer(
    help="A Discord bot for Mixcloud shows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # typer's would print local variables, secrets among them
)
keys = typer.Typer(help="Keys that encrypt what the database keeps.", no_args_is_help=True)
cli.add_typer(keys, name="keys")
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
