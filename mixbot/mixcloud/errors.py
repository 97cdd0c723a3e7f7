"""What can go wrong between a caller and Mixcloud. No message ever holds a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MixcloudError(Exception):
    """Anything that Mixcloud refuses, or that keeps it from answering."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def hide(self, secret: str | None) -> None:
        """Take `secret` out of the message: Mixcloud may repeat the token that it refuses."""
        if secret:
            self.message = self.message.replace(secret, "…")
            self.args = (self.message,)


class Unreachable(MixcloudError):
    """No usable answer: no connection, too slow, cut off, a server error, not JSON."""


class Blocked(Unreachable):
    """What answered is not Mixcloud's API, or not sane: no use in asking again at once."""


class RateLimited(MixcloudError):
    """Mixcloud, or the gate that remembers it, asks to wait `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Unauthorized(MixcloudError):
    """There is no access token where one is needed, or Mixcloud does not accept it."""


class NotFound(MixcloudError):
    """Nothing is there: unknown, private or removed."""


class Rejected(MixcloudError):
    """Mixcloud understood the call and refuses it; `details` maps fields to what is wrong."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        details: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.details = dict(details or {})


class MixcloudOAuthError(MixcloudError):
    """The code could not be exchanged for an access token."""


class InvalidArgument(ValueError):
    """An argument that Mixcloud has no meaning for; the message says what is allowed."""
