"""Filling in a command's options and a form's fields, as strictly as Discord's client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .accounts import Account
from .errors import ClientRefused, Json
from .files import File, Files
from .kinds import ComponentKind, OptionKind
from .places import Channel, Role

Picked = Account | Channel | Role
Value = str | int | float | bool | File | Picked
PICKED_OPTIONS: Mapping[int, tuple[type[Picked], ...]] = {
    OptionKind.USER: (Account,),
    OptionKind.CHANNEL: (Channel,),
    OptionKind.ROLE: (Role,),
    OptionKind.MENTIONABLE: (Account, Role),
}
PICKED_IN_MENUS: Mapping[int, tuple[type[Picked], ...]] = {
    ComponentKind.USER_SELECT: (Account,),
    ComponentKind.ROLE_SELECT: (Role,),
    ComponentKind.MENTIONABLE_SELECT: (Account, Role),
    ComponentKind.CHANNEL_SELECT: (Channel,),
}


def resolved_user(user: Account, channel: Channel) -> Json:
    """How an interaction describes a person: the user, and the member where there is one."""
    resolved: Json = {"users": {user.id: user.to_json()}}
    member = channel.guild.members.get(user.id) if channel.guild else None
    if member:
        fields = member.to_json(with_user=False)
        fields["permissions"] = str(channel.permissions_of(member.user))
        resolved["members"] = {user.id: fields}
    return resolved


def resolve(value: Picked, channel: Channel) -> Json:
    """How an interaction describes something that a person chose."""
    if isinstance(value, Account):
        return resolved_user(value, channel)
    if isinstance(value, Role):
        return {"roles": {value.id: value.to_json()}}
    return {"channels": {value.id: value.to_json() | {"permissions": "0"}}}


def merge(into: Json, resolved: Json) -> None:
    for kind, entries in resolved.items():
        into.setdefault(kind, {}).update(entries)


def chosen_in(
    menu: Json, values: Sequence[str | Picked], channel: Channel
) -> tuple[list[str] | None, Json]:
    """What `values` mean in `menu`, and what they resolve to; None if it does not offer them."""
    chosen: list[str] = []
    resolved: Json = {}
    offered = {option["label"]: option["value"] for option in menu.get("options") or ()}
    offered |= {value: value for value in offered.values()}
    for value in values:
        if isinstance(value, str):
            if value not in offered:
                return None, {}
            chosen.append(offered[value])
        elif isinstance(value, PICKED_IN_MENUS.get(menu["type"], ())):
            chosen.append(value.id)
            merge(resolved, resolve(value, channel))
        else:
            return None, {}
    return chosen, resolved


class OptionFiller:
    """Fills in a command's options."""

    def __init__(
        self,
        user: Account,
        files: Files,
        options: Sequence[Json],
        channel: Channel,
        focused: str | None,
    ) -> None:
        self.user = user
        self.uploads = files
        self.channel = channel
        self.options = {option["name"]: option for option in options}
        self.focused = focused
        self.resolved: Json = {}

    def fill(self, values: Mapping[str, Value]) -> list[Json]:
        local = {self.user.local_name(option): name for name, option in self.options.items()}
        values = {local.get(name, name): value for name, value in values.items()}
        if unknown := set(values) - set(self.options):
            raise ClientRefused(f"There is no option {', '.join(unknown)}; {list(self.options)}")
        if self.focused:
            option = self.options.get(self.focused, {})
            if not option.get("autocomplete"):
                raise ClientRefused(f"{self.focused} offers no choices while typing")
            values = {self.focused: "", **values}
        else:
            for name, option in self.options.items():
                if option.get("required") and values.get(name) in (None, ""):
                    raise ClientRefused(f"{name}: this option is required")
        return [self.option(self.options[name], value) for name, value in values.items()]

    def option(self, option: Json, value: Value) -> Json:
        filled: Json = {"name": option["name"], "type": option["type"]}
        if option["name"] == self.focused:
            return filled | {"value": value, "focused": True}
        try:
            return filled | {"value": self.value(option, value)}
        except ClientRefused as error:
            raise ClientRefused(f"{option['name']}: {error}") from None

    def value(self, option: Json, value: Value) -> Any:
        if option.get("choices"):
            return self.choice(option["choices"], value)
        match option["type"], value:
            case OptionKind.STRING, str():
                return self.text(option, value)
            case OptionKind.BOOLEAN, bool():
                return value
            case (OptionKind.INTEGER | OptionKind.NUMBER, bool()) | (OptionKind.INTEGER, float()):
                pass
            case OptionKind.INTEGER | OptionKind.NUMBER, int() | float():
                return self.number(option, value)
            case OptionKind.ATTACHMENT, File():
                attachment = self.uploads.upload(self.channel.id, value)
                merge(self.resolved, {"attachments": {attachment["id"]: attachment}})
                return attachment["id"]
            case kind, Account() | Channel() | Role() if isinstance(
                value, PICKED_OPTIONS.get(kind, ())
            ):
                return self.picked(option, value)
        raise ClientRefused(f"{value!r} is not of the option's type {option['type']}")

    def picked(self, option: Json, value: Picked) -> str:
        kinds = option.get("channel_types")
        if kinds and isinstance(value, Channel) and value.type not in kinds:
            raise ClientRefused("this kind of channel is not accepted")
        merge(self.resolved, resolve(value, self.channel))
        return value.id

    def choice(self, choices: Sequence[Json], value: Any) -> Any:
        for choice in choices:
            if value in (choice["name"], choice["value"], self.user.local_name(choice)):
                return choice["value"]
        raise ClientRefused(f"{value!r} is none of {[choice['name'] for choice in choices]}")

    def text(self, option: Json, value: str) -> str:
        lowest, highest = option.get("min_length") or 0, option.get("max_length") or 6000
        if not lowest <= len(value) <= highest:
            raise ClientRefused(f"needs {lowest} to {highest} characters")
        return value

    def number(self, option: Json, value: float) -> float:
        lowest, highest = option.get("min_value"), option.get("max_value")
        if (lowest is not None and value < lowest) or (highest is not None and value > highest):
            raise ClientRefused(f"needs a number from {lowest} to {highest}")
        return value


