"""Whatever comes in: no crash, only what is documented, and what goes out comes back."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixbot.mixcloud import (
    InvalidArgument,
    Link,
    Mixcloud,
    MixcloudError,
    RateLimited,
    ShortLink,
    find_links,
)
from mixbot.mixcloud.answers import LONGEST_RETRY_AFTER, decode, without_token
from mixbot.mixcloud.client import _path
from mixbot.mixcloud.datetime import format_datetime, to_timestamp
from mixbot.mixcloud.gate import MARGIN
from mixbot.mixcloud.links import NOT_SHOWS, NOT_USERS, read_key
from mixbot.mixcloud.paging import paging_query
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "error": ANYTHING
        | st.fixed_dictionaries(
            {},
            optional={
                "message": ANYTHING,
                "type": st.sampled_from(["RateLimitException", "OAuthException"]) | ANYTHING,
                "retry_after": ANYTHING,
            },
        ),
        "details": ANYTHING,
        "data": ANYTHING,
    },
)
STATUSES = st.sampled_from([200, 201, 301, 400, 401, 403, 404, 410, 429, 500, 503])
HEADERS = st.dictionaries(st.just("Retry-After"), st.text(max_size=12) | st.integers().map(str))


# Links and keys

NAME = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters='/\\?#<>"'),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", ".."))


@given(st.text() | st.text(st.sampled_from("htps:/wmixcloud.com?#%&=t1 ()<>_*~")))
def test_no_text_crashes_the_search_for_links(text: str) -> None:
    for link in find_links(text):
        assert isinstance(link, Link | ShortLink)
    read_key(text)


@given(NAME.filter(lambda name: name.lower() not in NOT_USERS), NAME)
def test_a_link_is_found_again_in_its_own_address(user: str, show: str) -> None:
    link = Link(user, None if show.lower() in NOT_SHOWS else show)
    assert list(find_links(f"see <{link.url}> there")) == [link]
    assert Link.from_key(link.key) == link


@given(NAME, NAME)
def test_a_key_is_encoded_once(user: str, show: str) -> None:
    with suppress(InvalidArgument):  # a name that decodes into what no name has
        path = _path(f"{user}/{show}")
        assert _path(path) == path
        assert path.isascii()


# Errors


@given(STATUSES, HEADERS, ERRORS | ANYTHING)
def test_every_answer_is_data_or_a_documented_error(
    status: int, headers: Mapping[str, str], data: Any
) -> None:
    try:
        body = orjson.dumps(data)
    except TypeError:  # integers beyond 64 bits, halves of characters
        return
    meaning = _meaning(status, headers, body)
    if isinstance(meaning, RateLimited):
        assert 0 < meaning.retry_after <= LONGEST_RETRY_AFTER + MARGIN
    if isinstance(meaning, MixcloudError):
        assert isinstance(meaning.message, str)
        assert "message" not in meaning.extra
    else:
        assert isinstance(meaning, dict)
        assert status < 400


def _meaning(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    try:
        return decode(status, headers, body)
    except MixcloudError as error:
        return error


@given(STATUSES, HEADERS, st.binary())
def test_bytes_are_an_error_or_data(status: int, headers: Mapping[str, str], body: bytes) -> None:
    with suppress(MixcloudError):
        assert isinstance(decode(status, headers, body), dict)


TOKEN = st.from_regex(r"[A-Za-z0-9]{4,20}", fullmatch=True)
PARAMETERS = st.lists(st.sampled_from(["limit=20", "metadata=1", "q=a+b"]), max_size=3)


@given(TOKEN, PARAMETERS, PARAMETERS, st.booleans())
def test_no_token_is_left_in_an_answer(
    token: str, before: list[str], after: list[str], fragment: bool
) -> None:
    query = "&".join([*before, f"access_token={token}", *after])
    address = f"https://api.mixcloud.com/me/?{query}{'#x' if fragment else ''}"
    body = orjson.dumps({"paging": {"next": address}, "name": "access_token= is a name"})
    clean = without_token(body)
    assert without_token(clean) == clean
    assert token.encode() not in clean.replace(b"access_token= is a name", b"")
    assert "next" in orjson.loads(clean)["paging"]


# Paging and dates

MOMENTS = st.datetimes() | st.floats() | st.integers() | st.text() | st.none() | st.booleans()


@given(
    st.dictionaries(
        st.sampled_from(["offset", "limit", "page", "per_page", "since", "until"]),
        MOMENTS | st.integers(-5, 200),
    )
)
def test_paging_is_a_query_or_refused(paging: Any) -> None:
    with suppress(InvalidArgument):
        query = paging_query(paging)
        assert all(type(text) is str for pair in query.items() for text in pair)


@given(MOMENTS)
def test_a_moment_is_a_number_of_seconds_or_refused(moment: Any) -> None:
    with suppress(InvalidArgument):
        seconds = to_timestamp(moment)
        assert type(seconds) is int
        assert to_timestamp(format_datetime(seconds)) == seconds


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_a_date_is_read_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert to_timestamp(whole.isoformat(" ")) == to_timestamp(whole) == to_timestamp(moment)


@pytest.mark.parametrize("style", [{}, {"offset": 0}])
@given(seconds=st.lists(st.integers(0, 40), max_size=30), limit=st.integers(5, 30))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_show_is_met_once(
    style: dict[str, Any], seconds: list[int], limit: int
) -> None:
    """In both ways of paging, as long as no page is full of what has the same second."""
    catalogue = Catalogue()
    host = catalogue.add_user("ada")
    for number, second in enumerate(seconds):
        created = datetime.fromtimestamp(1_500_000_000 + second).astimezone()
        if seconds[:number].count(second) < limit - 1:
            catalogue.add_show(host, f"Show {number}", created=created)
    async with (
        MixcloudServer(catalogue) as server,
        Mixcloud(server.api_url, access_token=None) as mixcloud,
    ):
        page = await mixcloud.list_at("ada/cloudcasts", limit=limit, **style)
        met = [show.key async for show in page.all()]
        assert sorted(met) == sorted(show.key for show in catalogue.shows)
        assert [show.key async for show in page.all(most=3)] == met[:3]
