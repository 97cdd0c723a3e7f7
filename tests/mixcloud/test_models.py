"""Models: the JSON itself, with names and types for what is known of it."""

import copy
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from mixbot.mixcloud import (
    AccessDict,
    AccessList,
    Category,
    Cloudcast,
    Comment,
    FeedItem,
    Mixcloud,
    Playlist,
    Resource,
    ResourceList,
    Section,
    Tag,
    User,
)
from mixbot.mixcloud.models import resource

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
recorded = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason=f"the recorded answers are not at {PAYLOADS}"
)
RECORDINGS = sorted(
    path.name for path in PAYLOADS.glob("*.json") if not path.name.startswith(("error", "http"))
)

SHOW: dict[str, Any] = {
    "key": "/juno/deep-end/",
    "url": "https://www.mixcloud.com/juno/deep-end/",
    "name": "May",
    "slug": "deep-end",
    "type": "cloudcast",
    "created_time": "2024-05-04T18:30:00Z",
    "play_count": 12,
    "favorite_count": 3,
    "tags": [{"key": "/genres/jazz/", "url": "https://x/", "name": "1999", "type": "tag"}],
    "user": {"key": "/juno/", "url": "https://x/", "name": "Juno", "username": "juno"},
    "pictures": {"medium": "m", "large": "l", "640wx640h": "xl", "extra_large": "e"},
}


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads((PAYLOADS / name).read_bytes())
    return data


def every_field(json: Any) -> list[object]:
    """Everything in `json`, as items and as attributes, to the bottom."""
    if isinstance(json, AccessList | list):
        return [field for one in json for field in every_field(one)]
    if not isinstance(json, AccessDict | Resource):
        return [json]
    fields: list[object] = []
    for name, item in json.items():
        fields += [*every_field(item), getattr(json, name)]
    return fields


@recorded
@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_answer_parses_and_survives(name: str) -> None:
    data = read(name)
    before = orjson.dumps(data)
    found = ResourceList(data) if "data" in data else [resource(data, full=True)]
    assert list(found)
    for one in found:
        assert type(one) is not Resource
        assert len(every_field(one)) > 3
        assert f"'{one.key}'" in repr(one)
    data = found.data if isinstance(found, ResourceList) else found[0].data
    assert orjson.dumps(data) == before


@recorded
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cloudcast-detail-2015-metadata.json", Cloudcast),
        ("user-detail-2018-metadata.json", User),
        ("tag-detail-2018-metadata.json", Tag),
        ("favorites-2019-metadata-anonymised.json", Cloudcast),
        ("list-tag-popular-2018-metadata-offset.json", Cloudcast),
        ("followers-2019-metadata-anonymised.json", User),
        ("comments-user-2019-metadata-anonymised.json", Comment),
    ],
)
def test_a_recorded_answer_is_known_with_and_without_its_type(
    name: str, kind: type[Resource]
) -> None:
    data = read(name)
    for one in data.get("data", [data]):
        untyped = {member: value for member, value in one.items() if member != "type"}
        assert type(resource(one)) is type(resource(untyped)) is kind


@recorded
def test_a_recorded_show_with_a_tracklist() -> None:
    show = resource(read("cloudcast-detail-2015-metadata.json"))
    first, second = show.sections[:2]
    assert first.track.artist.name == first["track"]["artist"]["name"] == "Jazztronik"
    assert (second.start_time, second.section_type) == (416, "track")
    assert isinstance(show.created_time, datetime)


def test_attributes_and_items_are_the_same() -> None:
    show = Cloudcast(SHOW)
    assert show.name == show["name"] == "May"
    assert show.created_time == show["created_time"] == datetime(2024, 5, 4, 18, 30, tzinfo=UTC)
    assert show.user.username == show["user"]["username"] == "juno"
    assert show.tags[0].name == show["tags"][0]["name"] == "1999"
    assert isinstance(show["user"], User)
    assert isinstance(show.tags[0], Tag)
    assert show.pictures["large"] == show["pictures"]["large"] == "l"
    assert dict(show.items())["created_time"] == show.created_time
    assert list(show) == list(SHOW)
    assert len(show) == len(SHOW)
    assert "name" in show
    assert "description" not in show
    assert show.get("description") is None
    assert show.data is SHOW


