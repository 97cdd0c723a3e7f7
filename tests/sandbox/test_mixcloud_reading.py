"""The sandbox's Mixcloud: details, lists, paging, search."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue, Section
from mixbot.sandbox.mixcloud.palettes import accent_of
from tests.sandbox.mixcloud_calls import Calls, calling

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
async def mixcloud() -> AsyncIterator[MixcloudServer]:
    async with MixcloudServer() as server:
        yield server


@pytest.fixture
async def small() -> AsyncIterator[MixcloudServer]:
    """A server with one host, ada, and her five shows of five days."""
    catalogue = Catalogue()
    ada = catalogue.add_user("ada", "Ada", created=NOON)
    for day in range(5):
        catalogue.add_show(ada, f"Show {day}", created=NOON + timedelta(days=day), tags=("Jazz",))
    async with MixcloudServer(catalogue, clock=lambda: NOON) as server:
        yield server


@pytest.fixture
async def call(mixcloud: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(mixcloud) as calls:
        yield calls


@pytest.fixture
async def ask(small: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(small) as calls:
        yield calls


# Transport


async def test_json_comes_as_javascript_in_the_layout_of_mixcloud(ask: Calls) -> None:
    answer = await ask.get("/ada/show-1/")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.text.startswith('{\n    "key": "/ada/show-1/", \n    "url": ')


async def test_letters_beyond_ascii_are_escaped(small: MixcloudServer, ask: Calls) -> None:
    small.catalogue.add_show("ada", "Côté cuisine 🍳")
    answer = await ask.get("/ada/côté-cuisine/")
    assert answer.text.isascii()
    assert answer.json["name"] == "Côté cuisine 🍳"


async def test_a_callback_wraps_the_answer(ask: Calls) -> None:
    answer = await ask.get("/ada/", callback="mixcloud.show")
    assert answer.text.startswith("mixcloud.show({")
    assert answer.text.endswith("})")
    assert (await ask.get("/ada/", callback="alert(1);x")).status == 400


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/ada", "/ada/"),
        ("/ada?limit=1&offset=1", "/ada/?limit=1&offset=1"),
        ("/ada?limit=1&metadata=1&offset=1", "/ada/?metadata=1&limit=1&offset=1&metadata=1"),
    ],
)
async def test_a_missing_slash_is_redirected(ask: Calls, asked: str, location: str) -> None:
    answer = await ask.get(asked)
    assert (answer.status, answer.headers["Location"]) == (301, location)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body == b""


async def test_nothing_is_ever_null(call: Calls) -> None:
    for path in ("/popular/", "/NightFerryRadio/", "/calendar-boy/", "/categories/"):
        assert "null" not in (await call.get(path, metadata=1)).text


# Details


async def test_a_show_in_full(small: MixcloudServer, ask: Calls) -> None:
    show = small.catalogue.add_show(
        "ada",
        "Full",
        description="One\r\nTwo",
        plays=7,
        favorites=3,
        audio_length=61,
        tags=("Dub",),
    )
    answer = (await ask.get("/ada/full/", metadata=1)).json
    assert answer["description"] == "One\r\nTwo"
    assert (answer["play_count"], answer["favorite_count"], answer["audio_length"]) == (7, 3, 61)
    assert answer["sections"] == []
    assert answer["picture_primary_color"] == accent_of(show.picture)
    assert answer["type"] == "cloudcast"
    assert answer["user"]["type"] == "user"
    assert answer["tags"] == [
        {
            "key": "/genres/dub/",
            "url": "https://www.mixcloud.com/genres/dub/",
            "name": "Dub",
            "type": "tag",
        }
    ]
    assert set(answer["metadata"]["connections"]) == {
        "favorites",
        "listeners",
        "comments",
        "similar",
    }
    assert set(answer["pictures"]) == {
        *("small", "thumbnail", "medium_mobile", "medium", "large", "320wx320h"),
        *("extra_large", "640wx640h", "768wx768h", "1024wx1024h"),
    }
    assert answer["pictures"]["large"].startswith(
        "https://thumbnailer.mixcloud.com/unsafe/300x300/extaudio/"
    )


async def test_without_metadata_nothing_has_a_type(ask: Calls) -> None:
    answer = await ask.get("/ada/show-1/")
    assert '"type"' not in answer.text
    assert "metadata" not in answer.json


async def test_connections_mirror_how_the_client_reached_us(
    small: MixcloudServer, ask: Calls
) -> None:
    port = urlsplit(small.url).port
    answer = await ask.get(f"http://localhost:{port}/ada/", metadata=1)
    links = answer.json["metadata"]["connections"]
    assert links["cloudcasts"] == f"http://localhost:{port}/ada/cloudcasts/"
    assert set(links) == {
        *("cloudcasts", "comments", "favorites", "feed"),
        *("followers", "following", "listens", "playlists"),
    }


async def test_hidden_counts_are_zero_but_comments_are_not(
    small: MixcloudServer, ask: Calls
) -> None:
    show = small.catalogue.add_show("ada", "Shy", plays=900, favorites=30, hidden_stats=True)
    small.catalogue.add_comment(show, show.user, "hello", NOON)
    answer = (await ask.get(show.key)).json
    assert answer["hidden_stats"] is True
    assert answer["comment_count"] == 1
    assert {answer[f"{what}_count"] for what in ("play", "favorite", "listener", "repost")} == {0}
    assert "hidden_stats" not in (await ask.get("/ada/show-1/")).json


async def test_unset_members_are_left_out(small: MixcloudServer, ask: Calls) -> None:
    small.catalogue.add_show("ada", "Bare", audio_length=None, extra={"description": None})
    show = (await ask.get("/ada/bare/")).json
    assert not {"audio_length", "is_exclusive", "description"} & set(show)
    user = (await ask.get("/ada/")).json
    assert not {"city", "country", "cover_pictures", "picture_primary_color"} & set(user)
    assert user["biog"] == ""


async def test_sections_can_have_the_shape_of_2015(small: MixcloudServer, ask: Calls) -> None:
    sections = (Section("Pale Arcade", "Coin-Op Love", start_time=9), Section(chapter="The end"))
    small.catalogue.add_show("ada", "Old", sections=sections)
    track, chapter = (await ask.get("/ada/old/", metadata=1)).json["sections"]
    assert track["track"]["artist"]["key"] == "/artist/pale-arcade/"
    assert track["track"]["key"] == "/track/pale-arcade/coin-op-love/"
    assert (track["position"], track["start_time"], track["section_type"]) == (1, 9, "track")
    assert (chapter["chapter"], chapter["section_type"]) == ("The end", "chapter")
    assert "start_time" not in chapter


async def test_keys_are_encoded_and_slugs_are_not(call: Calls) -> None:
    answer = (await call.get("/夜航船电台/", metadata=1)).json
    assert answer["username"] == "夜航船电台"
    assert answer["key"] == "/%E5%A4%9C%E8%88%AA%E8%88%B9%E7%94%B5%E5%8F%B0/"
    show = (await call.get(f"{answer['key']}cloudcasts/")).json["data"][0]
    assert show["key"].isascii()
    assert "夜航船" in show["slug"]
    assert (await call.get(show["key"])).json["slug"] == show["slug"]


async def test_looking_up_ignores_case(call: Calls) -> None:
    assert (await call.get("/nightferryradio/")).json["key"] == "/NightFerryRadio/"


async def test_unlisted_shows_answer_by_their_address_only(
    small: MixcloudServer, ask: Calls
) -> None:
    show = small.catalogue.add_show("ada", "Quiet jazz", visibility="unlisted", tags=("Jazz",))
    assert (await ask.get(show.key)).status == 200
    for path in ("/ada/cloudcasts/", "/new/", "/genres/jazz/new/", "/ada/feed/"):
        assert show.slug not in (await ask.get(path)).text
    assert show.name not in (await ask.get("/search/", q="quiet", type="cloudcast")).text


async def test_private_shows_are_refused_to_all_but_their_host(
    small: MixcloudServer, ask: Calls
) -> None:
    show = small.catalogue.add_show("ada", "Secret", visibility="private")
    assert (await ask.get(show.key)).status == 403
    assert (await ask.get(show.key, access_token=small.token_for("bob"))).status == 403
    assert (await ask.get(show.key, access_token=small.token_for("ada"))).status == 200


async def test_a_show_that_becomes_private_leaves_the_lists_of_others(
    small: MixcloudServer, ask: Calls
) -> None:
    catalogue = small.catalogue
    show, bob = catalogue.shows[0], catalogue.add_user("bob")
    catalogue.favorites.add(bob, show, NOON)
    assert (await ask.get("/bob/favorites/")).names == [show.name]
    show.visibility = "private"
    assert (await ask.get("/bob/favorites/")).names == []


@pytest.mark.parametrize(
    "path",
    [
        "/nobody/",
        "/ada/nothing/",
        "/ada/show-1/nothing/",
        "/nobody/cloudcasts/",
        "/genres/nothing/",
        "/genres/nothing/popular/",
        "/genres/jazz/nothing/",
        "/categories/nothing/",
        "/ada/playlists/nothing/",
        "/",
    ],
)
async def test_what_is_not_there_is_404(small: MixcloudServer, ask: Calls, path: str) -> None:
    answer = await ask.get(path)
    assert answer.status == 404
    assert answer.json["error"]["type"] == "ObjectNotFoundException"
    small.manners.not_found_body = "html"
    answer = await ask.get(path)
    assert (answer.status, answer.text[:15]) == (404, "<!DOCTYPE html>")


# Paging


async def test_dated_lists_page_by_date(small: MixcloudServer, ask: Calls) -> None:
    first = await ask.get("/ada/cloudcasts/", limit=2)
    assert first.names == ["Show 4", "Show 3"]
    assert first.json["name"] == "Ada's Cloudcasts"
    base = f"{small.url}/ada/cloudcasts/?limit=2"
    assert first.previous == f"{base}&since=2026-03-05+12%3A00%3A00"
    assert first.next == f"{base}&until=2026-03-04+12%3A00%3A00"
    second = await ask.get(first.next)
    assert second.names == ["Show 2", "Show 1"]
    third = await ask.get(second.next)
    assert third.names == ["Show 0"]
    assert "next" not in third.json["paging"]
    assert (await ask.get(third.previous)).names == ["Show 2", "Show 1"]
    assert (await ask.get(second.previous)).names == ["Show 4", "Show 3"]


async def test_the_first_page_has_a_previous_one_and_it_is_empty(ask: Calls) -> None:
    first = await ask.get("/ada/cloudcasts/")
    assert len(first.names) == 5
    beyond = await ask.get(first.previous)
    assert beyond.json["data"] == []
    assert "paging" not in beyond.json


async def test_items_of_the_boundary_second_are_lost(small: MixcloudServer, ask: Calls) -> None:
    twins = NOON + timedelta(days=3)
    small.catalogue.add_show("ada", "Twin", created=twins)
    first = await ask.get("/ada/cloudcasts/", limit=2)
    second = await ask.get(first.next, limit=2)
    assert not {"Show 3", "Twin"} <= {*first.names, *second.names}


@pytest.mark.parametrize("until", ["2026-03-02 12:00:01", "1772452801"])
async def test_dates_are_unix_seconds_or_words(ask: Calls, until: str) -> None:
    assert (await ask.get("/ada/cloudcasts/", until=until)).names == ["Show 1", "Show 0"]


@pytest.mark.parametrize("until", ["yesterday", "2026-03-02T12:00:00Z", "9" * 30])
async def test_other_dates_are_refused(ask: Calls, until: str) -> None:
    assert (await ask.get("/ada/cloudcasts/", until=until)).status == 400


async def test_an_offset_switches_to_offset_paging_even_when_zero(
    small: MixcloudServer, ask: Calls
) -> None:
    first = await ask.get("/ada/cloudcasts/", limit=2, offset=0, metadata=1)
    assert first.names == ["Show 4", "Show 3"]
    assert first.json["paging"] == {
        "next": f"{small.url}/ada/cloudcasts/?limit=2&metadata=1&offset=2"
    }
    second = await ask.get(first.next)
    assert set(second.json["paging"]) == {"previous", "next"}
    last = await ask.get(second.next)
    assert last.names == ["Show 0"]
    assert last.json["paging"] == {
        "previous": f"{small.url}/ada/cloudcasts/?limit=2&metadata=1&offset=2"
    }


async def test_past_the_end_there_is_only_the_way_back(ask: Calls) -> None:
    answer = await ask.get("/ada/cloudcasts/", offset=60)
    assert answer.json["data"] == []
    assert set(answer.json["paging"]) == {"previous"}


@pytest.mark.parametrize(
    ("limit", "items"), [(None, 20), (7, 7), (100, 100), (5000, 100), (0, 20), ("many", 20)]
)
async def test_limits(call: Calls, limit: int | str | None, items: int) -> None:
    query = {} if limit is None else {"limit": limit}
    assert len((await call.get("/popular/", **query)).names) == items


async def test_links_keep_what_was_asked_in_order_of_name(
    mixcloud: MixcloudServer, call: Calls
) -> None:
    token = mixcloud.token_for("juno-park")
    answer = await call.get(
        "/search/", type="cloudcast", q="late night", metadata=1, access_token=token, limit=2
    )
    query = urlsplit(answer.next).query
    assert parse_qs(query) == {
        "access_token": [token],
        "limit": ["2"],
        "metadata": ["1"],
        "offset": ["2"],
        "q": ["late night"],
        "type": ["cloudcast"],
    }
    assert [part.partition("=")[0] for part in query.split("&")] == sorted(parse_qs(query))


async def test_walking_a_list_meets_every_show_once(mixcloud: MixcloudServer, call: Calls) -> None:
    page, keys = await call.get("/popular/", limit=100), []
    while True:
        keys += [show["key"] for show in page.json["data"]]
        if "next" not in page.json["paging"]:
            break
        page = await call.get(page.next)
    assert len(keys) == len(set(keys)) == len(mixcloud.catalogue.shows)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/popular/", "Popular Cloudcasts"),
        ("/popular/hot/", "New Cloudcasts"),
        ("/new/", "New Cloudcasts"),
        ("/monday-kissa/cloudcasts/", "月曜喫茶's Cloudcasts"),
        ("/monday-kissa/favorites/", "月曜喫茶's favorites"),
        ("/monday-kissa/followers/", "月曜喫茶's followers"),
        ("/monday-kissa/listens/", "月曜喫茶's listens"),
        ("/monday-kissa/feed/", "月曜喫茶's feed"),
        ("/monday-kissa/comments/", "Comments on 月曜喫茶's profile"),
        ("/monday-kissa/following/", None),
        ("/genres/jazz/popular/", None),
        ("/search/?q=jazz&type=cloudcast", None),
    ],
)
async def test_names_of_lists(call: Calls, path: str, name: str | None) -> None:
    answer = await call.get(path)
    assert answer.status == 200
    assert answer.json.get("name") == name


# Lists of every kind


async def test_a_feed_says_who_did_what(call: Calls, mixcloud: MixcloudServer) -> None:
    kinds: dict[str, set[str]] = {}
    for offset in (0, 100, 200, 300):
        for item in (await call.get("/juno-park/feed/", limit=100, offset=offset)).json["data"]:
            assert {"from", "title", "key", "url", "created_time", "type"} <= set(item)
            kinds.setdefault(item["type"], set()).update({"cloudcasts", "users"} & set(item))
    assert {"upload", "favorite", "listen", "follow"} <= set(kinds)
    assert kinds.pop("follow") == {"users"}
    assert all(subjects == {"cloudcasts"} for subjects in kinds.values())


async def test_listens_carry_their_time(call: Calls) -> None:
    show = (await call.get("/juno-park/listens/")).json["data"][0]
    assert show["listen_time"].endswith("Z")


async def test_comments_have_a_key_and_a_fragment(small: MixcloudServer, ask: Calls) -> None:
    ada = small.catalogue.add_user("ada")
    small.catalogue.add_comment(ada, ada, "hello 👋", NOON)
    comment = (await ask.get("/ada/comments/", metadata=1)).json["data"][0]
    assert (comment["comment"], comment["submit_date"]) == ("hello 👋", "2026-03-01T12:00:00Z")
    assert comment["type"] == "comment"
    assert comment["key"].startswith("/comments/cr/")
    assert comment["url"].startswith(f"https://www.mixcloud.com{comment['key']}#c")


async def test_playlists_hold_shows(small: MixcloudServer, ask: Calls) -> None:
    shows = small.catalogue.shows[:3]
    small.catalogue.add_playlist(shows[0].user, "Rainy Days", shows, NOON)
    playlist = (await ask.get("/ada/playlists/")).json["data"][0]
    assert (playlist["key"], playlist["slug"]) == ("/ada/playlists/rainy-days/", "rainy-days")
    assert playlist["owner"]["username"] == "ada"
    assert (await ask.get(playlist["key"])).json == playlist
    held = await ask.get(f"{playlist['key']}cloudcasts/")
    assert held.names == [show.name for show in shows]


async def test_similar_shows_share_tags(call: Calls, mixcloud: MixcloudServer) -> None:
    show = next(show for show in mixcloud.catalogue.shows if "Techno" in show.tags)
    similar = (await call.get(f"{show.key}similar/")).json["data"]
    assert len(similar) == 20
    assert all({tag["name"] for tag in other["tags"]} & set(show.tags) for other in similar)
    assert show.key not in [other["key"] for other in similar]


async def test_tags_answer_under_every_prefix_they_had(
    call: Calls, mixcloud: MixcloudServer
) -> None:
    for prefix in ("genres", "discover", "tag"):
        answer = (await call.get(f"/{prefix}/jazz/", metadata=1)).json
        assert (answer["key"], answer["name"]) == ("/genres/jazz/", "Jazz")
        assert answer["metadata"]["connections"] == {
            order: f"{mixcloud.url}/{prefix}/jazz/{order}/" for order in ("popular", "new", "hot")
        }
    mixcloud.manners.tag_prefix = "discover"
    assert (await call.get("/tag/jazz/")).json["key"] == "/discover/jazz/"


async def test_tags_cities_and_both(call: Calls, mixcloud: MixcloudServer) -> None:
    for order in ("popular", "new", "hot", "latest"):
        shows = (await call.get(f"/genres/jazz+city:london/{order}/")).json["data"]
        assert {show["user"]["username"] for show in shows} == {"marlow_quill"}
    hosts = {
        show["user"]["username"]
        for show in (await call.get("/genres/city:london/new/")).json["data"]
    }
    assert hosts == {"marlow_quill", "hollis-underpass"}
    everything = await call.get("/discover/all/latest/", limit=100)
    assert everything.names == (await call.get("/new/", limit=100)).names


async def test_categories_do_not_page(call: Calls) -> None:
    answer = await call.get("/categories/", limit=2, offset=3)
    assert len(answer.names) > 10
    assert "paging" not in answer.json
    jazz = next(item for item in answer.json["data"] if item["name"] == "Jazz")
    assert (jazz["format"], len(jazz["pictures"])) == ("music", 5)
    assert (await call.get(jazz["key"])).json == jazz
    assert len((await call.get(f"{jazz['key']}cloudcasts/", limit=99)).names) == 40
    assert "Night Ferry Radio" in (await call.get(f"{jazz['key']}users/")).names


# Search


@pytest.mark.parametrize("word", ["ambient", "house", "techno", "soul", "disco", "dub"])
async def test_common_words_find_plenty(call: Calls, word: str) -> None:
    assert len((await call.get("/search/", q=word, type="cloudcast")).names) == 20


async def test_jazz_fills_pages_and_no_host_fills_the_first(call: Calls) -> None:
    shows = (await call.get("/search/", q="jazz", type="cloudcast", limit=100)).json["data"]
    assert len(shows) >= 40
    assert len({show["user"]["key"] for show in shows[:10]}) >= 5


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("JAZZ frying", "Brass Below #71: Jazz for Frying Onions"),
        ("cafe serre minuit", "Café Serré n° 63 : Déjà minuit"),
        ("雨の日", "月曜喫茶 第310夜「雨の日のピアノトリオ」"),
        ("קפה שחור", "לילה לבן 19: קפה שחור, תקליט שחור"),
        ("туман фуникулёр", "Радио Туман 57: Медленный фуникулёр"),
    ],
)
async def test_searching_forgives_case_and_accents(call: Calls, query: str, found: str) -> None:
    assert (await call.get("/search/", q=query, type="cloudcast")).names[0] == found


async def test_people_and_tags_are_found_too(call: Calls) -> None:
    assert (await call.get("/search/", q="night ferry", type="user")).names == ["Night Ferry Radio"]
    tags = await call.get("/search/", q="jazz", type="tag")
    assert tags.names[0] == "Jazz"
    assert tags.json["data"][0]["key"] == "/genres/jazz/"


async def test_upload_means_cloudcast_and_nothing_else_means_anything(call: Calls) -> None:
    as_upload = await call.get("/search/", q="jazz", type="upload")
    assert as_upload.names == (await call.get("/search/", q="jazz", type="cloudcast")).names
    for query in (
        {"q": "jazz"},
        {"type": "user"},
        {"q": " ", "type": "tag"},
        {"q": "a", "type": "b"},
    ):
        answer = await call.get("/search/", **query)
        assert answer.status == 400
        assert "error" in answer.json


async def test_a_search_without_results_is_an_empty_list(call: Calls) -> None:
    answer = await call.get("/search/", q="zzzzqq", type="cloudcast")
    assert answer.json == {"data": []}


# What changes is seen


async def test_a_changed_record_is_served_changed(small: MixcloudServer, ask: Calls) -> None:
    show = small.catalogue.shows[0]
    assert (await ask.get(show.key)).json["name"] == show.name
    show.name = "@everyone " + "long " * 70
    assert (await ask.get(show.key)).json["name"] == show.name
    small.catalogue.remove_show(show)
    assert (await ask.get(show.key)).status == 404
