"""`mixbot` as an operator uses it: a process, its output and its exit code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import test_utils, web

from mixbot.registration import differences
from mixbot.rotation import count_older
from mixbot.sandbox import DiscordServer, MixcloudServer, SoundCloudServer
from mixbot.services import MIXCLOUD
from mixbot.store import Account, migrations, open_store
from mixbot.store.engines import database_at
from mixbot.store.schema import HEAD
from mixbot.tokens import token_of
from mixbot.vault import Vault
from tests import forked
from tests.forked import Program, Result

NOON = datetime(2026, 11, 27, 12)


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

    async def start(self, *arguments: str, **values: str) -> Program:
        environment = self.environment(**values)
        return await forked.start("-m", "mixbot", *arguments, cwd=self.folder, env=environment)

    async def run(self, *arguments: str, **values: str) -> Result:
        return await (await self.start(*arguments, **values)).finish()


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with DiscordServer() as discord, MixcloudServer() as mixcloud:
        yield Operator(discord, mixcloud, tmp_path)


@pytest.mark.parametrize("command", ["run", "check", "sync", "db upgrade"])
async def test_a_command_imports_what_it_needs(operator: Operator, command: str) -> None:
    """Elsewhere all is imported already; this is a Python that starts as operators start it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mixbot", *command.split()),
        cwd=operator.folder,
        env=operator.environment(DISCORD_TOKEN="of nobody", MIXBOT_LOG_LEVEL="ERROR"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == (0 if command == "db upgrade" else 1), err
    assert len(err.splitlines()) <= 1, err


async def test_check_has_a_line_for_each_part(operator: Operator) -> None:
    await operator.run("sync", "--yes")
    result = await operator.run("check", MIXBOT_PUBLIC_URL="http://127.0.0.1:1")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "✓ Settings",
        "✓ Database",
        "✓ Encryption keys",
        "! Web pages",
        "✓ Discord",
        "✓ Clock",
        "✓ Mixcloud",
        "✓ SoundCloud",
    ]
    assert "nobody can link" in lines[0]
    assert "nothing there yet" in lines[1]
    assert "none set" in lines[2]
    assert "does not answer" in lines[3]
    assert "commands registered" in lines[4]
    assert "agrees with Discord's" in lines[5]
    assert "no commands for it" in lines[7]
    assert list(operator.folder.iterdir()) == []  # it makes nothing


@pytest.mark.parametrize(("secret", "mark"), [("right", "✓"), ("wrong", "✗")])
async def test_check_asks_soundcloud_where_it_is_set(
    operator: Operator, secret: str, mark: str
) -> None:
    async with SoundCloudServer() as soundcloud:
        soundcloud.register_app("mixbot-there", "right")
        result = await operator.run(
            "check",
            SOUNDCLOUD_CLIENT_ID="mixbot-there",
            SOUNDCLOUD_CLIENT_SECRET=secret,
            SOUNDCLOUD_API_URL=soundcloud.api_url,
            SOUNDCLOUD_AUTH_URL=soundcloud.auth_url,
            MIXBOT_ENCRYPTION_KEYS=Vault.new_key(),
        )
    lines = {line.split(":")[0]: line for line in result.out.splitlines()}
    assert f"{mark} SoundCloud" in lines
    assert "nobody can link an account of Mixcloud" in lines["✓ Settings"]
    assert "this machine alone" in lines["! Web pages"]
    assert result.code == (0 if mark == "✓" else 1)


async def test_check_says_what_is_missing(operator: Operator) -> None:
    result = await operator.run(
        "check",
        DISCORD_TOKEN="MTIzNDU2Nzg5.wrong.token",
        MIXCLOUD_API_URL="http://127.0.0.1:1",
        MIXBOT_DATABASE_URL="sqlite:////nowhere/at/all.db",
    )
    assert result.code == 1
    lines = {line.split(":")[0]: line for line in result.out.splitlines()}
    assert lines["✗ Database"].startswith("✗ Database: The database cannot be opened: No such")
    assert lines["✗ Discord"] == "✗ Discord: Discord does not accept DISCORD_TOKEN."
    assert "✗ Mixcloud" in lines