class FormFiller:
    """Fills in a form."""

    def __init__(self, values: Mapping[str, Any], files: Files, channel: Channel) -> None:
        self.values = dict(values)
        self.uploads = files
        self.channel = channel
        self.resolved: Json = {}

    def fill(self, components: Sequence[Json]) -> list[Json]:
        filled = list(self._filled(components))
        if self.values:
            raise ClientRefused(f"The form has no field {', '.join(self.values)}")
        return filled

    def _filled(self, components: Sequence[Json]) -> Iterator[Json]:
        for number, component in enumerate(components, start=1):
            common = {"type": component["type"], "id": component.get("id") or number}
            match component["type"]:
                case ComponentKind.ACTION_ROW:
                    fields = [
                        self.field(child, child["label"]) for child in component["components"]
                    ]
                    yield common | {"components": fields}
                case ComponentKind.LABEL:
                    field = self.field(component["component"], component["label"])
                    yield common | {"component": field}
                case _:
                    yield common

    def field(self, field: Json, label: str) -> Json:
        name = field["custom_id"] if field["custom_id"] in self.values else label
        given = self.values.pop(name, None)
        filled: Json = {
            "type": field["type"],
            "id": field.get("id") or 100,
            "custom_id": field["custom_id"],
        }
        try:
            return filled | self.answer(field, given)
        except ClientRefused as error:
            raise ClientRefused(f"{label}: {error}") from None

    def answer(self, field: Json, given: Any) -> Json:
        required = field.get("required", True)
        match field["type"]:
            case ComponentKind.TEXT_INPUT:
                return {"value": self.text(field, given, required=required)}
            case ComponentKind.CHECKBOX:
                return {"value": bool(field.get("default") if given is None else given)}
            case ComponentKind.FILE_UPLOAD:
                return {"values": self.files(field, given, required=required)}
        chosen = self.chosen(field, given)
        if required and not chosen:
            raise ClientRefused("this field is required")
        if field["type"] == ComponentKind.RADIO_GROUP:
            return {"value": chosen[0] if chosen else None}
        return {"values": chosen}

    def text(self, field: Json, given: str | None, *, required: bool) -> str:
        text = field.get("value") or "" if given is None else given
        if not text and required:
            raise ClientRefused("this field is required")
        lowest, highest = field.get("min_length") or 0, field.get("max_length") or 4000
        if text and not lowest <= len(text) <= highest:
            raise ClientRefused(f"needs {lowest} to {highest} characters")
        return text

    def chosen(self, field: Json, given: Any) -> list[str]:
        if given is None:
            return [o["value"] for o in field.get("options") or () if o.get("default")]
        values = given if isinstance(given, list | tuple) else [given]
        chosen, resolved = chosen_in(field, values, self.channel)
        if chosen is None:
            raise ClientRefused(f"does not offer {values}")
        merge(self.resolved, resolved)
        return chosen

    def files(self, field: Json, given: Any, *, required: bool) -> list[str]:
        files = [given] if isinstance(given, File) else list(given or ())
        lowest = field.get("min_values", 1 if required else 0)
        highest = field.get("max_values", 1)
        if not lowest <= len(files) <= highest:
            raise ClientRefused(f"needs {lowest} to {highest} files")
        kept = [self.uploads.upload(self.channel.id, f) for f in files]
        merge(self.resolved, {"attachments": {attachment["id"]: attachment for attachment in kept}})
        return [attachment["id"] for attachment in kept]
