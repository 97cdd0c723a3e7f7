"""The tokens of one account, kept where every process that acts for it finds them.

An access token lives for about an hour, and its refresh token works once: whoever refreshes gets a
new pair, and everybody else has to hear of it. So one refreshes at a time, the new pair is kept
before it is used, and who comes late reads again instead of failing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from .errors import GrantEnded, SoundCloudOAuthError, Unauthorized

EARLY = 30.0  # seconds before its end in which a token is no longer begun with
YOUNG = (
    60.0  # seconds in which a token that was just given is not expired, whatever SoundCloud says
)
REREADS = (0.0, 0.2, 0.8)  # seconds: another may have refreshed and not kept it yet


@dataclass(frozen=True, slots=True)
class Tokens:
    """What acts for an account: for about an hour, and then by way of `refresh_token`.

    Two are equal if their tokens are, whatever a store has made of the rest.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = field(default=None, compare=False)  # None where nobody knows
    scope: str = field(default="", compare=False)

    def lasts(self, seconds: float) -> bool:
        """Whether it can be used for `seconds` more, as far as is known."""
        if not self.access_token:
            return False
        left = timedelta(seconds=seconds)
        return self.expires_at is None or self.expires_at - datetime.now(UTC) > left


class TokenStore(Protocol):
    """Where the tokens of one account are kept, for all processes that act for it."""

    async def load(self) -> Tokens | None:
        """The tokens of now; None when the account is not linked."""

    async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
        """Keep `tokens` if what is kept still is `instead_of`, in one step; whether it was so."""

    def refreshing(self) -> AbstractAsyncContextManager[None]:
        """A lease on refreshing this account: one holder at a time, among all processes.

        It ends by itself if its holder dies, but not before a call can have ended: it has to last
        longer than the client's `timeout`.
        """


class MemoryTokens:
    """A TokenStore for one process that needs not remember: a script, a test."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self.tokens = tokens
        self._lock = asyncio.Lock()

    async def load(self) -> Tokens | None:
        """The tokens of now."""
        return self.tokens

    async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
        """Keep `tokens` if what is kept still is `instead_of`."""
        if self.tokens != instead_of:
            return False
        self.tokens = tokens
        return True

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        """One at a time."""
        async with self._lock:
            yield


Renew: TypeAlias = Callable[[Tokens | None], Awaitable[Tokens]]


class TokenKeeper:
    """Has a token for whatever one account is asked to do, and renews it once for all who wait.

    `renew` asks SoundCloud for new tokens. A renewal goes on though everybody who waited for it is
    cancelled: the old refresh token is spent, so the new one has to be kept. `renewals` has those
    under way, for whoever is about to close the connection.
    """

    def __init__(
        self, store: TokenStore, renew: Renew, renewals: set[asyncio.Task[Tokens]]
    ) -> None:
        self._store = store
        self._ask = renew
        self._renewals = renewals
        self._tokens: Tokens | None = None
        self._given_at: float | None = None  # when the tokens were renewed here
        self._renewal: asyncio.Task[Tokens] | None = None

    async def tokens(self, seconds: float = EARLY) -> Tokens:
        """Tokens that last for `seconds` more; raises GrantEnded where there is no way to any."""
        if self._tokens is None:
            self._tokens = await self._store.load()
        if self._tokens is not None and self._tokens.lasts(seconds):
            return self._tokens
        return await self.renewed(self._tokens, seconds)

    async def renewed(self, refused: Tokens | None, seconds: float = EARLY) -> Tokens:
        """Others than `refused`, which SoundCloud does not accept or which end too soon.

        Raises GrantEnded when there is no way to others, and Unauthorized if SoundCloud does not
        accept what it has just given, which says nothing about the account.
        """
        if self._tokens is not None and self._tokens is not refused:
            return self._tokens  # it was renewed in the meantime
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(refused, seconds))
            self._renewals.add(self._renewal)
            self._renewal.add_done_callback(self._renewals.discard)
        return await asyncio.shield(self._renewal)

    async def _renew(self, refused: Tokens | None, seconds: float) -> Tokens:
        async with self._store.refreshing():
            kept = await self._store.load()
            if kept is not None and kept != refused and kept.lasts(seconds):
                return self._have(kept)  # another process did it
            if kept is not None and kept == refused and self._is_young() and kept.lasts(seconds):
                raise Unauthorized("SoundCloud does not accept a token it has just given.")
            try:
                fresh = await self._ask(kept)
            except SoundCloudOAuthError as error:
                if error.code != "invalid_grant":
                    raise  # it says nothing about the account
                return self._have(await self._of_another(kept))
            if await self._store.save(fresh, instead_of=kept):
                self._given_at = time.monotonic()
                return self._have(fresh)
            return self._have(await self._of_another(kept))

    async def _of_another(self, spent: Tokens | None) -> Tokens:
        """What another has kept, who was faster with `spent`, or linked the account again."""
        for pause in REREADS:
            await asyncio.sleep(pause)
            kept = await self._store.load()
            if kept is None:
                break
            if kept != spent:
                return kept
        self._tokens = None
        raise GrantEnded("SoundCloud no longer accepts this account's tokens: link it again.")

    def _have(self, tokens: Tokens) -> Tokens:
        self._tokens = tokens
        return tokens

    def _is_young(self) -> bool:
        return self._given_at is not None and time.monotonic() - self._given_at < YOUNG
