"""What Discord refuses, asked for without a library in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Channel, Interaction, InteractionFailed, Permission, User
from mixbot.sandbox.discord.commands import Commands
from mixbot.sandbox.discord.errors import Refusal
from mixbot.sandbox.discord.gateway import Gateway
from mixbot.sandbox.discord.ids import Snowflakes
from mixbot.sandbox.discord.limits import check_choices, check_message, check_modal
from mixbot.sandbox.discord.messages import compose
from mixbot.sandbox.discord.shapes import check_shape
from mixbot.sandbox.discord.world import World

Json = dict[str, Any]

COMMANDS: list[Json] = [
    {"name": "go", "description": "Go"},
    {"name": "away", "description": "Go away", "integration_types": [1], "contexts": [0, 1, 2]},
    {
        "name": "find",
        "description": "Find",
        "options": [
            {"type": 3, "name": "what", "description": "What", "autocomplete": True},
        ],
    },
]
BUTTON: Json = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def select(**changes: Any) -> Json:
    options = [{"label": "One", "value": "1"}]
    return {"type": 3, "custom_id": "menu", "options": options, **changes}


class Api:
    """A bot that asks Discord's API by hand."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.guild = server.guild("Crate diggers")
        self.channel: Channel = self.guild.channel("general")
        self.ada: User = server.user("ada")
        self.guild.join(self.ada)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {self.server.bot_token}"}
        headers |= more.pop("headers", {})
        url = self.server.api_url + path
        if body is not None:
            more["json"] = body
        async with self.session.request(method, url, headers=headers, **more) as response:
            if response.status == 204:
                return 204, None
            return response.status, await response.json()

    async def post(self, body: Json) -> tuple[int, Any]:
        return await self.ask("POST", f"/channels/{self.channel.id}/messages", body)

    async def respond(self, interaction: Interaction, type: int, **data: Any) -> tuple[int, Any]:
        path = f"/interactions/{interaction.id}/{interaction.token}/callback"
        return await self.ask("POST", path, {"type": type, "data": data})

    def webhook(self, interaction: Interaction, message: str = "") -> str:
        path = f"/webhooks/{self.server.application_id}/{interaction.token}"
        return f"{path}/messages/{message}" if message else path

    async def go(self) -> Interaction:
        return await self.ada.slash(self.channel, "go")


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with DiscordServer() as server, aiohttp.ClientSession() as session:
        api = Api(server, session)
        status, _ = await api.ask(
            "PUT", f"/applications/{server.application_id}/commands", COMMANDS
        )
        assert status == 200
        yield api


