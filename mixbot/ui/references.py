"""Keys short enough for a custom_id or an autocomplete value, which hold 100 characters."""

from __future__ import annotations

from functools import lru_cache
from typing import NewType

from mixbot.errors import UserError
from mixbot.languages import N_
from mixbot.mixcloud import Link
from mixbot.services import MIXCLOUD, provider_of
from mixbot.store import Store

ROOM = 80  # characters; the rest of a custom_id is for what its button does
SHORT = "~"

Reference = NewType("Reference", str)


class LostReference(UserError):
    def __init__(self) -> None:
        super().__init__(N_("I no longer know what this button stands for. Share the show again."))


async def reference(store: Store, key: str) -> Reference:
    """`key` as people read it, or the short id the store keeps it under."""
    text = plain_text(key)
    if len(text) <= ROOM and not text.startswith(SHORT):
        return Reference(text)
    return Reference(SHORT + await store.short_id(key))


@lru_cache(4096)
def plain_text(key: str) -> str:
    """`key` as people read it: one of Mixcloud without slashes around it, and unquoted.

    >>> plain_text("/spartacus/%C3%A9t%C3%A9/")
    'spartacus/été'
    """
    if provider_of(key) != MIXCLOUD:
        return key
    link = Link.from_key(key)
    return link.user if link.show is None else f"{link.user}/{link.show}"


async def resolve(store: Store, ref: Reference) -> str:
    """The key that `ref` stands for; raises LostReference when the store has forgotten it."""
    if not ref.startswith(SHORT):
        if provider_of(ref) != MIXCLOUD:
            return ref
        user, _, show = ref.partition("/")
        return Link(user, show or None).key
    key = await store.long_key(ref.removeprefix(SHORT))
    if key is None:
        raise LostReference
    return key
