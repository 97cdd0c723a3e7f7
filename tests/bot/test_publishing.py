"""Publishing and changing shows from chat, from the command to the card."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mixbot.accounts import Reply
from mixbot.sandbox.demo import samples
from mixbot.sandbox.discord import File, Interaction, Message, User
from mixbot.sandbox.mixcloud import (
    AfterUpload,
    CutUpload,
    Hang,
    HoldReading,
    Html403,
    InvalidToken,
    LostAnswer,
    RateLimit,
    Section,
    ServerError,
    Show,
)
from mixbot.sandbox.mixcloud import User as Host
from mixbot.ui import publishing as chat
from tests.conftest import Scene, page_of, running, staged

MP3_START = samples.silent_mp3()[:20_000]
SOUND = File("Late_Shift_12.mp3", samples.silent_mp3()[:300_000], content_type="audio/mpeg")
LARGE = File.sparse("a.mp3", 9_000_000, start=MP3_START)  # more than systems buffer
COVER = File("cover.jpg", samples.cover(), content_type="image/jpeg")
ABOUT = {"title": "Late Shift 12", "description": "For the *night* shift.", "tags": "House, #Dub"}
TRACKS = "0:00 Mira Vale - First Drops\n12:30 Noor - Tram in the Mist\n55:00 The end"


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


def host_of(scene: Scene) -> Host:
    """Ada's account at Mixcloud."""
    host = scene.mixcloud.catalogue.user("ada.plays")
    assert host
    return host


