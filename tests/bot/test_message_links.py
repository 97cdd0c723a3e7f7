"""Links in ordinary messages, where a server wants them answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from discord.utils import time_snowflake

from mixbot.mixcloud.client import READ_ATTEMPTS
from mixbot.sandbox.discord import Channel, Message, Permission
from mixbot.sandbox.discord.kinds import ChannelKind
from mixbot.sandbox.discord.messages import compose
from mixbot.sandbox.mixcloud import Html403, Slow
from tests.conftest import Scene, page_of, staged

SWITCH_ON = {"links": "answer them with a card"}


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[Scene]:
    """A bot that may read messages, in a server that has the links in them answered."""
    async with staged(tmp_path, message_content=True) as scene:
        scene.guild.allow(scene.ada, Permission.MANAGE_GUILD)
        scene.guild.allow(scene.discord.bot, Permission.MANAGE_MESSAGES)
        answer = await (await scene.ada.slash(scene.channel, "settings", SWITCH_ON)).reply()
        assert answer.ephemeral
        assert "answered with a card" in answer.text
        yield scene


async def reply_to(scene: Scene, message: Message, number: int = 1) -> Message:
    """The bot's answer to a message, which is the newest one in its channel."""
    await scene.discord.requested("POST", f"/channels/{message.channel.id}/messages", times=number)
    return scene.ada.messages(message.channel)[-1]


async def handled(scene: Scene, channel: Channel | None = None) -> list[Message]:
    """The bot's messages in a channel, once everything said before is dealt with.

    A link that is surely answered is posted last; its answer ends the wait.
    """
    last = scene.mixcloud.catalogue.add_show("sentinel", f"Sentinel {len(scene.discord.requests)}")
    async with scene.discord.subscribe() as events:
        elsewhere = scene.guild.channel("elsewhere")
        await scene.noor.say(elsewhere, f"https://www.mixcloud.com{last.key}")
        async for event in events:
            if (
                event.message
                and event.message.author is scene.discord.bot
                and (last.key in event.message.text)
            ):
                break
    return [
        message
        for message in scene.ada.messages(channel or scene.channel)
        if message.author is scene.discord.bot and not message.ephemeral
    ]


def url(scene: Scene, query: str = "jazz") -> str:
    return f"https://www.mixcloud.com{scene.show(query).key}"


async def test_a_link_is_answered_silently_with_a_card_in_place_of_the_preview(
    reading: Scene,
) -> None:
    reading.discord.unfurl("https://www.mixcloud.com", reading.mixcloud.site_url)
    message = await reading.noor.say(reading.channel, f"Tonight: {url(reading)}")
    card = await reply_to(reading, message)
    assert page_of(card) == url(reading)
    assert card["referenced_message"]["id"] == message.id
    assert not card.pings
    assert card.flags & 1 << 12
    await message.until(lambda message: message.flags & 1 << 2)
    assert message.embeds == []
    assert len(await handled(reading)) == 1  # our taking the preview away is no change of the link
    done = await reading.use(reading.ada, "mixcloud show")
    assert page_of(done) == url(reading)


