"""What can be asked of SoundCloud, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mixbot.sandbox import SoundCloudServer
from mixbot.soundcloud import (
    AccessDict,
    Activity,
    InvalidArgument,
    NotFound,
    Playlist,
    Rejected,
    ResourceList,
    SoundCloud,
    Track,
    Unauthorized,
    User,
)
from tests.soundcloud.conftest import Client

FLICKERMOOD = "https://soundcloud.com/forss/flickermood"

# Reading


@pytest.mark.parametrize("name", [293, "293", "soundcloud:tracks:293", FLICKERMOOD])
async def test_a_track_has_many_names(soundcloud: SoundCloud, name: int | str) -> None:
    track = await soundcloud.track(name)
    assert isinstance(track, Track)
    assert (track.id, track.urn, track.url) == (293, "soundcloud:tracks:293", FLICKERMOOD)
    assert track.title == track["title"] == "Flickermood"
    assert track.created_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert isinstance(track.user, User)
    assert track.user.username == "Forss"
    assert await soundcloud.track(track.urn) == track


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (FLICKERMOOD, Track),
        ("http://soundcloud.com/forss", User),
        ("https://m.soundcloud.com/forss/sets/soulhack", Playlist),
        ("https://api.soundcloud.com/tracks/293", Track),
    ],
)
async def test_a_link_resolves_to_what_it_is(
    soundcloud: SoundCloud, url: str, kind: type[Any]
) -> None:
    assert type(await soundcloud.resolve(url)) is kind


async def test_what_is_something_else_is_not_found(soundcloud: SoundCloud) -> None:
    with pytest.raises(NotFound, match="is a User and no Track"):
        await soundcloud.track("https://soundcloud.com/forss")
    with pytest.raises(NotFound):
        await soundcloud.resolve("https://soundcloud.com/nobody")
    with pytest.raises(NotFound):
        await soundcloud.user(1)


@pytest.mark.parametrize(
    "name", ["flickermood", "", "soundcloud:users:1", "soundcloud:tracks:x", -1, True, "1/2", "²"]
)
async def test_what_is_no_name_is_not_asked_for(
    soundcloud: SoundCloud, server: SoundCloudServer, name: Any
) -> None:
    for call in (soundcloud.track(name), soundcloud.like(name), soundcloud.comment(name, "x")):
        with pytest.raises(InvalidArgument):
            await call
    assert not server.requests


async def test_a_playlist_comes_with_its_tracks_unless_told_not(soundcloud: SoundCloud) -> None:
    playlist = await soundcloud.playlist("https://soundcloud.com/forss/sets/soulhack")
    assert playlist.tracks is not None
    assert [track.title for track in playlist.tracks] == ["Flickermood"]
    assert [track.title for track in await playlist.list_tracks()] == ["Flickermood"]
    assert (await soundcloud.playlist(playlist.urn, show_tracks=False)).tracks is None


async def test_search_finds_by_kind(soundcloud: SoundCloud, server: SoundCloudServer) -> None:
    assert [one.title for one in await soundcloud.search("flickermood")] == ["Flickermood"]
    assert [one.title for one in await soundcloud.search("soul", type="playlist")] == ["Soulhack"]
    assert [one.username for one in await soundcloud.search("fors", type="user")] == ["Forss"]
    await soundcloud.search("", genres=["Ambient", "Jazz"], bpm={"from": 90, "to": 120})
    query = server.requests[-1].query
    assert query["genres"] == "Ambient,Jazz"
    assert (query["bpm[from]"], query["bpm[to]"]) == ("90", "120")
    with pytest.raises(InvalidArgument, match="track, playlist or user"):
        await soundcloud.search("x", type="tag")  # type: ignore[call-overload]


async def test_everybody_needs_a_token(server: SoundCloudServer) -> None:
    async with SoundCloud(server.api_url, client_id="client") as nobody:
        with pytest.raises(Unauthorized, match="client_secret"):
            await nobody.get("/tracks/293")
    assert not server.requests


async def test_the_application_is_nobody(soundcloud: SoundCloud, server: SoundCloudServer) -> None:
    for call in (soundcloud.me(), soundcloud.like(293), soundcloud.get("/me"), soundcloud.feed()):
        with pytest.raises(Unauthorized, match="person"):
            await call
    assert not server.requests


async def test_whose_token_it_is(acting: SoundCloud, server: SoundCloudServer) -> None:
    me = await acting.me()
    assert (me.username, me.is_me) == ("Listener", True)
    assert not (await acting.user(me.id)).is_me
    assert server.requests[0].path == "/me"


async def test_the_token_rides_in_the_header_only(
    acting: SoundCloud, server: SoundCloudServer
) -> None:
    await acting.me()
    await acting.like(293)
    assert all(not request.query for request in server.requests)


# Lists


async def test_a_list_comes_in_pages_and_goes_on(
    soundcloud: SoundCloud, server: SoundCloudServer
) -> None:
    forss = await soundcloud.resolve("https://soundcloud.com/forss")
    page = await forss.tracks(limit=20)
    assert isinstance(page, ResourceList)
    assert (len(page), page.has_next, page[0].title) == (20, True, "Track 45")
    assert page.collection == list(page)
    following = await page.next()
    assert following is not None
    assert following[0].title == "Track 25"
    titles = [track.title async for track in page]
    assert len(titles) == len(set(titles)) == 46
    assert [track.title async for track in page.all(most=21)] == titles[:21]
    assert len(server.requests_to("GET", "/users/*/tracks")) == 5


async def test_the_last_page_is_the_last(soundcloud: SoundCloud) -> None:
    page = await soundcloud.search("flickermood")
    assert (page.has_next, await page.next()) == (False, None)


async def test_any_path_with_a_limit_is_a_list(soundcloud: SoundCloud) -> None:
    tracks = await soundcloud.get("/tracks", limit=10)
    assert len(tracks.collection) == 10
    assert tracks.has_next
    whole = await soundcloud.get("/tracks")  # an array, as SoundCloud is about to give up
    assert (len(whole), whole.has_next) == (46, False)


@pytest.mark.parametrize("limit", [0, 201, "5", True])
async def test_a_page_has_1_to_200(soundcloud: SoundCloud, limit: Any) -> None:
    with pytest.raises(InvalidArgument, match="1 to 200"):
        await soundcloud.search("x", limit=limit)


async def test_only_the_api_is_asked(soundcloud: SoundCloud) -> None:
    for path in ("https://evil.tld/tracks", "/tracks/../me", "", "/tracks//1"):
        with pytest.raises(InvalidArgument):
            await soundcloud.get(path)


# Acting


async def test_likes_reposts_and_follows_are_done_and_undone_twice(
    acting: SoundCloud, server: SoundCloudServer
) -> None:
    track = await acting.track(293)
    playlist = await acting.resolve("https://soundcloud.com/forss/sets/soulhack")
    catalogue = server.catalogue
    listener = catalogue.user("listener")
    assert listener
    for _ in range(2):
        for answer in (
            await track.like(),
            await playlist.like(),
            await track.repost(),
            await playlist.repost(),
            await track.user.follow(),
        ):
            assert isinstance(answer, AccessDict)
    assert (await acting.track(293)).user_favorite
    me = await acting.me()
    assert [one.title for one in await me.likes()] == ["Flickermood"]
    assert [one.title for one in await me.liked_playlists()] == ["Soulhack"]
    assert [one.title for one in await me.reposts()] == ["Flickermood"]
    assert [one.username for one in await me.followings()] == ["Forss"]
    assert [one.username for one in await track.favoriters()] == ["Listener"]
    for _ in range(2):
        await track.unlike()
        await playlist.unlike()
        await track.unrepost()
        await playlist.unrepost()
        await track.user.unfollow()
    assert not catalogue.likes.count_by(listener)
    assert not catalogue.reposts.count_by(listener)
    assert not catalogue.follows.count_by(listener)


async def test_a_comment_says_when(acting: SoundCloud) -> None:
    comment = await acting.comment(293, "What a night", at=1.5)
    assert (comment.body, comment.seconds) == ("What a night", 1.5)
    track = await acting.track(293)
    assert [one.user.username for one in await track.comments()] == ["Listener"]
    assert (await track.comment("Without a moment")).seconds is None
    with pytest.raises(InvalidArgument):
        await track.comment(" ")


async def test_what_the_followed_did(acting: SoundCloud) -> None:
    await acting.follow((await acting.resolve("https://soundcloud.com/forss")).urn)
    feed = await acting.feed(limit=5)
    assert isinstance(feed[0], Activity)
    assert isinstance(feed[0].origin, Track)
    assert (feed[0].type, feed[0].origin.title) == ("track", "Track 45")
    assert len([one async for one in feed]) == 46


async def test_soundcloud_may_refuse(acting: SoundCloud) -> None:
    me = await acting.me()
    with pytest.raises(Rejected, match="yourself") as caught:
        await me.follow()
    assert caught.value.status == 422
    assert caught.value.details == ["You cannot follow yourself."]
    assert caught.value.data
    with pytest.raises(Rejected):
        await acting.edit(293, title="Mine now")


async def test_verbs_do_what_has_no_method(acting: SoundCloud, server: SoundCloudServer) -> None:
    me = await acting.put("/me", user={"description": "a new description"})
    assert me.description == "a new description"
    made = await acting.post("/playlists", playlist={"title": "Mine", "tracks": [{"id": 293}]})
    assert isinstance(made, Playlist)
    assert made.track_count == 1
    track = await acting.upload(b"ID3", "Soon gone")
    await acting.delete(f"/tracks/{track.urn}")
    assert not await me.tracks()


async def test_a_resource_that_is_sent_is_its_urn(
    acting: SoundCloud, server: SoundCloudServer
) -> None:
    track = await acting.track(293)
    made = await acting.post("/playlists", playlist={"title": "A", "tracks": [{"urn": track}]})
    assert [one.urn for one in made.tracks] == [track.urn]
    with pytest.raises(InvalidArgument, match="neither JSON nor a file"):
        await acting.post("/playlists", playlist={"title": object()})


async def test_actions_take_links(acting: SoundCloud, server: SoundCloudServer) -> None:
    await acting.like("https://soundcloud.com/forss/sets/soulhack")
    await acting.follow("https://soundcloud.com/forss")
    me = await acting.me()
    assert [one.title for one in await me.liked_playlists()] == ["Soulhack"]
    assert [one.username for one in await me.followings()] == ["Forss"]
    with pytest.raises(InvalidArgument):
        await acting.follow(FLICKERMOOD)


async def test_a_stream_has_an_address(acting: SoundCloud) -> None:
    redirect = await acting.get("/tracks/293/stream", allow_redirects=False)
    assert redirect.location.startswith("https://cf-media.sndcdn.com/293")
    assert redirect.status == "302 - Found"
    assert (await (await acting.track(293)).streams()).hls_aac_160_url.endswith("hls_aac_160/")
    plain = await acting.get("/tracks/293", allow_redirects=False)
    assert plain.title == "Flickermood"


async def test_with_token_acts_as_somebody_else(client: Client, server: SoundCloudServer) -> None:
    app = client()
    other = app.with_token(server.token_for("forss"))
    assert (await other.me()).username == "Forss"
    assert not app.acts_for_somebody
    assert not other.with_token(None).acts_for_somebody


def test_passwords_are_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidArgument, match="user name and a password"):
        SoundCloud(client_id="a", client_secret="b", username="c", password="d")
