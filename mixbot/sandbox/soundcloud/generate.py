"""Fills a catalogue with a small world, the same one every time; only the dates move."""

from datetime import datetime, timedelta
from random import Random

from mixbot.sandbox.mixcloud import cast
from mixbot.sandbox.soundcloud.catalogue import Catalogue

HOSTS, TRACKS_OF_EACH = 12, 8


def fill(catalogue: Catalogue, now: datetime, *, seed: int = 1) -> Catalogue:
    """Invent people, tracks, and what was done to them up to `now`; returns `catalogue`."""
    random = Random(seed)  # noqa: S311 - a world, not a secret
    listeners = [
        catalogue.add_user(
            permalink,
            name,
            city=city,
            country=country,
            created=now - timedelta(days=random.randint(30, 3000)),
            followers=random.randint(0, 60),
        )
        for permalink, name, city, country in cast.LISTENERS
        if permalink.isascii()
    ]
    for host in cast.HOSTS[:HOSTS]:
        user = catalogue.add_user(
            host.username.lower(),
            host.name,
            description=host.biog,
            city=host.city,
            country=host.country,
            created=now - timedelta(days=random.randint(900, 4000)),
            followers=int(host.fame * random.uniform(400, 2600)),
        )
        tracks = [
            catalogue.add_track(
                user,
                f"{topic} ({host.name})",
                created=now - timedelta(days=7 * age, minutes=random.randrange(10_000)),
                genre=host.tags[0] if host.tags else "",
                tag_list=" ".join(f'"{tag}"' if " " in tag else tag for tag in host.tags[1:]),
                duration=random.randint(150_000, 540_000),
                plays=int(host.fame * random.lognormvariate(6, 0.9)) + 3,
                likes=random.randint(0, 300),
                hidden_stats=random.random() < 0.05,
            )
            for age, topic in enumerate(host.topics[:TRACKS_OF_EACH])
        ]
        catalogue.add_playlist(user, random.choice(cast.PLAYLISTS), tracks[::2], created=now)
        for fan in random.sample(listeners, k=4):
            catalogue.follows.add(fan, user, now - timedelta(days=random.randint(1, 30)))
            track = random.choice(tracks)
            catalogue.likes.add(fan, track, now - timedelta(hours=random.randint(1, 700)))
            catalogue.add_comment(
                track,
                fan,
                random.choice(cast.REMARKS),
                now - timedelta(hours=random.randint(1, 700)),
                random.randrange(track.duration),
            )
    return catalogue