def faults(errors: Json, path: str = "") -> dict[str, str]:
    """All `_errors` of a refusal: where, and the code."""
    found: dict[str, str] = {}
    for key, value in errors.items():
        if key == "_errors":
            found[path.removeprefix(".")] = value[0]["code"]
        else:
            found |= faults(value, f"{path}.{key}")
    return found


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
        (
            {"embeds": [{"description": "x" * 3001}] * 2},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{}]}, "embeds.0.description", "BASE_TYPE_REQUIRED"),
        (
            {"embeds": [{"fields": [{"name": "x", "value": ""}]}]},
            "embeds.0.fields.0.value",
            "BASE_TYPE_REQUIRED",
        ),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "y"}] * 26}]},
            "embeds.0.fields",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"embeds": [{"title": "x", "url": "ftp://x.org"}]},
            "embeds.0.url",
            "URL_TYPE_INVALID_SCHEME",
        ),
        (
            {"embeds": [{"image": {"url": "/relative.png"}}]},
            "embeds.0.image.url",
            "URL_TYPE_INVALID_URL",
        ),
        (
            {"embeds": [{"title": "x", "footer": {"text": "x" * 2049}}]},
            "embeds.0.footer.text",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"embeds": [{"title": "x", "author": {"name": "x" * 257}}]},
            "embeds.0.author.name",
            "BASE_TYPE_MAX_LENGTH",
        ),
        ({"embeds": [{"title": "x", "color": 1 << 24}]}, "embeds.0.color", "NUMBER_TYPE_MAX"),
        (
            {"embeds": [{"title": "x", "timestamp": "noon"}]},
            "embeds.0.timestamp",
            "DATE_TIME_TYPE_PARSE",
        ),
        ({"components": [row(BUTTON)] * 6}, "components", "BASE_TYPE_MAX_LENGTH"),
        ({"components": [BUTTON]}, "components.0.type", "UNION_TYPE_CHOICES"),
        ({"components": [row()]}, "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [row(*({**BUTTON, "custom_id": str(n)} for n in range(6)))]},
            "components.0.components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [row(BUTTON, BUTTON)]},
            "components.0.components.1.custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            {"components": [row({**BUTTON, "custom_id": "x" * 101})]},
            "components.0.components.0.custom_id",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [row({**BUTTON, "label": "x" * 81})]},
            "components.0.components.0.label",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"components": [row({**BUTTON, "emoji": {"name": "not an emoji"}})]},
            "components.0.components.0.emoji.name",
            "BUTTON_COMPONENT_INVALID_EMOJI",
        ),
        (
            {"components": [row({**BUTTON, "emoji": {}})]},
            "components.0.components.0.emoji.name",
            "BUTTON_COMPONENT_INVALID_EMOJI",
        ),
        (
            {"components": [row({"type": 2, "style": 5, "label": "x", "url": "mix:1"})]},
            "components.0.components.0.url",
            "URL_TYPE_INVALID_URL",
        ),
        (
            {
                "components": [
                    row({"type": 2, "style": 5, "label": "x", "url": "https://a/" + "x" * 503})
                ]
            },
            "components.0.components.0.url",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"components": [row(BUTTON, select())]},
            "components.0.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (
            {"components": [row(select(options=[]))]},
            "components.0.components.0.options",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {
                "components": [
                    row(select(options=[{"label": str(n), "value": str(n)} for n in range(26)]))
                ]
            },
            "components.0.components.0.options",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [row(select(options=[{"label": "x" * 101, "value": "1"}]))]},
            "components.0.components.0.options.0.label",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [row(select(options=[{"label": "x", "value": "1"}] * 2))]},
            "components.0.components.0.options.1.value",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        (
            {"components": [row(select(placeholder="x" * 151))]},
            "components.0.components.0.placeholder",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "x"}]},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 2001}] * 2},
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
        (
            {
                "flags": 1 << 15,
                "components": [{"type": 17, "components": [{"type": 10, "content": "x"}] * 40}],
            },
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
        ),
        ({"components": [{"type": 10, "content": "x"}]}, "components.0.type", "UNION_TYPE_CHOICES"),
    ],
)
async def test_messages_that_are_refused(api: Api, body: Json, where: str, code: str) -> None:
    status, answer = await api.post(body)
    assert (status, answer["code"]) == (400, 50035)
    assert faults(answer["errors"])[where] == code
    interaction = await api.go()
    status, answer = await api.respond(interaction, 4, **body)
    assert (status, answer["code"]) == (400, 50035)
    assert faults(answer["errors"])[f"data.{where}"] == code
    assert api.ada.messages(api.channel) == []


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, whole: Any) -> Any:
    """Some JSON, with one part of it replaced by any other JSON."""
    if not whole or not isinstance(whole, dict | list) or draw(st.integers(0, 4)) == 0:
        return draw(json)
    if isinstance(whole, list):
        index = draw(st.integers(0, len(whole) - 1))
        return [*whole[:index], draw(damaged(whole[index])), *whole[index + 1 :]]
    key = draw(st.sampled_from(sorted(whole)))
    return {**whole, key: draw(damaged(whole[key]))}


