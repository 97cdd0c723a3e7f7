"""Getting tokens: OAuth 2.1 with PKCE, client credentials, and refreshing.

A person agrees in a browser, and comes back with a code and the `state` that was sent. The code is
worth something only together with the `code_verifier`, which never leaves the application.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from .answers import decode
from .client import SoundCloud
from .constants import AUTH_ROOT
from .errors import (
    Blocked,
    InvalidArgument,
    RateLimited,
    SoundCloudError,
    SoundCloudOAuthError,
    Unreachable,
)
from .tokens import Tokens

FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json; charset=utf-8",
}
PASSWORDS = (
    "SoundCloud no longer gives tokens for a user name and a password. Let people agree in the "
    "browser (SoundCloudOAuth.authorization), or use client_id and client_secret for what is public"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """One attempt to link an account. `url` is where to send the person.

    `state` has to come back unchanged; `code_verifier` is for the exchange. Keep both on the
    server, bound to the browser that was sent.
    """

    url: str
    state: str
    code_verifier: str = field(repr=False)


class SoundCloudOAuth:
    """One application's way to tokens. `soundcloud` lends its session and its gate."""

    auth_root: str = AUTH_ROOT

    def __init__(
        self,
        auth_root: str | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str | None = None,
        username: str | None = None,
        password: str | None = None,
        soundcloud: SoundCloud | None = None,
    ) -> None:
        if username is not None or password is not None:
            raise InvalidArgument(PASSWORDS)
        if auth_root is None and soundcloud is not None:
            auth_root = soundcloud.auth_root
        self.auth_root = (auth_root or self.auth_root).rstrip("/")
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uri = redirect_uri
        self.soundcloud = soundcloud

    def __repr__(self) -> str:
        return f"<SoundCloudOAuth at {self.auth_root}>"

    def authorization(
        self, *, state: str | None = None, code_verifier: str | None = None
    ) -> Authorization:
        """Where to send the person, and what to keep until they come back to `redirect_uri`."""
        state = state or secrets.token_urlsafe(24)
        verifier = code_verifier or secrets.token_urlsafe(64)
        if not 43 <= len(verifier) <= 128:
            raise InvalidArgument("a code_verifier has 43 to 128 characters")
        query = {
            **self._own("client_id", "redirect_uri"),
            "response_type": "code",
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "state": state,
        }
        return Authorization(f"{self.auth_root}/authorize?{urlencode(query)}", state, verifier)

    async def tokens(self, code: str, code_verifier: str) -> Tokens:
        """The tokens for `code`; it works once, and only with the same `redirect_uri`.

        Raises SoundCloudOAuthError when SoundCloud refuses, Unreachable when it does not answer. It
        is not asked twice: a code is spent even if its answer was lost.
        """
        form = self._own("client_id", "redirect_uri")
        form |= {"grant_type": "authorization_code", "code": code, "code_verifier": code_verifier}
        return await self._given(form | self._secret(), hidden=(code, code_verifier))

    async def refresh(self, tokens: Tokens | str) -> Tokens:
        """New tokens for the refresh token of `tokens`, which is spent by that.

        Keep what comes before you use it; `SoundCloud(tokens=…)` does. Raises SoundCloudOAuthError,
        with the code `invalid_grant` if the token was spent or taken back.
        """
        old = Tokens("", tokens) if isinstance(tokens, str) else tokens
        if not old.refresh_token:
            raise SoundCloudOAuthError("There is no refresh token.", code="invalid_grant")
        form = self._own("client_id")
        form |= {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
        new = await self._given(form | self._secret(), hidden=(old.refresh_token,))
        return new if new.refresh_token else replace(new, refresh_token=old.refresh_token)

    async def client_credentials(self) -> Tokens:
        """Tokens of the application itself, for what is public.

        SoundCloud gives 50 in twelve hours to an application, and 30 in one to an address: keep
        them and refresh them, as `SoundCloud(client_id=…, client_secret=…)` does.
        """
        own = self._own("client_id", "client_secret")
        pair = f"{quote(own['client_id'], safe='')}:{quote(own['client_secret'], safe='')}"
        basic = base64.b64encode(pair.encode()).decode()
        return await self._given(
            {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
        )

    async def sign_out(self, access_token: str) -> bool:
        """End the session that `access_token` belongs to; False where SoundCloud does not know it.

        Then it may only have expired, and the refresh token that came with it may still work.
        """
        body = orjson.dumps({"access_token": access_token})
        status, headers, answer = await self._sent(
            f"{self.auth_root}/sign-out", {"Content-Type": "application/json"}, body
        )
        if status == 401:
            return False
        try:
            decode(status, headers, answer)
        except SoundCloudError as error:
            error.hide(access_token)
            raise
        return True

    def _own(self, *names: str) -> dict[str, str]:
        own = {name: getattr(self, name) for name in names}
        if missing := [name for name, value in own.items() if not value]:
            raise InvalidArgument(f"{' and '.join(missing)}: not set")
        return own

    def _secret(self) -> dict[str, str]:
        """The client secret, which public clients do not have."""
        return {"client_secret": self.client_secret} if self.client_secret else {}

    async def _given(
        self,
        form: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        hidden: tuple[str, ...] = (),
    ) -> Tokens:
        asked_at = datetime.now(UTC)
        answer = await self._sent(
            f"{self.auth_root}/oauth/token", FORM | dict(headers or {}), urlencode(form).encode()
        )
        try:
            return read_tokens(*answer, asked_at=asked_at)
        except SoundCloudError as error:
            for secret in (*hidden, self.client_secret):
                error.hide(secret)
            raise

    async def _sent(
        self, address: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self.soundcloud is not None:
            return await self.soundcloud.send("POST", address, headers=headers, body=body)
        async with SoundCloud() as soundcloud:
            return await soundcloud.send("POST", address, headers=headers, body=body)


def challenge_of(code_verifier: str) -> str:
    """What PKCE's method S256 makes of `code_verifier`.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def read_tokens(
    status: int, headers: Mapping[str, str], body: bytes, *, asked_at: datetime
) -> Tokens:
    """The tokens in an answer to a question of `asked_at`; raises what the answer stands for."""
    try:
        data = decode(status, headers, body)
    except (Unreachable, RateLimited):
        raise
    except SoundCloudError as error:
        raise _refusal(error) from None
    if 300 <= status < 400:
        raise Blocked(f"HTTP {status} instead of tokens", status=status)
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token:
        raise SoundCloudOAuthError("SoundCloud gave no access token.", status=status)
    return Tokens(
        token,
        _text(data.get("refresh_token")) or None,
        _end(data.get("expires_in"), asked_at),
        _text(data.get("scope")),
    )


def _refusal(error: SoundCloudError) -> SoundCloudOAuthError:
    """`error` in OAuth's words, which come in three shapes."""
    data = error.data or {}
    named = (data.get("error_code"), data.get("error"), data.get("message"))
    code = next((name for name in named if isinstance(name, str) and name), "")
    described = _text(data.get("error_description")) or error.message or code
    refusal = SoundCloudOAuthError(
        f"SoundCloud gave no token: {described}", code=code, status=error.status
    )
    refusal.data = error.data
    return refusal


def _end(expires_in: Any, asked_at: datetime) -> datetime | None:
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return None
    try:
        return asked_at + timedelta(seconds=expires_in)
    except (OverflowError, ValueError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
