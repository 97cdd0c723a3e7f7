"""Records as the JSON objects Mixcloud sends: what is unset is left out, nothing is ever null."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.palettes import accent_of
from mixbot.sandbox.mixcloud.records import (
    DEFAULT_AVATAR,
    Comment,
    Playlist,
    Section,
    Show,
    User,
    picture_path,
    slugify,
)

Json = dict[str, Any]

SITE = "https://www.mixcloud.com"
THUMBNAILER = "https://thumbnailer.mixcloud.com/unsafe"

USER_SIZES = {
    "small": 25,
    "thumbnail": 50,
    "medium_mobile": 80,
    "medium": 100,
    "large": 300,
    "320wx320h": 320,
    "extra_large": 600,
    "640wx640h": 640,
}
SHOW_SIZES = {**USER_SIZES, "768wx768h": 768, "1024wx1024h": 1024}
CATEGORY_SIZES = {
    name: USER_SIZES[name] for name in ("small", "thumbnail", "medium", "large", "extra_large")
}
COVER_SIZES = {"835wx120h": (835, 120), "1113wx160h": (1113, 160), "1670wx240h": (1670, 240)}

USER_CONNECTIONS = (
    "cloudcasts",
    "comments",
    "favorites",
    "feed",
    "followers",
    "following",
    "listens",
    "playlists",
)
SHOW_CONNECTIONS = ("favorites", "listeners", "comments", "similar")


def dumps(data: object) -> str:
    """JSON in the layout of Mixcloud: four spaces, a space after each comma, ASCII only."""
    return json.dumps(data, indent=4, separators=(", ", ": "))


def timestamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def pictures(path: str, sizes: Mapping[str, int]) -> Json:
    return {name: f"{THUMBNAILER}/{size}x{size}/{path}" for name, size in sizes.items()}


@dataclass(frozen=True, slots=True)
class FeedItem:
    """Something `user` did to `subject`."""

    user: User
    when: datetime
    type: str
    title: str
    subject: Show | User


@dataclass(frozen=True, slots=True)
class View:
    """How an answer is to look: for whom, with metadata or without, and from which origin."""

    catalogue: Catalogue
    origin: str
    tag_prefix: str = "genres"
    metadata: bool = False
    viewer: User | None = None

    def _typed(self, type: str, **members: Any) -> Json:
        """`members`, and their `type` when metadata was asked for."""
        if self.metadata:
            members["type"] = type
        return members

    def _connected(self, key: str, names: Iterable[str], answer: Json) -> Json:
        if self.metadata:
            links = {name: f"{self.origin}{key}{name}/" for name in names}
            answer["metadata"] = {"connections": links}
        return answer

    def user(self, user: User, *, inside_show: bool = False) -> Json:
        """What lists tell of a person."""
        answer = self._typed(
            "user",
            key=user.key,
            url=SITE + user.key,
            name=user.name,
            username=user.username,
            pictures=pictures(user.picture, USER_SIZES),
        )
        if inside_show and self.viewer:
            answer["following"] = (self.viewer, user) in self.catalogue.follows
        return merged(answer, user.extra)

    def user_detail(self, user: User) -> Json:
        catalogue = self.catalogue
        answer = self.user(user) | {
            "biog": user.biog,
            "created_time": timestamp(user.created),
            "updated_time": timestamp(user.updated),
            "follower_count": user.followers + catalogue.follows.count_to(user),
            "following_count": user.following + catalogue.follows.count_by(user),
            "cloudcast_count": len(catalogue.shows_of(user)),
            "favorite_count": user.favorites + catalogue.favorites.count_by(user),
            "listen_count": user.listens + catalogue.listens.count_by(user),
            "is_pro": user.is_pro,
            "is_premium": user.is_premium,
        }
        if user.city:
            answer["city"] = user.city
        if user.country:
            answer["country"] = user.country
        if user.cover:
            answer["cover_pictures"] = {
                name: f"{THUMBNAILER}/{width}x{height}/{user.cover}"
                for name, (width, height) in COVER_SIZES.items()
            }
        if user.picture != DEFAULT_AVATAR:
            answer["picture_primary_color"] = accent_of(user.picture)
        if self.viewer:
            answer["following"] = (self.viewer, user) in catalogue.follows
            answer["follower"] = (user, self.viewer) in catalogue.follows
            answer["is_current_user"] = user is self.viewer
        return merged(self._connected(user.key, USER_CONNECTIONS, answer), user.extra)

    def tag(self, name: str) -> Json:
        key = f"/{self.tag_prefix}/{slugify(name)}/"
        return self._typed("tag", key=key, url=SITE + key, name=name)

    def tag_detail(self, name: str, asked: str) -> Json:
        """`asked` is the path that was asked for; connections stay below it."""
        return self._connected(asked, ("popular", "new", "hot"), self.tag(name))

    def show(self, show: Show, *, listened: datetime | None = None) -> Json:
        """What lists tell of a show."""
        catalogue, hidden = self.catalogue, show.hidden_stats
        answer: Json = {
            "key": show.key,
            "url": SITE + show.key,
            "name": show.name,
            "tags": [self.tag(name) for name in show.tags],
            "created_time": timestamp(show.created),
            "updated_time": timestamp(show.updated),
            "play_count": 0 if hidden else catalogue.play_count(show),
            "favorite_count": 0 if hidden else catalogue.favorite_count(show),
            "comment_count": len(catalogue.comments_on(show)),
            "listener_count": 0 if hidden else show.listeners + catalogue.listens.count_to(show),
            "repost_count": 0 if hidden else show.reposts + catalogue.reposts.count_to(show),
            "pictures": pictures(show.picture, SHOW_SIZES),
            "slug": show.slug,
            "user": self.user(show.user, inside_show=True),
        }
        if show.is_exclusive is not None:
            answer["is_exclusive"] = show.is_exclusive
        if hidden:
            answer["hidden_stats"] = True
        if show.audio_length is not None:
            answer["audio_length"] = show.audio_length
        if listened:
            answer["listen_time"] = timestamp(listened)
        if self.viewer:
            tie = (self.viewer, show)
            answer["favorited"] = tie in catalogue.favorites
            answer["reposted"] = tie in catalogue.reposts
            answer["is_listen_later"] = tie in catalogue.listen_later
        return merged(self._typed("cloudcast", **answer), show.extra)

    def show_detail(self, show: Show) -> Json:
        answer = self.show(show) | {
            "description": show.description,
            "sections": [
                self._section(section, position)
                for position, section in enumerate(show.sections, start=1)
            ],
            "picture_primary_color": accent_of(show.picture),
        }
        return merged(self._connected(show.key, SHOW_CONNECTIONS, answer), show.extra)

    def _section(self, section: Section, position: int) -> Json:
        """The shape of 2015, from before tracklists left the API."""
        if section.chapter is not None:
            answer = self._typed("section", chapter=section.chapter, section_type="chapter")
        else:
            artist_slug = slugify(section.artist)
            artist_key = f"/artist/{artist_slug}/"
            song_slug = slugify(section.song)
            song_key = f"/track/{artist_slug}/{song_slug}/"
            artist = self._typed(
                "artist",
                key=artist_key,
                url=SITE + artist_key,
                name=section.artist,
                slug=artist_slug,
            )
            track = self._typed(
                "track",
                key=song_key,
                url=SITE + song_key,
                name=section.song,
                slug=song_slug,
                artist=artist,
            )
            answer = self._typed("section", track=track, section_type="track")
        answer["position"] = position
        if section.start_time is not None:
            answer["start_time"] = section.start_time
        return answer

    def comment(self, comment: Comment) -> Json:
        thread, number = divmod(comment.number, 100)
        key = f"/comments/cr/{thread + 200}/{number}/"
        return self._typed(
            "comment",
            comment=comment.text,
            submit_date=timestamp(comment.submitted),
            user=self.user(comment.user),
            key=key,
            url=f"{SITE}{key}#c{8000000 + comment.number}",
        )

    def playlist(self, playlist: Playlist) -> Json:
        return self._typed(
            "playlist",
            key=playlist.key,
            url=SITE + playlist.key,
            name=playlist.name,
            slug=playlist.slug,
            owner=self.user(playlist.owner),
            cloudcast_count=len(playlist.shows),
        )

    def category(self, name: str, format: str) -> Json:
        slug = slugify(name)
        key = f"/categories/{slug}/"
        return self._typed(
            "category",
            key=key,
            url=SITE + key,
            name=name,
            slug=slug,
            format=format,
            pictures=pictures(picture_path("tmp", f"category/{slug}"), CATEGORY_SIZES),
        )

    def feed_item(self, owner: User, item: FeedItem) -> Json:
        """`type` is here even without metadata: it says what was done."""
        number = 500_000_000 + int(item.when.timestamp()) % 400_000_000
        answer = {
            "from": self.user(item.user),
            "title": item.title,
            "key": f"{owner.key}feed/{number}/",
            "url": f"{SITE}{owner.key}feed/#{number}",
            "created_time": timestamp(item.when),
            "type": item.type,
        }
        if isinstance(item.subject, Show):
            return answer | {"cloudcasts": [self.show(item.subject)]}
        return answer | {"users": [self.user(item.subject)]}


def feed_of(catalogue: Catalogue, user: User) -> Sequence[FeedItem]:
    """What `user` and the people `user` follows have been up to, the latest first."""
    items = []
    for person in [user, *(followed for _, followed in catalogue.follows.by(user))]:
        for show in catalogue.shows_of(person):
            items.append(FeedItem(person, show.created, "upload", "uploaded", show))
        for ties, type, title in (
            (catalogue.favorites, "favorite", "favorited"),
            (catalogue.reposts, "repost", "reposted"),
            (catalogue.listens, "listen", "listened to"),
        ):
            items += [
                FeedItem(person, when, type, title, show)
                for when, show in ties.by(person)
                if show.visibility == "public"
            ]
        for when, followed in catalogue.follows.by(person):
            items.append(FeedItem(person, when, "follow", "is now following", followed))
    return sorted(items, key=lambda item: item.when, reverse=True)


def merged(answer: Json, extra: Mapping[str, Any]) -> Json:
    """`answer` with the members of `extra`; those that are None are taken out."""
    if not extra:
        return answer
    return {name: value for name, value in (answer | dict(extra)).items() if value is not None}
