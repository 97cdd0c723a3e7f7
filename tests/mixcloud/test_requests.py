"""What exactly is sent: the address, the query and the headers of each kind of call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses
from multidict import CIMultiDict
from yarl import URL

from mixbot.mixcloud import Mixcloud, MixcloudOAuth

API = "https://api.mixcloud.com"
DONE = {"result": {"success": True, "message": "Done"}}


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    # aioresponses 0.7.9 does not fill `stream_writer`, which aiohttp 3.14 requires
    response = partial(ClientResponse, stream_writer=Mock())
    monkeypatch.setattr("aioresponses.core.ClientResponse", response)
    with aioresponses() as wire:
        yield wire


def only_request(wire: aioresponses) -> tuple[str, URL, CIMultiDict[str]]:
    """Method, address and headers of the one request that was made."""
    [((method, url), [call])] = wire.requests.items()
    return method, url, CIMultiDict(call.kwargs.get("headers") or {})


async def test_a_search_asks_for_types_and_sends_no_token(wire: aioresponses) -> None:
    address = URL(f"{API}/search/?q=caf%C3%A9+%26+jazz&type=cloudcast&metadata=1&limit=5")
    wire.get(address, payload={"data": []})
    async with Mixcloud() as mixcloud:
        await mixcloud.search("café & jazz", limit=5)
    method, url, headers = only_request(wire)
    assert method == "GET"
    assert dict(url.query) == {
        "q": "café & jazz",
        "type": "cloudcast",
        "metadata": "1",
        "limit": "5",
    }
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("verb", "method", "path"),
    [
        ("favorite", "POST", "/ada/night/favorite/"),
        ("unfavorite", "DELETE", "/ada/night/favorite/"),
        ("repost", "POST", "/ada/night/repost/"),
        ("listen_later", "POST", "/ada/night/listen-later/"),
        ("unlisten_later", "DELETE", "/ada/night/listen-later/"),
    ],
)
async def test_an_action_is_one_request_with_the_token_in_the_query(
    wire: aioresponses, verb: str, method: str, path: str
) -> None:
    wire.add(f"{API}{path}?access_token=s3cret", method=method, payload=DONE)
    async with Mixcloud(access_token="s3cret") as mixcloud:
        await getattr(mixcloud, verb)("ada/night")
    sent, url, headers = only_request(wire)
    assert (sent, url.path) == (method, path)
    assert dict(url.query) == {"access_token": "s3cret"}
    assert "Authorization" not in headers


async def test_the_exchange_of_a_code_carries_no_token(wire: aioresponses) -> None:
    query = "client_id=id&redirect_uri=https%3A%2F%2Fx.org%2Fn&client_secret=s&code=c"
    wire.get(
        f"https://www.mixcloud.com/oauth/access_token?{query}", payload={"access_token": "new"}
    )
    async with Mixcloud(access_token="s3cret") as mixcloud:
        oauth = MixcloudOAuth(
            client_id="id", client_secret="s", redirect_uri="https://x.org/n", mixcloud=mixcloud
        )
        assert await oauth.access_token("c") == "new"
    _, url, _ = only_request(wire)
    assert dict(url.query) == {
        "client_id": "id",
        "redirect_uri": "https://x.org/n",
        "client_secret": "s",
        "code": "c",
    }
