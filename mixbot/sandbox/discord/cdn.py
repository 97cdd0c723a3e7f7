"""Where attached files are fetched from, and what can go wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import hdrs, web

from mixbot.sandbox.waiting import Watched

from .files import PIECE, File, Files

GONE = "This content is no longer available."
STEPS = 20  # a second, of a slow download


@dataclass(slots=True)
class CdnFault:
    """What goes wrong with files of a matching name; see `DiscordServer.cdn_fault`."""

    name: str
    status: int | None
    bytes_per_second: float | None
    cut_after: int | None
    hold_after: int | None
    length: int | None
    times: int | None

    def strikes(self, filename: str) -> bool:
        """Whether it does this time, which counts."""
        if self.times == 0 or not fnmatchcase(filename, self.name):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Download(Watched):
    """A file on its way to whoever asked for it."""

    def __init__(self, file: File) -> None:
        super().__init__()
        self.filename = file.filename
        self.size = file.size
        self.sent = 0  # bytes
        self.status = 200
        self.over = False
        self._released = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Download of {self.filename}: {self.sent} of {self.size} bytes>"

    @property
    def whole(self) -> bool:
        """Whether all of it was sent."""
        return self.over and self.sent == self.size

    async def reaches(self, sent: int, timeout: float = 10) -> None:
        """Wait until `sent` bytes of it were sent."""
        await self.becomes(lambda: self.sent >= sent, timeout, f"{sent} bytes")

    def release(self) -> None:
        """Go on after `hold_after`."""
        self._released.set()

    async def go_on(self, hold_after: int | None) -> None:
        """Wait for the release if this much has been sent."""
        if hold_after is not None and self.sent >= hold_after:
            await self._released.wait()

    async def ended(self, timeout: float = 10) -> None:
        """Wait until it is over, whole or not."""
        await self.becomes(lambda: self.over, timeout, "the end of a download")


class Cdn(Watched):
    """Serves `files`, each under its signed link only."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._files = files
        self.faults: list[CdnFault] = []
        self.downloads: list[Download] = []

    async def download(self, number: int, timeout: float) -> Download:
        """The download that began as the `number`-th, once it has."""
        await self.becomes(
            lambda: len(self.downloads) >= number, timeout, f"download number {number}"
        )
        return self.downloads[number - 1]

    def close(self) -> None:
        """Hold nothing back any more."""
        for download in self.downloads:
            download.release()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        channel, id = request.match_info["channel"], request.match_info["id"]
        file = self._files.get(id)
        if file is None or not self._files.admits(channel, id, request.query):
            return web.Response(status=404, text=GONE)
        fault = next((f for f in self.faults if f.strikes(file.filename)), None)
        download = Download(file)
        self.downloads.append(download)
        self.changed()
        try:
            return await self._send(request, file, download, fault)
        finally:
            download.over = True
            download.changed()

    async def _send(
        self, request: web.Request, file: File, download: Download, fault: CdnFault | None
    ) -> web.StreamResponse:
        if fault and fault.status:
            download.status = fault.status
            return web.Response(status=fault.status, text=GONE)
        headers = {"X-Content-Type-Options": "nosniff"}
        if not file.type.startswith("image/") or "svg" in file.type:
            headers["Content-Disposition"] = "attachment"  # never a page of this origin
        response = web.StreamResponse(headers=headers)
        response.content_type = file.type
        response.content_length = file.size
        if fault and fault.length is not None:
            response.content_length = fault.length
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        for piece in _cut(file.pieces(), fault):
            await response.write(piece)
            download.sent += len(piece)
            download.changed()
            await download.go_on(fault.hold_after if fault else None)
            if fault and fault.bytes_per_second:
                await asyncio.sleep(len(piece) / fault.bytes_per_second)
        if request.transport and download.sent < (response.content_length or 0):
            request.transport.close()  # after what was written, but before it is whole
        return response


def _cut(pieces: Iterator[bytes], fault: CdnFault | None) -> Iterator[bytes]:
    """Small `pieces` where they come slowly, and no more of them than `fault` lets through."""
    slow = fault and fault.bytes_per_second
    step = min(PIECE, max(1, int(slow / STEPS))) if slow else PIECE
    left = fault.cut_after if fault else None
    for piece in pieces:
        for offset in range(0, len(piece), step):
            part = piece[offset : offset + step]
            if left is not None:
                part = part[:left]
                left -= len(part)
            if part:
                yield part
            if left == 0:
                return
