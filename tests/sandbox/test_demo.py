"""The demo in a real browser, used as a person would: by what can be read, seen and typed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route
from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from mixbot.errors import UserError
from mixbot.mixcloud import Draft, read_tracklist
from mixbot.sandbox.demo import Demo, demo, samples
from mixbot.sandbox.discord import File, Permission
from mixbot.sandbox.discord.messages import compose
from mixbot.sandbox.mixcloud import Show

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
pytestmark = pytest.mark.asyncio(loop_scope="module")  # so that Chromium is started only once

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
KEY = "/NightFerryRadio/night-ferry-202-upright-bass-and-rain/"
LINK = f"https://www.mixcloud.com{KEY}"
NAME = "Night Ferry 202: Upright Bass and Rain"
FAVORITE = f"{KEY}favorite/"
FOLLOW = "/NightFerryRadio/follow/"


@pytest.fixture
def discord_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py keeps them in classes; put back what the demo changes."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(discord_addresses: None) -> AsyncIterator[Demo]:
    async with demo() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def code_stage(discord_addresses: None) -> AsyncIterator[Demo]:
    async with demo(sign_in=False) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def window(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A window with tabs that share cookies; what a page complains of fails the test."""
    complaints: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{message.text} {message.location}")
                if message.type in ("error", "warning") and "favicon" not in message.location["url"]
                else None
            ),
        )

    context = await chromium.new_context(viewport=WIDE, locale="en-US")
    context.set_default_timeout(10_000)
    context.on("page", watch)
    yield context
    await context.close()
    assert complaints == []


class Tab:
    """The chat page, as the person looking at it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_label("Message", exact=True)
        self.messages = page.get_by_role("list").locator("> li.message")
        self.last = self.messages.last

    async def type(self, text: str) -> None:
        """Type into the message box, and press Enter."""
        await self.box.focus()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def use(self, command: str) -> Locator:
        """Type a command, and return the answer once there is one."""
        before = await self.last.get_attribute("id") or ""
        await self.type(command)
        await expect(self.last).not_to_have_id(before)
        return self.last

    async def says(self, *words: str) -> Locator:
        """The last message, once it says all of this."""
        for text in words:
            await expect(self.last).to_contain_text(text)
        return self.last

    async def press(self, label: str, message: Locator | None = None) -> None:
        await (message or self.last).get_by_role("button", name=label).click()

    async def apps(self, message: Locator, entry: str) -> None:
        """Use an entry of a message's Apps menu."""
        await message.hover()
        await message.get_by_role("button", name="Apps").click()
        await self.page.get_by_role("menuitem", name=entry, exact=True).click()

    async def opens(self, act: Callable[[], Awaitable[object]]) -> Page:
        """The page that `act` opens."""
        async with self.page.context.expect_page() as opened:
            await act()
        return await opened.value

    async def link(self, service: str = "Mixcloud") -> None:
        """Link `service` through the button on the last message, by signing in with Discord."""
        pages = await self.opens(self.last.get_by_role("link", name=f"Link {service}").click)
        await pages.get_by_role("button", name="Continue with Discord").click()
        await pages.get_by_role("button", name="Authorize").click()
        await pages.get_by_role("button", name="Accept").click()
        await expect(pages.get_by_role("heading", name="Linked as")).to_be_visible()
        await pages.close()


async def sit_down(window: BrowserContext, stage: Demo, person: str = "") -> Tab:
    """A new tab, in front; of Ada, if not said otherwise.

    Those behind it are drawn once a second, and every click waits for two drawings: who clicks
    again and again comes to the front first.
    """
    page = await window.new_page()
    await page.goto(stage.url + (f"/?person={person}" if person else ""))
    tab = Tab(page)
    await expect(tab.messages.first).to_be_visible()
    return tab


@pytest_asyncio.fixture(loop_scope="module")
async def ada(stage: Demo, window: BrowserContext) -> Tab:
    return await sit_down(window, stage)


def calls(stage: Demo, path: str, method: str = "POST") -> int:
    return len(stage.mixcloud.requests_to(method, path))


def first(stage: Demo, query: str) -> Show:
    return stage.mixcloud.catalogue.search_shows(query)[0]


async def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(
        await page.evaluate(
            "[document.documentElement, document.querySelector('#log')]"
            ".every(element => element.scrollWidth <= element.clientWidth)"
        )
    )


