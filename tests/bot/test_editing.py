"""Changing one's own shows from chat."""

from __future__ import annotations

from typing import Any

import pytest

from mixbot.sandbox.demo import samples
from mixbot.sandbox.discord import File, Message
from mixbot.sandbox.mixcloud import HoldReading, Section, Show
from mixbot.ui import publishing as chat
from tests.conftest import Scene, page_of


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told every few seconds is told at once."""
    monkeypatch.setattr(chat, "EVERY", 0.01)
    monkeypatch.setattr(chat, "PROCESSED", (0.0, 0.01))


@pytest.fixture
async def show(scene: Scene) -> Show:
    """A show of Ada's."""
    await scene.link(scene.ada, "ada.plays")
    made = scene.mixcloud.catalogue.add_show(
        "ada.plays", "Late Shift 12", description="One\r\ntwo", tags=("House", "Dub")
    )
    made.sections = (Section("Mira Vale", "First Drops", 0), Section("", "", 90, "The rest"))
    return made


async def opened(scene: Scene, show: Show) -> Message:
    return await scene.use(scene.ada, "mixcloud edit", mix=show.key.strip("/"))


async def changed(scene: Scene, message: Message, shown: str, **fields: Any) -> None:
    """Fill in the form for texts and cover; `shown` is what the message then says."""
    form = await scene.ada.click(message, "Text and cover")
    await form.opened_modal()
    await scene.ada.submit(form, **fields)
    await message.until(lambda message: shown in message.text)


async def saved(message: Message) -> Message:
    return await message.until(lambda message: "Saved." in message.text)


async def test_own_shows_are_suggested(scene: Scene, show: Show) -> None:
    choices = await scene.ada.autocomplete(
        scene.channel, "mixcloud edit", focused="mix", mix="late"
    )
    assert [choice["name"] for choice in choices] == ["Late Shift 12"]
    assert await scene.noor.autocomplete(scene.channel, "mixcloud edit", focused="mix") == []


