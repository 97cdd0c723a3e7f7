"""The colours of the pictures: every picture has a palette, and one colour of it is its accent.

Apart from the drawing, so that JSON can name the accent without loading an imaging library.
"""

from hashlib import sha256
from typing import NamedTuple


class Palette(NamedTuple):
    """Five colours as `rrggbb`, from the darkest ground to the lightest highlight."""

    night: str
    deep: str
    accent: str
    warm: str
    light: str


PALETTES = (
    Palette("1b1530", "3f2b63", "e4572e", "f3a712", "fbe8d3"),
    Palette("0d1f2d", "1f5673", "2ec4b6", "ff9f1c", "fdfffc"),
    Palette("2b0f1e", "6d1a36", "e0475b", "ff9b71", "ffe8d6"),
    Palette("10241b", "23583f", "57a773", "e9c46a", "f6f4e6"),
    Palette("12122b", "2d3a8c", "5b8def", "f78fb3", "f3f0ff"),
    Palette("231942", "5e548e", "be95c4", "f2a65a", "fff1e6"),
    Palette("1d1e18", "6b705c", "cb997e", "ddbea9", "fff8f0"),
    Palette("001219", "005f73", "0a9396", "ee9b00", "e9d8a6"),
    Palette("1a1423", "513b56", "d1495b", "edae49", "f4f1de"),
    Palette("0b132b", "3a506b", "6fffe9", "ff6b6b", "f7fff7"),
    Palette("26120b", "7f2f12", "d9622b", "f4b860", "fdf3e1"),
    Palette("171738", "2e1760", "7180ff", "dff3e4", "ffffff"),
    Palette("0f1a12", "2f4b26", "a4c639", "f2e86d", "fcfbe3"),
    Palette("22031f", "6a0f49", "cc76a1", "ffb7c3", "fff0f3"),
    Palette("101820", "33415c", "f2aa4c", "d7816a", "f5ebe0"),
    Palette("14213d", "274690", "1b998b", "fca311", "e5e5e5"),
)


def palette_of(path: str) -> Palette:
    """The colours of the picture at `path` (what follows the size in its address)."""
    return PALETTES[sha256(path.encode()).digest()[0] % len(PALETTES)]


def accent_of(path: str) -> str:
    """`picture_primary_color` of the picture at `path`."""
    return palette_of(path).accent
