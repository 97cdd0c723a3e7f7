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
PYTHON_MIXCLOUD = "mixcloud==0.4.0"  # its wheel is built by pip 9, on Python 3.9 or older


class Unavailable(Exception):
    """A library that cannot be installed here; `str()` says why."""


def python_with(requirement: str) -> Path:
    """The interpreter of an environment that has `requirement`."""
    folder = FOLDER / requirement.replace("==", "-")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, clear=True, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            told = re.search(r"\w+Error: .*", done.stderr)
            raise Unavailable(told[0] if told else "pip failed")
        ready.touch()
    return python


class Peer:
    """aiomixcloud in a process of its own."""

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
    python, driver = python_with(AIOMIXCLOUD), Path(__file__).parent / "peer.py"
    command = [str(python), str(driver), api_url, token, *keys]
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
