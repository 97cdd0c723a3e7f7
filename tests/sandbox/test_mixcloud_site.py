"""The sandbox's Mixcloud as browsers see it: pages, player, embeds, short links, pictures."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest
from PIL import Image

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue, Show, artwork
from mixbot.sandbox.mixcloud.palettes import PALETTES, accent_of, palette_of
from mixbot.sandbox.mixcloud.records import picture_path
from tests.sandbox.mixcloud_calls import Calls, calling

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
async def mixcloud() -> AsyncIterator[MixcloudServer]:
    catalogue = Catalogue()
    catalogue.add_user("ada", "Ada & Söhne", biog='"quoted" <b>')
    catalogue.add_show("ada", "Nachtschicht <3", description="One\r\nTwo", created=NOON)
    async with MixcloudServer(catalogue) as server:
        yield server


@pytest.fixture
async def call(mixcloud: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(mixcloud) as calls:
        yield calls


@pytest.fixture
def show(mixcloud: MixcloudServer) -> Show:
    return mixcloud.catalogue.shows[0]


# Pages


async def test_a_browser_gets_the_page_where_a_client_gets_json(call: Calls, show: Show) -> None:
    for path in (show.key, show.user.key):
        page = await call.page(path)
        assert page.headers["Content-Type"].startswith("text/html")
        assert (await call.get(path)).json["key"] == path


async def test_pages_describe_themselves(call: Calls, show: Show) -> None:
    page = (await call.page(show.key)).text
    tags = {
        name: unescape(text) for name, text in re.findall(r'"(og:\w+)" content="([^"]*)"', page)
    }
    assert tags["og:title"] == "Nachtschicht <3"
    assert tags["og:url"] == f"https://www.mixcloud.com{show.key}"
    assert tags["og:image"].startswith("https://thumbnailer.mixcloud.com/unsafe/600x600/")
    assert "<3" not in page
    user = (await call.page("/ada/")).text
    assert 'content="Ada &amp; Söhne"' in user
    assert "<b>" not in re.findall(r'og:description" content=.*', user)[0]


async def test_pages_of_nothing_and_of_secrets(
    mixcloud: MixcloudServer, call: Calls, show: Show
) -> None:
    assert (await call.page("/nobody/")).status == 404
    show.visibility = "private"
    assert (await call.page(show.key)).status == 403
    assert (await call.page(f"/widget/iframe/?feed={show.key}")).status == 404
    url = quote(f"https://www.mixcloud.com{show.key}", safe="")
    assert (await call.get(f"/oembed/?url={url}")).status == 403


@pytest.mark.parametrize("path", ["/ada/", "/ada/nachtschicht-3/", "/widget/iframe/?feed=/ada/"])
async def test_pages_load_nothing_from_elsewhere(call: Calls, path: str) -> None:
    page = await call.page(path)
    assert page.status == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    loaded = re.findall(r'\bsrc="([^"]*)"', page.text)
    assert loaded
    assert all(address.startswith("/thumbnailer/") for address in loaded)
    assert "<script" not in page.text


async def test_the_front_page_shows_what_is_hot(call: Calls, show: Show) -> None:
    assert f'href="{show.key}"' in (await call.page("/")).text


# The player


@pytest.mark.parametrize(
    "feed",
    [
        "/ada/nachtschicht-3/",
        "https://www.mixcloud.com/ada/nachtschicht-3/",
        "https%3A%2F%2Fwww.mixcloud.com%2Fada%2Fnachtschicht-3%2F",
        "%2Fada%2Fnachtschicht-3%2F",
        "http://m.mixcloud.com/ada/nachtschicht-3",
        "/ada/",
    ],
)
async def test_the_player_takes_a_path_or_an_address_encoded_or_not(call: Calls, feed: str) -> None:
    player = await call("GET", "/widget/iframe/", params={"feed": feed, "hide_cover": "1"})
    assert "<title>Nachtschicht &lt;3 by Ada &amp; Söhne" in player.text
    assert "frame-ancestors" not in player.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "feed", ["", "/nobody/nothing/", "https://example.org/ada/nachtschicht-3/"]
)
async def test_the_player_plays_nothing_else(call: Calls, feed: str) -> None:
    assert (await call.get("/widget/iframe/", feed=feed)).status == 404


# Embedding


async def test_embed_codes(call: Calls, show: Show) -> None:
    html = (await call.get(f"{show.key}embed-json/", width=400, height="60")).json["html"]
    assert 'width="400" height="60"' in html
    source = unescape(re.findall(r'src="([^"]*)"', html)[0])
    assert source.startswith("https://player-widget.mixcloud.com/widget/iframe/?")
    assert parse_qs(urlsplit(source).query)["feed"] == [show.key]
    text = await call.get(f"{show.key}embed-html/", width='"><script>')
    assert text.headers["Content-Type"].startswith("text/html")
    assert 'width="100%"' in text.text
    assert (await call.get("/ada/nothing/embed-html/")).status == 404


async def test_oembed_of_a_show(call: Calls, show: Show) -> None:
    address = f"https://www.mixcloud.com{show.key}"
    answer = (await call.get("/oembed/", url=address, format="json")).json
    assert answer["title"] == "Nachtschicht <3"
    assert answer["author_name"] == "Ada & Söhne"
    assert (answer["type"], answer["version"]) == ("rich", "1.0")
    assert (answer["width"], answer["height"]) == ("100%", 120)
    assert answer["image"].endswith(show.picture)
    assert "thumbnail_url" not in answer
    assert answer["html"].startswith("<iframe")
    assert answer["url"] == address


async def test_oembed_of_a_person_in_xml_and_with_a_callback(call: Calls) -> None:
    address = "https://www.mixcloud.com/ada/"
    xml = await call.get("/oembed/", url=address, format="xml")
    assert ElementTree.fromstring(xml.body).findtext("title") == "Ada & Söhne"
    wrapped = await call.get("/oembed/", url=address, callback="show")
    assert wrapped.text.startswith("show({")


@pytest.mark.parametrize("url", ["", "https://www.mixcloud.com/", "https://notmixcloud.com/ada/"])
async def test_oembed_of_nothing(call: Calls, url: str) -> None:
    assert (await call.get("/oembed/", url=url)).status == 404


# Short links


async def test_short_links_lead_to_the_show(
    mixcloud: MixcloudServer, call: Calls, show: Show
) -> None:
    link = mixcloud.short_link(show)
    assert re.fullmatch(r".*/i/C[A-Z0-9]{5}", link)
    answer = await call.get(link)
    assert (answer.status, answer.headers["Location"]) == (
        302,
        f"https://www.mixcloud.com{show.key}",
    )
    assert (await call.get("/i/CXXXXX")).status == 404


# Pictures


async def test_pictures_have_the_size_asked_for(call: Calls, show: Show) -> None:
    for where in ("/thumbnailer/unsafe", "/thumbnailer"):
        answer = await call.get(f"{where}/320x200/{show.picture}")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert Image.open(BytesIO(answer.body)).size == (320, 200)
    answer = await call.get("/thumbnailer/unsafe/50x50/defaults/users/6.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(answer.body)).format == "PNG"


@pytest.mark.parametrize("rest", ["", "unsafe/", "unsafe/0x0/", "unsafe/axb/x", "unsafe/12345x1/x"])
async def test_pictures_of_nothing(call: Calls, rest: str) -> None:
    assert (await call.get(f"/thumbnailer/{rest}")).status == 404


async def test_a_picture_is_drawn_no_larger_than_it_must_be(call: Calls) -> None:
    answer = await call.get("/thumbnailer/unsafe/9999x10/profile_cover/x")
    assert Image.open(BytesIO(answer.body)).size == (2048, 10)


def test_the_same_path_is_the_same_picture() -> None:
    artwork.draw.cache_clear()
    first = artwork.draw("extaudio/a", 64, 64)
    artwork.draw.cache_clear()
    assert artwork.draw("extaudio/a", 64, 64) == first
    assert artwork.draw("extaudio/b", 64, 64) != first


@pytest.mark.parametrize("motif", artwork.COVERS, ids=lambda motif: motif.__name__)
def test_every_cover_shows_its_accent(motif: artwork.Motif) -> None:
    """The colour of a card is a colour seen in its picture."""
    for number in range(12):
        path = picture_path("extaudio", str(number))
        canvas = artwork.Canvas(200, 200, palette_of(path), artwork.chance(path))
        motif(canvas)
        wanted = bytes.fromhex(accent_of(path))
        near = sum(
            count
            for count, colour in canvas.image.getcolors(40_000) or ()
            if isinstance(colour, tuple)
            and max(abs(one - other) for one, other in zip(colour, wanted, strict=True)) < 48
        )
        assert near / 40_000 > 0.004, path


def test_palettes_differ() -> None:
    assert len({palette.accent for palette in PALETTES}) == len(PALETTES)
