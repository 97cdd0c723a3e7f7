"""What one can do with a show or its host, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mixbot.accounts import Action
from mixbot.mixcloud import Link
from mixbot.ui.text import inline


@dataclass(frozen=True, slots=True)
class Verb:
    """The words for one action. `code` is part of custom_ids and must never change."""

    code: str
    label: str
    will: str
    did: str
    undo: str


VERBS = {
    "favorite": Verb(
        "fav",
        "♥ Favorite",
        "add {what} to your favorites",
        "added {what} to your favorites",
        "unfavorite",
    ),
    "unfavorite": Verb(
        "unfav",
        "Unfavorite",
        "remove {what} from your favorites",
        "removed {what} from your favorites",
        "favorite",
    ),
    "follow": Verb("fol", "Follow", "follow {what}", "you now follow {what}", "unfollow"),
    "unfollow": Verb(
        "unfol", "Unfollow", "unfollow {what}", "you no longer follow {what}", "follow"
    ),
    "repost": Verb(
        "rep",
        "Repost",
        "repost {what} to your followers",
        "reposted {what} to your followers",
        "unrepost",
    ),
    "unrepost": Verb(
        "unrep",
        "Unrepost",
        "take back your repost of {what}",
        "took back your repost of {what}",
        "repost",
    ),
    "listen_later": Verb(
        "lat",
        "Later",
        "keep {what} in your Listen later",
        "kept {what} in your Listen later",
        "unlisten_later",
    ),
    "unlisten_later": Verb(
        "unlat",
        "Not later",
        "take {what} out of your Listen later",
        "took {what} out of your Listen later",
        "listen_later",
    ),
}
BY_CODE = {verb.code: name for name, verb in VERBS.items()}


def will(action: Action, names: Mapping[str, str]) -> str:
    """What is going to happen: “add Party Time to your favorites”."""
    return VERBS[action.verb].will.format(what=_what(action.key, names))


def did(action: Action, names: Mapping[str, str]) -> str:
    """What has happened: “added Party Time to your favorites”."""
    return VERBS[action.verb].did.format(what=_what(action.key, names))


def sentence(phrase: str) -> str:
    """
    >>> sentence("you now follow [Ada](<https://www.mixcloud.com/ada/>)")
    'You now follow [Ada](<https://www.mixcloud.com/ada/>).'
    """
    return f"{phrase[0].upper()}{phrase[1:]}."


def _what(key: str, names: Mapping[str, str]) -> str:
    link = Link.from_key(key)
    name = names.get(key) or (link.show or link.user).replace("-", " ")
    text = f"**{inline(name, 200)}**"
    return f"[{text}](<{link.url}>)" if len(link.url) <= 600 else text
