"""Processes that are killed in the middle of what they do, at any call of a function."""

from __future__ import annotations

import os
import signal

import pytest

from tests import forked
from tests.forked import Result

# Counts the calls that `main` makes in any thread; at one of them, nobody is asked (SIGKILL).
COUNTING = """
import asyncio, os, signal, sys, threading
calls, last = 0, int(sys.argv.pop(1))
def count(frame, event, argument):
    global calls
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)
{script}
threading.setprofile(count)
sys.setprofile(count)
asyncio.run(main(*sys.argv[1:]))
sys.setprofile(None)
print(calls)
"""


async def calls_of(script: str, *arguments: str) -> int:
    """How many calls `main` of the script makes when it is left alone."""
    result = await _run(script, -1, *arguments)
    assert result.code == 0, result.err
    return int(result.out)


async def killed(script: str, *arguments: str, at: int) -> bool:
    """Run the script and kill it at a call; whether it was killed before its end."""
    result = await _run(script, at, *arguments)
    if result.code not in (0, -signal.SIGKILL):
        pytest.fail(result.err)
    return result.code != 0


async def _run(script: str, last: int, *arguments: str) -> Result:
    counting = COUNTING.format(script=script)
    return await forked.run("-c", counting, str(last), *arguments, env=os.environ)
