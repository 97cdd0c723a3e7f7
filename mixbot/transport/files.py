"""Files on their way out in a form: read in a thread, sent piece by piece, and watched."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO, TypeAlias

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from .errors import ServiceError, UploadInterrupted
from .sentences import said

Given: TypeAlias = str | os.PathLike[str] | BinaryIO | TextIO | bytes | AsyncIterable[bytes]
"""A path, an open file (sent from where it stands), bytes, or what gives bytes bit by bit.

The last may have a `size` in bytes and a `filename`.
"""

CHUNK = 512 * 1024  # bytes that are read and sent at a time
STANDSTILL = 60.0  # seconds without a byte that gets away
ANSWER = 300.0  # seconds for the answer, once all is sent: the other side works on it


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes of the files are out, of how many; `size` is None where nobody knows."""

    sent: int
    size: int | None


OnProgress: TypeAlias = Callable[[Progress], None]


class Changed(Exception):
    """A file has not the size that was announced: `sent` of `size` bytes are out."""

    def __init__(self, message: str, *, sent: int, size: int) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.size = size


class Sending:
    """An upload under way: how much of it is out, and when it counts as standing still."""

    def __init__(self, files: list[Source], on_progress: OnProgress | None) -> None:
        sizes = [file.size for file in files]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)
        self.sent = 0
        self.limit: asyncio.Timeout | None = None
        self.error: BaseException | None = None
        self._on_progress = on_progress

    def passed(self, count: int) -> None:
        """`count` bytes more got away."""
        self.sent += count
        self._may_take(STANDSTILL)
        if self._on_progress:
            self._on_progress(Progress(self.sent, self.size))

    def ended(self) -> None:
        """A file is out as a whole; if it was the last one, the other side works on it now."""
        self._may_take(ANSWER)

    def _may_take(self, seconds: float) -> None:
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time() + seconds)


class Payload(aiohttp.Payload):
    """A file in a form: aiohttp asks for its size first, then to write it."""

    def __init__(self, source: Source, sending: Sending) -> None:
        super().__init__(source, filename=source.filename)
        self._size = source.size
        self._source = source
        self._sending = sending

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Never asked for: a file is no text."""
        raise TypeError("a file cannot be decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the file, and note what it does: aiohttp hides what went wrong here."""
        try:
            async for chunk in self._source.chunks():
                await writer.write(chunk)
                self._sending.passed(len(chunk))
            self._sending.ended()
        except ConnectionError:
            raise
        except Exception as error:
            self._sending.error = error
            raise


async def sent_as_form(
    fields: Iterable[tuple[str, str]],
    files: list[Source],
    post: Callable[[aiohttp.FormData], Awaitable[Any]],
    *,
    on_progress: OnProgress | None,
    unreachable: type[ServiceError],
    interrupted: type[UploadInterrupted],
) -> Any:
    """What `post` answers to a form of `fields` and `files`, which it is given once.

    Raises `interrupted` where no usable answer comes: `post` says so by `unreachable`, or nothing
    gets away any more.
    """
    form = aiohttp.FormData(fields, default_to_multipart=True)
    sending = Sending(files, on_progress)
    for file in files:  # after the fields, so that these arrive whatever happens
        form.add_field(file.name, Payload(file, sending), filename=file.filename)
    try:
        async with asyncio.timeout(STANDSTILL) as sending.limit:
            return await post(form)
    except (unreachable, TimeoutError) as error:
        if isinstance(sending.error, Changed):
            changed = sending.error
            raise interrupted(changed.message, sent=changed.sent, size=changed.size) from None
        if sending.error is not None:
            raise sending.error from None
        if isinstance(error, unreachable):
            reason, status = error.message, error.status
        else:
            reason, status = "It stands still", None
    whole = "an unknown number of" if sending.size is None else sending.size
    message = f"{reason}, after {sending.sent} of {whole} bytes" if files else reason
    raise interrupted(message, sent=sending.sent, size=sending.size, status=status)


@dataclass(slots=True)
class Source:
    """A file to be sent, and what is wrong with it."""

    name: str
    filename: str
    file: BinaryIO | None = None
    stream: AsyncIterable[bytes] | None = None
    size: int | None = None
    problem: str | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it, as many bytes as were announced; raises Changed if it has others."""
        sent = 0
        async for chunk in self._read():
            sent += len(chunk)
            if self.size is not None and sent > self.size:
                break
            yield chunk
        if self.size is not None and sent != self.size:
            change = "shorter" if sent < self.size else "longer"
            message = f"{self.filename} became {change} while it was sent"
            raise Changed(message, sent=min(sent, self.size - 1), size=self.size)

    async def _read(self) -> AsyncIterator[bytes]:
        if self.stream is not None:
            async for chunk in self.stream:
                for start in range(0, len(chunk), CHUNK):
                    yield chunk[start : start + CHUNK]
        elif self.file is not None:
            loop = asyncio.get_running_loop()
            while chunk := await loop.run_in_executor(None, self.file.read, CHUNK):
                yield chunk


async def opened_as(
    name: str,
    given: Any,
    *,
    stack: AsyncExitStack,
    filename: str,
    largest: int,
    size: int | None = None,
) -> Source:
    """`given` as a source; a file that is opened here is closed by `stack`.

    `filename` is for what has no name of its own, `largest` and `size` are bytes.
    """
    source = Source(name, filename, size=size)
    if isinstance(given, AsyncIterable):
        source.stream = given
        source.filename = _printable(getattr(given, "filename", source.filename))
        if size is None:
            source.size = getattr(given, "size", None)
    else:
        try:
            file, opened = await asyncio.to_thread(_open, given)
        except OSError as error:
            source.problem = f"{os.fspath(given)!r} cannot be read: {error.strerror}"
            return source
        except TypeError:
            source.problem = f"read {given!r}; expected a path, an open file or bytes"
            return source
        if opened:
            stack.push_async_callback(asyncio.to_thread, file.close)
        source.file = file
        source.filename = _printable(os.path.basename(str(getattr(file, "name", source.filename))))
        source.size = await asyncio.to_thread(_remaining, file) if size is None else size
    if source.size is not None and not 0 < source.size <= largest:
        source.problem = said(
            "has {size:,} bytes; expected 1 to {largest:,}", size=source.size, largest=largest
        )
    return source


def _open(given: Any) -> tuple[BinaryIO, bool]:
    """A binary file of `given`, and whether it was opened here."""
    match given:
        case bytes():
            return io.BytesIO(given), True
        case str() | os.PathLike():
            return open(given, "rb"), True
        case io.TextIOBase():  # python-mixcloud's README opens an mp3 as text
            given = getattr(given, "buffer", None)
    if not hasattr(given, "read") or getattr(given, "closed", False):
        raise TypeError
    return given, False


def _remaining(file: BinaryIO) -> int | None:
    """Bytes from where the file stands to its end; None where it cannot tell."""
    try:
        position = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(position)
    except (OSError, AttributeError):
        return None
    return end - position


def _printable(filename: str) -> str:
    """`filename` without what no header may have."""
    return "".join(character if character.isprintable() else "_" for character in filename)
