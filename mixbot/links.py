"""Links to either service, and the keys by which the rest of mixbot knows what they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from mixbot import mixcloud, soundcloud
from mixbot.mixcloud.links import DOMAINS as MIXCLOUDS
from mixbot.services import MIXCLOUD, SOUNDCLOUD, provider_of
from mixbot.services.soundcloud import PREFIX, url_of
from mixbot.soundcloud.links import DOMAINS as SOUNDCLOUDS
from mixbot.transport.addresses import Addresses

_ADDRESSES = Addresses(*MIXCLOUDS, *SOUNDCLOUDS)

Link: TypeAlias = mixcloud.Link | soundcloud.Link
ShortLink: TypeAlias = mixcloud.ShortLink | soundcloud.ShortLink
"""Only its service knows where it leads."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a key says of the page that it is of: whose it is, and of what, if not of a person."""

    provider: str
    user: str
    name: str | None
    url: str
    host: str  # the key of whose it is
    is_playlist: bool = False
    secret: str | None = field(default=None, repr=False)  # in the key, and opens what is private


def find_links(text: str) -> Iterator[Link | ShortLink]:
    """Every link in `text` to a show or a person, in order."""
    for address in _ADDRESSES.within(text):
        yield from mixcloud.find_links(address)
        yield from soundcloud.find_links(address)


def key_of(link: Link) -> str:
    """The key of what `link` leads to."""
    return link.key if isinstance(link, mixcloud.Link) else PREFIX + link.path


@lru_cache(4096)
def page_of(key: str) -> Page:
    """What `key` says.

    >>> page_of("soundcloud:forss/flickermood").url
    'https://soundcloud.com/forss/flickermood'
    """
    if provider_of(key) == SOUNDCLOUD:
        user, *rest = key.removeprefix(PREFIX).split("/")
        is_playlist = rest[:1] == ["sets"]
        names = rest[is_playlist:]
        return Page(
            SOUNDCLOUD,
            user,
            names[0] if names else None,
            url_of(key),
            PREFIX + user,
            is_playlist=is_playlist,
            secret=names[1] if len(names) > 1 else None,
        )
    link = mixcloud.Link.from_key(key)
    return Page(MIXCLOUD, link.user, link.show, link.url, mixcloud.Link(link.user).key)


def host_of(key: str) -> str:
    """The key of the person whose show or profile `key` is."""
    return page_of(key).host
