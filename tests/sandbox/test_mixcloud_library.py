"""Our own library and our own Mixcloud understand each other."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from mixbot import mixcloud as library
from mixbot.mixcloud import Cloudcast, Mixcloud, MixcloudOAuth, ResourceList, ShortLink, User
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import (
    CutBody,
    EndlessBody,
    Fault,
    GzipBomb,
    HalfJson,
    Hang,
    Html403,
    InvalidToken,
    NotFoundHtml,
    RateLimit,
    Redirect,
    ServerError,
)
from mixbot.sandbox.mixcloud.palettes import accent_of
from tests.sandbox.mixcloud_calls import calling


@pytest.fixture
async def server() -> AsyncIterator[MixcloudServer]:
    async with MixcloudServer() as server:
        yield server


@pytest.fixture
async def mixcloud(server: MixcloudServer) -> AsyncIterator[Mixcloud]:
    async with Mixcloud(
        server.api_url,
        mixcloud_root=server.site_url,
        oembed_root=server.oembed_url,
        short_root=server.short_url,
        timeout=1,
    ) as mixcloud:
        yield mixcloud


async def test_every_show_of_the_world_can_be_read(
    server: MixcloudServer, mixcloud: Mixcloud
) -> None:
    page: ResourceList | None = await mixcloud.new(limit=100)
    seen = set()
    while page is not None:
        for show in page:
            assert isinstance(show, Cloudcast)
            known = server.catalogue.show(f"{show.user.username}/{show.slug}")
            assert known
            assert (show.name, show.key, show.seconds) == (
                known.name,
                known.key,
                known.audio_length,
            )
            assert (show.play_count is None) == known.hidden_stats
            assert show.created_time == known.created
            seen.add(show.key)
        page = await page.next() if page.has_next else None
    assert len(seen) == len(server.catalogue.shows)


async def test_details_agree(server: MixcloudServer, mixcloud: Mixcloud) -> None:
    for known in server.catalogue.popular()[:15]:
        show = await mixcloud.get(known.key)
        assert isinstance(show, Cloudcast)
        assert show.color == int(accent_of(known.picture), 16)
        user = await show.user.load()
        assert isinstance(user, User)
        assert user.username == known.user.username


async def test_consent_ends_in_a_token_that_acts(
    server: MixcloudServer, mixcloud: Mixcloud
) -> None:
    server.register_app("app", "secret")
    back = "http://127.0.0.1:1/callback/n"
    oauth = MixcloudOAuth(
        client_id="app", client_secret="secret", redirect_uri=back, mixcloud=mixcloud
    )
    form = {"client_id": "app", "redirect_uri": back, "username": "theo_m", "decision": "accept"}
    async with calling(server) as call:
        assert (await call.get(oauth.authorization_url)).status == 200
        answer = await call("POST", "/oauth/authorize", data=form)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    theo = mixcloud.with_token(await oauth.access_token(code))
    assert (await theo.me()).username == "theo_m"
    show = server.catalogue.shows[0]
    for _ in range(2):
        await theo.favorite(show.key)
    user = server.catalogue.user("theo_m")
    assert user
    assert (user, show) in server.catalogue.favorites
    for _ in range(2):
        await theo.unfavorite(show.key)
    assert (user, show) not in server.catalogue.favorites


async def test_short_links_resolve(server: MixcloudServer, mixcloud: Mixcloud) -> None:
    show = server.catalogue.shows[-1]
    code = server.short_link(show).rpartition("/")[2]
    assert (await mixcloud.resolve(ShortLink(code))).key == show.key


async def test_oembed(server: MixcloudServer, mixcloud: Mixcloud) -> None:
    show = server.catalogue.shows[0]
    assert (await mixcloud.oembed(show.key)).title == show.name


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (RateLimit(30), library.RateLimited),
        (RateLimit(30, retry_after=False), library.RateLimited),
        (RateLimit(30, json=False), library.MixcloudError),
        (Html403(), library.Blocked),
        (ServerError(500), library.Unreachable),
        (NotFoundHtml(), library.NotFound),
        (InvalidToken(), library.Unauthorized),
        (Hang(), library.Unreachable),
        (CutBody(), library.Unreachable),
        (HalfJson(), library.Unreachable),
        (EndlessBody(), library.Unreachable),
        (GzipBomb(), library.Unreachable),
        (Redirect("http://localhost:1/"), library.MixcloudError),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else value.__name__,
)
async def test_every_fault_is_one_of_the_library_s_errors(
    server: MixcloudServer, mixcloud: Mixcloud, fault: Fault, error: type[Exception]
) -> None:
    server.fault("GET", "/**", fault)
    with pytest.raises(error):
        await mixcloud.popular()
