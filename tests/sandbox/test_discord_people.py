"""What people can do with a bot, and what they see, through the real discord.py."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import discord
import pytest
from aiohttp import web
from discord import app_commands

from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Channel, ClientRefused, File, InteractionFailed, Message, User
from tests.sandbox.discord_bots import Bot, Interaction, running


class Form(discord.ui.Modal, title="Enter code"):
    code: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="Code", custom_id="code", min_length=6, max_length=6
    )

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"Code {self.code.value}", ephemeral=True)


class Panel(discord.ui.View):
    @discord.ui.button(label="Favorite", emoji="♥", custom_id="favorite")
    async def favorite(self, interaction: Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"Added for {interaction.user.name}", ephemeral=True)

    @discord.ui.button(label="Next", custom_id="next")
    async def next(self, interaction: Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content="Page 2")

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Silent", custom_id="silent")
    async def silent(self, interaction: Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="Changed later")

    @discord.ui.select(
        custom_id="shows",
        placeholder="Open a show",
        options=[
            discord.SelectOption(label="Blue Note Hour", value="blue"),
            discord.SelectOption(label="Night Train", value="night"),
        ],
    )
    async def open(self, interaction: Interaction, select: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(f"Opened {select.values[0]}")


def make_bot(intents: discord.Intents | None = None) -> Bot:
    bot = Bot(intents)
    tree = bot.tree
    mixcloud = app_commands.Group(name="mixcloud", description="Mixcloud")

    @mixcloud.command(description="Find shows")
    @app_commands.choices(kind=[app_commands.Choice(name="Shows", value="cloudcast")])
    async def search(
        interaction: Interaction,
        query: app_commands.Range[str, 2, 20],
        kind: str = "none",
        limit: app_commands.Range[int, 1, 50] = 20,
    ) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"{query} {kind} {limit}", view=Panel(timeout=None))

    @search.autocomplete("query")
    async def suggest(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}zz", value=f"{current}zz!")]

    @tree.command(description="Show privately")
    @everywhere
    async def private(interaction: Interaction) -> None:
        await interaction.response.send_message("Only you", ephemeral=True)

    @tree.command(description="Never answers")
    async def silence(interaction: Interaction) -> None:
        pass

    @tree.command(description="Takes all kinds")
    async def take(
        interaction: Interaction,
        who: discord.Member,
        where: discord.TextChannel,
        role: discord.Role,
        file: discord.Attachment,
        loud: bool = False,
        factor: float = 1.0,
    ) -> None:
        size = len(await file.read())
        await interaction.response.send_message(
            f"{who.name} {where.name} {role.name} {file.filename} {size} {loud} {factor}"
        )

    @tree.command(description="Says where it is used")
    @everywhere
    async def where(interaction: Interaction) -> None:
        owners = interaction._integration_owners
        await interaction.response.send_message(
            f"{interaction.locale} {interaction.guild_locale} guild={bool(interaction.guild_id)}"
            f" {interaction.context.guild} {interaction.context.dm_channel}"
            f" {interaction.context.private_channel} {sorted(owners)}"
        )

    @tree.context_menu(name="Read")
    async def read(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"Read: {message.content}", ephemeral=True)

    @tree.context_menu(name="Profile")
    async def profile(interaction: Interaction, person: discord.Member) -> None:
        await interaction.response.send_message(f"Profile of {person.display_name}")

    @tree.command(description="Shows a card")
    async def card(interaction: Interaction) -> None:
        art = discord.File(io.BytesIO(b"picture"), filename="art.png")
        await interaction.response.send_message(view=Card(), file=art)

    @tree.command(description="Opens a form")
    async def upload(interaction: Interaction) -> None:
        await interaction.response.send_modal(Upload())

    @tree.command(description="Counts quickly")
    async def count(interaction: Interaction) -> None:
        await interaction.response.send_message("0")
        for number in range(1, 4):
            await interaction.edit_original_response(content=str(number))

    @tree.command(description="Sends an attached picture")
    async def picture(interaction: Interaction) -> None:
        await interaction.response.send_message(
            embed=discord.Embed(title="Art").set_image(url="attachment://art.png"),
            file=discord.File(io.BytesIO(b"picture"), filename="art.png"),
        )

    tree.add_command(mixcloud)
    return bot


def everywhere(command: Any) -> Any:
    """Installable to servers and users, usable in servers and all direct messages."""
    command = app_commands.allowed_installs(guilds=True, users=True)(command)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(command)


class Card(discord.ui.LayoutView):
    """A card of the newer kind of components."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        button: discord.ui.Button[Any] = discord.ui.Button(label="Follow", custom_id="follow")
        button.callback = self.follow  # type: ignore[method-assign]
        box: discord.ui.Container[Any] = discord.ui.Container(
            discord.ui.Section("## Blue Note Hour", accessory=button),
            discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://art.png")),
            discord.ui.Separator(),
            discord.ui.TextDisplay("by Ada @everyone"),
            accent_colour=0x123456,
        )
        self.add_item(box)

    async def follow(self, interaction: Interaction) -> None:
        await interaction.response.send_message("Following")


