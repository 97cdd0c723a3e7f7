"""Who asked for what, as far as a log may know."""

from __future__ import annotations

import logging
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger


class AccessLogger(AbstractAccessLogger):
    """Logs the route that was asked for, not the path: paths hold secrets of linking."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        resource = cast(web.Request, request).match_info.route.resource
        route = resource.canonical if resource else "(no route)"
        self.logger.info("%s %s %s %.0f ms", request.method, route, response.status, time * 1000)

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)
