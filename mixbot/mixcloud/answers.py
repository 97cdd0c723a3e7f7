"""What an answer of Mixcloud means, decided without network."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from . import errors
from .gate import MARGIN

DEFAULT_RETRY_AFTER = 60.0  # seconds, when Mixcloud limits the rate and does not say for how long
LONGEST_RETRY_AFTER = 86_400.0
TOKEN_TROUBLE = ("invalid access token", "access_token is required")


# An `&` may be written as JSON may write any character.
_TOKEN = re.compile(
    rb"""(?:[?&]|\\u0026)access_token=[^&"\\#]*(?=["#])|access_token=[^&"\\#]*(?:&|\\u0026)"""
)


def decode(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    json_decode: Callable[[bytes], Any] = orjson.loads,
) -> Any:
    """Turn an answer into data, or raise the exception it stands for.

    403 means a rate limit, a refusal or a page of the network in between, so the body decides.
    """
    try:
        data = json_decode(body)
    except ValueError:
        raise _without_json(status, headers) from None
    if not isinstance(data, dict):
        raise errors.Unreachable(f"HTTP {status} with unexpected JSON", status=status)
    if status < 400 and "error" not in data:
        return data
    error = _from_error(status, headers, data)
    error.data = data
    raise error


def without_token(body: bytes) -> bytes:
    """`body` without the tokens in the addresses it holds.

    >>> without_token(b'{"next": "https://api.mixcloud.com/me/?access_token=abc&limit=5"}')
    b'{"next": "https://api.mixcloud.com/me/?limit=5"}'
    """
    return _TOKEN.sub(b"", body) if b"access_token=" in body else body


def _without_json(status: int, headers: Mapping[str, str]) -> errors.MixcloudError:
    """A page in place of JSON: it may come from anything in between, and proves no token wrong."""
    if status == 429 or (status == 403 and "Retry-After" in headers):
        return _rate_limited(status, headers, {}, "Too many requests.")
    match status:
        case 404 | 410:
            return errors.NotFound("Mixcloud has nothing there.", status=status)
        case _ if 400 <= status < 500:
            return errors.Blocked(f"HTTP {status} from the network, not the API", status=status)
    return errors.Unreachable(f"HTTP {status} without JSON", status=status)


def _from_error(
    status: int, headers: Mapping[str, str], data: Mapping[str, Any]
) -> errors.MixcloudError:
    error = data.get("error")
    detail = error if isinstance(error, dict) else {"message": error}
    message = str(detail.get("message") or "Unknown error")
    kind = str(detail.get("type") or "")
    if kind == "RateLimitException" or status == 429:
        return _rate_limited(status, headers, detail, message)
    if status >= 500:
        return errors.Unreachable(f"HTTP {status}: {message}", status=status)
    if (
        status == 401
        or kind == "OAuthException"
        or any(trouble in message.lower() for trouble in TOKEN_TROUBLE)
    ):
        return errors.Unauthorized(message, status=status)
    if status in (404, 410):
        return errors.NotFound(message, status=status)
    details = data.get("details")
    return errors.Rejected(
        message, status=status, details=details if isinstance(details, dict) else None
    )


def _rate_limited(
    status: int, headers: Mapping[str, str], detail: Mapping[str, Any], message: str
) -> errors.RateLimited:
    seconds = _seconds(detail.get("retry_after")) or _seconds(headers.get("Retry-After"))
    wait = min(seconds or DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER)
    return errors.RateLimited(message, retry_after=wait + MARGIN, status=status)


def _seconds(value: object) -> float | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
