"""Cutting lists into pages the way Mixcloud does: by date, or by offset once one was given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

DEFAULT_LIMIT = 20
MOST = 100

T = TypeVar("T")


class BadDate(ValueError):
    """`since` or `until` is neither Unix seconds nor `YYYY-MM-DD HH:MM:SS`."""


@dataclass(frozen=True, slots=True)
class Paging:
    """What a request said about the page it wants, and the address to build links from."""

    address: str  # scheme, host and path
    query: Mapping[str, str]

    @property
    def limit(self) -> int:
        asked = _number(self.query.get("limit"))
        return min(asked, MOST) if asked else DEFAULT_LIMIT

    def offset_page(self, items: Sequence[T], render: Callable[[T], Any]) -> dict[str, Any]:
        """The page that starts at `offset`; `previous` and `next` only where there is one."""
        offset, limit = _number(self.query.get("offset")), self.limit
        links = {}
        if offset:
            links["previous"] = self._link(offset=max(offset - limit, 0))
        if offset + limit < len(items):
            links["next"] = self._link(offset=offset + limit)
        data = [render(item) for item in items[offset : offset + limit]]
        return {"paging": links, "data": data} if links else {"data": data}

    def dated_page(
        self, items: Sequence[tuple[datetime, T]], render: Callable[[datetime, T], Any]
    ) -> dict[str, Any]:
        """The page between `since` and `until`, both excluded; `items` come newest first.

        One second is the finest Mixcloud knows, so items of the boundary's second are lost.
        """
        if "offset" in self.query:
            return self.offset_page(items, lambda item: render(*item))
        items = [(when.replace(microsecond=0), item) for when, item in items]
        since, until = _date(self.query.get("since")), _date(self.query.get("until"))
        if until:
            items = [entry for entry in items if entry[0] < until]
        if since:
            items = [entry for entry in items if entry[0] > since]
        forwards = since and not until
        page = items[-self.limit :] if forwards else items[: self.limit]
        if not page:
            return {"data": []}
        links = {"previous": self._link(since=_spelled(page[0][0]))}
        if forwards or len(items) > len(page):
            links["next"] = self._link(until=_spelled(page[-1][0]))
        return {"paging": links, "data": [render(when, item) for when, item in page]}

    def _link(self, **where: str | int) -> str:
        kept = {
            name: value
            for name, value in self.query.items()
            if name not in ("since", "until", "offset", "callback")
        }
        query = {**kept, "limit": self.limit, **where}
        return f"{self.address}?{urlencode(sorted(query.items()))}"


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadDate(text) from None


def _spelled(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")
