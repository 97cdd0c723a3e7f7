"""What servers and people have decided for themselves, kept at hand for every answer."""

from __future__ import annotations

from cachetools import TTLCache

from mixbot.store import PersonSettings, ServerSettings, Store

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
