"""Text from outside, made fit for Discord: cut to its limits, escaped, isolated."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

import discord

from mixbot.languages import _, grouped, spoken

# Discord formats and mentions nothing without these signs; a dash only where a line begins.
HARMLESS = re.compile(r"(?!\s*-)[^\\*_~`|<>@#\[\]\n]*|[^\\*_~`|<>@#\[\]-]*")
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
# What in a name would turn the words behind it around, or end its isolation.
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
# What Discord takes for the text of a link, and the bracket that ends it.
LINK_TEXT = re.compile(r"(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]")
WIDE_BRACKETS = str.maketrans("[]", "［］")


def shorten(text: str, limit: int) -> str:
    """`text`, at most `limit` characters of it, the last one “…” where something was cut.

    >>> shorten("Crates of the north", 9)
    'Crates o…'
    """
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plain(text: str, limit: int) -> str:
    """`text` where Discord formats nothing: menus, button labels, embed authors and footers."""
    if len(text) <= limit and text.isprintable() and text == text.strip():
        return text
    text = " ".join(text.split())
    return text if len(text) <= limit else shorten(text, limit)


def escape(text: str, limit: int) -> str:
    """`text` where Discord would format it: shows as written, mentions nobody, links nothing."""
    if len(text) <= limit and HARMLESS.fullmatch(text):
        return text.strip()  # most names are, and looking for all that may be wrong takes a while
    room = limit
    while len(escaped := _escape_all(shorten(text, room))) > limit:
        room -= max(1, (len(escaped) - limit) // 2)
    return escaped


def _escape_all(text: str) -> str:
    escaped = discord.utils.escape_markdown(text, ignore_links=False)
    # Inside of a link, what comes first would end its text: “[Free](https://elsewhere) […](…)”.
    escaped = escaped.replace("](", "]\\(").replace("<", "\\<")
    return discord.utils.escape_mentions(escaped)


def isolate(text: str) -> str:
    """`text` that keeps its direction, so that an RTL name does not turn the words around it."""
    text = text.strip()
    if text.isascii():
        return text
    return f"{FIRST_STRONG_ISOLATE}{text.translate(TURNING)}{POP_ISOLATE}"


def inline(text: str, limit: int) -> str:
    """`text` escaped, on one line, in a direction of its own, also where it is cut."""
    return isolate(escape(" ".join(text.split()), limit - 2))


def linked(text: str, url: str) -> str:
    """`text`, escaped already, as a link to `url`; brackets that would end it early are wide ones.

    >>> linked("Live [part one", "https://example.com")
    '[Live ［part one](https://example.com)'
    """
    has_brackets = "[" in text or "]" in text
    if has_brackets and not LINK_TEXT.fullmatch(f"{text}]"):
        text = text.translate(WIDE_BRACKETS)
    return f"[{text}]({url})"


def duration(seconds: int) -> str:
    """A length, as the language writes it.

    >>> duration(59), duration(3480), duration(7080)
    ('1 min', '58 min', '1 h 58 min')
    """
    return _duration(max(1, round(seconds / 60)), spoken())


@lru_cache(4096)
def _duration(minutes: int, language: str) -> str:
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes:02} min", hours=hours, minutes=minutes)
    return _("{minutes} min", minutes=minutes)


def count(number: int | None) -> str:
    """A number of plays or favorites; None, which Mixcloud's hosts may choose, is “hidden”.

    >>> count(1234567), count(None)
    ('1,234,567', 'hidden')
    """
    return _("hidden") if number is None else grouped(number)


def when(moment: datetime, style: discord.utils.TimestampStyle = "D") -> str:
    """A moment as each reader's own clock and language write it."""
    return discord.utils.format_dt(moment, style)
