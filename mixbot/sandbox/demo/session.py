"""One tab of the chat page: a person, what they see, and what they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from mixbot.sandbox.discord import (
    Channel,
    ClientRefused,
    Event,
    File,
    Guild,
    Interaction,
    InteractionFailed,
    Message,
    Role,
    User,
)
from mixbot.sandbox.discord.kinds import ComponentKind

from .samples import SAMPLES
from .scene import Scene

Json = dict[str, Any]
SHOWN = ("message_created", "message_updated", "message_deleted", "typing_started")


class Session:
    """Sends the page what its person sees; does what the person does on the page.

    The page sends `{"id": 1, "do": "click", …}` and gets `{"id": 1, "done": …}` back, or instead
    of `done` a sentence: `refused`, if Discord's client would not let one do that, or `failed`, if
    the bot did not answer in time. Anything else it gets is an `Event`, but for the very first
    message, which is all there is to see.
    """

    def __init__(
        self,
        scene: Scene,
        person: User,
        socket: web.WebSocketResponse,
        files: Mapping[str, File],
    ) -> None:
        """`files` are those that people have chosen on the page, by id."""
        self._files = files
        self._scene = scene
        self._person = person
        self._socket = socket
        self._deeds: Mapping[str, Callable[[Json], Awaitable[Any]]] = {
            "say": self._say,
            "edit": self._edit,
            "delete": self._delete,
            "suppress": self._suppress,
            "post": self._post,
            "speak": self._speak,
            "command": self._command,
            "complete": self._complete,
            "menu": self._menu,
            "person_menu": self._person_menu,
            "click": self._click,
            "choose": self._choose,
            "submit": self._submit,
            "dismiss": self._dismiss,
        }

    async def run(self) -> None:
        """Stay until the tab is closed."""
        async with (
            asyncio.TaskGroup() as tasks,
            self._scene.discord.subscribe(self._person) as events,
        ):
            await self._send(self._everything())
            tasks.create_task(self._show(events))
            async for frame in self._socket:
                if frame.type is WSMsgType.TEXT:
                    tasks.create_task(self._answer(orjson.loads(frame.data)))

    async def _send(self, message: Json) -> None:
        with suppress(ConnectionError):  # the tab was closed; `run` is about to end
            await self._socket.send_str(orjson.dumps(message).decode())

    def _everything(self) -> Json:
        person, discord = self._person, self._scene.discord
        return {
            "event": "everything",
            "me": person.to_json() | {"locale": person.locale},
            "people": [each.to_json() for each in self._scene.people],
            "bot": discord.bot.to_json(),
            "hosts": dict(self._scene.hosts),
            "size_limit": discord.size_limit,
            "samples": [{"name": sample.name, "about": sample.about} for sample in SAMPLES],
            "places": [self._place(place) for place in self._scene.places(person)],
        }

    def _place(self, place: Channel) -> Json:
        return {
            "id": place.id,
            "kind": place.type,
            "parent": place.parent and place.parent.id,
            "name": place.name or self._scene.discord.bot.name,
            "guild": place.guild and place.guild.name,
            "topic": place.topic,
            "people": [each.to_json() for each in place.recipients],
            "roles": [role.to_json() for role in place.guild.roles] if place.guild else [],
            "writable": bool(place.writable and place.permissions_of(self._person) & place.sending),
            "commands": self._person.commands(place),
            "messages": [message.raw for message in self._person.messages(place)],
        }

    async def _show(self, events: AsyncIterable[Event]) -> None:
        async for event in events:
            if event.kind in SHOWN:
                await self._send(event.to_json())
            elif event.kind == "channel_created":
                await self._send({"event": "place_created", "place": self._place(event.channel)})

    async def _answer(self, request: Json) -> None:
        try:
            answer = {"done": await self._deeds[request["do"]](request)}
        except ClientRefused as refusal:
            answer = {"refused": str(refusal)}
        except InteractionFailed as failure:
            answer = {"failed": str(failure)}
        await self._send({"id": request["id"], **answer})

    # What a person does.

    async def _say(self, request: Json) -> None:
        await self._person.say(self._channel(request["channel"]), request["content"])

    async def _edit(self, request: Json) -> None:
        await self._person.edit(self._message(request["message"]), request["content"])

    async def _delete(self, request: Json) -> None:
        await self._person.delete(self._message(request["message"]))

    async def _suppress(self, request: Json) -> None:
        await self._person.suppress(self._message(request["message"]))

    async def _post(self, request: Json) -> str:
        forum = self._channel(request["channel"])
        return forum.post(self._person, request["title"], request["content"]).id

    async def _speak(self, request: Json) -> None:
        self._person.locale = request["locale"]

    async def _command(self, request: Json) -> Json:
        channel, values = self._channel(request["channel"]), self._values(request["values"])
        return await _settled(await self._person.slash(channel, request["command"], values))

    async def _complete(self, request: Json) -> list[Json]:
        channel, values = self._channel(request["channel"]), self._values(request["values"])
        return await self._person.autocomplete(
            channel, request["command"], focused=request["focused"], **values
        )

    async def _menu(self, request: Json) -> Json:
        message = self._message(request["message"])
        return await _settled(await self._person.menu(message, request["name"]))

    async def _person_menu(self, request: Json) -> Json:
        person = self._scene.discord.find_user(request["person"])
        channel = self._channel(request["channel"])
        return await _settled(await self._person.user_menu(person, request["name"], channel))

    async def _click(self, request: Json) -> Json:
        message, custom_id = self._message(request["message"]), request["custom_id"]
        return await _settled(await self._person.click(message, custom_id=custom_id))

    async def _choose(self, request: Json) -> Json:
        message, custom_id = self._message(request["message"]), request["custom_id"]
        values = [self._chosen(message, custom_id, value) for value in request["values"]]
        return await _settled(await self._person.choose(message, *values, custom_id=custom_id))

    async def _submit(self, request: Json) -> Json:
        opened = self._scene.discord.find_interaction(request["interaction"])
        return await _settled(await self._person.submit(opened, self._values(request["values"])))

    async def _dismiss(self, request: Json) -> None:
        await self._person.dismiss(self._message(request["message"]))

    # What the page names.

    def _channel(self, id: str) -> Channel:
        return self._scene.discord.find_channel(id)

    def _guilds(self) -> list[Guild]:
        return list(self._scene.discord.world.guilds.values())

    def _message(self, id: str) -> Message:
        try:
            return self._scene.discord.find_message(id)
        except KeyError:
            raise ClientRefused("This message is gone.") from None

    def _chosen(self, message: Message, custom_id: str, value: str) -> str | User | Channel | Role:
        """An entry of a menu: a text of its own, or the id of somebody or something."""
        world = self._scene.discord.world
        kinds = [menu["type"] for menu in message.menus if menu["custom_id"] == custom_id]
        if ComponentKind.STRING_SELECT in kinds:
            return value
        guild = message.channel.guild
        roles = {role.id: role for role in guild.roles} if guild else {}
        return world.users.get(value) or world.channels.get(value) or roles.get(value) or value

    def _values(self, given: Json) -> Json:
        return {name: self._value(value) for name, value in given.items()}

    def _value(self, value: Any) -> Any:
        match value:
            case {"user": id}:
                return self._scene.discord.find_user(id)
            case {"channel": id}:
                return self._channel(id)
            case {"role": id}:
                roles = (role for guild in self._guilds() for role in guild.roles)
                return next(role for role in roles if role.id == id)
            case {"upload": id} if id in self._files:
                return self._files[id]
            case {"upload": _}:
                raise ClientRefused("The file is gone: choose it again.")
            case list():
                return [self._value(each) for each in value]
        return value


async def _settled(interaction: Interaction) -> Json:
    """What came of an interaction once the bot has acknowledged it: perhaps a form."""
    try:
        await interaction.acknowledged()
    except InteractionFailed:
        raise InteractionFailed(interaction.failure) from None
    return {"interaction": interaction.id, "modal": interaction.modal}
