"""Which part of a list is wanted."""

from __future__ import annotations

from typing import TypedDict

from .datetime import Moment, to_timestamp
from .errors import InvalidArgument

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
    if unknown := paging.keys() - Paging.__annotations__.keys():
        known = ", ".join(Paging.__annotations__)
        raise InvalidArgument(f"{min(unknown)} is not known; known are {known}")
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
