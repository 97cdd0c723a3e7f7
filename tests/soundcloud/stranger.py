"""What a stranger writes with the library, as `mypy --strict` sees it: types that are told apart.

It is checked, not run; a wrong type here is an error of mypy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, assert_type

from mixbot.soundcloud import (
    AccessDict,
    Activity,
    Comment,
    Playlist,
    ResourceList,
    SoundCloud,
    SoundCloudOAuth,
    SoundCloudSync,
    Tokens,
    TokenStore,
    Track,
    User,
)
from mixbot.soundcloud.sync import ResourceListSync, ResourceSync


async def reads(soundcloud: SoundCloud) -> None:
    track = await soundcloud.track("soundcloud:tracks:293")
    assert_type(track, Track)
    assert_type(track.title, str)
    assert_type(track.created_at, datetime)
    assert_type(track.playback_count, int | None)
    assert_type(track.user, User)
    assert_type(track.tags, list[str])
    assert_type(await soundcloud.me(), User)
    assert_type(await soundcloud.playlist(1), Playlist)
    anything: Any = track.whatever_soundcloud_adds
    assert_type(anything, Any)


async def lists(soundcloud: SoundCloud, user: User, track: Track) -> None:
    found = await soundcloud.search("jazz", limit=10, genres=["Jazz"])
    assert_type(found, ResourceList[Track])
    assert_type(found[0], Track)
    assert_type(found.collection, list[Track])
    assert_type([one async for one in found], list[Track])
    assert_type([one async for one in found.all(most=5)], list[Track])
    assert_type(await found.next(), ResourceList[Track] | None)
    assert_type(await soundcloud.search("jazz", type="user"), ResourceList[User])
    assert_type(await soundcloud.feed(), ResourceList[Activity])
    assert_type(await user.likes(limit=5), ResourceList[Track])
    assert_type(await user.liked_playlists(), ResourceList[Playlist])
    assert_type(await track.comments(), ResourceList[Comment])


async def acts(soundcloud: SoundCloud, track: Track) -> None:
    assert_type(await soundcloud.like(track), AccessDict)
    assert_type(await track.unlike(), AccessDict)
    assert_type(await track.comment("Nice", at=3), Comment)
    assert_type(await soundcloud.upload("rain.mp3", "Rain", sharing="private"), Track)
    assert_type(await track.edit(title="Rain"), Track)


class Rows:
    """A store of somebody's own."""

    async def load(self) -> Tokens | None:
        return None

    async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
        return True

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        yield


async def links_an_account() -> None:
    oauth = SoundCloudOAuth(client_id="id", client_secret="secret", redirect_uri="https://x.tld/")
    started = oauth.authorization()
    assert_type(started.url, str)
    assert_type(await oauth.tokens("code", started.code_verifier), Tokens)
    store: TokenStore = Rows()
    async with SoundCloud(client_id="id", client_secret="secret", tokens=store) as soundcloud:
        assert_type(soundcloud.with_tokens(store), SoundCloud)


def blocks() -> None:
    with SoundCloudSync(access_token="x") as soundcloud:
        assert_type(soundcloud.track(1), ResourceSync)
        assert_type(soundcloud.feed(), ResourceListSync)
        assert_type(soundcloud.like(1), AccessDict)
