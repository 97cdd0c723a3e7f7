"""Files that users name, from Discord or from a link: streamed, and refused where they must be.

async with fetcher.open(link, media="audio", largest=MP3_MAX_SIZE) as file:
    async for chunk in file:
        ...
"""

from .addresses import is_public
from .fetcher import CHUNK, Fetched, Fetcher
from .kinds import Kind, Media, sniff
from .refusals import (
    BadCertificate,
    BrokenOff,
    Compressed,
    ErrorStatus,
    LinksOff,
    NoAnswer,
    NotALink,
    NothingInIt,
    NotPublic,
    PasswordInLink,
    PortRefused,
    Refused,
    TooLarge,
    TooManyRedirects,
    TooSlow,
    Unprotected,
    WebPage,
    WrongKind,
)

__all__ = [
    "CHUNK",
    "BadCertificate",
    "BrokenOff",
    "Compressed",
    "ErrorStatus",
    "Fetched",
    "Fetcher",
    "Kind",
    "LinksOff",
    "Media",
    "NoAnswer",
    "NotALink",
    "NotPublic",
    "NothingInIt",
    "PasswordInLink",
    "PortRefused",
    "Refused",
    "TooLarge",
    "TooManyRedirects",
    "TooSlow",
    "Unprotected",
    "WebPage",
    "WrongKind",
    "is_public",
    "sniff",
]
