"""How fast cards are drawn and pages turned: from what is kept to the JSON that Discord gets."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import orjson

from benchmarks.ours import Served
from mixbot import app
from mixbot.bot import MixBot
from mixbot.mixcloud import Cloudcast
from mixbot.mixcloud.models import resource
from mixbot.settings import Settings
from mixbot.ui import cards
from mixbot.ui.listings import Listing
from mixbot.ui.pager import ANYBODY, Page, Place, _draw_lines, _draw_show
from mixbot.ui.showing import fetch_show

SHOWS = 200
PAGES = 16  # of shows, and as many of people


async def measure_drawing(settings: Settings, served: Served, *, rounds: int) -> None:
    """Print how many a second are drawn by this process, which does nothing else."""
    print("\nDrawn in a second of CPU, as the JSON that is sent\n")
    print("| | a second |")
    print("| --- | ---: |")
    async with app.assembled(settings) as parts:
        for name, draw, subjects in await drawings(parts.bot, served):
            seconds = [await _seconds(draw, subjects) for _ in range(rounds)]
            print(f"| {name} | {1 / statistics.median(seconds):,.0f} |")


async def drawings(
    bot: MixBot, served: Served
) -> list[tuple[str, Callable[..., Awaitable[bytes]], Sequence[object]]]:
    """What is drawn, how, and of what: all that Mixcloud has to be asked for is asked for here."""
    kept = [orjson.dumps((await fetch_show(bot, key)).data) for key in served.keys[:SHOWS]]
    shows = [Place(Listing("s", query), 0, ANYBODY) for query in served.queries[:PAGES]]
    people = [replace(place, listing=Listing("u", place.listing.query)) for place in shows]
    people = [place for place in people if await place.listing.page(bot, 0, ANYBODY)]

    async def turn(place: Place) -> bytes:
        leaf = await place.listing.page(bot, place.offset, ANYBODY)
        draw = _draw_show if place.listing.code == "s" else _draw_lines
        return _as_sent(await draw(bot, place, leaf, can_be_shown=False))

    turns = [replace(place, index=number) for place in shows for number in range(20)]
    for place in shows:
        await turn(place)
    return [
        ("cards of shows, as layouts", _layout, kept),
        ("cards of shows, as embeds", _embed, kept),
        ("pages turned to a show", turn, turns),
        ("pages turned to a list of people", turn, people),
    ]


async def _layout(kept: bytes) -> bytes:
    return orjson.dumps(cards.as_layout(cards.show(_show(kept))))


async def _embed(kept: bytes) -> bytes:
    return orjson.dumps(cards.as_embed(cards.show(_show(kept))))


def _show(kept: bytes) -> Cloudcast:
    show = resource(orjson.loads(kept))
    assert isinstance(show, Cloudcast)
    return show


def _as_sent(page: Page) -> bytes:
    return orjson.dumps(cards.as_layout(page.card, page.rows))


async def _seconds(
    draw: Callable[..., Awaitable[bytes]], subjects: Sequence[object], *, least: float = 0.2
) -> float:
    """CPU seconds that one of `subjects` takes, drawn again and again for `least` seconds."""
    drawn, began = 0, time.process_time()
    while (seconds := time.process_time() - began) < least:
        for one in subjects:
            await draw(one)
        drawn += len(subjects)
        await asyncio.sleep(0)
    return seconds / drawn