def test_lists_inside_are_found_in_by_key_as_well() -> None:
    tags = Cloudcast(SHOW).tags
    assert tags == [Tag(SHOW["tags"][0])]
    assert tags["genres/jazz"] == tags[0] == tags[-1] == tags[:1][0]
    assert tags.data is SHOW["tags"]
    assert repr(tags) == "[<Resource: Tag '/genres/jazz/'>]"
    with pytest.raises(KeyError):
        tags["genres/funk"]
    answer = AccessDict({"rooms": [{"name": "1"}, {"name": "2"}], "sizes": [1, 2]})
    assert [room.name for room in answer.rooms] == ["1", "2"]
    assert answer.sizes == [1, 2]
    assert answer.sizes[0] == 1


def test_what_mixcloud_left_out() -> None:
    show = Cloudcast(SHOW)
    assert show.audio_length is None
    assert show.seconds is None
    assert show.favorited is None
    for name in ("description", "slag", "updated_time", "sections"):
        with pytest.raises(AttributeError, match=name):
            getattr(show, name)
        with pytest.raises(KeyError):
            show[name]


@pytest.mark.parametrize("date", ["yesterday", "", 5, None])
def test_a_date_that_is_none_is_not_there(date: object) -> None:
    item = Cloudcast(SHOW | {"created_time": date, "listen_time": date})
    assert item.listen_time is None
    with pytest.raises(AttributeError, match="created_time"):
        _ = item.created_time


def test_hidden_counts_are_none_not_zero() -> None:
    show = Cloudcast(SHOW | {"hidden_stats": True, "play_count": 0, "comment_count": 4})
    assert show.play_count is show["play_count"] is None
    assert show.favorite_count is None
    assert show.comment_count == 4
    assert show.data["play_count"] == 0
    feed = FeedItem({"from": {}, "cloudcasts": [show.data]})
    assert feed.cloudcasts
    assert feed.cloudcasts[0].play_count is None


def test_what_mixcloud_adds_tomorrow_is_there_today() -> None:
    show = Cloudcast(SHOW | {"mood": "calm", "room": {"name": "2"}, "load": 1, "connection": 2})
    assert show.mood == show["mood"] == "calm"
    assert show["room"].name == "2"
    assert callable(show.load)  # a method is not hidden by a field of its name
    assert show["load"] == 1


def test_a_flag_does_not_hide_the_connection_of_its_name() -> None:
    user = User(SHOW["user"] | {"following": True})
    assert user.is_followed is user["following"] is True
    assert callable(user.following)


def test_connections_that_mixcloud_adds_become_methods() -> None:
    data = SHOW | {"metadata": {"connections": {"comments": "https://x", "remixes": "https://x"}}}
    show = resource(data, full=True)
    assert callable(show.remixes)
    assert show.data is data
    assert not hasattr(resource(SHOW, full=True), "remixes")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"type": "cloudcast"}, Cloudcast),
        ({"type": "user"}, User),
        ({"type": "tag"}, Tag),
        ({"type": "comment", "comment": "x"}, Comment),
        ({"type": "playlist"}, Playlist),
        ({"owner": {}, "slug": "x"}, Playlist),
        ({"type": "category"}, Category),
        ({"format": "music", "slug": "x"}, Category),
        ({"type": "upload", "from": {}}, FeedItem),
        ({"type": "comment", "from": {}}, FeedItem),
        ({"type": "never-heard-of"}, Resource),
        ({"key": "/discover/funk/"}, Tag),
        ({}, Resource),
    ],
)
def test_everything_is_something(data: dict[str, Any], kind: type[Resource]) -> None:
    assert type(resource(data)) is kind


@pytest.mark.parametrize(
    ("size", "address"),
    [("large", "l"), ("640x640", "xl"), ("640wx640h", "xl"), ("640", "xl"), ("4096x4096", "e")],
)
def test_a_picture_of_about_the_size(size: str, address: str) -> None:
    assert Cloudcast(SHOW).picture(size) == address


