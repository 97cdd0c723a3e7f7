"""What can go wrong between a caller and Mixcloud. No message ever holds a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mixbot.transport import errors
from mixbot.transport.sentences import Sentence as Sentence
from mixbot.transport.sentences import said as said


class MixcloudError(errors.ServiceError):
    """Anything that Mixcloud refuses, or that keeps it from answering.

    `status` is the answer's HTTP status and `data` its JSON; None where there was none.
    """

    @property
    def type(self) -> str | None:
        """What Mixcloud calls this kind of error, such as `RateLimitException`."""
        return self._told.get("type")

    @property
    def extra(self) -> dict[str, Any]:
        """What else Mixcloud says of it, such as `retry_after`."""
        return {name: told for name, told in self._told.items() if name not in ("message", "type")}

    @property
    def _told(self) -> Mapping[str, Any]:
        told = (self.data or {}).get("error")
        return told if isinstance(told, dict) else {}


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


class UploadInterrupted(errors.UploadInterrupted, Unreachable):
    """An upload or an edit without a usable answer; nothing here sends it again by itself.

    `sent` of `size` bytes (None where it is not known) had left. As long as not all had,
    Mixcloud cannot have taken it, and `may_have_arrived` is False: it is safe to send it again.
    """


class MixcloudOAuthError(MixcloudError):
    """The code could not be exchanged for an access token."""


class InvalidArgument(ValueError):
    """An argument that Mixcloud has no meaning for; the message says what is allowed."""


class InvalidUpload(errors.InvalidUpload, InvalidArgument):
    """What was to be uploaded or edited breaks Mixcloud's rules; nothing was sent.

    `problems` maps Mixcloud's field names to what is wrong with each.
    """


class InvalidText(InvalidArgument):
    """A tracklist or a show in YAML with lines that cannot be read.

    `problems` has all of them: the number of the line and what was read and expected there.
    """

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(f"line {line}: {text}" for line, text in self.problems))
