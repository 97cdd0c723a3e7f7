"""Asking a MixcloudServer things as a stranger would: with a plain HTTP client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from mixbot.sandbox import MixcloudServer


@dataclass(frozen=True)
class Answer:
    """An answer, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def names(self) -> list[str]:
        """What the items of a list are called."""
        return [item["name"] for item in self.json["data"]]

    @property
    def next(self) -> str:
        return str(self.json["paging"]["next"])

    @property
    def previous(self) -> str:
        return str(self.json["paging"]["previous"])


class Calls:
    """A client that follows no redirects and keeps no cookies."""

    def __init__(self, session: aiohttp.ClientSession, server: MixcloudServer) -> None:
        self.session = session
        self._server = server

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:
        address = path if path.startswith("http") else self._server.url + path
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, address, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **query: str | int) -> Answer:
        return await self("GET", path, params=query or None)

    async def page(self, path: str) -> Answer:
        """What a browser gets."""
        return await self("GET", path, headers={"Accept": "text/html,*/*;q=0.8"})


@asynccontextmanager
async def calling(server: MixcloudServer) -> AsyncIterator[Calls]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Calls(session, server)
