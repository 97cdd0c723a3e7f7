"""The network to Mixcloud cut, silent, slow, and cut in the middle of an answer."""

from __future__ import annotations

import pytest

from tests.bot.test_acting import favorites
from tests.faults.conftest import Wiring

DOWN = "Mixcloud does not answer right now"


@pytest.mark.parametrize("trouble", ["cut", "silent", "cut in the answer"])
async def test_a_broken_network_is_told_and_then_over(wiring: Wiring, trouble: str) -> None:
    scene, cable = wiring.scene, wiring.mixcloud
    await scene.link(scene.ada, "ada.plays")
    await scene.use(scene.ada, "mixcloud search", query="ambient")  # connections are open
    match trouble:
        case "cut":
            cable.cut()
        case "silent":
            cable.swallow()
        case _:
            cable.cut_answer_after(40)
    asked = await scene.ada.slash(scene.channel, "favorite", mix=scene.jazz)
    await asked.acknowledged()
    answer = await asked.reply(timeout=15)
    done = favorites(scene) == [scene.jazz]
    assert answer.content.startswith("Added") or DOWN in answer.content
    assert done or not answer.content.startswith("Added")
    cable.mend()
    again = await scene.use(scene.ada, "favorite", mix=scene.jazz)
    assert again.content.startswith("Added")
    assert favorites(scene) == [scene.jazz]


async def test_connections_that_broke_unnoticed_are_replaced(wiring: Wiring) -> None:
    scene = wiring.scene
    await scene.link(scene.ada, "ada.plays")
    await scene.use(scene.ada, "mixcloud search", query="ambient")
    wiring.mixcloud.reset()
    assert (await scene.use(scene.ada, "favorite", mix=scene.jazz)).content.startswith("Added")


async def test_a_slow_network_is_waited_for(wiring: Wiring) -> None:
    scene = wiring.scene
    wiring.mixcloud.delay, wiring.mixcloud.bytes_per_second = 0.5, 200_000
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "1 of 20+" in card.text
