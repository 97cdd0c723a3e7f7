"""The pages in a real browser: what its rules about cookies, forms and frames let through."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright
from yarl import URL

from mixbot.sandbox.discord.oauth import Grant
from tests.linking import SHOW, Stage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
    # What a browser makes of the pages is the same; test_linking asks both kinds.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest_asyncio.fixture
async def tab() -> AsyncIterator[Page]:
    """A page of a new browser; what it complains of fails the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = await chromium.new_page(viewport={"width": 360, "height": 700})
        tab.on(
            "console",
            lambda message: (
                None
                if "/favicon.ico" in message.location["url"]  # of other servers
                else complaints.append(f"{message.text} {message.location}")
            ),
        )
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        yield tab
        await chromium.close()
    assert complaints == []


async def fits(tab: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(await tab.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_linking_with_a_code(stage: Stage, tab: Page) -> None:
    await tab.goto(await stage.start_link())
    assert await tab.locator(".who").inner_text() == "Ada 🎧 <b>L</b>"
    assert await fits(tab)
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("button", name="Accept").click()
    code = await tab.locator(".code").inner_text()
    assert await fits(tab)
    linked = await stage.accounts.enter_code(stage.ada_id, code)
    assert linked.account.username == "ada.plays"


async def test_linking_by_signing_in(sign_in_stage: Stage, tab: Page) -> None:
    await tab.goto(await sign_in_stage.start_link())
    await tab.get_by_role("button", name="Continue with Discord").click()
    await tab.get_by_role("button", name="Ada").click()
    await tab.get_by_role("button", name="Authorize").click()
    await tab.get_by_role("button", name="Accept").click()
    assert await tab.locator("h1").inner_text() == "Linked as ada.plays"
    assert await fits(tab)


async def test_a_form_may_lead_through_a_chain_of_redirects(
    sign_in_stage: Stage, tab: Page
) -> None:
    """Who signed in with Discord before is sent straight on: Discord, us, Mixcloud."""
    stage = sign_in_stage

    async def agree(request: web.Request) -> web.Response:
        redirect_uri, challenge = request.query["redirect_uri"], request.query["code_challenge"]
        stage.discord.oauth.codes["code"] = Grant(stage.ada, ("identify",), redirect_uri, challenge)
        answer = URL(redirect_uri) % {"code": "code", "state": request.query["state"]}
        return web.Response(status=302, headers={"Location": str(answer)})

    app = web.Application()
    app.router.add_get("/authorize", agree)
    async with TestServer(app) as discord:
        assert stage.accounts.sign_in
        stage.accounts.sign_in = replace(
            stage.accounts.sign_in, authorize_url=str(discord.make_url("/authorize"))
        )
        await tab.goto(await stage.start_link())
        await tab.get_by_role("button", name="Continue with Discord").click()
        await tab.get_by_role("button", name="Accept").click()
    assert await tab.locator("h1").inner_text() == "Linked as ada.plays"


async def test_the_player_is_framed(stage: Stage, tab: Page) -> None:
    await tab.goto(f"{stage.url}/play{SHOW}?t=12:34")
    frame = tab.frame_locator("iframe")
    await frame.get_by_text("Late Shift").first.wait_for(state="attached")
    picture = tab.locator(".show img")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert await fits(tab)


async def test_a_page_of_ours_cannot_be_framed(stage: Stage, tab: Page) -> None:
    link = await stage.start_link()
    await tab.route(
        "http://evil.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<iframe src="{link}"></iframe>'
        ),
    )
    await tab.goto("http://evil.example/")
    assert await tab.frames[1].locator(".who").count() == 0
