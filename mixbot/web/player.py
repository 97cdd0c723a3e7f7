"""The player page: Mixcloud's own player, framed.

Mixcloud tells title, host and picture; the frame is built here, from the key and a fixed host. No
HTML that was received is shown.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import web
from cachetools import TTLCache

from mixbot.mixcloud import Link, Mixcloud, MixcloudError, NotFound, read_key

from .pages import content_policy, page

PLAYER_ROOT = "https://player-widget.mixcloud.com/widget/iframe/"
IMAGE_ROOT = "https://thumbnailer.mixcloud.com"
SITE = "Mixcloud"
LONGEST_START = 24 * 60 * 60
REMEMBERED_SECONDS = 300
NO_ANSWER_SECONDS = 15
PATIENCE_SECONDS = 3.0  # a title is not worth a longer wait for the player
OEMBED_WIDTH, OEMBED_HEIGHT = 640, 120

SHORT_ID = "~"  # in the place of a user: what follows is a short id of the store
LongKey = Callable[[str], Awaitable[str | None]]

_ADDRESS = re.compile(r"/play/([^/?#]+)/([^/?#]+)/?(?:[?#].*)?$")
_CLOCK = re.compile(r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,4}):(?P<s>\d{2})", re.ASCII)
_UNITS = re.compile(r"(?:(?P<h>\d{1,2})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6})s?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a show without hearing it."""

    title: str
    author: str
    image: str | None


class Player:
    """The routes of the player page."""

    def __init__(
        self,
        mixcloud: Mixcloud,
        public_url: str,
        player_root: str,
        image_root: str,
        long_key: LongKey | None = None,
    ) -> None:
        self._mixcloud = mixcloud
        self._long_key = long_key
        self._public_url = public_url
        self._player_root = player_root
        self._image_root = image_root
        self._policy = content_policy(frame_src=[origin(player_root)], img_src=[origin(image_root)])
        self._known: TTLCache[str, Facts] = TTLCache(maxsize=2048, ttl=REMEMBERED_SECONDS)
        self._unknown: TTLCache[str, Facts] = TTLCache(maxsize=2048, ttl=NO_ANSWER_SECONDS)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/play/oembed.json", self.oembed)
        app.router.add_get("/play/{user}/{slug}", self.with_slash)
        app.router.add_get("/play/{user}/{slug}/", self.play)

    async def with_slash(self, request: web.Request) -> web.Response:
        key = (await self._show_at(request)).key
        asked = request.rel_url.raw_query_string  # the other one may hold line breaks
        query = f"?{asked}" if asked else ""
        return web.Response(status=301, headers={"Location": f"{self._page(key)}{query}"})

    async def play(self, request: web.Request) -> web.Response:
        link = await self._show_at(request)
        facts = await self._facts(link)
        start = start_time(request.query.get("t", ""))
        address = self._page(link.key)
        return page(
            request,
            "play.html",
            {
                "facts": facts,
                "frame": self._frame(link.key, **_options(facts, start)),
                "start": clock(start) if start else None,
                "address": address,
                "oembed": f"{self._public_url}/play/oembed.json?{urlencode({'url': address})}",
                "mixcloud": link.url,
            },
            policy=self._policy,
        )

    async def oembed(self, request: web.Request) -> web.Response:
        """What a page that shows links needs to frame the player itself (oembed.com)."""
        found = _ADDRESS.search(request.query.get("url", ""))
        if not found:
            raise web.HTTPNotFound
        link = show_of(*found.groups())
        facts = await self._facts(link)
        frame = escape(self._frame(link.key))
        answer: dict[str, Any] = {
            "version": "1.0",
            "type": "rich",
            "title": facts.title,
            "author_name": facts.author,
            "provider_name": SITE,
            "provider_url": "https://www.mixcloud.com/",
            "width": OEMBED_WIDTH,
            "height": OEMBED_HEIGHT,
            "html": f'<iframe src="{frame}" width="100%" height="{OEMBED_HEIGHT}"></iframe>',
        }
        if facts.image:
            answer |= {
                "thumbnail_url": facts.image,
                "thumbnail_width": 600,
                "thumbnail_height": 600,
            }
        return web.json_response(answer)

    async def _facts(self, link: Link) -> Facts:
        known = self._known.get(link.key) or self._unknown.get(link.key)
        if known:
            return known
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._mixcloud.oembed(link.key)
        except NotFound:
            raise web.HTTPNotFound from None
        except (MixcloudError, TimeoutError):
            # The player may well work; it is Mixcloud's, and asked for by the browser.
            facts = Facts(title=(link.show or "").replace("-", " "), author=link.user, image=None)
            self._unknown[link.key] = facts
            return facts
        facts = Facts(
            title=str(answer.get("title") or link.show),
            author=str(answer.get("author_name") or link.user),
            image=self._image(answer.get("image")),
        )
        self._known[link.key] = facts
        return facts

    async def _show_at(self, request: web.Request) -> Link:
        user, slug = (quote(request.match_info[part], safe="") for part in ("user", "slug"))
        if user == SHORT_ID and self._long_key:
            user, _, slug = ((await self._long_key(slug)) or "").strip("/").partition("/")
        return show_of(user, slug)

    def _image(self, address: object) -> str | None:
        """The picture, if it is on the one host that the page may load pictures from."""
        if not isinstance(address, str) or not address.startswith(f"{IMAGE_ROOT}/"):
            return None
        return self._image_root + address.removeprefix(IMAGE_ROOT)

    def _frame(self, key: str, **options: int) -> str:
        return f"{self._player_root}?{urlencode({'feed': key, 'hide_cover': 1} | options)}"

    def _page(self, key: str) -> str:
        return f"{self._public_url}/play{key}"


def _options(facts: Facts, start: int) -> dict[str, int]:
    """How the player is to look and begin. What it makes of `t` is not documented."""
    options = {"autoplay": 1}
    if facts.image:
        options["hide_artwork"] = 1  # the page shows it, larger
    if start:
        options["t"] = start
    return options


def show_of(user: str, slug: str) -> Link:
    """The show that two segments of a path name, or nothing here."""
    link = read_key(f"/{user}/{slug}/")
    if link is None or link.show is None:
        raise web.HTTPNotFound
    return link


def start_time(text: str) -> int:
    """Seconds, from `754`, `12:34`, `1:02:03`, `12m34s` or `1h2m3s`; 0 from anything else."""
    found = _CLOCK.fullmatch(text) or _UNITS.fullmatch(text.lower())
    if not found:
        return 0
    hours, minutes, seconds = (int(found[unit] or 0) for unit in "hms")
    return min(hours * 3600 + minutes * 60 + seconds, LONGEST_START)


def clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
