"""Answers that are kept, and questions that are asked once."""

import asyncio

import aiohttp
import pytest

from mixbot.mixcloud import Mixcloud, NotFound, ResponseCache, Unreachable
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Hang, ServerError
from tests.mixcloud.conftest import Client

PATH = "/juno/show-1/"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(server: MixcloudServer, path: str = PATH) -> int:
    return len(server.requests_to("GET", path))


async def test_an_answer_is_kept_for_its_time(client: Client, server: MixcloudServer) -> None:
    clock = Clock()
    mixcloud = client(cache=ResponseCache(seconds=60, clock=clock))
    first = await mixcloud.get(PATH)
    clock.now = 59
    assert await mixcloud.get(PATH) == first
    assert asked(server) == 1
    clock.now = 61
    await mixcloud.get(PATH)
    assert asked(server) == 2


async def test_nobody_changes_what_another_reads(client: Client) -> None:
    mixcloud = client(cache=ResponseCache())
    first = await mixcloud.get("juno/show-1")
    first.data["name"] = "scribbled over"
    assert (await mixcloud.get("juno/show-1")).data["name"] == "Show 1"


async def test_without_a_cache_every_read_asks(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    await mixcloud.get(PATH)
    await mixcloud.get(PATH)
    assert asked(server) == 2


async def test_what_is_somebodys_own_is_neither_kept_nor_shared(
    client: Client, server: MixcloudServer
) -> None:
    mixcloud = client(cache=ResponseCache())
    await mixcloud.get(PATH)
    acting = mixcloud.with_token(server.token_for("listener"))
    await acting.favorite(PATH)
    assert (await acting.get(PATH)).favorited is True
    assert (await mixcloud.get(PATH)).get("favorited") is None
    assert asked(server) == 2


async def test_a_hundred_who_ask_at_once_ask_once(client: Client, server: MixcloudServer) -> None:
    mixcloud = client(cache=ResponseCache())
    shows = await asyncio.gather(*(mixcloud.get(PATH) for _ in range(100)))
    assert asked(server) == 1
    assert {show.name for show in shows} == {"Show 1"}


async def test_failures_are_shared_by_those_who_wait_but_not_kept(
    client: Client, server: MixcloudServer
) -> None:
    mixcloud = client(cache=ResponseCache())
    server.fault("GET", PATH, ServerError())
    with pytest.raises(Unreachable):
        await mixcloud.get(PATH)
    server.clear_faults()
    assert (await mixcloud.get(PATH)).name == "Show 1"
    with pytest.raises(NotFound):
        await mixcloud.get("juno/nothing")
    server.catalogue.add_show("juno", "Nothing")
    assert (await mixcloud.get("juno/nothing")).name == "Nothing"


async def test_who_gives_up_leaves_the_others_waiting_and_the_last_one_ends_it(
    client: Client, server: MixcloudServer
) -> None:
    # With room for one connection, the next call is stuck if this one keeps it.
    connector = aiohttp.TCPConnector(limit=1)
    mixcloud = client(cache=ResponseCache(), connector=connector)
    server.fault("GET", PATH, Hang())
    arrival = asyncio.create_task(server.requested("GET", PATH))
    readers = [asyncio.create_task(mixcloud.get(PATH)) for _ in range(3)]
    await arrival
    for reader in readers[:2]:
        reader.cancel()
    await asyncio.wait(readers[:2])
    assert not readers[2].done()
    readers[2].cancel()
    await asyncio.wait(readers[2:])
    assert all(reader.cancelled() for reader in readers)
    server.clear_faults()
    assert (await mixcloud.get(PATH)).name == "Show 1"
    assert asked(server) == 2
    await connector.close()


async def test_it_holds_no_more_bytes_than_it_may(client: Client, server: MixcloudServer) -> None:
    mixcloud = client(cache=ResponseCache(size=10))
    await mixcloud.get(PATH)
    await mixcloud.get(PATH)
    assert asked(server) == 2
    cache = ResponseCache()
    mixcloud = client(cache=cache)
    await mixcloud.get(PATH)
    cache.clear()
    await mixcloud.get(PATH)
    assert asked(server) == 4
