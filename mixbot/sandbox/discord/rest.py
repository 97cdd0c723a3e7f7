"""Discord's HTTP API, as far as a bot for commands needs it."""

from __future__ import annotations

import asyncio
import base64
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import hdrs, web

from mixbot.sandbox.waiting import Watched

from . import errors, limits
from .errors import Json, Refusal
from .files import File
from .gateway import MESSAGE_CONTENT
from .interactions import Interaction
from .kinds import Flag, MessageKind
from .messages import Message, compose, edited, suppressed
from .permissions import Permission
from .places import Channel, Guild
from .shapes import check_shape

if TYPE_CHECKING:
    from .people import User
    from .server import DiscordServer
    from .world import World

FILE_FIELD = re.compile(r"files?\[(\d+)\]")
AUTHORS_ONLY = {"content", "embeds", "components", "attachments", "allowed_mentions"}
KEPT_REQUESTS = 10_000
BODY_LIMIT = 100 * 1024 * 1024


@dataclass(slots=True)
class Call:
    """A request of the bot, read."""

    method: str
    path: str
    match: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    files: list[tuple[int, File]] = field(default_factory=list)

    def truthy(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")

    @property
    def object(self) -> Json:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise errors.invalid_json()
        return self.body


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the bot made, for assertions; `path` is without `/api/v10`."""

    method: str
    path: str
    body: Any
    status: int


@dataclass(slots=True)
class Fault:
    """What goes wrong with matching requests."""

    method: str
    path: str
    status: int
    body: Json | bytes
    headers: dict[str, str]
    delay: float
    times: int | None

    def matches(self, call: Call) -> bool:
        if self.times == 0 or self.method not in ("*", call.method):
            return False
        return fnmatchcase(call.path, self.path)


class Requests(Watched):
    """The requests of the bot, oldest first; the newest ten thousand are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.log: deque[Request] = deque(maxlen=KEPT_REQUESTS)

    def note(self, request: Request) -> None:
        self.log.append(request)
        self.changed()

    def like(self, method: str, path: str) -> list[Request]:
        """Those with this method and path, in which `*` stands for anything."""
        return [r for r in self.log if r.method == method and fnmatchcase(r.path, path)]


Handler = Callable[[Call], Any]


class Rest:
    """The routes, and what is common to all of them: authorization, bodies, errors, faults."""

    def __init__(self, server: DiscordServer, world: World) -> None:
        self._server = server
        self._world = world
        self.requests = Requests()
        self.faults: list[Fault] = []

    def add_to(self, app: web.Application) -> None:
        """Add all routes, under `/api/v10` and, as Discord has it, `/api` and `/api/v9`."""
        for prefix in ("/api/v10", "/api/v9", "/api"):
            for method, path, handler in self._routes():
                app.router.add_route(method, prefix + path, self._wrap(handler))
            for method, path, handler in self._open_routes():
                app.router.add_route(method, prefix + path, self._wrap(handler, open=True))
            app.router.add_route("*", prefix + "/{path:.*}", self._wrap(self.nothing, open=True))

    def _open_routes(self) -> list[tuple[str, str, Handler]]:
        """Routes that need no `Authorization`, or look at it themselves."""
        interaction = "/interactions/{id:[0-9]+}/{token}/callback"
        webhook = "/webhooks/{app:[0-9]+}/{token}"
        message = webhook + "/messages/{message:@original|[0-9]+}"
        return [
            ("POST", interaction, self.respond),
            ("POST", webhook, self.follow_up),
            ("GET", message, self.get_followup),
            ("PATCH", message, self.edit_followup),
            ("DELETE", message, self.delete_followup),
            ("GET", "/gateway", self.get_gateway),
            ("GET", "/users/@me", self.get_me),
            ("GET", "/oauth2/@me", self.get_authorization),
            ("POST", "/oauth2/token", self.get_token),
            ("POST", "/oauth2/token/revoke", self.revoke_token),
        ]

    def _routes(self) -> list[tuple[str, str, Handler]]:
        commands = "/applications/{app:[0-9]+}/commands"
        guild_commands = "/applications/{app:[0-9]+}/guilds/{guild:[0-9]+}/commands"
        channel = "/channels/{channel:[0-9]+}"
        message = channel + "/messages/{message:[0-9]+}"
        guild = "/guilds/{guild:[0-9]+}"
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/gateway/bot", self.get_gateway_bot),
            ("GET", "/oauth2/applications/@me", self.get_application),
            ("GET", "/applications/@me", self.get_application),
            ("GET", "/users/@me/guilds", self.get_my_guilds),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/users/{user:[0-9]+}", self.get_user),
            ("GET", channel, self.get_channel),
            ("GET", channel + "/messages", self.get_messages),
            ("POST", channel + "/messages", self.create_message),
            ("POST", channel + "/typing", self.type),
            ("GET", message, self.get_message),
            ("PATCH", message, self.edit_message),
            ("DELETE", message, self.delete_message),
            ("GET", guild, self.get_guild),
            ("GET", guild + "/channels", self.get_guild_channels),
            ("GET", guild + "/roles", self.get_guild_roles),
            ("GET", guild + "/members/{user:[0-9]+}", self.get_member),
        ]
        for path in (commands, guild_commands):
            routes += [
                ("GET", path, self.get_commands),
                ("PUT", path, self.put_commands),
                ("POST", path, self.post_command),
                ("GET", path + "/{command:[0-9]+}", self.get_command),
                ("PATCH", path + "/{command:[0-9]+}", self.patch_command),
                ("DELETE", path + "/{command:[0-9]+}", self.delete_command),
            ]
        return routes

    def _wrap(
        self, handler: Handler, *, open: bool = False
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            call = Call(
                request.method,
                re.sub(r"^/api(/v\d+)?", "", request.path),
                request.match_info,
                request.query,
                request.headers,
            )
            response = await self._answer(request, call, handler, open=open)
            self.requests.note(Request(call.method, call.path, call.body, response.status))
            return response

        return answer

    async def _answer(
        self, request: web.Request, call: Call, handler: Handler, *, open: bool
    ) -> web.Response:
        try:
            await _read(request, call)
            for fault in self.faults:
                if fault.matches(call) and (broken := await _break(fault)):
                    return broken
            if not open and call.headers.get("Authorization") != f"Bot {self._world.bot_token}":
                raise errors.unauthorized()
            if call.body is not None:
                check_shape(call.body)
            result = handler(call)
        except Refusal as refusal:
            return _json(refusal.body, refusal.status)
        if result is None:
            return web.Response(status=204)
        if isinstance(result, Created):
            return _json(result.body, 201)
        return _json(result)

    # The application, its bot, and the gateway.

    def nothing(self, call: Call) -> Json:
        raise errors.not_found()

    def get_gateway(self, call: Call) -> Json:
        return {"url": self._server.gateway_url}

    def get_gateway_bot(self, call: Call) -> Json:
        left = max(0, 1000 - self._world.gateway.identified)
        return {
            "url": self._server.gateway_url,
            "shards": self._server.shards,
            "session_start_limit": {
                "total": 1000,
                "remaining": left,
                "reset_after": 86_400_000,
                "max_concurrency": 1,
            },
        }

    def get_application(self, call: Call) -> Json:
        world = self._world
        owner = {"id": world.somebody, "username": "operator", "discriminator": "0", "avatar": None}
        return {
            "id": world.application_id,
            "name": world.app_name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": world.bot.to_json(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": self._server.public_key,
            "owner": owner,
            "team": None,
            "flags": world.gateway.application_flags,
            "summary": "",
            "hook": True,
            "redirect_uris": sorted(self._server.redirect_uris),
            "interactions_endpoint_url": None,
            "integration_types_config": {"0": {}, "1": {}},
            "approximate_guild_count": len(world.guilds),
        }

    def get_me(self, call: Call) -> Json:
        authorization = call.headers.get("Authorization", "")
        if authorization == f"Bot {self._world.bot_token}":
            return self._world.bot.to_json() | {"verified": True, "mfa_enabled": True, "flags": 0}
        return self._server.oauth.me(authorization)

    def get_authorization(self, call: Call) -> Json:
        return self._server.oauth.authorization(call.headers.get("Authorization", ""))

    def get_token(self, call: Call) -> Json:
        return self._server.oauth.exchange(call.body or {}, _basic(call.headers))

    def revoke_token(self, call: Call) -> Json:
        return self._server.oauth.revoke(call.body or {}, _basic(call.headers))

    def get_my_guilds(self, call: Call) -> list[Json]:
        return [
            {"id": g.id, "name": g.name, "icon": None, "owner": False, "features": [],
             "permissions": str(g.permissions_of(self._world.bot))}
            for g in self._world.guilds.values()
            if g.bot_present
        ]  # fmt: skip

    # Commands.

    def _scope(self, call: Call) -> str | None:
        if call.match["app"] != self._world.application_id:
            raise errors.missing_access()
        guild_id = call.match.get("guild")
        if guild_id is not None:
            self._guild(call)
        return guild_id

    def get_commands(self, call: Call) -> list[Json]:
        return self._world.commands.all(self._scope(call))

    def put_commands(self, call: Call) -> list[Json]:
        return self._world.commands.replace(self._scope(call), call.body)

    def post_command(self, call: Call) -> Any:
        command, new = self._world.commands.add(self._scope(call), call.object)
        return Created(command) if new else command

    def get_command(self, call: Call) -> Json:
        return self._world.commands.get(self._scope(call), call.match["command"])

    def patch_command(self, call: Call) -> Json:
        return self._world.commands.change(self._scope(call), call.match["command"], call.object)

    def delete_command(self, call: Call) -> None:
        self._world.commands.remove(self._scope(call), call.match["command"])

    # Interactions.

    def respond(self, call: Call) -> Json | None:
        interaction = self._world.interactions.get(call.match["id"])
        if interaction is None or interaction.token != call.match["token"]:
            raise errors.unknown_interaction()
        result = interaction.respond(call.object, call.files)
        return result if call.truthy("with_response") else None

    def _webhook(self, call: Call) -> Interaction:
        interaction = self._world.interactions_by_token.get(call.match["token"])
        if interaction is None or call.match["app"] != self._world.application_id:
            raise errors.unknown_webhook()
        return interaction

    def follow_up(self, call: Call) -> Json:
        return self._webhook(call).follow_up(call.object, call.files).raw

    def get_followup(self, call: Call) -> Json:
        return self._webhook(call).find(call.match["message"]).raw

    def edit_followup(self, call: Call) -> Json:
        return self._webhook(call).edit(call.match["message"], call.object, call.files).raw

    def delete_followup(self, call: Call) -> None:
        self._webhook(call).delete(call.match["message"])

    # Channels and messages.

    def _channel(self, call: Call) -> Channel:
        channel = self._world.channels.get(call.match["channel"])
        if channel is None:
            raise errors.unknown_channel()
        channel.demand()
        return channel

    def _message(self, call: Call) -> Message:
        message = self._channel(call).messages.get(call.match["message"])
        if message is None or message.ephemeral:
            raise errors.unknown_message()
        return message

    def get_channel(self, call: Call) -> Json:
        return self._channel(call).to_json()

    def get_messages(self, call: Call) -> list[Json]:
        channel = self._channel(call)
        if not channel.permissions_of(self._world.bot) & Permission.READ_MESSAGE_HISTORY:
            return []
        before = int(call.query.get("before", 1 << 63))
        after = int(call.query.get("after", 0))
        found = [
            self._readable(message)
            for message in channel.messages.values()
            if after < int(message.id) < before and not message.ephemeral
        ]
        return found[::-1][: int(call.query.get("limit", 50))]

    def _readable(self, message: Message) -> Json:
        """The message; without the message content intent, other people's are empty."""
        if self._world.gateway.allowed_intents & MESSAGE_CONTENT:
            return message.raw
        return self._world.emptied(message)

    def get_message(self, call: Call) -> Json:
        message = self._message(call)
        message.channel.demand(Permission.READ_MESSAGE_HISTORY)
        return self._readable(message)

    def create_message(self, call: Call) -> Json:
        channel = self._channel(call)
        if not channel.writable:
            raise errors.not_for_text()
        channel.demand(channel.sending)
        if call.files:
            channel.demand(Permission.ATTACH_FILES)
        if any(not person.accepts_dms for person in channel.recipients):
            raise errors.cannot_message_user()
        body = call.object
        limits.check_message(body, uploads=len(call.files))
        more = self._reference(channel, body)
        message = compose(self._world, channel, self._world.bot, body, files=call.files, **more)
        if not channel.permissions_of(self._world.bot) & Permission.EMBED_LINKS:
            message.raw["embeds"] = []
        self._world.message_created(message)
        return message.raw

    def _reference(self, channel: Channel, body: Json) -> Json:
        reference = body.get("message_reference")
        if not reference:
            return {}
        if not channel.permissions_of(self._world.bot) & Permission.READ_MESSAGE_HISTORY:
            raise errors.cannot_reply()
        replied = channel.messages.get(str(reference.get("message_id")))
        if replied is None:
            if reference.get("fail_if_not_exists", True):
                form = limits.Form()
                form.fail(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
                form.refuse_if_wrong()
            return {}
        return {
            "type": MessageKind.REPLY,
            "message_reference": {"type": 0, "message_id": replied.id, "channel_id": channel.id},
            "referenced_message": replied.raw,
        }

    def edit_message(self, call: Call) -> Json:
        message, body = self._message(call), call.object
        if message.author is not self._world.bot:
            if call.files or AUTHORS_ONLY & set(body) or "flags" not in body:
                raise errors.not_your_message()
            return self._suppress(message, int(body["flags"] or 0))
        limits.check_message(body, before=message.raw, uploads=len(call.files))
        message.update(**edited(message, body, call.files))
        return message.raw

    def _suppress(self, message: Message, flags: int) -> Json:
        """Hide the previews of somebody else's message, or show them: all that is allowed."""
        self._demand_moderation(message.channel)
        message.update(**suppressed(message, hidden=bool(flags & Flag.SUPPRESS_EMBEDS)))
        return self._readable(message)

    def _demand_moderation(self, channel: Channel) -> None:
        if not channel.guild:
            raise errors.is_a_dm()
        channel.demand(Permission.MANAGE_MESSAGES)

    def delete_message(self, call: Call) -> None:
        message = self._message(call)
        if message.author is not self._world.bot:
            self._demand_moderation(message.channel)
        self._world.delete_message(message)

    def type(self, call: Call) -> None:
        self._world.typing(self._world.bot, self._channel(call))

    # People and servers.

    def _user(self, id: str) -> User:
        try:
            return self._world.users[id]
        except KeyError:
            raise errors.unknown_user() from None

    def open_dm(self, call: Call) -> Json:
        return self._world.open_dm(self._user(str(call.object.get("recipient_id")))).to_json()

    def get_user(self, call: Call) -> Json:
        return self._user(call.match["user"]).to_json()

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.match["guild"])
        if guild is None:
            raise errors.unknown_guild()
        if not guild.bot_present:
            raise errors.missing_access()
        return guild

    def get_guild(self, call: Call) -> Json:
        return self._guild(call).to_json()

    def get_guild_channels(self, call: Call) -> list[Json]:
        return [c.to_json() for c in self._guild(call).channels.values() if not c.is_thread]

    def get_guild_roles(self, call: Call) -> list[Json]:
        return [role.to_json() for role in self._guild(call).roles]

    def get_member(self, call: Call) -> Json:
        member = self._guild(call).members.get(call.match["user"])
        if member is None:
            raise errors.unknown_member()
        return member.to_json()


@dataclass(frozen=True, slots=True)
class Created:
    """An answer with status 201."""

    body: Any


def _json(data: Any, status: int = 200) -> web.Response:
    """An answer; discord.py wants the content type without a charset."""
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


async def _read(request: web.Request, call: Call) -> None:
    """Read the body: JSON, a form, or files beside JSON."""
    if not request.can_read_body:
        return
    if request.content_type == "application/json":
        try:
            call.body = orjson.loads(await request.read())
        except ValueError:
            raise errors.invalid_json() from None
        return
    form = await request.post()
    for name, value in form.items():
        found = FILE_FIELD.fullmatch(name)
        if isinstance(value, web.FileField):
            with value.file as content:
                data = content.read()
            number = int(found[1]) if found else len(call.files)
            call.files.append((number, File(value.filename, data)))
    if "payload_json" in form:
        try:
            call.body = orjson.loads(str(form["payload_json"]))
        except ValueError:
            raise errors.invalid_json() from None
    else:
        call.body = {name: value for name, value in form.items() if isinstance(value, str)}


async def _break(fault: Fault) -> web.Response | None:
    """Do what the fault says; None lets the request go on, only later."""
    if fault.times is not None:
        fault.times -= 1
    await asyncio.sleep(fault.delay)
    if not fault.status:
        return None
    if isinstance(fault.body, bytes):
        return web.Response(
            body=fault.body,
            status=fault.status,
            headers={hdrs.CONTENT_TYPE: "text/html", **fault.headers},
        )
    response = _json(fault.body, fault.status)
    response.headers.update(fault.headers)
    return response


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Client id and secret from an `Authorization: Basic` header."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return id, secret
