"""Applications, codes and tokens, as OAuth 2.1 has them: who may act for whom, and for how long."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

CODE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class App:
    """A registered client; a public one has no secret."""

    client_id: str
    client_secret: str | None
    name: str
    redirect_uri: str | None = None  # None: any will do, if it is the same in both steps


@dataclass(frozen=True, slots=True)
class Code:
    """What a person's consent is worth, once, for a short while, and to who started it."""

    permalink: str
    client_id: str
    redirect_uri: str
    challenge: str
    expires: datetime


@dataclass(eq=False, slots=True)
class Session:
    """One consent: all access tokens that came of it, and the one refresh token that is good."""

    permalink: str | None  # None: the application itself
    client_id: str
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: str = ""


class GrantRefused(Exception):
    """Nothing is given; `str()` is the word OAuth has for it."""

    def __init__(self, word: str, status: int = 400) -> None:
        super().__init__(word)
        self.status = status


class Grants:
    """Gives out codes and tokens and knows whose they are.

    `reuses` counts refresh tokens that came a second time: their whole session ends with that.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.lifetime = timedelta(seconds=3599)
        self.reuses = 0
        self.refreshes = 0
        self._apps: dict[str, App] = {}
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Session] = {}
        self._refresh: dict[str, Session] = {}  # spent ones included

    def register(self, app: App) -> None:
        self._apps[app.client_id] = app

    def app(self, client_id: str) -> App | None:
        return self._apps.get(client_id)

    def known(self, client_id: str, client_secret: str | None) -> App:
        """The application that says who it is; raises GrantRefused for another."""
        app = self._apps.get(client_id)
        expected = app.client_secret if app else None
        if app is None or (
            expected is not None
            and not secrets.compare_digest(expected.encode(), (client_secret or "").encode())
        ):
            raise GrantRefused("invalid_client", 401)
        return app

    def give_code(self, permalink: str, client_id: str, redirect_uri: str, challenge: str) -> str:
        """The code that `permalink`'s consent is worth."""
        code = secrets.token_urlsafe(24)
        expires = self._clock() + CODE_LIFETIME
        self._codes[code] = Code(permalink, client_id, redirect_uri, challenge, expires)
        return code

    def exchange(self, app: App, code: str, redirect_uri: str, verifier: str) -> dict[str, object]:
        """Tokens for `code`, which is used up even if the rest is wrong."""
        consent = self._codes.pop(code, None)
        if (
            consent is None
            or consent.expires < self._clock()
            or consent.client_id != app.client_id
            or consent.redirect_uri != redirect_uri
            or not secrets.compare_digest(consent.challenge, challenge_of(verifier))
        ):
            raise GrantRefused("invalid_grant")
        return self.begin(consent.permalink, app.client_id)

    def begin(self, permalink: str | None, client_id: str) -> dict[str, object]:
        """Tokens of a new session."""
        return self._given(Session(permalink, client_id))

    def refresh(self, app: App, token: str) -> dict[str, object]:
        """New tokens for a refresh token, which is spent; one that was spent ends the session."""
        session = self._refresh.get(token)
        if session is None or session.client_id != app.client_id:
            raise GrantRefused("invalid_grant")
        if session.refresh != token:
            self.reuses += 1
            self.end(session)
            raise GrantRefused("invalid_grant")
        self.refreshes += 1
        return self._given(session)

    def _given(self, session: Session) -> dict[str, object]:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        session.access[access] = self._clock() + self.lifetime
        session.refresh = refresh
        self._access[access] = self._refresh[refresh] = session
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": int(self.lifetime.total_seconds()),
            "refresh_token": refresh,
            "scope": "",
        }

    def origin(self, token: str) -> Session | None:
        """The consent that an access or a refresh token came of, whatever it is good for now."""
        return self._access.get(token) or self._refresh.get(token)

    def session(self, access: str) -> Session | None:
        """What `access` is good for, unless it expired, was revoked, or never given."""
        session = self._access.get(access)
        if session is None or session.access.get(access, self._clock()) <= self._clock():
            return None
        return session

    def expire(self, access: str | None = None) -> None:
        """From now on `access` is expired, or every access token there is; refreshing works."""
        for token, session in self._access.items():
            if access in (None, token):
                session.access.pop(token, None)

    def of(self, permalink: str) -> list[Session]:
        """What that person consented to and has not ended."""
        sessions = {*self._access.values()}
        return [one for one in sessions if one.permalink == permalink and one.refresh]

    def end(self, session: Session) -> None:
        """Nothing that came of this consent is good any longer."""
        session.access.clear()
        session.refresh = ""

    def end_all(self, permalink: str) -> None:
        """What a person does who disconnects all applications."""
        for session in self.of(permalink):
            self.end(session)


def challenge_of(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
