"""Which part of a list is wanted."""

from __future__ import annotations

from typing import Any, TypedDict

from .errors import InvalidArgument

MOST_PER_PAGE = 200


class Paging(TypedDict, total=False):
    """What every method that lists accepts: how many a page has, and which tracks are wanted.

    `access` is “playable”, “preview” or “blocked”, or several of them with commas.
    """

    limit: int
    access: str


def paging_query(given: dict[str, Any]) -> dict[str, Any]:
    """`given` in the words of the API; raises InvalidArgument for a page that cannot be."""
    limit = given.get("limit")
    if limit is not None and (type(limit) is not int or not 1 <= limit <= MOST_PER_PAGE):
        raise InvalidArgument(f"limit is {limit!r}; it must be a whole number from 1 to 200")
    return {"linked_partitioning": "true", **given}
