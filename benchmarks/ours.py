"""Mixbot, and the Mixcloud it asks, as processes for `benchmarks.bot`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from multiprocessing.connection import Connection
from string import ascii_lowercase

from aiohttp import web

from benchmarks.pong import connected
from benchmarks.processes import answering
from mixbot import app, bot, logs
from mixbot.sandbox import MixcloudServer
from mixbot.services import MIXCLOUD
from mixbot.settings import Settings
from mixbot.store import Account, Store
from mixbot.tokens import token_of
from mixbot.vault import Vault

RESULTS = 20  # of a search
QUERIES = 256


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of the process that is Mixcloud."""

    url: str
    keys: list[str]
    queries: list[str]
    tokens: list[str]


# Mixcloud


class TimedMixcloud(MixcloudServer):
    """Mixcloud that knows how long each of its answers took."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def take_seconds(self) -> list[float]:
        taken, self.seconds = self.seconds, []
        return taken

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        response = await super()._handle(request)
        self.seconds.append(time.perf_counter() - started)
        return response


def run_mixcloud(pipe: Connection, listeners: int) -> None:
    """Serve until the other end of `pipe` is closed; tells how long answers took since asked."""

    async def run() -> None:
        async with TimedMixcloud() as server:
            catalogue = server.catalogue
            words = (" ".join(letters) for letters in product(ascii_lowercase, repeat=2))
            queries = [word for word in words if len(catalogue.search_shows(word)) >= RESULTS]
            tokens = [server.token_for(f"listener-{number}") for number in range(listeners)]
            keys = [show.key for show in catalogue.popular()]
            pipe.send(Served(server.url, keys, queries[:QUERIES], tokens))
            await answering(pipe, {"answers": server.take_seconds})

    asyncio.run(run())


# Mixbot


def run_mixbot(
    pipe: Connection, settings: Settings, tokens: dict[int, str], kept: int | None = None
) -> None:
    """Mixbot as `mixbot run` starts it, but for its web pages; `tokens` are of linked users.

    `kept` is how many pages and shows it keeps, if not as many as usual.
    """
    if kept is not None:
        bot.PAGES_KEPT = bot.DETAILS_KEPT = kept
    logs.configure(settings)

    async def run() -> None:
        async with app.assembled(settings) as parts:
            await _link(parts.store, settings, tokens)
            await app.log_in(parts.bot, settings)
            app.spare_the_collector()
            await connected(parts.bot, pipe)

    asyncio.run(run())


async def _link(store: Store, settings: Settings, tokens: dict[int, str]) -> None:
    assert settings.encryption_keys
    vault = Vault.from_keys(settings.encryption_keys.get_secret_value())
    now = datetime.now(UTC)
    for user_id, token in tokens.items():
        name, sealed = f"listener-{user_id}", vault.seal(token, token_of(user_id, MIXCLOUD))
        account = Account(user_id, MIXCLOUD, f"/{name}/", name, name, sealed, now)
        await store.save_account(account)