async def test_a_show_is_answered_once_in_a_channel_in_a_while(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    await reply_to(reading, message)
    await reading.ada.say(reading.channel, f"Again: {url(reading)}")
    assert len(await handled(reading)) == 1
    other = reading.guild.channel("other")
    message = await reading.ada.say(other, url(reading))
    assert page_of(await reply_to(reading, message)) == url(reading)


@pytest.mark.parametrize(
    "written",
    ["<{url}>", "`{url}`", "||{url}||", "```\n{url}\n```", "https://www.mixcloud.com/NTSRadio/"],
)
async def test_what_is_not_meant_to_be_seen_is_left_alone(reading: Scene, written: str) -> None:
    await reading.noor.say(reading.channel, written.format(url=url(reading)))
    assert await handled(reading) == []


async def test_bots_and_webhooks_are_not_answered(reading: Scene) -> None:
    other = reading.discord.user("otherbot", bot=True)
    reading.guild.join(other)
    await other.say(reading.channel, url(reading))
    await reading.channel.webhook("Relay").say(url(reading, "ambient"))
    assert await handled(reading) == []


async def test_several_shows_are_one_answer(reading: Scene) -> None:
    links = [url(reading, query) for query in ("jazz", "ambient", "techno", "house")]
    message = await reading.noor.say(reading.channel, " ".join(links))
    card = await reply_to(reading, message)
    assert all(link in card.text for link in links[:3])
    assert len([one for one in card.buttons if one.label == "♥ Favorite"]) == 3


async def test_two_shows_of_one_host_are_one_answer_with_one_follow(reading: Scene) -> None:
    first = reading.mixcloud.catalogue.add_show("twice", "The one")
    second = reading.mixcloud.catalogue.add_show("twice", "And the other")
    links = [f"https://www.mixcloud.com{show.key}" for show in (first, second)]
    message = await reading.noor.say(reading.channel, " ".join(links))
    card = await reply_to(reading, message)
    assert card.author is reading.discord.bot
    assert all(link in card.text for link in links)
    assert len([one for one in card.buttons if one.label == "Follow"]) == 1


async def test_the_answer_follows_edits_and_deletions(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    await reading.noor.edit(message, f"I meant {url(reading, 'ambient')}")
    await card.until(lambda card: page_of(card) == url(reading, "ambient"))
    await reading.noor.delete(message)
    await card.until(lambda card: card.deleted)


async def test_the_last_show_shared_follows_edits_and_deletions(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    await reading.noor.edit(message, f"I meant {url(reading, 'ambient')}")
    await card.until(lambda card: page_of(card) == url(reading, "ambient"))
    prompt = await reading.use(reading.ada, "favorite")
    assert url(reading, "ambient") in prompt.content
    await reading.noor.delete(message)
    await card.until(lambda card: card.deleted)
    prompt = await reading.use(reading.ada, "favorite")
    assert "No show was shared here yet" in prompt.content


async def test_a_message_deleted_while_it_is_answered_has_no_answer(reading: Scene) -> None:
    reading.mixcloud.fault("GET", "/**", Slow(0.2))
    message = await reading.noor.say(reading.channel, url(reading))
    await reading.mixcloud.requested("GET", reading.jazz)
    await reading.noor.delete(message)
    assert await handled(reading) == []
    assert await reading.parts.store.last_share(int(reading.channel.id)) is None


async def test_a_message_deleted_while_its_answer_is_sent_takes_it_along(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    async with reading.discord.subscribe() as events:
        async for event in events:
            if event.message and event.message.author is reading.discord.bot:
                break
    await reading.noor.delete(message)
    card = event.message
    assert card
    await card.until(lambda card: card.deleted)


async def test_a_message_from_long_ago_that_is_pinned_now_is_not_answered(reading: Scene) -> None:
    world, ago = reading.discord.world, datetime.now(UTC) - timedelta(days=30)
    old = compose(
        world,
        reading.channel,
        reading.noor,
        {"content": url(reading)},
        id=str(time_snowflake(ago)),
        timestamp=ago.isoformat(),
    )
    reading.channel.messages[old.id] = old
    old.update(pinned=True)
    await reading.noor.edit(old, f"Even better: {url(reading, 'ambient')}")
    assert page_of(await reply_to(reading, old)) == url(reading, "ambient")


@pytest.mark.parametrize(
    "other", ["https://www.youtube.com/watch?v=1", "https://www.mixcloud.com/NTSRadio/"]
)
async def test_the_previews_of_other_links_stay(reading: Scene, other: str) -> None:
    message = await reading.noor.say(reading.channel, f"{url(reading)} and {other}")
    card = await reply_to(reading, message)
    assert page_of(card) == url(reading)
    await handled(reading)
    route = f"/channels/{reading.channel.id}/messages/{message.id}"
    assert not [one for one in reading.discord.requests if one.path == route]
    assert not message.flags & 1 << 2


@pytest.mark.parametrize("now", ["Never mind", "https://www.mixcloud.com/nobody/nothing/"])
async def test_a_link_edited_away_takes_the_answer_along(reading: Scene, now: str) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    await reading.noor.edit(message, now)
    await card.until(lambda card: card.deleted)


async def test_an_edit_while_nobody_tells_where_its_link_leads_leaves_the_answer(
    reading: Scene,
) -> None:
    code = reading.mixcloud.short_link(reading.show("jazz")).rpartition("/")[2]
    short = f"https://i.mixcloud.com/{code}"
    message = await reading.noor.say(reading.channel, short)
    card = await reply_to(reading, message)
    reading.mixcloud.fault("GET", f"/i/{code}", Html403(), times=READ_ATTEMPTS)
    await reading.noor.edit(message, f"Hear this: {short}")
    await reading.noor.edit(message, f"{short} {url(reading, 'ambient')}")
    await card.until(lambda card: url(reading, "ambient") in card.text)


async def test_a_link_that_is_edited_in_is_answered(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, "Listen to this")
    await reading.noor.edit(message, f"Listen to this: {url(reading)}")
    assert page_of(await reply_to(reading, message)) == url(reading)


async def test_a_purge_takes_the_answers_along(reading: Scene) -> None:
    messages = [
        await reading.noor.say(reading.channel, url(reading, query))
        for query in ("jazz", "ambient")
    ]
    await reply_to(reading, messages[0], 2)
    cards = [one for one in reading.ada.messages(reading.channel) if "♥ Favorite" in one.text]
    assert len(cards) == 2
    await reading.discord.requested("PATCH", f"/channels/{reading.channel.id}/messages/*", times=2)
    reading.guild.allow(reading.ada, Permission.MANAGE_MESSAGES)
    await reading.ada.delete(*messages)
    for card in cards:
        await card.until(lambda card: card.deleted)


async def test_threads_forums_and_announcements(reading: Scene) -> None:
    thread = reading.channel.thread("a thread")
    forum = reading.guild.channel("forum", type=ChannelKind.FORUM)
    post = forum.post(reading.noor, "Listen", f"To this: {url(reading)}")
    news = reading.guild.channel("news", type=ChannelKind.ANNOUNCEMENT)
    for channel in (thread, news):
        await reading.noor.say(channel, url(reading))
    for channel in (thread, post, news):
        await reading.discord.requested("POST", f"/channels/{channel.id}/messages")
        card = reading.ada.messages(channel)[-1]
        assert page_of(card) == url(reading)


async def test_a_server_that_did_not_switch_it_on_is_left_alone(reading: Scene) -> None:
    other = reading.discord.guild("Elsewhere")
    other.join(reading.noor)
    channel = other.channel("general")
    await reading.noor.say(channel, url(reading))
    assert await handled(reading, channel) == []


async def test_links_in_direct_messages_are_answered(reading: Scene) -> None:
    message = await reading.noor.say(reading.noor.dm(), url(reading))
    await reading.discord.requested("POST", f"/channels/{message.channel.id}/messages")
    assert page_of(reading.noor.messages(message.channel)[-1]) == url(reading)


async def test_without_the_permission_to_write_the_channel_is_left_alone(reading: Scene) -> None:
    reading.channel.deny(reading.discord.bot, Permission.SEND_MESSAGES)
    await reading.noor.say(reading.channel, url(reading))
    await reading.discord.requested("POST", f"/channels/{reading.channel.id}/messages")
    await reading.noor.say(reading.channel, url(reading, "ambient"))
    assert await handled(reading) == []
    route = f"/channels/{reading.channel.id}/messages"
    assert len([one for one in reading.discord.requests if one.path == route]) == 1


async def test_without_history_it_answers_without_a_reference(reading: Scene) -> None:
    reading.channel.deny(reading.discord.bot, Permission.READ_MESSAGE_HISTORY)
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message, 2)
    assert page_of(card) == url(reading)


async def test_a_show_that_is_gone_is_left_alone(reading: Scene) -> None:
    await reading.noor.say(reading.channel, "https://www.mixcloud.com/nobody/nothing/")
    assert await handled(reading) == []


@pytest.mark.parametrize("wrong", ["nobody/nothing", "quiet/secret"])
async def test_a_link_to_nothing_shares_nothing(reading: Scene, wrong: str) -> None:
    reading.mixcloud.catalogue.add_show("quiet", "Secret", visibility="private")
    await reply_to(reading, await reading.noor.say(reading.channel, url(reading)))
    await reading.noor.say(reading.channel, f"https://www.mixcloud.com/{wrong}/")
    await handled(reading)
    prompt = await reading.use(reading.ada, "favorite")
    assert url(reading) in prompt.content


async def test_a_link_that_mixcloud_tells_nothing_of_now_is_shared(reading: Scene) -> None:
    reading.mixcloud.fault("GET", reading.jazz, Html403())
    await reading.noor.say(reading.channel, url(reading))
    assert await handled(reading) == []
    prompt = await reading.use(reading.ada, "favorite")
    assert url(reading) in prompt.content


async def test_classic_cards_leave_the_preview(reading: Scene) -> None:
    choice = {"cards": "small embeds and Discord's own preview"}
    await (await reading.ada.slash(reading.channel, "settings", choice)).reply()
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    assert card.embeds[0]["url"] == url(reading)
    assert not message.flags & 1 << 2
    shown = await reading.use(reading.ada, "mixcloud show", mix=url(reading))
    assert shown.content == url(reading)
    assert shown.embeds[0]["url"] == url(reading)
    private = await reading.use(
        reading.ada, "mixcloud show", mix=url(reading), visibility="only me"
    )
    assert private.embeds == []


async def test_a_classic_answer_is_changed_into_a_layout(reading: Scene) -> None:
    choice = {"cards": "small embeds and Discord's own preview"}
    await (await reading.ada.slash(reading.channel, "settings", choice)).reply()
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    await (await reading.ada.slash(reading.channel, "settings", {"cards": "large layouts"})).reply()
    await reading.noor.edit(message, f"I meant {url(reading, 'ambient')}")
    await card.until(lambda card: url(reading, "ambient") in card.text)
    assert card.embeds == []


async def test_a_layout_that_should_be_classic_now_goes_with_its_link(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    card = await reply_to(reading, message)
    choice = {"cards": "small embeds and Discord's own preview"}
    await (await reading.ada.slash(reading.channel, "settings", choice)).reply()
    await reading.noor.edit(message, f"I meant {url(reading, 'ambient')}")
    await card.until(lambda card: card.deleted)


async def test_an_edit_shares_nothing_twice(reading: Scene) -> None:
    message = await reading.noor.say(reading.channel, url(reading))
    await reply_to(reading, message)
    again = await reading.ada.say(reading.channel, url(reading))  # no reply within the hour
    await handled(reading)
    assert await shares_of(reading) == 1
    await reading.ada.edit(again, f"Listen: {url(reading)}")
    await handled(reading)
    assert await shares_of(reading) == 1


async def shares_of(scene: Scene) -> int:
    """How many shares are remembered of Ada."""
    await scene.parts.store.last_share(int(scene.channel.id))
    data = await scene.parts.store.remembered(int(scene.ada.id))
    return len(data["shares"])


async def test_without_the_intent_settings_say_why_nothing_happens(scene: Scene) -> None:
    scene.guild.allow(scene.ada, Permission.MANAGE_GUILD)
    answer = await (await scene.ada.slash(scene.channel, "settings", SWITCH_ON)).reply()
    assert "MIXBOT_MESSAGE_CONTENT" in answer.text


async def test_a_link_that_is_looked_at_while_the_bot_stops_is_no_bug(
    reading: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    reading.mixcloud.fault("GET", reading.jazz, Slow(0.3))
    message = await reading.noor.say(reading.channel, url(reading))
    await reading.mixcloud.requested("GET", reading.jazz)
    with caplog.at_level("INFO", "mixbot.bot"):
        await reading.parts.bot.close()
    assert "is not handled, as the bot stops" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert await reading.parts.store.link_reply(int(message.id)) is None


async def test_what_is_said_of_messages_is_true_for_a_bot_that_reads_them(reading: Scene) -> None:
    for command in ("mixcloud privacy", "mixcloud help"):
        answer = await reading.use(reading.noor, command)
        assert "I look for links to shows in messages" in answer.text
        assert "I do not read your conversations" not in answer.text
