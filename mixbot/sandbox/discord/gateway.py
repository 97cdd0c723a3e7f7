"""The gateway: WebSocket sessions that tell the bot what happens."""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from mixbot.sandbox.waiting import Watched

from .errors import Json

if TYPE_CHECKING:
    from .accounts import Account
    from .places import Guild, Member, Role
    from .world import World

UNKNOWN_OP, BAD_PAYLOAD, NOT_IDENTIFIED, BAD_TOKEN, IDENTIFIED_TWICE = 4001, 4002, 4003, 4004, 4005
BAD_SEQUENCE, TOO_MANY_EVENTS, BAD_SHARD, SHARDING_REQUIRED = 4007, 4008, 4010, 4011
BAD_INTENTS, DISALLOWED_INTENTS = 4013, 4014

GUILDS, GUILD_MEMBERS, PRESENCES, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 8, 1 << 15
ALL_INTENTS = (1 << 26) - 1
HEARTBEAT_MILLISECONDS = 41250
MOST_GUILDS_IN_A_SHARD = 2500
REPLAYED = 500  # dispatches kept for a session that resumes
EVENTS_PER_MINUTE = 120
PRIVILEGED = {GUILD_MEMBERS: 1 << 15, PRESENCES: 1 << 13, MESSAGE_CONTENT: 1 << 19}
COMMAND_BADGE = 1 << 23


