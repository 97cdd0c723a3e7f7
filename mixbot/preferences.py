"""What servers and people have decided for themselves, kept at hand for every answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from cachetools import TTLCache

from mixbot.store import PersonSettings, ServerSettings, Store

log = logging.getLogger(__name__)

T = TypeVar("T")

AT_HAND = 0.5  # seconds; an answer in another language is better than none
SECONDS = 300.0  # how soon a process learns what was decided through another
MOST = 20_000


class Preferences:
    """The settings of servers and people. Who has decided nothing has the defaults."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._servers: TTLCache[int, ServerSettings] = TTLCache(MOST, SECONDS)
        self._people: TTLCache[int, PersonSettings] = TTLCache(MOST, SECONDS)

    async def server(self, guild_id: int | None) -> ServerSettings:
        """The settings of a server; outside of servers, the defaults."""
        if guild_id is None:
            return NOWHERE
        settings = self._servers.get(guild_id)
        if settings is None:
            settings = await self._store.server(guild_id) or ServerSettings(guild_id)
            self._servers[guild_id] = settings
        return settings

    async def person(self, user_id: int) -> PersonSettings:
        """The settings of a person."""
        settings = self._people.get(user_id)
        if settings is None:
            settings = await self._store.person(user_id) or PersonSettings(user_id)
            self._people[user_id] = settings
        return settings

    async def server_at_hand(self, guild_id: int | None) -> ServerSettings:
        """The settings of a server. Where the store does not tell them now: the defaults, but what
        may have to be private is."""
        if guild_id is None:
            return NOWHERE
        try:
            return self._servers[guild_id]  # one look into the cache: this is for every answer
        except KeyError:
            return await _at_hand(self.server(guild_id), ServerSettings(guild_id, private=True))

    async def person_at_hand(self, user_id: int) -> PersonSettings:
        """The settings of a person, or the defaults where the store does not tell them now."""
        try:
            return self._people[user_id]
        except KeyError:
            return await _at_hand(self.person(user_id), PersonSettings(user_id))

    async def decide_for_server(self, settings: ServerSettings) -> None:
        """From now on a server has these settings."""
        await self._store.save_server(settings)
        self._servers[settings.guild_id] = settings

    async def decide_for_person(self, settings: PersonSettings) -> None:
        """From now on a person has these settings."""
        await self._store.save_person(settings)
        self._people[settings.user_id] = settings

    def forget(self, user_id: int) -> None:
        """Ask the store again about a person."""
        self._people.pop(user_id, None)

    def forget_servers(self) -> None:
        """Ask the store again about every server."""
        self._servers.clear()


NOWHERE = ServerSettings(guild_id=0)


async def _at_hand(asked: Coroutine[Any, Any, T], otherwise: T) -> T:
    """What comes of `asked`, or `otherwise` where that fails or is not there in a moment."""
    task = asyncio.create_task(asked)
    await asyncio.wait((task,), timeout=AT_HAND)
    if not task.done():
        task.add_done_callback(_told)
    elif not _told(task):
        return task.result()
    return otherwise


def _told(task: asyncio.Task[Any]) -> bool:
    """Whether `task` has failed, which the log then knows."""
    if task.cancelled():
        return True
    if error := task.exception():
        log.warning("settings cannot be read: %s", type(error).__name__)
    return error is not None
