"""The pretended SoundCloud, as whoever knows nothing of our library meets it."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
import pytest
from PIL import Image

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.discord.unfurl import preview
from mixbot.sandbox.soundcloud import Catalogue, RateLimit
from mixbot.sandbox.soundcloud.generate import fill
from mixbot.sandbox.soundcloud.grants import challenge_of
from mixbot.sandbox.soundcloud.render import PICTURES, SITE
from mixbot.sandbox.soundcloud.site import MOST_APP_TOKENS, OFFERED_ACCOUNTS

BACK = "https://app.example/back?x=1"
VERIFIER = "v" * 50
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[SoundCloudServer]:
    async with SoundCloudServer(clock=clock) as server:
        server.register_app("id", "secret", name="<App>", redirect_uri=BACK)
        server.register_app("public", None, redirect_uri=BACK)
        yield server


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


ASKED = {
    "client_id": "id",
    "redirect_uri": BACK,
    "response_type": "code",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
    "state": '"><b>',
}


async def decided(
    server: SoundCloudServer, web: aiohttp.ClientSession, **form: str
) -> dict[str, str]:
    """What the application is told after the browser has sent `form`."""
    given = ASKED | {"account": "juno-park", "decision": "accept"} | form
    async with web.post(f"{server.auth_url}/authorize", data=given, allow_redirects=False) as told:
        assert told.status == 302
        return dict(parse_qsl(urlsplit(told.headers["Location"]).query))


async def token(
    server: SoundCloudServer, web: aiohttp.ClientSession, **form: str
) -> tuple[int, Any]:
    given = {"client_id": "id", "client_secret": "secret", "redirect_uri": BACK} | form
    async with web.post(f"{server.auth_url}/oauth/token", data=given) as told:
        return told.status, await told.json()


async def api(
    server: SoundCloudServer, web: aiohttp.ClientSession, path: str, access: str = "", **more: Any
) -> tuple[int, Any]:
    headers = {"Authorization": f"OAuth {access}"} if access else {}
    method = more.pop("method", "GET")
    async with web.request(
        method, f"{server.api_url}{path}", headers=headers, allow_redirects=False, **more
    ) as told:
        return told.status, await told.json() if told.content_type.endswith("json") else None


# Consent


async def test_the_consent_page_asks_and_escapes(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    async with web.get(f"{server.auth_url}/authorize?{urlencode(ASKED)}") as told:
        page = await told.text()
        assert told.status == 200
        assert "frame-ancestors 'none'" in told.headers["Content-Security-Policy"]
    assert "&lt;App&gt; would like to use your SoundCloud account" in page
    assert "Juno Park" in page
    assert "<b>" not in page.replace("<br>", "")


async def test_consent_comes_back_with_its_state(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    answer = await decided(server, web)
    assert answer.keys() == {"x", "code", "state"}
    assert answer["state"] == ASKED["state"]
    denied = await decided(server, web, decision="deny")
    assert denied == {"x": "1", "error": "access_denied", "state": ASKED["state"]}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
async def test_without_pkce_there_is_no_consent(
    server: SoundCloudServer, web: aiohttp.ClientSession, wrong: dict[str, str], error: str
) -> None:
    assert (await decided(server, web, **wrong))["error"] == error


@pytest.mark.parametrize(
    "wrong", [{"client_id": "x"}, {"redirect_uri": "https://evil.tld/"}, {"redirect_uri": "a:b"}]
)
async def test_nobody_is_sent_to_a_stranger(
    server: SoundCloudServer, web: aiohttp.ClientSession, wrong: dict[str, str]
) -> None:
    address = f"{server.auth_url}/authorize"
    for told in (
        await web.get(f"{address}?{urlencode(ASKED | wrong)}", allow_redirects=False),
        await web.post(address, data=ASKED | wrong, allow_redirects=False),
    ):
        assert told.status == 400
        assert "Location" not in told.headers


# Tokens


async def test_a_code_needs_its_verifier_and_ends(
    server: SoundCloudServer, web: aiohttp.ClientSession, clock: Clock
) -> None:
    async def exchanged(**form: str) -> tuple[int, Any]:
        code = (await decided(server, web))["code"]
        given = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        return await token(server, web, **given | form)

    status, tokens = await exchanged()
    assert status == 200
    assert tokens.keys() == {
        "access_token",
        "refresh_token",
        "expires_in",
        "scope",
        "token_type",
    }
    assert await exchanged(code_verifier="x" * 50) == (400, {"error": "invalid_grant"})
    assert await exchanged(redirect_uri="https://app.example/") == (400, {"error": "invalid_grant"})
    assert await exchanged(client_secret="x") == (401, {"error": "invalid_client"})
    assert await exchanged(client_id="public") == (400, {"error": "invalid_grant"})
    code = server.code_for("juno-park", "id", BACK, VERIFIER)
    clock.now += timedelta(minutes=11)
    assert (await exchanged(code=code))[0] == 400


async def test_tokens_expire_and_rotate_and_reuse_ends_them(
    server: SoundCloudServer, web: aiohttp.ClientSession, clock: Clock
) -> None:
    first = server.tokens_for("juno-park", "id")
    assert (await api(server, web, "/me", first["access_token"]))[0] == 200
    clock.now += timedelta(hours=1)
    assert (await api(server, web, "/me", first["access_token"]))[0] == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    status, second = await token(server, web, **refresh)
    assert status == 200
    assert (await api(server, web, "/me", second["access_token"]))[0] == 200
    assert await token(server, web, **refresh) == (400, {"error": "invalid_grant"})
    assert (await api(server, web, "/me", second["access_token"]))[0] == 401
    assert (server.reuses, server.refreshes) == (1, 1)
    consent = server.origin(second["access_token"])
    assert consent
    assert consent is server.origin(first["refresh_token"])
    assert (consent.permalink, consent.refresh) == ("juno-park", "")


async def test_an_application_gets_so_many_tokens(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    async def given(basic: str) -> tuple[int, Any]:
        header = {"Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}
        address = f"{server.auth_url}/oauth/token"
        form = {"grant_type": "client_credentials"}
        async with web.post(address, data=form, headers=header) as told:
            return told.status, await told.json()

    assert (await given("id:wrong"))[0] == 401
    assert (await given("public:"))[0] == 401
    for _ in range(MOST_APP_TOKENS):
        status, tokens = await given("id:secret")
        assert status == 200
    assert await given("id:secret") == (429, {"error": "rate_limit_exceeded"})
    access = tokens["access_token"]
    assert (await api(server, web, "/tracks?limit=1", access))[0] == 200
    assert (await api(server, web, "/me", access))[0] == 401
    assert (await api(server, web, "/me/followings/1", access, method="PUT"))[0] == 401
    assert (await token(server, web, grant_type="password"))[1] == {
        "error": "unsupported_grant_type"
    }


# The API


async def test_everybody_needs_the_header(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    access = server.token_for("juno-park")
    for path in ("/tracks", "/resolve?url=https://soundcloud.com/x", f"/me?oauth_token={access}"):
        status, told = await api(server, web, path)
        assert (status, told["code"]) == (401, 401)
        assert "Authorization header" in told["message"]
    server.manners.query_tokens = True
    assert (await api(server, web, f"/me?oauth_token={access}"))[0] == 200


async def test_lists_are_pages_or_arrays(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    access = server.token_for("juno-park")
    status, page = await api(server, web, "/tracks?linked_partitioning=true&limit=2", access)
    assert (status, len(page["collection"])) == (200, 2)
    again = page["next_href"].removeprefix(server.api_url)
    assert (await api(server, web, again, access))[1]["collection"] != page["collection"]
    assert isinstance((await api(server, web, "/tracks?limit=2", access))[1], list)
    for limit in ("0", "201", "x"):
        assert (await api(server, web, f"/tracks?limit={limit}", access))[0] == 400


async def test_private_tracks_are_their_owner_s(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    track = server.catalogue.add_track("juno-park", "Secret", private=True)
    mine, other = server.token_for("juno-park"), server.token_for("theo_m")
    path = f"/tracks/soundcloud:tracks:{track.id}"
    assert (await api(server, web, path, mine))[1]["sharing"] == "private"
    assert (await api(server, web, path, other))[0] == 404
    assert (await api(server, web, "/tracks?q=secret", other))[1] == []
    assert (await api(server, web, f"/likes/tracks/{track.id}", other, method="POST"))[0] == 404
    assert (await api(server, web, path, other, method="DELETE"))[0] == 404
    assert (await api(server, web, path, mine, method="DELETE"))[0] == 200


async def test_who_knows_a_secret_finds_what_is_private(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    track = server.catalogue.add_track("juno-park", "Secret", private=True, secret="s-AbC")
    mix = server.catalogue.add_playlist("juno-park", "Mix", [track], private=True, secret="s-DeF")
    access = server.token_for("theo_m")
    for what, path in (
        (f"tracks/soundcloud:tracks:{track.id}", "secret"),
        (f"playlists/soundcloud:playlists:{mix.id}", "sets/mix"),
    ):
        right = track.secret if what.startswith("tracks") else mix.secret
        for secret, status in ((f"/{right}", 200), ("/s-Guess", 404), ("", 404)):
            page = quote(f"https://soundcloud.com/juno-park/{path}{secret}", safe="")
            _found, told = await api(server, web, f"/resolve?url={page}", access)
            place = told["location"].removeprefix(server.api_url)
            assert (await api(server, web, place, access))[0] == status
        assert (await api(server, web, f"/{what}?secret_token=", access))[0] == 404
    tracks = f"/playlists/soundcloud:playlists:{mix.id}/tracks"
    assert (await api(server, web, tracks, access))[0] == 404
    assert len((await api(server, web, f"{tracks}?secret_token=s-DeF", access))[1]) == 1
    for path in ("/playlists?q=mix", f"/users/soundcloud:users:{mix.user.id}/playlists"):
        assert mix.title not in str(await api(server, web, path, access))


async def test_faults_are_those_of_mixcloud_and_its_own(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    server.fault("GET", "/me", RateLimit(30, group="plays"), times=1)
    access = server.token_for("juno-park")
    status, told = await api(server, web, "/me", access)
    assert status == 429
    assert told["errors"][0]["meta"]["rate_limit"]["group"] == "plays"
    assert (await api(server, web, "/me", access))[0] == 200
    assert [request.path for request in server.requests] == ["/me", "/me"]


async def test_what_is_not_there_is_404(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    access = server.token_for("juno-park")
    for path in (
        "/apps/124",
        "/tracks/x",
        "/tracks/soundcloud:users:100000",
        "/tracks/99999999999999999999",
        "/resolve?url=https://evil.tld/forss",
        "/resolve?url=https://soundcloud.com/a/b/c/d",
        "/resolve",
    ):
        status, told = await api(server, web, path, access)
        assert (status, told["code"]) == (404, 404), path


# Pages and pictures


@pytest.mark.parametrize("kind", ["tracks", "playlists", "users"])
async def test_every_page_and_picture_in_the_json_is_there(
    server: SoundCloudServer, web: aiohttp.ClientSession, kind: str
) -> None:
    _, found = await api(server, web, f"/{kind}?limit=200", server.token_for("juno-park"))
    assert len(found) >= 10
    for one in found:
        address = one["permalink_url"]
        async with web.get(address.replace(SITE, server.site_url)) as told:
            page = await told.text()
            assert told.status == 200, address
        shown = preview(address, page)
        assert shown
        assert shown["title"] == (one.get("title") or one["username"])[:256]
        picture = shown["thumbnail"]["url"]
        drawn = one.get("artwork_url") or one.get("avatar_url") or one["tracks"][0]["artwork_url"]
        assert picture == drawn.replace("-large", "-t500x500")
    for address in {picture, *re.findall('src="(/[^"]+)"', page)}:
        async with web.get(f"{server.url}{address.replace(PICTURES, '/pictures')}") as told:
            assert (told.status, told.content_type) == (200, "image/jpeg"), address


async def test_a_page_escapes_and_keeps_private_what_is(
    server: SoundCloudServer, web: aiohttp.ClientSession
) -> None:
    track = server.catalogue.add_track("juno-park", "<script>Rain", description='<b>"', plays=1042)
    address = f"{server.site_url}/Juno-Park/{track.permalink}"
    async with web.get(address) as told:
        page = await told.text()
        assert "default-src 'none'" in told.headers["Content-Security-Policy"]
    assert "&lt;script&gt;Rain" in page
    assert "<script>" not in page
    assert "1,042" in page
    assert 'class="play" disabled' in page
    track.hidden_stats = True
    async with web.get(address) as told:
        assert "1,042" not in await told.text()
    track.private = True
    async with web.get(address) as told:
        assert told.status == 404
    async with web.get(f"{server.site_url}/juno-park") as told:
        assert track.title not in await told.text()


@pytest.mark.parametrize(
    ("size", "side"), [("large", 100), ("t300x300", 300), ("t500x500", 500), ("original", 1400)]
)
async def test_pictures_have_the_size_in_their_name(
    server: SoundCloudServer, web: aiohttp.ClientSession, size: str, side: int
) -> None:
    async with web.get(f"{server.pictures_url}/artworks-7-{size}.jpg") as told:
        assert Image.open(BytesIO(await told.read())).size == (side, side)


@pytest.mark.parametrize(
    "path",
    [
        "pictures/artworks-7-t500x400.jpg",
        "pictures/artworks-7-t9999x9999.jpg",
        "pictures/artworks-7-huge.jpg",
        "pictures/x-7-large.jpg",
        "pictures/artworks-7-large.png",
        "pictures",
        "site",
        "site/nobody-at-all",
        "site/juno-park/nothing",
        "site/juno-park/sets/nothing",
        "site/a/b/c/d",
    ],
)
async def test_pages_and_pictures_of_nothing(
    server: SoundCloudServer, web: aiohttp.ClientSession, path: str
) -> None:
    async with web.get(f"{server.url}/{path}") as told:
        assert told.status == 404


def test_the_world_is_the_same_every_time() -> None:
    one, other = fill(Catalogue(), NOW), fill(Catalogue(), NOW)
    assert [track.title for track in one.tracks.values()] == [
        track.title for track in other.tracks.values()
    ]
    assert len(one.tracks) >= 90
    assert all(track.created <= NOW for track in one.tracks.values())
    assert {user.permalink for user in one.users.values()} >= set(OFFERED_ACCOUNTS)
    permalinks = [user.permalink for user in one.users.values()]
    permalinks += [track.permalink for track in one.tracks.values()]
    assert all(re.fullmatch("[a-z0-9_-]+", permalink) for permalink in permalinks)


def test_the_world_has_what_surprises_a_client() -> None:
    tracks = fill(Catalogue(), NOW).tracks.values()
    assert sum(track.hidden_stats for track in tracks) == 1
    assert sum(track.access == "preview" for track in tracks) == 1
    assert sum(len(track.title) == 300 for track in tracks) == 1
    assert any(track.reposts for track in tracks)
    assert {bool(track.description) for track in tracks} == {True, False}
