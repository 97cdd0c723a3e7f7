"""What an operator does to the database: `mixbot db …` and `mixbot keys rotate`, told in lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mixbot.errors import UserError
from mixbot.rotation import Rotation, count_older, survey
from mixbot.rotation import rotate as rotate_keys
from mixbot.settings import StoreSettings
from mixbot.store import backups, bring_up_to_date, open_store
from mixbot.store.schema import HEAD


class NoKeys(UserError):
    def __init__(self) -> None:
        super().__init__("MIXBOT_ENCRYPTION_KEYS is not set: there is no key to encrypt with.")


async def upgrade(settings: StoreSettings, out: Console) -> None:
    """Bring the tables up to date; says from which revision to which."""
    before = await bring_up_to_date(settings.database_url)
    match before:
        case None:
            out.print(f"A new database: its tables were made, at revision {HEAD}.")
        case _ if before == HEAD:
            out.print(f"The tables are at revision {HEAD} already: nothing to do.")
        case _:
            out.print(f"Upgraded the tables from revision {before} to {HEAD}.")


async def back_up(
    settings: StoreSettings, file: Path, out: Console, err: Console, *, overwrite: bool
) -> None:
    """Write a backup; says what is in it."""
    with _bar("Backup", err) as told:
        found = await backups.back_up(settings.database_url, file, overwrite=overwrite, told=told)
    out.print(f"Wrote {file} and read it back.", markup=False)
    _say_rows("It holds", found.rows, out)


async def restore(
    settings: StoreSettings, file: Path, out: Console, err: Console, *, replace: bool
) -> None:
    """Restore a backup; says what was in it, and whether the keys are here to open it."""
    with _bar("Restore", err) as told:
        found = await backups.restore(settings.database_url, file, replace=replace, told=told)
    _say_rows("Restored", found.rows, out)
    if found.revision != HEAD:
        out.print(f"Its tables were brought from revision {found.revision} to {HEAD}.")
    async with open_store(settings.database_url) as store:
        unreadable = (await survey(store, settings.vault)).unreadable
    for key, count in unreadable.items():
        out.print(
            f"{_secrets(count)} cannot be opened: add the key with the id {key} to "
            "MIXBOT_ENCRYPTION_KEYS. `mixbot check` lists the ids of those that are set."
            if settings.vault is None or key not in settings.vault.key_ids
            else f"{_secrets(count)} of key {key} cannot be opened: they are damaged."
        )


async def rotate(settings: StoreSettings, out: Console, err: Console) -> bool:
    """Encrypt everything with the first key; true when nothing is left that another one sealed."""
    vault = settings.vault
    if vault is None:
        raise NoKeys
    newest, *older = vault.key_ids
    async with open_store(settings.database_url) as store:
        total = await count_older(store, vault)
        last = Rotation()
        with _bar("Encrypting", err) as told:

            def tell(rotation: Rotation) -> None:
                nonlocal last
                last = rotation
                told(rotation.looked_at, max(total, rotation.looked_at))

            try:
                last = await rotate_keys(store, vault, told=tell)
            except asyncio.CancelledError:
                err.print(f"Stopped after {_secrets(last.resealed)}. Start it again to go on.")
                raise
    out.print(f"Encrypted {_secrets(last.resealed)} with the first key, {newest}.")
    for key, count in last.unreadable.items():
        why = "they are damaged" if key in vault.key_ids else "its key is not set"
        out.print(f"{_secrets(count)} of key {key} cannot be opened: {why}. Left as they are.")
    for key, count in last.arriving.items():
        out.print(
            f"A bot goes on encrypting with key {key} ({_secrets(count)} meanwhile). Restart every "
            f"bot with {newest} as its first key, then rotate again; keep {key} until then."
        )
    droppable = [key for key in older if key not in last.arriving]
    if droppable and not last.arriving:
        out.print(f"Nothing needs the other keys any more: {', '.join(droppable)} can be dropped.")
    return last.is_complete


def _secrets(count: int) -> str:
    return "1 secret" if count == 1 else f"{count:,} secrets"


def _say_rows(verb: str, rows: Mapping[str, int], out: Console) -> None:
    held = ", ".join(f"{table}: {count:,}" for table, count in rows.items() if count)
    total = sum(rows.values())
    counted = "1 row" if total == 1 else f"{total:,} rows"
    out.print(f"{verb} {counted}{f' ({held})' if held else ''}.")


@contextmanager
def _bar(name: str, err: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar at a terminal, gone when the work is; it is told how much is done, of how much."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield told
