"""Which part of a list is wanted."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from dateutil import parser

from .errors import InvalidArgument

Moment = datetime | str | float
"""A moment: a datetime, a text a person would write, or Unix seconds. Naive means local time."""

PER_PAGE = 20  # what Mixcloud sends when it is not told
MOST_PER_PAGE = 100


class Paging(TypedDict, total=False):
    """What every method that lists accepts; `page` counts from 0 and excludes the first four."""

    offset: int
    limit: int
    since: Moment
    until: Moment
    page: int
    per_page: int


def paging_query(paging: Paging) -> dict[str, str]:
    """`paging` in the words of the API; raises InvalidArgument for what cannot be meant."""
    query: dict[str, str] = {}
    if "page" in paging or "per_page" in paging:
        if paging.keys() & {"offset", "limit", "since", "until"}:
            raise InvalidArgument("page and per_page go without offset, limit, since and until")
        per_page = _whole("per_page", paging.get("per_page", PER_PAGE), at_least=1)
        page = _whole("page", paging.get("page", 0))
        return {"offset": str(page * per_page), "limit": str(per_page)}
    if "offset" in paging:
        query["offset"] = str(_whole("offset", paging["offset"]))
    if "limit" in paging:
        query["limit"] = str(_whole("limit", paging["limit"], at_least=1))
    if "since" in paging:
        query["since"] = str(to_timestamp(paging["since"]))
    if "until" in paging:
        query["until"] = str(to_timestamp(paging["until"]))
    return query


def _whole(name: str, value: int, *, at_least: int = 0) -> int:
    if type(value) is not int or value < at_least:
        raise InvalidArgument(f"{name} is {value!r}; it must be a whole number from {at_least}")
    return value


def to_timestamp(value: Moment) -> int:
    """Unix seconds of `value`.

    >>> to_timestamp("2018 Feb 12 13:00:00 UTC")
    1518440400
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = parser.parse(value)
        except (ValueError, OverflowError):
            raise InvalidArgument(f"{value!r} is not a date, such as 2018 Feb 12 13:00") from None
    if not isinstance(value, datetime):
        raise InvalidArgument(f"{value!r} is not a datetime, a text or Unix seconds")
    return int(value.timestamp())
