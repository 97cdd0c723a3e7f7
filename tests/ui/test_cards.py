from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixbot import soundcloud
from mixbot.mixcloud import Cloudcast, Resource, ResourceList, User
from mixbot.mixcloud.models import resource
from mixbot.sandbox.discord.limits import check_message
from mixbot.sandbox.discord.messages import walk
from mixbot.ui import cards

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
needs_payloads = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="the recorded answers are not beside this checkout"
)


def fits_discord(card: cards.Card) -> bool:
    """Whether Discord takes a card both ways; it raises where not."""
    for drawn in (cards.as_layout(card), cards.as_embed(card)):
        check_message(drawn)
    return True


def recorded() -> Iterator[Resource]:
    """Every show, person and list item in the recorded answers."""
    for path in sorted(PAYLOADS.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if "data" in data:
            yield from ResourceList(data)
        elif "key" in data:
            yield resource(data)


@needs_payloads
def test_recorded_answers_are_valid_cards() -> None:
    drawn = {Cloudcast: 0, User: 0}
    for one in recorded():
        if isinstance(one, Cloudcast):
            drawn[Cloudcast] += 1
            assert fits_discord(cards.show(one))
            assert fits_discord(cards.show(one, large=False))
        elif isinstance(one, User):
            drawn[User] += 1
            assert fits_discord(cards.person(one))
    assert all(drawn.values())


@needs_payloads
def test_recorded_lists_are_valid_pages() -> None:
    for path in sorted(PAYLOADS.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        named = [one for one in ResourceList(data) if "name" in one] if "data" in data else []
        if named:
            assert fits_discord(cards.names(named, "A title"))


def tag(name: str) -> dict[str, str]:
    return {"key": "/genres/jazz/", "url": "https://www.mixcloud.com/genres/jazz/", "name": name}


def show(**changes: Any) -> Cloudcast:
    data: dict[str, Any] = {
        "key": "/ada/night/",
        "url": "https://www.mixcloud.com/ada/night/",
        "name": "Night",
        "slug": "night",
        "tags": [tag("Jazz")],
        "created_time": "2026-01-02T03:04:05Z",
        "updated_time": "2026-01-02T03:04:05Z",
        "play_count": 12,
        "favorite_count": 3,
        "comment_count": 0,
        "listener_count": 5,
        "repost_count": 1,
        "audio_length": 3480,
        "pictures": {"large": "https://thumbnailer.mixcloud.com/unsafe/300x300/x"},
        "user": {
            "key": "/ada/",
            "url": "https://www.mixcloud.com/ada/",
            "name": "Ada",
            "username": "ada",
            "pictures": {},
        },
    }
    return Cloudcast({name: value for name, value in (data | changes).items() if value is not None})


def test_a_card_tells_what_matters() -> None:
    card = cards.show(show(picture_primary_color="1f2d32"))
    assert card.title == "Night"
    assert card.host == "Ada"
    assert card.colour == 0x1F2D32
    assert dict(card.facts) == {
        "Length": "58 min",
        "Plays": "12",
        "Favorites": "3",
        "Reposts": "1",
        "Published": "<t:1767323045:D>",
    }
    assert card.small == "Jazz"


def test_both_ways_of_drawing_say_the_same() -> None:
    card = cards.show(show(description="Late *night* jazz"))
    layout = [one.get("content", "") for one in walk(cards.as_layout(card)["components"])]
    said = "\n".join(layout)
    [embed] = cards.as_embed(card)["embeds"]
    assert embed["title"] in said
    assert embed["author"]["name"] in said
    assert embed["description"] in said
    assert all(f"{field['name']} **{field['value']}**" in said for field in embed["fields"])


def test_what_the_host_hides_is_hidden() -> None:
    shown = dict(cards.show(show(hidden_stats=True, play_count=0, favorite_count=0)).facts)
    assert shown["Plays and favorites"] == "hidden"
    assert "Plays" not in shown


def test_a_show_without_length_has_none() -> None:
    assert "Length" not in dict(cards.show(show(audio_length=None)).facts)


@pytest.mark.parametrize(
    "picture",
    [
        "https://evil.tld/track.png",
        "https://mixcloud.com.evil.tld/x.png",
        "http://thumbnailer.mixcloud.com/x.png",
        "javascript:alert(1)",
    ],
)
def test_pictures_come_from_mixcloud_alone(picture: str) -> None:
    assert cards.show(show(pictures={"large": picture})).picture is None


@pytest.mark.parametrize(
    "title", ["夜" * 300, "🎧" * 300, "*" * 300, "@everyone " * 40, "إذاعة " * 60, " ", "\n\n"]
)
def test_odd_titles_fit(title: str) -> None:
    odd = show(name=title, description=title * 20, tags=[tag(title)] * 5)
    assert fits_discord(cards.show(odd))
    assert fits_discord(cards.show(odd, large=False))


ARTWORKS = "https://i1.sndcdn.com/artworks-"
AVATAR = "https://i1.sndcdn.com/avatars-1-large.jpg"


@pytest.mark.parametrize("told", [{}, {"duration": None, "created_at": None}])
def test_a_track_of_which_little_is_told_has_a_card(told: dict[str, Any]) -> None:
    user = {"kind": "user", "urn": "soundcloud:users:1", "username": "Forss"}
    told |= {"kind": "track", "urn": "soundcloud:tracks:1", "title": "May", "user": user}
    card = cards.track(soundcloud.Track(told))
    assert (card.title, card.picture) == ("May", None)
    assert [name for name, _ in card.facts] == ["Plays and likes"]


@pytest.mark.parametrize(
    ("own", "of_tracks", "shown"),
    [
        (f"{ARTWORKS}1-large.jpg", [f"{ARTWORKS}2-large.jpg"], f"{ARTWORKS}1-t500x500.jpg"),
        (
            None,
            [f"{ARTWORKS}2-large.jpg", f"{ARTWORKS}3-large.jpg"],
            f"{ARTWORKS}2-t500x500.jpg",
        ),
        (None, [None, f"{ARTWORKS}3-large.jpg"], "https://i1.sndcdn.com/avatars-1-t500x500.jpg"),
        (None, [], "https://i1.sndcdn.com/avatars-1-t500x500.jpg"),
    ],
)
def test_a_playlist_shows_what_soundcloud_s_site_shows(
    own: str | None, of_tracks: list[str | None], shown: str
) -> None:
    user = {"id": 1, "kind": "user", "username": "Ada", "avatar_url": AVATAR}
    tracks = [{"id": 2, "kind": "track", "title": "T", "artwork_url": one} for one in of_tracks]
    about = {"id": 3, "kind": "playlist", "title": "P", "user": user, "artwork_url": own}
    assert cards.track(soundcloud.Playlist(about | {"tracks": tracks})).picture == shown
