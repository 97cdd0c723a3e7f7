"""Waiting for something to become true, without polling and without missing a state in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watched:
    """Something that changes. Whoever waits sees every state, even one that lasts no time."""

    def __init__(self) -> None:
        self._watchers: list[tuple[Callable[[], object], asyncio.Future[None]]] = []

    def changed(self) -> None:
        """Let everybody who waits look again; called after each change."""
        for condition, future in self._watchers:
            if future.done():
                continue
            try:
                met = condition()
            except Exception as error:
                future.set_exception(error)
            else:
                if met:
                    future.set_result(None)

    async def becomes(self, condition: Callable[[], object], timeout: float, what: str) -> None:
        """Return once `condition` holds; `what` names it when `timeout` seconds were not enough."""
        if condition():
            return
        watcher = (condition, asyncio.get_running_loop().create_future())
        self._watchers.append(watcher)
        try:
            async with asyncio.timeout(timeout):
                await watcher[1]
        except TimeoutError:
            raise TimeoutError(f"Waited {timeout:g} seconds for {what}: {self!r}") from None
        finally:
            self._watchers.remove(watcher)
