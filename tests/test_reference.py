"""The API reference can be built, and leaves nobody guessing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixbot import mixcloud


def public() -> Iterator[tuple[str, Any]]:
    """Every public class and function of the library, and the methods of its classes."""
    for name in mixcloud.__all__:
        found = getattr(mixcloud, name)
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


def test_the_reference_names_everything_public(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "pdoc", "mixbot.mixcloud", "-o", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    page = (tmp_path / "mixbot" / "mixcloud.html").read_text(encoding="utf-8")
    for name in mixcloud.__all__:
        assert f'id="{name}"' in page
