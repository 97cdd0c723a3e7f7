"""A Mixcloud of our own, for tests, benchmarks and the demo."""

from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.faults import (
    CutBody,
    EndlessBody,
    Fault,
    GzipBomb,
    HalfJson,
    Hang,
    Html403,
    InvalidToken,
    NotFoundHtml,
    RateLimit,
    Raw,
    Redirect,
    Reset,
    ServerError,
    Slow,
    Trickle,
)
from mixbot.sandbox.mixcloud.records import Section, Show, User
from mixbot.sandbox.mixcloud.server import LoggedRequest, MixcloudServer

__all__ = [
    "Catalogue",
    "CutBody",
    "EndlessBody",
    "Fault",
    "GzipBomb",
    "HalfJson",
    "Hang",
    "Html403",
    "InvalidToken",
    "LoggedRequest",
    "MixcloudServer",
    "NotFoundHtml",
    "RateLimit",
    "Raw",
    "Redirect",
    "Reset",
    "Section",
    "ServerError",
    "Show",
    "Slow",
    "Trickle",
    "User",
]
