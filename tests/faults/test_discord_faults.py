"""Discord's REST in trouble, and interactions that come twice, late, or in another order."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from tests.bot.test_acting import favorites
from tests.conftest import Scene
from tests.faults.conftest import Wiring

CALLBACK = "/interactions/*/*/callback"
TROUBLES: dict[str, dict[str, Any]] = {
    "limited by Discord": {
        "status": 429,
        "headers": {"Via": "1.1 google"},
        "body": {"message": "Slow down.", "retry_after": 0.05, "global": False},
        "times": 1,
    },
    "limited by somebody before it": {"status": 429, "body": b"error 1015", "times": 1},
    "a server error": {"status": 500, "times": 1},
    "a bad gateway, twice": {"status": 502, "body": b"<html>", "times": 2},
}


def favorited(scene: Scene) -> int:
    """How often Mixcloud was told to favorite something."""
    posts = [r for r in scene.mixcloud.requests if r.method == "POST"]
    return sum(request.path.endswith("/favorite/") for request in posts)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_callback_in_trouble_is_answered_all_the_same(scene: Scene, trouble: str) -> None:
    await scene.link(scene.ada, "ada.plays")
    scene.discord.fault("POST", CALLBACK, **TROUBLES[trouble])
    answer = await scene.use(scene.ada, "favorite", mix=scene.jazz)
    assert answer.content.startswith("Added")
    assert favorited(scene) == 1


@pytest.mark.parametrize("after", [1, 20, 150])
async def test_a_callback_whose_answer_is_cut_is_not_taken_for_failed(
    wiring: Wiring, after: int
) -> None:
    scene = wiring.scene
    await scene.link(scene.ada, "ada.plays")
    wiring.rest.cut_answer_after(after)
    asked = await scene.ada.slash(scene.channel, "favorite", mix=scene.jazz)
    assert (await asked.reply()).content.startswith("Added")
    await idle(scene)
    assert [message.content[:5] for message in asked.answers] == ["Added"]
    assert favorited(scene) == 1


async def test_a_connection_that_breaks_before_the_callback_arrives(wiring: Wiring) -> None:
    scene = wiring.scene
    await scene.link(scene.ada, "ada.plays")
    wiring.rest.swallow(others_too=False)
    asked = await scene.ada.slash(scene.channel, "favorite", mix=scene.jazz)
    assert (await asked.reply()).content.startswith("Added")
    assert favorited(scene) == 1


async def idle(scene: Scene) -> None:
    """Wait until the bot has nothing under way."""
    async with asyncio.timeout(10):
        while busy := set(scene.parts.bot._under_way):
            await asyncio.wait(busy)


# Delivery


def frames(scene: Scene) -> list[bytes]:
    """The interactions that Discord has sent, oldest first."""
    [session] = scene.discord.gateway.sessions.values()
    return [f for _, f in session.sent if orjson.loads(f)["t"] == "INTERACTION_CREATE"]


def deliver(scene: Scene, *again: bytes) -> None:
    for connection in scene.discord.gateway.connections:
        for frame in again:
            connection.send_frame(frame)


async def test_what_comes_twice_is_done_and_answered_once(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    clicked = await scene.ada.click(card, "♥ Favorite")
    deliver(scene, frames(scene)[-1], frames(scene)[-1])
    assert (await clicked.reply()).content.startswith("Added")
    deliver(scene, frames(scene)[-1])
    again = await scene.ada.click(card, "♥ Favorite")
    assert (await again.reply()).content.startswith("Added")
    await idle(scene)
    assert len(clicked.answers) == 1
    assert favorited(scene) == 1
    assert favorites(scene) == [scene.jazz]


async def test_what_comes_in_another_order_is_all_answered(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    [connection] = scene.discord.gateway.connections
    [session] = scene.discord.gateway.sessions.values()
    session.connection = None  # what is sent now waits
    commands = ("favorite", "unfavorite", "later", "favorite")
    asked = [await scene.ada.slash(scene.channel, one, mix=scene.jazz) for one in commands]
    session.connection = connection
    deliver(scene, *reversed(frames(scene)[-4:]))
    answers = [(await one.reply()).content.split()[0] for one in asked]
    assert answers == ["Added", "Removed", "Kept", "Added"]


async def test_a_button_of_a_message_that_is_gone_still_acts(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    card = await scene.use(scene.noor, "mixcloud search", query="jazz")
    [connection] = scene.discord.gateway.connections
    [session] = scene.discord.gateway.sessions.values()
    session.connection = None
    clicked = await scene.ada.click(card, "♥ Favorite")
    turned = await scene.noor.click(card, "▶")
    scene.discord.world.delete_message(card)
    session.connection = connection
    deliver(scene, *frames(scene)[-2:])
    assert (await clicked.reply()).content.startswith("Added")
    await turned.becomes(lambda: turned.response or turned.failure, 10, "an answer")
    assert not turned.failure
    assert favorites(scene) == [scene.jazz]
