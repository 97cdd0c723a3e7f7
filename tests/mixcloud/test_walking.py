"""All items of a list, across its pages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from mixbot.mixcloud import InvalidArgument, Mixcloud, RateLimited
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Hang, RateLimit, Raw
from mixbot.sandbox.mixcloud.faults import Situation
from tests.mixcloud.conftest import Client

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ALL = [f"/juno/show-{number}/" for last in range(45, 0, -3) for number in range(last - 2, last + 1)]


@pytest.fixture
def server(server: MixcloudServer) -> MixcloudServer:
    """Juno's 45 shows, three of them at a time: Mixcloud's links between pages split the three."""
    for number, show in enumerate(sorted(server.catalogue.shows, key=lambda show: show.created)):
        show.created = START + timedelta(days=number // 3)
    return server


async def keys(items: AsyncIterator[Any]) -> list[str]:
    return [item.key async for item in items]


def pages_asked(server: MixcloudServer, path: str) -> int:
    return len(server.requests_to("GET", path))


@pytest.mark.parametrize("paging", [{}, {"offset": 0}, {"limit": 7}, {"limit": 45}])
async def test_every_show_comes_once_in_both_ways_of_paging(
    mixcloud: Mixcloud, paging: dict[str, int]
) -> None:
    page = await mixcloud.list_at("juno/cloudcasts", **paging)  # type: ignore[arg-type]
    assert await keys(mixcloud.walk(page)) == ALL


async def test_what_moves_to_the_next_page_meanwhile_comes_once(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    page = await mixcloud.list_at("juno/cloudcasts", offset=0, limit=10)
    server.catalogue.add_show("juno", "Newest", created=datetime.now(UTC) + timedelta(days=1))
    assert await keys(mixcloud.walk(page)) == ALL


async def test_no_more_is_asked_for_than_is_wanted(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    page = await mixcloud.list_at("juno/cloudcasts", limit=10)
    assert await keys(mixcloud.walk(page, most=19)) == ALL[:19]
    assert pages_asked(server, "/juno/cloudcasts/") == 2
    assert await keys(mixcloud.walk(page, most=20)) == ALL[:20]
    assert await keys(mixcloud.walk(page, most=0)) == []
    with pytest.raises(InvalidArgument, match="most is -1"):
        await keys(mixcloud.walk(page, most=-1))


async def test_the_next_page_is_asked_for_while_this_one_is_read(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    walk = mixcloud.walk(await mixcloud.list_at("juno/cloudcasts", limit=10))
    second = asyncio.create_task(server.requested("GET", "/juno/cloudcasts/"))
    await anext(walk)
    await second


async def test_leaving_early_leaves_nothing_open(client: Client, server: MixcloudServer) -> None:
    # With room for one connection, the next call is stuck if this one keeps it.
    async with aiohttp.TCPConnector(limit=1) as connector:
        mixcloud = client(connector=connector)
        page = await mixcloud.list_at("juno/cloudcasts", limit=10)
        server.fault("GET", "/juno/cloudcasts/", Hang())
        arrival = asyncio.create_task(server.requested("GET", "/juno/cloudcasts/"))
        walk: Any = mixcloud.walk(page)
        await anext(walk)
        await arrival
        await walk.aclose()
        assert len(await mixcloud.popular()) == 20


async def test_a_date_ends_a_list_that_goes_by_it(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    page = await mixcloud.list_at("juno/cloudcasts", limit=10)
    assert await keys(mixcloud.walk(page, since=START + timedelta(days=10))) == ALL[:15]
    assert pages_asked(server, "/juno/cloudcasts/") == 2


async def test_a_date_sorts_out_where_a_list_goes_by_something_else(mixcloud: Mixcloud) -> None:
    page = await mixcloud.popular(limit=10)
    found = await keys(mixcloud.walk(page, since=START + timedelta(days=10)))
    assert set(found) & set(ALL) == set(ALL[:15])


async def test_favorites_end_with_the_page_in_which_the_date_lies(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    catalogue, start = server.catalogue, datetime(2026, 1, 1, tzinfo=UTC)
    fan = catalogue.add_user("fan")
    for day, show in enumerate(catalogue.shows_of(_user(server, "juno"))):
        catalogue.favorites.add(fan, show, start + timedelta(days=day))
    page = await mixcloud.list_at("fan/favorites", limit=10)
    found = await keys(mixcloud.walk(page, since=start + timedelta(days=31)))
    assert 14 <= len(found) <= 20


async def test_a_refusal_in_the_middle_is_raised_whatever_the_client_does_with_errors(
    client: Client, server: MixcloudServer
) -> None:
    page = await client().list_at("juno/cloudcasts", limit=10)
    server.fault("GET", "/juno/cloudcasts/", RateLimit(30))
    with pytest.raises(RateLimited):
        await keys(client().walk(page))
    with pytest.raises(Exception, match="breaks off"):
        await keys(client(raise_exceptions=False).walk(page))


@pytest.mark.parametrize("last", ["itself", "empty"])
async def test_a_list_ends_though_it_names_a_next_page(
    client: Client, server: MixcloudServer, last: str
) -> None:
    mixcloud = client()
    page = await mixcloud.list_at("juno/cloudcasts", limit=10, offset=40)
    address = {
        "itself": f"{server.api_url}/juno/cloudcasts/?limit=10&offset=40",
        "empty": f"{server.api_url}/juno/cloudcasts/?limit=10&offset=900",
    }[last]
    page.data["paging"]["next"] = address
    assert await keys(mixcloud.walk(page)) == ALL[40:]


async def test_no_page_is_fetched_from_another_host(client: Client, server: MixcloudServer) -> None:
    mixcloud = client(access_token=server.token_for("listener"))
    page = await mixcloud.list_at("juno/cloudcasts", limit=10)
    page.data["paging"]["next"] = "https://elsewhere.example/juno/cloudcasts/"
    with pytest.raises(InvalidArgument, match="own host"):
        await keys(mixcloud.walk(page))


def _user(server: MixcloudServer, username: str) -> Any:
    user = server.catalogue.user(username)
    assert user is not None
    return user


async def test_hosts_and_tags_are_held_once(mixcloud: Mixcloud) -> None:
    page = await mixcloud.list_at("juno/cloudcasts", limit=10)
    shows = [show async for show in page.all()]
    assert len({id(show.data["user"]) for show in shows}) == 1
    assert len({id(tag) for show in shows for tag in show.data["tags"]}) == 2
    assert [tag.name for tag in shows[-1].tags] == ["Jazz", "Broken beat"]


async def test_items_may_be_anything(client: Client, server: MixcloudServer) -> None:
    odd = (
        b'{"data": [{"a": 1}, {"a": 1}, {"key": 5, "tags": ["x", {}], "user": 3}, {"key": "/a/"}]}'
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(odd)}\r\n\r\n"
    server.fault("GET", "/odd/", Raw(head.encode() + odd))
    mixcloud = client()
    page = await mixcloud.list_at("odd")
    assert len([item async for item in mixcloud.walk(page)]) == 4


class Circle:
    """The same page over and over, each time under another address."""

    def __init__(self) -> None:
        self.pages = 0

    async def answer(self, situation: Situation) -> web.StreamResponse:
        self.pages += 1
        following = f"http://{situation.request.host}/circle/?offset={self.pages}"
        page = {"data": [{"key": "/a/"}, {"key": "/b/"}], "paging": {"next": following}}
        return web.json_response(page)


async def test_a_list_that_goes_round_in_circles_ends(
    client: Client, server: MixcloudServer
) -> None:
    circle = Circle()
    server.fault("GET", "/circle/", circle)
    mixcloud = client()
    assert await keys(mixcloud.walk(await mixcloud.list_at("circle"))) == ["/a/", "/b/"]
    assert circle.pages <= 6
