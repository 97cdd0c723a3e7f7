"""The server itself: what tests, benchmarks and the demo hold in their hands."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cached_property
from typing import Self

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .cdn import Cdn, CdnFault, Download
from .errors import Json
from .events import Subscription
from .files import SIZE_LIMIT
from .gateway import ALL_INTENTS, Gateway
from .interactions import Interaction
from .messages import Message
from .oauth import OAuth
from .people import User
from .places import Channel, Guild
from .rest import BODY_LIMIT, Fault, Request, Rest
from .world import World


class DiscordServer:
    """Discord on loopback: REST, gateway and sign-in for one bot, and people who use it.

    ```python
    async with DiscordServer() as discord:
        guild = discord.guild("Crate diggers")
        channel = guild.channel("general")
        ada = discord.user("ada")
        guild.join(ada)
        ...  # start the bot against discord.api_url and discord.gateway_url
        await discord.ready()
        interaction = await ada.slash(channel, "mixcloud search", query="jazz")
        reply = await interaction.reply()
        await ada.click(reply, "Next")
    ```

    `interaction_seconds` and `token_seconds` are Discord's three seconds and fifteen minutes;
    `shards` is what `/gateway/bot` advises; `compress` makes the gateway use zlib-stream;
    `allowed_intents` are those switched on for the application (all, privileged ones included);
    `size_limit` is how many bytes a file may have.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        interaction_seconds: float = 3.0,
        token_seconds: float = 900.0,
        shards: int = 1,
        app_name: str = "mixbot",
        compress: bool = False,
        allowed_intents: int = ALL_INTENTS,
        size_limit: int = SIZE_LIMIT,
    ) -> None:
        self._host = host
        self._port = port
        self.shards = shards
        self.world = World(
            app_name=app_name,
            interaction_seconds=interaction_seconds,
            token_seconds=token_seconds,
        )
        self.gateway = Gateway(self.world, compress=compress, allowed_intents=allowed_intents)
        self.world.gateway = self.gateway
        self.redirect_uris: set[str] = set()
        self.oauth = OAuth(self, self.world)
        self._rest = Rest(self, self.world)
        self._cdn = Cdn(self.world.files)
        self.size_limit = size_limit
        self._closing = AsyncExitStack()

    # Addresses and credentials.

    @property
    def url(self) -> str:
        """The origin, for instance `http://127.0.0.1:40123`."""
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """What `discord.http.Route.BASE` must be."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """What `DiscordWebSocket.DEFAULT_GATEWAY` must be."""
        return f"ws://{self._host}:{self._port}/gateway"

    @property
    def authorize_url(self) -> str:
        """The page to sign in with Discord."""
        return f"{self.url}/oauth2/authorize"

    @property
    def bot_token(self) -> str:
        return self.world.bot_token

    @property
    def application_id(self) -> str:
        return self.world.application_id

    @property
    def client_secret(self) -> str:
        return self.world.client_secret

    @cached_property
    def _signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> str:
        """The key that signatures of the application's interactions are checked with, in hex."""
        return self._signing_key.public_key().public_bytes_raw().hex()

    # Who and what there is.

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def commands(self) -> list[Json]:
        """The global commands that the bot has registered, with their ids."""
        return self.world.commands.all()

    @property
    def size_limit(self) -> int:
        """How many bytes a file may have, of people and of the bot; interactions tell it."""
        return self.world.files.size_limit

    @size_limit.setter
    def size_limit(self, size: int) -> None:
        self.world.files.size_limit = size

    def guild_commands(self, guild: Guild) -> list[Json]:
        """The commands registered for one server only."""
        return self.world.commands.all(guild.id)

    def guild(self, name: str, *, locale: str = "en-US", bot_present: bool = True) -> Guild:
        """Add a server; without the bot in it, commands work only for users who installed it."""
        return self.world.add_guild(name, locale=locale, bot_present=bot_present)

    def user(
        self,
        name: str,
        *,
        display_name: str | None = None,
        locale: str = "en-US",
        bot: bool = False,
    ) -> User:
        """Add a person, or another bot. They see no server before `guild.join(ada)`."""
        return self.world.add_user(name, display_name=display_name, locale=locale, bot=bot)

    def group_dm(self, *people: User, name: str = "") -> Channel:
        """Add a group DM; the bot is no member of it, but usable by those who installed it."""
        return self.world.add_group_dm(*people, name=name)

    def find_user(self, id: str) -> User:
        """The person with this id; KeyError if there is none."""
        return self.world.users[id]

    def find_channel(self, id: str) -> Channel:
        """The channel with this id; KeyError if there is none."""
        return self.world.channels[id]

    def find_message(self, id: str) -> Message:
        """The message with this id; KeyError if there is none, or no longer."""
        for channel in self.world.channels.values():
            if id in channel.messages:
                return channel.messages[id]
        raise KeyError(id)

    def find_interaction(self, id: str) -> Interaction:
        """The interaction with this id; KeyError if there is none."""
        return self.world.interactions[id]

    # Watching.

    async def ready(self, timeout: float = 10) -> None:
        """Wait until all shards of the bot have identified and been told of their servers."""
        await self.gateway.ready(timeout)

    def subscribe(self, user: User | None = None) -> Subscription:
        """Everything `user` can see change from now on; without `user`, everything at all.

        `async with discord.subscribe(ada) as events: async for event in events: …`; see `Event`.
        """
        return Subscription(user, self.world.subscriptions)

    @property
    def requests(self) -> list[Request]:
        """The requests that the bot has made: method, path without `/api/v10`, body, status."""
        return list(self._rest.requests.log)

    async def requested(
        self, method: str, path: str, *, times: int = 1, timeout: float = 10
    ) -> list[Request]:
        """Wait until requests like this were made `times` times, earlier ones included.

        `path` may hold `*`, for instance `/webhooks/*/messages/@original`.
        """
        log = self._rest.requests

        await log.becomes(lambda: len(log.like(method, path)) >= times, timeout, f"{method} {path}")
        return log.like(method, path)

    @property
    def downloads(self) -> list[Download]:
        """The attached files that were fetched, refused ones left out, oldest first."""
        return self._cdn.downloads

    async def download(self, number: int = 1, *, timeout: float = 10) -> Download:
        """Wait until the `number`-th download of an attached file has begun, counted from 1."""
        return await self._cdn.download(number, timeout)

    # Making trouble.

    def pass_time(self, seconds: float) -> None:
        """Be `seconds` later at once: tokens of interactions (15 minutes) and links to files (a
        day) expire, but nobody has waited, so that no interaction is given up on."""
        self.world.ahead += seconds

    def fault(
        self,
        method: str,
        path: str,
        *,
        status: int = 500,
        code: int = 0,
        message: str = "Internal Server Error",
        body: Json | bytes | None = None,
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        times: int | None = None,
    ) -> None:
        """Answer matching requests with an error: `status` and Discord's `code`, or a whole `body`.

        `path` may hold `*`. `times` limits how often. `status=0` only delays by `delay` seconds.
        """
        answer = {"message": message, "code": code} if body is None else body
        self._rest.faults.append(
            Fault(method, path, status, answer, dict(headers or {}), delay, times)
        )

    def cdn_fault(
        self,
        name: str = "*",
        *,
        status: int | None = None,
        bytes_per_second: float | None = None,
        cut_after: int | None = None,
        hold_after: int | None = None,
        length: int | None = None,
        times: int | None = None,
    ) -> None:
        """Let something go wrong when attached files called like `name` (`*.mp3`) are fetched.

        `status=404` is what an expired link gets, `bytes_per_second` sends slowly, `cut_after`
        breaks the connection after so many bytes, `hold_after` waits there, up to 256 KB later, for
        the download's `release()`, and `length` is a false Content-Length: a larger one breaks the
        connection at the end, a smaller one ends the file early without anybody noticing. `times`
        limits how often. Of several, the first that fits strikes.
        """
        self._cdn.faults.append(
            CdnFault(name, status, bytes_per_second, cut_after, hold_after, length, times)
        )

    def unfurl(self, prefix: str, origin: str) -> None:
        """Preview links that begin with `prefix` by asking `origin`, which must be on loopback.

        For instance `unfurl("https://www.mixcloud.com", mixcloud.site_url)`. The preview is an
        embed of type `link` that an update adds to the message, a moment after it was posted.
        """
        self.world.unfurler.register(prefix, origin)

    def clear_faults(self) -> None:
        self._rest.faults.clear()
        self._cdn.faults.clear()

    async def close_gateway(self, code: int = 4000) -> None:
        """Close the bot's connections; with most codes it resumes."""
        await self.gateway.close(code)

    def reconnect(self) -> None:
        """Ask the bot to reconnect and resume (op 7)."""
        self.gateway.tell_to_reconnect()

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell the bot that its sessions are invalid (op 9)."""
        self.gateway.invalidate(resumable=resumable)

    # Serving.

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_LIMIT)
        self._rest.add_to(app)
        self.oauth.add_to(app)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{id}/{name}", self._cdn.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._closing.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()
        self._port = runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        self.world.files.root = self.url
        return self

    async def __aexit__(self, *error: object) -> None:
        for subscription in tuple(self.world.subscriptions):
            subscription.close()
        for interaction in self.world.interactions.values():
            interaction.close()
        self._cdn.close()
        await self.world.unfurler.close()
        await self.gateway.close(1001)
        await self._closing.aclose()
