"""The client against a Mixcloud on loopback: what its users do with it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from mixbot.mixcloud import (
    Cloudcast,
    Comment,
    InvalidArgument,
    Link,
    Mixcloud,
    NotFound,
    Rejected,
    Resource,
    ResourceList,
    ShortLink,
    Tag,
    Unauthorized,
    User,
    find_links,
)
from mixbot.mixcloud.datetime import Moment, to_timestamp
from mixbot.mixcloud.paging import paging_query
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Redirect
from tests.mixcloud.conftest import Client

SHOW = "juno/show-45"
CAFE = "/caf%C3%A9/bon-dimanche-%C3%A0-tous/"


async def test_anything_with_a_key_can_be_had(mixcloud: Mixcloud) -> None:
    user, show, tag = (
        await mixcloud.get("juno"),
        await mixcloud.get("/juno/show-1/"),
        await mixcloud.discover("jazz"),
    )
    assert (type(user), user.username, user["username"]) == (User, "juno", "juno")
    assert (type(show), show.name, show["user"].key) == (Cloudcast, "Show 1", "/juno/")
    assert (type(tag), tag["name"]) == (Tag, "Jazz")
    assert isinstance(user.created_time, datetime)
    assert user.pictures["medium"].startswith("https://")


@pytest.mark.parametrize(
    "key",
    [
        CAFE,
        CAFE.lower(),
        CAFE.strip("/"),
        "café/bon-dimanche-à-tous",
        "/café/bon-dimanche-%C3%A0-tous/",
        f"https://www.mixcloud.com{CAFE}",
        "https://www.mixcloud.com/café/bon-dimanche-à-tous",
    ],
)
async def test_a_key_is_encoded_once_however_it_comes(
    mixcloud: Mixcloud, server: MixcloudServer, key: str
) -> None:
    show = await mixcloud.get(key)
    assert show.key == CAFE
    assert server.requests[-1].path == CAFE
    assert len(server.requests) == 1  # its slash was there, no redirect was needed


@pytest.mark.parametrize("key", ["", "/", "//", "a//b", "a/../b", ".", "%2e%2e/a", "https://x/a"])
async def test_what_is_no_key_is_not_asked_for(
    mixcloud: Mixcloud, server: MixcloudServer, key: str
) -> None:
    with pytest.raises(InvalidArgument):
        await mixcloud.get(key)
    assert not server.requests


async def test_a_tag_may_have_a_slash(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    with pytest.raises(NotFound):
        await mixcloud.discover("ac/dc")
    assert server.requests[-1].path == "/genres/ac%2Fdc/"


async def test_a_city_may_go_with_a_tag(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    with pytest.raises(NotFound):
        await mixcloud.discover("funk+city:athens")
    assert server.requests[-1].path == "/genres/funk+city:athens/"


async def test_lists(mixcloud: Mixcloud) -> None:
    for page in (
        await mixcloud.popular(),
        await mixcloud.hot(),
        await mixcloud.new(),
        await mixcloud.search("show"),
    ):
        assert len(page) == 20
        assert all(type(show) is Cloudcast for show in page)
    assert (await mixcloud.popular()).name == "Popular Cloudcasts"
    assert [user.key for user in await mixcloud.search("juno", type="user")] == ["/juno/"]
    assert [tag.name for tag in await mixcloud.search("jazz", type="tag")] == ["Jazz"]
    assert not await mixcloud.search("nothing like it")


async def test_a_search_is_for_what_was_typed(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    for query in ("drum & bass", "a+b=c", "100%", "é ", "🎧", "#?/"):
        await mixcloud.search(query)
        assert server.requests[-1].query["q"] == query
    with pytest.raises(InvalidArgument, match="cloudcast, user or tag"):
        await mixcloud.search("x", type="track")  # type: ignore[call-overload]


async def test_pages(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    first = await mixcloud.search("show", page=0, per_page=30)
    assert (len(first), first.has_next, await first.previous()) == (30, True, None)
    second = await first.next()
    assert second
    assert (len(second), second.has_next, await second.next()) == (15, False, None)
    again = await second.previous()
    assert again
    assert [show.key for show in again] == [show.key for show in first]
    assert server.requests[-1].query["q"] == "show"
    third = await mixcloud.search("show", page=2)
    assert [show.key for show in third] == [show.key for show in second][10:]


async def test_a_list_by_date_has_a_page_before_its_first(mixcloud: Mixcloud) -> None:
    first = await mixcloud.list_at("juno/cloudcasts")
    newer = await first.previous()
    assert newer is not None
    assert len(newer) == 0


async def test_a_partial_resource_can_be_loaded(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    [show, *_] = await mixcloud.new()
    with pytest.raises(AttributeError, match="description"):
        _ = show.description
    assert await show.load() is show
    assert isinstance(show.description, str)
    assert len(server.requests) == 2
    await show.load()
    assert len(server.requests) == 2  # it is full now
    await show.load(force=True)
    assert len(server.requests) == 3
    assert (await (await mixcloud.get(SHOW)).user.load()).biog is not None


async def test_connections_are_methods(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    listener = server.catalogue.add_user("listener")
    show = server.catalogue.show("juno/show-1")
    assert show
    server.catalogue.add_comment(show, listener, "Lovely.", datetime.now(UTC))
    host = await mixcloud.get("juno")
    shows = await host.cloudcasts(limit=3)
    assert (len(shows), shows.name) == (3, "juno's Cloudcasts")
    assert not await host.followers()
    assert [comment.comment for comment in await show_of(mixcloud).comments()] == ["Lovely."]
    assert all(isinstance(one, Comment) for one in await show_of(mixcloud).comments())
    assert len(await (await mixcloud.discover("jazz")).popular(offset=40)) == 5
    # a resource inside another has them as well
    assert len(await show_of(mixcloud).user.cloudcasts()) == 20


def show_of(mixcloud: Mixcloud) -> Cloudcast:
    return Cloudcast(
        {"key": "/juno/show-1/", "user": {"key": "/juno/", "username": "juno"}}, mixcloud
    )


async def test_without_connections_less_is_asked_for(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    show = await mixcloud.get(SHOW, create_connections=False)
    assert type(show) is Cloudcast
    assert "metadata" not in show
    assert server.requests[-1].query == {}


async def test_an_address_of_the_api_itself(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    show = await mixcloud.get(f"{server.api_url}/juno/show-3/?metadata=1", relative=False)
    assert show.slug == "show-3"
    with pytest.raises(InvalidArgument, match="own host"):
        await mixcloud.get("https://evil.tld/juno/", relative=False)
    with pytest.raises(InvalidArgument, match="own host"):
        await mixcloud.list_at(f"{server.api_url}@evil.tld/popular/", relative=False)


async def test_paging_links_lead_nowhere_else(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    page = ResourceList({"data": [], "paging": {"next": "https://evil.tld/popular/"}}, mixcloud)
    with pytest.raises(InvalidArgument, match="own host"):
        await page.next()
    assert not server.requests


# Acting


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("favorite", "favorite"),
        ("repost", "repost"),
        ("listen_later", "listen-later"),
        ("follow", "follow"),
    ],
)
async def test_doing_and_undoing_twice_is_fine(
    acting: Mixcloud, server: MixcloudServer, verb: str, path: str
) -> None:
    key = "juno" if verb == "follow" else SHOW
    for method, name in (("POST", verb), ("DELETE", f"un{verb}")):
        for _ in range(2):
            answer = await getattr(acting, name)(key)
            assert answer.result.success is answer["result"]["success"] is True
            assert isinstance(answer["result"].message, str)
            assert server.requests[-1].method == method
            assert server.requests[-1].path == f"/{key}/{path}/"
    assert [request.status for request in server.requests] == [200, 200, 200, 404]


async def test_acting_on_a_resource(acting: Mixcloud, server: MixcloudServer) -> None:
    show = await acting.get(SHOW)
    assert (await show.favorite()).result.success
    assert (await show.user.follow()).result.success
    [favorite] = await (await acting.me()).favorites()
    assert favorite.key == show.key
    assert (await acting.get(SHOW)).favorited is True
    for verb in ("unfavorite", "repost", "unrepost", "listen_later", "unlisten_later"):
        assert (await getattr(show, verb)()).result.success
    assert (await show.user.unfollow()).result.success


async def test_undoing_what_is_gone_is_fine_but_doing_it_is_not(acting: Mixcloud) -> None:
    assert (await acting.unfavorite("juno/gone")).result.success
    with pytest.raises(NotFound):
        await acting.favorite("juno/gone")


async def test_acting_needs_a_token_and_does_not_ask_without(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    for call in (mixcloud.me(), mixcloud.favorite(SHOW), mixcloud.unfollow("juno")):
        with pytest.raises(Unauthorized):
            await call
    assert not server.requests


async def test_a_refused_token(client: Client, server: MixcloudServer) -> None:
    for status in (400, 401):
        server.manners.token_error_status = status
        with pytest.raises(Unauthorized):
            await client(access_token="stale").me()


async def test_a_private_show_and_a_missing_one(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    server.catalogue.add_show("juno", "Secret", visibility="private")
    with pytest.raises(Rejected, match="private"):
        await mixcloud.get("juno/secret")
    for body in ("json", "html"):
        server.manners.not_found_body = body
        with pytest.raises(NotFound):
            await mixcloud.get("juno/never")


async def test_many_act_through_one_client(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    ada = mixcloud.with_token(server.token_for("ada"))
    noor = mixcloud.with_token(server.token_for("noor"))
    assert ((await ada.me()).username, (await noor.me()).username) == ("ada", "noor")
    await ada.close()  # what is shared stays open
    assert (await noor.me()).username == "noor"
    with pytest.raises(Unauthorized):
        await mixcloud.me()
    mixcloud.access_token = server.token_for("theo")
    assert (await mixcloud.me()).username == "theo"


# Embedding


async def test_embedding(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    answer = await mixcloud.embed_json(SHOW, width="100%", height=60, color="ff0000")
    assert "<iframe" in answer.html
    assert server.requests[-1].query == {"width": "100%", "height": "60", "color": "ff0000"}
    show = await mixcloud.get(SHOW)
    html = await show.embed_html(width="100%", height=60, color="ff0000")
    assert html == answer["html"] == (await show.embed_json(height=60, color="ff0000")).html
    with pytest.raises(NotFound):
        await mixcloud.embed_html("juno/gone")
    [played] = find_links(answer.html)
    assert played == Link("juno", "show-45")


async def test_oembed_asks_without_the_token(acting: Mixcloud, server: MixcloudServer) -> None:
    answer = await acting.oembed(SHOW, height=60)
    assert (answer.title, answer["author_name"]) == ("Show 45", "juno")
    assert server.requests[-1].path == "/oembed/"
    assert server.requests[-1].query == {
        "url": "https://www.mixcloud.com/juno/show-45/",
        "format": "json",
        "height": "60",
    }
    assert (await (await acting.get(SHOW)).oembed()).title == "Show 45"


async def test_a_short_link_resolves(acting: Mixcloud, server: MixcloudServer) -> None:
    server.fault("GET", "/i/CH9VU9", Redirect(f"https://www.mixcloud.com{CAFE}"))
    link = await acting.resolve(ShortLink("CH9VU9"))
    assert link == Link("café", "bon-dimanche-à-tous")
    assert server.requests[-1].query == {}
    with pytest.raises(NotFound):
        await acting.resolve(ShortLink("CXXXXX"))
    server.fault("GET", "/i/CEVIL0", Redirect("https://evil.tld/a/b/"))
    with pytest.raises(NotFound):
        await acting.resolve(ShortLink("CEVIL0"))


# Paging, in the words of the API


def test_paging_in_the_words_of_the_api() -> None:
    assert paging_query({}) == {}
    assert paging_query({"offset": 40, "limit": 80}) == {"offset": "40", "limit": "80"}
    assert paging_query({"page": 2}) == {"offset": "40", "limit": "20"}
    assert paging_query({"page": 4, "per_page": 30}) == {"offset": "120", "limit": "30"}
    assert paging_query({"per_page": 30}) == {"offset": "0", "limit": "30"}
    assert paging_query({"since": 0, "until": 1.5}) == {"since": "0", "until": "1"}


@pytest.mark.parametrize(
    "paging",
    [
        {"page": -1},
        {"page": 1.5},
        {"page": "2"},
        {"page": 1, "offset": 20},
        {"per_page": 0},
        {"limit": 0},
        {"limit": True},
        {"offset": -1},
        {"since": "once upon a time"},
        {"until": None},
        {"since": True},
        {"page": 1, "since": 0},
    ],
)
def test_paging_that_cannot_be_meant(paging: Any) -> None:
    with pytest.raises(InvalidArgument):
        paging_query(paging)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (1518440400, 1518440400),
        (1518440400.9, 1518440400),
        ("2018 Feb 12 13:00:00 UTC", 1518440400),
        ("2018-02-12T14:00:00+01:00", 1518440400),
        (datetime(2018, 2, 12, 13, tzinfo=UTC), 1518440400),
    ],
)
def test_moments(moment: Moment, seconds: float) -> None:
    assert to_timestamp(moment) == seconds


def test_a_moment_without_a_zone_is_local_time() -> None:
    local = datetime(2018, 2, 12, 13).astimezone()
    assert to_timestamp("2018 Feb 12 13:00:00") == local.timestamp()
    assert to_timestamp(datetime(2018, 2, 12, 13)) == local.timestamp()


async def test_a_list_between_two_moments(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    now = datetime.now(UTC)
    for days in (10, 20, 30):
        server.catalogue.add_show("dated", f"{days} days", created=now - timedelta(days=days))
    host = await mixcloud.get("dated")
    shows = await host.cloudcasts(
        since=now - timedelta(days=25), until=(now - timedelta(days=15)).isoformat()
    )
    assert [show.name for show in shows] == ["20 days"]


async def test_the_token_is_in_no_link_that_is_kept(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    page = await acting.popular(limit=2)
    assert "access_token" not in str(page.data)
    assert page.data["paging"]["next"]
    following = await page.next()
    assert following
    assert server.requests[-1].query["access_token"] == acting.access_token
    assert dict(parse_qsl(urlsplit(following.data["paging"]["next"]).query))["offset"] == "4"


async def test_whatever_the_session_is_it_is_closed_by_who_opened_it(
    server: MixcloudServer,
) -> None:
    async with aiohttp.ClientSession() as session:
        async with Mixcloud(server.api_url, session=session) as mixcloud:
            assert isinstance(await mixcloud.get("juno"), Resource)
        assert not session.closed
    mixcloud = Mixcloud(server.api_url)
    await mixcloud.get("juno")
    await mixcloud.close()
    await mixcloud.close()


@pytest.mark.parametrize("key", [None, 5, b"juno"])
async def test_what_is_no_key_says_so(mixcloud: Mixcloud, key: Any) -> None:
    with pytest.raises(InvalidArgument, match="is not a key such as user/show"):
        await mixcloud.get(key)


async def test_a_misspelled_argument_is_named(mixcloud: Mixcloud) -> None:
    misspelled: Any = {"limitt": 3}
    with pytest.raises(InvalidArgument, match="limitt is not known; known are offset, limit"):
        await mixcloud.popular(**misspelled)
