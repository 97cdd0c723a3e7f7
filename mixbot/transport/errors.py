"""What the errors of both libraries hold; which error it is, and what it means, they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .secrets import without


class ServiceError(Exception):
    """Anything that the other side refuses, or that keeps it from answering.

    `status` is the answer's HTTP status and `data` its JSON; None where there was none.
    """

    data: dict[str, Any] | None = None

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def hide(self, secret: str | None) -> None:
        """Take `secret` out of all this holds: who refuses a token may repeat it."""
        if secret:
            self.message = self.message.replace(secret, "…")
            self.args = (self.message,)
            self.data = without(secret, self.data)


class UploadInterrupted(ServiceError):
    """`sent` of `size` bytes (None where it is not known) had left when an upload broke off."""

    def __init__(
        self, message: str, *, sent: int, size: int | None, status: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.sent = sent
        self.size = size

    @property
    def may_have_arrived(self) -> bool:
        """Whether all of it may be there: look for it before sending it again."""
        return self.size is None or self.sent >= self.size


class InvalidUpload(ValueError):
    """`problems` maps fields to what is wrong with each; nothing was sent."""

    def __init__(self, problems: Mapping[str, Sequence[str]]) -> None:
        self.problems = {field: list(texts) for field, texts in problems.items()}
        super().__init__(
            "\n".join(
                f"{field}: {text}" for field, texts in self.problems.items() for text in texts
            )
        )
