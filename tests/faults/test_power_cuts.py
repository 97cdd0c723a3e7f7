"""The process is killed at any step of linking, acting and publishing; what then is true is true.

`MIXBOT_FAULTS=1000 pytest tests/faults/test_power_cuts.py` cuts the power that often.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import aiohttp

from mixbot.sandbox.demo import samples
from mixbot.sandbox.discord import File, Interaction, InteractionFailed, Message
from mixbot.store import open_store
from tests.faults.machine import Machine, machine
from tests.web.browser import Browser, Page
from tests.web.browser import browser as new_browser

log = logging.getLogger(__name__)

CUTS = int(os.environ.get("MIXBOT_FAULTS", "6")) // 3  # of each of three stories
STEPS = {"acting": 20, "linking": 90, "publishing": 120}  # that each takes, about
KNOWN = {"publishing": [20]}  # where something was published, and nobody was told
ENDS = ("Show to all", "was restarted", "You already have a show with this name")
SOUND = File("Late_Shift_12.mp3", samples.silent_mp3()[:300_000], content_type="audio/mpeg")


def cuts(story: str) -> list[int]:
    """Steps to die at, the same ones each time."""
    luck = Random(story)
    return [*KNOWN.get(story, ()), *(luck.randint(1, STEPS[story]) for _ in range(CUTS))]


def favorites(machine: Machine) -> list[str]:
    """What Ada has favorited at Mixcloud."""
    catalogue = machine.mixcloud.catalogue
    user = catalogue.user("ada.plays")
    return [show.key for _, show in catalogue.favorites.by(user)] if user else []


def jazz(machine: Machine) -> str:
    return machine.mixcloud.catalogue.search_shows("jazz")[0].key


async def told(machine: Machine, interaction: Interaction) -> Message | None:
    """The answer, or None where there is none because the power was cut before."""
    answered = asyncio.create_task(interaction.reply())
    died = asyncio.create_task(machine.death())
    await asyncio.wait((answered, died), return_when=asyncio.FIRST_COMPLETED)
    died.cancel()
    if not answered.done():
        answered.cancel()
        return interaction.answers[0] if interaction.answers else None
    try:
        return answered.result()
    except InteractionFailed:
        return None


async def alive_again(machine: Machine) -> bool:
    """Start it again if it is dead; whether it was."""
    if dead := machine.is_dead:
        await machine.begin_again()
    return dead


async def test_a_favorite_is_never_reported_before_it_is_one(tmp_path: Path) -> None:
    deaths = 0
    async with machine(tmp_path) as made:
        await made.link(made.ada, "ada.plays")
        for number, step in enumerate(cuts("acting")):
            show = made.mixcloud.catalogue.popular()[number]
            before = favorites(made)
            await made.switch_on(dies_at=step)
            made.count()
            answer = await told(made, await made.ada.slash(made.channel, "favorite", mix=show.key))
            if answer and answer.content.startswith("Added"):
                assert show.key in favorites(made)
            deaths += made.is_dead
            await made.cut_power()
            await made.switch_on()
            again = await made.use(made.ada, "favorite", mix=show.key)
            assert again.content.startswith("Added"), (step, again)
            assert sorted(favorites(made)) == sorted([*before, show.key])
            await made.cut_power()
    log.info("%s of %s cuts were within the story", deaths, CUTS)


# Linking


class Visit:
    """Ada's way through the pages, of which each step can be tried again."""

    def __init__(self, machine: Machine, browser: Browser, prompt: Message) -> None:
        self._machine = machine
        self._browser = browser
        self._prompt = prompt
        self.page: Page | None = None

    async def open(self) -> None:
        self.page = await self._browser.open(self._prompt.link("Link Mixcloud"))

    async def press(self, label: str) -> None:
        assert self.page
        self.page = await self._browser.press(self.page, label)

    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        labels = ("Continue with Discord", "Authorize", "Accept")
        return [self.open, *(lambda label=label: self.press(label) for label in labels)]


async def asked_to_link(machine: Machine) -> Message:
    """The private prompt for a click on ♥ of somebody who has not linked."""
    machine.mixcloud.signed_in = ["ada.plays"]
    return await machine.use(machine.ada, "favorite", mix=jazz(machine))


async def test_power_cuts_between_all_steps_of_linking_change_nothing(tmp_path: Path) -> None:
    async with machine(tmp_path) as made, new_browser() as browser:
        await made.switch_on()
        prompt = await asked_to_link(made)
        browser.sign_in_to_discord(made.ada.id, made.discord.url)
        for step in (visit := Visit(made, browser, prompt)).steps():
            await made.begin_again()
            await step()
        assert visit.page
        assert visit.page.status == 200, visit.page.text
        await prompt.until(lambda prompt: "Linked as" in prompt.text)
        assert "\nAdded " in prompt.text
        assert favorites(made) == [jazz(made)]


async def test_power_cuts_between_all_steps_of_linking_with_a_code(tmp_path: Path) -> None:
    async with machine(tmp_path, sign_in=False) as made, new_browser() as browser:
        await made.switch_on()
        prompt = await asked_to_link(made)
        await made.begin_again()
        page = await browser.open(prompt.link("Link Mixcloud"))
        await made.begin_again()
        page = await browser.press(page, "Continue to Mixcloud")
        await made.begin_again()
        page = await browser.press(page, "Accept")
        await made.begin_again()
        form = await made.ada.click(prompt, "Enter code")
        await form.opened_modal()
        await made.begin_again()
        await made.ada.submit(form, code=page.code)
        await prompt.until(lambda prompt: "\nAdded " in prompt.text)
        assert favorites(made) == [jazz(made)]


