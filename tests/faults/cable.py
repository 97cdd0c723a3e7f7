"""A cable between the bot and a server, that can be slow, cut, or dead without anybody noticing."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from enum import Enum, auto
from typing import Self

from mixbot.sandbox.waiting import Watched

CHUNK = 1 << 14
NO_LINGERING = struct.pack("ii", 1, 0)  # whoever reads is told of a reset, not of an end


class State(Enum):
    WHOLE = auto()
    CUT = auto()  # connections break, and no new one comes about
    DEAD = auto()  # connections stay open, and nothing comes through


class Cable(Watched):
    """Passes TCP connections on to a server.

    ```python
    async with Cable("127.0.0.1", 5432) as cable:
        ...  # use 127.0.0.1:{cable.port} in place of the server
        cable.cut()
        cable.mend()
    ```

    `delay` is by how many seconds everything is late, and `bytes_per_second` how much comes through
    of each connection in each direction.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._server_at = (host, port)
        self.delay = 0.0
        self.bytes_per_second: float | None = None
        self.connections = 0  # that came about so far
        self.refused = 0  # connections, while it was cut
        self.swallowed = 0  # bytes
        self._answer_left: int | None = None
        self._state = State.WHOLE
        self._open: set[asyncio.StreamWriter] = set()
        self._dead: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """Where to connect in place of the server, as `host:port`."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break all connections, and refuse others, until it is mended."""
        self._state = State.CUT
        self.reset()

    def swallow(self, *, others_too: bool = True) -> None:
        """Let everything disappear that is sent, until it is mended; or only what is sent through
        connections that are open now."""
        self._dead |= self._open
        if others_too:
            self._state = State.DEAD

    def mend(self) -> None:
        """Let new connections through. What was swallowed does not come back."""
        for writer in tuple(self._dead):
            _reset(writer)
        self._state = State.WHOLE
        self._answer_left = None

    def reset(self) -> None:
        """Break all connections; the next ones work."""
        for writer in tuple(self._open):
            _reset(writer)

    def cut_answer_after(self, size: int) -> None:
        """Break the connection in which the next `size` bytes of answers have come, once."""
        self._answer_left = size

    async def lost(self, size: int = 1) -> None:
        """Wait until `size` bytes have disappeared."""
        await self.becomes(lambda: self.swallowed >= size, 10, "something to disappear")

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._listener.close()
        self.reset()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if self._state is State.CUT:
                self.refused += 1
                self.changed()
                return
            there, back = await asyncio.open_connection(*self._server_at)
            self.connections += 1
            self.changed()
            self._open |= {writer, back}
            if self._state is State.DEAD:
                self._dead |= {writer, back}
            with suppress(OSError):
                await asyncio.gather(
                    self._pass(reader, back, answers=False), self._pass(there, writer, answers=True)
                )
            self._open -= {writer, back}
            self._dead -= {writer, back}
            _reset(back)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            _reset(writer)

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await source.read(CHUNK):
            if sink in self._dead:
                self.swallowed += len(data)
                self.changed()
                continue
            await asyncio.sleep(self.delay + len(data) / (self.bytes_per_second or float("inf")))
            if answers and self._answer_left is not None:
                if len(data) >= self._answer_left:
                    sink.write(data[: self._answer_left])
                    await sink.drain()
                    self._answer_left = None
                    raise ConnectionResetError
                self._answer_left -= len(data)
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError  # one end is gone, and so is the other


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    writer.transport.abort()
