"""The other libraries, each in an environment of its own that is made once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / ".environments"
AIOMIXCLOUD = "aiomixcloud==1.0.6"
SOUNDCLOUD = "soundcloud==0.5.0"  # it names a library for tests that setuptools no longer builds
PYTHON_MIXCLOUD = "mixcloud==0.4.0"  # its wheel is built by pip 9, on Python 3.9 or older


class Unavailable(Exception):
    """A library that cannot be installed here; `str()` says why."""


def python_with(requirement: str, *instead: str) -> Path:
    """The interpreter of an environment that has `requirement`.

    What it depends on comes along, or `instead` of that what is named.
    """
    folder = FOLDER / requirement.replace("==", "-")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        if instead:
            _install(python, "--no-deps", requirement)
        _install(python, *(instead or (requirement,)))
        ready.touch()
    return python


def _install(python: Path, *what: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = re.search(r"\w+Error: .*", done.stderr)
        raise Unavailable(told[0] if told else "pip failed")


class Peer:
    """Another library in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def cpu(self, name: str, times: int = 1, *given: str) -> float:
        """CPU seconds of doing `name`, each time."""
        return float(self.ask(name, times, *given)["cpu"]) / times

    def ask(self, name: str, times: int = 1, *given: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"do": name, "times": times, "with": given}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def aiomixcloud(api_url: str, token: str, keys: Sequence[str] = ()) -> Iterator[Peer]:
    """aiomixcloud, talking to `api_url`; raises Unavailable."""
    with _driven(python_with(AIOMIXCLOUD), "peer.py", api_url, token, *keys) as peer:
        yield peer


@contextmanager
def soundcloud(api_url: str, token: str, track: str) -> Iterator[Peer]:
    """soundcloud-python, talking to `api_url` about `track`; raises Unavailable."""
    python = python_with(SOUNDCLOUD, "requests", "six")
    with _driven(python, "peer_soundcloud.py", api_url, token, track) as peer:
        yield peer


@contextmanager
def _driven(python: Path, driver: str, *given: str) -> Iterator[Peer]:
    command = [str(python), str(Path(__file__).parent / driver), *given]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()


def python_mixcloud() -> str:
    """What becomes of python-mixcloud here: it blocks and is not measured."""
    try:
        python_with(PYTHON_MIXCLOUD)
    except Unavailable as error:
        return f"python-mixcloud 0.4.0 cannot be installed here: {error}"
    return "python-mixcloud 0.4.0 can be installed here; it blocks, and is not measured."