def test_no_picture_at_all() -> None:
    assert Cloudcast({"key": "/a/b/"}).picture("large") is None
    assert Cloudcast({"key": "/a/b/", "pictures": {}}).picture("large") is None


@pytest.mark.parametrize(
    ("color", "number"),
    [
        ("02f102", 0x02F102),
        ("FFFFFF", 0xFFFFFF),
        ("", None),
        ("red", None),
        (7, None),
        (None, None),
    ],
)
def test_a_color_is_a_number(color: object, number: int | None) -> None:
    assert User({"picture_primary_color": color}).color == number


def test_a_list_is_found_in_by_position_and_by_key() -> None:
    other = SHOW | {"key": "/caf%C3%A9/%C3%A9t%C3%A9/"}
    page = ResourceList({"name": "Popular Cloudcasts", "data": [SHOW, other], "paging": {}})
    assert repr(page) == "<ResourceList 'Popular Cloudcasts'>"
    assert repr(page[0]) == "<Resource: Cloudcast '/juno/deep-end/'>"
    assert page["juno/deep-end"] == page["/juno/deep-end/"] == page["Juno/Deep-End"] == page[0]
    assert page["café/été"] == page["/caf%C3%A9/%C3%A9t%C3%A9/"] == page[-1] == page[1]
    assert page[:1] == [page[0]] == list(page)[:1]
    assert page["name"] == page.name == "Popular Cloudcasts"
    assert page["data"] == list(page)
    assert len(page) == 2
    assert not page.has_next
    with pytest.raises(KeyError):
        page["nobody/nothing"]
    with pytest.raises(IndexError):
        page[2]


async def test_what_was_made_by_hand_says_so_when_it_needs_a_client() -> None:
    page = ResourceList({"data": [SHOW], "paging": {"next": "https://x/"}})
    with pytest.raises(RuntimeError, match="without a client"):
        await page.next()
    with pytest.raises(RuntimeError, match="without a client"):
        await page[0].load()


def test_models_can_be_copied_and_compared() -> None:
    show, answer = Cloudcast(SHOW), AccessDict({"result": {"success": True}})
    assert copy.copy(show) == copy.deepcopy(show) == show
    assert copy.copy(answer) == copy.deepcopy(answer) == answer
    assert len({show, copy.copy(show)}) == 1
    assert show != Cloudcast(SHOW | {"name": "June"})
    assert answer.result.success is answer["result"].success is True
    with pytest.raises(AttributeError, match="details"):
        _ = answer.details


def test_the_library_stands_on_its_own() -> None:
    script = (
        "import sys, mixbot.mixcloud\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, sep='\\n')\n"
    )
    imported = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {"discord", "sqlalchemy", "pydantic", "typer"}.isdisjoint(imported)


def test_a_tracklist_is_read_from_either_shape() -> None:
    old = {
        "track": {"name": "Song", "artist": {"name": "Artist"}},
        "start_time": 416,
        "section_type": "track",
    }
    chapter = {"chapter": "Intro", "position": 0, "section_type": "chapter"}
    show = Cloudcast(SHOW | {"sections": [chapter, old, {"artist": "A", "song": "B"}]})
    assert show.tracklist == [
        Section(chapter="Intro"),
        Section(416, "Artist", "Song"),
        Section(None, "A", "B"),
    ]
    assert Cloudcast(SHOW).tracklist == []


async def test_a_copy_asks_the_same_client_and_a_pickle_none(mixcloud: Mixcloud) -> None:
    page = await mixcloud.popular(limit=3)
    show = await mixcloud.cloudcast("juno/show-1")
    for copied in (copy.copy(show), copy.deepcopy(show)):
        assert (copied, copied.full, copied.mixcloud) == (show, True, mixcloud)
    for turned in (copy.copy(page), copy.deepcopy(page)):
        assert (await turned.next()) is not None
    assert copy.deepcopy(show.tags) == show.tags
    for kept in (show, page, show.tags, show["pictures"]):
        read = pickle.loads(pickle.dumps(kept))
        assert read == kept
        assert read.mixcloud is None
