"""All items of a list, across its pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from .datetime import Moment, to_timestamp
from .errors import InvalidArgument, MixcloudError
from .models import ResourceList, comparable

if TYPE_CHECKING:
    from .client import Mixcloud

T = TypeVar("T")
MOST_BARREN = 3  # pages in a row with nothing new: a list that goes round in circles ends there
DATES = ("listen_time", "submit_date", "created_time")  # a list by date goes by one of them


async def walk(
    mixcloud: Mixcloud, page: ResourceList[T], most: int | None, since: Moment | None
) -> AsyncIterator[T]:
    """The items of `page` and of the pages after it, each once; see `Mixcloud.walk`."""
    if most is not None and (type(most) is not int or most < 0):
        raise InvalidArgument(f"most is {most!r}; it must be a whole number from 0")
    oldest = None if since is None else to_timestamp(since)
    shared = Shared()
    seen: set[str] = set()
    asked: set[str] = set()
    count = barren = 0
    following: asyncio.Task[ResourceList] | None = None
    try:
        while page and count != most and barren < MOST_BARREN:
            address = _address_after(page, asked, oldest)
            if address:
                asked.add(address)
                if most is None or count + len(page) < most:
                    following = asyncio.create_task(mixcloud.list_at(address, relative=False))
            shared.among(page.data["data"])
            field = _date_field(page) if oldest is not None else None
            barren += 1
            for item in _unseen(page, seen):
                barren = 0
                if not _is_older(item, field, oldest):
                    yield item
                    count += 1
                if count == most:
                    return
            if not address:
                return
            page = _listed(await (following or mixcloud.list_at(address, relative=False)))
            following = None
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


class Shared:
    """The hosts and tags that lists repeat, held once: half of what many shows take in memory."""

    MOST = 4096  # which have been met, before all are forgotten

    def __init__(self) -> None:
        self._met: dict[str, dict[str, Any]] = {}

    def among(self, found: list[dict[str, Any]]) -> None:
        """Put what was met before in the place of what is equal to it."""
        if len(self._met) > self.MOST:
            self._met.clear()
        for one in found:
            if "user" in one:
                one["user"] = self._same(one["user"])
            if isinstance(one.get("tags"), list):
                one["tags"] = [self._same(tag) for tag in one["tags"]]

    def _same(self, one: Any) -> Any:
        key = one.get("key") if isinstance(one, dict) else None
        known = self._met.setdefault(key, one) if isinstance(key, str) else one
        return known if known == one else one


def _listed(page: Any) -> ResourceList:
    """`page`, or what a client that raises no exceptions got instead of one, as an exception."""
    if isinstance(page, ResourceList):
        return page
    raise MixcloudError(f"The list breaks off: Mixcloud answered {page!r}.")


def _address_after(page: ResourceList, asked: set[str], oldest: int | None) -> str | None:
    """Where the list goes on, if there can be something new.

    Mixcloud's dates have whole seconds, and a link to what is older than the last item's leaves out
    others of the same second: so it is asked a second wider, unless it was already.
    """
    link = page.paging.get("next")
    if not link or _ends_before(link, oldest):
        return None
    return next((one for one in (_a_second_wider(link), link) if one not in asked), None)


def _a_second_wider(link: str) -> str:
    until = _moment(link, "until")
    if until is None:
        return link
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query)) | {"until": str(until + 1)}
    return parts._replace(query=urlencode(query)).geturl()


def _unseen(page: ResourceList, seen: set[str]) -> Iterator[Any]:
    """The items whose keys were not seen before; what has no key is always new."""
    for item in page:
        key = item.data.get("key")
        if isinstance(key, str):
            if (known := comparable(key)) in seen:
                continue
            seen.add(known)
        yield item


def _is_older(item: Any, field: str | None, oldest: int | None) -> bool:
    seconds = _seconds(item, field)
    return oldest is not None and seconds is not None and seconds < oldest


def _date_field(page: ResourceList) -> str | None:
    """The field to hold items against: the one whose dates Mixcloud's links to other pages name.

    None for favorites and the like: they go by a date that no item carries.
    """
    bounds = (
        (_moment(page.paging.get("next"), "until"), page[-1]),
        (_moment(page.paging.get("previous"), "since"), page[0]),
    )
    dated = [(moment, item) for moment, item in bounds if moment is not None]
    for field in DATES:
        if any(_seconds(item, field) == moment for moment, item in dated):
            return field
    return None if dated else "created_time"


def _ends_before(address: str, oldest: int | None) -> bool:
    """Whether all that `address` lists is older than `oldest`."""
    until = _moment(address, "until")
    return oldest is not None and until is not None and until < oldest


def _moment(address: str | None, bound: str) -> int | None:
    """Unix seconds of `since` or `until` in a link, such as `2018-06-12+16%3A23%3A45`, in UTC."""
    text = parse_qs(urlsplit(address or "").query).get(bound, [""])[0]
    try:
        return int(text) if text.isdigit() else int(_utc(datetime.fromisoformat(text)).timestamp())
    except (ValueError, OverflowError):
        return None


def _seconds(item: Any, field: str | None) -> int | None:
    date = getattr(item, field, None) if field else None
    return int(_utc(date).timestamp()) if isinstance(date, datetime) else None


def _utc(date: datetime) -> datetime:
    return date if date.tzinfo else date.replace(tzinfo=UTC)