MESSAGE: Json = {
    "content": "x",
    "flags": 0,
    "embeds": [
        {
            "title": "x",
            "url": "https://example.org",
            "color": 1,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "footer": {"text": "x", "icon_url": "https://example.org"},
            "author": {"name": "x"},
            "image": {"url": "https://example.org"},
            "fields": [{"name": "x", "value": "y"}],
        }
    ],
    "components": [row({**BUTTON, "emoji": {"name": "♥"}}), row(select(placeholder="x"))],
    "allowed_mentions": {"parse": ["users"], "users": ["1"]},
    "attachments": [{"id": "0", "filename": "x.png"}],
}
CARD: Json = {
    "flags": 1 << 15,
    "components": [
        {
            "type": 17,
            "accent_color": 1,
            "components": [
                {"type": 10, "content": "x"},
                {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": BUTTON},
                {"type": 12, "items": [{"media": {"url": "https://example.org"}}]},
            ],
        }
    ],
}


@given(body=damaged(MESSAGE) | damaged(CARD))
def test_anything_is_accepted_or_refused(body: Any) -> None:
    """No JSON breaks the server: it becomes a message, or a refusal in Discord's form."""
    world = World(app_name="x", interaction_seconds=3, token_seconds=900)
    world.gateway = Gateway(world, compress=False, allowed_intents=0)
    assume(isinstance(body, dict))
    channel = world.add_guild("Crate diggers").channel("general")
    with suppress(Refusal):
        check_shape(body)
        check_message(body)
        message = compose(world, channel, world.bot, body)
        assert message["channel_id"] == channel.id


FORM: Json = {
    "title": "Form",
    "custom_id": "form",
    "components": [
        row({"type": 4, "custom_id": "a", "label": "A", "style": 1, "max_length": 5}),
        {"type": 18, "label": "B", "component": select(custom_id="b", required=True)},
        {"type": 18, "label": "C", "component": {"type": 19, "custom_id": "c", "max_values": 2}},
    ],
}
CHOICE: Json = {"name": "x", "value": "y"}
OPTION: Json = {"type": 3, "name": "o", "description": "O", "choices": [CHOICE]}
COMMAND: Json = {
    "name": "x",
    "name_localizations": {"de": "y"},
    "description": "X",
    "contexts": [0],
    "options": [
        {"type": 2, "name": "g", "description": "G", "options": [
            {"type": 1, "name": "s", "description": "S", "options": [OPTION]},
        ]},
    ],
}  # fmt: skip


@given(form=damaged(FORM), command=damaged(COMMAND), choices=damaged([CHOICE]))
def test_any_form_command_or_choice_is_accepted_or_refused(
    form: Any, command: Any, choices: Any
) -> None:
    registered = Commands("1", Snowflakes())
    with suppress(Refusal):
        check_shape({"data": form})
        check_modal(form or {})
    with suppress(Refusal):
        check_shape([command])
        assert registered.replace(None, [command]) == registered.all()
    with suppress(Refusal):
        check_shape({"choices": choices})
        check_choices(choices)


async def test_what_just_fits(api: Api) -> None:
    menus = [row(select(custom_id=f"menu {n}", placeholder="x" * 150)) for n in range(3)]
    buttons = [row(*({**BUTTON, "custom_id": f"{r}{n}"} for n in range(5))) for r in range(2)]
    embed = {"title": "x" * 256, "description": "x" * 4096, "footer": {"text": "x" * 1648}}
    status, message = await api.post(
        {"content": "x" * 2000, "embeds": [embed], "components": [*menus, *buttons]}
    )
    assert status == 200
    ids = [c["id"] for r in message["components"] for c in (r, *r["components"])]
    assert len(set(ids)) == len(ids)


async def test_empty_messages_are_refused(api: Api) -> None:
    bodies: list[Json] = [{}, {"content": "  "}, {"embeds": []}]
    for body in bodies:
        assert (await api.post(body))[1]["code"] == 50006
    _, message = await api.post({"content": "x"})
    path = f"/channels/{api.channel.id}/messages/{message['id']}"
    status, answer = await api.ask("PATCH", path, {"content": ""})
    assert (status, answer["code"]) == (400, 50006)


async def test_an_interaction_is_answered_once(api: Api) -> None:
    interaction = await api.go()
    assert (await api.respond(interaction, 4, content="x"))[0] == 204
    status, answer = await api.respond(interaction, 4, content="x")
    assert (status, answer["code"]) == (400, 40060)


async def test_too_late(api: Api) -> None:
    interaction = await api.go()
    interaction.time_out()
    status, answer = await api.respond(interaction, 5)
    assert (status, answer["code"]) == (404, 10062)
    with pytest.raises(InteractionFailed):
        await interaction.reply()


async def test_the_webhook_opens_with_the_answer_and_closes_with_the_token(api: Api) -> None:
    interaction = await api.go()
    status, answer = await api.ask("POST", api.webhook(interaction), {"content": "early"})
    assert (status, answer["code"]) == (404, 10015)
    await api.respond(interaction, 5)
    assert (await api.ask("GET", api.webhook(interaction, "@original")))[1]["flags"] == 128
    status, answer = await api.ask(
        "PATCH", api.webhook(interaction, "@original"), {"content": "done"}
    )
    assert (status, answer["content"], answer["flags"]) == (200, "done", 0)
    interaction.expire()
    for method, path in (("POST", ""), ("PATCH", "@original"), ("DELETE", "@original")):
        status, answer = await api.ask(method, api.webhook(interaction, path), {"content": "x"})
        assert (status, answer["code"]) == (401, 50027)


async def test_the_token_is_refused_after_a_quarter_of_an_hour(api: Api) -> None:
    interaction = await api.go()
    await api.respond(interaction, 5)
    path, later = api.webhook(interaction, "@original"), await api.go()
    api.server.pass_time(14 * 60)
    assert (await api.ask("PATCH", path, {"content": "30 %"}))[0] == 200
    await api.respond(later, 5)
    api.server.pass_time(2 * 60)
    status, answer = await api.ask("PATCH", path, {"content": "40 %"})
    assert (status, answer["code"]) == (401, 50027)
    fresh = await api.go()
    assert (await api.respond(fresh, 5))[0] == 204


async def test_a_private_defer_makes_the_answer_private(api: Api) -> None:
    interaction = await api.go()
    await api.respond(interaction, 5, flags=64)
    await api.ask("POST", api.webhook(interaction), {"content": "first"})
    await api.ask("POST", api.webhook(interaction), {"content": "second"})
    first, second = api.ada.messages(api.channel)
    assert (first.content, first.ephemeral) == ("first", True)
    assert (second.content, second.ephemeral) == ("second", False)
    assert interaction.original is first


async def test_kinds_of_answers(api: Api) -> None:
    modal = {
        "title": "Form",
        "custom_id": "form",
        "components": [
            row({"type": 4, "custom_id": "a", "label": "A", "style": 1}),
        ],
    }
    interaction = await api.go()
    for kind in (6, 7, 8, 99):
        status, answer = await api.respond(interaction, kind, content="x")
        assert (status, faults(answer["errors"])) == (400, {"type": "BASE_TYPE_CHOICES"})
    assert (await api.respond(interaction, 9, **modal))[0] == 204
    submitted = await api.ada.submit(interaction, a="text")
    status, answer = await api.respond(submitted, 9, **modal)
    assert (status, faults(answer["errors"])) == (400, {"type": "BASE_TYPE_CHOICES"})
    assert (await api.respond(submitted, 4, content="thanks"))[0] == 204


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": "x" * 46}, "data.title"),
        ({"title": ""}, "data.title"),
        ({"custom_id": "x" * 101}, "data.custom_id"),
        ({"components": []}, "data.components"),
        (
            {"components": [row({"type": 4, "custom_id": "a", "label": "x" * 46, "style": 1})]},
            "data.components.0.components.0.label",
        ),
        ({"components": [row(BUTTON)]}, "data.components.0.components.0.type"),
    ],
)
async def test_forms_that_are_refused(api: Api, changes: Json, where: str) -> None:
    field = {"type": 4, "custom_id": "a", "label": "A", "style": 1}
    modal = {"title": "Form", "custom_id": "form", "components": [row(field)]}
    status, answer = await api.respond(await api.go(), 9, **{**modal, **changes})
    assert (status, answer["code"]) == (400, 50035)
    assert where in faults(answer["errors"])


