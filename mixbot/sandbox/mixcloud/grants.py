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


class ExchangeRefused(Exception):
    """The code, or who brings it, is not what it should be; `str()` is the `error` member."""


class Grants:
    """Gives out codes and tokens and knows whose they are."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._apps: dict[str, App] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, str] = {}

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
        return self.give_token(consent.username)

    def give_token(self, username: str) -> str:
        token = secrets.token_hex(20)
        self._tokens[token] = username
        return token

    def username(self, token: str) -> str | None:
        """Whose `token` is, unless it was revoked or never given."""
        return self._tokens.get(token)

    def revoke(self, token: str) -> None:
        self._tokens.pop(token, None)

    def revoke_all(self, username: str) -> None:
        """What the person does on the page of connected applications."""
        for token in [token for token, owner in self._tokens.items() if owner == username]:
            del self._tokens[token]
