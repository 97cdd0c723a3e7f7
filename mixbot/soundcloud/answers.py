"""What an answer of SoundCloud means, decided without network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from . import errors
from .datetime import read_date
from .gate import MARGIN

DEFAULT_RETRY_AFTER = 60.0  # seconds, when SoundCloud limits the rate and does not say how long
LONGEST_RETRY_AFTER = 86_400.0


def decode(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """Turn an answer into data, or raise the exception it stands for.

    An action may be answered with nothing at all: that is an empty dict.
    """
    try:
        data = orjson.loads(body)
    except ValueError:
        return _without_json(status, headers, body)
    if status < 400:
        return data
    if not isinstance(data, dict):
        raise errors.Unreachable(f"HTTP {status} with unexpected JSON", status=status)
    error = _from_error(status, headers, data)
    error.data = data
    raise error


def read(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """The same of an answer to a read, which is never empty."""
    data = decode(status, headers, body)
    if status < 400 and not body.strip():
        raise errors.Unreachable(f"HTTP {status} without JSON", status=status)
    return data


def _without_json(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """A page in place of JSON may come from anything in between, and proves no token wrong.

    But a 401 of SoundCloud has been seen to hold nothing but a line break.
    """
    page = body.lstrip()[:1] == b"<"
    match status:
        case 429:
            raise _rate_limited(status, headers, {}, "Too many requests.")
        case 404 | 410:
            raise errors.NotFound("SoundCloud has nothing there.", status=status)
        case 401 if not page:
            raise errors.Unauthorized("SoundCloud does not accept this token.", status=status)
        case _ if 400 <= status < 500:
            raise errors.Blocked(f"HTTP {status} from the network, not the API", status=status)
        case _ if status < 400 and not body.strip():
            return {}
    raise errors.Unreachable(f"HTTP {status} without JSON", status=status)


def _from_error(
    status: int, headers: Mapping[str, str], data: Mapping[str, Any]
) -> errors.SoundCloudError:
    details = list(_details(data))
    message = _text(data.get("message")) or _text(data.get("error")) or "".join(details[:1])
    match status:
        case 429:
            return _rate_limited(status, headers, data, message or "Too many requests.")
        case _ if status >= 500:
            return errors.Unreachable(f"HTTP {status}: {message}", status=status)
        case 401:
            return errors.Unauthorized(
                message or "SoundCloud does not accept this token.", status=status
            )
        case 404 | 410:
            return errors.NotFound(message or "SoundCloud has nothing there.", status=status)
    return errors.Rejected(message or "SoundCloud refuses this.", status=status, details=details)


def _details(data: Mapping[str, Any]) -> Iterator[str]:
    """The texts in `errors`, which are objects or plain texts."""
    found = data.get("errors")
    for one in found if isinstance(found, list) else ():
        if text := _text(one.get("error_message") if isinstance(one, dict) else one):
            yield text


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _rate_limited(
    status: int, headers: Mapping[str, str], data: Mapping[str, Any], message: str
) -> errors.RateLimited:
    group, seconds = _limit(headers, data)
    seconds = seconds or _seconds(headers.get("Retry-After"))
    wait = min(seconds or DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER)
    return errors.RateLimited(message, retry_after=wait + MARGIN, group=group, status=status)


def _limit(headers: Mapping[str, str], data: Mapping[str, Any]) -> tuple[str | None, float | None]:
    """What is limited, if SoundCloud names it, and for how many seconds, if it tells when it ends.

    A warning for spam is one person's, whose comments or likes were too many.
    """
    group = "spam" if data.get("spam_warning_urn") else None
    seconds: list[float] = []
    found = data.get("errors")
    for one in found if isinstance(found, list) else ():
        meta = one.get("meta") if isinstance(one, dict) else None
        if isinstance(meta, dict):
            limit = meta.get("rate_limit")
            if isinstance(limit, dict):
                group = group or _text(limit.get("group") or limit.get("name")) or None
            seconds += _until(meta.get("reset_time"), headers)
    return group, max(seconds, default=None)


def _until(moment: object, headers: Mapping[str, str]) -> list[float]:
    """Seconds until `moment`, by the clock of whoever wrote it if they tell the time."""
    try:
        now = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError):
        now = datetime.now(UTC)
    try:
        left = (read_date(_text(moment)) - now).total_seconds()
    except (ValueError, TypeError):
        return []
    return [left] if left > 0 else []


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
