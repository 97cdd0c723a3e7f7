"""What the pretended services have alike in front of a browser: pages, pictures, a player."""

import asyncio
import math
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"


class Templates:
    """The pages of `package`, whose templates know `names` besides what each of them is given."""

    def __init__(self, package: str, **names: Any) -> None:
        self._package = package
        self._names = names

    def page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        return web.Response(
            status=status,
            text=self._environment.get_template(template).render(values),
            content_type="text/html",
            headers={
                "Content-Security-Policy": f"{PAGE_POLICY}; frame-ancestors 'none'",
                "Referrer-Policy": "no-referrer",
            },
        )

    @cached_property
    def _environment(self) -> "Environment":
        from jinja2 import Environment, PackageLoader  # needed by browsers only

        templates = Environment(
            loader=PackageLoader(self._package),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.globals.update(self._names, waveform=waveform)
        templates.filters["duration"] = duration
        return templates


async def picture(path: str, width: int, height: int) -> web.Response:
    """The picture drawn for `path`, which is the same for ever."""
    from mixbot.sandbox.mixcloud import artwork  # the imaging library is slow to load

    return web.Response(
        body=await asyncio.to_thread(artwork.draw, path, width, height),
        content_type="image/png" if path.endswith(".png") else "image/jpeg",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Access-Control-Allow-Origin": "*",
        },
    )


def duration(seconds: int | None) -> str:
    """Hours, minutes and seconds as a player shows them."""
    minutes, rest = divmod(seconds or 0, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def waveform(name: str) -> list[int]:
    """Heights for the bars of the player, in percent: loud in the middle, as most mixes are."""
    noise = sha256(name.encode()).digest() * 3
    return [
        15 + int((0.35 + byte / 400) * 85 * math.sin(math.pi * place / (len(noise) + 1)))
        for place, byte in enumerate(noise, start=1)
    ]


def may_return_to(redirect_uri: str, registered: str | None) -> bool:
    """Whether an application registered with `registered`, or with any, has people sent there."""
    parts = urlsplit(redirect_uri)
    absolute = parts.scheme in ("http", "https") and bool(parts.netloc)
    return absolute and registered in (None, redirect_uri)
