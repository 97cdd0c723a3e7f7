"""A server that holds files, and answers as badly as it is told; and names that lead to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

Writing: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]

FRAME = b"\xff\xfb\x90\x64" + bytes(413)  # of an MP3 with 128 kbit/s at 44.1 kHz
MP3 = FRAME * 100
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def answer(body: bytes = MP3, *, status: int = 200, **headers: str) -> bytes:
    """An answer with `headers`, whose `_` is written `-`; with its length, if nothing is said."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if not named.keys() & {"Content-Length", "Transfer-Encoding", "Connection"}:
        named["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} So", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def redirect(location: str, status: int = 302) -> bytes:
    return answer(b"", status=status, Location=location)


@dataclass
class Origin:
    """`paths` holds what is answered where: bytes, or what writes them itself."""

    url: str
    port: int
    paths: dict[str, bytes | Writing] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # heads of requests
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # somebody hung up

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(request)
            path = request.split()[1]
            what = self.paths.get(path, self.paths.get(path.partition("?")[0], NOT_FOUND))
            if isinstance(what, bytes):
                writer.write(what)
                await writer.drain()
            else:
                await what(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def running(
    host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Origin]:
    listener = socket.create_server((host, 0))
    port = listener.getsockname()[1]
    origin = Origin(f"{'https' if tls else 'http'}://{host}:{port}", port)
    server = await asyncio.start_server(origin.serve, sock=listener, ssl=tls)
    try:
        yield origin
    finally:
        server.close()


class Names(AbstractResolver):
    """What names lead to: the first answer the first time, and so on; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        name = host.partition(".")[0]
        if name not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self.answers[name]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        pass
