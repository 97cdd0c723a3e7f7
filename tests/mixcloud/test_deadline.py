"""One timer that ends every call in time."""

import asyncio

import pytest

from mixbot.mixcloud import Unreachable
from mixbot.mixcloud.deadline import TimeLimit


async def hang(limit: TimeLimit, entered: asyncio.Event | None = None) -> None:
    with limit:
        if entered:
            entered.set()
        await asyncio.Event().wait()


async def test_what_takes_too_long_is_ended() -> None:
    limit = TimeLimit(0.01)
    for _ in range(2):  # the timer starts again
        with pytest.raises(Unreachable, match=r"0\.01 seconds"):
            await hang(limit)
    task = asyncio.current_task()
    assert task
    assert task.cancelling() == 0


async def test_every_call_has_its_own_time() -> None:
    limit = TimeLimit(0.05)
    ended: list[int] = []

    async def call(number: int) -> None:
        try:
            await hang(limit)
        except Unreachable:
            ended.append(number)

    calls = []
    for number in range(3):
        calls.append(asyncio.create_task(call(number)))
        await asyncio.sleep(0.01)
    quick = asyncio.create_task(asyncio.sleep(0))
    with limit:
        await quick
    await asyncio.gather(*calls)
    assert ended == [0, 1, 2]


async def test_what_is_quick_is_left_alone() -> None:
    limit = TimeLimit(0.01)
    with limit:
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)  # the timer found nothing to end
    with pytest.raises(ValueError, match="mine"), limit:
        raise ValueError("mine")
    limit.close()


async def test_a_cancellation_from_outside_stays_one() -> None:
    limit = TimeLimit(30)
    entered = asyncio.Event()
    call = asyncio.create_task(hang(limit, entered))
    await entered.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    limit.close()


async def test_cancelled_at_the_very_moment_it_is_too_late() -> None:
    limit = TimeLimit(0.01)
    entered = asyncio.Event()
    call = asyncio.create_task(hang(limit, entered))
    await entered.wait()
    limit._end_the_late(asyncio.get_running_loop())  # not late yet: nothing happens
    loop = asyncio.get_running_loop()
    loop.call_at(loop.time() + 0.01, call.cancel)
    loop.call_at(loop.time() + 0.01, limit._end_the_late, loop)
    with pytest.raises(asyncio.CancelledError):
        await call
    limit.close()


async def test_the_times_of_several_limits_do_not_mix() -> None:
    short, long = TimeLimit(0.01), TimeLimit(30)
    with long, pytest.raises(Unreachable, match=r"0\.01"):
        await hang(short)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await hang(long)
    long.close()
