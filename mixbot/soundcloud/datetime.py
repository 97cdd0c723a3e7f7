"""Dates as SoundCloud writes them."""

from __future__ import annotations

from datetime import datetime


def read_date(text: str) -> datetime:
    """The moment that `text` tells; raises ValueError for what is none.

    >>> read_date("2019/01/15 15:40:49 +0000").isoformat()
    '2019-01-15T15:40:49+00:00'
    """
    if text[4:5] == "/":
        text = text.replace("/", "-", 2).replace(" +", "+", 1)
    return datetime.fromisoformat(text)