class Upload(discord.ui.Modal, title="Upload"):
    """A form with every kind of field."""

    name: discord.ui.Label[Any] = discord.ui.Label(
        text="Name", component=discord.ui.TextInput(custom_id="name", default="Mix")
    )
    tag: discord.ui.Label[Any] = discord.ui.Label(
        text="Tag",
        component=discord.ui.Select(
            custom_id="tag", options=[discord.SelectOption(label="Jazz", value="jazz")]
        ),
    )
    who: discord.ui.Label[Any] = discord.ui.Label(
        text="With", component=discord.ui.UserSelect(custom_id="who", required=False)
    )
    sound: discord.ui.Label[Any] = discord.ui.Label(
        text="Sound", component=discord.ui.FileUpload(custom_id="sound")
    )

    async def on_submit(self, interaction: Interaction) -> None:
        parts: list[Any] = [label.component for label in (self.name, self.tag, self.who)]
        name, tag, who = parts
        sound: Any = self.sound.component
        file = sound.values[0]
        await interaction.response.send_message(
            f"{name.value} {tag.values} {[person.name for person in who.values]}"
            f" {file.filename} {await file.read()!r}"
        )


class Scene:
    """A server with two people, and the bot in it."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild = server.guild("Crate diggers", locale="de")
        self.channel: Channel = self.guild.channel("general")
        self.ada: User = server.user("ada", display_name="Ada", locale="en-US")
        self.bob: User = server.user("bob")
        self.guild.join(self.ada)
        self.guild.join(self.bob)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with DiscordServer() as server:
        scene = Scene(server)
        async with running(make_bot(), server, monkeypatch):
            yield scene


PAGE = """<html><head><title>Not this</title><meta name="theme-color" content="#ff7700">
<meta property="og:title" content="Deep &amp; slow">
<meta property="og:site_name" content="Mixcloud">
<meta property="og:description" content="Two hours"><meta property="og:image:width" content="300">
<meta property="og:image" content="https://pics.example/a.jpg"></head></html>"""


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


async def test_a_command_is_answered_after_thinking(scene: Scene) -> None:
    async with scene.server.subscribe(scene.bob) as events:
        interaction = await scene.ada.slash(
            scene.channel, "mixcloud search", query="jazz", kind="Shows"
        )
        reply = await interaction.reply()
        thinking = await events.next("message_created")
        assert thinking.message is reply
    assert reply.content == "jazz cloudcast 20"
    assert not reply.thinking
    assert interaction.acknowledged_after is not None
    assert await interaction.followup() is reply
    assert scene.bob.messages(scene.channel) == [reply]
    assert reply["interaction_metadata"]["user"]["username"] == "ada"


async def test_a_private_answer_is_seen_by_one_person(scene: Scene) -> None:
    async with scene.server.subscribe(scene.bob) as events:
        reply = await (await scene.ada.slash(scene.channel, "private")).reply()
        said = await scene.ada.say(scene.channel, "hello")
        assert (await events.next()).message is said
    assert reply.ephemeral
    assert scene.ada.messages(scene.channel) == [reply, said]
    assert scene.bob.messages(scene.channel) == [said]
    assert not scene.bob.sees(reply)
    with pytest.raises(ClientRefused):
        await scene.bob.click(reply, "x")


async def test_what_the_client_does_not_allow(scene: Scene) -> None:
    use = scene.ada.slash
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "required"),
        ({"query": "j"}, "2 to 20"),
        ({"query": "jazz", "kind": "Cats"}, "none of"),
        ({"query": "jazz", "limit": 51}, "from 1 to 50"),
        ({"query": "jazz", "limit": "ten"}, "type"),
        ({"query": "jazz", "nothing": 1}, "no option"),
    ]
    for options, complaint in cases:
        with pytest.raises(ClientRefused, match=complaint):
            await use(scene.channel, "mixcloud search", options)
    with pytest.raises(ClientRefused, match="group"):
        await use(scene.channel, "mixcloud")
    with pytest.raises(ClientRefused, match="no command"):
        await use(scene.channel, "mixcloud dance")
    with pytest.raises(ClientRefused, match="not offered"):
        await use(scene.channel, "dance")
    with pytest.raises(ClientRefused, match="2000"):
        await scene.ada.say(scene.channel, "x" * 2001)
    stranger = scene.server.user("stranger")
    with pytest.raises(ClientRefused, match="cannot see"):
        await stranger.say(scene.channel, "hello")


async def test_all_kinds_of_options(scene: Scene) -> None:
    role = scene.guild.role("DJs")
    reply = await (
        await scene.ada.slash(
            scene.channel,
            "take",
            who=scene.bob,
            where=scene.channel,
            role=role,
            file=File("mix.txt", b"12345"),
            loud=True,
            factor=0.5,
        )
    ).reply()
    assert reply.content == "bob general DJs mix.txt 5 True 0.5"


async def test_autocomplete(scene: Scene) -> None:
    choices = await scene.ada.autocomplete(
        scene.channel, "mixcloud search", focused="query", query="ja"
    )
    assert [(c["name"], c["value"]) for c in choices] == [("jazz", "jazz!")]
    with pytest.raises(ClientRefused, match="no choices"):
        await scene.ada.autocomplete(scene.channel, "mixcloud search", focused="limit")


async def test_buttons_menus_and_forms(scene: Scene) -> None:
    ada, bob = scene.ada, scene.bob
    card = await (await ada.slash(scene.channel, "mixcloud search", query="jazz")).reply()
    assert [b.label for b in card.buttons] == ["♥ Favorite", "Next", "Form", "Silent"]

    private = await (await bob.click(card, "♥ Favorite")).reply()
    assert private.ephemeral
    assert private.content == "Added for bob"
    assert not ada.sees(private)

    opened = await (await ada.choose(card, "Night Train")).reply()
    assert opened.content == "Opened night"

    click = await ada.click(card, "Form")
    modal = await click.opened_modal()
    assert modal["title"] == "Enter code"
    with pytest.raises(ClientRefused, match="6 to 6"):
        await ada.submit(click, code="1")
    done = await (await ada.submit(click, code="123456")).reply()
    assert done.content == "Code 123456"

    assert await (await bob.click(card, "Next")).reply() is card
    assert card.content == "Page 2"
    silent = await ada.click(card, custom_id="silent")
    await card.until(lambda m: m.content == "Changed later")
    assert await silent.reply() is card


async def test_menus_on_messages_and_people(scene: Scene) -> None:
    said = await scene.ada.say(scene.channel, "https://example.org")
    reply = await (await scene.bob.menu(said, "Read")).reply()
    assert reply.content == "Read: https://example.org"
    profile = await (await scene.ada.user_menu(scene.bob, "Profile", scene.channel)).reply()
    assert profile.content == "Profile of bob"


async def test_an_application_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordServer(interaction_seconds=0.05) as server:
        scene = Scene(server)
        async with running(make_bot(), server, monkeypatch), server.subscribe(scene.ada) as events:
            interaction = await scene.ada.slash(scene.channel, "silence")
            with pytest.raises(InteractionFailed, match="did not respond"):
                await interaction.reply()
            failed = await events.next("interaction_failed")
            assert failed.to_json()["interaction"]["failure"] == "The application did not respond"


async def test_where_a_command_is_used(scene: Scene) -> None:
    where = scene.server
    ada = scene.ada
    in_guild = await (await ada.slash(scene.channel, "where")).reply()
    assert in_guild.content == "en-US de guild=True True False False [0]"
    in_dm = await (await ada.slash(ada.dm(), "where")).reply()
    assert in_dm.content == "en-US None guild=False False True False [0]"

    group = where.group_dm(ada, scene.bob)
    with pytest.raises(ClientRefused, match="not offered"):
        await ada.slash(group, "where")
    ada.install()
    in_group = await (await ada.slash(group, "where")).reply()
    assert in_group.content == "en-US None guild=False False False True [1]"
    assert scene.bob.sees(in_group)


async def test_a_server_without_the_bot_keeps_answers_private(scene: Scene) -> None:
    elsewhere = scene.server.guild("Elsewhere", bot_present=False)
    room = elsewhere.channel("room")
    elsewhere.join(scene.ada.install())
    assert not (await (await scene.ada.slash(room, "where")).reply()).ephemeral
    elsewhere.everyone.permissions &= ~(1 << 50)
    assert (await (await scene.ada.slash(room, "where")).reply()).ephemeral


async def test_files_are_served_and_resolved(scene: Scene) -> None:
    reply = await (await scene.ada.slash(scene.channel, "picture")).reply()
    url = reply.embeds[0]["image"]["url"]
    assert url.startswith(scene.server.url)
    assert "/art.png?ex=" in url  # signed, as Discord has it
    assert reply["attachments"] == []


async def test_messages_reach_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordServer() as server:
        scene = Scene(server)
        bot = make_bot()
        async with running(bot, server, monkeypatch):
            await scene.ada.say(scene.channel, "secret")
            assert (await bot.messages.get()).content == ""
            await scene.ada.say(scene.channel, f"{server.bot.mention} hello")
            assert (await bot.messages.get()).content.endswith("hello")
            await scene.ada.say(scene.ada.dm(), "privately")
            direct = await bot.messages.get()
            assert direct.content == "privately"
            async with server.subscribe(scene.ada) as events:
                sent = await direct.channel.send("Hello to you")
                event = await events.next("message_created")
            assert event.message is not None
            assert event.message.content == "Hello to you"
            await sent.edit(content="Changed")
            assert event.message.content == "Changed"
            await sent.delete()
            assert event.message.deleted


async def test_cards_of_components(scene: Scene) -> None:
    card = await (await scene.ada.slash(scene.channel, "card")).reply()
    assert card.text == "## Blue Note Hour\nFollow\nby Ada @everyone"
    assert card.pings == {"@everyone"}
    gallery = next(c for c in card.components if c["type"] == 12)
    assert gallery["items"][0]["media"]["url"].startswith(scene.server.url)
    assert (await (await scene.bob.click(card, "Follow")).reply()).content == "Following"


async def test_a_form_with_every_kind_of_field(scene: Scene) -> None:
    opened = await scene.ada.slash(scene.channel, "upload")
    await opened.opened_modal()
    submit = scene.ada.submit
    with pytest.raises(ClientRefused, match="Tag: this field is required"):
        await submit(opened)
    with pytest.raises(ClientRefused, match="Sound: needs 1 to 1 files"):
        await submit(opened, tag="Jazz")
    with pytest.raises(ClientRefused, match="no field colour"):
        await submit(opened, tag="Jazz", sound=File("a.mp3", b""), colour="red")
    with pytest.raises(ClientRefused, match="powerful"):
        await submit(opened, tag="Jazz", sound=File("a.mp3", bytes(10 * 1024 * 1024 + 1)))
    done = await submit(opened, {"With": scene.bob}, tag="jazz", sound=File("a.mp3", b"la"))
    assert (await done.reply()).content == "Mix ['jazz'] ['bob'] a.mp3 b'la'"


def reached(number: int, message: Message) -> bool:
    return int(message.content) >= number


async def test_no_version_of_a_message_is_missed(scene: Scene) -> None:
    async with scene.server.subscribe(scene.bob) as events:
        message = await (await scene.ada.slash(scene.channel, "count")).reply()
        for number in range(1, 4):
            await message.until(partial(reached, number))
        seen = [(await events.next()).to_json() for _ in range(4)]
    assert [event["message"]["content"] for event in seen] == ["0", "1", "2", "3"]
    assert [event["event"] for event in seen] == ["message_created"] + ["message_updated"] * 3


async def test_waiting_in_vain_says_for_what(scene: Scene) -> None:
    said = await scene.ada.say(scene.channel, "hello")
    with pytest.raises(TimeoutError, match=r"a change of a message: <Message .* by ada: 'hello'>"):
        await said.until(lambda m: "bye" in m.content, timeout=0.01)
    with pytest.raises(KeyError):
        await asyncio.gather(said.until(lambda m: m["nothing"]))


async def test_what_is_seen_of_an_interaction(scene: Scene) -> None:
    async with (
        scene.server.subscribe(scene.ada) as hers,
        scene.server.subscribe(scene.bob) as his,
    ):
        await (await scene.ada.slash(scene.channel, "private")).reply()
        opened = await scene.ada.slash(scene.channel, "upload")
        await opened.opened_modal()
        await scene.bob.say(scene.channel, "hello")
        kinds = [(await hers.next()).kind for _ in range(7)]
        assert (await his.next()).kind == "message_created"
    assert kinds == [
        "interaction_started",
        "interaction_acknowledged",
        "message_created",
        "interaction_started",
        "interaction_acknowledged",
        "modal_opened",
        "message_created",
    ]


async def test_answers_ping_whom_they_answer(scene: Scene) -> None:
    question = await scene.ada.say(scene.channel, "who?")
    answer = await scene.bob.say(scene.channel, "me", reply_to=question)
    assert answer.pings == {scene.ada.id}
    assert answer["referenced_message"]["content"] == "who?"


async def test_in_a_thread(scene: Scene) -> None:
    thread = scene.channel.thread("Jazz only")
    reply = await (await scene.ada.slash(thread, "where")).reply()
    assert reply.channel is thread
    assert scene.ada.messages(scene.channel) == []


async def test_private_messages_can_be_dismissed(scene: Scene) -> None:
    reply = await (await scene.ada.slash(scene.channel, "private")).reply()
    await scene.ada.dismiss(reply)
    assert scene.ada.messages(scene.channel) == []
    said = await scene.ada.say(scene.channel, "hello")
    with pytest.raises(ClientRefused, match="private"):
        await scene.ada.dismiss(said)
    await scene.ada.delete(said)
    with pytest.raises(KeyError):
        scene.server.find_message(said.id)


async def test_links_are_previewed(scene: Scene, site: str) -> None:
    scene.server.unfurl("https://www.mixcloud.com", site)
    said = await scene.ada.say(scene.channel, "See https://www.mixcloud.com/ada/mix/.")
    await said.until(lambda m: m.embeds)
    assert said.embeds[0] == {
        "type": "link",
        "url": "https://www.mixcloud.com/ada/mix/",
        "title": "Deep & slow",
        "description": "Two hours",
        "provider": {"name": "Mixcloud", "url": None},
        "thumbnail": {
            "url": "https://pics.example/a.jpg",
            "proxy_url": "https://pics.example/a.jpg",
            "width": 300,
            "height": 600,
            "flags": 0,
        },
        "color": 0xFF7700,
    }
    await scene.ada.edit(said, "<https://www.mixcloud.com/ada/mix/>")
    assert said.embeds == []
    hidden = await scene.ada.say(scene.channel, "<https://www.mixcloud.com/ada/mix/>")
    foreign = await scene.ada.say(scene.channel, "https://www.mixcloud.com.example.org/a/b/")
    await (await scene.ada.say(scene.channel, "https://www.mixcloud.com/x/")).until(
        lambda m: m.embeds
    )
    assert hidden.embeds == foreign.embeds == []


async def test_many_at_once(scene: Scene) -> None:
    async def once(number: int) -> str:
        reply = await scene.ada.slash(scene.channel, "mixcloud search", query=f"number {number}")
        return (await reply.reply()).content

    contents = await asyncio.gather(*(once(number) for number in range(32)))
    assert contents == [f"number {number} none 20" for number in range(32)]
