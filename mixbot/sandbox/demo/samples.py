"""Files to try: a mix, its cover and its tracklists, for those who have none at hand."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

TITLE, HOST = "Rainy Day Mix", "Ada Wrenfield"
ABOUT = "A quarter of an hour by the window. Put the kettle on."
TAGS = ("Ambient", "Downtempo", "Rain")
TRACKS = (
    (0, "Mira Vale", "First Drops"),
    (172, "Slow Harbour", "Umbrella Weather"),
    (388, "Otto & the Gutters", "Tin Roof"),
    (561, "Lune Parade", "Puddle Study No. 3"),
    (774, "Noor", "Tram in the Mist"),
    (935, "Mira Vale", "Then It Clears"),
)

# MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, mono. A frame whose side information is zero is silent.
FRAME_HEADER = bytes((0xFF, 0xFB, 0x90, 0xC0))
FRAME_BYTES = 144 * 128_000 // 44_100
FRAME_SECONDS = 1152 / 44_100
SECONDS = 1045

RATE = 22_050  # samples of the rain, each second
RAIN_SECONDS = 6
COVER = 800  # pixels


@dataclass(frozen=True, slots=True)
class Sample:
    """A file to try, made when it is asked for."""

    name: str
    about: str
    make: Callable[[], bytes]


def silent_mp3() -> bytes:
    """A mix of seventeen minutes, 17 megabytes, in which nothing can be heard."""
    frame = FRAME_HEADER.ljust(FRAME_BYTES, b"\0")
    return _id3(TIT2=TITLE, TPE1=HOST, TCON=TAGS[0]) + frame * math.ceil(SECONDS / FRAME_SECONDS)


def _id3(**texts: str) -> bytes:
    """An ID3v2.3 tag with these text frames."""
    frames = b"".join(
        name.encode()
        + (len(text) + 1).to_bytes(4, "big")
        + b"\0\0"
        + b"\0"
        + text.encode("latin-1")
        for name, text in texts.items()
    )
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frames


def rain() -> bytes:
    """Some seconds of rain, as a WAV that can be heard."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        sound.writeframes(array("h", _drops()).tobytes())
    return buffer.getvalue()


def _drops() -> Iterator[int]:
    """Soft noise that swells and fades, and now and then a drop."""
    chance = random.Random(TITLE)  # noqa: S311 - rain, not a secret
    soft, drop, count = 0.0, 0.0, RATE * RAIN_SECONDS
    for number in range(count):
        soft += 0.12 * (chance.uniform(-1, 1) - soft)
        if chance.random() < 40 / RATE:
            drop = chance.uniform(0.2, 0.7)
        drop *= 0.996
        ring = drop * math.sin(number * 0.5) * 0.3
        swell = min(1.0, 4 * number / count, 4 * (count - number) / count)
        yield int(16_000 * swell * (soft + ring))


def cover() -> bytes:
    """The mix's cover, a JPEG."""
    from mixbot.sandbox.mixcloud import artwork  # the imaging library is slow to load
    from mixbot.sandbox.mixcloud.records import picture_path

    return artwork.draw(picture_path("extaudio", "By the window", ".jpg"), COVER, COVER)


def cue_sheet() -> bytes:
    """The tracklist as DJ software writes it."""
    lines = [f'PERFORMER "{HOST}"', f'TITLE "{TITLE}"', 'FILE "rainy-day-mix.mp3" MP3']
    for number, (start, artist, song) in enumerate(TRACKS, start=1):
        lines += [
            f"  TRACK {number:02} AUDIO",
            f'    TITLE "{song}"',
            f'    PERFORMER "{artist}"',
            f"    INDEX 01 {start // 60:02}:{start % 60:02}:00",
        ]
    return ("\r\n".join(lines) + "\r\n").encode()


def written_show() -> bytes:
    """The whole show in YAML."""
    lines = [f"title: {TITLE}", f"desc: {ABOUT}", f"tags: [{', '.join(TAGS)}]", "tracks:"]
    for start, artist, song in TRACKS:
        lines += [
            f"  - start: {start // 60}:{start % 60:02}",
            f"    artist: {artist}",
            f"    track: {song}",
        ]
    return ("\n".join(lines) + "\n").encode()


SAMPLES: Sequence[Sample] = (
    Sample("rainy-day-mix.mp3", "17 minutes of silence", silent_mp3),
    Sample("rainy-day-cover.jpg", "Its cover", cover),
    Sample("rainy-day-mix.cue", "Its tracks, as DJ software writes them", cue_sheet),
    Sample("rainy-day-mix.yaml", "Title, tags and tracks in one file", written_show),
    Sample("rain.wav", "Rain that can be heard, but no MP3", rain),
)


@lru_cache
def contents(name: str) -> bytes:
    """The sample called `name`; KeyError if there is none."""
    return {sample.name: sample.make for sample in SAMPLES}[name]()
