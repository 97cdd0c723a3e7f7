"""What an answer of Mixcloud means, decided without network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from . import errors
from .gate import MARGIN

DEFAULT_RETRY_AFTER = 60.0  # seconds, when Mixcloud limits the rate and does not say for how long
LONGEST_RETRY_AFTER = 86_400.0
TOKEN_TROUBLE = ("invalid access token", "access_token is required")


def decode(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """Turn an answer into data, or raise the exception it stands for.

    403 means a rate limit, a refusal or a page of the network in between, so the body decides.
    """
    try:
        data = orjson.loads(body)
    except ValueError:
        raise _without_json(status, headers) from None
    if not isinstance(data, dict):
        raise errors.Unreachable(f"HTTP {status} with unexpected JSON", status=status)
    if status < 400 and "error" not in data:
        return data
    raise _from_error(status, headers, data)


def _without_json(status: int, headers: Mapping[str, str]) -> errors.MixcloudError:
    match status:
        case 404 | 410:
            return errors.NotFound("Mixcloud has nothing there.", status=status)
        case 401:
            return errors.Unauthorized("Mixcloud does not accept the token.", status=status)
        case 429:
            return _rate_limited(status, headers, {}, "Too many requests.")
        case 403 | 451:
            return errors.Blocked(
                f"HTTP {status} from the network, not from the API", status=status
            )
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
    if (
        status == 401
        or kind == "OAuthException"
        or any(trouble in message.lower() for trouble in TOKEN_TROUBLE)
    ):
        return errors.Unauthorized(message, status=status)
    if status == 404:
        return errors.NotFound(message, status=status)
    if status >= 500:
        return errors.Unreachable(f"HTTP {status}: {message}", status=status)
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
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
