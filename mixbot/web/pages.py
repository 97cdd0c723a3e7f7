"""What the pages share: how one is drawn, what one may load, and how a problem is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from markupsafe import Markup, escape

from mixbot.errors import UserError


class TooManyRequests(UserError):
    def __init__(self) -> None:
        super().__init__("Too many requests came from your network. Wait a minute, then try again.")


def page(
    request: web.Request,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    policy: str | None = None,
) -> web.Response:
    """A page of ours."""
    response = aiohttp_jinja2.render_template(template, request, context, status=status)
    response.headers["Content-Security-Policy"] = policy or content_policy()
    return response


def problem(request: web.Request, title: str, sentence: str, *, status: int = 400) -> web.Response:
    """A page that says what is wrong, and what to do."""
    return page(request, "problem.html", {"title": title, "sentence": sentence}, status=status)


def content_policy(
    *,
    form_action: Iterable[str] = (),
    frame_src: Iterable[str] = (),
    img_src: Iterable[str] = (),
    script_src: Iterable[str] = (),
) -> str:
    """A Content-Security-Policy that allows our style sheet, and what is named."""
    allowed = {
        "style-src": ("'self'",),
        "form-action": form_action,
        "frame-src": frame_src,
        "img-src": img_src,
        "script-src": script_src,
    }
    named = [f"{what} {' '.join(sources)}" for what, sources in allowed.items() if sources]
    if not form_action:
        named.append("form-action 'none'")
    return "; ".join(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", *named])


def marked_up(sentence: str) -> Markup:
    """A sentence written for Discord, where `this` is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))  # noqa: S704
