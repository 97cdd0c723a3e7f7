"""Publishing and changing shows where something is in the way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mixbot import publishing
from mixbot.sandbox.demo import samples
from mixbot.sandbox.discord import File, Message
from mixbot.sandbox.mixcloud import (
    Hang,
    HoldReading,
    LostAnswer,
    RateLimit,
    Section,
    ServerError,
    Show,
)
from mixbot.store import engines
from mixbot.ui import publishing as chat
from tests.bot.test_linking import agree
from tests.bot.test_publishing import (
    ABOUT,
    MP3_START,
    SOUND,
    TRACKS,
    arrived,
    filled_in,
    host_of,
    only_upload,
    published,
)
from tests.conftest import Scene, staged
from tests.web.browser import browser as new_browser

LARGE = File.sparse("a.mp3", 9_000_000, start=MP3_START)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told every few seconds is told at once."""
    monkeypatch.setattr(chat, "EVERY", 0.01)
    monkeypatch.setattr(chat, "PROCESSED", (0.0, 0.01, 0.01))


@pytest.fixture
async def studio(scene: Scene) -> Scene:
    """A scene in which Ada has linked the account of a host."""
    await scene.link(scene.ada, "ada.plays")
    host_of(scene).is_pro = True
    return scene


@pytest.fixture
def show(studio: Scene) -> Show:
    """A show of Ada's."""
    return studio.mixcloud.catalogue.add_show(
        "ada.plays", "Late Shift 12", description="One\ntwo", tags=("House", "Dub")
    )


def proposed(form: Any) -> dict[str, str]:
    """What stands in the fields of a form."""
    parts = [part["component"] for part in form["components"]]
    return {part["custom_id"]: part.get("value", "") for part in parts}


async def held(studio: Scene, preview: Message) -> Any:
    """The upload of what is previewed, held in the middle."""
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    await arrival.reaches(100_000)
    return arrival


# Who sees what


