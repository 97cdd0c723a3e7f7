"""Tokens that have to be refreshed, kept in the store for all processes that act for an account.

SoundCloud's refresh tokens work once. So one process refreshes at a time, which is a lease on the
account's row; what comes replaces only what it was refreshed from; and who unlinks the account, or
links it again, in the meantime is right.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

import orjson
import tenacity

from mixbot.soundcloud import Tokens
from mixbot.store import APPLICATION, AWAY, Account, Store
from mixbot.vault import CannotOpen, Vault

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)  # two statements, of five each, and a call to SoundCloud, of eight
POLL_SECONDS = 0.2  # between looking whether another process is done with refreshing
SAVE_SECONDS = 30.0  # in which a database that is away may come back; systemd waits for longer


def token_of(user_id: int, provider: str) -> str:
    """The purpose for which the token of a linked account is sealed."""
    return f"token {provider} {user_id}"


def written(tokens: Tokens) -> str:
    """Tokens as the text that is sealed."""
    return orjson.dumps(tokens).decode()


def read(text: str) -> Tokens:
    """What `written` made a text of."""
    data = orjson.loads(text)
    if data["expires_at"] is not None:
        data["expires_at"] = datetime.fromisoformat(data["expires_at"])
    return Tokens(**data)


class LinkedTokens:
    """The tokens of all linked accounts, and the bot's own, as one process has them."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        *,
        lease: timedelta = LEASE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.vault = vault
        self.lease = lease
        self.now = now
        self.holder = secrets.token_hex(16)  # of this process's leases
        self._locks = WeakValueDictionary[tuple[int, str], asyncio.Lock]()

    def of(self, user_id: int, provider: str, *, just_read: Tokens | None = None) -> AccountTokens:
        """Those of the account that a Discord user linked; what was `just_read` is not again."""
        return AccountTokens(self, user_id, provider, just_read)

    def of_application(self, provider: str) -> ApplicationTokens:
        """Those with which the bot acts for nobody."""
        return ApplicationTokens(self, APPLICATION, provider)

    def lock(self, user_id: int, provider: str) -> asyncio.Lock:
        """What this process refreshes an account under; it is kept as long as it is used."""
        return self._locks.setdefault((user_id, provider), asyncio.Lock())


class AccountTokens:
    """A `TokenStore` of one linked account. `LinkedTokens.of` makes it."""

    def __init__(
        self,
        linked: LinkedTokens,
        user_id: int,
        provider: str,
        just_read: Tokens | None = None,
    ) -> None:
        self._just_read = just_read
        self._linked = linked
        self._store = linked.store
        self._user_id = user_id
        self._provider = provider
        self._lock = linked.lock(user_id, provider)

    async def load(self) -> Tokens | None:
        """The tokens of now; None when the account is not linked.

        Raises CannotOpen if they were sealed with a key that is gone: they have to be linked again.
        """
        if just_read := self._just_read:
            self._just_read = None  # who asks again wants to know what has become of them
            return just_read
        account = await self._account()
        return self._opened(account) if account else None

    async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
        """Keep `tokens` if the account still has `instead_of`; whether it was so.

        They are nowhere else, and what they came for is spent: so a database that is away is asked
        until it is back, for a while.
        """
        patiently = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(AWAY),
            stop=tenacity.stop_after_delay(SAVE_SECONDS),
            wait=tenacity.wait_random(0.1, 1.0),
            reraise=True,
        )
        return await patiently(self._save, tokens, instead_of)

    async def _save(self, tokens: Tokens, instead_of: Tokens | None) -> bool:
        while (account := await self._account()) and self._opened(account) == instead_of:
            if await self._store.replace_token(
                self._user_id, self._provider, self._sealed(tokens), instead_of=account.token
            ):
                return True
            # It may only have been sealed anew: keys are rotated while the bot runs.
        return False

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        """A lease on refreshing this account: one holder at a time, among all processes.

        It is not renewed, as it is longer than a refresh may take.
        """
        async with self._lock:
            begun = await self._begin()
            try:
                yield
            finally:
                if begun:
                    await self._end()

    async def _begin(self) -> bool:
        """Wait until nobody else refreshes it, and take the lease; False if there is nothing to."""
        while True:
            now = self._linked.now()
            if await self._store.begin_refreshing(
                self._user_id, self._provider, self._linked.holder, now, now + self._linked.lease
            ):
                return True
            if await self._account() is None:
                return False
            await asyncio.sleep(POLL_SECONDS)

    async def _end(self) -> None:
        try:
            await self._store.end_refreshing(self._user_id, self._provider, self._linked.holder)
        except AWAY:  # what came of refreshing counts all the same
            log.warning("a lease on refreshing tokens is not ended; it will end by itself")

    async def _account(self) -> Account | None:
        return await self._store.account(self._user_id, self._provider)

    def _opened(self, account: Account) -> Tokens | None:
        return read(self._linked.vault.open(account.token, token_of(self._user_id, self._provider)))

    def _sealed(self, tokens: Tokens) -> bytes:
        return self._linked.vault.seal(written(tokens), token_of(self._user_id, self._provider))


class ApplicationTokens(AccountTokens):
    """A `TokenStore` of the bot's own tokens. SoundCloud gives few of them, so they are kept.

    The bot can ask for others, so those that cannot be opened are as good as none.
    """

    async def _save(self, tokens: Tokens, instead_of: Tokens | None) -> bool:
        if instead_of is None and await self._store.add_account(self._row(tokens)):
            return True
        return await super()._save(tokens, instead_of)

    def _row(self, tokens: Tokens) -> Account:
        return Account(
            user_id=self._user_id,
            provider=self._provider,
            key="",
            username="",
            name="",
            token=self._sealed(tokens),
            linked_at=self._linked.now(),
        )

    def _opened(self, account: Account) -> Tokens | None:
        try:
            return super()._opened(account)
        except CannotOpen as error:
            log.warning("the bot's own token at %s cannot be read: %s", self._provider, error)
            return None
