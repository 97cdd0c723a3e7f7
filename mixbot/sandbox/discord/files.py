"""Files that people and the bot attach."""

from __future__ import annotations

import hmac
import mimetypes
import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from .errors import ClientRefused, Json, too_large

SIZE_LIMIT = 10 * 1024 * 1024
PIECE = 256 * 1024
LINK_SECONDS = 24 * 60 * 60.0


class Content(Protocol):
    """Where the bytes of a large file come from, piece by piece."""

    @property
    def size(self) -> int: ...

    def pieces(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Generated:
    """`size` bytes that begin with `start`; every piece is different, and always the same."""

    size: int
    start: bytes = b""

    def pieces(self) -> Iterator[bytes]:
        noise = random.Random(self.size).randbytes(PIECE)  # noqa: S311 - content, not a secret
        for number, offset in enumerate(range(0, self.size, PIECE)):
            head = self.start if offset == 0 else number.to_bytes(8, "big")
            yield (head + noise[len(head) :])[: self.size - offset]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file of this machine."""

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach to a message, or to give as an option of a command or a field of a form.

    A large one is never whole in memory: `File.sparse("mix.mp3", 200_000_000)` makes its bytes up
    as they are sent, `File.at(path)` reads them.
    """

    filename: str
    content: bytes | Content = field(repr=False)
    description: str | None = None
    content_type: str | None = None

    @classmethod
    def sparse(cls, filename: str, size: int, *, start: bytes = b"") -> File:
        """A file of `size` bytes without meaning after `start`, made while it is sent."""
        return cls(filename, Generated(size, start[:PIECE]))

    @classmethod
    def at(cls, path: Path | str, filename: str | None = None) -> File:
        """The file at `path`, read while it is sent, under its own name or as `filename`."""
        path = Path(path)
        return cls(filename or path.name, OnDisk(path))

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    @property
    def data(self) -> bytes:
        """All its bytes at once."""
        return self.content if isinstance(self.content, bytes) else b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, at most 256 KB at a time."""
        if not isinstance(self.content, bytes):
            yield from self.content.pieces()
            return
        for offset in range(0, len(self.content), PIECE):
            yield self.content[offset : offset + PIECE]

    def sha256(self) -> str:
        """The digest of its bytes, in hex, to compare with what arrived elsewhere."""
        digest = sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    @property
    def type(self) -> str:
        """What it is, by its name if nobody said."""
        guessed = self.content_type or mimetypes.guess_type(self.filename)[0]
        return guessed or "application/octet-stream"


class Files:
    """All attached files, served under `/attachments/` to those who have a signed link.

    `clock` tells the seconds that the links' lifetime of a day is counted in.
    """

    def __init__(self, new_id: Callable[[], str], clock: Callable[[], float]) -> None:
        self._new_id = new_id
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self.root = ""
        self.size_limit = SIZE_LIMIT
        self._contents: dict[str, File] = {}

    def upload(self, channel_id: str, file: File) -> Json:
        """Store a person's file; the client does not even try one that is too large."""
        self.refuse_too_large(file)
        return self.keep(channel_id, file)

    def refuse_too_large(self, file: File) -> None:
        if file.size > self.size_limit:
            limit = f"{self.size_limit / 1024**2:.4g} MB"
            raise ClientRefused(f"{file.filename}: your files are too powerful (over {limit})")

    def keep(self, channel_id: str, file: File) -> Json:
        """Store a file and describe it as Discord's attachment."""
        if file.size > self.size_limit:
            raise too_large()
        id = self._new_id()
        self._contents[id] = file
        name = file.filename.replace(" ", "_")
        path = f"/attachments/{channel_id}/{id}/{quote(name)}"
        url = f"{self.root}{path}?{self._signed(channel_id, id)}"
        attachment: Json = {
            "id": id,
            "filename": name,
            "size": file.size,
            "url": url,
            "proxy_url": url,
            "content_type": file.type,
        }
        if file.description:
            attachment["description"] = file.description
        return attachment

    def get(self, id: str) -> File | None:
        return self._contents.get(id)

    def __getitem__(self, id: str) -> File:
        return self._contents[id]

    # Links.

    def _signed(self, channel_id: str, id: str) -> str:
        """The query of a link; the ampersand at its end is Discord's habit."""
        issued = int(self._clock())
        expires = int(issued + LINK_SECONDS)
        seal = self._seal(channel_id, id, f"{expires:x}", f"{issued:x}")
        return f"ex={expires:x}&is={issued:x}&hm={seal}&"

    def _seal(self, *parts: str) -> str:
        return hmac.new(self._key, "/".join(parts).encode(), sha256).hexdigest()

    def admits(self, channel_id: str, id: str, query: Mapping[str, str]) -> bool:
        """Whether a link with this `query` is one of ours, and still valid."""
        expires, issued = query.get("ex", ""), query.get("is", "")
        seal = self._seal(channel_id, id, expires, issued)
        if not hmac.compare_digest(seal.encode(), query.get("hm", "").encode()):
            return False
        return self._clock() < int(expires, 16)


def describe(files: Iterable[tuple[int, File]], attachments: Iterable[Json]) -> list[File]:
    """The uploaded files, with the names and descriptions that the request gives them."""
    known = {str(attachment.get("id")): attachment for attachment in attachments}
    described = []
    for number, file in files:
        more = known.get(str(number), {})
        name = more.get("filename") or file.filename
        described.append(replace(file, filename=name, description=more.get("description")))
    return described
