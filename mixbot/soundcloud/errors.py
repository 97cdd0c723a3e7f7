"""What can go wrong between a caller and SoundCloud. No message ever holds a token."""

from __future__ import annotations

from collections.abc import Sequence

from mixbot.transport import errors


class SoundCloudError(errors.ServiceError):
    """Anything that SoundCloud refuses, or that keeps it from answering.

    `status` is the answer's HTTP status and `data` its JSON; None where there was none.
    """


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


class UploadInterrupted(errors.UploadInterrupted, Unreachable):
    """An upload or an edit without a usable answer; nothing here sends it again by itself.

    `sent` of `size` bytes (None where it is not known) had left. As long as not all had,
    SoundCloud cannot have taken it, and `may_have_arrived` is False: it is safe to send it again.
    """


class SoundCloudOAuthError(SoundCloudError):
    """No token was given; `code` is OAuth's word for it, such as `invalid_grant`."""

    def __init__(self, message: str, *, code: str = "", status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.code = code


class InvalidArgument(ValueError):
    """An argument that SoundCloud has no meaning for; the message says what is allowed."""


class InvalidUpload(errors.InvalidUpload, InvalidArgument):
    """What was to be uploaded or edited breaks SoundCloud's rules; nothing was sent.

    `problems` maps SoundCloud's field names to what is wrong with each.
    """