async def filled_in(
    scene: Scene,
    opened: Interaction | None = None,
    *,
    user: User | None = None,
    options: dict[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """The preview of what was filled into the form of `/mixcloud upload`."""
    user = user or scene.ada
    if opened is None:
        opened = await user.slash(
            scene.channel, "mixcloud upload", {"file": SOUND} if options is None else options
        )
    await opened.opened_modal()
    return await (await user.submit(opened, {**ABOUT, **fields})).reply()


async def published(message: Message) -> Message:
    """The message once it is the card of the show."""
    return await message.until(lambda message: "Show to all" in message.text)


def arrived(scene: Scene) -> Show:
    """The show that came last, with a file that is whole."""
    return scene.mixcloud.uploads[-1].show


async def test_a_show_is_filled_in_looked_at_and_published(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": SOUND, "cover": COVER}, tracklist=TRACKS)
    assert preview.ephemeral
    assert "### Late Shift 12" in preview.text
    assert "MP3 · 300 KB" in preview.text
    assert "House, Dub" in preview.text
    assert "12:30 Noor - Tram in the Mist" in preview.text
    assert r"\*night\*" in preview.text
    assert "Nothing is sent yet" in preview.text
    assert studio.mixcloud.uploads == []
    await studio.ada.click(preview, "Publish")
    card = await published(preview)
    show = arrived(studio)
    assert page_of(card) == f"https://www.mixcloud.com{show.key}"
    assert (show.name, show.description) == ("Late Shift 12", "For the *night* shift.")
    assert list(show.tags) == ["House", "Dub"]
    assert show.sections == (
        Section("Mira Vale", "First Drops", 0),
        Section("Noor", "Tram in the Mist", 750),
        Section("", "", 3300, "The end"),
    )
    files = studio.mixcloud.uploads[-1].form.files
    assert files["mp3"].sha256 == SOUND.sha256()
    assert files["picture"].sha256 == COVER.sha256()


async def test_files_can_be_given_in_the_form(studio: Scene) -> None:
    opened = await studio.ada.slash(studio.channel, "mixcloud upload")
    sheet = File("mix.cue", samples.cue_sheet(), content_type="application/x-cue")
    preview = await filled_in(studio, opened, files=[COVER, sheet, SOUND], title="")
    assert "### Late Shift 12" in preview.text
    assert "Tracks **6**" in preview.text
    await studio.ada.click(preview, "Publish unlisted")
    await published(preview)
    assert arrived(studio).visibility == "unlisted"
    assert len(arrived(studio).sections) == 6


async def test_a_whole_show_in_yaml(studio: Scene) -> None:
    sheet = File("show.yml", samples.written_show(), content_type="application/yaml")
    opened = await studio.ada.slash(
        studio.channel, "mixcloud upload", {"file": SOUND, "tracklist": sheet}
    )
    await opened.opened_modal()
    given = {"title": "", "description": "", "tags": ""}
    preview = await (await studio.ada.submit(opened, given)).reply()
    assert f"### {samples.TITLE}" in preview.text
    assert samples.ABOUT in preview.text
    assert "Ambient, Downtempo, Rain" in preview.text


async def test_what_is_wrong_is_said_line_by_line_and_put_right(studio: Scene) -> None:
    wrong = "0:00 Mira Vale - First Drops\nno time and no dash\n9:99 x"
    preview = await filled_in(studio, tracklist=wrong, tags="a,b,c,d,e,f", description="x" * 1001)
    assert "This cannot be sent yet" in preview.text
    assert "Tracklist, line 2: read 'no time and no dash'" in preview.text
    assert "Tracklist, line 3" in preview.text
    assert "tag 6: 'f' is more than the 5 allowed" in preview.text
    assert "description: has 1,001 characters, of 1,000 allowed" in preview.text
    assert [button.label for button in preview.buttons] == ["Correct", "Cancel"]
    opened = await studio.ada.click(preview, "Correct")
    form = await opened.opened_modal()
    proposed = {
        one["component"]["custom_id"]: one["component"].get("value") for one in form["components"]
    }
    assert proposed["tracklist"] == wrong
    assert proposed["title"] == "Late Shift 12"
    await studio.ada.submit(opened, tracklist=TRACKS, tags="a", description="Short")
    await preview.until(lambda preview: "Nothing is sent yet" in preview.text)
    await studio.ada.click(preview, "Publish")
    await published(preview)
    assert arrived(studio).description == "Short"


async def test_what_is_no_sound_is_refused_whatever_it_is_called(studio: Scene) -> None:
    file = File("mix.mp3", b"PK\x03\x04" + bytes(1000), content_type="audio/mpeg")
    preview = await filled_in(studio, options={"file": file, "cover": SOUND})
    assert "Sound: " in preview.text
    assert "ZIP" in preview.text
    assert "Cover: " in preview.text
    opened = await studio.ada.click(preview, "Correct")
    await opened.opened_modal()
    await studio.ada.submit(opened, files=[SOUND, COVER])
    await preview.until(lambda preview: "Nothing is sent yet" in preview.text)


async def test_nothing_given_at_all_asks_for_the_sound(studio: Scene) -> None:
    sheet = File("mix.cue", samples.cue_sheet(), content_type="text/plain")
    opened = await studio.ada.slash(studio.channel, "mixcloud upload")
    preview = await filled_in(studio, opened, files=[sheet])
    assert "Sound: there is none" in preview.text


async def test_a_pro_schedules(studio: Scene) -> None:
    preview = await filled_in(studio)
    opened = await studio.ada.click(preview, "Schedule")
    await opened.opened_modal()
    wrong = await studio.ada.submit(opened, date="next friday")
    assert "I read “next friday”" in (await wrong.reply()).text
    later = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(days=3)
    opened = await studio.ada.click(preview, "Schedule")
    await opened.opened_modal()
    await studio.ada.submit(opened, date=f"{later:%Y-%m-%d %H:%M}")
    await preview.until(lambda preview: f"<t:{int(later.timestamp())}:F>" in preview.text)
    await studio.ada.click(preview, "Publish on that date")
    await preview.until(lambda preview: "at Mixcloud" in preview.text)
    fields = studio.mixcloud.uploads[-1].form.fields
    assert fields["publish_date"] == f"{later:%Y-%m-%dT%H:%M:%SZ}"


async def test_others_cannot_schedule(studio: Scene) -> None:
    host_of(studio).is_pro = False
    preview = await filled_in(studio)
    assert preview.button("Schedule (Pro)").disabled


async def test_two_clicks_send_it_once(studio: Scene) -> None:
    preview = await filled_in(studio)
    clicks = [await studio.ada.click(preview, "Publish") for _ in range(2)]
    for click in clicks:
        await click.acknowledged()
    await published(preview)
    assert len(studio.mixcloud.arrivals) == 1


async def test_it_can_be_stopped_and_sent_again(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    await arrival.reaches(100_000)
    await preview.until(lambda preview: " %" in preview.text)
    await studio.ada.click(preview, "Stop")
    await preview.until(lambda preview: "Stopped." in preview.text)
    assert "Mixcloud has nothing of it" in preview.text
    arrival.release()
    await arrival.ended()
    assert studio.mixcloud.uploads == []
    await studio.ada.click(preview, "Try again")
    await published(preview)
    assert len(studio.mixcloud.uploads) == 1


async def test_a_draft_can_be_cancelled(studio: Scene) -> None:
    preview = await filled_in(studio)
    await studio.ada.click(preview, "Cancel")
    await preview.until(lambda preview: "Cancelled" in preview.text)
    data = await studio.parts.store.remembered(int(studio.ada.id))
    assert data["uploads"] == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (AfterUpload(RateLimit(30)), "Mixcloud asks to wait. Try again <t:"),
        (AfterUpload(ServerError(500)), "It may have arrived: look before you try again."),
        (AfterUpload(Html403()), "It may have arrived: look before you try again."),
        (RateLimit(30), "Mixcloud asks to wait. Try again <t:"),
        (CutUpload(10_000), "you can safely try again"),
    ],
    ids=["rate limit", "server error", "blocked", "rate limit at once", "cut"],
)
async def test_what_goes_wrong_at_mixcloud_is_said_and_tried_again(
    studio: Scene, fault: Any, said: str
) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    studio.mixcloud.fault("POST", "/upload/", fault, times=1)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Try again" in preview.text)
    assert said in preview.text, preview.text
    assert studio.mixcloud.uploads == []


async def test_mixclouds_words_are_told_field_by_field(studio: Scene) -> None:
    studio.mixcloud.catalogue.add_show("ada.plays", "Late Shift 12")
    preview = await filled_in(studio)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Try again" in preview.text)
    assert "title: You already have a show with this name." in preview.text
    opened = await studio.ada.click(preview, "Change")
    await opened.opened_modal()
    await studio.ada.submit(opened, title="Late Shift 13")
    await preview.until(lambda preview: "Nothing is sent yet" in preview.text)
    await studio.ada.click(preview, "Publish")
    await published(preview)
    assert arrived(studio).name == "Late Shift 13"


async def test_an_answer_that_got_lost_is_looked_for(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.mixcloud.fault("POST", "/upload/", LostAnswer(), times=1)
    await studio.ada.click(preview, "Publish")
    await published(preview)
    assert len(studio.mixcloud.uploads) == 1


async def test_a_token_refused_after_the_upload_leads_to_linking(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.mixcloud.fault("POST", "/upload/", AfterUpload(InvalidToken()), times=1)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Try again" in preview.text)
    assert "Mixcloud no longer accepts your link" in preview.text
    assert await studio.parts.accounts.account(int(studio.ada.id)) is None
    await studio.ada.click(preview, "Try again")
    await preview.until(lambda preview: "Link Mixcloud" in preview.text)
    assert "Then I will send your show." in preview.text


async def test_mixcloud_still_works_on_it(studio: Scene) -> None:
    studio.mixcloud.manners.processing = 1
    preview = await filled_in(studio)
    await studio.ada.click(preview, "Publish")
    await published(preview)
    studio.mixcloud.manners.processing = 10
    preview = await filled_in(studio, title="Another")
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "which still works on it" in preview.text)
    assert preview.link("Open on Mixcloud").endswith("/ada.plays/another/")


async def test_after_fifteen_minutes_it_goes_on_in_a_direct_message(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    await preview.until(lambda preview: " %" in preview.text)
    async with studio.discord.subscribe(studio.ada) as events:
        studio.discord.pass_time(16 * 60)
        arrival.release()
        async for event in events:
            if event.message and event.message.channel is studio.ada.dm():
                break
    (direct,) = studio.ada.messages(studio.ada.dm())
    await published(direct)
    assert arrived(studio).name == "Late Shift 12"


async def test_or_in_the_channel_if_so_chosen(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    choose = await studio.ada.choose(preview, "channel", custom_id=preview.menus[0]["custom_id"])
    await choose.acknowledged()
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    studio.discord.pass_time(16 * 60)
    await studio.discord.requested("POST", f"/channels/{studio.channel.id}/messages")
    arrival.release()
    public = studio.noor.messages(studio.channel)[-1]
    await published(public)
    assert public.pings == {studio.ada.id}


async def test_an_unlisted_show_is_no_matter_of_the_channel(studio: Scene) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    await (
        await studio.ada.choose(preview, "channel", custom_id=preview.menus[0]["custom_id"])
    ).acknowledged()
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish unlisted")
    arrival = await studio.mixcloud.arrival()
    studio.discord.pass_time(16 * 60)
    await studio.discord.requested("POST", f"/channels/{studio.ada.dm().id}/messages")
    arrival.release()
    await published(studio.ada.messages(studio.ada.dm())[-1])
    assert studio.noor.messages(studio.channel) == []


async def test_a_file_and_a_link_are_one_too_many(studio: Scene) -> None:
    link = "https://example.com/mix.mp3"
    answer = await studio.use(studio.ada, "mixcloud upload", file=SOUND, link=link)
    assert answer.text == "Give me a file or a link to one, not both."


async def test_who_is_not_linked_links_first_and_goes_on(scene: Scene) -> None:
    interaction = await scene.ada.slash(scene.channel, "mixcloud upload", {"file": SOUND})
    prompt = await interaction.reply()
    assert prompt.ephemeral
    assert "Then your upload goes on." in prompt.text
    assert prompt.link("Link Mixcloud")


async def test_nobody_else_can_touch_a_draft(studio: Scene) -> None:
    await studio.link(studio.noor, "noor.plays")
    preview = await filled_in(studio)
    custom_id = preview.button("Publish").custom_id
    elsewhere = await filled_in(studio, user=studio.noor)
    for button in elsewhere.raw["components"][0]["components"][-2]["components"]:
        if button["label"] == "Publish":
            button["custom_id"] = custom_id
    refused = await (await studio.noor.click(elsewhere, "Publish")).reply()
    assert "was published, cancelled, or left" in refused.text
    assert studio.mixcloud.uploads == []


async def test_a_link_to_this_machine_is_refused(studio: Scene) -> None:
    for link in (studio.mixcloud.url, "http://2130706433/mix.mp3", "http://[::ffff:7f00:1]/a.mp3"):
        preview = await filled_in(studio, options={"link": link})
        assert "This cannot be sent yet" in preview.text
        assert "Sound: " in preview.text
        await studio.ada.click(preview, "Cancel")
    assert studio.mixcloud.uploads == []


async def test_a_link_to_a_large_file_is_streamed(tmp_path: Path) -> None:
    async with staged(tmp_path, may_connect=lambda address: address.is_loopback) as scene:
        await scene.link(scene.ada, "ada.plays")
        file = File.sparse("huge mix.mp3", 25_000_000, start=MP3_START)
        scene.discord.size_limit = 30_000_000
        url = scene.discord.world.files.keep(scene.channel.id, file)["url"]
        preview = await filled_in(scene, options={"link": url}, title="Huge")
        assert "MP3 · 25 MB" in preview.text
        await scene.ada.click(preview, "Publish")
        await published(preview)
        assert scene.mixcloud.uploads[-1].form.files["mp3"].sha256 == file.sha256()


async def test_links_can_be_switched_off(tmp_path: Path) -> None:
    async with staged(tmp_path, link_uploads=False) as scene:
        await scene.link(scene.ada, "ada.plays")
        preview = await filled_in(scene, options={"link": "https://example.com/mix.mp3"})
        assert "Sound: " in preview.text


async def test_a_file_that_breaks_off_is_no_show(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.discord.cdn_fault("*.mp3", cut_after=100_000)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Try again" in preview.text)
    assert studio.mixcloud.uploads == []
    studio.discord.clear_faults()
    await studio.ada.click(preview, "Try again")
    await published(preview)


async def test_only_one_at_a_time_of_a_person(studio: Scene) -> None:
    first = await filled_in(studio, options={"file": LARGE})
    second = await filled_in(studio, title="The second")
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(first, "Publish")
    arrival = await studio.mixcloud.arrival()
    refused = await (await studio.ada.click(second, "Publish")).reply()
    assert "Another show of yours is being sent" in refused.text
    arrival.release()
    await published(first)
    await studio.ada.click(second, "Publish")
    await published(second)
    assert len(studio.mixcloud.uploads) == 2


async def test_a_restart_in_the_middle_is_said_and_claims_nothing(
    studio: Scene, tmp_path: Path
) -> None:
    preview = await filled_in(studio, options={"file": LARGE})
    studio.mixcloud.fault("POST", "/upload/", HoldReading(100_000), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    await arrival.reaches(100_000)
    await studio.parts.bot.close()
    await preview.until(lambda preview: "restarted while this was sent" in preview.text)
    arrival.release()
    await arrival.ended()
    async with running(studio.settings, studio.discord):
        await studio.ada.click(preview, "Try again")
        await published(preview)
    assert len(studio.mixcloud.uploads) == 1


async def test_a_process_that_died_leaves_a_draft_behind(studio: Scene) -> None:
    preview = await filled_in(studio)
    upload = await only_upload(studio)
    reply = Reply(int(studio.discord.bot.id), "gone")
    now = datetime.now(UTC)
    await studio.parts.store.begin_sending(
        upload["id"],
        int(studio.ada.id),
        now,
        holder="dead",
        alive_until=now - timedelta(seconds=1),
        application_id=reply.application_id,
    )
    await studio.parts.bot.publishing.recover()
    await studio.discord.requested("POST", f"/channels/{studio.ada.dm().id}/messages")
    direct = studio.ada.messages(studio.ada.dm())[-1]
    assert "restarted while this was sent" in direct.text
    await studio.ada.click(direct, "Try again")
    await published(direct)
    assert preview.ephemeral


async def only_upload(scene: Scene) -> Any:
    data = await scene.parts.store.remembered(int(scene.ada.id))
    (upload,) = data["uploads"]
    return upload


async def test_stopped_when_all_of_it_is_out_it_may_be_there(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.mixcloud.fault("POST", "/upload/", AfterUpload(Hang()), times=1)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: "Mixcloud is looking at it" in preview.text)
    await studio.ada.click(preview, "Stop")
    await preview.until(lambda preview: "look before you try again" in preview.text)


async def test_stopped_while_the_file_does_not_come(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.discord.cdn_fault("*.mp3", hold_after=100_000)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: " %" in preview.text)
    await studio.ada.click(preview, "Stop")
    await preview.until(lambda preview: "Mixcloud has nothing of it" in preview.text)
    assert studio.mixcloud.uploads == []


@pytest.mark.parametrize(
    ("name", "length"), [("Late_Shift_12.mp3", 4 * 1024**3 + 1), ("cover.jpg", 10 * 1024**2 + 1)]
)
async def test_what_is_larger_than_mixcloud_takes_is_refused(
    studio: Scene, name: str, length: int
) -> None:
    studio.discord.cdn_fault(name, length=length)
    preview = await filled_in(studio, options={"file": SOUND, "cover": COVER})
    assert "That file is too large." in preview.text


async def test_the_oldest_of_many_drafts_makes_room(studio: Scene) -> None:
    first = await filled_in(studio)
    for _number in range(10):
        last = await filled_in(studio)
    lost = await (await studio.ada.click(first, "Publish")).reply()
    assert "Begin again with" in lost.text
    await studio.ada.click(last, "Publish")
    await published(last)


async def test_mixcloud_down_during_the_preview_loses_nothing(studio: Scene) -> None:
    studio.mixcloud.fault("GET", "/me/", ServerError(500))
    preview = await filled_in(studio)
    assert "Nothing is sent yet" in preview.text
    studio.mixcloud.clear_faults()
    await studio.ada.click(preview, "Publish")
    await published(preview)


async def test_with_direct_messages_closed_no_channel_is_told(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.ada.accepts_dms = False
    studio.mixcloud.fault("POST", "/upload/", HoldReading(0), times=1)
    await studio.ada.click(preview, "Publish")
    arrival = await studio.mixcloud.arrival()
    studio.discord.pass_time(16 * 60)
    arrival.release()
    await studio.discord.requested("POST", f"/channels/{studio.ada.dm().id}/messages")
    assert "Late Shift" not in "".join(one.text for one in studio.noor.messages(studio.channel))


async def test_a_process_sends_so_many_at_once(studio: Scene) -> None:
    studio.mixcloud.fault("POST", "/upload/", HoldReading(0), times=5)
    previews = []
    for number in range(6):
        user = studio.discord.user(f"host-{number}")
        studio.guild.join(user)
        await studio.link(user, f"host.{number}")
        previews.append((user, await filled_in(studio, user=user)))
    for number, (user, preview) in enumerate(previews[:5], 1):
        await user.click(preview, "Publish")
        await studio.mixcloud.arrival(number)
    user, preview = previews[5]
    refused = await (await user.click(preview, "Publish")).reply()
    assert "Others are uploading right now" in refused.text
    for arrival in studio.mixcloud.arrivals:
        arrival.release()
    for _user, sent in previews[:5]:
        await published(sent)
    await user.click(preview, "Publish")
    await published(preview)


async def test_who_is_forgotten_meanwhile_is_forgotten(studio: Scene) -> None:
    preview = await filled_in(studio)
    studio.discord.cdn_fault("*.mp3", hold_after=100_000)
    await studio.ada.click(preview, "Publish")
    await preview.until(lambda preview: " %" in preview.text)
    await studio.parts.bot.forget(int(studio.ada.id))
    await preview.until(lambda preview: "Stopped." in preview.text)
    data = await studio.parts.store.remembered(int(studio.ada.id))
    assert data["uploads"] == []


async def test_privacy_names_what_is_published(studio: Scene) -> None:
    await filled_in(studio)
    answer = await studio.use(studio.ada, "mixcloud privacy")
    assert "1 show that you are publishing" in answer.text


async def test_in_a_direct_message_there_is_no_channel_to_choose(studio: Scene) -> None:
    studio.ada.install()
    opened = await studio.ada.slash(studio.ada.dm(), "mixcloud upload", {"file": SOUND})
    preview = await filled_in(studio, opened)
    assert preview.menus == []
    await studio.ada.click(preview, "Publish")
    await published(preview)
