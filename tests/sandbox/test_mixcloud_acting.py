"""The sandbox's Mixcloud: tokens, actions, consent, uploads."""

import hashlib
import html
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue, Show
from tests.sandbox.mixcloud_calls import Answer, Calls, calling

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CALLBACK = "http://127.0.0.1:8080/oauth/mixcloud/callback/abc"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def mixcloud(clock: Clock) -> AsyncIterator[MixcloudServer]:
    """A server with ada, who has a show, and bob, who listens."""
    catalogue = Catalogue()
    catalogue.add_show("ada", "Night Shift", created=NOON, favorites=10)
    catalogue.add_user("bob", "Bob")
    async with MixcloudServer(catalogue, clock=clock) as server:
        server.register_app("app-1", "s3cret", name="mixbot")
        server.signed_in = ["bob", "carla"]
        yield server


@pytest.fixture
async def call(mixcloud: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(mixcloud) as calls:
        yield calls


@pytest.fixture
def show(mixcloud: MixcloudServer) -> Show:
    return mixcloud.catalogue.shows[0]


@pytest.fixture
def token(mixcloud: MixcloudServer) -> dict[str, str]:
    """Bob's, as a query."""
    return {"access_token": mixcloud.token_for("bob")}


# Actions


@pytest.mark.parametrize(
    ("action", "flag"),
    [("favorite", "favorited"), ("repost", "reposted"), ("listen-later", "is_listen_later")],
)
async def test_marking_a_show_and_taking_it_back(
    call: Calls, token: dict[str, str], show: Show, action: str, flag: str
) -> None:
    path = f"{show.key}{action}/"
    assert (await call.get(show.key, **token)).json[flag] is False
    for _ in range(2):
        done = await call("POST", path, params=token)
        assert (done.status, done.json["result"]["success"]) == (200, True)
    assert (await call.get(show.key, **token)).json[flag] is True
    assert flag not in (await call.get(show.key)).json
    undone = await call("DELETE", path, params=token)
    assert undone.json["result"]["success"] is True
    assert (await call.get(show.key, **token)).json[flag] is False
    assert (await call("DELETE", path, params=token)).status == 404


async def test_counts_grow_by_one_however_often(
    call: Calls, token: dict[str, str], show: Show
) -> None:
    for _ in range(3):
        await call("POST", f"{show.key}favorite/", params=token)
    assert (await call.get(show.key)).json["favorite_count"] == 11
    assert [fan["username"] for fan in (await call.get(f"{show.key}favorites/")).json["data"]] == [
        "bob"
    ]


async def test_following(mixcloud: MixcloudServer, call: Calls, token: dict[str, str]) -> None:
    done = await call("POST", "/ada/follow/", params=token)
    assert done.json == {"result": {"success": True, "message": "Now following ada"}}
    ada = (await call.get("/ada/", **token)).json
    assert (ada["following"], ada["follower"], ada["is_current_user"]) == (True, False, False)
    bob = (await call.get("/bob/", access_token=mixcloud.token_for("ada"))).json
    assert (bob["following"], bob["follower"]) == (False, True)
    assert (await call.get("/ada/cloudcasts/", **token)).json["data"][0]["user"][
        "following"
    ] is True
    assert (await call.get("/ada/followers/")).names == ["Bob"]
    assert (await call.get("/bob/following/")).names == ["ada"]
    assert (await call("DELETE", "/ada/follow/", params=token)).status == 200
    assert (await call("DELETE", "/ada/follow/", params=token)).status == 404
    assert (await call("POST", "/bob/follow/", params=token)).status == 400


async def test_a_form_can_delete(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str], show: Show
) -> None:
    path, bob = f"{show.key}favorite/", mixcloud.catalogue.add_user("bob")
    await call("POST", path, params=token)
    await call("POST", path, params=token, data={"method": "delete"})
    assert (bob, show) not in mixcloud.catalogue.favorites


async def test_an_action_without_its_slash_does_nothing(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str], show: Show
) -> None:
    answer = await call("POST", f"{show.key}favorite", params=token)
    assert answer.status == 301
    assert mixcloud.catalogue.favorites.count_to(show) == 0


async def test_actions_on_nothing_are_404(call: Calls, token: dict[str, str]) -> None:
    for path in ("/nobody/follow/", "/ada/nothing/favorite/", "/ada/night-shift/like/", "/ada/"):
        assert (await call("POST", path, params=token)).status == 404


async def test_listening_later_is_mine_alone(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str], show: Show
) -> None:
    await call("POST", f"{show.key}listen-later/", params=token)
    assert (await call.get("/me/listen-later/", **token)).names == [show.name]
    assert (await call.get("/bob/listen-later/")).status == 401
    stranger = mixcloud.token_for("ada")
    assert (await call.get("/bob/listen-later/", access_token=stranger)).status == 404