async def test_autocomplete_is_limited(api: Api) -> None:
    async def offer(choices: list[Json]) -> dict[str, str]:
        interaction = await api.ada._use(api.channel, "find", {"what": "x"}, focused="what")
        status, answer = await api.respond(interaction, 8, choices=choices)
        return {} if status == 204 else faults(answer["errors"])

    choice = {"name": "x", "value": "x"}
    assert await offer([choice] * 25) == {}
    assert await offer([choice] * 26) == {"data.choices": "BASE_TYPE_MAX_LENGTH"}
    long = "x" * 101
    assert set(await offer([{"name": long, "value": long}])) == {
        "data.choices.0.name",
        "data.choices.0.value",
    }


async def test_what_a_brought_along_app_may_say(api: Api) -> None:
    elsewhere = api.server.guild("Elsewhere", bot_present=False)
    room = elsewhere.channel("room")
    elsewhere.join(api.ada.install())
    interaction = await api.ada.slash(room, "away")
    await api.respond(interaction, 4, content="x")
    for number in range(5):
        assert (await api.ask("POST", api.webhook(interaction), {"content": str(number)}))[0] == 200
    status, answer = await api.ask("POST", api.webhook(interaction), {"content": "one more"})
    assert (status, answer["code"]) == (400, 40094)
    status, answer = await api.ask("POST", f"/channels/{room.id}/messages", {"content": "x"})
    assert (status, answer["code"]) == (403, 50001)


