"""Tokens in the store: refreshed by one process at a time, and never lost or overwritten."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError

from mixbot import rotation
from mixbot import tokens as module
from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.mixcloud.faults import Fault, Hang, Situation, Slow
from mixbot.sandbox.soundcloud import Catalogue
from mixbot.soundcloud import GrantEnded, SoundCloud, Tokens
from mixbot.soundcloud import tokens as keeping
from mixbot.store import Account, Store
from mixbot.store.backups import back_up, restore
from mixbot.store.engines import ANSWER_SECONDS
from mixbot.tokens import LinkedTokens, read, token_of, written
from mixbot.vault import CannotOpen, Vault
from tests.databases import database_url, store
from tests.refresher import PROVIDER, USER_ID

__all__ = ["database_url", "store"]

TOKEN_ENDPOINT = ("POST", "/oauth/token")
NOW = datetime(2026, 11, 27, tzinfo=UTC)
OLD, NEW = Tokens("old", "spends once", NOW, "*"), Tokens("new", "spends again", NOW, "*")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token may expire as soon as it is given, and who is refused reads again at once."""
    monkeypatch.setattr(keeping, "YOUNG", 0.0)
    monkeypatch.setattr(keeping, "REREADS", (0.0, 0.0))
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)


@pytest.fixture
def key() -> str:
    return Vault.new_key()


@pytest.fixture
def vault(key: str) -> Vault:
    return Vault.from_keys(key)


@pytest.fixture
def linked(store: Store, vault: Vault) -> LinkedTokens:
    """The tokens of everybody, as this process has them."""
    return LinkedTokens(store, vault)


@pytest.fixture
async def server() -> AsyncIterator[SoundCloudServer]:
    catalogue = Catalogue()
    catalogue.add_track(catalogue.add_user("forss"), "Flickermood", id=293)
    async with SoundCloudServer(catalogue) as server:
        server.register_app("client", "secret")
        yield server


@pytest.fixture
async def soundcloud(server: SoundCloudServer) -> AsyncIterator[SoundCloud]:
    async with client(server) as soundcloud:
        yield soundcloud


def client(server: SoundCloudServer, **options: Any) -> SoundCloud:
    return SoundCloud(
        server.api_url,
        auth_root=server.auth_url,
        client_id="client",
        client_secret="secret",
        **options,
    )


def given(server: SoundCloudServer) -> Tokens:
    told = server.tokens_for("listener", "client")
    return Tokens(told["access_token"], told["refresh_token"])


async def link(store: Store, vault: Vault, tokens: Tokens) -> Account:
    sealed = vault.seal(written(tokens), token_of(USER_ID, PROVIDER))
    account = Account(USER_ID, PROVIDER, "listener", "listener", "Listener", sealed, NOW)
    await store.save_account(account)
    return account


# One account


@pytest.mark.parametrize("tokens", [OLD, Tokens("alone"), Tokens("", "refreshes")], ids=repr)
def test_what_is_written_is_read(tokens: Tokens) -> None:
    found = read(written(tokens))
    assert (found, found.expires_at, found.scope) == (tokens, tokens.expires_at, tokens.scope)


async def test_tokens_are_kept_encrypted_for_their_account(
    store: Store, vault: Vault, linked: LinkedTokens
) -> None:
    await link(store, vault, OLD)
    mine = linked.of(USER_ID, PROVIDER)
    assert await mine.load() == OLD
    assert await mine.save(NEW, instead_of=OLD)
    assert await mine.load() == NEW
    account = await store.account(USER_ID, PROVIDER)
    assert account
    assert NEW.access_token.encode() not in account.token
    assert account == replace(await link(store, vault, NEW), token=account.token)


async def test_nobody_else_has_them(store: Store, vault: Vault, linked: LinkedTokens) -> None:
    account = await link(store, vault, OLD)
    assert await linked.of(USER_ID, "another").load() is None
    await store.save_account(replace(account, user_id=2))  # who writes to the database, say
    with pytest.raises(CannotOpen):
        await linked.of(2, PROVIDER).load()


async def test_what_no_key_opens_is_said_so(
    store: Store, linked: LinkedTokens, soundcloud: SoundCloud
) -> None:
    await link(store, Vault.from_keys(Vault.new_key()), OLD)
    with pytest.raises(CannotOpen):
        await soundcloud.with_tokens(linked.of(USER_ID, PROVIDER)).me()


