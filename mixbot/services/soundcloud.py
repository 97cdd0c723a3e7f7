"""SoundCloud, as accounts use it, and what is at a key."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cachetools import TTLCache

from mixbot.soundcloud import (
    GrantEnded,
    MemoryTokens,
    Resource,
    SoundCloud,
    SoundCloudError,
    SoundCloudOAuth,
    Tokens,
)
from mixbot.tokens import LinkedTokens, read, written

from . import BEGINNINGS, SOUNDCLOUD, Granted

METHODS = {
    "favorite": SoundCloud.like,
    "unfavorite": SoundCloud.unlike,
    "follow": SoundCloud.follow,
    "unfollow": SoundCloud.unfollow,
    "repost": SoundCloud.repost,
    "unrepost": SoundCloud.unrepost,
}
PREFIX = BEGINNINGS[SOUNDCLOUD]
SITE = "https://soundcloud.com/"
KEPT_SECONDS = 3600.0  # who renames a page leaves its address to others


class SoundCloudService:
    """Tokens that live for an hour and are refreshed; `state` and PKCE at the consent.

    `on_found` is told of everything that had to be looked up, and its key.
    """

    provider = SOUNDCLOUD
    verbs = frozenset(METHODS)
    problem = SoundCloudError
    ended = GrantEnded

    def __init__(
        self,
        client: SoundCloud,
        tokens: LinkedTokens,
        *,
        public_url: str = "http://localhost:8080",
    ) -> None:
        self.client = client
        self.on_found: Callable[[str, Resource], None] = lambda key, found: None
        self._public_url = public_url
        self._tokens = tokens
        self._urns: TTLCache[str, str] = TTLCache(4096, KEPT_SECONDS)  # by key

    can_link = True

    def seconds_closed(self) -> float:
        return self.client.gate.seconds_left()

    def consent_url(self, nonce: str, verifier: str) -> str:
        return self._oauth.authorization(state=nonce, code_verifier=verifier).url

    async def granted(self, nonce: str, code: str, verifier: str) -> Granted:
        tokens = await self._oauth.tokens(code, verifier)
        secret = written(tokens)
        try:
            me = await self.client.with_token(tokens.access_token).me()
        except SoundCloudError:
            with suppress(SoundCloudError):
                await self.withdraw(secret)
            raise
        return Granted(resource_key(me), me.permalink or "", me.username, secret)

    def client_of(self, user_id: int, secret: str) -> SoundCloud:
        # Tokens change while it acts, so it looks them up itself from then on.
        tokens = self._tokens.of(user_id, self.provider, just_read=read(secret))
        return self.client.with_tokens(tokens)

    async def do(self, client: SoundCloud, verb: str, key: str) -> None:
        await METHODS[verb](client, await self.urn(key))

    async def sign_out(self, client: SoundCloud) -> bool:
        await client.sign_out()
        return True

    async def withdraw(self, secret: str, *, kept: str | None = None) -> None:
        tokens = read(secret)
        if kept is None or not _are_of_one_grant(tokens, read(kept)):
            await self.client.with_tokens(MemoryTokens(tokens)).sign_out()

    async def find(self, key: str) -> Resource:
        """The track, playlist or person at `key`."""
        found: Resource = await self.client.resolve(url_of(key))
        self._urns[key] = found.urn
        self.on_found(key, found)
        return found

    async def urn(self, key: str) -> str:
        """What the API calls what is at `key`."""
        return self._urns.get(key) or (await self.find(key)).urn

    @property
    def _oauth(self) -> SoundCloudOAuth:
        return SoundCloudOAuth(
            client_id=self.client.client_id,
            client_secret=self.client.client_secret,
            redirect_uri=f"{self._public_url}/oauth/soundcloud/callback",
            soundcloud=self.client,
        )


def _are_of_one_grant(one: Tokens, other: Tokens) -> bool:
    """Whether SoundCloud answered two consents with the same tokens, as far as can be seen."""
    same_refresh = one.refresh_token is not None and one.refresh_token == other.refresh_token
    return same_refresh or one.access_token == other.access_token


def resource_key(found: Resource) -> str:
    """The key of a track, playlist or person, of the address of their page."""
    return PREFIX + (found.url or "").partition("//")[2].partition("/")[2].partition("?")[0]


def url_of(key: str) -> str:
    """The page of what is at `key`."""
    return SITE + key.removeprefix(PREFIX)
