"""What an answer means, decided without network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from mixbot.soundcloud.answers import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER, decode, read
from mixbot.soundcloud.datetime import read_date
from mixbot.soundcloud.errors import (
    Blocked,
    NotFound,
    RateLimited,
    Rejected,
    SoundCloudError,
    Unauthorized,
    Unreachable,
)
from mixbot.soundcloud.gate import MARGIN

DATE = {"Date": "Fri, 27 Nov 2026 10:00:00 GMT"}


def says(status: int, message: str = "", **more: Any) -> dict[str, Any]:
    return {"code": status, "message": message, "errors": [], "error": None, **more}


@pytest.mark.parametrize(
    ("status", "data", "error", "message"),
    [
        (401, says(401), Unauthorized, "does not accept this token"),
        (401, says(401, "invalid_token"), Unauthorized, "invalid_token"),
        (403, says(403, "Forbidden"), Rejected, "Forbidden"),
        (404, says(404, "404 - Not Found"), NotFound, "404"),
        (410, {}, NotFound, "nothing there"),
        (422, says(422, errors=[{"error_message": "too long"}]), Rejected, "too long"),
        (400, {"errors": ["plain"]}, Rejected, "plain"),
        (400, {"errors": "no list", "message": 5}, Rejected, "refuses"),
        (500, says(500, "oops"), Unreachable, "HTTP 500: oops"),
        (400, [], Unreachable, "unexpected JSON"),
    ],
)
def test_json_says_what_is_wrong(
    status: int, data: Any, error: type[SoundCloudError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        decode(status, {}, orjson.dumps(data))
    assert type(caught.value) is error
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"\n", Unauthorized),  # as SoundCloud answered an upload in 2026
        (401, b"", Unauthorized),
        (401, b"<html>", Blocked),
        (403, b"<html>", Blocked),
        (404, b"<html>", NotFound),
        (407, b"", Blocked),
        (429, b"", RateLimited),
        (200, b"<html>", Unreachable),
        (200, b'{"kind": "tra', Unreachable),
        (502, b"upstream request timeout", Unreachable),
    ],
)
def test_what_is_no_json(status: int, body: bytes, error: type[SoundCloudError]) -> None:
    with pytest.raises(error) as caught:
        decode(status, {}, body)
    assert type(caught.value) is error


def test_an_action_may_be_answered_with_nothing_but_a_read_may_not() -> None:
    assert decode(201, {}, b"") == {}
    assert decode(200, {}, b" \n") == {}
    with pytest.raises(Unreachable):
        read(200, {}, b"")


def limited(until: object, **more: Any) -> dict[str, Any]:
    meta = {"rate_limit": more, "remaining_requests": 0, "reset_time": until}
    return {"errors": [{"meta": meta}]}


@pytest.mark.parametrize(
    ("headers", "data", "seconds", "group"),
    [
        (DATE, limited("2026/11/27 10:05:00 +0000", group="plays"), 300, "plays"),
        (DATE, limited("2026/11/27 11:05:00 +0100"), 300, None),
        (DATE, limited("2026/11/27 10:05:00 +0000", name="exchange"), 300, "exchange"),
        (DATE, limited("2026/11/27 09:00:00 +0000"), DEFAULT_RETRY_AFTER, None),
        (DATE, limited("2036/11/27 09:00:00 +0000"), LONGEST_RETRY_AFTER, None),
        (DATE, limited("soon"), DEFAULT_RETRY_AFTER, None),
        (DATE, limited(None), DEFAULT_RETRY_AFTER, None),
        ({"Retry-After": "7"}, says(429), 7, None),
        ({"Retry-After": "nan"}, says(429), DEFAULT_RETRY_AFTER, None),
        ({}, says(429, spam_warning_urn="soundcloud:spam-warnings:1"), 60, "spam"),
        ({}, {"errors": [None, {"meta": None}, {"meta": {"rate_limit": 5}}]}, 60, None),
        ({}, {"error": "rate_limit_exceeded"}, 60, None),
    ],
)
def test_a_rate_limit_says_how_long_and_of_what(
    headers: dict[str, str], data: Any, seconds: float, group: str | None
) -> None:
    with pytest.raises(RateLimited) as caught:
        decode(429, headers, orjson.dumps(data))
    assert caught.value.retry_after == seconds + MARGIN
    assert caught.value.group == group


def test_without_a_date_our_own_clock_counts() -> None:
    ends = datetime.now(UTC) + timedelta(seconds=100)
    with pytest.raises(RateLimited) as caught:
        decode(429, {}, orjson.dumps(limited(ends.strftime("%Y/%m/%d %H:%M:%S +0000"))))
    assert 95 < caught.value.retry_after <= 100 + MARGIN


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019/01/15 15:40:49 +0000", datetime(2019, 1, 15, 15, 40, 49, tzinfo=UTC)),
        ("2018-01-01T12:08:25Z", datetime(2018, 1, 1, 12, 8, 25, tzinfo=UTC)),
        ("2018-01-01T12:08:25.000Z", datetime(2018, 1, 1, 12, 8, 25, tzinfo=UTC)),
    ],
)
def test_dates_come_in_two_ways(text: str, date: datetime) -> None:
    assert read_date(text) == date