async def test_an_account_that_was_unlinked_meanwhile_stays_so(
    store: Store, vault: Vault, linked: LinkedTokens
) -> None:
    await link(store, vault, OLD)
    mine = linked.of(USER_ID, PROVIDER)
    async with mine.refreshing():
        await store.delete_account(USER_ID, PROVIDER)
        assert not await mine.save(NEW, instead_of=OLD)
    assert await mine.load() is None
    assert not await mine.save(NEW, instead_of=None)  # only the bot's own begin with nothing
    assert await store.account(USER_ID, PROVIDER) is None


async def test_an_account_that_was_linked_again_meanwhile_is_the_new_one(
    store: Store, vault: Vault, linked: LinkedTokens
) -> None:
    await link(store, vault, OLD)
    mine, again = linked.of(USER_ID, PROVIDER), Tokens("again", "linked again")
    async with mine.refreshing():
        await link(store, vault, again)
        assert not await mine.save(NEW, instead_of=OLD)
    assert await mine.load() == again


async def test_an_account_that_is_linked_again_at_the_very_moment_is_the_new_one(
    store: Store, vault: Vault
) -> None:
    again = Tokens("again", "linked again")

    class Relinked(Store):
        async def replace_token(self, *arguments: Any, **options: Any) -> bool:
            await link(store, vault, again)
            return await super().replace_token(*arguments, **options)

    await link(store, vault, OLD)
    mine = LinkedTokens(Relinked(store._database), vault).of(USER_ID, PROVIDER)
    assert not await mine.save(NEW, instead_of=OLD)
    assert await mine.load() == again


# The lease


async def test_a_process_waits_for_itself_without_asking_the_database(
    store: Store, vault: Vault
) -> None:
    begun = 0

    class Counted(Store):
        async def begin_refreshing(self, *arguments: Any) -> bool:
            nonlocal begun
            begun += 1
            return await super().begin_refreshing(*arguments)

    await link(store, vault, OLD)
    linked = LinkedTokens(Counted(store._database), vault)
    order: list[str] = []
    entered, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with linked.of(USER_ID, PROVIDER).refreshing():
            entered.set()
            await leave.wait()
            order.append("first")

    async def second() -> None:
        async with linked.of(USER_ID, PROVIDER).refreshing():
            order.append("second")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await entered.wait()
        tasks.create_task(second())
        async with linked.of(2, PROVIDER).refreshing():  # others do not wait, and there is nothing
            pass
        assert begun == 2
        leave.set()
    assert order == ["first", "second"]
    assert begun == 3


async def test_a_process_waits_for_another_until_that_is_done_or_its_lease_is_over(
    store: Store, vault: Vault
) -> None:
    await link(store, vault, OLD)
    now = NOW
    refused = asyncio.Event()

    class Waiting(Store):
        async def begin_refreshing(self, *arguments: Any) -> bool:
            begun = await super().begin_refreshing(*arguments)
            if not begun:
                refused.set()
            return begun

    linked = LinkedTokens(Waiting(store._database), vault, now=lambda: now)

    async def refresh() -> None:
        async with linked.of(USER_ID, PROVIDER).refreshing():
            pass

    until = NOW + timedelta(seconds=20)
    for ends in ("done", "dead"):
        assert await store.begin_refreshing(USER_ID, PROVIDER, "another", now, until)
        refused.clear()
        waiting = asyncio.create_task(refresh())
        await asyncio.wait_for(refused.wait(), 10)
        assert not waiting.done()
        if ends == "done":
            await store.end_refreshing(USER_ID, PROVIDER, "another")
        else:
            now = until
        await waiting
        assert await store.begin_refreshing(USER_ID, PROVIDER, "third", now, now)  # it was ended


def test_a_lease_is_longer_than_what_is_done_under_it() -> None:
    """Begin it and read the tokens, each in its time, and ask SoundCloud."""
    call: float = inspect.signature(SoundCloud).parameters["timeout"].default
    assert module.LEASE.total_seconds() > 2 * ANSWER_SECONDS + call


# A database that is away


def away() -> OperationalError:
    return OperationalError("UPDATE accounts", {}, Exception("connection lost"))


