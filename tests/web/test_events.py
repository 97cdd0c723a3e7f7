"""What Discord tells over HTTP, and who only says they are Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mixbot.sandbox.discord import Permission
from tests.conftest import Scene, staged

KEY = Ed25519PrivateKey.generate()
STRANGER = Ed25519PrivateKey.generate()


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Scene]:
    """A bot that knows Discord's key."""
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    async with staged(tmp_path, discord_public_key=public) as scene:
        yield scene


async def send(
    scene: Scene, told: Any, headers: dict[str, str] | None = None, *, key: Ed25519PrivateKey = KEY
) -> int:
    """Send an event as the owner of `key` would; the status of the answer."""
    body = told if isinstance(told, bytes) else orjson.dumps(told)
    signed = {
        "X-Signature-Timestamp": "1700000000",
        "X-Signature-Ed25519": key.sign(b"1700000000" + body).hex(),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{scene.settings.public_url}/interactions", data=body, headers=signed | (headers or {})
        ) as response,
    ):
        return response.status


def taken_away(user_id: str) -> Any:
    event = {
        "type": "APPLICATION_DEAUTHORIZED",
        "timestamp": "2026-10-18T14:42:53.064834",
        "data": {"user": {"id": user_id, "username": "ada"}},
    }
    return {"version": 1, "application_id": "1", "type": 1, "event": event}


async def test_who_takes_the_bot_away_is_forgotten(told: Scene) -> None:
    await told.link(told.ada, "ada.plays")
    await told.link(told.noor, "noor.plays")
    assert await send(told, taken_away(told.ada.id)) == 204
    assert await told.parts.accounts.account(int(told.ada.id)) is None
    assert await told.parts.accounts.account(int(told.noor.id))


async def test_discord_tries_it_out(told: Scene) -> None:
    assert await send(told, {"version": 1, "application_id": "1", "type": 0}) == 204
    assert await send(told, {"version": 1, "type": 0}, key=STRANGER) == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Signature-Ed25519": ""},
        {"X-Signature-Ed25519": "zz"},
        {"X-Signature-Ed25519": "00" * 64},
        {"X-Signature-Ed25519": "00" * 63},
        {"X-Signature-Timestamp": "1700000001"},
    ],
)
async def test_what_is_not_signed_does_nothing(told: Scene, headers: dict[str, str]) -> None:
    await told.link(told.ada, "ada.plays")
    assert await send(told, taken_away(told.ada.id), headers) == 401
    assert await send(told, taken_away(told.ada.id), key=STRANGER) == 401
    assert await told.parts.accounts.account(int(told.ada.id))


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'"text"',
        {"type": 1},  # an interaction, which comes through the gateway
        {"version": 1, "type": 1, "event": "x"},
        {"version": 1, "type": 1, "event": {"type": "APPLICATION_DEAUTHORIZED"}},
        taken_away("nobody"),
        taken_away("9" * 10_000),
    ],
    ids=range(10),
)
async def test_odd_events_are_no_bug(told: Scene, odd: Any) -> None:
    assert await send(told, odd) == 400


async def test_without_a_key_there_is_no_such_page(scene: Scene) -> None:
    assert await send(scene, taken_away(scene.ada.id)) == 404


async def test_servers_that_were_left_are_forgotten(scene: Scene) -> None:
    scene.guild.allow(scene.ada, Permission.MANAGE_GUILD)
    await (await scene.ada.slash(scene.channel, "settings", {"answers": "only who asked"})).reply()
    bot, guild_id = scene.parts.bot, int(scene.guild.id)
    await bot.forget_servers_left()
    assert (await bot.preferences.server(guild_id)).private
    await scene.parts.store.forget_servers(set())
    bot.preferences.forget_servers()
    assert not (await bot.preferences.server(guild_id)).private
