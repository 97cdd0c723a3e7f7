"""Fills a catalogue with a small world, the same one every time; only the dates move."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from mixbot.sandbox.mixcloud import cast
from mixbot.sandbox.mixcloud.generate import description_of
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.records import Track, User, permalink_of

JAPANESE, NEWCOMER = "midnight_cassette_jp", "newcomer"
HOSTS = (*cast.HOSTS[:12], *(host for host in cast.HOSTS if host.username == JAPANESE))
TRACKS_OF_EACH = 8
ODD: dict[str, dict[str, Any]] = {  # by title, the traits that surprise a client
    "Empty Swimming Pools": {"hidden_stats": True},
    "The Slow Elevator": {"access": "preview"},
}


def fill(catalogue: Catalogue, now: datetime, *, seed: int = 1) -> Catalogue:
    """Invent people, tracks, and what was done to them up to `now`; returns `catalogue`."""
    random = Random(seed)  # noqa: S311 - a world, not a secret
    for username, name, city, country in cast.LISTENERS:
        if username.isascii():
            catalogue.add_user(
                permalink_of(username),
                name,
                city=city,
                country=country,
                created=now - timedelta(days=random.randint(30, 3000)),
                followers=random.randint(0, 60),
            )
    for host in HOSTS:
        user = catalogue.add_user(
            permalink_of(host.username),
            host.name,
            description=host.biog,
            city=host.city,
            country=host.country,
            created=now - timedelta(days=random.randint(900, 4000)),
            followers=int(host.fame * random.uniform(400, 2600)),
            followings=random.randint(5, 300),
        )
        catalogue.add_playlist(
            user,
            random.choice(cast.PLAYLISTS),
            _add_tracks(catalogue, host, user, now, random)[::2],
            created=now - timedelta(days=random.randint(0, 60)),
            likes=random.randint(3, 90),
        )
    _live(catalogue, now, random)
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


def _live(catalogue: Catalogue, now: datetime, random: Random) -> None:
    """Let everybody but the newcomer like some tracks of others, and follow, repost, comment."""
    tracks = list(catalogue.tracks.values())

    for fan in catalogue.users.values():
        for track in random.sample(tracks, k=random.randint(2, 9)):
            if track.user is fan or fan.permalink == NEWCOMER:
                continue
            when = max(now - timedelta(minutes=random.randrange(40_000)), track.created)
            catalogue.likes.add(fan, track, when)
            if random.random() < 0.5:
                catalogue.follows.add(fan, track.user, when)
            if random.random() < 0.3:
                catalogue.reposts.add(fan, track, when)
            if random.random() < 0.4:
                at = random.randrange(track.duration)
                catalogue.add_comment(track, fan, random.choice(cast.REMARKS), when, at)