async def test_only_what_is_changed_is_sent(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    assert message.ephemeral
    assert "Nothing is changed yet" in message.text
    assert message.button("Save").disabled
    form = await scene.ada.click(message, "Text and cover")
    fields = {
        one["component"]["custom_id"]: one["component"].get("value")
        for one in (await form.opened_modal())["components"]
    }
    assert fields["title"] == "Late Shift 12"
    assert fields["description"] == "One\ntwo"
    assert fields["tags"] == "House, Dub"
    await scene.ada.submit(form, description="One\nthree")
    await message.until(lambda message: "**Description**: One three" in message.text)
    assert "**Tags**" not in message.text
    await scene.ada.click(message, "Save")
    card = await saved(message)
    assert page_of(card) == f"https://www.mixcloud.com{show.key}"
    assert scene.mixcloud.uploads[-1].form.fields == {"description": "One\nthree"}
    assert show.description == "One\nthree"
    assert len(show.sections) == 2


async def test_the_tracklist_has_an_editor(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    form = await scene.ada.click(message, "Tracklist")
    fields = (await form.opened_modal())["components"]
    assert fields[0]["component"]["value"] == "0:00 Mira Vale - First Drops\n1:30 The rest\n"
    written = "0:00 Mira Vale - First Drops\n1:30 Noor - Tram\n2:00:00 Goodbye"
    await scene.ada.submit(form, {"part-0": written})
    await message.until(lambda message: "**Tracklist**: 3 tracks" in message.text)
    await scene.ada.click(message, "Save")
    await saved(message)
    assert show.sections[1:] == (Section("Noor", "Tram", 90), Section("", "", 7200, "Goodbye"))
    assert set(scene.mixcloud.uploads[-1].form.fields) == {
        "sections-0-start_time", "sections-0-artist", "sections-0-song",
        "sections-1-start_time", "sections-1-artist", "sections-1-song",
        "sections-2-start_time", "sections-2-chapter",
    }  # fmt: skip


async def test_a_long_tracklist_takes_several_fields(scene: Scene, show: Show) -> None:
    show.sections = tuple(Section("An artist", f"Song {n} " + "x" * 80, n) for n in range(150))
    message = await opened(scene, show)
    form = await scene.ada.click(message, "Tracklist")
    fields = [one["component"] for one in (await form.opened_modal())["components"]]
    assert len(fields) == 5
    assert all(len(field.get("value", "")) <= 4000 for field in fields)
    last = fields[4].get("value", "") + "2:30 One - More\n"
    await scene.ada.submit(form, {"part-4": last})
    await message.until(lambda message: "**Tracklist**: 151 tracks" in message.text)


async def test_a_tracklist_cannot_be_removed(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    form = await scene.ada.click(message, "Tracklist")
    await form.opened_modal()
    await scene.ada.submit(form, {"part-0": ""})
    await message.until(lambda message: "no way to remove all sections" in message.text)
    assert show.sections


@pytest.mark.parametrize(
    ("choice", "visibility"),
    [("Take it back into drafts", "private"), ("Only for those who have the link", "unlisted")],
)
async def test_who_can_see_it(scene: Scene, show: Show, choice: str, visibility: str) -> None:
    message = await opened(scene, show)
    await scene.ada.choose(message, choice)
    await message.until(lambda message: "**Visible**: " in message.text)
    await scene.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text or "works on it" in message.text)
    assert show.visibility == visibility
    assert len(scene.mixcloud.uploads[-1].form.fields) == 1


async def test_a_cover_is_replaced(scene: Scene, show: Show) -> None:
    cover = File("cover.jpg", samples.cover(), content_type="image/jpeg")
    message = await opened(scene, show)
    await changed(scene, message, "**Cover**: JPEG", files=[cover])
    await scene.ada.click(message, "Save")
    await saved(message)
    form_sent = scene.mixcloud.uploads[-1].form
    assert form_sent.files["picture"].sha256 == cover.sha256()
    assert form_sent.fields == {}


async def test_tags_that_came_meanwhile_stay(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    await changed(scene, message, "**Tags**: Dub, Night", tags="Dub, Night")
    show.tags = ("House", "Dub", "Live")
    await scene.ada.click(message, "Save")
    await saved(message)
    assert show.tags == ("Dub", "Live", "Night")


async def test_a_change_of_the_same_meanwhile_is_not_overwritten(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    await changed(scene, message, "**Description**: Mine", description="Mine")
    show.description, show.name = "Theirs", "Late Shift 12b"
    await scene.ada.click(message, "Save")
    await message.until(lambda message: "changed at Mixcloud meanwhile" in message.text)
    assert show.description == "Theirs"
    form = await scene.ada.click(message, "Change")
    fields = (await form.opened_modal())["components"]
    assert [one["component"].get("value") for one in fields[:2]] == ["Late Shift 12b", "Mine"]
    await scene.ada.submit(form)
    await message.until(lambda message: "**Description**: Mine" in message.text)
    assert "**Title**" not in message.text
    await scene.ada.click(message, "Save")
    await saved(message)
    assert (show.description, show.name) == ("Mine", "Late Shift 12b")


async def test_the_shows_of_others_are_left_alone(scene: Scene, show: Show) -> None:
    answer = await scene.use(scene.ada, "mixcloud edit", mix=scene.jazz.strip("/"))
    assert answer.text == "That show is not of the account that you have linked."
    prompt = await scene.use(scene.noor, "mixcloud edit", mix=show.key.strip("/"))
    assert prompt.link("Link Mixcloud")


async def test_two_saves_are_one(scene: Scene, show: Show) -> None:
    message = await opened(scene, show)
    await changed(scene, message, "**Title**: Later Shift", title="Later Shift")
    scene.mixcloud.fault("POST", "/upload/*/*/edit/", HoldReading(0), times=1)
    clicks = [await scene.ada.click(message, "Save") for _ in range(2)]
    for click in clicks:
        await click.acknowledged()
    await saved(message)
    assert len(scene.mixcloud.uploads) == 1
    again = await scene.use(scene.ada, "mixcloud show", mix=show.key.strip("/"))
    assert "### [Later Shift]" in again.text
