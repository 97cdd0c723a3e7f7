"""People: what they can do in Discord's client, and what they see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .accounts import Account
from .errors import ClientRefused, Json
from .files import File
from .filling import FormFiller, OptionFiller, Value, chosen_in, resolved_user
from .interactions import Interaction
from .kinds import CommandKind, ComponentKind, InteractionKind, MessageKind, OptionKind
from .limits import check_message
from .messages import Message, compose, edited, suppressed
from .permissions import Permission
from .places import Channel, Role

if TYPE_CHECKING:
    from .world import World


class User(Account):
    """A person, or the bot itself (`discord.bot`).

    A person's methods do what Discord's client lets one do, and raise ClientRefused where it would
    not: an option missing, a disabled button, a text longer than its field.
    """

    def __init__(self, world: World, id: str, name: str, **more: Any) -> None:
        super().__init__(id, name, **more)
        self._world = world
        self.installed = False
        self.accepts_dms = True

    def install(self) -> User:
        """Add the app to the account, so that its commands come along anywhere; returns itself."""
        self.installed = True
        return self

    def dm(self) -> Channel:
        """The direct messages with the bot."""
        return self._world.open_dm(self)

    # What a person sees.

    def sees(self, message: Message) -> bool:
        """Whether `message` is on this person's screen when they open its channel."""
        if message.deleted or message.only_for not in (None, self):
            return False
        return message.channel.sees(self)

    def messages(self, channel: Channel) -> list[Message]:
        """What this person reads in `channel`, oldest first."""
        return [message for message in channel.messages.values() if self.sees(message)]

    def commands(self, channel: Channel) -> list[Json]:
        """The commands that the client offers in `channel`, as registered; menus included."""
        if not channel.writable:
            return []
        guild_id = channel.guild.id if channel.guild else None
        usable = self._world.commands.usable_in(guild_id)
        return [command for command in usable if self._owners(command, channel) is not None]

    # Messages.

    async def say(
        self,
        channel: Channel,
        content: str = "",
        *,
        files: Sequence[File] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message."""
        if not channel.writable:
            raise ClientRefused(f"{channel} is a forum: write in one of its posts")
        self._demand(channel, channel.sending)
        _check_text(content, files)
        for file in files:
            self._world.files.refuse_too_large(file)
        more: Json = {}
        if reply_to:
            more = {
                "type": MessageKind.REPLY,
                "message_reference": {
                    "type": 0,
                    "message_id": reply_to.id,
                    "channel_id": channel.id,
                },
                "referenced_message": reply_to.raw,
            }
        message = compose(
            self._world,
            channel,
            self,
            {"content": content},
            files=list(enumerate(files)),
            **more,
        )
        self._world.message_created(message)
        return message

    async def edit(self, message: Message, content: str) -> None:
        """Change one's own message."""
        if message.author is not self:
            raise ClientRefused("That is somebody else's message")
        self._look_at(message)
        _check_text(content, message.attachments)
        message.update(**edited(message, {"content": content}, ()))

    async def suppress(self, message: Message) -> None:
        """Remove the previews of one's own message, or of another's as a moderator."""
        self._look_at(message)
        if message.author is not self:
            self._demand(message.channel, Permission.MANAGE_MESSAGES)
        message.update(**suppressed(message, hidden=True))

    async def delete(self, *messages: Message) -> None:
        """Delete one's own message, or others' with the permission to manage messages.

        Several, of one channel, are purged at once, as moderators do with a bot of theirs.
        """
        for message in messages:
            self._look_at(message)
            if message.author is not self or len(messages) > 1:
                self._demand(message.channel, Permission.MANAGE_MESSAGES)
        self._world.delete_message(*messages)

    async def dismiss(self, message: Message) -> None:
        """Take a private message off the screen."""
        if message.only_for is not self:
            raise ClientRefused("Only private messages can be dismissed")
        self._world.dismiss(message)

    def _demand(self, channel: Channel, permission: Permission) -> None:
        if not channel.sees(self):
            raise ClientRefused(f"{self.name} cannot see {channel}")
        if not channel.permissions_of(self) & permission:
            raise ClientRefused(f"{self.name} may not do that in {channel}: {permission.name}")

    # Commands.

    async def slash(
        self,
        channel: Channel,
        command: str,
        values: Mapping[str, Value] | None = None,
        /,
        **options: Value,
    ) -> Interaction:
        """Use a slash command, for instance `slash(channel, "mixcloud search", query="jazz")`.

        Options are checked as the client does: required ones, types, lengths, ranges, choices (by
        name or value). People, channels, roles and `File`s are given as such. Options whose name is
        no Python name go into `values`.
        """
        return await self._use(channel, command, {**(values or {}), **options})

    async def autocomplete(
        self,
        channel: Channel,
        command: str,
        values: Mapping[str, Value] | None = None,
        /,
        *,
        focused: str,
        **options: Value,
    ) -> list[Json]:
        """Type into the option `focused`, and return the choices offered: `name`, `value` each.

        Raises InteractionFailed when none come in three seconds.
        """
        given = {**(values or {}), **options}
        interaction = await self._use(channel, command, given, focused=focused)
        await interaction.acknowledged()
        return interaction.choices or []

    async def _use(
        self,
        channel: Channel,
        path: str,
        values: Mapping[str, Value],
        *,
        focused: str | None = None,
    ) -> Interaction:
        name, *rest = path.removeprefix("/").split()
        command = self._command(channel, CommandKind.SLASH, name)
        branch, data_options = command, list[Json]()
        parent: Json = {"options": data_options}
        for step in rest:
            branch = self._named(branch.get("options", ()), step, path)
            node: Json = {"name": branch["name"], "type": branch["type"], "options": []}
            parent["options"].append(node)
            parent = node
        options = branch.get("options", ())
        if any(option["type"] in (OptionKind.SUBCOMMAND, OptionKind.GROUP) for option in options):
            raise ClientRefused(f"/{path} is a group; choose one of its commands")
        filler = OptionFiller(self, self._world.files, options, channel, focused)
        parent["options"] += filler.fill(values)
        data: Json = {
            "id": command["id"],
            "name": command["name"],
            "type": CommandKind.SLASH,
            "options": data_options,
        }
        if filler.resolved:
            data["resolved"] = filler.resolved
        kind = InteractionKind.AUTOCOMPLETE if focused else InteractionKind.COMMAND
        return self._start(kind, channel, data, command, name=" ".join([name, *rest]))

    def _named(self, options: Sequence[Json], name: str, path: str) -> Json:
        for option in options:
            if name in (option["name"], self.local_name(option)):
                return option
        raise ClientRefused(f"There is no command /{path}")

    def _command(self, channel: Channel, kind: int, name: str) -> Json:
        if not channel.sees(self):
            raise ClientRefused(f"{self.name} cannot see {channel}")
        offered = [command for command in self.commands(channel) if command["type"] == kind]
        for command in offered:
            if name in (command["name"], self.local_name(command)):
                return command
        names = ", ".join(command["name"] for command in offered)
        raise ClientRefused(
            f"{name!r} is not offered to {self.name} in {channel}; these are: {names}"
        )

    def _owners(self, command: Json, channel: Channel) -> Json | None:
        """By whose installation `command` is usable in `channel`; None if by nobody's."""
        contexts = command["contexts"]
        if contexts is not None and channel.context not in contexts:
            return None
        permissions = channel.permissions_of(self)
        needed = int(command["default_member_permissions"] or 0)
        if channel.guild and not permissions & Permission.USE_APPLICATION_COMMANDS:
            return None
        owners: Json = {}
        if 0 in command["integration_types"] and channel.bot_present:
            if not channel.guild:
                owners["0"] = "0"
            elif permissions & needed == needed:
                owners["0"] = channel.guild.id
        if 1 in command["integration_types"] and self.installed:
            owners["1"] = self.id
        return owners or None

    async def menu(self, message: Message, name: str) -> Interaction:
        """Use an entry of a message's Apps menu."""
        if not self.sees(message):
            raise ClientRefused(f"{self.name} does not see this message")
        if message.ephemeral:
            raise ClientRefused("A private message has no Apps menu")
        command = self._command(message.channel, CommandKind.MESSAGE_MENU, name)
        data = self._menu_data(command, message.id, {"messages": {message.id: message.raw}})
        return self._start(InteractionKind.COMMAND, message.channel, data, command, name=name)

    async def user_menu(self, person: User, name: str, channel: Channel) -> Interaction:
        """Use an entry of a person's Apps menu, opened in `channel`."""
        command = self._command(channel, CommandKind.USER_MENU, name)
        data = self._menu_data(command, person.id, resolved_user(person, channel))
        return self._start(InteractionKind.COMMAND, channel, data, command, name=name)

    def _menu_data(self, command: Json, target_id: str, resolved: Json) -> Json:
        return {
            "id": command["id"],
            "name": command["name"],
            "type": command["type"],
            "target_id": target_id,
            "resolved": resolved,
        }

    def _start(
        self, kind: InteractionKind, channel: Channel, data: Json, command: Json, *, name: str
    ) -> Interaction:
        owners = self._owners(command, channel) or {}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        interaction = Interaction(self._world, kind, self, channel, data, owners, name=name)
        return self._world.start(interaction)

    # Buttons, menus and forms.

    async def click(
        self, message: Message, label: str | None = None, *, custom_id: str | None = None
    ) -> Interaction:
        """Click the button that reads `label` (an emoji counts), or the one with `custom_id`."""
        self._look_at(message)
        button = message.button(label, custom_id=custom_id)
        if button.disabled:
            raise ClientRefused(f"{button.label!r} is disabled")
        if button.custom_id is None:
            raise ClientRefused(f"{button.label!r} is a link, to {button.url}")
        data = {"custom_id": button.custom_id, "component_type": ComponentKind.BUTTON}
        return self._touch(message, data, name=button.label)

    async def choose(
        self, message: Message, *values: str | User | Channel | Role, custom_id: str | None = None
    ) -> Interaction:
        """Choose entries of a menu by label or value; people, channels or roles by themselves."""
        self._look_at(message)
        for menu in message.menus:
            if custom_id not in (None, menu["custom_id"]):
                continue
            chosen, resolved = chosen_in(menu, values, message.channel)
            if chosen is None:
                continue
            if menu.get("disabled"):
                raise ClientRefused("The menu is disabled")
            lowest, highest = menu.get("min_values", 1), menu.get("max_values", 1)
            if not lowest <= len(chosen) <= highest:
                raise ClientRefused(f"Choose {lowest} to {highest} entries")
            data: Json = {
                "custom_id": menu["custom_id"],
                "component_type": menu["type"],
                "values": chosen,
            }
            if resolved:
                data["resolved"] = resolved
            return self._touch(message, data, name=menu.get("placeholder") or "menu")
        raise ClientRefused(f"No menu offers {values}; there are: {message.menus}")

    def _look_at(self, message: Message) -> None:
        if not self.sees(message):
            raise ClientRefused(f"{self.name} does not see this message")

    def _touch(self, message: Message, data: Json, *, name: str) -> Interaction:
        component = next(c for c in message.components if c.get("custom_id") == data["custom_id"])
        data["id"] = component["id"]
        channel = message.channel
        owners: Json = {"0": channel.guild.id if channel.guild else "0"}
        if not channel.bot_present:
            owners = message.raw["interaction_metadata"]["authorizing_integration_owners"]
        interaction = Interaction(
            self._world,
            InteractionKind.COMPONENT,
            self,
            channel,
            data,
            owners,
            name=name,
            message=message,
        )
        return self._world.start(interaction)

    async def submit(
        self, interaction: Interaction, values: Mapping[str, Any] | None = None, /, **fields: Any
    ) -> Interaction:
        """Fill in the form that `interaction` opened, and send it.

        Fields are named by `custom_id` (in `values` where it is no Python name) or by label; those
        not named keep what the form proposes.
        """
        if interaction.modal is None or interaction.user is not self:
            raise ClientRefused("No form is open")
        form = FormFiller({**(values or {}), **fields}, self._world.files, interaction.channel)
        data: Json = {
            "custom_id": interaction.modal["custom_id"],
            "components": form.fill(interaction.modal["components"]),
        }
        if form.resolved:
            data["resolved"] = form.resolved
        return self._world.start(
            Interaction(
                self._world,
                InteractionKind.FORM,
                self,
                interaction.channel,
                data,
                interaction.owners,
                name=interaction.modal["title"],
                message=interaction.message,
                cause=interaction,
            )
        )


class Webhook(Account):
    """Another application's way to write in one channel, under any name."""

    def __init__(self, world: World, id: str, name: str, channel: Channel) -> None:
        super().__init__(id, name, bot=True)
        self._world = world
        self._channel = channel

    async def say(
        self, content: str = "", *, embeds: Sequence[Json] = (), files: Sequence[File] = ()
    ) -> Message:
        """Write a message."""
        body: Json = {"content": content, "embeds": list(embeds)}
        check_message(body, uploads=len(files))
        message = compose(
            self._world,
            self._channel,
            self,
            body,
            files=list(enumerate(files)),
            webhook_id=self.id,
        )
        self._world.message_created(message)
        return message

    def to_json(self) -> Json:
        return super().to_json() | {"discriminator": "0000"}


def _check_text(content: str, files: Sequence[object]) -> None:
    if len(content) > 2000:
        raise ClientRefused("A message has at most 2000 characters")
    if not content.strip() and not files:
        raise ClientRefused("A message needs text or a file")
