"""Mixcloud, as accounts use it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mixbot.mixcloud import Mixcloud, MixcloudError, MixcloudOAuth, Unauthorized

from . import MIXCLOUD, Granted

ACTIONS = ("favorite", "follow", "repost", "listen_later")  # methods of the client, as are un…


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an application got when it was registered at Mixcloud."""

    client_id: str
    client_secret: str = field(repr=False)


class MixcloudService:
    """Tokens that never end, and cannot be taken back; no `state` and no PKCE at the consent."""

    provider = MIXCLOUD
    verbs = frozenset((*ACTIONS, *(f"un{action}" for action in ACTIONS)))
    problem = MixcloudError
    ended = Unauthorized

    def __init__(
        self,
        client: Mixcloud,
        oauth: Credentials | None = None,
        *,
        public_url: str = "http://localhost:8080",
    ) -> None:
        self.client = client
        self._public_url = public_url
        self._oauth = oauth

    @property
    def can_link(self) -> bool:
        return self._oauth is not None

    def seconds_closed(self) -> float:
        return self.client.gate.seconds_left()

    def consent_url(self, nonce: str, verifier: str) -> str:
        return self._consent(nonce).authorization_url

    async def granted(self, nonce: str, code: str, verifier: str) -> Granted:
        token = await self._consent(nonce).access_token(code)
        me = await self.client.with_token(token).me()
        return Granted(me.key, me.username, me.name, token)

    def client_of(self, user_id: int, secret: str) -> Mixcloud:
        return self.client.with_token(secret)

    async def do(self, client: Mixcloud, verb: str, key: str) -> None:
        await getattr(client, verb)(key)

    async def sign_out(self, client: Mixcloud) -> bool:
        return False

    async def withdraw(self, secret: str, *, kept: str | None = None) -> None:
        """Only its owner can take it back, at Mixcloud."""

    def _consent(self, nonce: str) -> MixcloudOAuth:
        """Mixcloud does not send a `state` back, so what tells attempts apart is in the path."""
        oauth = self._oauth
        return MixcloudOAuth(
            client_id=oauth.client_id if oauth else None,
            client_secret=oauth.client_secret if oauth else None,
            redirect_uri=f"{self._public_url}/oauth/mixcloud/callback/{nonce}",
            mixcloud=self.client,
        )
