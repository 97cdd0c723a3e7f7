"""The application: its routes, and what holds for every answer."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from mixbot.accounts import Accounts, LinkingOff
from mixbot.errors import UserError
from mixbot.languages import _, accepted_language, speak
from mixbot.metrics import CONTENT_TYPE
from mixbot.mixcloud import Mixcloud
from mixbot.pulse import Health

from .events import Events
from .linking import Linking
from .pages import BASE, TooManyRequests, content_policy, problem
from .player import IMAGE_ROOT, PLAYER_ROOT, LongKey, Player

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
FORWARDED = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}
FORM_BYTES = 16 * 1024  # the only form has one hidden field


def create_app(
    accounts: Accounts,
    mixcloud: Mixcloud,
    *,
    ready: Callable[[], Awaitable[bool]] | None = None,
    health: Callable[[], Health] | None = None,
    metrics: Callable[[], bytes] | None = None,
    events: Events | None = None,
    long_key: LongKey | None = None,
    player_root: str = PLAYER_ROOT,
    image_root: str = IMAGE_ROOT,
) -> web.Application:
    """The web side of mixbot.

    `health` tells whether the process is alive, and `ready` whether the rest of it can do its work;
    `metrics` are for Prometheus; `events` takes Discord's; `long_key` knows keys that are too long
    for a button's address.
    """
    app = web.Application(middlewares=[explained], client_max_size=FORM_BYTES)
    app.on_response_prepare.append(protect)
    app[BASE] = urlsplit(accounts.public_url).path
    app.router.add_get("/mixbot.css", file("mixbot.css", "text/css"))
    app.router.add_get("/mixbot.svg", file("mixbot.svg", "image/svg+xml"))
    app.router.add_get("/healthz", healthiness(health))
    app.router.add_get("/readyz", readiness(ready))
    if events:
        events.add_to(app)
    if metrics:
        app.router.add_get("/metrics", measured(metrics))
    Linking(accounts).add_to(app)
    Player(mixcloud, accounts.public_url, player_root, image_root, long_key).add_to(app)
    return app


def file(name: str, content_type: str) -> Handler:
    text = (HERE / name).read_text(encoding="utf-8")

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type)

    return answer


def healthiness(health: Callable[[], Health] | None) -> Handler:
    """Whether this process is alive. Whether it can do its work is asked of `/readyz`."""

    async def answer(request: web.Request) -> web.Response:
        found = health() if health else Health(healthy=True, details={})
        told = {"status": "ok" if found.healthy else "not ok", **found.details}
        return web.json_response(told, status=200 if found.healthy else 503)

    return answer


def measured(metrics: Callable[[], bytes]) -> Handler:
    """The metrics, for who asks this process itself: not for what a proxy lets through."""

    async def answer(request: web.Request) -> web.Response:
        if FORWARDED & request.headers.keys():
            raise web.HTTPNotFound
        return web.Response(body=metrics(), headers={"Content-Type": CONTENT_TYPE})

    return answer


def readiness(ready: Callable[[], Awaitable[bool]] | None) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        try:
            good = ready is None or await ready()
        except Exception:
            log.exception("cannot tell whether all is ready")
            good = False
        return web.Response(text="ready\n" if good else "not ready\n", status=200 if good else 503)

    return answer


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer tells the browser not to do."""
    response.headers.setdefault("Content-Security-Policy", content_policy())
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes a page that says what to do, and repeats nothing it was sent."""
    speak(accepted_language(request.headers.get("Accept-Language", "")))
    try:
        return await handler(request)
    except UserError as error:
        status = 400
        match error:
            case TooManyRequests():
                status = 429
            case LinkingOff():
                status = 503
        return problem(request, _("Not linked"), str(error), status=status)
    except web.HTTPNotFound:
        return problem(
            request,
            _("Nothing here"),
            _("There is no such page. If you came from Discord, use the command there again."),
            status=404,
        )
    except web.RequestPayloadError:  # its framing or its compression is broken
        return problem(request, _("Not like this"), _("This cannot be answered."), status=400)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = problem(
            request, _("Not like this"), _("This cannot be answered."), status=error.status
        )
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            return web.Response(status=400)  # to nobody: who asked left before all of it was here
        code = secrets.token_hex(4)
        log.exception("bug %s", code)
        return problem(
            request,
            _("Something broke"),
            _("This is our mistake. If you tell us of it, mention the code `{code}`.", code=code),
            status=500,
        )