async def linked(machine: Machine) -> bool:
    async with open_store(machine.database_url) as store:
        return await store.account(int(machine.ada.id), "mixcloud") is not None


async def unlinked(machine: Machine) -> None:
    """As on the first day."""
    async with open_store(machine.database_url) as store:
        await store.forget(int(machine.ada.id))
    catalogue = machine.mixcloud.catalogue
    if user := catalogue.user("ada.plays"):
        for _, show in list(catalogue.favorites.by(user)):
            catalogue.favorites.remove(user, show)


async def test_a_power_cut_at_any_step_of_linking_is_survived(tmp_path: Path) -> None:
    ends: Counter[str] = Counter()
    async with machine(tmp_path) as made:
        for step in cuts("linking"):
            await unlinked(made)
            async with new_browser() as browser:
                ends[await cut_while_linking(made, browser, step)] += 1
    log.info("linking, cut at any step: %s", ends)


async def cut_while_linking(made: Machine, browser: Browser, step: int) -> str:
    """Link with a power cut at this step, trying again what failed; how it ended."""
    await made.switch_on(dies_at=step)
    made.count()
    browser.sign_in_to_discord(made.ada.id, made.discord.url)
    made.mixcloud.signed_in = ["ada.plays"]
    prompt = await told(made, await made.ada.slash(made.channel, "favorite", mix=jazz(made)))
    end = "done"
    if await alive_again(made):
        end = "asked again"
        prompt = await asked_to_link(made)
    assert prompt
    visit = Visit(made, browser, prompt)
    for go in visit.steps():
        try:
            await go()
        except aiohttp.ClientError:  # the page does not load; Ada reloads it
            await made.begin_again()
            end = "reloaded"
            await go()
        if visit.page and visit.page.status != 200:
            break
    assert visit.page
    if visit.page.status == 200:
        # Whoever is told that it is done has it done, if only after the next start.
        assert await linked(made), step
        try:
            await prompt.until(lambda prompt: "Linked as" in prompt.text, timeout=3)
        except TimeoutError:
            assert await alive_again(made), step
            end = "finished after the start"
            await prompt.until(lambda prompt: "Linked as" in prompt.text)
        assert favorites(made) == [jazz(made)], step
        await made.cut_power()
        return end
    assert "/mixcloud link" in visit.page.text, (step, visit.page.text)
    await alive_again(made)
    if await linked(made):
        end = "linked, but reloaded"
        await prompt.until(lambda prompt: "Linked as" in prompt.text)
    else:
        end = "refused"
        assert favorites(made) == []
    await made.cut_power()
    return end


# Publishing


async def previewed(machine: Machine, title: str) -> Message:
    """The preview of a show that is ready to be sent."""
    form = await machine.ada.slash(machine.channel, "mixcloud upload", {"file": SOUND})
    await form.opened_modal()
    return await (await machine.ada.submit(form, title=title)).reply()


async def test_a_power_cut_while_publishing_publishes_once_and_is_told(tmp_path: Path) -> None:
    ends: Counter[str] = Counter()
    async with machine(tmp_path) as made:
        await made.link(made.ada, "ada.plays")
        for number, step in enumerate(cuts("publishing")):
            ends[await cut_while_publishing(made, step, f"Late Shift {number}")] += 1
            made.mixcloud.uploads.clear()
    log.info("publishing, cut at any step: %s", ends)


async def settled(machine: Machine, title: str) -> None:
    """Wait until nobody is thought to send the show any more."""
    async with asyncio.timeout(10), open_store(machine.database_url) as store:
        while any(  # noqa: ASYNC110  # it is another process that changes it
            title in one["material"] and one["state"] != "draft"
            for one in (await store.remembered(int(machine.ada.id)))["uploads"]
        ):
            await asyncio.sleep(0.1)


async def cut_while_publishing(made: Machine, step: int, title: str) -> str:
    await made.switch_on(dies_at=step)
    preview = await previewed(made, title)
    made.count()
    clicked = await made.ada.click(preview, "Publish")
    dead = asyncio.create_task(made.death())
    done = asyncio.create_task(preview.until(lambda preview: "Show to all" in preview.text))
    await asyncio.wait((dead, done), return_when=asyncio.FIRST_COMPLETED)
    end = "done"
    if made.is_dead:
        end = "told after the start"
        await made.begin_again()
        await settled(made, title)
        # Cut before Discord had its answer, it says so itself, and before the show was taken,
        # nothing happened: the preview is as it was, and Ada clicks again.
        if not clicked.response or "Nothing is sent yet" in preview.text:
            end = "clicked again"
            await made.ada.click(preview, "Publish")
        try:
            await preview.until(lambda preview: any(e in preview.text for e in ENDS), timeout=20)
        except TimeoutError:
            raise AssertionError(step, preview, "".join(made.log)[-3000:]) from None
    for task in (dead, done):
        task.cancel()
    await asyncio.gather(dead, done, return_exceptions=True)
    assert len(made.mixcloud.uploads) <= 1, step
    if "Show to all" in preview.text:
        assert len(made.mixcloud.uploads) == 1
        end += ", as published"
    await made.cut_power()
    return end
