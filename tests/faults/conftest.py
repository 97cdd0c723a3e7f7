from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio

from mixbot.sandbox import DiscordServer, MixcloudServer
from tests.conftest import Scene, staged
from tests.faults.cable import Cable


@dataclass
class Wiring:
    """A scene, and the cables between the bot and everybody else."""

    scene: Scene
    rest: Cable
    gateway: Cable
    mixcloud: Cable


@pytest_asyncio.fixture
async def wiring(tmp_path: Path) -> AsyncIterator[Wiring]:
    cables: list[Cable] = []

    @asynccontextmanager
    async def wired(discord: DiscordServer, mixcloud: MixcloudServer) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            for url in (discord.url, discord.url, mixcloud.url):
                port = int(url.rpartition(":")[2])
                cables.append(await stack.enter_async_context(Cable("127.0.0.1", port)))
            rest, gateway, music = cables
            discord.gateway.url = f"ws://{gateway.address}/gateway"
            yield {
                "discord_api_url": f"http://{rest.address}/api/v10",
                "discord_gateway_url": discord.gateway.url,
                "mixcloud_api_url": f"http://{music.address}",
            }

    async with staged(tmp_path, wired=wired) as scene:
        yield Wiring(scene, *cables)
