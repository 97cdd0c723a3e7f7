"""The documentation of the two older libraries works here, with nothing changed but the import.

It is read where it lies beside the project, and skipped where it does not.
"""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import mixbot.mixcloud
from mixbot.mixcloud import Mixcloud, MixcloudOAuth
from mixbot.mixcloud.sync import MixcloudSync
from mixbot.sandbox import MixcloudServer

pytest_plugins = ["mixbot.sandbox.fixtures"]

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
USAGE = SEEDS / "aiomixcloud-usage.txt"
REFERENCE = SEEDS / "aiomixcloud-reference.txt"
README = SEEDS / "mixcloud-python-readme.txt"

pytestmark = pytest.mark.skipif(not SEEDS.exists(), reason="the documentation is not beside this")
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


# Finding the snippets


def parsed(text: str) -> ast.Module | None:
    try:
        tree = compile(text, "seed", "exec", FLAGS | ast.PyCF_ONLY_AST)
    except SyntaxError:
        return None
    assert isinstance(tree, ast.Module)
    return tree


def is_code(paragraph: str) -> bool:
    tree = parsed(paragraph)
    return bool(tree and tree.body and not all(_is_name(one) for one in tree.body))


def _is_name(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name)


def paragraphs_of_code(text: str) -> list[str]:
    """Paragraphs that are Python; an indented one goes on with the one before it."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        joined = f"{found[-1]}\n{paragraph}" if found else ""
        if paragraph.startswith(" ") and joined and is_code(joined):
            found[-1] = joined
        elif is_code(paragraph.strip("\n")):
            found.append(paragraph.strip("\n"))
    return found


def fenced(text: str) -> list[str]:
    """The fenced snippets of the part about usage, those cut by the end of a page put together."""
    usage = text[: text.index("## 1.2 Module Reference")]
    return [block for block in re.findall(r"^```\n(.*?)^```", usage, re.M | re.S) if is_code(block)]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def ours(code: str) -> str:
    """`code` with another import, and the `await` that the page forgot."""
    code = code.replace("aiomixcloud", "mixbot.mixcloud")
    return re.sub(r"^access_token = oauth\.", "access_token = await oauth.", code, flags=re.M)


# A world that has what they name


@pytest.fixture
def world(
    mixcloud_server: MixcloudServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    add_show = mixcloud_server.catalogue.add_show
    add_user = mixcloud_server.catalogue.add_user
    start = datetime(2018, 3, 10, 7, 32, tzinfo=UTC)
    add_user("bob", city="London", favorites=38, created=start)
    add_show("alice", "Pop hits episode 42", plays=1000)
    for number in range(170):
        add_show("metal", f"Metal {number}", plays=500 - number, audio_length=1676)
    add_show("chris", "Funky mix", plays=999)
    for key in ("alice/Fun times ep 25", "someuser/The best mix", "auser/Acloudcast"):
        add_show(*key.split("/"))
    peter = add_user("peter", followers=1)
    catalogue = mixcloud_server.catalogue
    catalogue.follows.add(add_user("john"), peter, start)
    mix = add_show("luke", "A nice mix")
    catalogue.add_comment(mix, peter, "Nice set, keep up the good work!", start)
    add_user("certainuser")
    add_user("amikrop", is_pro=True)
    add_show("someuser", "Somemix", tags=("Jazz", "House"))
    add_show("someuser", "Similar", tags=("Jazz", "House"))
    for number in range(50):
        created = start + timedelta(days=number)
        add_show("michelplatiniste", f"Rock {number}", created=created, tags=("Jazz",), plays=400)
    for show in catalogue.shows:
        show.description = "The greatest set of all time..."

    redirect_uri = "https://example.com/store-code"
    mixcloud_server.register_app("client", "secret")
    for client in (Mixcloud, MixcloudSync):
        monkeypatch.setattr(client, "api_root", mixcloud_server.api_url)
        monkeypatch.setattr(client, "mixcloud_root", mixcloud_server.site_url)
        monkeypatch.setattr(client, "oembed_root", mixcloud_server.oembed_url)
    monkeypatch.setattr(MixcloudOAuth, "oauth_root", f"{mixcloud_server.site_url}/oauth")
    monkeypatch.chdir(tmp_path)
    Path("perfectmix.mp3").write_bytes(b"mp3")
    Path("perfectpic.jpg").write_bytes(b"\xff\xd8")
    return {
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "secret",
        "REDIRECT_URI": redirect_uri,
        "resource_key": "someuser/the-best-mix",
        "print": lambda *values: None,
        "server": mixcloud_server,
        "new_code": lambda: mixcloud_server.code_for("amikrop", "client", redirect_uri),
    }


# Running them


async def run(snippets: list[str], world: dict[str, Any]) -> int:
    """Run them one after the other, and see whether they come to what their comments say.

    A client that a block has closed goes on with another: the pages use it below their blocks.
    """
    claimed = 0
    server: MixcloudServer = world["server"]
    for code in snippets:
        claims = {
            token.start[0]: token.string[2:]
            for token in tokenize.generate_tokens(StringIO(code).readline)
            if token.type == tokenize.COMMENT
        }
        world["code"] = world["new_code"]()
        if isinstance(world.get("mixcloud"), Mixcloud | None) and "Sync" not in code:
            token = server.token_for("amikrop")
            world["mixcloud"] = world.setdefault("own", Mixcloud(access_token=token))
        tree = parsed(code)
        assert tree is not None
        for statement in tree.body:
            claim = claims.get(statement.end_lineno or 0, "")
            claimed += await _checked(statement, claim, world)
    return claimed


async def _checked(statement: ast.stmt, claim: str, world: dict[str, Any]) -> bool:
    if not isinstance(statement, ast.Expr):
        await _run(ast.Module([statement], []), world)
        return False
    try:
        value = await _value(statement, world)
    except AttributeError:
        assert claim == "raises AttributeError"
        return True
    return _agrees(value, claim)


def _agrees(value: Any, claim: str) -> bool:
    """Whether `claim` can be held against `value`; fails if it can and they differ."""
    if claim.startswith("This returns None"):
        assert value is None
    elif claim.startswith("{'result': ..."):
        assert value["result"].success
    elif claim.startswith(("<iframe", "'<iframe")):
        assert value.startswith("<iframe")
    elif claim.startswith("<"):
        assert repr(value).startswith(re.split(r" |>|\.\.\.", claim, maxsplit=1)[0])
    elif claim.startswith("'https://") and claim.endswith("...'"):
        assert value.startswith("https://")
    elif claim.startswith("{"):
        assert {"url", "type"} <= value.keys()
    elif claim.startswith("datetime.datetime"):
        assert value == datetime(2018, 3, 10, 7, 32, tzinfo=UTC)
    elif claim and (expected := _literal(claim)) is not None:
        assert value == expected or (value, expected) == (
            "Jazz",
            "Jazz shows",
        )  # Mixcloud changed it
    else:
        return False
    return True


def _literal(claim: str) -> Any:
    try:
        return ast.literal_eval(claim)
    except (ValueError, SyntaxError):
        return None


async def _run(tree: ast.Module, world: dict[str, Any]) -> None:
    running = eval(compile(tree, "seed", "exec", FLAGS), world)
    if inspect.isawaitable(running):
        await running


async def _value(statement: ast.Expr, world: dict[str, Any]) -> Any:
    value = eval(compile(ast.Expression(statement.value), "seed", "eval", FLAGS), world)
    return await value if inspect.isawaitable(value) else value


async def close(world: dict[str, Any]) -> None:
    if "own" in world:
        await world["own"].close()


@pytest.mark.parametrize(
    ("page", "find", "count"), [(USAGE, paragraphs_of_code, 22), (REFERENCE, fenced, 25)]
)
async def test_aiomixclouds_page_runs_here(
    world: dict[str, Any], page: Path, find: Callable[[str], list[str]], count: int
) -> None:
    snippets = [ours(code) for code in find(text_of(page))]
    assert len(snippets) >= count
    assert await run(snippets, world) >= 15
    await close(world)


def test_python_mixclouds_page_runs_here(world: dict[str, Any], tmp_path: Path) -> None:
    """Its upload takes a path that names no file, and `...` for a show: both are given here."""
    text = README.read_text(encoding="utf-8").replace("print c.name", "print(c.name)")
    text = text.replace("o = mixcloud.MixcloudOauth", "\no = mixcloud.MixcloudOauth")
    snippets = [
        f"import mixbot.mixcloud.sync as mixcloud\n{code}".replace(
            "from mixcloud import", "from mixbot.mixcloud.sync import"
        )
        for code in python_mixclouds(text)
    ]
    yml = tmp_path / "show.yml"
    yml.write_text("title: A\ntracks:\n- start: 2:54\n  artist: B\n  track: C\n", encoding="utf-8")
    names: list[str] = []
    world |= {
        "client_id": "client",
        "client_secret": "secret",
        "redirect_uri": world["REDIRECT_URI"],
        "code": world["new_code"](),
        "access_token": world["server"].token_for("amikrop"),
        "mp3_path": "perfectmix.mp3",
        "yml_path": yml,
        "print": lambda value: names.append(str(value)),
        "Cloudcast": lambda _: mixbot.mixcloud.Cloudcast({"name": "Mine", "description": "x"}),
    }
    for code in snippets:
        exec(compile(code, "seed", "exec"), world)
    assert "Rock 49" in names
    assert world["r"].result.success
    assert world["cc"].sections[0].start_time == 174
    for client in [value for value in world.values() if isinstance(value, MixcloudSync)]:
        client.close()


def python_mixclouds(text: str) -> Iterator[str]:
    for code in paragraphs_of_code(text):
        if re.match(r"from mixcloud|o = |url|access_token|m = |with open|cc = ", code):
            yield code


ENTRY = re.compile(
    r"^([A-Za-z]\w*) ?(?:\(\) ?)?\(\*?(?:class )?(?:in (?:module )?)?\*?(aiomixcloud[\w.]*)", re.M
)


def test_every_public_name_of_the_reference_is_here() -> None:
    index = text_of(REFERENCE).partition("### Symbols")[2].replace("\\", "")
    checked = 0
    for name, place in ENTRY.findall(index):
        if "._" in place or (name in ("method", "method_name", "name") and "sync" in place):
            continue  # the names of a loop that makes its classes, and private ones
        owner = _found(place.replace("aiomixcloud", "mixbot.mixcloud"))
        assert hasattr(owner, name) or name in _attributes(owner), f"{place}.{name}"
        checked += 1
    assert checked > 60


def _found(path: str) -> Any:
    found: Any = __import__("mixbot")
    for name in path.split(".")[1:]:
        try:
            found = getattr(found, name)
        except AttributeError:
            found = __import__(f"{found.__name__}.{name}", fromlist=[name])
    return found


def _attributes(owner: Any) -> set[str]:
    """Names that `owner` sets on its instances."""
    kinds = [kind for kind in inspect.getmro(owner) if kind.__module__.startswith("mixbot")]
    return {name for kind in kinds for name in re.findall(r"self\.(\w+)", inspect.getsource(kind))}
