"""Linking an account from chat, through the browser, and back into chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mixbot.sandbox.discord import Message, User
from tests.bot.test_acting import favorites
from tests.conftest import Scene, page_of, running, staged
from tests.web.browser import Browser, Page
from tests.web.browser import browser as new_browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with new_browser() as browser:
        yield browser


@pytest.fixture
async def code_scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A bot without Discord's client secret: links are proved with a code."""
    async with staged(tmp_path, sign_in=False) as scene:
        scene.mixcloud.signed_in = ["ada.plays"]
        yield scene


async def ask(scene: Scene, user: User) -> Message:
    """What a user who is not linked gets for a click on ♥."""
    card = await scene.use(user, "mixcloud search", query="jazz")
    return await (await user.click(card, "♥ Favorite")).reply()


async def agree(scene: Scene, browser: Browser, prompt: Message, user: User) -> Page:
    """Through all pages, signed in to Discord as `user`."""
    scene.mixcloud.signed_in = ["ada.plays"]
    browser.sign_in_to_discord(user.id, scene.discord.url)
    page = await browser.open(prompt.link("Link Mixcloud"))
    page = await browser.press(page, "Continue with Discord")
    page = await browser.press(page, "Authorize")
    return await browser.press(page, "Accept")


async def test_a_click_before_linking_is_done_after_it(scene: Scene, browser: Browser) -> None:
    prompt = await ask(scene, scene.ada)
    assert prompt.ephemeral
    assert prompt.text.startswith("Link your Mixcloud account first.")
    assert scene.show("jazz").name in prompt.text
    page = await agree(scene, browser, prompt, scene.ada)
    assert page.status == 200
    await prompt.until(lambda prompt: "Linked as" in prompt.text)
    assert "\nAdded " in prompt.text
    assert favorites(scene) == [scene.show("jazz").key]
    assert [button.label for button in prompt.buttons] == ["Undo"]
    await scene.ada.click(prompt, "Undo")
    await prompt.until(lambda prompt: prompt.text.startswith("Removed"))


async def test_linking_without_anything_waiting(scene: Scene, browser: Browser) -> None:
    prompt = await scene.use(scene.ada, "mixcloud link")
    await agree(scene, browser, prompt, scene.ada)
    await prompt.until(lambda prompt: "Linked as" in prompt.text)
    assert prompt.buttons == []
    me = await scene.use(scene.ada, "mixcloud me")
    assert me.ephemeral
    assert "ada.plays" in page_of(me)


async def test_a_forwarded_link_does_not_link_who_opens_it(scene: Scene, browser: Browser) -> None:
    prompt = await ask(scene, scene.ada)
    browser.sign_in_to_discord(scene.noor.id, scene.discord.url)
    page = await browser.open(prompt.link("Link Mixcloud"))
    page = await browser.press(page, "Continue with Discord")
    page = await browser.press(page, "Authorize")
    assert "other than the one this link was made for" in page.text
    for user in (scene.ada, scene.noor):
        assert await scene.parts.accounts.account(int(user.id)) is None


async def test_what_waits_may_fail_and_the_link_stays(scene: Scene, browser: Browser) -> None:
    show = scene.mixcloud.catalogue.add_show("fleeting", "Qwertz gone soon")
    card = await scene.use(scene.ada, "mixcloud search", query="Qwertz")
    prompt = await (await scene.ada.click(card, "♥ Favorite")).reply()
    scene.mixcloud.catalogue.remove_show(show)
    await agree(scene, browser, prompt, scene.ada)
    await prompt.until(lambda prompt: "Linked as" in prompt.text)
    assert "But this did not work: Mixcloud has nothing there" in prompt.text
    assert await scene.parts.accounts.account(int(scene.ada.id))


async def test_a_refused_token_leads_to_linking_again_and_then_finishes(
    scene: Scene, browser: Browser
) -> None:
    token = await scene.link(scene.ada, "ada.plays")
    scene.mixcloud.revoke(token)
    prompt = await ask(scene, scene.ada)
    assert "no longer accepts your link" in prompt.text
    assert await scene.parts.accounts.account(int(scene.ada.id)) is None
    await agree(scene, browser, prompt, scene.ada)
    await prompt.until(lambda prompt: "\nAdded " in prompt.text)
    assert favorites(scene) == [scene.show("jazz").key]


