"""Bringing what is sealed in the store to the newest key, while the bot goes on.

Nothing is remembered of how far that got: what begins with the newest key's mark is done. So it can
be stopped at any moment, and goes on where it was when it is started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from mixbot.accounts import SEALED
from mixbot.store import Sealed, Store
from mixbot.vault import CannotOpen, Vault, key_id_of

AT_ONCE = 200  # secrets in a transaction: the bot waits for one no longer than for another
PASSES = 3  # what the bot seals with an old key meanwhile is found in the next one


@dataclass(frozen=True, slots=True)
class Survey:
    """What is sealed, by the id of its key, and what of it cannot be opened."""

    sealed: Mapping[str, int]
    unreadable: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.sealed.values())


@dataclass(slots=True)
class Rotation:
    """What came of it so far; counters count by the id of the key."""

    looked_at: int = 0
    resealed: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    arriving: Counter[str] = field(default_factory=Counter)  # found in the last pass of all

    @property
    def is_complete(self) -> bool:
        """Whether everything is sealed with the newest key."""
        return not self.unreadable and not self.arriving


async def survey(store: Store, vault: Vault | None) -> Survey:
    """What is sealed in the store, and whether the keys of `vault` open it."""
    sealed: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for table, column in SEALED:
        async for batch in _batches(store, table, column):
            for one in batch:
                key = key_id_of(one.secret)
                sealed[key] += 1
                if vault is None or _opened(vault, table, column, one) is None:
                    unreadable[key] += 1
    return Survey(sealed, unreadable)


async def count_older(store: Store, vault: Vault) -> int:
    """How many secrets are not sealed with the newest key."""
    older = 0
    for table, column in SEALED:
        counts = await store.count_sealed(table, column, len(vault.mark))
        older += sum(count for mark, count in counts.items() if mark != vault.mark)
    return older


async def rotate(
    store: Store, vault: Vault, *, told: Callable[[Rotation], None] = lambda rotation: None
) -> Rotation:
    """Seal everything with the newest key of `vault`; `told` hears how far that is.

    What cannot be opened stays as it is. What the bot replaces meanwhile is what stays.
    """
    rotation = Rotation()
    for _ in range(PASSES):
        rotation.unreadable, rotation.arriving = Counter(), Counter()
        for table, column in SEALED:
            async for batch in _batches(store, table, column, unlike=vault.mark):
                replacements = list(_replacements(vault, table, column, batch, rotation))
                rotation.resealed += await store.reseal(table, column, replacements)
                rotation.looked_at += len(batch)
                told(rotation)
        if not rotation.arriving:
            break
    return rotation


def _replacements(
    vault: Vault, table: str, column: str, batch: list[Sealed], rotation: Rotation
) -> Iterator[tuple[Sealed, bytes]]:
    for one in batch:
        secret = _opened(vault, table, column, one)
        if secret is None:
            rotation.unreadable[key_id_of(one.secret)] += 1
        else:
            rotation.arriving[key_id_of(one.secret)] += 1
            yield one, vault.seal(secret, SEALED[table, column](one.user_id, one.provider))


async def _batches(
    store: Store, table: str, column: str, *, unlike: bytes | None = None
) -> AsyncIterator[list[Sealed]]:
    after: tuple[object, ...] = ()
    while batch := await store.sealed(table, column, limit=AT_ONCE, after=after, unlike=unlike):
        yield list(batch)
        after = batch[-1].row


def _opened(vault: Vault, table: str, column: str, one: Sealed) -> str | None:
    try:
        return vault.open(one.secret, SEALED[table, column](one.user_id, one.provider))
    except CannotOpen:
        return None
