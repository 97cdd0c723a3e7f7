"""The commands that the bot has registered, and Discord's rules for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .errors import Json, Refusal, too_many_commands, unknown_command
from .kinds import CommandKind, OptionKind
from .limits import Form, Path
from .shapes import without_nulls

MOST = {CommandKind.SLASH: 100, CommandKind.USER_MENU: 15, CommandKind.MESSAGE_MENU: 15}
NAME = re.compile(r"[-_'\w]{1,32}")


class Commands:
    """Global commands and those of single servers."""

    def __init__(self, application_id: str, new_id: Callable[[], str]) -> None:
        self._application_id = application_id
        self._new_id = new_id
        self._scopes: dict[str | None, dict[str, Json]] = {None: {}}

    def all(self, guild_id: str | None = None) -> list[Json]:
        """The registered global commands, or those of one server."""
        return list(self._scopes.get(guild_id, {}).values())

    def usable_in(self, guild_id: str | None) -> Iterator[Json]:
        """Commands that exist in a server, its own before the global ones; or in DMs."""
        if guild_id is not None:
            yield from self.all(guild_id)
        yield from self.all()

    def get(self, guild_id: str | None, id: str) -> Json:
        try:
            return self._scopes[guild_id][id]
        except KeyError:
            raise unknown_command() from None

    def replace(self, guild_id: str | None, bodies: Any) -> list[Json]:
        """Register exactly these commands; one with the same name keeps its id."""
        if not isinstance(bodies, list):
            raise Refusal(400, 50035, "Invalid Form Body", errors={})
        form = Form()
        for index, body in enumerate(bodies):
            check_command(form, body, (index,))
        names = [(body.get("type") or CommandKind.SLASH, body.get("name")) for body in bodies]
        for index, name in enumerate(names):
            if name in names[:index]:
                form.fail(
                    (index, "name"),
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                )
        form.refuse_if_wrong()
        for kind, most in MOST.items():
            if sum(name[0] == kind for name in names) > most:
                raise too_many_commands(most)
        old = {(c["type"], c["name"]): c for c in self.all(guild_id)}
        new = [
            self._complete(body, guild_id, old.get(name))
            for name, body in zip(names, bodies, strict=True)
        ]
        self._scopes[guild_id] = {command["id"]: command for command in new}
        return new

    def add(self, guild_id: str | None, body: Json) -> tuple[Json, bool]:
        """Register one more command, or replace the one of this name; tells whether it is new."""
        form = Form()
        check_command(form, body, ())
        form.refuse_if_wrong()
        kind = body.get("type") or CommandKind.SLASH
        others = [c for c in self.all(guild_id) if c["type"] == kind]
        same = next((c for c in others if c["name"] == body["name"]), None)
        if same is None and len(others) >= MOST[kind]:
            raise too_many_commands(MOST[kind])
        command = self._complete(body, guild_id, same)
        self._scopes.setdefault(guild_id, {})[command["id"]] = command
        return command, same is None

    def change(self, guild_id: str | None, id: str, body: Json) -> Json:
        old = self.get(guild_id, id)
        merged = {**old, **body, "type": old["type"]}
        form = Form()
        check_command(form, merged, ())
        form.refuse_if_wrong()
        command = self._complete(merged, guild_id, old)
        self._scopes[guild_id][id] = command
        return command

    def remove(self, guild_id: str | None, id: str) -> None:
        self.get(guild_id, id)
        del self._scopes[guild_id][id]

    def _complete(self, body: Json, guild_id: str | None, old: Json | None) -> Json:
        """The command as Discord gives it back."""
        permissions = body.get("default_member_permissions")
        command: Json = {
            "id": old["id"] if old else self._new_id(),
            "application_id": self._application_id,
            "version": self._new_id(),
            "type": body.get("type") or CommandKind.SLASH,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "dm_permission": True,
            "nsfw": bool(body.get("nsfw")),
            "integration_types": body.get("integration_types") or [0],
            "contexts": body.get("contexts"),
        }
        if body.get("options"):
            command["options"] = without_nulls(body["options"])
        if guild_id is not None:
            command["guild_id"] = guild_id
        return command


def check_command(form: Form, body: Json, path: Path) -> None:
    """Note what Discord would not accept in a command."""
    kind = body.get("type") or CommandKind.SLASH
    if kind not in MOST:
        form.choices((*path, "type"), MOST)
        return
    _check_name(form, body, path, lower=kind == CommandKind.SLASH)
    if kind == CommandKind.SLASH:
        _check_description(form, body, path)
        _check_options(form, body.get("options"), (*path, "options"), depth=0)
        if size(body) > 8000:
            form.fail(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    elif body.get("description"):
        message = "Context menu commands cannot have description"
        code = "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED"
        form.fail((*path, "description"), code, message)
    for name, allowed in (("contexts", {0, 1, 2}), ("integration_types", {0, 1})):
        for index, value in enumerate(body.get(name) or ()):
            if value not in allowed:
                form.choices((*path, name, index), sorted(allowed))


def _check_name(form: Form, body: Json, path: Path, *, lower: bool) -> None:
    names: dict[Path, Any] = {("name",): body.get("name")}
    for locale, name in (body.get("name_localizations") or {}).items():
        names["name_localizations", locale] = name
    for where, name in names.items():
        form.text((*path, *where), name, 32, shortest=1, optional=False)
        if not lower or not isinstance(name, str) or not 0 < len(name) <= 32:
            continue
        if not NAME.fullmatch(name) or name != name.lower():
            message = "Command name is invalid"
            form.fail((*path, *where), "APPLICATION_COMMAND_INVALID_NAME", message)


def _check_description(form: Form, body: Json, path: Path) -> None:
    where = (*path, "description")
    form.text(where, body.get("description"), 100, shortest=1, optional=False)
    for locale, text in (body.get("description_localizations") or {}).items():
        where = (*path, "description_localizations", locale)
        form.text(where, text, 100, shortest=1)


def _check_options(form: Form, options: Any, path: Path, *, depth: int) -> None:
    allowed = set(OptionKind)
    if depth > 0:  # a group stands in no group, a subcommand in no subcommand
        allowed.remove(OptionKind.GROUP)
    if depth > 1:
        allowed.remove(OptionKind.SUBCOMMAND)
    seen: set[str] = set()
    optional_seen = False
    listed = form.many(path, options, 0, 25)
    nested = [option.get("type") in (OptionKind.SUBCOMMAND, OptionKind.GROUP) for option in listed]
    if any(nested) and not all(nested):
        message = "Sub-commands and groups are mutually exclusive to all other option types"
        form.fail(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
    for index, option in enumerate(listed):
        at = (*path, index)
        _check_name(form, option, at, lower=True)
        _check_description(form, option, at)
        if option.get("name") in seen:
            message = "Option name already exists"
            form.fail((*at, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
        seen.add(str(option.get("name")))
        kind = option.get("type")
        if kind not in allowed:
            form.choices((*at, "type"), sorted(allowed))
        elif kind in (OptionKind.SUBCOMMAND, OptionKind.GROUP):
            below = depth + (1 if kind == OptionKind.GROUP else 2)
            _check_options(form, option.get("options"), (*at, "options"), depth=below)
        else:
            if option.get("required") and optional_seen:
                message = "Required options must be placed before non-required options"
                form.fail(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
            optional_seen = optional_seen or not option.get("required")
            _check_values(form, option, at)


def _check_values(form: Form, option: Json, path: Path) -> None:
    choices = form.many((*path, "choices"), option.get("choices"), 0, 25)
    if choices and option.get("autocomplete"):
        message = "Choices and autocomplete are mutually exclusive"
        form.fail(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_EXCLUSIVE", message)
    for index, choice in enumerate(choices):
        at = (*path, "choices", index)
        form.text((*at, "name"), choice.get("name"), 100, shortest=1, optional=False)
        if option["type"] == OptionKind.STRING:
            form.text((*at, "value"), choice.get("value"), 100, shortest=1, optional=False)
    form.number((*path, "min_length"), option.get("min_length"), 0, 6000)
    form.number((*path, "max_length"), option.get("max_length"), 1, 6000)


def size(body: Json) -> int:
    """How many of a command's 8000 characters are used; the longest translation counts."""
    used = 0
    for name in ("name", "description"):
        texts = [body.get(name) or "", *(body.get(f"{name}_localizations") or {}).values()]
        used += max(len(str(text)) for text in texts)
    for choice in body.get("choices") or ():
        used += len(str(choice.get("name"))) + len(str(choice.get("value")))
    return used + sum(size(option) for option in body.get("options") or ())