async def test_what_was_to_go_on_in_a_direct_message_is_shown_to_nobody_else(
    studio: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    arrival = await held(studio, preview)
    await preview.until(lambda preview: " %" in preview.text)
    path = f"/channels/{studio.ada.dm().id}/messages"
    studio.discord.fault("POST", path, status=403, code=50007, message="Cannot send messages")
    later = datetime.now(UTC) + timedelta(minutes=14, seconds=45)
    monkeypatch.setattr(studio.parts.bot.publishing, "_now", lambda: later)
    await preview.until(lambda preview: "cannot write to you" in preview.text)
    arrival.release()
    await arrival.ended()
    await studio.discord.requested("POST", path)
    assert studio.noor.messages(studio.channel) == []


async def test_what_goes_on_in_a_channel_that_is_closed_ends_in_a_direct_message(
    studio: Scene,
) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    choose = await studio.ada.choose(preview, "channel", custom_id=preview.menus[0]["custom_id"])
    await choose.acknowledged()
    arrival = await held(studio, preview)
    studio.discord.pass_time(16 * 60)
    path = f"/channels/{studio.channel.id}/messages"
    await studio.discord.requested("POST", path)
    studio.discord.fault("PATCH", f"{path}/*", status=403, code=50001)
    studio.discord.fault("POST", path, status=403, code=50001)
    arrival.release()
    await studio.discord.requested("POST", f"/channels/{studio.ada.dm().id}/messages")
    await published(studio.ada.messages(studio.ada.dm())[-1])


async def public_failure(studio: Scene) -> Message:
    """A message in the channel that says that the upload failed."""
    preview = await filled_in(studio, options={"file": LARGE}, description="between us")
    choose = await studio.ada.choose(preview, "channel", custom_id=preview.menus[0]["custom_id"])
    await choose.acknowledged()
    arrival = await held(studio, preview)
    studio.discord.pass_time(16 * 60)
    await studio.discord.requested("POST", f"/channels/{studio.channel.id}/messages")
    public = studio.noor.messages(studio.channel)[-1]
    await studio.ada.click(public, "Stop")
    await public.until(lambda public: "Stopped" in public.text)
    arrival.release()
    return public


async def test_a_preview_from_the_channel_is_private(studio: Scene) -> None:
    public = await public_failure(studio)
    opened = await studio.ada.click(public, "Change")
    await opened.opened_modal()
    preview = await (await studio.ada.submit(opened)).reply()
    assert preview.ephemeral
    assert "between us" in preview.text
    assert "between us" not in public.text
    await studio.ada.click(preview, "Publish")
    await published(preview)


async def test_a_link_button_from_the_channel_is_private(studio: Scene) -> None:
    public = await public_failure(studio)
    await studio.parts.accounts.unlink(int(studio.ada.id))
    prompt = await (await studio.ada.click(public, "Try again")).reply()
    assert prompt.ephemeral
    assert "Link Mixcloud" not in public.text


async def test_trying_again_in_the_channel(studio: Scene) -> None:
    public = await public_failure(studio)
    clicks = [await studio.ada.click(public, "Try again") for _ in range(2)]
    for click in clicks:
        await click.acknowledged()
    await studio.mixcloud.arrival(2)
    assert len(studio.mixcloud.arrivals) == 2


# What is claimed


async def test_an_edit_that_is_stopped_may_have_been_made(studio: Scene, show: Show) -> None:
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    form = await studio.ada.click(message, "Text and cover")
    await form.opened_modal()
    await studio.ada.submit(form, description="New")
    await message.until(lambda message: "**Description**: New" in message.text)
    studio.mixcloud.fault("POST", "/upload/*/*/edit/", Hang(), times=1)
    await studio.ada.click(message, "Save")
    await studio.mixcloud.requested("POST", "/upload/*/*/edit/")
    await studio.ada.click(message, "Stop")
    await message.until(lambda message: "Stopped" in message.text)
    assert "may have it all" in message.text


async def test_stopping_while_a_lost_upload_is_looked_for(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.mixcloud.fault("POST", "/upload/", LostAnswer(), times=1)
    studio.mixcloud.fault("GET", "/ada.plays/cloudcasts/", Hang())
    await studio.ada.click(preview, "Publish")
    await studio.mixcloud.requested("GET", "/ada.plays/cloudcasts/")
    await studio.ada.click(preview, "Stop")
    await preview.until(lambda preview: "Stopped" in preview.text)
    assert "may have it all" in preview.text


async def test_a_draft_taken_back_is_saved(studio: Scene, show: Show) -> None:
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    await studio.ada.choose(message, "Take it back into drafts")
    await message.until(lambda message: "**Visible**" in message.text)
    await studio.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text)


async def test_what_came_of_it_is_told_though_discord_stumbles(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    arrival = await held(studio, preview)
    await preview.until(lambda preview: " %" in preview.text)
    studio.discord.fault("PATCH", "/webhooks/*", status=400, times=8)
    arrival.release()
    await published(preview)


async def test_who_is_forgotten_publishes_nothing(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    arrival = await held(studio, preview)
    await preview.until(lambda preview: " %" in preview.text)
    privacy = await studio.use(studio.ada, "mixcloud privacy")
    await studio.ada.click(privacy, "Forget me…")
    await privacy.until(lambda privacy: "Shall I forget" in privacy.text)
    await studio.ada.click(privacy, "Forget me")
    await preview.until(lambda preview: "Stopped. Mixcloud has nothing of it." in preview.text, 5)
    arrival.release()
    await arrival.ended()
    assert studio.mixcloud.uploads == []


# Correcting


async def test_unlisted_stays_so_while_an_account_is_linked(studio: Scene) -> None:
    preview = await filled_in(studio)
    await studio.parts.accounts.unlink(int(studio.ada.id))
    await studio.ada.click(preview, "Publish unlisted")
    await preview.until(lambda preview: "Link Mixcloud" in preview.text)
    assert '"visibility":"unlisted"' in (await only_upload(studio))["material"]


@pytest.mark.parametrize("label", ["Publish", "Publish unlisted"])
async def test_what_waited_for_an_account_is_sent_and_told(studio: Scene, label: str) -> None:
    preview = await filled_in(studio)
    await studio.parts.accounts.unlink(int(studio.ada.id))
    await studio.ada.click(preview, label)
    await preview.until(lambda preview: "Link Mixcloud" in preview.text)
    async with new_browser() as browser:
        await agree(studio, browser, preview, studio.ada)
    await published(preview)
    assert (
        arrived(studio).visibility == {"Publish": "public", "Publish unlisted": "unlisted"}[label]
    )


async def test_what_needs_a_pro_account_is_said_at_once(studio: Scene) -> None:
    host_of(studio).is_pro = False
    preview = await filled_in(studio, tracklist="tags: [Dub]\nhide_stats: true\n")
    assert "numbers: this needs a Pro account" in preview.text


async def test_a_title_that_cannot_be_read_is_not_missed(studio: Scene) -> None:
    preview = await filled_in(studio, title="", tracklist="title: Dawn\ntrcks: []\n")
    assert "did you mean 'tracks'?" in preview.text
    assert "title: " not in preview.text


async def test_what_was_filled_in_is_not_lost_while_mixcloud_is_down(studio: Scene) -> None:
    studio.mixcloud.fault("GET", "/me/", ServerError(503))
    preview = await filled_in(studio)
    assert [one.label for one in preview.buttons], preview.text
    studio.mixcloud.clear_faults()
    await studio.ada.click(preview, "Publish")
    await published(preview)


async def test_what_was_filled_in_is_not_lost_while_mixcloud_asks_to_wait(studio: Scene) -> None:
    studio.mixcloud.fault("GET", "/me/", RateLimit(30))
    preview = await filled_in(studio)
    assert [one.label for one in preview.buttons], preview.text


async def test_forms_that_were_closed_lock_nobody_out(studio: Scene) -> None:
    for _ in range(12):
        opened = await studio.ada.slash(studio.channel, "mixcloud upload", {"file": SOUND})
        await opened.opened_modal()
    preview = await filled_in(studio, opened)
    await studio.ada.click(preview, "Publish")
    await published(preview)


async def test_unlisted_is_taken_back_with_publish(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.mixcloud.fault("POST", "/upload/", ServerError(503), times=1)
    await studio.ada.click(preview, "Publish unlisted")
    await preview.until(lambda preview: "Try again" in preview.text)
    opened = await studio.ada.click(preview, "Change")
    await opened.opened_modal()
    await studio.ada.submit(opened)
    await preview.until(lambda preview: "Nothing is sent yet" in preview.text)
    await studio.ada.click(preview, "Publish")
    await published(preview)
    assert arrived(studio).visibility == "public"


async def test_the_title_of_a_show_in_yaml_counts(studio: Scene) -> None:
    sheet = File("show.yml", samples.written_show(), content_type="application/yaml")
    opened = await studio.ada.slash(
        studio.channel, "mixcloud upload", {"file": SOUND, "tracklist": sheet}
    )
    await opened.opened_modal()
    preview = await (await studio.ada.submit(opened)).reply()
    assert f"### {samples.TITLE}" in preview.text


async def test_the_title_of_a_show_in_yaml_counts_in_the_form_too(studio: Scene) -> None:
    sheet = File("show.yml", samples.written_show(), content_type="application/yaml")
    opened = await studio.ada.slash(studio.channel, "mixcloud upload")
    await opened.opened_modal()
    preview = await (await studio.ada.submit(opened, files=[SOUND, sheet])).reply()
    assert f"### {samples.TITLE}" in preview.text


async def test_a_tracklist_that_is_typed_replaces_a_file_that_is_none(studio: Scene) -> None:
    wrong = File("tracks.txt", b"PK\x03\x04" + bytes(1000), content_type="text/plain")
    preview = await filled_in(studio, options={"file": SOUND, "tracklist": wrong})
    assert "Tracklist: I read a file of the kind ZIP" in preview.text
    opened = await studio.ada.click(preview, "Correct")
    await opened.opened_modal()
    await studio.ada.submit(opened, tracklist=TRACKS)
    await preview.until(lambda preview: "Tracks **3**" in preview.text)


async def test_a_picture_without_a_type_is_the_cover(studio: Scene) -> None:
    opened = await studio.ada.slash(studio.channel, "mixcloud upload")
    cover = File("cover.JPG", samples.cover(), content_type=None)
    sound = File("mix.mp3", samples.silent_mp3()[:300_000], content_type=None)
    preview = await filled_in(studio, opened, files=[cover, sound])
    assert "Nothing is sent yet" in preview.text


async def test_a_link_is_put_right(tmp_path: Path) -> None:
    async with staged(tmp_path, may_connect=lambda address: address.is_loopback) as scene:
        await scene.link(scene.ada, "ada.plays")
        url = scene.discord.world.files.keep(scene.channel.id, SOUND)["url"]
        scene.discord.cdn_fault("*.mp3", status=404, times=1)
        preview = await filled_in(scene, options={"link": url})
        assert "This cannot be sent yet" in preview.text
        opened = await scene.ada.click(preview, "Another link")
        await opened.opened_modal()
        await scene.ada.submit(opened, link=url)
        await preview.until(lambda preview: "Nothing is sent yet" in preview.text)
        await scene.ada.click(preview, "Publish")
        await published(preview)


# Within Discord's limits


async def test_a_tracklist_too_long_for_a_form_keeps_its_end(studio: Scene, show: Show) -> None:
    show.sections = tuple(Section("Artist", f"Song {n} " + "x" * 60, n) for n in range(500))
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    form = await studio.ada.click(message, "Tracklist")
    first = proposed(await form.opened_modal())["part-0"]
    await studio.ada.submit(form, {"part-0": first.replace("Song 0 ", "Sing 0 ")})
    await message.until(lambda message: "**Tracklist**: 500 tracks" in message.text)
    await studio.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text)
    assert show.sections[0].song.startswith("Sing 0 ")
    assert len(show.sections) == 500


async def test_texts_too_long_for_a_form_stay_as_they_are(studio: Scene) -> None:
    show = studio.mixcloud.catalogue.add_show(
        "ada.plays", "Late Shift 13", description="x" * 5000, tags=("House",)
    )
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    form = await studio.ada.click(message, "Text and cover")
    await form.opened_modal()
    await studio.ada.submit(form, tags="Dub")
    await message.until(lambda message: "**Tags**: Dub" in message.text)
    assert "**Description**" not in message.text
    await studio.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text)
    assert show.description == "x" * 5000


async def test_tracks_that_read_as_others_stay_what_they_are(studio: Scene, show: Show) -> None:
    odd = (Section("", "", 0, "Part one - Dawn"), Section("Nu - Logic", "Home", 60))
    show.sections = (*odd, Section("Noor", "Tram", 120))
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    form = await studio.ada.click(message, "Tracklist")
    text = proposed(await form.opened_modal())["part-0"]
    await studio.ada.submit(form, {"part-0": text.replace("Tram", "Train")})
    await message.until(lambda message: "**Tracklist**: 3 tracks" in message.text)
    await studio.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text)
    assert show.sections == (*odd, Section("Noor", "Train", 120))


async def test_tags_of_a_show_in_yaml_are_sent(studio: Scene, show: Show) -> None:
    message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
    form = await studio.ada.click(message, "Tracklist")
    await form.opened_modal()
    await studio.ada.submit(form, {"part-0": "tags: [Ambient]\n"})
    await message.until(lambda message: "**Tags**: Ambient" in message.text)
    await studio.ada.click(message, "Save")
    await message.until(lambda message: "Saved." in message.text)
    assert show.tags == ("Ambient",)


async def test_a_tag_with_a_comma_is_kept_and_removed_as_one(studio: Scene, show: Show) -> None:
    for typed, tags in (
        ("Drum, Bass, Dub, Night", ("Drum, Bass", "Dub", "Night")),
        ("Dub, Night", ("Dub", "Night")),
    ):
        if not typed.startswith("Dub"):
            show.tags = ("Drum, Bass", "Dub")
        message = await studio.use(studio.ada, "mixcloud edit", mix=show.key.strip("/"))
        form = await studio.ada.click(message, "Text and cover")
        await form.opened_modal()
        await studio.ada.submit(form, tags=typed)
        await message.until(lambda message: "**Tags**" in message.text)
        await studio.ada.click(message, "Save")
        await message.until(lambda message: "Saved." in message.text)
        assert show.tags == tags


HOSTILE = [
    ("夜" * 300, "Japanese"),
    ("‮" + "abc" * 60, "RTL override"),
    ("@everyone <@1> **[x](https://evil.example)** `" * 8, "markdown"),
    ("*" * 4000, "stars"),
    ("​", "invisible"),
]


@pytest.mark.parametrize("title", [one for one, _ in HOSTILE], ids=[name for _, name in HOSTILE])
async def test_any_title_is_previewed_and_sent(studio: Scene, title: str) -> None:
    tags = ",".join(f"{n}" + "*" * 790 for n in range(5))
    tracks = "\n".join(f"{n // 60}:{n % 60:02} *Artist* {n} - @everyone" for n in range(1000))
    sheet = File("t.txt", tracks.encode(), content_type="text/plain")
    preview = await filled_in(
        studio,
        options={"file": SOUND, "tracklist": sheet},
        title=title,
        description="`*_~" * 250,
        tags=tags,
    )
    assert "Nothing is sent yet" in preview.text, preview.text
    assert not preview.raw["mention_everyone"]
    studio.mixcloud.fault("POST", "/upload/", ServerError(503), times=1)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Try again" in preview.text)


# A slow database, and many at once


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Another process writes to the database, and does not finish."""
    connection = sqlite3.connect(scene.settings.database_url.removeprefix("sqlite:///"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


async def test_a_form_is_answered_in_time_though_the_database_is_not(studio: Scene) -> None:
    opened = await studio.ada.slash(studio.channel, "mixcloud upload", {"file": SOUND})
    await opened.opened_modal()
    with locked(studio):
        submitted = await studio.ada.submit(opened, ABOUT)
        await submitted.acknowledged(2.5)
    await (await submitted.reply()).until(lambda preview: "Nothing is sent yet" in preview.text)


async def test_a_command_is_answered_in_time_though_the_database_is_not(studio: Scene) -> None:
    with locked(studio):
        opened = await studio.ada.slash(studio.channel, "mixcloud upload", {"file": SOUND})
        await opened.acknowledged(2.9)


async def test_what_is_done_stays_done_though_the_database_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(publishing, "SETTLING", 0.2)
    failed = asyncio.Event()
    monkeypatch.setattr(publishing.log, "exception", lambda *_: failed.set())
    async with staged(tmp_path) as scene:
        await scene.link(scene.ada, "ada.plays")
        preview = await filled_in(scene, options={"file": LARGE})
        arrival = await held(scene, preview)
        with locked(scene):
            arrival.release()
            await failed.wait()
        await published(preview)
        assert (await only_upload(scene))["state"] == "done"


async def test_no_more_are_sent_at_once_than_allowed(
    studio: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MOST_AT_ONCE", 1)
    await studio.link(studio.noor, "noor.plays")
    previews = [await filled_in(studio, user=user) for user in (studio.ada, studio.noor)]
    studio.mixcloud.fault("POST", "/upload/", HoldReading(1000))
    for user, preview in zip((studio.ada, studio.noor), previews, strict=True):
        await user.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    await asyncio.sleep(0.5)
    assert len(studio.mixcloud.arrivals) == 1
    arrival.release()
