"""What a client can be told when it is made."""

import json
from typing import Any

import aiohttp
import pytest

from mixbot.mixcloud import (
    AccessDict,
    Exchange,
    InvalidArgument,
    Mixcloud,
    Resource,
    ResourceList,
    Unreachable,
)
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import CutBody, Html403, RateLimit
from tests.mixcloud.conftest import Client

SHOW = "juno/show-1"


async def test_a_refusal_can_be_an_answer(client: Client, server: MixcloudServer) -> None:
    acting = client(raise_exceptions=False, access_token="wrong")
    for answer in (
        await acting.get("juno/nothing"),
        await acting.list_at("nobody/cloudcasts"),
        await acting.search("jazz"),
        await acting.me(),
        await acting.favorite(SHOW),
        await acting.embed_json(SHOW),
        await acting.embed_html("juno/nothing"),
        await (await client().get(SHOW)).load(),
    ):
        refusal: Any = answer
        if isinstance(refusal, AccessDict):
            assert refusal.error.message == refusal["error"]["message"]
            assert refusal.error.type
    show = await client(raise_exceptions=False).user("nobody")
    assert isinstance(show, AccessDict)
    assert show.error.type == "ObjectNotFoundException"


async def test_what_is_no_json_is_none_then(client: Client, server: MixcloudServer) -> None:
    server.fault("GET", "/juno/", Html403())
    answer: Any = await client(raise_exceptions=False).get("juno")
    assert answer is None


async def test_no_answer_at_all_is_raised_all_the_same(
    client: Client, server: MixcloudServer
) -> None:
    mixcloud = client(raise_exceptions=False)
    server.fault("GET", "/juno/", CutBody())
    with pytest.raises(Unreachable):
        await mixcloud.get("juno")
    with pytest.raises(InvalidArgument):
        await mixcloud.search("jazz", type="song")  # type: ignore[call-overload]


async def test_a_client_tells_of_every_exchange_and_no_token(
    client: Client, server: MixcloudServer
) -> None:
    told: list[Exchange] = []
    token = server.token_for("listener")
    mixcloud = client(access_token=token, on_exchange=told.append)
    await mixcloud.get(SHOW)
    server.fault("GET", "/juno/", CutBody(), times=1)
    await mixcloud.get("juno")
    await mixcloud.favorite(SHOW)
    assert [(one.method, one.path, one.status) for one in told] == [
        ("GET", "/juno/show-1/", 200),
        ("GET", "/juno/", None),
        ("GET", "/juno/", 200),
        ("POST", "/juno/show-1/favorite/", 200),
    ]
    assert all(one.seconds > 0 for one in told)
    assert [one.size > 0 for one in told] == [True, False, True, True]
    assert token not in repr(told)


async def test_an_error_tells_its_type_and_what_else_mixcloud_says(
    client: Client, server: MixcloudServer
) -> None:
    server.fault("GET", "/juno/", RateLimit(30))
    with pytest.raises(Exception, match="rate limit") as caught:
        await client().get("juno")
    error: Any = caught.value
    assert (error.type, error.status) == ("RateLimitException", 403)
    assert error.extra == {"retry_after": 30}


async def test_requests_go_through_the_proxy(server: MixcloudServer) -> None:
    async with Mixcloud(
        "http://api.mixcloud.invalid", access_token=None, proxy=server.url
    ) as mixcloud:
        assert (await mixcloud.get(SHOW)).name == "Show 1"
    assert server.requests_to("GET", "/juno/show-1/")


async def test_a_connector_is_used_and_left_open(client: Client) -> None:
    async with aiohttp.TCPConnector(limit=1) as connector:
        mixcloud = client(connector=connector)
        await mixcloud.get(SHOW)
        await mixcloud.close()
        assert not connector.closed
        async with aiohttp.ClientSession() as session:
            with pytest.raises(InvalidArgument, match="session brings"):
                Mixcloud(session=session, connector=connector)


class Shouting(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(object_hook=self.shout, **options)

    @staticmethod
    def shout(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"name": data["name"].upper()} if "name" in data else data


class Mine(Resource):
    """A resource of somebody's own."""


class MyList(ResourceList):
    """A list of somebody's own."""


async def test_answers_are_read_and_made_with_what_is_given(client: Client) -> None:
    mixcloud = client(json_decoder_class=Shouting, resource_class=Mine, resource_list_class=MyList)
    assert (await mixcloud.get(SHOW)).name == "SHOW 1"
    page = await mixcloud.popular()
    assert type(page) is MyList
    assert type(page[0]) is Mine
    assert isinstance(await mixcloud.get("juno"), Mine)


async def test_defaults_are_attributes_of_the_class(server: MixcloudServer) -> None:
    class Ours(Mixcloud):
        api_root = server.api_url
        mixcloud_root = server.site_url

    async with Ours(access_token=None) as mixcloud:
        assert (await mixcloud.get(SHOW)).name == "Show 1"
