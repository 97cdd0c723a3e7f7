"""Applications, codes and tokens: who may act for whom."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class App:
    """A client registered on the developer page."""

    client_id: str
    client_secret: str
    name: str
    redirect_uri: str | None = None  # None: any will do, if it is the same in both steps


@dataclass(frozen=True, slots=True)
class Code:
    """What a person's consent is worth, once and for a short while."""

    username: str
    client_id: str
    redirect_uri: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    username: str
    client_id: str


class ExchangeRefused(Exception):
    """The code, or who brings it, is not what it should be; `str()` is the `error` member."""


class Grants:
    """Gives out codes and tokens and knows whose they are."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._apps: dict[str, App] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Grant] = {}

    def register(self, app: App) -> None:
        self._apps[app.client_id] = app

    def app(self, client_id: str) -> App | None:
        return self._apps.get(client_id)

    def give_code(self, username: str, client_id: str, redirect_uri: str) -> str:
        """The code that `username`'s consent is worth."""
        code = secrets.token_urlsafe(24)
        expires = self._clock() + CODE_LIFETIME
        self._codes[code] = Code(username, client_id, redirect_uri, expires)
        return code

    def exchange(self, code: str, client_id: str, client_secret: str, redirect_uri: str) -> str:
        """A token for `code`, which is used up even if the rest is wrong."""
        app, consent = self._apps.get(client_id), self._codes.pop(code, None)
        if app is None or not secrets.compare_digest(
            app.client_secret.encode(), client_secret.encode()
        ):
            raise ExchangeRefused("invalid_client")
        if consent is None or consent.expires < self._clock() or consent.client_id != client_id:
            raise ExchangeRefused("invalid_grant")
        if consent.redirect_uri != redirect_uri:
            raise ExchangeRefused("redirect_uri_mismatch")
        return self.give_token(consent.username, client_id)

    def give_token(self, username: str, client_id: str = "") -> str:
        token = secrets.token_hex(20)
        self._tokens[token] = Grant(username, client_id)
        return token

    def username(self, token: str) -> str | None:
        """Whose `token` is, unless it was revoked or never given."""
        grant = self._tokens.get(token)
        return grant.username if grant else None

    def connections(self) -> list[tuple[str, App]]:
        """Who has let which application act for them."""
        grants = dict.fromkeys(self._tokens.values())
        return [
            (grant.username, self._apps[grant.client_id])
            for grant in grants
            if grant.client_id in self._apps
        ]

    def revoke(self, token: str) -> None:
        self._tokens.pop(token, None)

    def revoke_all(self, username: str, client_id: str | None = None) -> None:
        """What a person does on the page of connected applications, to one of them or to all."""
        self._tokens = {
            token: grant
            for token, grant in self._tokens.items()
            if grant.username != username or client_id not in (None, grant.client_id)
        }
