"""The guide does what it says: its examples run, one after the other, and claim what is so."""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mixbot import mixcloud, soundcloud
from mixbot.mixcloud import Mixcloud, MixcloudOAuth
from mixbot.sandbox import MixcloudServer, SoundCloudServer
from mixbot.soundcloud import SoundCloud

pytest_plugins = ["mixbot.sandbox.fixtures"]

GUIDE = Path(__file__).parent.parent / "docs" / "guide.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> Iterator[str]:
    """The guide's blocks of `language`, each on the lines it has in the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if found[1] == language:
            yield "\n" * text[: found.start(2)].count("\n") + found[2]


def claims(block: str) -> dict[int, str]:
    """What comments behind code say it comes to, by line; those that read as a value."""
    tokens = tokenize.generate_tokens(StringIO(block).readline)
    found = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    return {line: text[2:] for line, text in found.items() if _is_value(text[2:])}


def _is_value(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


@dataclass
class Request:
    """How a person comes back who agreed to what was `started`."""

    server: SoundCloudServer
    world: dict[str, Any]

    @property
    def query(self) -> dict[str, str]:
        started, back = self.world["started"], "https://yourapp.com/callback"
        code = self.server.code_for("listener", "client", back, started.code_verifier)
        return {"code": code, "state": started.state}


@pytest.fixture
def soundclouds_world(
    soundcloud_server: SoundCloudServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    """What the guide's part about SoundCloud takes for granted."""
    server, catalogue = soundcloud_server, soundcloud_server.catalogue
    forss = catalogue.add_user("forss", "Forss")
    flickermood = catalogue.add_track(
        forss,
        "Flickermood",
        id=293,
        created=datetime(2008, 1, 1, tzinfo=UTC),
        duration=213_900,
        genre="Electronic",
    )
    for number in range(60):
        catalogue.add_track(forss, f"Sketch {number}")
    catalogue.add_playlist(forss, "Soulhack", [flickermood])
    catalogue.add_user("followed", id=123)
    server.register_app("client", "secret")
    monkeypatch.setattr(SoundCloud, "api_root", server.api_url)
    monkeypatch.setattr(SoundCloud, "auth_root", server.auth_url)
    (tmp_path / "mytrack.mp4").write_bytes(b"ftyp" + bytes(100_000))
    refresh_token = server.tokens_for("listener", "client")["refresh_token"]
    world: dict[str, Any] = {"YOUR_REFRESH_TOKEN": refresh_token}
    return world | {"request": Request(server, world)}


@pytest.fixture
def world(
    mixcloud_server: MixcloudServer,
    soundclouds_world: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> dict[str, Any]:
    """What the guide takes for granted: a Mixcloud, some files, an application and a code."""
    catalogue = mixcloud_server.catalogue
    host = catalogue.add_user("spartacus", city="London", followers=3)
    fan = catalogue.add_user("listener")
    party = catalogue.add_show(
        host,
        "Party Time",
        created=datetime(2015, 7, 1, 12, tzinfo=UTC),
        description="Bring your dancing shoes.",
        audio_length=3480,
        tags=("Funk", "House"),
        plays=100_000,
    )
    for number in range(40):
        created = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=number)
        catalogue.add_show(host, f"Friday {number}", created=created, tags=("Funk", "House"))
    athens = catalogue.add_user("eleni", city="Athens")
    catalogue.add_show(athens, "Plaka by Night", tags=("Funk",))
    catalogue.follows.add(fan, host, datetime.now(UTC))
    catalogue.favorites.add(host, party, datetime.now(UTC))
    catalogue.listens.add(fan, party, datetime.now(UTC))
    catalogue.add_playlist(host, "Best of", [party], datetime.now(UTC))
    catalogue.add_comment(party, fan, "What a night", datetime.now(UTC))

    redirect_uri = "https://example.com/back/4f1c…"
    mixcloud_server.register_app("client", "secret")
    for name in ("api", "oembed", "short"):
        address = getattr(mixcloud_server, f"{name}_url")
        monkeypatch.setattr(Mixcloud, f"{name}_root", address)
    monkeypatch.setattr(Mixcloud, "mixcloud_root", mixcloud_server.site_url)
    monkeypatch.setattr(MixcloudOAuth, "oauth_root", f"{mixcloud_server.site_url}/oauth")
    monkeypatch.chdir(tmp_path)
    Path("perfect-mix.mp3").write_bytes(b"ID3" + bytes(100_000))
    Path("cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(1000))
    Path("show.yml").write_text(next(blocks("yaml")), encoding="utf-8")
    world = soundclouds_world | {
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "secret",
        "code": mixcloud_server.code_for("listener", "client", redirect_uri),
        "print": lambda *values: None,
    }
    world["request"].world = world
    return world


async def test_every_example_runs_and_comes_to_what_it_claims(world: dict[str, Any]) -> None:
    checked = 0
    for block in blocks("python"):
        claimed = claims(block)
        for statement in _with_claims(ast.parse(block), claimed):
            await _run(statement, world)
        checked += len(claimed)
    assert checked > 35
    for value in world.values():
        if type(value) in (Mixcloud, SoundCloud):
            await value.close()


def _with_claims(tree: ast.Module, claimed: dict[int, str]) -> list[ast.stmt]:
    """The statements of `tree`, in which each expression with a claim became an assertion."""

    class Claims(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.stmt:
            if node.end_lineno not in claimed:
                return node
            value = ast.parse(claimed[node.end_lineno], mode="eval").body
            call = ast.Call(ast.Name("_claimed", ast.Load()), [node.value, value], [])
            return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))

    return [Claims().visit(statement) for statement in tree.body]


async def _run(statement: ast.stmt, world: dict[str, Any]) -> None:
    world["_claimed"] = _claimed
    code = compile(
        ast.Module([statement], []), str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    running = eval(code, world)
    if inspect.isawaitable(running):
        await running


def _claimed(value: object, expected: object) -> None:
    assert value == expected


@pytest.mark.parametrize("library", [mixcloud, soundcloud], ids=lambda value: value.__name__)
def test_every_exception_is_explained(library: Any) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name, error in vars(library.errors).items():
        if inspect.isclass(error) and issubclass(error, Exception):
            assert f"`{name}`" in text