async def test_check_finds_a_running_bot_behind_the_public_address(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    public = {"MIXBOT_HTTP_PORT": port, "MIXBOT_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    process = await operator.start("run", **public)
    await operator.discord.ready()
    try:
        result = await operator.run("check", **public)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.finish()
    assert f"✓ Web pages: http://127.0.0.1:{port} leads to a running bot" in result.out
    assert "✓ Database: can be written, at revision" in result.out
    elsewhere = await operator.run("check", MIXBOT_PUBLIC_URL=operator.discord.api_url[:-8])
    assert "is answered by something else" in elsewhere.out


async def test_check_knows_a_clock_that_is_wrong(operator: Operator) -> None:
    async def yesterday(request: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
        return web.json_response({}, status=401, headers={"Date": date})

    pages = web.Application()
    pages.router.add_get("/{anything:.*}", yesterday)
    async with test_utils.TestServer(pages) as discord:
        result = await operator.run("check", DISCORD_API_URL=str(discord.make_url("/api/v10")))
    assert result.code == 1
    [line] = [line for line in result.out.splitlines() if "Clock" in line]
    assert re.match(r"✗ Clock: this machine's is 86,\d{3} seconds ahead of Discord's", line)


async def test_check_leaves_an_older_or_a_newer_database_as_it_is(operator: Operator) -> None:
    path = operator.folder / "mixbot.db"
    await operator.run("db", "upgrade")
    for revision, line in (
        ("0002", "! Database: at revision 0002, this version needs"),
        ("9999", "✗ Database: The database was made by a newer mixbot"),
    ):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        result = await operator.run("check")
        assert line in result.out
        with closing(sqlite3.connect(path)) as connection:
            kept = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        assert kept == [(revision,)]


async def test_a_database_that_cannot_be_written_is_noticed(operator: Operator) -> None:
    path = operator.folder / "mixbot.db"
    await operator.run("db", "upgrade")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        result = await operator.run("check")
    assert "✗ Database: The database cannot be opened: database is locked." in result.out


async def keep(operator: Operator, key: str, *tokens: str) -> None:
    """Let people have linked an account, with tokens sealed with `key`."""
    vault = Vault.from_keys(key)
    async with open_store(f"sqlite:///{operator.folder / 'mixbot.db'}") as store:
        for user_id, token in enumerate(tokens, 1):
            sealed = vault.seal(token, token_of(user_id, MIXCLOUD))
            await store.save_account(
                Account(user_id, MIXCLOUD, "/a/", "a", "A", sealed, datetime.now(UTC))
            )


async def test_keys_are_checked_and_rotated(operator: Operator) -> None:
    old, new, lost = Vault.new_key(), Vault.new_key(), Vault.new_key()
    old_id, new_id = (Vault.from_keys(key).key_ids[0] for key in (old, new))
    await keep(operator, old, "token-of-ada", "token-of-noor")

    async def said(*arguments: str, keys: str) -> Result:
        result = await operator.run(*arguments, MIXBOT_ENCRYPTION_KEYS=keys)
        for secret in (old, new, lost, "token-of-ada", "token-of-noor"):
            assert secret not in result.out + result.err
        return result

    checked = await said("check", keys=old)
    assert f"✓ Encryption keys: {old_id} set, all 2 secrets can be opened" in checked.out
    checked = await said("check", keys=new)
    assert checked.code == 1
    assert f"2 of 2 secrets cannot be opened; they are of key {old_id}" in checked.out
    refused = await said("keys", "rotate", keys=new)
    assert refused.code == 1
    assert f"2 secrets of key {old_id} cannot be opened: its key is not set" in refused.out
    checked = await said("check", keys=f"{new},{old}")
    assert "! Encryption keys" in checked.out
    assert "2 only with an older key: `mixbot keys rotate`" in checked.out
    rotated = await said("keys", "rotate", keys=f"{new},{old}")
    assert rotated.code == 0, rotated.out
    assert rotated.out.splitlines() == [
        f"Encrypted 2 secrets with the first key, {new_id}.",
        f"Nothing needs the other keys any more: {old_id} can be dropped.",
    ]
    assert "✓ Encryption keys" in (await said("check", keys=new)).out
    again = await said("keys", "rotate", keys=new)
    assert again.out.splitlines() == [f"Encrypted 0 secrets with the first key, {new_id}."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_rotating_can_be_stopped_and_goes_on(
    operator: Operator, number: signal.Signals
) -> None:
    old, new = Vault.new_key(), Vault.new_key()
    both, people = Vault.from_keys(f"{new},{old}"), 8_000
    await operator.run("db", "upgrade")
    rows = [
        (
            i,
            MIXCLOUD,
            "/a/",
            "a",
            "A",
            Vault.from_keys(old).seal("t", token_of(i, MIXCLOUD)),
            str(NOON),
        )
        for i in range(people)
    ]
    with closing(sqlite3.connect(operator.folder / "mixbot.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)", rows
        )
    async with open_store(f"sqlite:///{operator.folder / 'mixbot.db'}") as store:
        process = await operator.start("keys", "rotate", MIXBOT_ENCRYPTION_KEYS=f"{new},{old}")
        while await count_older(store, both) == people:
            pass
        process.send_signal(number)
        stopped = await process.finish()
        assert (stopped.code, stopped.out) == (1, "")
        assert re.fullmatch(
            r"Stopped after [\d,]+ secrets\. Start it again to go on\.\n", stopped.err
        )
        left = await count_older(store, both)
        assert 0 < left < people
    result = await operator.run("keys", "rotate", MIXBOT_ENCRYPTION_KEYS=f"{new},{old}")
    assert result.code == 0
    assert f"Encrypted {left:,} secrets with the first key" in result.out


async def test_keys_rotate_needs_a_key(operator: Operator) -> None:
    result = await operator.run("keys", "rotate")
    assert result.code == 1
    assert result.err.startswith("MIXBOT_ENCRYPTION_KEYS is not set")


async def test_a_database_is_upgraded_backed_up_and_restored(operator: Operator) -> None:
    """As it is done without the bot's token, which none of it needs."""
    key = Vault.new_key()
    values = {"DISCORD_TOKEN": "", "MIXBOT_ENCRYPTION_KEYS": key}
    refused = await operator.run("db", "backup", "mixbot.bak", **values)
    assert (refused.code, refused.err) == (1, "There is no database at mixbot.db.\n")
    made = await operator.run("db", "upgrade", **values)
    assert made.out == f"A new database: its tables were made, at revision {HEAD}.\n"
    again = await operator.run("db", "upgrade", **values)
    assert again.out == f"The tables are at revision {HEAD} already: nothing to do.\n"
    await keep(operator, key, "token-of-ada")
    backup = await operator.run("db", "backup", "mixbot.bak", **values)
    assert backup.out.splitlines() == [
        "Wrote mixbot.bak and read it back.",
        "It holds 1 row (accounts: 1).",
    ]
    refused = await operator.run("db", "restore", "mixbot.bak", **values)
    assert (refused.code, refused.out) == (1, "")
    assert "The database is not empty (accounts: 1)." in refused.err
    replaced = await operator.run("db", "restore", "mixbot.bak", "--force", **values)
    assert replaced.out.splitlines() == ["Restored 1 row (accounts: 1)."]
    elsewhere = await operator.run(
        "db",
        "restore",
        "mixbot.bak",
        **{**values, "MIXBOT_ENCRYPTION_KEYS": Vault.new_key()},
        MIXBOT_DATABASE_URL="sqlite:///another.db",
    )
    assert elsewhere.code == 0
    key_id = Vault.from_keys(key).key_ids[0]
    assert f"1 secret cannot be opened: add the key with the id {key_id}" in elsewhere.out


async def test_an_older_database_is_upgraded_and_says_so(operator: Operator) -> None:
    database = database_at(f"sqlite:///{operator.folder / 'mixbot.db'}")
    await database.write(lambda connection: migrations.run(connection, "0001"))
    await database.close()
    result = await operator.run("db", "upgrade")
    assert result.out == f"Upgraded the tables from revision 0001 to {HEAD}.\n"


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
    result = await process.finish()
    assert result.code == 0, result.err
    assert "Traceback" not in result.err


async def test_keys_new_prints_a_key(operator: Operator) -> None:
    result = await operator.run("keys", "new", DISCORD_TOKEN="")
    assert result.code == 0
    Vault.from_keys(result.out.strip())


async def test_an_unknown_command_is_exit_code_2(operator: Operator) -> None:
    assert (await operator.run("frobnicate")).code == 2
