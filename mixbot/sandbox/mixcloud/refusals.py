"""The ways in which the API says no."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):
    """An answer that says no, in the words of Mixcloud."""

    def __init__(
        self,
        status: int,
        message: str,
        type: str,
        *,
        details: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": type}}
        if details:
            self.body["details"] = details


def not_found(path: str) -> Refused:
    return Refused(404, f"There is nothing at {path}", "ObjectNotFoundException")


def bad_request(message: str) -> Refused:
    return Refused(400, message, "BadRequestException")


def forbidden(message: str) -> Refused:
    return Refused(403, message, "PermissionDeniedException")
