"""A SoundCloud of our own, for tests, benchmarks and the demo."""

from mixbot.sandbox.loopback import LoggedRequest
from mixbot.sandbox.mixcloud.faults import (
    AfterUpload,
    CutBody,
    CutUpload,
    EndlessBody,
    Fault,
    GzipBomb,
    HalfJson,
    Hang,
    Html403,
    InvalidToken,
    LostAnswer,
    NotFoundHtml,
    Redirect,
    Reset,
    ServerError,
    Slow,
    SlowReading,
)
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.faults import RateLimit
from mixbot.sandbox.soundcloud.grants import Session
from mixbot.sandbox.soundcloud.records import Playlist, Track, User
from mixbot.sandbox.soundcloud.server import SoundCloudServer

__all__ = [
    "AfterUpload",
    "Catalogue",
    "CutBody",
    "CutUpload",
    "EndlessBody",
    "Fault",
    "GzipBomb",
    "HalfJson",
    "Hang",
    "Html403",
    "InvalidToken",
    "LoggedRequest",
    "LostAnswer",
    "NotFoundHtml",
    "Playlist",
    "RateLimit",
    "Redirect",
    "Reset",
    "ServerError",
    "Session",
    "Slow",
    "SlowReading",
    "SoundCloudServer",
    "Track",
    "User",
]
