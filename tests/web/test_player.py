"""The player page, with Mixcloud answering and not."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from yarl import URL

from mixbot.sandbox.mixcloud.faults import Hang, Html403, ServerError
from mixbot.web.player import clock, start_time
from tests.linking import SHOW, Stage
from tests.web.browser import Browser, Page


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind is enough: of what is asked of the store here, test_linking asks both."""
    return f"sqlite:///{tmp_path / 'mixbot.db'}"


def frame_of(page: Page) -> URL:
    (source,) = re.findall(r'<iframe[^>]* src="([^"]+)"', page.source)
    return URL(unescape(source), encoded=True)


async def test_it_frames_mixcloud_s_player(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW}")
    assert page.status == 200
    assert "Late Shift" in page.text
    assert "by spinner" in page.text
    frame = frame_of(page)
    assert str(frame).startswith(stage.mixcloud.player_url)
    assert frame.query["feed"] == SHOW
    assert "t" not in frame.query
    player = await ada.open(str(frame))
    assert player.status == 200
    assert "Late Shift" in player.text


async def test_its_policy_allows_the_player_and_pictures_only(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW}")
    allowed = dict(
        directive.split(" ", 1) for directive in page.headers["Content-Security-Policy"].split("; ")
    )
    assert allowed == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'none'",
        "style-src": "'self'",
        "img-src": f"'self' {stage.mixcloud.url}",
        "frame-src": stage.mixcloud.url,
    }


async def test_others_can_show_it(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW}")
    assert '<meta property="og:title" content="Late Shift">' in page.source
    assert f'<meta property="og:url" content="{stage.url}/play{SHOW}">' in page.source
    (image,) = re.findall(r'property="og:image" content="([^"]+)"', page.source)
    assert (await ada.type_of(image)).startswith("image/")
    (discovery,) = re.findall(r'application/json\+oembed" href="([^"]+)"', page.source)
    answer = await ada.open(unescape(discovery))
    assert answer.headers["Content-Type"].startswith("application/json")
    told = json.loads(answer.source)
    assert told["version"] == "1.0"
    assert (told["title"], told["author_name"]) == ("Late Shift", "spinner")
    assert told["thumbnail_url"] == image
    assert f"feed={SHOW.replace('/', '%2F')}" in told["html"]
    assert "autoplay" not in told["html"]


async def test_a_hostile_title_stays_text(stage: Stage, ada: Browser) -> None:
    title = '"><script>alert(1)</script>@everyone &amp; \u202e‮ <b>'
    show = stage.mixcloud.catalogue.add_show("spinner", title, slug="hostile")
    page = await ada.open(f"{stage.url}/play{show.key}")
    assert page.status == 200
    assert "<script" not in page.source
    assert "<b>" not in page.source
    assert title in unescape(page.source)


async def test_no_html_that_was_received_is_shown(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW}")
    assert "frameborder" not in page.source  # as in Mixcloud's own


async def test_names_in_any_script_have_a_page(stage: Stage, ada: Browser) -> None:
    show = stage.mixcloud.catalogue.add_show("深夜", "夜の便 🎧", slug="夜の便")
    encoded = await ada.open(URL(f"{stage.url}/play{show.key}", encoded=True))
    raw = await ada.open(f"{stage.url}/play/深夜/夜の便/")
    for page in (encoded, raw):
        assert page.status == 200
        assert "夜の便 🎧" in page.text
        assert frame_of(page).query["feed"] == show.key


async def test_a_line_break_in_the_query_stays_in_the_query(stage: Stage, ada: Browser) -> None:
    page = await ada.open(
        URL(f"{stage.url}/play{SHOW.rstrip('/')}?t=1%0d%0aX:1", encoded=True), follow=False
    )
    assert page.headers["Location"] == f"{stage.url}/play{SHOW}?t=1%0d%0aX:1"


async def test_a_missing_slash_is_added(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW.rstrip('/')}?t=60", follow=False)
    assert page.status == 301
    assert page.headers["Location"] == f"{stage.url}/play{SHOW}?t=60"


@pytest.mark.parametrize(
    "path",
    [
        "/play/spinner/gone/",
        "/play/spinner/favorites/",
        "/play/oauth/authorize/",
        "/play/a/b/c/",
        "/play/spinner/",
        "/play/%2e%2e/x/",
        "/play/a/%2F%2Fevil.example/",
        "/play/a/x%22y/",
        "/play/oembed.json",
        "/play/oembed.json?url=https://evil.example/a/b",
    ],
)
async def test_what_is_no_show_has_no_page(stage: Stage, ada: Browser, path: str) -> None:
    page = await ada.open(URL(stage.url + path, encoded=True))
    assert page.status == 404
    assert "Nothing here" in page.text


@pytest.mark.parametrize("fault", [ServerError(), Html403(), Hang()])
async def test_the_player_is_shown_though_mixcloud_says_nothing_of_the_show(
    stage: Stage, ada: Browser, fault: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixbot.web.player.PATIENCE_SECONDS", 0.3)
    stage.mixcloud.fault("GET", "/oembed/", fault)  # type: ignore[arg-type]
    page = await ada.open(f"{stage.url}/play{SHOW}")
    assert page.status == 200
    assert "late shift" in page.text
    assert frame_of(page).query["feed"] == SHOW
    assert "og:image" not in page.source


async def test_mixcloud_is_not_asked_again_at_once(stage: Stage, ada: Browser) -> None:
    for _ in range(3):
        await ada.open(f"{stage.url}/play{SHOW}")
    assert sum(request.path == "/oembed/" for request in stage.mixcloud.requests) == 1


async def test_it_says_where_a_link_starts(stage: Stage, ada: Browser) -> None:
    page = await ada.open(f"{stage.url}/play{SHOW}?t=12m34s")
    assert "points to 12:34" in page.text
    assert frame_of(page).query["t"] == "754"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("754", 754),
        ("754s", 754),
        ("12:34", 754),
        ("1:02:03", 3723),
        ("1h2m3s", 3723),
        ("1H2M", 3720),
        ("90m", 5400),
        ("90:00", 5400),
        ("2h", 7200),
        ("999999", 86400),
        ("0", 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("s", 0),
        ("soon", 0),
        ("12:3", 0),
        ("١٢", 0),
        ("1" * 5000, 0),
    ],
)
def test_start_times(text: str, seconds: int) -> None:
    assert start_time(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "0:05"), (754, "12:34"), (3723, "1:02:03"), (86400, "24:00:00")]
)
def test_clock(seconds: int, text: str) -> None:
    assert clock(seconds) == text