async def test_permissions(api: Api) -> None:
    api.channel.deny(api.server.bot, Permission.SEND_MESSAGES)
    assert (await api.post({"content": "x"}))[1]["code"] == 50013
    api.channel.deny(api.server.bot, Permission.VIEW_CHANNEL)
    assert (await api.post({"content": "x"}))[1]["code"] == 50001
    api.ada.accepts_dms = False
    _, dm = await api.ask("POST", "/users/@me/channels", {"recipient_id": api.ada.id})
    path = f"/channels/{dm['id']}/messages"
    assert (await api.ask("POST", path, {"content": "x"}))[1]["code"] == 50007


async def test_who_asks(api: Api) -> None:
    wrong = {"Authorization": "Bot wrong"}
    assert await api.ask("GET", "/users/@me", headers=wrong) == (
        401,
        {"message": "401: Unauthorized", "code": 0},
    )
    assert (await api.ask("GET", "/users/1"))[1]["code"] == 10013
    assert (await api.ask("GET", "/channels/1"))[1]["code"] == 10003
    assert (await api.ask("GET", "/guilds/1"))[1]["code"] == 10004
    assert (await api.ask("GET", "/no/such/thing"))[0] == 404
    said = await api.ada.say(api.channel, "mine")
    path = f"/channels/{api.channel.id}/messages/{said.id}"
    assert (await api.ask("PATCH", path, {"content": "x"}))[1]["code"] == 50005


async def test_whom_a_message_pings(api: Api) -> None:
    api.guild.members[api.server.bot.id].roles.append(
        api.guild.role("Loud", Permission.MENTION_EVERYONE)
    )
    text = f"@everyone {api.ada.mention}"

    async def pings(**allowed: Any) -> frozenset[str]:
        _, message = await api.post({"content": text, **allowed})
        return api.server.find_message(message["id"]).pings

    assert await pings() == {"@everyone", api.ada.id}
    assert await pings(allowed_mentions={"parse": []}) == frozenset()
    assert await pings(allowed_mentions={"parse": ["users"]}) == {api.ada.id}
    assert await pings(allowed_mentions={"parse": [], "users": [api.ada.id]}) == {api.ada.id}


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ({"name": "Upper", "description": "x"}, "name"),
        ({"name": "x" * 33, "description": "x"}, "name"),
        ({"name": "x", "description": ""}, "description"),
        ({"name": "x", "description": "x" * 101}, "description"),
        ({"name": "Menu", "type": 3, "description": "x"}, "description"),
        ({"name": "x", "description": "x", "contexts": [3]}, "contexts.0"),
        (
            {
                "name": "x",
                "description": "x",
                "options": [{"type": 3, "name": f"o{n}", "description": "x"} for n in range(26)],
            },
            "options",
        ),
        (
            {
                "name": "x",
                "description": "x",
                "options": [
                    {"type": 3, "name": "a", "description": "x"},
                    {"type": 3, "name": "b", "description": "x", "required": True},
                ],
            },
            "options.1",
        ),
        (
            {
                "name": "x",
                "description": "x",
                "options": [{"type": 3, "name": "a", "description": "x"}] * 2,
            },
            "options.1.name",
        ),
    ],
)
async def test_commands_that_are_refused(api: Api, command: Json, where: str) -> None:
    path = f"/applications/{api.server.application_id}/commands"
    status, answer = await api.ask("PUT", path, [command])
    assert (status, answer["code"]) == (400, 50035)
    assert f"0.{where}" in faults(answer["errors"])
    assert [c["name"] for c in api.server.commands] == ["go", "away", "find"]


async def test_commands_one_by_one(api: Api) -> None:
    path = f"/applications/{api.server.application_id}/guilds/{api.guild.id}/commands"
    status, made = await api.ask("POST", path, {"name": "local", "description": "Here"})
    assert status == 201
    status, again = await api.ask("POST", path, {"name": "local", "description": "Still"})
    assert (status, again["id"]) == (200, made["id"])
    one = f"{path}/{made['id']}"
    assert (await api.ask("PATCH", one, {"description": "New"}))[1]["description"] == "New"
    assert (await api.ask("GET", path))[1] == api.server.guild_commands(api.guild)
    assert (await api.ask("DELETE", one))[0] == 204
    assert (await api.ask("GET", one))[1]["code"] == 10063
    many = [{"name": f"c{n}", "description": "x"} for n in range(101)]
    assert (await api.ask("PUT", path, many))[1]["code"] == 30032