@needs_chromium
async def test_from_a_search_to_a_favorite(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud search jazz")
    show = first(stage, "jazz")
    card = await ada.says("Ada used /mixcloud search", show.name)
    picture = card.locator(".thumbnail img")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await ada.press("♥ Favorite")
    await ada.says("Link your Mixcloud account first", "Only you can see this")
    await ada.link()
    await ada.says("Linked as Ada Wrenfield", f"Added {show.name} to your favorites")
    await expect(ada.last.get_by_role("link", name="Link Mixcloud")).to_have_count(0)
    assert calls(stage, f"{show.key}favorite/") == 1


@needs_chromium
async def test_from_a_search_at_soundcloud_to_a_like(stage: Demo, ada: Tab) -> None:
    await ada.type("/soundcloud search kettle")
    await ada.says("Ada used /soundcloud search", "Kettle, Window, Rain")
    card = ada.messages.filter(has_text="Ada used /soundcloud search")
    picture = card.locator(".thumbnail img")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 300
    await ada.press("♥ Like")
    await ada.says("Link your SoundCloud account first", "Only you can see this")
    await ada.link("SoundCloud")
    await ada.says("Linked as Ada Wrenfield", "Added Kettle, Window, Rain to your likes")
    assert len(stage.soundcloud.requests_to("POST", "/likes/tracks/*")) == 1
    site = await ada.opens(card.get_by_role("link", name="Play on SoundCloud").click)
    await expect(site.get_by_role("heading", name="Kettle, Window, Rain")).to_be_visible()
    await expect(site.get_by_role("button", name="Play")).to_be_disabled()


@needs_chromium
async def test_others_see_the_cards_but_not_the_private_answers(
    stage: Demo, window: BrowserContext, ada: Tab
) -> None:
    noor = await sit_down(window, stage, "noor")
    await ada.page.bring_to_front()
    await ada.type("/mixcloud search jazz")
    await ada.says(first(stage, "jazz").name)
    await noor.says("Ada used /mixcloud search", first(stage, "jazz").name)
    await ada.press("♥ Favorite")
    await ada.says("Only you can see this")
    await noor.box.fill("Nice one")
    await noor.page.keyboard.press("Enter")
    await noor.says("Nice one")
    assert await noor.messages.filter(has_text="Only you").count() == 0
    card = noor.messages.filter(has_text="Ada used /mixcloud search")
    await noor.press("Next", card)
    await noor.says("2 of", "Only you can see this")
    await expect(card).to_contain_text("1 of")
    assert await ada.messages.filter(has_text="2 of").count() == 0


@needs_chromium
async def test_two_tabs_are_two_people_to_the_sign_in_page_too(
    stage: Demo, window: BrowserContext, ada: Tab
) -> None:
    noor = await sit_down(window, stage, "noor")
    await ada.page.bring_to_front()
    await ada.type("/favorite " + LINK)
    await ada.says("Link your Mixcloud account first")
    await ada.link()
    await ada.says("Linked as Ada Wrenfield")
    await noor.page.bring_to_front()
    await noor.type("/mixcloud link")
    await noor.says("Link Mixcloud")
    pages = await noor.opens(noor.last.get_by_role("link", name="Link Mixcloud").click)
    await pages.get_by_role("button", name="Continue with Discord").click()
    await expect(pages.get_by_text("Signed in as Noor")).to_be_visible()
    await pages.get_by_role("button", name="Authorize").click()
    await pages.get_by_label("noor.plays").check(force=True)
    await pages.get_by_role("button", name="Accept").click()
    await noor.says("Linked as Noor")


@needs_chromium
async def test_favorite_with_a_link_without_one_twice_and_undone(stage: Demo, ada: Tab) -> None:
    await ada.type("/favorite " + LINK)
    await ada.says("Link your Mixcloud account first")
    await ada.link()
    await ada.says("Linked as", "to your favorites")
    await ada.type("/mixcloud show " + LINK)
    await ada.says("used /mixcloud show", NAME)
    for _ in range(2):
        await ada.use("/favorite")
        await ada.says("used /favorite", f"Added {NAME} to your favorites")
    assert calls(stage, FAVORITE) >= 1  # doing it again right away need not ask Mixcloud again
    await ada.press("Undo")
    await ada.says(f"Removed {NAME} from your favorites")
    assert calls(stage, FAVORITE, "DELETE") == 1
    await ada.type("/unfavorite " + LINK)
    await ada.says("used /unfavorite", f"Removed {NAME} from your favorites")


@needs_chromium
async def test_follow_with_a_link_without_one_and_undone(stage: Demo, ada: Tab) -> None:
    await ada.type("/follow " + LINK)
    await ada.says("Link your Mixcloud account first")
    await ada.link()
    await ada.says("Linked as", "You now follow")
    await ada.type("/mixcloud show " + LINK)
    await ada.says("used /mixcloud show")
    await ada.use("/follow")
    await ada.says("used /follow", "You now follow")
    assert calls(stage, FOLLOW) >= 1
    await ada.press("Undo")
    await ada.says("You no longer follow")
    assert calls(stage, FOLLOW, "DELETE") == 1


@needs_chromium
async def test_a_pasted_link_is_favorited_from_its_apps_menu(stage: Demo, ada: Tab) -> None:
    await ada.type(f"Listen: {LINK}")
    pasted = await ada.says("Listen:", NAME)  # the name comes with the link preview
    await expect(pasted.get_by_role("link", name=LINK)).to_have_attribute(
        "href", stage.mixcloud.site_url + KEY
    )
    await ada.apps(pasted, "Favorite")
    await ada.says("Link your Mixcloud account first")
    await ada.link()
    await ada.says("Linked as", "to your favorites")
    assert calls(stage, FAVORITE) == 1


@needs_chromium
async def test_proving_a_link_with_a_code(code_stage: Demo, window: BrowserContext) -> None:
    ada = await sit_down(window, code_stage)
    await ada.type("/favorite " + LINK)
    await ada.says("Enter code")
    pages = await ada.opens(ada.last.get_by_role("link", name="Link Mixcloud").click)
    await pages.get_by_role("button", name=re.compile("Continue")).click()
    await pages.get_by_role("button", name="Accept").click()
    code = await pages.locator(".code").inner_text()
    await pages.close()

    offer = ada.messages.filter(has_text="Enter code")
    await ada.press("Enter code")
    form = ada.page.get_by_role("dialog", name="Link Mixcloud")
    field = form.get_by_label("The code from the page")
    await expect(field).to_be_focused()
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_role("alert")).to_contain_text("required")
    await ada.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)

    await ada.press("Enter code", offer)
    await field.fill("AAA-AAA")
    await ada.page.keyboard.press("Enter")
    await expect(ada.messages.filter(has_text="code")).not_to_have_count(1)
    await expect(form).to_have_count(0)
    await ada.press("Enter code", offer)
    await field.fill(code)
    await ada.page.keyboard.press("Enter")
    await expect(ada.messages.filter(has_text="Linked as Ada Wrenfield")).to_be_visible()
    assert calls(code_stage, FAVORITE) == 1


@needs_chromium
async def test_searching_and_leafing_with_the_keyboard_alone(stage: Demo, ada: Tab) -> None:
    keyboard = ada.page.keyboard
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # skip to the message box
    await expect(ada.box).to_be_focused()
    await keyboard.type("/sea")
    await expect(ada.page.get_by_role("option", name="/mixcloud search")).to_be_visible()
    await keyboard.press("Tab")
    query = ada.page.get_by_role("combobox", name="query")
    await expect(query).to_be_focused()
    await keyboard.type("jaz")
    await expect(ada.page.get_by_role("option", name="Jazz", exact=True)).to_be_visible()
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(query).to_have_value("Jazz")
    await keyboard.press("Tab")
    await keyboard.press("Enter")  # adds the option “type”
    await keyboard.type("sh")
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("combobox", name="type")).to_have_value("shows")
    await keyboard.press("Enter")
    await ada.says("1 of")

    await keyboard.press("ArrowUp")
    await expect(ada.last).to_be_focused()
    following = ada.last.get_by_role("button", name="Next")
    while not await following.evaluate("button => button === document.activeElement"):
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await ada.says("2 of")
    await expect(following).to_be_focused()
    menu = ada.last.get_by_role("combobox")
    while not await menu.evaluate("button => button === document.activeElement"):
        await keyboard.press("Shift+Tab")
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("listbox")).to_be_visible()
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await ada.says("3 of")
    await keyboard.press("Escape")
    await expect(menu).to_be_focused()