async def test_a_database_that_is_away_for_a_moment_costs_no_account(
    store: Store, vault: Vault, server: SoundCloudServer, soundcloud: SoundCloud
) -> None:
    """Once before the new tokens arrive, once after; and when the lease is given back."""
    failing = ["before", "after"]

    class Shaky(Store):
        async def replace_token(self, *arguments: Any, **options: Any) -> bool:
            if failing.pop(0) == "after":
                await super().replace_token(*arguments, **options)
            raise away()

        async def end_refreshing(self, *arguments: Any) -> None:
            raise away()

    await link(store, vault, given(server))
    shaky = LinkedTokens(Shaky(store._database), vault)
    server.expire()
    assert (await soundcloud.with_tokens(shaky.of(USER_ID, PROVIDER)).me()).username == "listener"
    assert not failing
    sound = LinkedTokens(store, vault)
    assert (await soundcloud.with_tokens(sound.of(USER_ID, PROVIDER)).me()).username == "listener"
    assert (server.refreshes, server.reuses) == (1, 0)


# Keys that are rotated


async def test_what_was_sealed_anew_in_the_middle_of_a_refresh_is_replaced_all_the_same(
    store: Store, key: str, vault: Vault
) -> None:
    both = Vault.from_keys(f"{Vault.new_key()},{key}")

    class Rotated(Store):
        async def replace_token(self, *arguments: Any, **options: Any) -> bool:
            await rotation.rotate(store, both)
            return await super().replace_token(*arguments, **options)

    await link(store, vault, OLD)
    mine = LinkedTokens(Rotated(store._database), both).of(USER_ID, PROVIDER)
    assert await mine.save(NEW, instead_of=OLD)
    assert await mine.load() == NEW


async def test_rotating_does_not_overwrite_what_was_refreshed_meanwhile(
    store: Store, key: str, vault: Vault, linked: LinkedTokens
) -> None:
    both = Vault.from_keys(f"{Vault.new_key()},{key}")
    mine = linked.of(USER_ID, PROVIDER)
    refreshed: list[bool] = []

    class Refreshed(Store):
        async def reseal(self, table: str, *arguments: Any) -> int:
            if table == "accounts" and not refreshed:
                refreshed.append(await mine.save(NEW, instead_of=OLD))
            return await super().reseal(table, *arguments)

    await link(store, vault, OLD)
    found = await rotation.rotate(Refreshed(store._database), both)
    assert refreshed == [True]
    assert found.is_complete
    assert await LinkedTokens(store, both).of(USER_ID, PROVIDER).load() == NEW


async def test_keys_are_rotated_again_and_again_while_tokens_are_refreshed(
    store: Store, key: str, vault: Vault, server: SoundCloudServer, soundcloud: SoundCloud
) -> None:
    other = Vault.new_key()
    vaults = [Vault.from_keys(keys) for keys in (f"{other},{key}", f"{key},{other}")]
    await link(store, vault, given(server))

    async def rotate() -> None:
        while True:
            for newer in vaults:
                await rotation.rotate(store, newer)

    rotating = asyncio.create_task(rotate())
    linked = LinkedTokens(store, vaults[0])
    try:
        for _ in range(10):
            server.expire()
            mine = soundcloud.with_tokens(linked.of(USER_ID, PROVIDER))
            assert (await mine.me()).username == "listener"
        assert not rotating.done()
    finally:
        rotating.cancel()
        await asyncio.wait([rotating])
    assert (server.refreshes, server.reuses) == (10, 0)


# The bot's own


async def test_the_bot_s_own_tokens_outlive_it_and_are_shared(
    store: Store, vault: Vault, server: SoundCloudServer
) -> None:
    async def look(*, processes: int) -> int:
        """How often tokens are asked for by new processes that look at what is public."""
        before = len(server.requests_to(*TOKEN_ENDPOINT))
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(
                    client(
                        server,
                        app_tokens=LinkedTokens(store, vault).of_application(PROVIDER),
                    )
                )
                for _ in range(processes)
            ]
            await asyncio.gather(*(one.track(293) for one in clients))
        return len(server.requests_to(*TOKEN_ENDPOINT)) - before

    assert await look(processes=1) == 1
    assert await look(processes=4) == 0
    server.expire()
    assert await look(processes=4) == 1
    assert (server.refreshes, server.reuses) == (1, 0)


async def test_of_many_who_begin_at_once_all_use_the_tokens_of_one(
    store: Store, vault: Vault, server: SoundCloudServer
) -> None:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                client(server, app_tokens=LinkedTokens(store, vault).of_application(PROVIDER))
            )
            for _ in range(4)
        ]
        await asyncio.gather(*(one.track(293) for one in clients))
        begun = len(server.requests_to(*TOKEN_ENDPOINT))
        assert 1 <= begun <= 4
        server.expire()
        await asyncio.gather(*(one.track(293) for one in clients))
        assert len(server.requests_to(*TOKEN_ENDPOINT)) == begun + 1
    assert (server.refreshes, server.reuses) == (1, 0)


