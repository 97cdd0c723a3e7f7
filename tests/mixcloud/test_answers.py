"""What an answer means, without a network."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixbot.mixcloud import (
    Blocked,
    MixcloudError,
    NotFound,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from mixbot.mixcloud.answers import (
    DEFAULT_RETRY_AFTER,
    LONGEST_RETRY_AFTER,
    decode,
    without_token,
)
from mixbot.mixcloud.gate import MARGIN

PAGE = b"<!DOCTYPE html><title>Attention Required!</title>"


def error(message: str = "No.", type: str = "SomeException", **more: Any) -> bytes:
    return orjson.dumps({"error": {"message": message, "type": type, **more}})


def test_success_is_data() -> None:
    assert decode(200, {}, b'{"key": "/a/"}') == {"key": "/a/"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, error("An invalid access token was provided"), Unauthorized),
        (400, error(type="OAuthException"), Unauthorized),
        (401, error(), Unauthorized),
        (403, error("An access_token is required to access this resource."), Unauthorized),
        (403, error("This show is private."), Rejected),
        (400, error(), Rejected),
        (200, error(), Rejected),
        (200, b'{"error": "invalid"}', Rejected),
        (404, error(type="ObjectNotFoundException"), NotFound),
        (410, error(), NotFound),
        (404, PAGE, NotFound),
        (410, b"", NotFound),
        (401, PAGE, Blocked),
        (403, PAGE, Blocked),
        (403, b"", Blocked),
        (451, PAGE, Blocked),
        (407, PAGE, Blocked),
        (500, PAGE, Unreachable),
        (502, b"", Unreachable),
        (503, error(), Unreachable),
        (503, error(type="OAuthException"), Unreachable),
        (200, PAGE, Unreachable),
        (200, b"", Unreachable),
        (200, b'{"key": "/a', Unreachable),
        (200, b"[]", Unreachable),
        (200, b"null", Unreachable),
        (200, b'"error"', Unreachable),
        (200, b"\xff\xfe", Unreachable),
        (301, b"", Unreachable),
        (200, b"[" * 100_000, Unreachable),
    ],
)
def test_the_body_decides_then_the_status(
    status: int, body: bytes, expected: type[MixcloudError]
) -> None:
    with pytest.raises(MixcloudError) as caught:
        decode(status, {}, body)
    assert type(caught.value) is expected
    assert caught.value.status == status
    assert str(caught.value) == caught.value.message


def test_a_rejection_says_which_field_is_wrong() -> None:
    body = orjson.dumps(
        {"error": {"message": "Bad.", "type": "X"}, "details": {"name": ["Too long."]}}
    )
    with pytest.raises(Rejected, match="Bad") as caught:
        decode(400, {}, body)
    assert caught.value.details == {"name": ["Too long."]}


@pytest.mark.parametrize(
    ("in_body", "in_header", "seconds"),
    [
        (452, "9", 452),
        ("452", None, 452),
        (1.5, None, 1.5),
        (None, "452", 452),
        (None, None, DEFAULT_RETRY_AFTER),
        (-3, None, DEFAULT_RETRY_AFTER),
        (-3, "7", 7),
        (0, None, DEFAULT_RETRY_AFTER),
        ("soon", "Wed, 21 Oct 2015 07:28:00 GMT", DEFAULT_RETRY_AFTER),
        ([], None, DEFAULT_RETRY_AFTER),
        ({}, "nan", DEFAULT_RETRY_AFTER),
        (None, "inf", DEFAULT_RETRY_AFTER),
        (True, None, DEFAULT_RETRY_AFTER),
        (10**12, None, LONGEST_RETRY_AFTER),
    ],
)
def test_how_long_to_wait(in_body: object, in_header: str | None, seconds: float) -> None:
    more = {} if in_body is None else {"retry_after": in_body}
    headers = {} if in_header is None else {"Retry-After": in_header}
    body = error("Slow down", "RateLimitException", **more)
    with pytest.raises(RateLimited) as caught:
        decode(403, headers, body)
    assert caught.value.retry_after == seconds + MARGIN


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {}, b"{}"),
        (429, {}, PAGE),
        (429, {"Retry-After": "5"}, error()),
        (403, {"Retry-After": "5"}, PAGE),
        (503, {}, error(type="RateLimitException")),
        (200, {}, error(type="RateLimitException")),
    ],
)
def test_a_rate_limit_in_any_form(status: int, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(RateLimited) as caught:
        decode(status, headers, body)
    assert caught.value.retry_after > MARGIN


@given(st.integers(200, 599), st.binary(max_size=60))
def test_no_answer_is_beyond_meaning(status: int, body: bytes) -> None:
    try:
        data = decode(status, {}, body)
    except MixcloudError:
        return
    assert isinstance(data, dict)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.sampled_from([200, 400, 401, 403, 404, 429, 500]),
    st.fixed_dictionaries(
        {
            "error": json_values
            | st.fixed_dictionaries({"type": json_values, "message": json_values})
        }
    ),
)
def test_no_error_is_beyond_meaning(status: int, data: dict[str, Any]) -> None:
    try:
        body = orjson.dumps(data)
    except TypeError:  # a text that JSON cannot hold
        return
    with pytest.raises(MixcloudError) as caught:
        decode(status, {}, body)
    assert caught.value.message
    if isinstance(caught.value, RateLimited):
        assert math.isfinite(caught.value.retry_after)


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ("https://x/?access_token=abc", "https://x/"),
        ("https://x/?access_token=abc&limit=5", "https://x/?limit=5"),
        ("https://x/?limit=5&access_token=abc", "https://x/?limit=5"),
        ("https://x/?limit=5&access_token=abc&q=a", "https://x/?limit=5&q=a"),
        ("https://x/?limit=5\\u0026access_token=abc\\u0026q=a", "https://x/?limit=5\\u0026q=a"),
        ("https://x/?limit=5\\u0026access_token=abc", "https://x/?limit=5"),
        ("https://x/?limit=5", "https://x/?limit=5"),
    ],
)
def test_a_token_is_taken_out_of_every_address(link: str, left: str) -> None:
    body = f'{{"paging": {{"next": "{link}"}}}}'.encode()
    assert without_token(body) == f'{{"paging": {{"next": "{left}"}}}}'.encode()
