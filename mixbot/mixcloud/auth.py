"""Getting an access token: the person agrees in a browser, the code that comes back is exchanged.

oauthlib writes and reads the messages. Its client classes are not used: they insist on https,
which a server on loopback does not speak, and on a `state`, which Mixcloud does not echo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .answers import decode
from .client import Mixcloud
from .constants import OAUTH_ROOT
from .errors import InvalidArgument, MixcloudError, MixcloudOAuthError, RateLimited, Unreachable


class MixcloudOAuth:
    """One application's way to an access token. `mixcloud` lends its session and its gate.

    With `raise_exceptions=False`, or if `mixcloud` was told so, a code that Mixcloud refuses gives
    None instead of raising.
    """

    oauth_root: str = OAUTH_ROOT

    def __init__(
        self,
        oauth_root: str | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str | None = None,
        raise_exceptions: bool | None = None,
        mixcloud: Mixcloud | None = None,
    ) -> None:
        if oauth_root is None and mixcloud is not None:
            oauth_root = f"{mixcloud.mixcloud_root}/oauth"
        self.oauth_root = (oauth_root or self.oauth_root).rstrip("/")
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uri = redirect_uri
        self.mixcloud = mixcloud
        if raise_exceptions is None:
            raise_exceptions = mixcloud is None or mixcloud.raise_exceptions
        self.raise_exceptions = raise_exceptions

    def __repr__(self) -> str:
        return f"<MixcloudOAuth at {self.oauth_root}>"

    @property
    def authorization_url(self) -> str:
        """Where to send the person; they come back to `redirect_uri` with a `code`."""
        return self._address("authorize", response_type="code")

    async def access_token(self, code: str) -> str:
        """The token for `code`; it works once, and only with the same `redirect_uri`.

        Raises MixcloudOAuthError when Mixcloud refuses, Unreachable when it does not answer. It is
        not asked twice: a code is spent even if its answer was lost.
        """
        if not self.client_secret:
            raise InvalidArgument("client_secret is not set")
        address = self._address("access_token", client_secret=self.client_secret, code=code)
        try:
            if self.mixcloud is not None:
                return await _exchanged(self.mixcloud, address)
            async with Mixcloud(access_token=None) as mixcloud:
                return await _exchanged(mixcloud, address)
        except MixcloudError as error:
            error.hide(code)
            error.hide(self.client_secret)
            if self.raise_exceptions or error.status is None:
                raise
            return cast(str, None)  # whoever asked for this knows

    def _address(self, segment: str, **more: str) -> str:
        if not self.client_id or not self.redirect_uri:
            raise InvalidArgument("client_id and redirect_uri are not both set")
        given = {"client_id": self.client_id, "redirect_uri": self.redirect_uri, **more}
        from oauthlib.common import add_params_to_uri  # slow to load, and few need it

        return str(add_params_to_uri(f"{self.oauth_root}/{segment}", list(given.items())))


async def _exchanged(mixcloud: Mixcloud, address: str) -> str:
    return _token(*await mixcloud.send("GET", address))


def _token(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """The token of an answer in JSON, which Mixcloud sends, or as a form, which it documents."""
    from oauthlib.oauth2 import OAuth2Error
    from oauthlib.oauth2.rfc6749.parameters import parse_token_response

    text = body.decode(errors="replace").strip()
    if status >= 500 or text.startswith("<"):
        raise Unreachable(f"HTTP {status} instead of a token", status=status)
    try:
        decode(status, headers, body)
    except RateLimited:
        raise
    except MixcloudError as error:
        if text.startswith("{"):
            raise MixcloudOAuthError(error.message, status=status) from None
    try:
        token = parse_token_response(text).get("access_token")
    except (OAuth2Error, ValueError, TypeError, AttributeError):  # it takes any JSON for a dict
        token = None
    if not isinstance(token, str) or not token:
        raise MixcloudOAuthError("Mixcloud gave no access token for this code.", status=status)
    return token
