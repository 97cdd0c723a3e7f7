"""What can go wrong between a caller and SoundCloud. No message ever holds a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixbot.transport.secrets import without


class SoundCloudError(Exception):
    """Anything that SoundCloud refuses, or that keeps it from answering.

    `status` is the answer's HTTP status and `data` its JSON; None where there was none.
    """

    data: dict[str, Any] | None = None

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def hide(self, secret: str | None) -> None:
        """Take `secret` out of all this holds: SoundCloud may repeat the token that it refuses."""
        if secret:
            self.message = self.message.replace(secret, "…")
            self.args = (self.message,)
            self.data = without(secret, self.data)


class Unreachable(SoundCloudError):
    """No usable answer: no connection, too slow, cut off, a server error, not JSON."""


class Blocked(Unreachable):
    """What answered is not SoundCloud's API, or not sane: no use in asking again at once."""


class RateLimited(SoundCloudError):
    """SoundCloud, or the gate that remembers it, asks to wait `retry_after` seconds.

    `group` is what is limited: “plays” are, without anything else being so. None means all calls.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float,
        group: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after
        self.group = group


class Unauthorized(SoundCloudError):
    """There is no access token where one is needed, or SoundCloud does not accept it.

    If it could be refreshed, that was tried. Whether its owner still agrees is not known by that.
    """


class GrantEnded(Unauthorized):
    """What the account's owner agreed to has ended: only they can help, by linking it again.

    The refresh token was taken back, or spent by somebody who did not keep what came for it, or
    there is none.
    """


class NotFound(SoundCloudError):
    """Nothing is there: unknown, private or removed."""


class Rejected(SoundCloudError):
    """SoundCloud understood the call and refuses it; `details` are its reasons."""

    def __init__(
        self, message: str, *, status: int | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message, status=status)
        self.details = list(details)


class UploadInterrupted(Unreachable):
    """An upload or an edit without a usable answer; nothing here sends it again by itself.

    `sent` of `size` bytes (None where it is not known) had left. As long as not all had,
    SoundCloud cannot have taken it, and `may_have_arrived` is False: it is safe to send it again.
    """

    def __init__(
        self, message: str, *, sent: int, size: int | None, status: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.sent = sent
        self.size = size

    @property
    def may_have_arrived(self) -> bool:
        """Whether SoundCloud may have all of it: look for the track before sending it again."""
        return self.size is None or self.sent >= self.size


class SoundCloudOAuthError(SoundCloudError):
    """No token was given; `code` is OAuth's word for it, such as `invalid_grant`."""

    def __init__(self, message: str, *, code: str = "", status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.code = code


class InvalidArgument(ValueError):
    """An argument that SoundCloud has no meaning for; the message says what is allowed."""


class InvalidUpload(InvalidArgument):
    """What was to be uploaded or edited breaks SoundCloud's rules; nothing was sent.

    `problems` maps SoundCloud's field names to what is wrong with each.
    """

    def __init__(self, problems: Mapping[str, Sequence[str]]) -> None:
        self.problems = {field: list(texts) for field, texts in problems.items()}
        super().__init__(
            "\n".join(
                f"{field}: {text}" for field, texts in self.problems.items() for text in texts
            )
        )
