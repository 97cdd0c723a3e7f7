"""What a stranger writes with the library, as `mypy --strict` sees it: types that are told apart.

It is checked, not run; a wrong type here is an error of mypy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, assert_type

from mixbot.mixcloud import (
    AccessDict,
    Category,
    Cloudcast,
    Comment,
    Draft,
    FeedItem,
    Mixcloud,
    MixcloudOAuth,
    MixcloudSync,
    Playlist,
    RateLimited,
    Rejected,
    Resource,
    ResourceList,
    Section,
    Tag,
    User,
    read_tracklist,
)
from mixbot.mixcloud.sync import ResourceListSync, ResourceSync


async def reads(mixcloud: Mixcloud) -> None:
    show = await mixcloud.cloudcast("spartacus/party-time")
    assert_type(show, Cloudcast)
    assert_type(show.name, str)
    assert_type(show.created_time, datetime)
    assert_type(show.play_count, int | None)
    assert_type(show.audio_length, int | None)
    assert_type(show.user, User)
    assert_type(show.user.pictures, Mapping[str, str])
    assert_type([tag.name for tag in show.tags], list[str])
    assert_type(show.tracklist, list[Section])
    assert_type(await show.load(), Cloudcast)
    assert_type(await mixcloud.user("spartacus"), User)
    assert_type(await mixcloud.me(), User)
    assert_type(await mixcloud.discover("funk", city="athens"), Tag)
    assert_type(await mixcloud.category("ambient"), Category)
    assert_type(await mixcloud.playlist("spartacus/playlists/best-of"), Playlist)
    assert_type(await mixcloud.get("spartacus"), Resource)
    anything: Any = (await mixcloud.get("spartacus")).whatever_mixcloud_adds
    assert_type(anything, Any)


async def lists(mixcloud: Mixcloud, user: User, show: Cloudcast, tag: Tag) -> None:
    popular = await mixcloud.popular(limit=10)
    assert_type(popular, ResourceList[Cloudcast])
    assert_type(popular[0], Cloudcast)
    assert_type(popular[:3], list[Cloudcast])
    assert_type(await popular.next(), ResourceList[Cloudcast] | None)
    assert_type([one async for one in popular.all(most=50)], list[Cloudcast])
    assert_type([one.name for one in popular], list[str])
    assert_type(await mixcloud.search("jazz"), ResourceList[Cloudcast])
    assert_type(await mixcloud.search("jazz", type="user"), ResourceList[User])
    assert_type(await mixcloud.search("jazz", type="tag"), ResourceList[Tag])
    assert_type(await mixcloud.categories(), ResourceList[Category])
    assert_type(await user.followers(limit=5), ResourceList[User])
    assert_type(await user.cloudcasts(since="2024"), ResourceList[Cloudcast])
    assert_type(await user.feed(), ResourceList[FeedItem])
    assert_type(await user.playlists(), ResourceList[Playlist])
    assert_type(await show.comments(), ResourceList[Comment])
    assert_type(await show.similar(), ResourceList[Cloudcast])
    assert_type(await tag.hot(), ResourceList[Cloudcast])


def blocks() -> None:
    with MixcloudSync() as mixcloud:
        page = mixcloud.popular(limit=10)
        assert_type(page, ResourceListSync)
        assert_type([show.name for show in page.all(most=20)], list[str])
        assert_type(mixcloud.get("spartacus").load(), ResourceSync)
        assert_type(mixcloud.favorite("spartacus/party-time"), AccessDict)
        assert_type(mixcloud.embed_html("spartacus/party-time", width=300), str)
        with mixcloud.editing("me/show") as draft:
            draft.tags.append("House")


async def acts(mixcloud: Mixcloud, show: Cloudcast) -> None:
    answer = await mixcloud.favorite("spartacus/party-time")
    assert_type(answer, AccessDict)
    assert_type(await show.unfavorite(), AccessDict)
    try:
        await mixcloud.follow("spartacus")
    except RateLimited as error:
        assert_type(error.retry_after, float)
    except Rejected as error:
        for field, texts in error.details.items():
            assert_type(field, str)
            assert_type(list(texts), list[str])


async def publishes(mixcloud: Mixcloud, file: BinaryIO) -> None:
    await mixcloud.upload(Path("show.mp3"), "Show", tags=["House"], sections=[Section(0, "A", "B")])
    await mixcloud.upload("show.mp3", "Show", sections=[{"chapter": "Intro", "start_time": 0}])
    await mixcloud.upload(Draft(name="Show"), file, on_progress=lambda progress: None)
    await mixcloud.edit("me/show", description="Better")
    async with mixcloud.editing("me/show") as draft:
        draft.name = "Best"
    assert_type(read_tracklist("0:00 A - B"), list[Section])


async def links_an_account() -> None:
    oauth = MixcloudOAuth(client_id="id", client_secret="secret", redirect_uri="https://x.example/")
    assert_type(oauth.authorization_url, str)
    async with Mixcloud(access_token=await oauth.access_token("code"), timeout=5) as mixcloud:
        assert_type(mixcloud, Mixcloud)