async def test_the_bot_s_own_tokens_that_no_key_opens_are_replaced(
    store: Store, linked: LinkedTokens, server: SoundCloudServer
) -> None:
    lost = LinkedTokens(store, Vault.from_keys(Vault.new_key())).of_application(PROVIDER)
    assert await lost.save(OLD, instead_of=None)
    own = linked.of_application(PROVIDER)
    async with client(server, app_tokens=own) as soundcloud:
        assert (await soundcloud.track(293)).title == "Flickermood"
    assert await own.load()


async def test_the_bot_s_own_tokens_are_nobody_s(
    store: Store, database_url: str, linked: LinkedTokens, vault: Vault, tmp_path: Path
) -> None:
    own = linked.of_application(PROVIDER)
    await link(store, vault, OLD)
    assert await own.save(NEW, instead_of=None)
    await store.forget(USER_ID)
    await store.purge(datetime.now(UTC) + timedelta(days=9999))
    assert await own.load() == NEW
    # and a bot that nobody has used yet is no reason not to restore
    backup = tmp_path / "backup"
    await back_up(database_url, backup)
    await restore(database_url, backup)
    assert await own.load() == NEW


# Processes


class Process:
    """One of several that act for the account."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout

    def start(self, calls: int) -> None:
        self._stdin.write(b"%d\n" % calls)

    async def answers(self) -> list[str]:
        return (await self._stdout.readline()).decode().split()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        self._stdin.close()
        await self._process.wait()


@asynccontextmanager
async def processes(
    number: int, address: str, key: str, server: SoundCloudServer, *, lease: float = 20
) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        started = []
        for _ in range(number):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.refresher", address, key, server.url, str(lease)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[1],
            )
            started.append(Process(process))
            stack.push_async_callback(started[-1].end)
        for one in started:
            assert await one.answers() == ["ready"]
        yield started


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_processes_that_refresh_an_account_at_once_never_lose_it(
    store: Store, database_url: str, key: str, vault: Vault, server: SoundCloudServer
) -> None:
    await link(store, vault, given(server))
    rounds, calls = 6, 3
    async with processes(4, database_url, key, server) as started:
        for number in range(1, rounds + 1):
            server.expire()
            if number % 3 == 0:  # longer than the others wait before they look again
                server.fault(*TOKEN_ENDPOINT, Slow(0.5), times=1)
            for one in started:
                one.start(calls)
            assert [await one.answers() for one in started] == [["listener"] * calls] * 4
            assert (server.refreshes, server.reuses) == (number, 0)
    assert len(server.requests_to(*TOKEN_ENDPOINT)) == rounds


@dataclass(frozen=True, slots=True)
class Spent:
    """The request is granted, and its answer never arrives."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        await situation.proceed()
        return await Hang().answer(situation)


async def dies_while_asking(address: str, key: str, server: SoundCloudServer, fault: Fault) -> None:
    """Have a process begin to refresh, and kill it while `fault` keeps it waiting."""
    server.expire()
    server.fault(*TOKEN_ENDPOINT, fault, times=1)
    async with processes(1, address, key, server, lease=0.5) as [doomed]:
        asking = asyncio.create_task(server.requested(*TOKEN_ENDPOINT))
        doomed.start(1)
        await asking
        await doomed.kill()


async def test_who_dies_before_soundcloud_granted_anything_leaves_the_account_to_others(
    store: Store,
    database_url: str,
    key: str,
    server: SoundCloudServer,
    soundcloud: SoundCloud,
    linked: LinkedTokens,
    vault: Vault,
) -> None:
    await link(store, vault, given(server))
    await dies_while_asking(database_url, key, server, Hang())
    other = soundcloud.with_tokens(linked.of(USER_ID, PROVIDER))
    assert (await other.me()).username == "listener"
    assert (server.refreshes, server.reuses) == (1, 0)


async def test_who_dies_with_what_soundcloud_granted_takes_the_account_along(
    store: Store,
    database_url: str,
    key: str,
    server: SoundCloudServer,
    soundcloud: SoundCloud,
    linked: LinkedTokens,
    vault: Vault,
) -> None:
    """Nobody can help it: what was granted was told once, to a process that is gone."""
    await link(store, vault, given(server))
    await dies_while_asking(database_url, key, server, Spent())
    other = soundcloud.with_tokens(linked.of(USER_ID, PROVIDER))
    with pytest.raises(GrantEnded):
        await other.me()
    await link(store, vault, given(server))
    assert (await other.me()).username == "listener"