async def test_me(mixcloud: MixcloudServer, call: Calls, token: dict[str, str]) -> None:
    me = (await call.get("/me/", metadata=1, **token)).json
    assert (me["username"], me["is_current_user"]) == ("bob", True)
    ada = {"access_token": mixcloud.token_for("ada")}
    assert (await call.get("/me/cloudcasts/", **ada)).names == ["Night Shift"]


# Tokens


@pytest.mark.parametrize("status", [400, 401])
async def test_refusing_tokens(
    mixcloud: MixcloudServer, call: Calls, show: Show, status: int
) -> None:
    mixcloud.manners.token_error_status = 400 if status == 400 else 401
    missing = await call("POST", f"{show.key}favorite/")
    assert missing.status == status
    assert missing.json["error"] == {
        "message": "An access_token is required to access this resource.",
        "type": "OAuthException",
    }
    wrong = await call.get("/me/", access_token="stale")
    assert wrong.status == status
    assert "An invalid access token was provided" in wrong.json["error"]["message"]
    assert wrong.json["error"]["type"] == "OAuthException"


async def test_a_revoked_token_is_refused_even_where_none_is_needed(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str]
) -> None:
    assert (await call.get("/ada/", **token)).status == 200
    mixcloud.revoke(token["access_token"])
    assert (await call.get("/ada/", **token)).status == 401
    assert (await call.get("/ada/")).status == 200


async def test_a_person_can_throw_everybody_out(mixcloud: MixcloudServer, call: Calls) -> None:
    tokens = [mixcloud.token_for("bob") for _ in range(2)]
    others = mixcloud.token_for("ada")
    mixcloud.revoke_all("bob")
    assert [(await call.get("/me/", access_token=each)).status for each in tokens] == [401, 401]
    assert (await call.get("/me/", access_token=others)).status == 200


# Consent


async def decide(
    call: Calls, decision: str, *, username: str = "bob", back: str = CALLBACK
) -> Answer:
    """Fill in the form of the consent page as it is, and press a button."""
    page = await call.get(
        "/oauth/authorize", client_id="app-1", redirect_uri=back, state="not-echoed"
    )
    assert page.status == 200
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    form = {name: html.unescape(value) for name, value in hidden}
    form |= {"username": username, "decision": decision}
    return await call("POST", "/oauth/authorize", data=form)


async def consent(call: Calls, back: str = CALLBACK) -> str:
    answer = await decide(call, "accept", back=back)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def exchange(code: str, **changed: str) -> dict[str, str]:
    return {
        "client_id": "app-1",
        "client_secret": "s3cret",
        "redirect_uri": CALLBACK,
        "code": code,
    } | changed


async def test_the_page_asks_for_an_account(call: Calls) -> None:
    page = await call.get("/oauth/authorize", client_id="app-1", redirect_uri=CALLBACK)
    assert "mixbot would like to use your Mixcloud account" in page.text
    assert re.findall(r'name="username" value="(\w+)"', page.text) == ["bob", "carla"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_accepting_leads_back_with_a_code_and_nothing_else(call: Calls) -> None:
    answer = await decide(call, "accept")
    assert answer.status == 302
    assert re.fullmatch(re.escape(CALLBACK) + r"\?code=[\w-]+", answer.headers["Location"])


async def test_the_query_of_the_redirect_address_stays(call: Calls) -> None:
    answer = await decide(call, "accept", back=f"{CALLBACK}?a=%20b")
    assert answer.headers["Location"].startswith(f"{CALLBACK}?a=%20b&code=")


async def test_denying_leads_back_without_a_code(mixcloud: MixcloudServer, call: Calls) -> None:
    answer = await decide(call, "deny")
    assert answer.headers["Location"] == f"{CALLBACK}?error=access_denied"
    mixcloud.manners.denial = "bare"
    assert (await decide(call, "deny")).headers["Location"] == CALLBACK


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_code_becomes_the_token_of_who_consented(call: Calls, method: str) -> None:
    code = parse_qs(
        urlsplit((await decide(call, "accept", username="carla")).headers["Location"]).query
    )["code"][0]
    where = "params" if method == "GET" else "data"
    answer = await call(method, "/oauth/access_token", **{where: exchange(code)})
    assert answer.headers["Content-Type"].startswith("application/json")
    assert set(answer.json) == {"access_token"}
    assert (await call.get("/me/", **answer.json)).json["username"] == "carla"


async def test_a_code_works_once(call: Calls) -> None:
    code = await consent(call)
    assert (await call.get("/oauth/access_token", **exchange(code))).status == 200
    again = await call.get("/oauth/access_token", **exchange(code))
    assert (again.status, again.json) == (400, {"error": "invalid_grant"})


async def test_a_code_gets_old(call: Calls, clock: Clock) -> None:
    code = await consent(call)
    clock.now += timedelta(minutes=11)
    assert (await call.get("/oauth/access_token", **exchange(code))).json == {
        "error": "invalid_grant"
    }


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": ""}, "redirect_uri_mismatch"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"client_id": "app-2"}, "invalid_client"),
        ({"code": "guess"}, "invalid_grant"),
    ],
)
async def test_the_exchange_must_fit(call: Calls, changed: dict[str, str], error: str) -> None:
    fields = exchange(await consent(call)) | changed
    answer = await call.get("/oauth/access_token", **fields)
    assert (answer.status, answer.json) == (400, {"error": error})


