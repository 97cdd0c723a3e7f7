"""Link previews: what Discord adds to a message with an address in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import aiohttp

from .errors import Json
from .kinds import Flag
from .messages import Message

ADDRESS = re.compile(r"(?<![<\w])https?://[^\s<>]+")
MOST_PREVIEWS = 5
MOST_BYTES = 1 << 20


class Unfurler:
    """Fetches pages of registered origins only; nothing else on the network is ever asked."""

    def __init__(self) -> None:
        self._origins: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, prefix: str, origin: str) -> None:
        """Preview addresses that begin with `prefix`, by asking `origin` instead."""
        self._origins[prefix.rstrip("/")] = origin.rstrip("/")

    def look_at(self, message: Message) -> None:
        """Preview the links of a new or changed message, a moment later."""
        if not self._origins or message.flags & (Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2):
            return
        if addresses := list(self._addresses(message.content)):
            task = asyncio.create_task(self._add_previews(message, addresses))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _addresses(self, content: str) -> Iterator[tuple[str, str]]:
        """The addresses to preview, once each, with where to ask for them."""
        found = dict.fromkeys(address.rstrip(".,:;!?)") for address in ADDRESS.findall(content))
        for address in list(found)[:MOST_PREVIEWS]:
            for prefix, origin in self._origins.items():
                rest = address.removeprefix(prefix)
                if rest != address and (not rest or rest[0] in "/?#"):
                    yield address, origin + rest

    async def _add_previews(self, message: Message, addresses: list[tuple[str, str]]) -> None:
        content = message.content
        previews = [await self._preview(address, where) for address, where in addresses]
        known = [preview for preview in previews if preview]
        hidden = message.deleted or message.flags & Flag.SUPPRESS_EMBEDS
        if known and not hidden and message.content == content:
            own = [embed for embed in message.embeds if embed["type"] == "rich"]
            message.update(embeds=[*own, *known][:10])

    async def _preview(self, address: str, where: str) -> Json | None:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=5)
            headers = {
                "User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0)",
                "Accept": "text/html",  # Mixcloud answers others with JSON
            }
            self._session = aiohttp.ClientSession(timeout=timeout, headers=headers)
        try:
            async with self._session.get(where, allow_redirects=False) as response:
                if response.status != 200 or response.content_type != "text/html":
                    return None
                page = await response.content.read(MOST_BYTES)
        except (aiohttp.ClientError, TimeoutError):
            return None
        return preview(address, page.decode(errors="replace"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
            self._session = None


def preview(address: str, page: str) -> Json | None:
    """The embed for a page, from its Open Graph tags; None if they do not say enough."""
    meta = _Meta()
    meta.feed(page)
    title = meta.tags.get("og:title") or meta.title.strip()
    if not title:
        return None
    embed: Json = {"type": "link", "url": address, "title": title[:256]}
    provider = meta.tags.get("og:site_name") or urlsplit(address).hostname
    embed["provider"] = {"name": provider, "url": None}
    if description := meta.tags.get("og:description") or meta.tags.get("description"):
        embed["description"] = description[:350]
    if image := meta.tags.get("og:image"):
        embed["thumbnail"] = {"url": image, "proxy_url": image, "flags": 0}
        for side in ("width", "height"):
            length = meta.tags.get(f"og:image:{side}", "")
            embed["thumbnail"][side] = int(length) if length.isdecimal() else 600
    if colour := re.fullmatch(r"#([0-9a-fA-F]{6})", meta.tags.get("theme-color", "")):
        embed["color"] = int(colour[1], 16)
    return embed


class _Meta(HTMLParser):
    """Collects a page's title and meta tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        if tag == "meta":
            values = dict(attrs)
            name = values.get("property") or values.get("name")
            if name and values.get("content"):
                self.tags.setdefault(name, values["content"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
