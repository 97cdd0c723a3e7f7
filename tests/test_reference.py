"""The API reference can be built, and leaves nobody guessing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mixbot import mixcloud, soundcloud


def public() -> Iterator[tuple[str, Any]]:
    """Every public class and function of the libraries, and the methods of their classes."""
    for library in (mixcloud, soundcloud):
        yield from public_of(library)


def public_of(library: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in library.__all__:
        found = getattr(library, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            yield name, found
        if inspect.isclass(found):
            for method_name, method in vars(found).items():
                documented = inspect.isfunction(method) or _is_method(method)
                if documented and not method_name.startswith("_"):
                    yield f"{name}.{method_name}", method


def _is_method(found: object) -> bool:
    """Whether it is a method of a model, which no member of the JSON may hide."""
    return isinstance(found, property) and inspect.ismethodwrapper(found.fget)


@pytest.mark.parametrize(
    ("name", "found"), list(public()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_everything_public_is_explained(name: str, found: Any) -> None:
    text = inspect.getdoc(found)
    assert text, f"{name} has no docstring"
    assert text.strip()[0].isupper() or text.strip()[0] in "`«“", f"{name} explains nothing: {text}"


@pytest.mark.parametrize("library", [mixcloud, soundcloud], ids=lambda value: value.__name__)
def test_the_reference_names_everything_public(library: ModuleType, tmp_path: Path) -> None:
    name = library.__name__
    command = [sys.executable, "-W", "error", "-m", "pdoc", name, "-o", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    page = (tmp_path / "mixbot" / f"{name.rpartition('.')[2]}.html").read_text(encoding="utf-8")
    for public_name in library.__all__:
        assert f'id="{public_name}"' in page
