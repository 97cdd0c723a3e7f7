"""All that the pretended Mixcloud holds, and the questions its API asks of it."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypedDict, TypeVar, Unpack

from mixbot.sandbox.mixcloud.records import (
    Comment,
    Playlist,
    Record,
    Section,
    Show,
    Ties,
    User,
    Visibility,
    picture_path,
    slugify,
)


class UserFields(TypedDict, total=False):
    """What else may be said of a new user."""

    biog: str
    city: str | None
    country: str | None
    picture: str
    cover: str | None
    followers: int
    following: int
    favorites: int
    listens: int
    is_pro: bool
    is_premium: bool
    extra: Mapping[str, Any]


class ShowFields(TypedDict, total=False):
    """What else may be said of a new show."""

    description: str
    tags: tuple[str, ...]
    audio_length: int | None
    plays: int
    favorites: int
    listeners: int
    reposts: int
    hidden_stats: bool
    is_exclusive: bool | None
    sections: tuple[Section, ...]
    visibility: Visibility
    extra: Mapping[str, Any]


class Catalogue:
    """People, shows, tags, playlists, comments, and who follows and favorited whom and what.

    Empty at first; `generate.fill` makes a whole world. Tests add the odd ones:

        >>> catalogue = Catalogue()
        >>> show = catalogue.add_show("ada", "Rain, Recorded", tags=("Ambient",))
        >>> show.key
        '/ada/rain-recorded/'
        >>> catalogue.show("/ADA/Rain-Recorded/") is show
        True
    """

    def __init__(self) -> None:
        self.follows: Ties[User, User] = Ties()
        self.favorites: Ties[User, Show] = Ties()
        self.reposts: Ties[User, Show] = Ties()
        self.listen_later: Ties[User, Show] = Ties()
        self.listens: Ties[User, Show] = Ties()
        self._users: dict[str, User] = {}
        self._shows: dict[User, dict[str, Show]] = {}
        self._playlists: dict[User, dict[str, Playlist]] = {}
        self._comments: dict[Record, list[Comment]] = {}
        self._tags: dict[str, str] = {}
        self._comment_count = 0

    # What is there

    @property
    def users(self) -> list[User]:
        """Everybody, hosts first, in the order they came."""
        return list(self._users.values())

    @property
    def shows(self) -> list[Show]:
        """Every show that lists may name."""
        return [show for user in self._users.values() for show in self.shows_of(user)]

    def user(self, username: str) -> User | None:
        """The account called `username`, in any case; a key will do as well."""
        return self._users.get(_folded(username.strip("/")))

    def show(self, key: str) -> Show | None:
        """The show at `key`, decoded, in any case, whether or not lists name it."""
        username, _, slug = key.strip("/").partition("/")
        user = self.user(username)
        return self._shows[user].get(_folded(slug)) if user else None

    def shows_of(self, user: User) -> list[Show]:
        """The public shows of `user`, the newest first."""
        return newest(show for show in self._shows[user].values() if show.visibility == "public")

    def playlists_of(self, user: User) -> list[Playlist]:
        return list(self._playlists.get(user, {}).values())

    def playlist(self, user: User, slug: str) -> Playlist | None:
        return self._playlists.get(user, {}).get(_folded(slug))

    def comments_on(self, subject: User | Show) -> list[Comment]:
        """What people wrote about `subject`, the latest first."""
        return self._comments.get(subject, [])

    def tag_name(self, slug: str) -> str | None:
        """How the tag is written by whoever used it first; None if nobody did."""
        return self._tags.get(slug)

    # Adding and removing

    def add_user(
        self,
        username: str,
        name: str = "",
        *,
        created: datetime | None = None,
        **fields: Unpack[UserFields],
    ) -> User:
        """A new account, or the one that is already there."""
        if known := self.user(username):
            return known
        created = created or datetime.now(UTC)
        user = User(username, name or username, created, created, **fields)
        self._users[_folded(username)] = user
        self._shows[user] = {}
        Record.changes += 1
        return user

    def add_show(
        self,
        host: User | str,
        name: str,
        *,
        slug: str = "",
        created: datetime | None = None,
        updated: datetime | None = None,
        picture: str = "",
        **fields: Unpack[ShowFields],
    ) -> Show:
        """A new show of `host`, who is made if need be."""
        user = host if isinstance(host, User) else self.add_user(host)
        slug = slug or slugify(name) or f"show-{len(self._shows[user]) + 1}"
        created = created or datetime.now(UTC)
        picture = picture or picture_path("extaudio", f"{user.username}/{slug}")
        show = Show(user, slug, name, created, updated or created, picture, **fields)
        self._shows[user][_folded(slug)] = show
        self.name_tags(show.tags)
        Record.changes += 1
        return show

    def name_tags(self, tags: Iterable[str]) -> None:
        """Make `tags` known, spelled as whoever used them first."""
        for tag in tags:
            self._tags.setdefault(slugify(tag), tag)

    def remove_show(self, show: Show) -> None:
        """Delete `show`, as if its host had; nothing of it is left."""
        del self._shows[show.user][_folded(show.slug)]
        for ties in (self.favorites, self.reposts, self.listen_later, self.listens):
            for _, user in ties.to(show):
                ties.remove(user, show)
        for playlists in self._playlists.values():
            for playlist in playlists.values():
                playlist.shows = tuple(kept for kept in playlist.shows if kept is not show)
        Record.changes += 1

    def add_comment(self, subject: User | Show, user: User, text: str, when: datetime) -> Comment:
        self._comment_count += 1
        comment = Comment(user, text, when, self._comment_count)
        comments = self._comments.setdefault(subject, [])
        comments.append(comment)
        comments.sort(key=lambda each: each.submitted, reverse=True)
        Record.changes += 1
        return comment

    def add_playlist(
        self, owner: User, name: str, shows: Iterable[Show], created: datetime
    ) -> Playlist:
        playlist = Playlist(owner, slugify(name), name, created, tuple(shows))
        self._playlists.setdefault(owner, {})[_folded(playlist.slug)] = playlist
        Record.changes += 1
        return playlist

    # What the API asks

    def play_count(self, show: Show) -> int:
        return show.plays + self.listens.count_to(show)

    def favorite_count(self, show: Show) -> int:
        return show.favorites + self.favorites.count_to(show)

    def popular(self) -> list[Show]:
        """The most played first."""
        return sorted(self.shows, key=self.play_count, reverse=True)

    def hot(self) -> list[Show]:
        """The most played for their age first."""
        newest_show = max((show.created for show in self.shows), default=datetime.now(UTC))

        def heat(show: Show) -> float:
            days = (newest_show - show.created) / timedelta(days=1)
            return self.play_count(show) / math.pow(days + 3, 1.5)

        return sorted(self.shows, key=heat, reverse=True)

    def new(self) -> list[Show]:
        return newest(self.shows)

    def tagged(self, tag: str) -> list[Show] | None:
        """Shows under a tag as addresses write it: `jazz`, `city:athens`, `jazz+city:athens`.

        None if there is no such tag or city; `all` is every show.
        """
        shows = self.shows
        for part in tag.lower().split("+"):
            kind, _, city = part.rpartition(":")
            if part == "all":
                continue
            if kind == "city":
                known = any(slugify(user.city or "") == city for user in self._users.values())
                shows = [show for show in shows if slugify(show.user.city or "") == city]
            else:
                known = part in self._tags
                shows = [show for show in shows if part in map(slugify, show.tags)]
            if not known:
                return None
        return shows

    def similar(self, show: Show) -> list[Show]:
        """Shows that share the most tags with `show`."""
        tags = set(map(slugify, show.tags))
        shared = {
            other: len(tags.intersection(map(slugify, other.tags)))
            for other in self.shows
            if other is not show
        }
        found = [other for other in shared if shared[other]]
        return sorted(found, key=lambda other: (-shared[other], other.user is show.user))

    def search_shows(self, query: str) -> list[Show]:
        """Shows that have every word of `query` somewhere, the best match first."""

        def fields(show: Show) -> Iterator[tuple[int, str]]:
            yield 8, show.name
            yield 5, " ".join(show.tags)
            yield 3, f"{show.user.name} {show.user.username}"
            yield 1, show.description

        return _one_host_after_the_other(_ranked(query, self.popular(), fields))

    def search_users(self, query: str) -> list[User]:
        def fields(user: User) -> Iterator[tuple[int, str]]:
            yield 5, f"{user.name} {user.username}"
            yield 2, user.city or ""
            yield 1, user.biog

        by_fame = sorted(self.users, key=lambda user: user.followers, reverse=True)
        return [user for _, user in _ranked(query, by_fame, fields)]

    def search_tags(self, query: str) -> list[str]:
        """Display names of the tags that have the words of `query`, the most used first."""
        uses = Counter(slugify(tag) for show in self.shows for tag in show.tags)
        names = sorted(self._tags.values(), key=lambda name: -uses[slugify(name)])
        return [name for _, name in _ranked(query, names, lambda name: [(1, name)])]


def newest(shows: Iterable[Show]) -> list[Show]:
    return sorted(shows, key=lambda show: show.created, reverse=True)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    """`text` without case and accents, as somebody in a hurry types it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


T = TypeVar("T")


def _ranked(
    query: str, items: Iterable[T], fields: Callable[[T], Iterable[tuple[int, str]]]
) -> list[tuple[int, T]]:
    """The items in which every word of `query` occurs, with how much they matter, best first."""
    words = _plain(query).split()
    found = []
    for item in items:
        texts = [(weight, _plain(text)) for weight, text in fields(item)]
        best = [
            max((weight for weight, text in texts if word in text), default=0) for word in words
        ]
        if best and all(best):
            found.append((sum(best), item))
    return sorted(found, key=lambda match: -match[0])


def _one_host_after_the_other(matches: Iterable[tuple[int, Show]]) -> list[Show]:
    """Among equally good matches the hosts take turns, so that no one fills a page alone."""
    turns: Counter[tuple[int, User]] = Counter()
    ordered = []
    for place, (score, show) in enumerate(matches):
        turns[score, show.user] += 1
        ordered.append((-score, turns[score, show.user], place, show))
    return [show for *_, show in sorted(ordered, key=lambda entry: entry[:3])]