@needs_chromium
async def test_play_opens_the_player(ada: Tab) -> None:
    await ada.type("/mixcloud show " + LINK)
    await ada.says("used /mixcloud show", NAME)
    player = await ada.opens(ada.last.get_by_role("link", name="Play").click)
    await expect(player.frame_locator("iframe").get_by_text(NAME).first).to_be_visible()


@needs_chromium
async def test_everything_that_can_be_used_has_a_name(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud search jazz")
    await ada.says(first(stage, "jazz").name)
    await ada.box.focus()
    await ada.page.keyboard.type("/favorite ")
    tree = await ada.page.locator("body").aria_snapshot()
    for line in re.findall(r"- (?:button|link|textbox|combobox|radio|img|heading)\b.*", tree):
        assert '"' in line, line


@needs_chromium
async def test_the_apps_menu_with_the_keyboard(stage: Demo, ada: Tab) -> None:
    keyboard = ada.page.keyboard
    await ada.box.focus()
    await keyboard.press("ArrowUp")
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("menuitem", name="Mix actions")).to_be_focused()
    await keyboard.press("Escape")
    await expect(ada.last.get_by_role("button", name="Apps")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    await ada.says("Only you can see this", NAME)


@needs_chromium
async def test_the_message_box_checks_options_as_discord_does(stage: Demo, ada: Tab) -> None:
    keyboard = ada.page.keyboard
    await ada.type("/mixcloud search ")
    alert = ada.page.locator("#composer").get_by_role("alert")
    await expect(alert).to_have_text("query: This option is required. Specify a value.")
    await keyboard.type("x" * 201)
    await keyboard.press("Enter")
    await expect(alert).to_contain_text("needs 1 to 200 characters")
    query = ada.page.get_by_role("combobox", name="query")
    await expect(query).to_have_value("x" * 201)
    await query.fill("jazz")
    await ada.page.get_by_role("button", name="Add type").click()
    await keyboard.type("albums")
    await expect(ada.page.get_by_text("That is not one of the choices")).to_be_visible()
    await keyboard.press("Enter")
    await expect(alert).to_have_text("type: Choose one from the list.")
    await keyboard.press("Escape")
    await keyboard.press("Escape")
    await expect(ada.box).to_be_focused()
    await expect(ada.box).to_have_value("")
    assert await ada.messages.count() == 2


@needs_chromium
async def test_a_bot_that_does_not_answer(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud show " + LINK)
    await ada.says("used /mixcloud show", NAME)
    stage.discord.world.interaction_seconds = 1.0
    stage.discord.fault("POST", "/interactions/*/*/callback", status=404, code=10062)
    card = ada.last
    await ada.press("♥ Favorite")
    await expect(card.get_by_role("button", name="♥ Favorite")).to_have_attribute(
        "aria-busy", "true"
    )
    await expect(card.get_by_role("alert")).to_have_text("This interaction failed")
    await ada.type("/mixcloud search jazz")
    await ada.says("used /mixcloud search", "The application did not respond")
    await ada.press("Dismiss message")
    await expect(ada.last).to_contain_text(NAME)


@needs_chromium
async def test_dismissing_a_private_answer(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud me")
    await ada.says("Only you can see this")
    before = await ada.messages.count()
    await ada.press("Dismiss message")
    await expect(ada.messages).to_have_count(before - 1)
    await expect(ada.box).to_be_focused()


@needs_chromium
async def test_the_other_channels_and_the_commands_named_in_help(stage: Demo, ada: Tab) -> None:
    await ada.page.get_by_role("button", name="mixbot").click()
    await expect(ada.page.get_by_role("heading", name="You and mixbot")).to_be_visible()
    await ada.type("/mixcloud help")
    await ada.says("What I can see")
    await ada.press("/mixcloud search")
    await expect(ada.page.get_by_role("combobox", name="query")).to_be_focused()
    await ada.page.keyboard.type("ambient")
    await ada.page.keyboard.press("Enter")
    await ada.says(first(stage, "ambient").name)
    noor = stage.scene.people[1]
    await noor.say(stage.scene.channels[1], "Psst")
    await expect(ada.page.get_by_role("button", name="general")).to_contain_text("1")
    await ada.page.get_by_role("button", name="general").click()
    await ada.says("Psst")


@needs_chromium
async def test_switching_people(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud me")
    await ada.says("Only you can see this")
    await ada.page.get_by_role("radio", name="Noor").focus()
    await ada.page.keyboard.press("Space")
    await expect(ada.page).to_have_title("Noor · #crate-diggers · mixbot demo")
    await expect(ada.messages).to_have_count(2)
    await ada.page.reload()
    await expect(ada.page).to_have_title("Noor · #crate-diggers · mixbot demo")
    await ada.type("It is me")
    await ada.says("It is me")
    said = stage.scene.people[1].messages(stage.scene.channels[0])[-1]
    assert said.author is stage.scene.people[1]


HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script> [x](javascript:alert(3))"


@needs_chromium
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_odd_messages_are_shown_as_text_and_fit(
    stage: Demo, chromium: Browser, size: ViewportSize, scheme: Literal["dark", "light"]
) -> None:
    context = await chromium.new_context(viewport=size, color_scheme=scheme)
    ada = await sit_down(context, stage)
    dialogs: list[object] = []
    ada.page.on("dialog", lambda dialog: dialogs.append(dialog))
    channel, bot = stage.scene.channels[0], stage.discord.bot
    odd = {
        "content": HOSTILE,
        "embeds": [
            {
                "title": "深夜の喫茶店" * 40,
                "description": f"{HOSTILE} مرحبا بالعالم " + "W" * 300,
                "author": {"name": "שלום " * 40},
                "url": "javascript:alert(4)",
                "thumbnail": {"url": "javascript:alert(5)"},
                "fields": [{"name": HOSTILE, "value": "@everyone", "inline": True}] * 5,
                "footer": {"text": "F" * 300},
            }
        ],
        "components": [
            {
                "type": 1,
                "components": [
                    {"type": 2, "style": style, "label": "B" * 80, "custom_id": f"b{style}"}
                    for style in (1, 2, 3, 4)
                ],
            }
        ],
    }
    stage.discord.world.message_created(compose(stage.discord.world, channel, bot, odd))
    await ada.says("<img src=x onerror=alert(1)> <script>alert(2)</script>", "@everyone")
    await stage.scene.people[1].say(
        channel,
        " ".join(f"https://www.mixcloud.com{s.key}" for s in stage.mixcloud.catalogue.shows[:10]),
    )
    await expect(ada.last.get_by_role("article")).to_have_count(5)
    assert dialogs == []
    assert await ada.page.locator("#messages script, #messages [href^=javascript]").count() == 0
    assert await ada.page.locator("img:not([alt])").count() == 0
    assert await fits(ada.page)
    await context.close()


@needs_chromium
async def test_a_narrow_window_has_all_places_and_people(
    stage: Demo, window: BrowserContext, ada: Tab
) -> None:
    await ada.page.set_viewport_size(NARROW)
    assert await fits(ada.page)
    opener = ada.page.get_by_role("button", name="Channels and people")
    await opener.click()
    await ada.page.get_by_role("button", name="general").click()
    await ada.says("headphones")
    await expect(ada.page.get_by_role("button", name="crate-diggers")).to_be_hidden()
    await opener.click()
    await ada.page.locator("#people").get_by_text("Noor", exact=True).click()
    await expect(ada.page).to_have_title("Noor · #general · mixbot demo")


MARKDOWN = [
    ("**bold** and *slanted*", "<p><strong>bold</strong> and <em>slanted</em></p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    (r"\*not\* \_this\_ \[x]", "<p>*not* _this_ [x]</p>"),
    ("snake_case_name _x_", "<p>snake_case_name <em>x</em></p>"),
    ("__u__ ~~s~~ `c*d*`", "<p><u>u</u> <s>s</s> <code>c*d*</code></p>"),
    ("2 * 3 < 4 > `", "<p>2 * 3 &lt; 4 &gt; `</p>"),
    ("# Big\n-# small", '<p class="heading size-1">Big</p><p class="subtext">small</p>'),
    ("> said\n> so\n- one", '<blockquote><p>said\nso</p></blockquote><p class="item">one</p>'),
    ("a\n>>> b\n- c", '<p>a</p><blockquote><p>b</p><p class="item">c</p></blockquote>'),
    ("2. b\n  - c", '<p class="item" data-number="2.">b</p><p class="item" data-depth="1">c</p>'),
    ("```py\n*x*\n```", '<pre tabindex="0"><code>*x*</code></pre>'),
    ("[a](javascript:b) <script>", "<p>[a](javascript:b) &lt;script&gt;</p>"),
]
LINKS = [
    ("https://e.example/a_b_c.", ["https://e.example/a_b_c"]),
    ("<https://e.example/q>", ["https://e.example/q"]),
    ("[**a**](<https://e.example/(x)>)", ["https://e.example/(x)"]),
    ("[a](https://e.example/(x))", ["https://e.example/(x)"]),
    (
        "[a](https://a.example/) [b](https://b.example/)",
        ["https://a.example/", "https://b.example/"],
    ),
    ("see (https://e.example/x), ok?", ["https://e.example/x"]),
]


@needs_chromium
async def test_markdown(ada: Tab) -> None:
    shown = await ada.page.evaluate(
        """async texts => {
            const { markdown } = await import("/page/markdown.js");
            return texts.map(text => markdown(text, {}).map(node => node.outerHTML).join(""));
        }""",
        [text for text, _ in MARKDOWN],
    )
    assert shown == [html for _, html in MARKDOWN]


@needs_chromium
async def test_links_in_markdown(ada: Tab) -> None:
    found = await ada.page.evaluate(
        """async texts => {
            const { markdown } = await import("/page/markdown.js");
            const links = node => [...node.querySelectorAll("a")].map(link => link.href);
            return texts.map(text => markdown(text, {}).flatMap(links));
        }""",
        [text for text, _ in LINKS],
    )
    assert found == [links for _, links in LINKS]


LAYOUT = {
    "flags": 1 << 15,
    "components": [
        {
            "type": 17,
            "accent_color": 0x5000FF,
            "components": [
                {
                    "type": 9,
                    "components": [{"type": 10, "content": f"## [{NAME}]({LINK})\n-# <t:0:R>"}],
                    "accessory": {
                        "type": 11,
                        "media": {"url": "attachment://art.png"},
                        "description": "A ferry at night",
                    },
                },
                {"type": 14, "spacing": 2},
                {
                    "type": 12,
                    "items": [
                        {"media": {"url": "attachment://art.png"}, "description": f"Wave {number}"}
                        for number in range(4)
                    ],
                },
                {
                    "type": 1,
                    "components": [
                        {"type": 8, "custom_id": "c", "placeholder": "Where", "channel_types": [0]}
                    ],
                },
                {
                    "type": 1,
                    "components": [{"type": 2, "style": 1, "label": "Save", "custom_id": "s"}],
                },
                {"type": 13, "file": {"url": "attachment://export.json"}},
            ],
        },
    ],
}
DOT = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)


@needs_chromium
async def test_layouts_files_and_themes(stage: Demo, ada: Tab) -> None:
    channel, bot, world = stage.scene.channels[0], stage.discord.bot, stage.discord.world
    files = [(0, File("art.png", DOT)), (1, File("export.json", b"{}" * 1000))]
    world.message_created(compose(world, channel, bot, LAYOUT, files=files))
    card = await ada.says(NAME, "years ago")
    await expect(card).to_have_attribute("aria-label", re.compile(f"mixbot: {NAME}"))
    await expect(card.get_by_role("img")).to_have_count(5)
    await expect(card.get_by_role("link", name=NAME)).to_be_visible()
    await card.get_by_role("button", name="Image description").last.click()
    await expect(card.get_by_text("Wave 3")).to_be_visible()
    async with ada.page.expect_download() as download:
        await card.get_by_role("link", name="Download export.json").click()
    assert (await download.value).suggested_filename == "export.json"
    await expect(card).to_contain_text("1.95 KB")
    await card.get_by_role("combobox", name="Where").click()
    offered = ada.page.get_by_role("listbox", name="Where").get_by_role("option")
    assert await offered.all_inner_texts() == ["#crate-diggers", "#general"]
    await offered.last.click()
    interaction = list(world.interactions.values())[-1]
    assert interaction.data["values"] == [stage.scene.channels[1].id]
    assert await fits(ada.page)

    background = "getComputedStyle(document.body).backgroundColor"
    theme = ada.page.get_by_role("combobox", name="Theme")
    await theme.select_option("Dark")
    dark = await ada.page.evaluate(background)
    await ada.page.goto(f"{stage.url}/?theme=light")
    await expect(theme).to_have_value("light")
    assert await ada.page.evaluate(background) != dark


@needs_chromium
async def test_changing_and_deleting_what_one_wrote(
    stage: Demo, window: BrowserContext, ada: Tab
) -> None:
    noor = await sit_down(window, stage, "noor")
    await ada.page.bring_to_front()
    await ada.type(f"Listen: {LINK}")
    pasted = await ada.says("Listen:", NAME)
    await expect(noor.last.get_by_role("article")).to_have_count(1)
    await expect(noor.last.get_by_role("button", name="Edit")).to_have_count(0)
    await pasted.hover()
    await ada.press("Remove the preview")
    await expect(pasted.get_by_role("article")).to_have_count(0)
    await expect(noor.last.get_by_role("article")).to_have_count(0)
    await expect(noor.last).not_to_contain_text("(edited)")

    await pasted.hover()
    await ada.press("Edit")
    text = pasted.get_by_label("Edit message")
    await expect(text).to_be_focused()
    await text.fill("never mind")
    await ada.page.keyboard.press("Escape")
    await expect(ada.box).to_be_focused()
    await ada.says("Listen:")
    await pasted.hover()
    await ada.press("Edit")
    await text.fill("Listen to this!")
    await ada.page.keyboard.press("Enter")
    await ada.says("Listen to this!", "(edited)")
    await noor.says("Listen to this!", "(edited)")

    said = stage.scene.people[0].messages(stage.scene.channels[0])[-1]
    await stage.scene.people[1].say(stage.scene.channels[0], "Nice one", reply_to=said)
    await ada.says("@Ada", "Listen to this!", "Nice one")

    mine = ada.messages.nth(2)
    await mine.hover()
    await ada.press("Delete", mine)
    dialog = ada.page.get_by_role("dialog", name="Delete message")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(ada.messages).to_have_count(3)
    await expect(noor.messages).to_have_count(3)


@needs_chromium
async def test_the_apps_of_a_person_and_languages(stage: Demo, window: BrowserContext) -> None:
    add, interactions = stage.discord.world.commands.add, stage.discord.world.interactions
    add(None, {"name": "Wave", "type": 2, "name_localizations": {"de": "Winken"}})
    choice = {"name": "Loud", "value": "loud", "name_localizations": {"de": "Laut"}}
    volume = {"type": 3, "name": "how", "description": "How", "required": True, "choices": [choice]}
    translated = {"name_localizations": {"de": "wie"}, "description_localizations": {"de": "Wie"}}
    command = {"name": "shout", "description": "Shout", "options": [volume | translated]}
    add(None, command | {"name_localizations": {"de": "rufen"}})
    ada = await sit_down(window, stage)
    await ada.last.get_by_role("button", name="Noor").click(button="right")
    await ada.page.get_by_role("menuitem", name="Wave").click()
    await ada.says("Ada used Wave")

    await ada.page.get_by_role("combobox", name="Language").select_option("Deutsch")
    noors = ada.messages.nth(1)
    await noors.locator(".portrait").click()
    await ada.page.get_by_role("menuitem", name="Winken").click()
    await ada.says("Ada used Wave")
    await ada.box.focus()
    await ada.page.keyboard.type("/shou")
    await expect(ada.page.get_by_role("option", name="/rufen")).to_be_visible()
    await ada.box.fill("")
    await ada.type("/rufen Laut")
    await expect(ada.page.get_by_role("combobox", name="wie")).to_have_value("Laut")
    await ada.page.keyboard.press("Enter")
    await ada.says("Ada used /shout")
    assert list(interactions.values())[-1].data["options"][0]["value"] == "loud"
    assert stage.scene.people[0].locale == "de"
    await ada.page.reload()
    await expect(ada.page.get_by_role("combobox", name="Language")).to_have_value("de")


@needs_chromium
async def test_threads_a_forum_news_and_a_group(
    stage: Demo, window: BrowserContext, ada: Tab
) -> None:
    places = ada.page.locator("#places")
    await places.get_by_role("button", name="Friday's listening party").click()
    await ada.says("Mixes for Friday")
    await ada.type("/mixcloud search jazz")
    await ada.says(first(stage, "jazz").name)

    await places.get_by_role("button", name="mix-requests").click()
    await expect(ada.box).to_be_hidden()
    noor = await sit_down(window, stage, "noor")
    await ada.page.bring_to_front()
    await ada.page.get_by_role("button", name="New post").click()
    form = ada.page.get_by_role("dialog", name="New post")
    await form.get_by_label("Title").fill("Rainy morning")
    await form.get_by_label("Message").fill("Something slow, please.")
    await form.get_by_role("button", name="Submit").click()
    await expect(ada.page.get_by_role("heading", name="Rainy morning").first).to_be_visible()
    await ada.says("Something slow")
    await noor.page.locator("#places").get_by_role("button", name="Rainy morning").click()
    await noor.says("Something slow")

    await noor.page.get_by_role("button", name="news").click()
    await noor.says("listening party")
    await expect(noor.box).to_be_disabled()
    await places.get_by_role("button", name="news").click()
    await ada.type("No party after all.")
    await noor.says("No party")

    await places.get_by_role("button", name="Sofa sessions").click()
    await ada.type("/mixcloud search jazz")
    await ada.says(first(stage, "jazz").name)
    permissions = stage.scene.channels[0].permissions_of(stage.discord.bot)
    assert permissions & Permission.MANAGE_MESSAGES
    assert stage.scene.channels[0].permissions_of(stage.scene.people[0]) & Permission.MANAGE_GUILD


TRACKLIST = "\n".join(f"{n}:00 Slow Harbour - Umbrella Weather, part {n}" for n in range(40))


def label(text: str, component: Any, description: str | None = None) -> Any:
    return discord.ui.Label(text=text, component=component, description=description)


class Details(discord.ui.Modal, title="Upload a show"):
    """A form with long texts and files."""

    name = label("Title", discord.ui.TextInput(custom_id="name", max_length=100))
    tracks = label(
        "Tracklist",
        discord.ui.TextInput(
            custom_id="tracks", style=discord.TextStyle.paragraph, default=TRACKLIST, required=False
        ),
        "One line for each track: 12:30 Artist - Title",
    )
    cover = label("Cover", discord.ui.FileUpload(custom_id="cover", required=False), "JPEG or PNG")
    files = label("Mixes", discord.ui.FileUpload(custom_id="files", min_values=1, max_values=3))
    who = label(
        "Who sees it",
        discord.ui.RadioGroup(
            custom_id="who",
            options=[
                discord.RadioGroupOption(label="Everybody", value="public", default=True),
                discord.RadioGroupOption(
                    label="Who has the link", value="unlisted", description="It is not listed"
                ),
            ],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        given = self.files.component.values
        sizes = [f"{file.filename} {len(await file.read())}" for file in given]
        tracks = self.tracks.component.value.count(" - ")
        told = f"{self.name.component.value}: {sizes}, {tracks} tracks, {self.who.component.value}"
        await interaction.followup.send(told, ephemeral=True)


class More(discord.ui.Modal, title="A little more"):
    """A form with the other fields."""

    note: Any = discord.ui.TextDisplay("Nothing here is needed.")
    genre = label(
        "Genre",
        discord.ui.Select(
            custom_id="genre",
            required=False,
            options=[
                discord.SelectOption(label="Ambient", value="ambient"),
                discord.SelectOption(label="Dub", value="dub", default=True),
            ],
        ),
    )
    shown = label(
        "Show",
        discord.ui.CheckboxGroup(
            custom_id="shown",
            required=False,
            options=[
                discord.CheckboxGroupOption(label="Plays", value="plays", default=True),
                discord.CheckboxGroupOption(label="Comments", value="comments"),
            ],
        ),
    )
    sure = label("Tell my followers", discord.ui.Checkbox(custom_id="sure"))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        values = [field.component.values for field in (self.genre, self.shown)]
        await interaction.response.send_message(
            f"{values} {self.sure.component.value}", ephemeral=True
        )


class Choosing(discord.ui.View):
    """What a message offers while an upload is under way."""

    @discord.ui.select(
        custom_id="genre",
        placeholder="Genre",
        options=[
            discord.SelectOption(label="Ambient", value="ambient", default=True),
            discord.SelectOption(label="Dub", value="dub"),
        ],
    )
    async def genre(self, interaction: discord.Interaction[Any], menu: Any) -> None:
        await interaction.response.send_message(f"Genre: {menu.values[0]}", ephemeral=True)

    @discord.ui.button(label="Cancel", custom_id="cancel")
    async def cancel(self, interaction: discord.Interaction[Any], button: Any) -> None:
        await interaction.response.send_message("Cancelled", ephemeral=True)


@pytest_asyncio.fixture(loop_scope="module")
async def forms(stage: Demo) -> Demo:
    """The demo, with commands of a bot that takes files."""
    tree = stage.parts.bot.tree

    @tree.command(description="Take a file")
    async def hand(interaction: discord.Interaction[Any], file: discord.Attachment) -> None:
        content = await file.read()
        await interaction.response.send_message(f"{file.filename} has {len(content)} bytes")

    @tree.command(description="Open a form")
    async def details(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(Details())

    @tree.command(description="Open another form")
    async def more(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(More())

    @tree.command(description="Show progress")
    async def progress(interaction: discord.Interaction[Any]) -> None:
        view = Choosing(timeout=None)
        await interaction.response.send_message("▰▱▱▱ 10 %", view=view, ephemeral=True)

    await tree.sync()
    return stage


@needs_chromium
async def test_a_form_takes_long_texts_and_several_files(
    forms: Demo, window: BrowserContext
) -> None:
    ada = await sit_down(window, forms)
    await ada.type("/details")
    form = ada.page.get_by_role("dialog", name="Upload a show")
    await expect(form.get_by_label("Title")).to_be_focused()
    tracks = form.get_by_label("Tracklist")
    await expect(tracks).to_have_value(TRACKLIST)
    box = await tracks.bounding_box()
    assert box
    assert box["height"] > 140
    mixes = form.locator(".field", has=ada.page.get_by_text("Mixes"))
    await expect(mixes).to_contain_text("Up to 3 files")
    await form.get_by_role("button", name="Submit").click()
    await expect(form.get_by_role("alert")).to_have_text("Title: this field is required")
    await expect(form.get_by_label("Title")).to_be_focused()
    await form.get_by_label("Title").fill("Rainy Day Mix")
    await ada.page.keyboard.press("Enter")
    await expect(form.get_by_role("alert")).to_contain_text("Mixes: needs 1 to 3 files")

    await mixes.get_by_role("button", name="Take rainy-day-mix.mp3").click()
    chosen = mixes.get_by_role("list", name="Chosen files").get_by_role("listitem")
    await expect(chosen).to_have_text([re.compile("rainy-day-mix.mp3.*MB")])
    own = [{"name": name, "mimeType": "audio/mpeg", "buffer": b"la" * 9} for name in ("a", "b")]
    await form.get_by_label("Mixes").set_input_files(own)  # type: ignore[arg-type]
    await expect(chosen).to_have_count(3)
    await mixes.get_by_role("button", name="Remove a").click()
    await expect(chosen).to_have_count(2)
    await form.get_by_label("Who has the link").check()
    await form.get_by_role("button", name="Submit").click()
    size = len(samples.silent_mp3())
    await ada.says(f"['rainy-day-mix.mp3 {size}', 'b 18'], 40 tracks, unlisted")
    await expect(form).to_have_count(0)


@needs_chromium
async def test_a_form_with_the_other_fields(forms: Demo, window: BrowserContext) -> None:
    ada = await sit_down(window, forms)
    await ada.type("/more")
    form = ada.page.get_by_role("dialog", name="A little more")
    await expect(form).to_contain_text("Nothing here is needed.")
    await expect(form.get_by_role("combobox", name="Genre")).to_have_value("dub")
    await form.get_by_role("checkbox", name="Comments").check()
    await form.get_by_role("checkbox", name="Tell my followers").check()
    await form.get_by_role("button", name="Submit").click()
    await ada.says("[['dub'], ['plays', 'comments']] True")


@needs_chromium
async def test_a_form_fits_a_small_screen_and_scrolls(forms: Demo, window: BrowserContext) -> None:
    ada = await sit_down(window, forms)
    await ada.page.set_viewport_size(ViewportSize(width=360, height=560))
    await ada.type("/details")
    form = ada.page.get_by_role("dialog", name="Upload a show")
    box = await form.bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 560
    await expect(form.get_by_role("button", name="Submit")).to_be_in_viewport()
    title = await form.get_by_label("Title").bounding_box()
    assert title
    assert title["width"] > 250
    await expect(form.get_by_label("Who has the link")).not_to_be_in_viewport()
    await form.get_by_label("Who has the link").check()
    assert await form.evaluate("form => form.scrollWidth <= form.clientWidth")


@needs_chromium
async def test_a_command_takes_a_file_to_try_or_ones_own(
    forms: Demo, window: BrowserContext
) -> None:
    ada = await sit_down(window, forms)
    await ada.type("/hand ")
    field = ada.page.get_by_role("combobox", name="file")
    await ada.page.get_by_role("option", name="rainy-day-mix.cue").click()
    await expect(field).to_have_value(re.compile(r"rainy-day-mix\.cue$"))
    await field.press("Enter")
    await ada.says(f"rainy-day-mix.cue has {len(samples.cue_sheet())} bytes")

    forms.discord.size_limit = 1000
    await ada.page.reload()
    await ada.type("/hand ")
    large = {"name": "large.mp3", "mimeType": "audio/mpeg", "buffer": bytes(1001)}
    await field.set_input_files(large)  # type: ignore[arg-type]
    await field.press("Enter")
    alert = ada.page.locator("#composer").get_by_role("alert")
    await expect(alert).to_contain_text("too powerful")
    forms.discord.size_limit = 10_000_000
    await ada.page.reload()
    await ada.type("/hand ")
    await field.set_input_files(large)  # type: ignore[arg-type]
    await field.press("Enter")
    await ada.says("large.mp3 has 1001 bytes")


@needs_chromium
async def test_a_message_that_is_edited_again_and_again_stays_as_it_is(
    forms: Demo, window: BrowserContext
) -> None:
    ada = await sit_down(window, forms)
    await ada.use("/progress")
    await ada.says("▰▱▱▱ 10 %")
    shown = ada.messages.filter(has=ada.page.get_by_role("button", name="Cancel"))
    menu = shown.get_by_role("combobox", name="Genre")
    await expect(menu).to_contain_text("Ambient")
    await menu.click()
    dub = ada.page.get_by_role("option", name="Dub")
    await ada.page.keyboard.press("ArrowDown")
    await shown.evaluate("element => (window.kept = [element, ...element.querySelectorAll('*')])")
    message = forms.scene.people[0].messages(forms.scene.channels[0])[-1]
    for percent in (20, 30, 40):
        message.update(content=f"▰▰▱▱ {percent} %")
        await ada.says(f"{percent} %")
    assert await ada.page.evaluate("window.kept.every(element => element.isConnected)")
    await expect(dub).to_be_visible()
    await expect(menu).to_be_focused()
    await expect(ada.page.locator("#announcer")).to_contain_text("10 %")  # and no later one
    await ada.page.keyboard.press("Enter")
    await ada.says("Genre: dub")

    await shown.get_by_role("button", name="Cancel").focus()
    for _ in range(12):
        await forms.scene.people[1].say(forms.scene.channels[0], "Meanwhile\n" * 5)
    await ada.says("Meanwhile")
    log = ada.page.locator("#log")
    await shown.evaluate(
        """async element => {
            element.scrollIntoView({ block: "center" });
            for (const _ of [1, 2]) await new Promise(requestAnimationFrame); // it is known then
        }"""
    )
    before = await log.evaluate("log => log.scrollTop")
    message.update(content="▰▰▰▱ 70 %")
    await expect(shown).to_contain_text("70 %")
    assert await log.evaluate("log => log.scrollTop") == before
    await expect(shown.get_by_role("button", name="Cancel")).to_be_focused()


@needs_chromium
async def test_a_show_is_published_from_chat_and_changed(stage: Demo, ada: Tab) -> None:
    await ada.type("/mixcloud upload")
    await ada.says("Link your Mixcloud account first", "Then your upload goes on.")
    await ada.link()
    await ada.says("Linked as Ada Wrenfield")
    await ada.press("Go on")
    form = ada.page.get_by_role("dialog", name="Upload a show")
    await form.get_by_label("Tracklist").fill("0:00 Mira Vale - First Drops\nWhat is this")
    for name in ("rainy-day-mix.mp3", "rainy-day-cover.jpg"):
        await form.get_by_role("button", name=f"Take {name}").click()
        await expect(form.get_by_role("list", name="Chosen files")).to_contain_text(name)
    await form.get_by_role("button", name="Submit").click()
    await ada.says("This cannot be sent yet", "Tracklist, line 2: read 'What is this'")
    await ada.press("Correct")
    await expect(form.get_by_label("Title")).to_have_value("rainy-day-mix")
    await form.get_by_label("Title").fill("Rainy Day Mix")
    await form.get_by_label("Tracklist").fill("0:00 Mira Vale - First Drops")
    await form.get_by_role("button", name="Submit").click()
    preview = await ada.says("Nothing is sent yet", "MP3 · 17 MB")
    cover = preview.locator(".thumbnail img")
    assert await cover.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await preview.get_by_role("button", name="Publish", exact=True).click()
    await ada.says(" %", "of 17 MB")
    card = await ada.says("It is at Mixcloud.", "Show to all")
    (upload,) = stage.mixcloud.uploads
    mix = samples.silent_mp3()
    assert upload.form.files["mp3"].sha256 == File("rainy-day-mix.mp3", mix).sha256()
    await ada.press("Show to all", card)
    await expect(ada.messages.filter(has_text="♥ Favorite")).not_to_have_count(0)

    await ada.use("/mixcloud edit " + upload.show.key.strip("/"))
    await ada.says("Nothing is changed yet")
    await ada.press("Text and cover")
    form = ada.page.get_by_role("dialog", name="Edit the show")
    await form.get_by_label("Tags").fill("Rain, Tea")
    await form.get_by_role("button", name="Submit").click()
    await ada.says("Tags: Rain, Tea")
    await ada.press("Save")
    await ada.says("Saved.", "Rain · Tea")


@needs_chromium
async def test_files_to_try_are_saved(stage: Demo, ada: Tab) -> None:
    button = ada.page.get_by_role("button", name="Files to try")
    await button.click()
    async with ada.page.expect_download() as saving:
        await ada.page.get_by_role("menuitem", name="rainy-day-mix.mp3").click()
    saved = await saving.value
    assert saved.suggested_filename == "rainy-day-mix.mp3"
    assert (await saved.path()).read_bytes() == samples.silent_mp3()
    await expect(button).to_be_focused()


@needs_chromium
async def test_an_attached_sound_is_saved_not_opened(stage: Demo, ada: Tab) -> None:
    sound = File("rain.wav", samples.rain())
    await stage.scene.people[1].say(stage.scene.channels[0], "Listen", files=[sound])
    await ada.says("Listen", "258.44 KB")
    async with ada.page.expect_download() as saving:
        await ada.last.get_by_role("link", name="Download rain.wav").click()
    assert (await (await saving.value).path()).read_bytes() == sound.data


async def test_the_mix_to_try_is_an_mp3_frame_by_frame() -> None:
    mix = samples.silent_mp3()
    assert 3_000_000 < len(mix) < 20_000_000
    assert mix[:5] == b"ID3\x03\0"
    size = 0
    for byte in mix[6:10]:
        size = size << 7 | byte
    assert b"TIT2" in mix[: 10 + size]
    frames = mix[10 + size :]
    step = samples.FRAME_BYTES
    assert len(frames) % step == 0
    assert {frames[at : at + 4] for at in range(0, len(frames), step)} == {samples.FRAME_HEADER}
    assert len(frames) // step * samples.FRAME_SECONDS > samples.TRACKS[-1][0] + 60


async def test_the_tracklists_to_try_can_be_read() -> None:
    draft = Draft.from_yaml(samples.written_show())
    assert draft.name == samples.TITLE
    assert draft.sections == read_tracklist(samples.cue_sheet().decode())
    assert len(draft.sections or ()) == len(samples.TRACKS)
    assert samples.cover().startswith(b"\xff\xd8\xff")


async def test_files_are_taken_from_the_page_alone(stage: Demo) -> None:
    stage.discord.size_limit = 1000
    own = {"Origin": stage.url}
    async with aiohttp.ClientSession() as session:
        address = f"{stage.url}/files?name=a.mp3"
        async with session.post(address, data=b"x") as refused:
            assert refused.status == 403
        async with session.post(address, data=bytes(1001), headers=own) as refused:
            assert (refused.status, await refused.json()) == (
                413,
                {"refused": "a.mp3: your files are too powerful (over 0.0009537 MB)"},
            )
        async with session.post(address, data=b"x", headers=own) as taken:
            assert (await taken.json())["id"]
        async with session.get(f"{stage.url}/samples/rainy-day-mix.yaml") as sample:
            assert "attachment" in sample.headers["Content-Disposition"]
        async with session.get(f"{stage.url}/samples/other.txt") as missing:
            assert missing.status == 404


@needs_chromium
async def test_a_demo_that_stopped_and_came_back(
    discord_addresses: None, chromium: Browser
) -> None:
    window = await chromium.new_context()  # which may complain of the lost connection
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with demo(port=port) as stage:
        ada = await sit_down(window, stage, "noor")
        await ada.type("/mixcloud help")
        await ada.says("What I can see")
    await expect(ada.page.get_by_role("alert").filter(has_text="has stopped")).to_be_visible()
    async with demo(port=port):
        await expect(ada.messages).to_have_count(2)
        await expect(ada.page).to_have_title("Noor · #crate-diggers · mixbot demo")
        await expect(ada.page.get_by_text("has stopped")).to_be_hidden()
        picture = ada.page.locator(".thumbnail img").first
        await picture.evaluate("image => image.decode()")
    await window.close()


async def test_the_page_answers_to_its_own_address_only(stage: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(stage.url) as page:
            assert page.status == 200
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
        port = stage.url.rpartition(":")[2]
        async with session.get(
            stage.url, headers={"Host": f"localhost:{port}"}, allow_redirects=False
        ) as moved:
            assert moved.headers["Location"].rstrip("/") == stage.url
        async with session.get(stage.url, headers={"Host": "rebound.example"}) as refused:
            assert refused.status == 421
        foreign = {"Origin": "https://elsewhere.example"}
        async with session.post(f"{stage.url}/person", data="ada", headers=foreign) as refused:
            assert refused.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(f"{stage.url}/socket?person=ada", headers=foreign)


async def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use already"):
            async with demo(port=port):
                pass


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_prints_one_address_and_stops_when_told(stop: signal.Signals) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mixbot", "demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "DISCORD_CLIENT_SECRET": "of another bot", "MIXBOT_LOG_LEVEL": "LOUD"},
    )
    assert program.stdout
    lines = [(await program.stdout.readline()).decode().rstrip() for _ in range(3)]
    (address,) = [line for line in lines if line.startswith("http")]
    async with aiohttp.ClientSession() as session, session.get(address) as page:
        assert page.status == 200
    program.send_signal(stop)
    rest, errors = await program.communicate()
    assert (program.returncode, rest, errors) == (0, b"", b"")