class Op(IntEnum):
    """What a frame is."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    ACK = 11


class Closed(Exception):
    """The connection must be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Session:
    """What one identified shard has been told; it survives its connection, to be resumed."""

    def __init__(self, shard: tuple[int, int], intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.sequence = 0
        self.sent: deque[tuple[int, bytes]] = deque(maxlen=REPLAYED)
        self.connection: Connection | None = None
        self.ready = False

    def dispatch(self, event: str, data: Json) -> None:
        self.sequence += 1
        frame = orjson.dumps({"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, frame))
        if self.connection:
            self.connection.send_frame(frame)

    def since(self, sequence: int) -> list[bytes] | None:
        """The frames after `sequence`, or None where they are no longer all known."""
        missed = [frame for number, frame in self.sent if number > sequence]
        if sequence > self.sequence or len(missed) != self.sequence - sequence:
            return None
        return missed

    def holds(self, guild_id: str | None) -> bool:
        """Whether events of this server belong to this shard; DMs belong to shard 0."""
        number, count = self.shard
        return (0 if guild_id is None else (int(guild_id) >> 22) % count) == number


class Connection:
    """One WebSocket, with a task of its own that writes, so that whoever sends need not wait."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.left = False  # the client said goodbye; it will not resume
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()
        self._deflate = zlib.compressobj() if compress else None
        self._recent: deque[float] = deque(maxlen=EVENTS_PER_MINUTE)

    def send(self, op: int, data: Any = None) -> None:
        self.send_frame(orjson.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_frame(self, frame: bytes) -> None:
        self._frames.put_nowait(frame)

    async def write(self) -> None:
        """Write what is sent, until the connection is gone."""
        while True:
            frame = await self._frames.get()
            try:
                if self._deflate:
                    data = self._deflate.compress(frame) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)
                else:
                    await self.socket.send_str(frame.decode())
            except ConnectionError:
                return

    def count(self, now: float) -> None:
        """Close on a client that sends more events than Discord takes."""
        full = len(self._recent) == EVENTS_PER_MINUTE
        if full and now - self._recent[0] < 60:
            raise Closed(TOO_MANY_EVENTS, "Rate limited.")
        self._recent.append(now)


class Gateway(Watched):
    """All sessions of the bot."""

    def __init__(self, world: World, *, compress: bool, allowed_intents: int) -> None:
        super().__init__()
        self._world = world
        self._compress = compress
        self.allowed_intents = allowed_intents
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.identified = 0
        self.resumed = 0
        self.url = ""

    @property
    def application_flags(self) -> int:
        """The application's flags: among others, which privileged intents it may use."""
        flags = COMMAND_BADGE
        for intent, flag in PRIVILEGED.items():
            if self.allowed_intents & intent:
                flags |= flag
        return flags

    # Telling the bot.

    def listens(self, intent: int) -> bool:
        """Whether any session asked for this kind of event."""
        return any(session.intents & intent for session in self.sessions.values())

    def dispatch(
        self,
        event: str,
        data: Json,
        *,
        guild_id: str | None = None,
        intent: int = 0,
        emptied: Json | None = None,
    ) -> None:
        """Send an event to the shard it belongs to, if that asked for it (`intent`).

        Sessions without the message content intent get `emptied` instead, if there is that.
        """
        for session in self.sessions.values():
            if (intent and not session.intents & intent) or not session.holds(guild_id):
                continue
            if emptied is not None and not session.intents & MESSAGE_CONTENT:
                session.dispatch(event, emptied)
            else:
                session.dispatch(event, data)

    def guild_created(self, guild: Guild) -> None:
        if not self.sessions:
            return
        data = guild.to_json()
        del data["unavailable"]  # a bot tells by this that it has just been added
        self.dispatch("GUILD_CREATE", data, guild_id=guild.id, intent=GUILDS)

    def member_joined(self, guild: Guild, member: Member) -> None:
        data = member.to_json() | {"guild_id": guild.id}
        self.dispatch("GUILD_MEMBER_ADD", data, guild_id=guild.id, intent=GUILD_MEMBERS)

    def member_changed(self, guild: Guild, member: Member) -> None:
        """Without the members intent, a bot is still told of itself."""
        data = member.to_json() | {"guild_id": guild.id}
        intent = 0 if member.user is self._world.bot else GUILD_MEMBERS
        self.dispatch("GUILD_MEMBER_UPDATE", data, guild_id=guild.id, intent=intent)

    def role_created(self, guild: Guild, role: Role) -> None:
        data = {"guild_id": guild.id, "role": role.to_json()}
        self.dispatch("GUILD_ROLE_CREATE", data, guild_id=guild.id, intent=GUILDS)

    def member_left(self, guild: Guild, user: Account) -> None:
        data = {"guild_id": guild.id, "user": user.to_json()}
        self.dispatch("GUILD_MEMBER_REMOVE", data, guild_id=guild.id, intent=GUILD_MEMBERS)

    # Serving connections.

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk with one connection until it closes."""
        socket = web.WebSocketResponse(compress=False, timeout=1.0, max_msg_size=1 << 16)
        await socket.prepare(request)
        compress = self._compress and request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, compress=compress)
        writer = asyncio.create_task(connection.write())
        self.connections.add(connection)
        connection.send(Op.HELLO, {"heartbeat_interval": HEARTBEAT_MILLISECONDS})
        try:
            await self._read(connection)
        except Closed as closed:
            await socket.close(code=closed.code, message=closed.reason.encode())
        finally:
            writer.cancel()
            self.connections.discard(connection)
            self._disconnected(connection)
        return socket

    async def _read(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await connection.socket.receive()
            if message.type is WSMsgType.CLOSE:
                connection.left = message.data in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            connection.count(loop.time())
            try:
                payload = orjson.loads(message.data)
                op, data = payload["op"], payload.get("d")
            except (ValueError, TypeError, KeyError, AttributeError):
                raise Closed(BAD_PAYLOAD, "Error while decoding payload.") from None
            await self._receive(connection, op, data)

    async def _receive(self, connection: Connection, op: Any, data: Any) -> None:
        match op:
            case Op.HEARTBEAT:
                connection.send(Op.ACK)
            case Op.IDENTIFY:
                await self._identify(connection, data)
            case Op.RESUME:
                self._resume(connection, data)
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS if not connection.session:
                raise Closed(NOT_IDENTIFIED, "Not authenticated.")
            case Op.PRESENCE | Op.VOICE_STATE:
                pass
            case Op.REQUEST_MEMBERS:
                self._send_members(connection, data)
            case _:
                raise Closed(UNKNOWN_OP, "Unknown opcode.")

    def _disconnected(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        if connection.left:
            self.sessions.pop(session.id, None)
        self.changed()

    async def _identify(self, connection: Connection, data: Any) -> None:
        if connection.session:
            raise Closed(IDENTIFIED_TWICE, "Already authenticated.")
        if data.get("token") != self._world.bot_token:
            raise Closed(BAD_TOKEN, "Authentication failed.")
        session = Session(self._shard(data.get("shard")), self._intents(data.get("intents")))
        guilds = self._guilds_of(session)
        for older in [s for s in self.sessions.values() if s.shard == session.shard]:
            if older.connection is None:
                del self.sessions[older.id]
        self.sessions[session.id] = session
        session.connection, connection.session = connection, session
        self.identified += 1
        session.dispatch("READY", self._ready_data(session, guilds))
        if session.intents & GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", guild.to_json())
                await asyncio.sleep(0)  # thousands of servers must not hold up everybody else
        session.ready = True
        self.changed()

    def _shard(self, shard: Any) -> tuple[int, int]:
        match shard:
            case None:
                return (0, 1)
            case [int(number), int(count)] if 0 <= number < count:
                return (number, count)
        raise Closed(BAD_SHARD, "Invalid shard.")

    def _intents(self, intents: Any) -> int:
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            raise Closed(BAD_INTENTS, "Invalid intent(s).")
        if intents & ~self.allowed_intents:
            raise Closed(DISALLOWED_INTENTS, "Disallowed intent(s).")
        return intents

    def _guilds_of(self, session: Session) -> list[Guild]:
        guilds = [g for g in self._world.guilds.values() if g.bot_present and session.holds(g.id)]
        if len(guilds) > MOST_GUILDS_IN_A_SHARD:
            raise Closed(SHARDING_REQUIRED, "Sharding required.")
        return guilds

    def _ready_data(self, session: Session, guilds: Iterable[Guild]) -> Json:
        return {
            "v": 10,
            "user": self._world.bot.to_json() | {"verified": True, "mfa_enabled": True},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": self._world.application_id, "flags": self.application_flags},
            "private_channels": [],
            "user_settings": {},
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
        }

    def _resume(self, connection: Connection, data: Any) -> None:
        if data.get("token") != self._world.bot_token:
            raise Closed(BAD_TOKEN, "Authentication failed.")
        session = self.sessions.get(str(data.get("session_id")))
        if session is None:
            connection.send(Op.INVALID_SESSION, False)
            return
        missed = session.since(int(data.get("seq") or 0))
        if missed is None:
            raise Closed(BAD_SEQUENCE, "Invalid `seq`.")
        session.connection, connection.session = connection, session
        for frame in missed:
            connection.send_frame(frame)
        session.dispatch("RESUMED", {"_trace": []})
        self.resumed += 1
        self.changed()

    def _send_members(self, connection: Connection, data: Json) -> None:
        """Answer a request for members, all of them or those that are named."""
        session = connection.session
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if session is None or guild is None:
            return
        wanted = data.get("user_ids") or []
        ids = {str(id) for id in (wanted if isinstance(wanted, list) else [wanted])}
        query = data.get("query") or ""
        members = [
            member.to_json()
            for id, member in guild.members.items()
            if (id in ids if ids else member.user.name.startswith(query))
        ]
        limit = data.get("limit") or len(members)
        chunk: Json = {
            "guild_id": guild.id,
            "members": members[:limit],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(ids - set(guild.members)),
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # What tests do to it.

    async def ready(self, timeout: float) -> None:
        """Wait until every shard of the bot is connected and has been told of its servers."""
        await self.becomes(self._all_ready, timeout, "the bot to connect")

    def _all_ready(self) -> bool:
        live = {s.shard for s in self.sessions.values() if s.ready and s.connection}
        counts = {count for _, count in live}
        return any(all((n, count) in live for n in range(count)) for count in counts)

    async def close(self, code: int) -> None:
        """Close all connections with a code of Discord's."""
        for connection in tuple(self.connections):
            await connection.socket.close(code=code)

    def tell_to_reconnect(self) -> None:
        for connection in self.connections:
            connection.send(Op.RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        for connection in self.connections:
            if connection.session and not resumable:
                self.sessions.pop(connection.session.id, None)
                connection.session = None
            connection.send(Op.INVALID_SESSION, resumable)
