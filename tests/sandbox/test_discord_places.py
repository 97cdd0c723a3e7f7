"""Threads, forums and announcements, and what a bot hears of messages in them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from aiohttp import web

from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import ClientRefused, File, Permission
from tests.sandbox.discord_bots import Bot, Interaction, running

WITH_CONTENT = discord.Intents(guilds=True, messages=True, message_content=True)
WITHOUT_CONTENT = discord.Intents(guilds=True, messages=True)


class Listener(Bot):
    """Notes what happens to messages, as it comes from the gateway."""

    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents, max_messages=None)
        self.heard: list[tuple[Any, ...]] = []

        @self.tree.command(name="where", description="Says where it is")
        async def where(interaction: Interaction) -> None:
            await interaction.response.send_message(f"{interaction.channel}")

        @self.tree.context_menu(name="Profile")
        async def profile(interaction: Interaction, person: discord.User) -> None:
            await interaction.response.send_message(f"{person.name} {person.bot}", ephemeral=True)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.heard.append(("edit", event.data["content"]))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.heard.append(("delete", event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self.heard.append(("purge", event.message_ids))

    async def from_people(self) -> discord.Message:
        while (message := await self.messages.get()).author == self.user:
            pass
        return message

    async def has_heard(self) -> list[tuple[Any, ...]]:
        """All so far: whatever was sent before a message that has arrived has arrived, too."""
        while (await self.messages.get()).type is not discord.MessageType.reply:
            pass
        heard, self.heard = self.heard, []
        return heard


class Scene:
    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild = server.guild("Crate diggers")
        self.channel = self.guild.channel("general")
        self.forum = self.guild.channel("questions", type=15)
        self.news = self.guild.channel("news", type=5)
        self.ada = server.user("ada")
        self.bob = server.user("bob")
        for person in (self.ada, self.bob):
            self.guild.join(person)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with DiscordServer() as server:
        yield Scene(server)


async def test_threads_of_all_kinds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        threads = [
            scene.channel.thread("public"),
            scene.news.thread("announced"),
            scene.channel.private_thread("private", scene.ada, scene.server.bot),
            scene.forum.post(scene.ada, "posted", "Which needle?"),
        ]
        assert [thread.type for thread in threads] == [11, 10, 12, 11]
        assert (await bot.messages.get()).content == "Which needle?"
        for thread in threads:
            await scene.ada.say(thread, f"in {thread.name}")
            heard = await bot.from_people()
            assert isinstance(heard.channel, discord.Thread)
            assert heard.channel.type.value == thread.type
            assert heard.content == f"in {thread.name}"
            reply = await (await scene.ada.slash(thread, "where")).reply()
            assert reply.content == thread.name
            await heard.channel.send("me too")
            assert [m.content for m in scene.ada.messages(thread)][-1] == "me too"


async def test_a_forum_holds_posts_only(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        post = scene.forum.post(scene.ada, "Needles", "Which needle?")
        (first,) = scene.bob.messages(post)
        assert first.id == post.id
        assert first.content == "Which needle?"
        heard = await bot.messages.get()
        assert isinstance(heard.channel, discord.Thread)
        assert heard.channel.starter_message is None or heard.channel.starter_message == heard
        assert isinstance(heard.channel.parent, discord.ForumChannel)
        assert heard.channel.owner_id == int(scene.ada.id)
        with pytest.raises(ClientRefused, match="forum"):
            await scene.ada.say(scene.forum, "hello")
        with pytest.raises(ClientRefused, match="not offered"):
            await scene.ada.slash(scene.forum, "where")
        with pytest.raises(ClientRefused, match="no forum"):
            scene.channel.post(scene.ada, "x", "y")
        scene.forum.deny(scene.bob, Permission.SEND_MESSAGES)
        with pytest.raises(ClientRefused, match="may not post"):
            scene.forum.post(scene.bob, "x", "y")


async def test_writing_in_threads_needs_its_own_permission(scene: Scene) -> None:
    thread = scene.channel.thread("public")
    scene.channel.deny(scene.ada, Permission.SEND_MESSAGES)
    with pytest.raises(ClientRefused, match="SEND_MESSAGES"):
        await scene.ada.say(scene.channel, "hello")
    await scene.ada.say(thread, "hello")
    scene.channel.deny(scene.ada, Permission.SEND_MESSAGES_IN_THREADS)
    with pytest.raises(ClientRefused, match="SEND_MESSAGES_IN_THREADS"):
        await scene.ada.say(thread, "hello")
    private = scene.channel.private_thread("private", scene.ada)
    assert not private.sees(scene.bob)
    assert not private.sees(scene.server.bot)
    scene.channel.allow(scene.bob, Permission.MANAGE_THREADS)
    assert private.sees(scene.bob)


@pytest.mark.parametrize(
    ("intents", "old", "new"),
    [(WITH_CONTENT, "old", "new"), (WITHOUT_CONTENT, "", "")],
    ids=["with content", "without"],
)
async def test_edits_and_deletions_are_told(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    intents: discord.Intents,
    old: str,
    new: str,
) -> None:
    bot = Listener(intents)
    async with running(bot, scene.server, monkeypatch):
        first = await scene.ada.say(scene.channel, "old")
        assert (await bot.messages.get()).content == old
        await scene.ada.edit(first, "new")
        await scene.ada.edit(first, f"{scene.server.bot.mention} hi")
        await scene.ada.delete(first)
        second, third = [await scene.ada.say(scene.channel, text) for text in "ab"]
        with pytest.raises(ClientRefused, match="MANAGE_MESSAGES"):
            await scene.ada.delete(second, third)
        scene.channel.allow(scene.bob, Permission.MANAGE_MESSAGES)
        await scene.bob.delete(second, third)
        asked = await scene.ada.say(scene.channel, "asked")
        await scene.ada.say(scene.channel, "answered", reply_to=asked)
        assert await bot.has_heard() == [
            ("edit", new),
            ("edit", f"{scene.server.bot.mention} hi"),
            ("delete", int(first.id)),
            ("purge", {int(second.id), int(third.id)}),
        ]


async def test_what_is_answered_is_hidden_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Listener(WITHOUT_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        asked = await scene.ada.say(scene.channel, "asked")
        await scene.bob.say(scene.channel, f"{scene.server.bot.mention} this", reply_to=asked)
        await bot.messages.get()
        heard = await bot.messages.get()
        assert heard.content.endswith("this")
        assert heard.reference
        assert isinstance(heard.reference.resolved, discord.Message)
        assert heard.reference.resolved.content == ""
        mine = await heard.channel.send("Here")
        answer = scene.server.find_message(str(mine.id))
        await scene.bob.say(scene.channel, "thanks", reply_to=answer)
        heard = await bot.from_people()
        assert heard.content == "thanks"  # a reply to the bot mentions it


async def test_nothing_is_heard_where_the_bot_may_not_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        secret = scene.guild.channel("secret")
        secret.deny(scene.server.bot, Permission.VIEW_CHANNEL)
        await scene.ada.say(secret, "psst")
        await scene.ada.say(scene.channel.private_thread("private", scene.ada), "psst")
        await scene.ada.say(scene.channel, "aloud")
        assert (await bot.messages.get()).content == "aloud"
        known = bot.get_channel(int(secret.id))
        assert isinstance(known, discord.TextChannel)
        assert not known.permissions_for(known.guild.me).view_channel
        scene.guild.allow(scene.server.bot, Permission.MANAGE_MESSAGES)
        await scene.ada.say(scene.channel, "again")
        await bot.messages.get()
        assert known.guild.me.guild_permissions.manage_messages


async def test_other_bots_and_webhooks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        other = scene.server.user("otherbot", bot=True)
        scene.guild.join(other)
        await other.say(scene.channel, "beep")
        heard = await bot.messages.get()
        assert (heard.author.bot, heard.author.name, heard.webhook_id) == (True, "otherbot", None)
        hook = scene.channel.webhook("Blog")
        said = await hook.say("New post", embeds=[{"title": "A post"}])
        heard = await bot.messages.get()
        assert (heard.author.bot, heard.author.name) == (True, "Blog")
        assert heard.webhook_id == heard.author.id
        assert scene.ada.messages(scene.channel)[-1] is said
        profile = await scene.ada.user_menu(other, "Profile", scene.channel)
        assert (await profile.reply()).content == "otherbot True"


async def test_intents_that_are_not_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = WITHOUT_CONTENT.value
    async with DiscordServer(allowed_intents=allowed) as server:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running(Bot(WITH_CONTENT), server, monkeypatch):
                pass
        bot = Bot(WITHOUT_CONTENT)
        async with running(bot, server, monkeypatch):
            assert not bot.application_flags.gateway_message_content_limited
            about = await bot.application_info()
            assert not about.flags.gateway_message_content_limited
    async with DiscordServer() as server:
        bot = Bot(WITH_CONTENT)
        async with running(bot, server, monkeypatch):
            assert bot.application_flags.gateway_message_content_limited


PAGE = '<html><head><meta property="og:title" content="Deep &amp; slow"></head></html>'
LINK = "https://www.mixcloud.com/ada/mix/"


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """The origin of a site on which every page is `PAGE`."""

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0])
    await runner.cleanup()


async def test_previews_of_others_messages_are_suppressed(
    scene: Scene, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.server.unfurl("https://www.mixcloud.com", site)
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        said = await scene.ada.say(scene.channel, LINK)
        await said.until(lambda m: m.embeds)
        heard = await bot.messages.get()
        with pytest.raises(discord.Forbidden, match="Missing Permissions"):
            await heard.edit(suppress=True)
        scene.channel.allow(scene.server.bot, Permission.MANAGE_MESSAGES)
        await heard.edit(suppress=True)
        assert said.embeds == []
        assert said["edited_timestamp"] is None
        with pytest.raises(discord.Forbidden, match="authored by another"):
            await heard.edit(suppress=True, content="x")

        await scene.ada.edit(said, f"{LINK} again")
        early = await scene.ada.say(scene.channel, LINK)
        heard = await bot.messages.get()
        await heard.edit(suppress=True)  # before the preview came
        other = await scene.ada.say(scene.channel, LINK)
        await other.until(lambda m: m.embeds)
        assert said.embeds == early.embeds == []
        await scene.ada.suppress(other)
        assert other.embeds == []

        direct = await scene.ada.say(scene.ada.dm(), LINK)
        while (heard := await bot.messages.get()).id != int(direct.id):
            pass
        with pytest.raises(discord.Forbidden, match="DM channel"):
            await heard.edit(suppress=True)


class Card(discord.ui.LayoutView):
    def __init__(self) -> None:
        super().__init__()
        art = discord.ui.Thumbnail[Any]("https://pics.example/a.jpg", description="A lighthouse")
        gallery = discord.MediaGalleryItem("attachment://art.png", description="Waves")
        self.add_item(
            discord.ui.Container(
                discord.ui.Section("# Night Ferry", accessory=art),
                discord.ui.MediaGallery(gallery),
                discord.ui.File("attachment://export.json"),
                accent_colour=0x5000FF,
            )
        )


async def test_pictures_files_and_a_card_in_place_of_an_old_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Listener(WITH_CONTENT)
    async with running(bot, scene.server, monkeypatch):
        await scene.ada.say(scene.channel, "hello", files=[File("a b.txt", b"text")])
        heard = await bot.messages.get()
        sent = await heard.channel.send(
            "old", embed=discord.Embed(title="Old").set_image(url="https://pics.example/old.jpg")
        )
        card = scene.server.find_message(str(sent.id))
        assert [(p.url, p.alt) for p in card.pictures] == [("https://pics.example/old.jpg", None)]
        with pytest.raises(discord.HTTPException, match="'content' field cannot be used"):
            await sent.edit(view=Card())
        with pytest.raises(discord.HTTPException, match="referenced attachment was not found"):
            await sent.edit(view=Card(), content=None, embeds=[])
        files = [_file("art.png", b"art"), _file("export.json", b"{}")]
        await sent.edit(view=Card(), content=None, embeds=[], attachments=files)
        assert card.text == "# Night Ferry"
        assert [p.alt for p in card.pictures] == ["A lighthouse", "Waves"]
        assert card.attachments == []
        assert card.file("export.json").data == b"{}"
        with pytest.raises(ClientRefused, match=r"art\.png"):
            card.file("other.json")
        shown = next(c for c in card.components if c["type"] == 13)
        assert (shown["name"], shown["size"]) == ("export.json", 2)

        hello = scene.ada.messages(scene.channel)[0]
        assert [a["filename"] for a in hello.attachments] == ["a_b.txt"]
        assert hello.file("a_b.txt").data == b"text"


def _file(name: str, data: bytes) -> discord.File:
    return discord.File(io.BytesIO(data), filename=name)
