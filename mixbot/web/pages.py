"""What the pages share: how one is drawn, what one may load, and how a problem is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web
from markupsafe import Markup, escape

from mixbot.errors import UserError
from mixbot.languages import N_, _, spoken

if TYPE_CHECKING:
    from jinja2 import Environment

BASE = web.AppKey("base", str)  # the path under which a proxy shows us
_NOTHING = "'none'"


class TooManyRequests(UserError):
    def __init__(self) -> None:
        super().__init__(
            N_("Too many requests came from your network. Wait a minute, then try again.")
        )


def page(
    request: web.Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    policy: str | None = None,
) -> web.Response:
    """A page of ours."""
    text = _templates().get_template(template).render(context, base=request.app[BASE])
    response = web.Response(text=text, content_type="text/html", status=status)
    response.headers["Content-Security-Policy"] = policy or content_policy()
    return response


@cache
def _templates() -> Environment:
    """Our pages, read when the first one is shown: most bots, most of the time, show none, and
    Jinja2 takes two megabytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__), undefined=StrictUndefined, autoescape=True
    )
    environment.filters |= {"marked_up": marked_up, "isolated": isolated}
    environment.globals |= {"_": _, "language": lambda: spoken().replace("_", "-")}
    return environment


def problem(request: web.Request, title: str, sentence: str, *, status: int = 400) -> web.Response:
    """A page that says what is wrong, and what to do."""
    return page(request, "problem.html", {"title": title, "sentence": sentence}, status=status)


def content_policy(
    *,
    form_action: Iterable[str] = (),
    frame_src: Iterable[str] = (),
    img_src: Iterable[str] = (),
) -> str:
    """A Content-Security-Policy that allows our style and icon, and what is named; no script."""
    allowed = {
        "default-src": (),
        "base-uri": (),
        "frame-ancestors": (),
        "style-src": ("'self'",),
        "img-src": ("'self'", *img_src),
        "frame-src": frame_src,
        "form-action": form_action,
    }
    return "; ".join(f"{what} {' '.join(to) or _NOTHING}" for what, to in allowed.items())


def marked_up(sentence: str) -> Markup:
    """A sentence written for Discord, where `this` is code and **this** is bold."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked))  # noqa: S704


def isolated(name: str) -> str:
    """A name that keeps its direction, so that an RTL one does not turn the words around it."""
    return name if name.isascii() else f"\u2068{name}\u2069"
