from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest

from mixbot.mixcloud import Cloudcast, Resource, ResourceList, User
from mixbot.mixcloud.models import resource
from mixbot.ui import cards

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
needs_payloads = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="the recorded answers are not beside this checkout"
)

LIMITS = {"title": 256, "description": 4096, "url": 2048}


def fits_discord(embed: discord.Embed) -> bool:
    """Whether an embed keeps every documented limit of Discord's."""
    data: dict[str, Any] = dict(embed.to_dict())
    return (
        all(len(data.get(name, "")) <= limit for name, limit in LIMITS.items())
        and len(data.get("title", "")) + len(data.get("description", "")) >= 1
        and len(data.get("fields", [])) <= 25
        and all(
            1 <= len(field["name"]) <= 256 and 1 <= len(field["value"]) <= 1024
            for field in data.get("fields", [])
        )
        and 1 <= len(data.get("author", {"name": "-"})["name"]) <= 256
        and len(embed) <= 6000
    )


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


def fields(embed: discord.Embed) -> dict[str | None, str | None]:
    return {field.name: field.value for field in embed.fields}


def test_a_card_tells_what_matters() -> None:
    embed = cards.show(show(picture_primary_color="1f2d32"))
    assert embed.title == "Night"
    assert embed.author.name == "Ada"
    assert embed.colour == discord.Colour(0x1F2D32)
    assert fields(embed) == {
        "Length": "58 min",
        "Plays": "12",
        "Favorites": "3",
        "Tags": "Jazz",
        "Published": "<t:1767323045:D>",
    }


def test_what_the_host_hides_is_hidden() -> None:
    shown = fields(cards.show(show(hidden_stats=True, play_count=0, favorite_count=0)))
    assert shown["Plays"] == shown["Favorites"] == "hidden"


def test_a_show_without_length_has_none() -> None:
    assert "Length" not in fields(cards.show(show(audio_length=None)))


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
    embed = cards.show(show(pictures={"large": picture}))
    assert embed.image.url is None


@pytest.mark.parametrize(
    "title", ["夜" * 300, "🎧" * 300, "*" * 300, "@everyone " * 40, "إذاعة " * 60, " ", "\n\n"]
)
def test_odd_titles_fit(title: str) -> None:
    embed = cards.show(show(name=title, description=title * 20, tags=[tag(title)] * 5))
    assert fits_discord(embed)
