"""Imports point down, as CONTRIBUTING.md draws them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each part may import, besides itself, errors, languages and others' packages.
MAY_IMPORT = {
    "mixbot.languages": set[str](),
    "mixbot.errors": set[str](),
    "mixbot.transport": set[str](),
    "mixbot.mixcloud": {"mixbot.transport"},
    "mixbot.soundcloud": {"mixbot.transport"},
    "mixbot.vault": set[str](),
    "mixbot.store": set[str](),
    "mixbot.signin": set[str](),
    "mixbot.fetching": set[str](),
    "mixbot.gateway": set[str](),
    "mixbot.settings": {"mixbot.vault"},
    "mixbot.logs": {"mixbot.settings"},
    "mixbot.preferences": {"mixbot.store"},
    "mixbot.tokens": {"mixbot.soundcloud", "mixbot.store", "mixbot.vault"},
    "mixbot.services": {"mixbot.mixcloud", "mixbot.soundcloud", "mixbot.tokens"},
    "mixbot.links": {
        "mixbot.mixcloud",
        "mixbot.services",
        "mixbot.soundcloud",
        "mixbot.transport",
    },
    "mixbot.accounts": {
        "mixbot.services",
        "mixbot.signin",
        "mixbot.store",
        "mixbot.tokens",
        "mixbot.vault",
    },
    "mixbot.rotation": {"mixbot.accounts", "mixbot.store", "mixbot.vault"},
    "mixbot.upkeep": {"mixbot.rotation", "mixbot.settings", "mixbot.store"},
    "mixbot.metrics": {"mixbot.services", "mixbot.store", "mixbot.transport"},
    "mixbot.pulse": {"mixbot.store"},
    "mixbot.web": {
        "mixbot.accounts",
        "mixbot.metrics",
        "mixbot.mixcloud",
        "mixbot.pulse",
        "mixbot.services",
    },
    "mixbot.drafting": {"mixbot.mixcloud"},
    "mixbot.terminal": {"mixbot.mixcloud", "mixbot.settings"},
    "mixbot.publishing": {
        "mixbot.accounts",
        "mixbot.drafting",
        "mixbot.fetching",
        "mixbot.mixcloud",
        "mixbot.store",
    },
    "mixbot.ui": {
        "mixbot.accounts",
        "mixbot.drafting",
        "mixbot.links",
        "mixbot.mixcloud",
        "mixbot.publishing",
        "mixbot.services",
        "mixbot.soundcloud",
        "mixbot.store",
        "mixbot.transport",
    },
    "mixbot.arguments": {
        "mixbot.links",
        "mixbot.mixcloud",
        "mixbot.services",
        "mixbot.soundcloud",
        "mixbot.ui",
    },
    "mixbot.bot": {
        "mixbot.accounts",
        "mixbot.gateway",
        "mixbot.links",
        "mixbot.metrics",
        "mixbot.mixcloud",
        "mixbot.preferences",
        "mixbot.publishing",
        "mixbot.services",
        "mixbot.soundcloud",
        "mixbot.store",
        "mixbot.ui",
    },
    "cogs": {
        "mixbot.accounts",
        "mixbot.arguments",
        "mixbot.bot",
        "mixbot.services",
        "mixbot.ui",
    },
    "mixbot.app": {
        "mixbot.accounts",
        "mixbot.bot",
        "mixbot.fetching",
        "mixbot.metrics",
        "mixbot.mixcloud",
        "mixbot.publishing",
        "mixbot.pulse",
        "mixbot.services",
        "mixbot.settings",
        "mixbot.signin",
        "mixbot.soundcloud",
        "mixbot.store",
        "mixbot.tokens",
        "mixbot.transport",
        "mixbot.web",
    },
    "mixbot.checks": {
        "mixbot.app",
        "mixbot.mixcloud",
        "mixbot.rotation",
        "mixbot.settings",
        "mixbot.soundcloud",
        "mixbot.store",
    },
    "mixbot.registration": {"mixbot.app", "mixbot.bot", "mixbot.settings"},
}
ANYTHING = ("mixbot.__main__", "mixbot.__init__", "mixbot.sandbox")  # may import what they need
WITH_DISCORD = (
    "mixbot.ui",
    "mixbot.arguments",
    "mixbot.gateway",
    "mixbot.bot",
    "cogs",
    "mixbot.app",
    "mixbot.registration",
)
SANDBOX_USERS = ("mixbot.sandbox", "mixbot.__main__", "tests", "benchmarks")


@cache
def modules() -> list[tuple[str, ast.Module]]:
    found = []
    for folder in ("mixbot", "cogs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((name, ast.parse(path.read_text(encoding="utf-8"))))
    return found


def imports(tree: ast.Module, module: str) -> set[str]:
    """Absolute names of what is imported at run time; imports for type checkers do not count."""
    names: set[str] = set()
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(module: str) -> str | None:
    return next(
        (part for part in MAY_IMPORT if module == part or module.startswith(f"{part}.")), None
    )


@pytest.mark.parametrize(("module", "tree"), modules(), ids=[name for name, _ in modules()])
def test_imports_point_down(module: str, tree: ast.Module) -> None:
    imported = imports(tree, module)
    if not module.startswith(SANDBOX_USERS):
        assert not [name for name in imported if name.startswith("mixbot.sandbox")]
    part = part_of(module)
    if part not in WITH_DISCORD:
        assert not [name for name in imported if name.split(".")[0] == "discord"]
    if module.startswith(ANYTHING):
        return
    assert part, f"{module} is of no part that is listed here"
    allowed = MAY_IMPORT[part] | {part, "mixbot.errors", "mixbot.languages"}
    used = {part_of(name) for name in imported} - {None}
    assert used <= allowed, f"{module} imports {used - allowed}"


@pytest.mark.parametrize("library", ["mixbot.mixcloud", "mixbot.soundcloud"])
def test_importing_a_library_imports_neither_discord_nor_sqlalchemy(library: str) -> None:
    code = (
        f"import sys, {library}; "
        "print([name for name in sys.modules if name.split('.')[0] in ('discord', 'sqlalchemy')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_every_part_is_drawn() -> None:
    drawn = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    missing = [
        part for part in MAY_IMPORT if not re.search(rf"\b{part.replace('.', '/')}\b", drawn)
    ]
    assert missing == []


def test_what_few_need_is_not_loaded_before_they_do() -> None:
    needed_later = "alembic asyncpg babel dateutil jinja2 oauthlib PIL yaml".split()
    code = (
        "import sys, mixbot.__main__, mixbot.app, mixbot.logs; from mixbot.bot import COGS; "
        "[__import__(cog) for cog in COGS]; "
        f"print([name for name in {needed_later} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, tree in modules() if tree.body and not ast.get_docstring(tree)]
    assert silent == []