async def test_a_code_belongs_to_its_application(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.register_app("app-2", "other")
    fields = exchange(await consent(call), client_id="app-2", client_secret="other")
    assert (await call.get("/oauth/access_token", **fields)).json == {"error": "invalid_grant"}


async def test_without_a_redirect_address_the_code_is_shown(call: Calls) -> None:
    page = await decide(call, "accept", back="")
    found = re.search(r'id="code">([\w-]+)<', page.text)
    assert found
    answer = await call.get("/oauth/access_token", **exchange(found[1], redirect_uri=""))
    assert "access_token" in answer.json


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "unknown", "redirect_uri": CALLBACK},
        {"client_id": "app-1", "redirect_uri": "javascript:alert(1)"},
        {"client_id": "app-1", "redirect_uri": "/relative"},
        {"redirect_uri": CALLBACK},
    ],
)
async def test_a_wrong_application_is_told_and_never_sent_anywhere(
    call: Calls, query: dict[str, str]
) -> None:
    for answer in (
        await call.get("/oauth/authorize", **query),
        await call(
            "POST", "/oauth/authorize", data={**query, "decision": "accept", "username": "bob"}
        ),
    ):
        assert answer.status == 400
        assert "Location" not in answer.headers


async def test_a_registered_redirect_address_is_the_only_one(
    mixcloud: MixcloudServer, call: Calls
) -> None:
    mixcloud.register_app("app-3", "x", redirect_uri=CALLBACK)
    query = {"client_id": "app-3", "redirect_uri": CALLBACK}
    assert (await call.get("/oauth/authorize", **query)).status == 200
    query["redirect_uri"] += "x"
    assert (await call.get("/oauth/authorize", **query)).status == 400


