"""All items of a list, across its pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import InvalidArgument
from .models import ResourceList

if TYPE_CHECKING:
    from .client import SoundCloud

T = TypeVar("T")
MOST_BARREN = 3  # pages in a row with nothing new: a list that goes round in circles ends there


async def walk(soundcloud: SoundCloud, page: ResourceList[T], most: int | None) -> AsyncIterator[T]:
    """The items of `page` and of the pages after it, each once; see `SoundCloud.walk`."""
    if most is not None and (type(most) is not int or most < 0):
        raise InvalidArgument(f"most is {most!r}; it must be a whole number from 0")
    seen: set[str] = set()
    asked: set[str] = set()
    count = barren = 0
    following: asyncio.Task[ResourceList[T]] | None = None
    try:
        while count != most and barren < MOST_BARREN:
            address = page.next_href if page.next_href not in asked else None
            if address:
                asked.add(address)
                if most is None or count + len(page) < most:
                    following = asyncio.create_task(soundcloud.list_at(address))
            barren += 1
            for item in _unseen(page, seen):
                barren = 0
                yield item
                count += 1
                if count == most:
                    return
            if not address:
                return
            page = await (following or soundcloud.list_at(address))
            following = None
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def _unseen(page: ResourceList[T], seen: set[str]) -> Iterator[Any]:
    """The items that were not seen before; what has no name of its own is always new."""
    for item in page:
        data = getattr(item, "data", {})
        name = data.get("urn") or (data.get("id") and f"{data.get('kind')}:{data['id']}")
        if isinstance(name, str):
            if name in seen:
                continue
            seen.add(name)
        yield item
