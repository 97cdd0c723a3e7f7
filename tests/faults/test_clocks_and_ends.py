"""Clocks that jump, and links made by a process that died before it could say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mixbot.accounts import FINISH_LEASE, Accounts, CodeToEnter, Linked, LinkExpired, Person
from mixbot.sandbox import MixcloudServer
from mixbot.services import MIXCLOUD
from mixbot.store import Store, Upload
from tests.databases import database_url, store
from tests.linking import CLIENT_ID, Clock, mixcloud_server
from tests.test_accounts import ADA, accounts, clock, link, mixcloud

__all__ = ["accounts", "clock", "database_url", "mixcloud", "mixcloud_server", "store"]

SECOND = timedelta(seconds=1)


class Process:
    """Another process on the same store, and whom it has told."""

    def __init__(self, like: Accounts, clock: Clock) -> None:
        self.told: list[Linked] = []
        self.accounts = Accounts(like._store, like._mixcloud, vault=like._vault, now=clock)
        self.accounts.on_linked = self._tell

    async def _tell(self, linked: Linked) -> None:
        self.told.append(linked)

    async def recover(self) -> list[Linked]:
        await self.accounts.recover()
        await self.accounts.close()
        return self.told


async def link_and_die(accounts: Accounts, server: MixcloudServer) -> Linked:
    """Link Ada's account, and die before she is told."""

    async def die(linked: Linked) -> None:
        raise ConnectionError("the power was cut")

    accounts.on_linked = die
    linked = await link(accounts, server)
    await accounts.close()
    return linked


async def test_who_was_not_told_is_told_by_the_next_process_once(
    accounts: Accounts, mixcloud_server: MixcloudServer, clock: Clock, store: Store
) -> None:
    linked = await link_and_die(accounts, mixcloud_server)
    other = Process(accounts, clock)
    assert await other.recover() == []  # it may still be under way
    clock.now += FINISH_LEASE + SECOND
    await store.purge(clock.now)
    [told] = await other.recover()
    assert (told.user_id, told.waiting, told.reply) == (ADA, linked.waiting, linked.reply)
    assert told.account.name == linked.account.name
    clock.now += FINISH_LEASE + SECOND
    assert await Process(accounts, clock).recover() == []
    assert await store.account(ADA, MIXCLOUD)
    assert not (await store.remembered(ADA))["link_attempts"]


async def test_what_waited_too_long_is_not_done_behind_anybodys_back(
    accounts: Accounts, mixcloud_server: MixcloudServer, clock: Clock, store: Store
) -> None:
    await link_and_die(accounts, mixcloud_server)
    clock.advance(minutes=16)
    assert await Process(accounts, clock).recover() == []
    await store.purge(clock.now)
    assert not (await store.remembered(ADA))["link_attempts"]


async def test_who_has_begun_again_is_left_alone(
    accounts: Accounts, mixcloud_server: MixcloudServer, clock: Clock
) -> None:
    await link_and_die(accounts, mixcloud_server)
    await accounts.start_link(Person(ADA, "Ada"))
    clock.now += FINISH_LEASE + SECOND
    assert await Process(accounts, clock).recover() == []


async def test_a_clock_that_jumps_back_keeps_a_link_alive(
    accounts: Accounts, mixcloud_server: MixcloudServer, clock: Clock
) -> None:
    address = (await accounts.start_link(Person(ADA, "Ada"))).rpartition("/")[2]
    clock.advance(hours=-3)
    onward = await accounts.continue_link(address, browser="cookie")
    clock.advance(hours=3)
    redirect_uri = onward.partition("redirect_uri=")[2].partition("&")[0]
    redirect_uri = redirect_uri.replace("%3A", ":").replace("%2F", "/")
    code = mixcloud_server.code_for("ada.plays", CLIENT_ID, redirect_uri)
    done = await accounts.finish_link(redirect_uri.rpartition("/")[2], code, browser="cookie")
    assert isinstance(done, CodeToEnter)
    clock.advance(hours=-1)
    assert (await accounts.enter_code(ADA, done.code)).user_id == ADA


async def test_a_clock_that_jumps_ahead_ends_a_link_and_the_next_one_works(
    accounts: Accounts, mixcloud_server: MixcloudServer, clock: Clock
) -> None:
    address = (await accounts.start_link(Person(ADA, "Ada"))).rpartition("/")[2]
    clock.advance(days=400)
    with pytest.raises(LinkExpired):
        await accounts.continue_link(address, browser="cookie")
    assert (await link(accounts, mixcloud_server)).user_id == ADA
    clock.advance(days=-400)
    assert (await link(accounts, mixcloud_server)).user_id == ADA


async def test_a_lease_that_a_jump_ends_is_one_process_s_only(store: Store, clock: Clock) -> None:
    """Both take it for theirs, and the store believes one."""
    draft = Upload(
        id="a", user_id=ADA, key=None, material="{}", state="draft", language="en",
        changed_at=clock.now, channel_id=1, in_channel=False,
    )  # fmt: skip
    await store.save_upload(draft)
    lease = {"holder": "first", "alive_until": clock.now + timedelta(seconds=30)}
    assert await store.begin_sending("a", ADA, clock.now, **lease)
    clock.advance(hours=1)
    assert [one.id for one in await store.take_abandoned(clock.now)] == ["a"]
    assert await store.keep_sending("a", "first", clock.now) is None
    assert await store.end_sending("a", "first", state="done", key="/a/b/") is None
    clock.advance(hours=-2)
    assert await store.begin_sending("a", ADA, clock.now, **lease | {"holder": "second"})
    assert await store.take_abandoned(clock.now) == []
