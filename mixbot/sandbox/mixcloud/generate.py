"""Fills a catalogue with a small world, the same one every time.

Only the dates move: they count back from the moment given, so that a demo is never stale.
"""

import re
from datetime import datetime, timedelta
from random import Random

from mixbot.sandbox.mixcloud import cast
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.records import Section, Show, User, picture_path


def fill(catalogue: Catalogue, now: datetime, *, seed: int = 1) -> Catalogue:
    """Invent hosts, shows, listeners, and what they did up to `now`; returns `catalogue`."""
    random = Random(seed)  # noqa: S311 - a world, not a secret
    hosts = [_add_host(catalogue, host, now, random) for host in cast.HOSTS]
    listeners = [
        _add_listener(catalogue, username, name, city, country, now, random)
        for username, name, city, country in cast.LISTENERS
    ]
    for host, user in zip(cast.HOSTS, hosts, strict=True):
        _add_shows(catalogue, host, user, now, random)
    _live(catalogue, hosts, listeners, now, random)
    return catalogue


def _add_host(catalogue: Catalogue, host: cast.Host, now: datetime, random: Random) -> User:
    return catalogue.add_user(
        host.username,
        host.name,
        created=now - timedelta(days=random.randint(900, 4000), seconds=random.randrange(86400)),
        biog=host.biog,
        city=host.city,
        country=host.country,
        picture=picture_path("profile", host.username),
        cover=picture_path("profile_cover", host.username, ".jpg"),
        followers=int(host.fame * random.uniform(400, 2600)),
        following=random.randint(5, 300),
        favorites=random.randint(10, 800),
        listens=random.randint(100, 4000),
        is_pro=host.pro,
        is_premium=random.random() < 0.2,
    )


def _add_listener(
    catalogue: Catalogue,
    username: str,
    name: str,
    city: str | None,
    country: str | None,
    now: datetime,
    random: Random,
) -> User:
    """Somebody without shows; those without a city keep the picture everybody starts with."""
    user = catalogue.add_user(
        username,
        name,
        created=now - timedelta(days=random.randint(30, 3000), seconds=random.randrange(86400)),
        city=city,
        country=country,
    )
    if city:
        user.picture = picture_path("profile", username)
        user.followers = random.randint(0, 60)
        user.listens = random.randint(20, 900)
    return user


def _add_shows(
    catalogue: Catalogue, host: cast.Host, user: User, now: datetime, random: Random
) -> None:
    """One show for each theme, the last theme the newest."""
    rhythm = timedelta(days=random.choice((7, 7, 14, 14, 30)))
    aired = now - timedelta(minutes=random.randint(20, 60 * 24 * 9))
    for age, (number, topic) in enumerate(reversed(list(enumerate(host.topics, host.first)))):
        created = (aired - age * rhythm).replace(microsecond=0)
        plays = int(host.fame * random.lognormvariate(5.5, 0.9)) + 3
        favorites = int(plays * random.uniform(0.015, 0.07))
        title = host.series.format(n=number, topic=topic)
        show = catalogue.add_show(
            user,
            title,
            created=created,
            updated=created + timedelta(minutes=random.randint(-40, 3000)),
            description=description_of(host, random),
            tags=_tags(host, random),
            audio_length=host.minutes * 60 + random.randint(-400, 400),
            plays=plays,
            favorites=favorites,
            listeners=int(plays * random.uniform(0.3, 0.6)),
            reposts=favorites // random.randint(4, 9),
            picture=picture_path("extaudio", f"{host.username}/{title}"),
        )
        _make_odd(show, random)


def description_of(host: cast.Host, random: Random) -> str:
    """Two or three lines with CRLF between them, as a form sends them; some hosts write none."""
    if not host.biog or random.random() < 0.08:
        return ""
    site = re.sub("[^a-z]", "", host.username.lower()) or "radio"
    opening, closing = random.choice(cast.OPENINGS), random.choice(cast.CLOSINGS)
    if not host.biog.isascii():
        return f"{host.biog}\r\nhttps://{site}.example/"
    lines = [host.biog, opening]
    if random.random() < 0.7:
        lines.append(closing.format(site=site))
    return "\r\n\r\n".join(lines)


def _tags(host: cast.Host, random: Random) -> tuple[str, ...]:
    """The tags of the host, now and then one fewer."""
    return host.tags[:-1] if random.random() < 0.2 else host.tags


def _make_odd(show: Show, random: Random) -> None:
    """Give a few shows the traits that surprise a client."""
    fate = random.random()
    if fate < 0.04:
        show.hidden_stats = True
    elif fate < 0.06:
        show.audio_length = None
    elif fate < 0.09:
        show.is_exclusive = True
    elif fate < 0.15:
        tracks = random.sample(cast.TRACKS, k=len(cast.TRACKS))
        length = (show.audio_length or 3600) // len(tracks)
        show.sections = tuple(
            Section(artist, song, start_time=length * place + random.randrange(40) * (place > 0))
            for place, (artist, song) in enumerate(tracks)
        )


def _live(
    catalogue: Catalogue, hosts: list[User], listeners: list[User], now: datetime, random: Random
) -> None:
    """Let everybody follow, listen, favorite, repost, comment and collect."""
    shows = catalogue.popular()

    def some(most: int) -> list[Show]:
        return random.sample(shows, k=min(len(shows), random.randint(2, most)))

    def when(after: datetime) -> datetime:
        return (after + (now - after) * random.random()).replace(microsecond=0)

    for user in [*listeners[:-1], *hosts]:
        for followed in random.sample(hosts, k=random.randint(3, 14)):
            if followed is not user:
                catalogue.follows.add(user, followed, when(max(user.created, followed.created)))
        for show in some(16):
            catalogue.listens.add(user, show, when(show.created))
            if random.random() < 0.6:
                catalogue.favorites.add(user, show, when(show.created))
            if random.random() < 0.15:
                catalogue.reposts.add(user, show, when(show.created))
            if random.random() < 0.1:
                catalogue.listen_later.add(user, show, when(show.created))
            if random.random() < 0.35:
                catalogue.add_comment(show, user, random.choice(cast.REMARKS), when(show.created))
    for host in hosts:
        if random.random() < 0.5:
            name = random.choice(cast.PLAYLISTS)
            catalogue.add_playlist(host, name, some(12), when(host.created))
        for fan in random.sample(listeners, k=random.randint(0, 3)):
            remark = random.choice(cast.REMARKS)
            catalogue.add_comment(host, fan, remark, when(max(host.created, fan.created)))
