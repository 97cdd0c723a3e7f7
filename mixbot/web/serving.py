"""Listening for browsers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from mixbot.errors import UserError

SHUTDOWN_SECONDS = 5.0


class CannotListen(UserError):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} of {host} is taken or forbidden. "
            "Set MIXBOT_HTTP_HOST or MIXBOT_HTTP_PORT."
        )


class AccessLogger(AbstractAccessLogger):
    """Logs the route that was asked for, not the path: paths hold secrets of linking."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        resource = cast(web.Request, request).match_info.route.resource
        route = resource.canonical if resource else "(no route)"
        self.logger.info("%s %s %s %.0f ms", request.method, route, response.status, time * 1000)

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve `app` while the block lasts; gives its address. Port 0 is any free one."""
    runner = web.AppRunner(app, access_log_class=AccessLogger, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            raise CannotListen(host, port) from None
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