async def test_a_name_on_the_consent_page_is_text(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.register_app("app-4", "x", name="<script>alert(1)</script>")
    page = await call.get("/oauth/authorize", client_id="app-4")
    assert "<script>" not in page.text


async def test_a_test_can_skip_the_page(mixcloud: MixcloudServer, call: Calls) -> None:
    code = mixcloud.code_for("bob", "app-1", CALLBACK)
    assert "access_token" in (await call.get("/oauth/access_token", **exchange(code))).json


# Uploads


def form(**fields: str | bytes) -> aiohttp.FormData:
    """A multipart form; values of bytes are files."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(name, io.BytesIO(value), filename=f"{name}.bin")
        else:
            data.add_field(name.replace("__", "-"), value)
    return data


async def test_an_upload_becomes_a_show(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str]
) -> None:
    audio = b"\xff\xfb" * 400_000
    answer = await call(
        "POST",
        "/upload/",
        params=token,
        data=form(
            mp3=audio,
            picture=b"png",
            name="Mein erster Mix",
            description="Zeile\r\nZeile",
            tags__0__tag="House",
            tags__1__tag="Späti",
            sections__0__artist="A",
            sections__0__song="B",
            sections__0__start_time="0",
            sections__1__chapter="Pause",
        ),
    )
    assert answer.json == {
        "result": {
            "success": True,
            "message": "Uploaded Mein erster Mix",
            "key": "/bob/mein-erster-mix/",
        }
    }
    received = mixcloud.uploads[-1].form.files["mp3"]
    assert (received.size, received.sha256) == (len(audio), hashlib.sha256(audio).hexdigest())
    show = (await call.get("/bob/mein-erster-mix/")).json
    assert [tag["name"] for tag in show["tags"]] == ["House", "Späti"]
    assert show["description"] == "Zeile\r\nZeile"
    assert [section["section_type"] for section in show["sections"]] == ["track", "chapter"]
    assert (await call.get("/genres/späti/new/")).names == ["Mein erster Mix"]


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"name": "x"}, {"mp3"}),
        ({"mp3": b"", "name": "x"}, {"mp3"}),
        ({"mp3": b"1"}, {"name"}),
        ({"mp3": b"1", "name": "🎉"}, {"name"}),
        ({"mp3": b"1", "name": "x", "description": "d" * 1001}, {"description"}),
        ({"mp3": b"1", "name": "x", "picture": b"p" * 10_485_761}, {"picture"}),
        ({"mp3": b"1", "name": "x", "tags__5__tag": "six"}, {"tags-5-tag"}),
        ({"mp3": b"1", "name": "x", "sections__0__artist": "a"}, {"sections-0-song"}),
        (
            {"mp3": b"1", "name": "x", "sections__0__chapter": "a", "sections__0__song": "b"},
            {"sections-0-chapter"},
        ),
        (
            {
                "mp3": b"1",
                "name": "x",
                "sections__0__chapter": "a",
                "sections__0__start_time": "2:54",
            },
            {"sections-0-start_time"},
        ),
        ({"mp3": b"1", "name": "x", "hide_stats": "1"}, {"hide_stats"}),
        ({"description": "d" * 2000}, {"mp3", "name", "description"}),
    ],
)
async def test_uploads_are_checked(
    mixcloud: MixcloudServer,
    call: Calls,
    token: dict[str, str],
    fields: dict[str, str | bytes],
    details: set[str],
) -> None:
    answer = await call("POST", "/upload/", params=token, data=form(**fields))
    assert answer.status == 400
    assert set(answer.json["details"]) == details
    assert all(isinstance(text, str) for texts in answer.json["details"].values() for text in texts)
    assert "message" in answer.json["error"]
    assert not mixcloud.uploads


async def test_pro_accounts_may_schedule(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str]
) -> None:
    mixcloud.catalogue.add_user("bob").is_pro = True
    later = form(mp3=b"1", name="Later", publish_date="2027-01-01T10:00:00Z")
    assert (await call("POST", "/upload/", params=token, data=later)).status == 200
    assert (await call.get("/bob/later/")).status == 403
    never = form(mp3=b"1", name="Never", publish_date="tomorrow")
    answer = await call("POST", "/upload/", params=token, data=never)
    assert set(answer.json["details"]) == {"publish_date"}


async def test_the_same_name_twice_is_refused(call: Calls, token: dict[str, str]) -> None:
    once, again = form(mp3=b"1", name="Again"), form(mp3=b"1", name="Again")
    assert (await call("POST", "/upload/", params=token, data=once)).status == 200
    answer = await call("POST", "/upload/", params=token, data=again)
    assert set(answer.json["details"]) == {"name"}


async def test_uploading_needs_a_token(call: Calls) -> None:
    answer = await call("POST", "/upload/", data=form(mp3=b"1", name="x"))
    assert answer.json["error"]["type"] == "OAuthException"


async def test_an_edit_changes_what_it_names(mixcloud: MixcloudServer, call: Calls) -> None:
    show = mixcloud.catalogue.add_show(
        "bob", "Mix", description="old", tags=("One", "Two"), visibility="unlisted"
    )
    token = {"access_token": mixcloud.token_for("bob")}
    answer = await call(
        "POST",
        "/upload/bob/mix/edit/",
        params=token,
        data=form(description="new", tags__0__tag="Three", publish="1"),
    )
    assert answer.json["result"]["key"] == "/bob/mix/"
    assert (show.name, show.description, show.tags) == ("Mix", "new", ("Three",))
    assert show.visibility == "public"


async def test_an_edit_is_checked_too(
    mixcloud: MixcloudServer, call: Calls, token: dict[str, str]
) -> None:
    foreign = await call("POST", "/upload/ada/night-shift/edit/", params=token, data=form(name="y"))
    assert foreign.status == 403
    missing = await call("POST", "/upload/bob/nothing/edit/", params=token, data=form(name="y"))
    assert missing.status == 404
    mixcloud.catalogue.add_show("bob", "Mix")
    both = form(publish="1", unpublish="1")
    answer = await call("POST", "/upload/bob/mix/edit/", params=token, data=both)
    assert set(answer.json["details"]) == {"unpublish"}


# Taking it back


async def test_consent_is_taken_back_in_the_browser(mixcloud: MixcloudServer, call: Calls) -> None:
    tokens = {}
    for name in ("bob", "carla"):
        code = mixcloud.code_for(name, "app-1", CALLBACK)
        answer = await call.get("/oauth/access_token", **exchange(code))
        tokens[name] = answer.json["access_token"]
    page = (await call.page("/settings/applications/")).text
    assert re.findall(r'name="username" value="(\w+)"', page) == ["bob", "carla"]
    form = {"username": "bob", "client_id": "app-1"}
    answer = await call("POST", "/settings/applications/", data=form)
    assert answer.headers["Location"] == "/settings/applications/"
    assert (await call.get("/me/", access_token=tokens["bob"])).status == 401
    assert (await call.get("/me/", access_token=tokens["carla"])).status == 200
    page = (await call.page("/settings/applications/")).text
    assert re.findall(r'name="username" value="(\w+)"', page) == ["carla"]
