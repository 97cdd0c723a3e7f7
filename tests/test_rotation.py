"""Rotating keys: everything ends up with the newest, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from mixbot.accounts import SEALED
from mixbot.rotation import AT_ONCE, count_older, rotate, survey
from mixbot.services import MIXCLOUD
from mixbot.store import Account, LinkAttempt, Store, Upload, open_store
from mixbot.store.schema import metadata
from mixbot.vault import Vault, key_id_of
from tests.databases import database_url, store
from tests.killing import calls_of, killed

__all__ = ["database_url", "store"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)
# Kept to be recognised, and of no use to whoever reads them.
HASHED = {("link_attempts", name) for name in ("link", "browser", "state", "nonce", "code")}

UNDER_WAY = len(SEALED) - 1  # secrets that are not of an account


def token_of(user_id: int) -> str:
    return f"mc-token-{user_id:08}"


def account(
    vault: Vault, user_id: int, token: str | None = None, provider: str = MIXCLOUD
) -> Account:
    purpose = SEALED["accounts", "token"](user_id, provider)
    sealed = vault.seal(token or token_of(user_id), purpose)
    return Account(user_id, provider, f"/u{user_id}/", f"u{user_id}", "U", sealed, NOW)


async def fill(store: Store, vault: Vault, *, people: int) -> None:
    """An account for everybody, and one link and one upload under way."""
    for user_id in range(1, people + 1):
        await store.save_account(account(vault, user_id))
    attempt = LinkAttempt(1, MIXCLOUD, "Ada", NOW, NOW + timedelta(minutes=10), link=b"hash")
    for (table, column), purpose in SEALED.items():
        if table == "link_attempts":
            attempt = replace(attempt, **{column: vault.seal(column, purpose(1, MIXCLOUD))})  # type: ignore[arg-type]
    await store.start_link(attempt)
    reply = vault.seal("reply_token", SEALED["uploads", "reply_token"](1, ""))
    await store.save_upload(Upload("x", 1, None, "{}", "draft", "en", NOW, reply_token=reply))


async def secrets(store: Store, vault: Vault) -> Iterator[tuple[str, int, str]]:
    """What is sealed, opened: its column, its user, and the secret."""
    found = [
        (column, one.user_id, vault.open(one.secret, purpose(one.user_id, one.provider)))
        for (table, column), purpose in SEALED.items()
        for one in await store.sealed(table, column, limit=10_000)
    ]
    return iter(found)


@pytest.fixture
def old() -> str:
    return Vault.new_key()


@pytest.fixture
def new() -> str:
    return Vault.new_key()


def test_every_column_of_bytes_is_known_to_be_sealed_or_hashed() -> None:
    columns = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    assert columns == SEALED.keys() | HASHED


def test_the_key_of_a_secret_can_be_told(old: str, new: str) -> None:
    vault = Vault.from_keys(f"{new},{old}")
    assert vault.key_ids == [key_id_of(Vault.from_keys(key).seal("s", "p")) for key in (new, old)]
    assert vault.seal("s", "p").startswith(vault.mark)
    assert not Vault.from_keys(old).seal("s", "p").startswith(vault.mark)


async def test_afterwards_the_new_key_alone_opens_everything(
    store: Store, old: str, new: str
) -> None:
    people = AT_ONCE + 10  # more than one transaction takes
    await fill(store, Vault.from_keys(old), people=people)
    both, alone = Vault.from_keys(f"{new},{old}"), Vault.from_keys(new)
    before = list(await secrets(store, both))
    assert await count_older(store, both) == len(before) == people + UNDER_WAY
    rotation = await rotate(store, both)
    assert rotation.is_complete
    assert rotation.resealed == len(before)
    assert list(await secrets(store, alone)) == before
    assert await count_older(store, both) == 0
    assert (await rotate(store, both)).looked_at == 0
    attempt = await store.link_attempt(link=b"hash")
    assert attempt
    assert attempt.link == b"hash"


def test_a_token_is_sealed_for_its_provider() -> None:
    purpose = SEALED["accounts", "token"]
    assert purpose(1, "mixcloud") == "token mixcloud 1"  # what was sealed years ago still opens
    assert purpose(1, "soundcloud") != purpose(1, "mixcloud")


async def test_a_token_of_any_provider_is_opened_and_sealed_for_that_one(
    store: Store, old: str, new: str
) -> None:
    for provider in ("mixcloud", "soundcloud"):
        await store.save_account(account(Vault.from_keys(old), 1, f"of {provider}", provider))
    assert (await rotate(store, Vault.from_keys(f"{new},{old}"))).is_complete
    for provider in ("mixcloud", "soundcloud"):
        kept = await store.account(1, provider)
        assert kept
        purpose = SEALED["accounts", "token"](1, provider)
        assert Vault.from_keys(new).open(kept.token, purpose) == f"of {provider}"


async def test_it_tells_how_far_it_is(store: Store, old: str, new: str) -> None:
    await fill(store, Vault.from_keys(old), people=AT_ONCE + 10)
    told: list[int] = []
    await rotate(
        store,
        Vault.from_keys(f"{new},{old}"),
        told=lambda rotation: told.append(rotation.resealed),
    )
    assert told == [AT_ONCE, AT_ONCE + 10, *range(AT_ONCE + 11, AT_ONCE + 11 + UNDER_WAY)]


async def test_a_secret_that_was_replaced_meanwhile_stays(store: Store, old: str, new: str) -> None:
    vault = Vault.from_keys(f"{new},{old}")
    await store.save_account(account(Vault.from_keys(old), 1))
    [read] = await store.sealed("accounts", "token", limit=10)
    linked_again = account(vault, 1, "another token")
    await store.save_account(linked_again)
    assert await store.reseal("accounts", "token", [(read, b"resealed")]) == 0
    assert await store.account(1, MIXCLOUD) == linked_again


async def test_a_secret_that_was_forgotten_meanwhile_stays_forgotten(
    store: Store, old: str
) -> None:
    await store.save_account(account(Vault.from_keys(old), 1))
    [read] = await store.sealed("accounts", "token", limit=10)
    await store.forget(1)
    assert await store.reseal("accounts", "token", [(read, b"resealed")]) == 0
    assert await store.account(1, MIXCLOUD) is None


async def test_a_bot_at_work_loses_nothing(
    store: Store, database_url: str, old: str, new: str
) -> None:
    """People link again and again, in another process, while keys are rotated."""
    people = 300
    both = Vault.from_keys(f"{new},{old}")
    await fill(store, Vault.from_keys(old), people=people)
    latest = {user_id: token_of(user_id) for user_id in range(1, people + 1)}

    async def link_again(bot: Store) -> None:
        for number in range(1_000_000):
            user_id = random.randint(1, people)
            token = f"mc-token-again-{number}"
            await bot.save_account(account(both, user_id, token))
            latest[user_id] = token

    async with open_store(database_url) as bot:
        linking = asyncio.create_task(link_again(bot))
        rotation = await rotate(store, both)
        linking.cancel()
        await asyncio.gather(linking, return_exceptions=True)
        assert rotation.is_complete
    alone = Vault.from_keys(new)
    for user_id, token in latest.items():
        kept = await store.account(user_id, MIXCLOUD)
        assert kept
        opened = alone.open(kept.token, SEALED["accounts", "token"](user_id, MIXCLOUD))
        assert opened.startswith("mc-token-again-") or opened == token


async def test_a_bot_that_still_seals_with_an_old_key_is_noticed(
    store: Store, old: str, new: str
) -> None:
    before, both = Vault.from_keys(old), Vault.from_keys(f"{new},{old}")
    await store.save_account(account(before, 1000))
    strangers = itertools.count(999, -1)  # each in a row that was looked at already

    class Busy(Store):
        async def reseal(self, *arguments: Any) -> int:
            changed = await super().reseal(*arguments)
            await store.save_account(account(before, next(strangers)))
            return changed

    rotation = await rotate(Busy(store._database), both)
    assert not rotation.is_complete
    assert list(rotation.arriving) == [both.key_ids[1]]


async def test_what_cannot_be_opened_is_counted_by_its_key_and_left_as_it_is(
    store: Store, old: str, new: str
) -> None:
    both, lost = Vault.from_keys(f"{new},{old}"), Vault.from_keys(Vault.new_key())
    await store.save_account(account(Vault.from_keys(old), 1))
    strangers = [account(lost, 2), account(lost, 3)]
    moved = replace(account(Vault.from_keys(old), 4), user_id=5)  # to another user's row
    for one in (*strangers, moved):
        await store.save_account(one)
    found = await survey(store, both)
    unreadable = {lost.key_ids[0]: 2, both.key_ids[1]: 1}
    assert found.unreadable == unreadable
    assert found.total == 4
    assert (await survey(store, None)).unreadable == found.sealed
    rotation = await rotate(store, both)
    assert rotation.unreadable == unreadable
    assert (rotation.resealed, rotation.is_complete) == (1, False)
    assert [await store.account(user_id, MIXCLOUD) for user_id in (2, 3, 5)] == [*strangers, moved]


ROTATE = """
from mixbot import rotation
from mixbot.store import open_store
from mixbot.vault import Vault
rotation.AT_ONCE = 3
async def main(address, keys):
    async with open_store(address) as store:
        await rotation.rotate(store, Vault.from_keys(keys))
"""


async def test_it_can_be_killed_anywhere_and_goes_on(database_url: str) -> None:
    keys = [Vault.new_key()]
    async with open_store(database_url) as store:
        await fill(store, Vault.from_keys(keys[0]), people=20)
        before = list(await secrets(store, Vault.from_keys(keys[0])))
    keys.insert(0, Vault.new_key())
    calls = await calls_of(ROTATE, database_url, ",".join(keys))
    deaths = partly = 0
    for number in range(25):
        if number >= 5 and partly:  # chance may not have hit the middle yet
            break
        keys = [Vault.new_key(), keys[0]]
        both = Vault.from_keys(",".join(keys))
        deaths += await killed(
            ROTATE, database_url, ",".join(keys), at=random.randint(calls // 2, calls)
        )
        async with open_store(database_url) as store:
            assert list(await secrets(store, both)) == before
            partly += 0 < await count_older(store, both) < len(before)
            assert (await rotate(store, both)).is_complete
            assert list(await secrets(store, Vault.from_keys(keys[0]))) == before
    assert deaths
    assert partly
