"""`mixbot` as an operator uses it: a process, its output and its exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mixbot.registration import differences
from mixbot.sandbox import DiscordServer, MixcloudServer
from mixbot.vault import Vault


@dataclass
class Result:
    code: int
    out: str
    err: str


@dataclass
class Operator:
    """Somebody at a terminal, with a Discord and a Mixcloud to point the program at."""

    discord: DiscordServer
    mixcloud: MixcloudServer
    folder: Path

    def environment(self, **values: str) -> dict[str, str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DISCORD_", "MIXCLOUD_", "MIXBOT_"))
        }
        return clean | {
            "DISCORD_TOKEN": self.discord.bot_token,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "MIXCLOUD_API_URL": self.mixcloud.api_url,
            "MIXBOT_HTTP_PORT": "0",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **values,
        }

    async def start(self, *arguments: str, **values: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mixbot",
            *arguments,
            cwd=self.folder,
            env=self.environment(**values),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, **values: str) -> Result:
        process = await self.start(*arguments, **values)
        out, err = await process.communicate()
        return Result(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with DiscordServer() as discord, MixcloudServer() as mixcloud:
        yield Operator(discord, mixcloud, tmp_path)


async def test_check_has_a_line_for_each_part(operator: Operator) -> None:
    await operator.run("sync", "--yes")
    result = await operator.run("check")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "✓ Settings",
        "✓ Database",
        "✓ Discord",
        "✓ Mixcloud",
    ]
    assert "nobody can link" in lines[0]
    assert "commands registered" in lines[2]


async def test_check_says_what_is_missing(operator: Operator) -> None:
    result = await operator.run(
        "check",
        DISCORD_TOKEN="MTIzNDU2Nzg5.wrong.token",
        MIXCLOUD_API_URL="http://127.0.0.1:1",
        MIXBOT_DATABASE_URL="sqlite:////nowhere/at/all.db",
    )
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[1].startswith("✗ Database: The database cannot be opened")
    assert lines[2] == "✗ Discord: Discord does not accept DISCORD_TOKEN."
    assert lines[3].startswith("✗ Mixcloud: ")


async def test_sync_shows_what_differs_and_then_nothing(operator: Operator) -> None:
    first = await operator.run("sync", "--yes")
    assert first.code == 0, first.err
    assert "+ /mixcloud" in first.out.splitlines()
    assert "+ message menu: Favorite" in first.out.splitlines()
    assert {command["name"] for command in operator.discord.commands} >= {"mixcloud", "favorite"}
    assert (await operator.run("sync", "--yes")).out.splitlines() == ["Nothing to change."]
    assert list(operator.folder.iterdir()) == []  # it needs no database


async def test_sync_for_one_server(operator: Operator) -> None:
    guild = operator.discord.guild("Crate diggers")
    result = await operator.run("sync", "--yes", "--guild", guild.id)
    assert result.code == 0, result.err
    assert operator.discord.commands == []


async def test_sync_for_a_server_without_the_bot_is_one_line(operator: Operator) -> None:
    result = await operator.run("sync", "--yes", "--guild", "123")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1
    assert "Discord refuses this" in result.err


async def test_sync_changes_nothing_when_nobody_can_agree(operator: Operator) -> None:
    result = await operator.run("sync")
    assert result.code == 1
    assert result.err.splitlines() == ["Nobody is here to say yes: nothing changed. Use --yes."]
    assert operator.discord.commands == []


def test_differences_ignore_what_discord_adds() -> None:
    wanted = [{"type": 1, "name": "a", "description": "x", "options": [], "nsfw": False}]
    registered = [
        {"id": "1", "version": "2", "type": 1, "name": "a", "description": "x"},
        {"type": 3, "name": "Old", "description": ""},
    ]
    assert differences(registered, wanted) == ["- message menu: Old"]
    assert differences([{**registered[0], "description": "y"}], wanted) == ["~ /a"]


async def test_settings_that_are_wrong_are_exit_code_2(operator: Operator) -> None:
    result = await operator.run("run", DISCORD_TOKEN="", MIXBOT_HTTP_PORT="x")
    assert result.code == 2
    assert [line.split(":")[0] for line in result.err.splitlines()] == [
        "DISCORD_TOKEN",
        "MIXBOT_HTTP_PORT",
    ]


async def test_a_busy_port_is_said_in_one_line(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = await operator.run("run", MIXBOT_HTTP_PORT=port)
    assert result.code == 1
    assert result.err.splitlines() == [
        f"Listening on 127.0.0.1 port {port} is in use already (MIXBOT_HTTP_PORT)."
    ]
    assert operator.discord.requests == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"DISCORD_TOKEN": "MTIzNDU2Nzg5.wrong.token"}, "Discord does not accept DISCORD_TOKEN."),
        ({"MIXBOT_DATABASE_URL": "mysql://x"}, "database"),
        ({"MIXBOT_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "The database cannot be opened"),
    ],
)
async def test_what_keeps_it_from_starting_is_one_line_and_exit_code_1(
    operator: Operator, values: dict[str, str], says: str
) -> None:
    result = await operator.run("run", **values, MIXBOT_LOG_LEVEL="ERROR")
    assert result.code == 1
    [line] = result.err.splitlines()
    assert says in line


async def test_it_runs_until_it_is_told_to_stop(operator: Operator) -> None:
    process = await operator.start("run")
    await operator.discord.ready()
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert "Traceback" not in err.decode()


async def test_keys_new_prints_a_key(operator: Operator) -> None:
    result = await operator.run("keys", "new", DISCORD_TOKEN="")
    assert result.code == 0
    Vault.from_keys(result.out.strip())


async def test_an_unknown_command_is_exit_code_2(operator: Operator) -> None:
    assert (await operator.run("frobnicate")).code == 2
