"""The chat page, its files, and the socket behind it."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from yarl import URL

from mixbot.sandbox.discord import ClientRefused, File
from mixbot.sandbox.discord.oauth import COOKIE

from . import samples
from .scene import Scene
from .session import Session

FOLDER = Path(__file__).parent / "page"
LOGO = Path(__file__).parents[2] / "web" / "mixbot.svg"
LARGEST_FRAME = 1024 * 1024
PIECE = 256 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_pages(scene: Scene, url: str, folder: Path) -> web.Application:
    """The application served at `url`, which answers to no other name.

    Files that people choose are put into `folder`.
    """
    pages = Pages(scene, URL(url), folder)
    application = web.Application(middlewares=[pages.only_here])
    application.router.add_get("/", pages.index)
    application.router.add_get("/mixbot.svg", pages.logo)
    application.router.add_get("/socket", pages.socket)
    application.router.add_post("/person", pages.sign_in)
    application.router.add_post("/files", pages.take_file)
    application.router.add_get("/samples/{name}", pages.sample)
    application.router.add_static("/page/", FOLDER)
    application.on_response_prepare.append(pages.protect)
    application.on_shutdown.append(pages.hang_up)
    return application


class Pages:
    def __init__(self, scene: Scene, url: URL, folder: Path) -> None:
        self._scene = scene
        self._url = url
        self._folder = folder
        self._files: dict[str, File] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        hosts = {str(URL(host).origin()) for host in scene.hosts.values()}
        pictures = " ".join(sorted({scene.discord.url, *hosts}))
        self._policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {pictures}; "
            f"connect-src 'self' {url.with_scheme('ws').origin()}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    async def index(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(FOLDER / "index.html")

    async def logo(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(LOGO)

    async def sign_in(self, request: web.Request) -> web.Response:
        """Let the sandbox's Discord know who sits at this browser, for its sign-in page."""
        person = self._scene.person(await request.text())
        if person is None or not self._from_here(request):
            raise web.HTTPForbidden
        response = web.Response(status=204)
        response.set_cookie(COOKIE, person.id, httponly=True, samesite="Lax")
        return response

    async def take_file(self, request: web.Request) -> web.Response:
        """Keep a file that a person chose, and tell the id by which the page may then send it."""
        if not self._from_here(request):
            raise web.HTTPForbidden
        id = secrets.token_hex(16)
        path = self._folder / id
        with path.open("wb") as kept:
            async for piece in request.content.iter_chunked(PIECE):
                kept.write(piece)
        file = File.at(path, request.query.get("name") or "file")
        try:
            self._scene.discord.world.files.refuse_too_large(file)
        except ClientRefused as refusal:
            path.unlink()
            return web.json_response({"refused": str(refusal)}, status=413)
        self._files[id] = file
        return web.json_response({"id": id})

    async def sample(self, request: web.Request) -> web.Response:
        """One of the files to try."""
        name = request.match_info["name"]
        try:
            body = await asyncio.to_thread(samples.contents, name)
        except KeyError:
            raise web.HTTPNotFound from None
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type=kind, headers=headers)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """What one tab sees and does, for as long as it is open."""
        if not self._from_here(request):
            raise web.HTTPForbidden
        person = self._scene.person(request.query.get("person", "")) or self._scene.people[0]
        socket = web.WebSocketResponse(max_msg_size=LARGEST_FRAME, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await Session(self._scene, person, socket, self._files).run()
        finally:
            self._sockets.discard(socket)
        return socket

    def _from_here(self, request: web.Request) -> bool:
        """Whether the page that asks is ours; any page may try to reach this machine."""
        return request.headers.get("Origin") == str(self._url.origin())

    @web.middleware
    async def only_here(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send `localhost` to where the sandbox's cookies are valid, and refuse other names."""
        if request.host == self._url.authority:
            return await handler(request)
        if request.host == f"localhost:{self._url.port}" and request.path == "/":
            raise web.HTTPTemporaryRedirect(self._url.with_query(request.query))
        raise web.HTTPMisdirectedRequest

    async def protect(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"

    async def hang_up(self, application: web.Application) -> None:
        for socket in tuple(self._sockets):
            await socket.close(code=1001)
