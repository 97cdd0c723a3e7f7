"""What one can do with a show or its host, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mixbot.accounts import Action
from mixbot.languages import N_, _
from mixbot.links import page_of
from mixbot.services import MIXCLOUD, SOUNDCLOUD, provider_of
from mixbot.ui.text import inline, linked


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
        N_("♥ Favorite"),
        N_("Then I will add {what} to your favorites."),
        N_("Added {what} to your favorites."),
        "unfavorite",
    ),
    "unfavorite": Verb(
        "unfav",
        N_("Unfavorite"),
        N_("Then I will remove {what} from your favorites."),
        N_("Removed {what} from your favorites."),
        "favorite",
    ),
    "follow": Verb(
        "fol",
        N_("Follow"),
        N_("Then I will follow {what}."),
        N_("You now follow {what}."),
        "unfollow",
    ),
    "unfollow": Verb(
        "unfol",
        N_("Unfollow"),
        N_("Then I will unfollow {what}."),
        N_("You no longer follow {what}."),
        "follow",
    ),
    "repost": Verb(
        "rep",
        N_("Repost"),
        N_("Then I will repost {what} to your followers."),
        N_("Reposted {what} to your followers."),
        "unrepost",
    ),
    "unrepost": Verb(
        "unrep",
        N_("Unrepost"),
        N_("Then I will take back your repost of {what}."),
        N_("Took back your repost of {what}."),
        "repost",
    ),
    "listen_later": Verb(
        "lat",
        N_("Later"),
        N_("Then I will keep {what} in your Listen later."),
        N_("Kept {what} in your Listen later."),
        "unlisten_later",
    ),
    "unlisten_later": Verb(
        "unlat",
        N_("Not later"),
        N_("Then I will take {what} out of your Listen later."),
        N_("Took {what} out of your Listen later."),
        "listen_later",
    ),
}
LIKES = {  # what SoundCloud calls them
    "favorite": Verb(
        "fav",
        N_("♥ Like"),
        N_("Then I will add {what} to your likes."),
        N_("Added {what} to your likes."),
        "unfavorite",
    ),
    "unfavorite": Verb(
        "unfav",
        N_("Unlike"),
        N_("Then I will remove {what} from your likes."),
        N_("Removed {what} from your likes."),
        "favorite",
    ),
}
BY_CODE = {verb.code: name for name, verb in VERBS.items()}


def words(verb: str, provider: str = MIXCLOUD) -> Verb:
    """The words for doing `verb` at a service."""
    return (LIKES.get(verb) if provider == SOUNDCLOUD else None) or VERBS[verb]


PUBLISHING = {  # what may wait for an account, too, and is done by `ui.publishing`
    "upload": N_("Then your upload goes on."),
    "publish": N_("Then I will send your show."),
}


def will(action: Action, names: Mapping[str, str]) -> str:
    """What is going to happen: “Then I will add Party Time to your favorites.”"""
    if action.verb in PUBLISHING:
        return _(PUBLISHING[action.verb])
    return _(_words(action).will, what=_what(action.key, names))


def did(action: Action, names: Mapping[str, str]) -> str:
    """What has happened: “Added Party Time to your favorites.”"""
    return _(_words(action).did, what=_what(action.key, names))


def _words(action: Action) -> Verb:
    return words(action.verb, provider_of(action.key))


def _what(key: str, names: Mapping[str, str]) -> str:
    page = page_of(key)
    name = names.get(key) or (page.name or page.user).replace("-", " ")
    text = f"**{inline(name, 200)}**"
    return linked(text, f"<{page.url}>") if len(page.url) <= 600 else text