async def test_faults(api: Api) -> None:
    api.server.fault("POST", "/channels/*/messages", status=403, code=50013, message="No", times=1)
    assert await api.post({"content": "x"}) == (403, {"message": "No", "code": 50013})
    assert (await api.post({"content": "x"}))[0] == 200
    (first, second) = await api.server.requested("POST", "/channels/*/messages", times=2)
    assert (first.status, second.status) == (403, 200)
    api.server.fault("GET", "/users/*", status=0, delay=0.01)
    assert (await api.ask("GET", "/users/@me"))[0] == 200
    api.server.fault("GET", "*")
    assert (await api.ask("GET", "/users/@me"))[0] == 500
    api.server.clear_faults()
    assert (await api.ask("GET", "/users/@me"))[0] == 200


async def test_permissions_in_threads_and_forums(api: Api) -> None:
    bot = api.server.bot
    thread, forum = api.channel.thread("Jazz only"), api.guild.channel("questions", type=15)
    api.channel.deny(bot, Permission.SEND_MESSAGES)
    path = f"/channels/{thread.id}/messages"
    assert (await api.ask("POST", path, {"content": "x"}))[0] == 200
    api.channel.deny(bot, Permission.SEND_MESSAGES_IN_THREADS)
    assert (await api.ask("POST", path, {"content": "x"}))[1]["code"] == 50013
    status, answer = await api.ask("POST", f"/channels/{forum.id}/messages", {"content": "x"})
    assert (status, answer["code"]) == (400, 50008)


async def test_without_the_history(api: Api) -> None:
    said = await api.ada.say(api.channel, "who?")
    reply = {"content": "me", "message_reference": {"message_id": said.id}}
    assert (await api.post(reply))[0] == 200
    api.channel.deny(api.server.bot, Permission.READ_MESSAGE_HISTORY)
    status, answer = await api.post(reply)
    assert (status, answer["code"]) == (400, 160002)
    messages = f"/channels/{api.channel.id}/messages"
    assert await api.ask("GET", messages) == (200, [])
    assert (await api.ask("GET", f"{messages}/{said.id}"))[1]["code"] == 50013


async def test_only_the_previews_of_others_may_change(api: Api) -> None:
    said = await api.ada.say(api.channel, "mine")
    path = f"/channels/{api.channel.id}/messages/{said.id}"
    for body in ({"flags": 4, "content": "x"}, {"flags": 4, "allowed_mentions": {}}, {}):
        assert (await api.ask("PATCH", path, body))[1]["code"] == 50005
    assert (await api.ask("PATCH", path, {"flags": 4}))[1]["code"] == 50013
    api.guild.allow(api.server.bot, Permission.MANAGE_MESSAGES)
    status, message = await api.ask("PATCH", path, {"flags": 4 | 1 << 12})
    assert (status, message["flags"]) == (200, 4)
    _, message = await api.ask("PATCH", path, {"flags": 0})
    assert message["flags"] == 0
    assert message["edited_timestamp"] is None


async def test_a_classic_message_becomes_a_layout(api: Api) -> None:
    _, message = await api.post({"content": "old", "embeds": [{"title": "Old"}]})
    path = f"/channels/{api.channel.id}/messages/{message['id']}"
    layout: Json = {"flags": 1 << 15, "components": [{"type": 10, "content": "new"}]}
    _, answer = await api.ask("PATCH", path, layout)
    legacy = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    assert faults(answer["errors"]) == {"content": legacy, "embeds": legacy}
    _, answer = await api.ask("PATCH", path, layout | {"content": None})
    assert faults(answer["errors"]) == {"embeds": legacy}
    status, message = await api.ask("PATCH", path, layout | {"content": "", "embeds": []})
    assert (status, message["content"], message["embeds"]) == (200, "", [])
    assert message["flags"] & 1 << 15
    _, answer = await api.ask("PATCH", path, {"content": "back", "flags": 0})
    assert faults(answer["errors"]) == {"content": legacy}