async def test_unlinking(scene: Scene) -> None:
    assert "No Mixcloud account" in (await scene.use(scene.ada, "mixcloud unlink")).content
    await scene.link(scene.ada, "ada.plays")
    answer = await scene.use(scene.ada, "mixcloud unlink")
    assert answer.ephemeral
    assert "forgotten" in answer.content
    assert await scene.parts.accounts.account(int(scene.ada.id)) is None


async def get_code(browser: Browser, prompt: Message) -> str:
    page = await browser.open(prompt.link("Link Mixcloud"))
    page = await browser.press(page, "Continue to Mixcloud")
    return (await browser.press(page, "Accept")).code


async def test_a_code_typed_into_discord_proves_who_asked(
    code_scene: Scene, browser: Browser
) -> None:
    scene = code_scene
    prompt = await ask(scene, scene.ada)
    code = await get_code(browser, prompt)
    assert await scene.parts.accounts.account(int(scene.ada.id)) is None
    form = await scene.ada.click(prompt, "Enter code")
    await form.opened_modal()
    await scene.ada.submit(form, code=code)
    await prompt.until(lambda prompt: "\nAdded " in prompt.text)
    assert favorites(scene) == [scene.show("jazz").key]


async def test_a_form_that_was_open_during_a_restart_is_read(
    code_scene: Scene, browser: Browser
) -> None:
    scene = code_scene
    prompt = await ask(scene, scene.ada)
    code = await get_code(browser, prompt)
    form = await scene.ada.click(prompt, "Enter code")
    await form.opened_modal()
    await scene.parts.bot.close()
    async with running(scene.settings, scene.discord):
        await scene.ada.submit(form, code=code)
        await prompt.until(lambda prompt: "Linked as" in prompt.text)


async def test_a_code_that_is_entered_too_early_leaves_the_link_as_it_is(
    code_scene: Scene, browser: Browser
) -> None:
    scene = code_scene
    prompt = await ask(scene, scene.ada)
    form = await scene.ada.click(prompt, "Enter code")
    await form.opened_modal()
    early = await (await scene.ada.submit(form, code="ABCDEF")).reply()
    assert "first follow the button to the end, where the page shows one" in early.content
    code = await get_code(browser, prompt)
    form = await scene.ada.click(prompt, "Enter code")
    await form.opened_modal()
    await scene.ada.submit(form, code=code)
    await prompt.until(lambda prompt: "Linked as" in prompt.text)


async def test_a_wrong_code_may_be_corrected(code_scene: Scene, browser: Browser) -> None:
    scene = code_scene
    prompt = await ask(scene, scene.ada)
    code = await get_code(browser, prompt)
    for attempt, typed in enumerate(["WRONG1", code]):
        form = await scene.ada.click(prompt, "Enter code")
        await form.opened_modal()
        sent = await scene.ada.submit(form, code=typed)
        if attempt == 0:
            answer = await sent.reply()
            assert answer.ephemeral
            assert "You can try 4 more times" in answer.content
    await prompt.until(lambda prompt: "Linked as" in prompt.text)


async def test_a_code_of_somebody_else_links_nobody(code_scene: Scene, browser: Browser) -> None:
    scene = code_scene
    prompt = await ask(scene, scene.ada)
    code = await get_code(browser, prompt)
    other = await ask(scene, scene.noor)
    form = await scene.noor.click(other, "Enter code")
    await form.opened_modal()
    answer = await (await scene.noor.submit(form, code=code)).reply()
    assert "Linked" not in answer.content
    for user in (scene.ada, scene.noor):
        assert await scene.parts.accounts.account(int(user.id)) is None


async def test_without_an_application_linking_says_why_not(tmp_path: Path) -> None:
    async with staged(tmp_path, mixcloud_client_id=None, mixcloud_client_secret=None) as scene:
        answer = await ask(scene, scene.ada)
        assert "Linking is switched off here" in answer.content
