"""Resources: the JSON of SoundCloud with names and types."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from mixbot.soundcloud import (
    AccessDict,
    Activity,
    Comment,
    Playlist,
    Resource,
    ResourceList,
    SoundCloud,
    Track,
    User,
)
from mixbot.soundcloud.models import resource
from mixbot.soundcloud.uploading import tag_list

USER = {"kind": "user", "urn": "soundcloud:users:7", "username": "Ada"}
TRACK: dict[str, Any] = {
    "kind": "track",
    "urn": "soundcloud:tracks:1234",
    "title": "May",
    "duration": 40_500,
    "created_at": "2019/01/15 15:40:49 +0000",
    "user": USER,
    "tag_list": 'Rock "Broken beat" geo:lat=43.5 ""',
    "artwork_url": "https://i1.sndcdn.com/artworks-x-large.jpg",
    "playback_count": 0,
    "favoritings_count": 0,
    "comment_count": 4,
    "publisher": {"name": "Whoever"},
}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (TRACK, Track),
        (USER, User),
        ({"kind": "playlist", "id": 1}, Playlist),
        ({"kind": "comment", "id": 1}, Comment),
        ({"type": "track", "origin": TRACK}, Activity),
        ({"kind": "web-profile", "urn": "soundcloud:x:1"}, Resource),
        ({"collection": [TRACK], "next_href": None}, ResourceList),
        ({"http_mp3_128_url": "https://…"}, AccessDict),
    ],
)
def test_json_is_what_it_says(data: dict[str, Any], kind: type[Any]) -> None:
    assert type(resource(data)) is kind


def test_fields_have_their_types_and_others_are_there() -> None:
    track = Track(TRACK)
    assert track.title == "May"
    assert track.created_at == datetime(2019, 1, 15, 15, 40, 49, tzinfo=UTC)
    assert track["created_at"] == track.created_at
    assert isinstance(track.user, User)
    assert (track.user.username, track.user.id) == ("Ada", 7)
    assert track.seconds == 40.5
    assert track.tags == ["Rock", "Broken beat", "geo:lat=43.5"]
    assert track.artwork() == "https://i1.sndcdn.com/artworks-x-t500x500.jpg"
    assert track["publisher"].name == "Whoever"
    assert track.data is TRACK
    assert track.description is None
    assert (track.id, track.urn) == (1234, "soundcloud:tracks:1234")


def test_a_number_alone_makes_a_urn() -> None:
    assert Track({"kind": "track", "id": 5}).urn == "soundcloud:tracks:5"
    assert hash(Track({"kind": "track", "id": 5})) == hash(5)


def test_hidden_counts_are_no_zeros() -> None:
    assert (Track(TRACK).playback_count, Track(TRACK).comment_count) == (0, 4)
    quiet = Track(TRACK | {"reveal_stats": False})
    assert (quiet.playback_count, quiet.favoritings_count, quiet.comment_count) == (None, None, 4)


def test_no_member_hides_a_method() -> None:
    track = Track(TRACK | {"like": 1, "comments": 2, "tags": 3, "client": 4, "data": 5})
    assert callable(track.like)
    assert callable(track.comments)
    assert track.data["like"] == track["like"] == 1


def test_what_is_not_there_says_so() -> None:
    bare = Track({"kind": "track", "id": 1, "created_at": "soon", "user": None})
    for name in ("user", "created_at", "title", "whatever"):
        with pytest.raises(AttributeError, match=name):
            getattr(bare, name)
    with pytest.raises(KeyError):
        bare["whatever"]
    with pytest.raises(RuntimeError, match="without a client"):
        _ = bare.like()
    assert User({"kind": "user", "id": 1, "created_at": "soon"}).created_at is None


def test_resources_are_copied_and_pickled() -> None:
    track = Track(TRACK)
    for other in (copy.copy(track), copy.deepcopy(track), pickle.loads(pickle.dumps(track))):
        assert other == track
        assert type(other) is Track
    page = ResourceList({"collection": [TRACK], "next_href": "https://…"})
    again = pickle.loads(pickle.dumps(page))
    assert list(again) == list(page) == [track]
    assert page[:1] == [track]
    assert "1 and more" in repr(page)


async def test_a_copy_asks_the_same_client_and_a_pickle_none(soundcloud: SoundCloud) -> None:
    playlist = Playlist({"kind": "playlist", "id": 1, "tracks": [TRACK]}, soundcloud)
    page: ResourceList[Track] = ResourceList({"collection": [TRACK]}, soundcloud)
    kept: Any
    for kept in (playlist, page, playlist.tracks, playlist["tracks"]):
        for copied in (copy.copy(kept), copy.deepcopy(kept)):
            assert copied == kept
            assert copied.soundcloud is soundcloud
        read = pickle.loads(pickle.dumps(kept))
        assert read == kept
        assert read.soundcloud is None


def test_an_array_is_a_list_without_an_end() -> None:
    page: ResourceList[Track] = ResourceList([TRACK])
    assert (page[0].title, page.next_href, page.has_next) == ("May", None, False)


@pytest.mark.parametrize("tags", [[], ["Jazz"], ["Broken beat", "Jazz", "été"]])
def test_tags_are_written_as_they_are_read(tags: list[str]) -> None:
    assert Track({"kind": "track", "id": 1, "tag_list": tag_list(tags)}).tags == tags
