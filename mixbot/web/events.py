"""What Discord tells over HTTP, signed: who takes the bot away is forgotten.

Source: https://discord.com/developers/docs/events/webhook-events
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

log = logging.getLogger(__name__)

SIGNATURE, TIMESTAMP = "X-Signature-Ed25519", "X-Signature-Timestamp"
TAKEN_AWAY = "APPLICATION_DEAUTHORIZED"
Forget = Callable[[int], Awaitable[object]]


class Events:
    """`POST /interactions`, for events that Discord's portal can be told to send here."""

    def __init__(self, public_key: str, forget: Forget) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        self._forget = forget

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/interactions", self.take)

    async def take(self, request: web.Request) -> web.Response:
        """Believe what is signed; anything else is refused, as Discord tries out."""
        body = await request.read()
        if not self._is_signed(request, body):
            return web.Response(status=401)
        try:
            told = orjson.loads(body)
            event = told.get("event") or {}
            if told.get("type") == 1 and event.get("type") == TAKEN_AWAY:
                await self._forget(_user_of(event))
        except (ValueError, AttributeError, KeyError, TypeError):
            return web.Response(status=400)
        # Interactions come through the gateway: where they are told to come here, nobody answers.
        return web.Response(status=204 if "version" in told else 400)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        try:
            signature = bytes.fromhex(request.headers.get(SIGNATURE, ""))
            self._key.verify(signature, request.headers.get(TIMESTAMP, "").encode() + body)
        except (ValueError, InvalidSignature):
            return False
        return True


def _user_of(event: Any) -> int:
    user_id = int(event["data"]["user"]["id"])
    log.info("user %s took the bot away, and is forgotten", user_id)
    return user_id
