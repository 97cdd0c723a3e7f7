"""Fills a catalogue with a small world, the same one every time; only the dates move."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from mixbot.sandbox.mixcloud import cast
from mixbot.sandbox.mixcloud.generate import description_of
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.records import Track, User, permalink_of

JAPANESE = "midnight_cassette_jp"
HOSTS = (*cast.HOSTS[:12], *(host for host in cast.HOSTS if host.username == JAPANESE))
TRACKS_OF_EACH = 8
ODD: dict[str, dict[str, Any]] = {  # by title, the traits that surprise a client
    "Empty Swimming Pools": {"hidden_stats": True},
    "The Slow Elevator": {"access": "preview"},
}


def fill(catalogue: Catalogue, now: datetime, *, seed: int = 1) -> Catalogue:
    """Invent people, tracks, and what was done to them up to `now`; returns `catalogue`."""
    random = Random(seed)  # noqa: S311 - a world, not a secret
    listeners = [
        catalogue.add_user(
            permalink_of(username),
            name,
            city=city,
            country=country,
            created=now - timedelta(days=random.randint(30, 3000)),
            followers=random.randint(0, 60),
        )
        for username, name, city, country in cast.LISTENERS
        if username.isascii()
    ]
    for host in HOSTS:
        user = catalogue.add_user(
            permalink_of(host.username),
            host.name,
            description=host.biog,
            city=host.city,
            country=host.country,
            created=now - timedelta(days=random.randint(900, 4000)),
            followers=int(host.fame * random.uniform(400, 2600)),
        )
        tracks = _add_tracks(catalogue, host, user, now, random)
        catalogue.add_playlist(
            user,
            random.choice(cast.PLAYLISTS),
            tracks[::2],
            created=now - timedelta(days=random.randint(0, 60)),
            likes=random.randint(3, 90),
        )
        _live(catalogue, user, tracks, random.sample(listeners, k=4), now, random)
    return catalogue


def _add_tracks(
    catalogue: Catalogue, host: cast.Host, user: User, now: datetime, random: Random
) -> list[Track]:
    """A track for each theme, the first the newest; of one host a last one with a long title."""
    titles = list(host.topics[-TRACKS_OF_EACH:])
    if host.username == JAPANESE:
        titles.append(_long_title(host))
    tracks = []
    for age, title in enumerate(titles):
        plays = int(host.fame * random.lognormvariate(6, 0.9)) + 3
        likes = int(plays * random.uniform(0.015, 0.07))
        about: dict[str, Any] = {
            "created": now - timedelta(days=7 * age, minutes=random.randrange(10_000)),
            "description": description_of(host, random) if random.random() < 0.7 else None,
            "genre": host.tags[0] if host.tags else "",
            "tag_list": " ".join(f'"{tag}"' if " " in tag else tag for tag in host.tags[1:]),
            "duration": random.randint(150_000, 540_000),
            "plays": plays,
            "likes": likes,
            "reposts": likes // random.randint(4, 9),
        }
        tracks.append(catalogue.add_track(user, title, **about | ODD.get(title, {})))
    return tracks


def _long_title(host: cast.Host) -> str:
    """Three hundred characters without a space in most of them."""
    parts = [f"{number}曲目は「{topic}」" for number, topic in enumerate(host.topics * 4, start=1)]
    return f"{host.name} ロングミックス：{'、'.join(parts)}"[:300]


def _live(
    catalogue: Catalogue,
    user: User,
    tracks: list[Track],
    fans: list[User],
    now: datetime,
    random: Random,
) -> None:
    """Let `fans` follow `user`, and like, repost and comment on one of `tracks` each."""
    for fan in fans:
        catalogue.follows.add(fan, user, now - timedelta(days=random.randint(1, 30)))
        track = random.choice(tracks)
        catalogue.likes.add(fan, track, now - timedelta(hours=random.randint(1, 700)))
        if random.random() < 0.5:
            catalogue.reposts.add(fan, track, now - timedelta(hours=random.randint(1, 700)))
        catalogue.add_comment(
            track,
            fan,
            random.choice(cast.REMARKS),
            now - timedelta(hours=random.randint(1, 700)),
            random.randrange(track.duration),
        )
