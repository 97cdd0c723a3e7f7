"""The sandbox's Mixcloud answers in the shape of recorded answers of the real one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue
from tests.sandbox.mixcloud_calls import calling

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"

pytestmark = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads are not here")

GONE = {"/percentage_music"}  # members that left the API long ago
NEW = {"repost_count", "picture_primary_color", "1024wx1024h", "768wx768h"}
NEW |= {"640wx640h", "320wx320h"}


def members(value: Any, path: str = "") -> Iterator[str]:
    """The path of every member, with its type; of a list the first item stands for all."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}/{name}"
            yield from members(inner, f"{path}/{name}")
    elif isinstance(value, list):
        if value:
            yield from members(value[0], f"{path}/0")
    else:
        yield f"{path} is {type(value).__name__}"


def busiest(catalogue: Catalogue, path: str) -> str:
    """`path` with the placeholders filled by whoever has most to show."""
    sectioned = next(show for show in catalogue.shows if show.sections)
    talked_to = max(catalogue.users, key=lambda user: len(catalogue.comments_on(user)))
    fan = max(catalogue.users, key=catalogue.favorites.count_by)
    return path.format(sectioned=sectioned.key, talked_to=talked_to.key, fan=fan.key)


@pytest.mark.parametrize(
    ("recorded", "path"),
    [
        ("user-detail-2018-metadata", "/NightFerryRadio/?metadata=1"),
        ("cloudcast-detail-2015-metadata", "{sectioned}?metadata=1"),
        ("tag-detail-2018-metadata", "/tag/jazz/?metadata=1"),
        (
            "list-tag-popular-2018-metadata-offset",
            "/discover/jazz/popular/?limit=1&offset=1&metadata=1",
        ),
        ("favorites-2019-metadata-anonymised", "{fan}favorites/?limit=2&metadata=1"),
        ("followers-2019-metadata-anonymised", "/NightFerryRadio/followers/?limit=2&metadata=1"),
        ("comments-user-2019-metadata-anonymised", "{talked_to}comments/?limit=1&metadata=1"),
    ],
)
async def test_members_are_those_of_the_recording(recorded: str, path: str) -> None:
    real = set(members(json.loads((PAYLOADS / f"{recorded}.json").read_text())))
    async with MixcloudServer() as server, calling(server) as call:
        ours = set(members((await call.get(busiest(server.catalogue, path))).json))
    missing = {member for member in real - ours if not member.startswith(tuple(GONE))}
    assert not missing
    added = {member.partition(" is ")[0].rpartition("/")[2] for member in ours - real}
    assert added <= NEW


async def test_the_redirect_is_that_of_the_recording() -> None:
    recording = json.loads((PAYLOADS / "http-redirect-missing-slash-user-2018.json").read_text())
    asked, answered = recording["request"], recording["response"]
    path = asked["url"].removeprefix("http://api.mixcloud.com")
    async with MixcloudServer(Catalogue()) as server, calling(server) as call:
        answer = await call.get(path)
    assert answer.status == answered["status"]
    assert answer.headers["Location"] == answered["headers"]["Location"]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert len(answer.body) == answered["body_length"]
