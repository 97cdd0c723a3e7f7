"""Files that people and the bot attach."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from .errors import ClientRefused, Json, too_large

SIZE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach to a message, or to give as an option of a command or a field of a form."""

    filename: str
    data: bytes = field(repr=False)
    description: str | None = None
    content_type: str | None = None

    @property
    def type(self) -> str:
        """What it is, by its name if nobody said."""
        guessed = self.content_type or mimetypes.guess_type(self.filename)[0]
        return guessed or "application/octet-stream"


class Files:
    """All attached files, served under `/attachments/`."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self.root = ""
        self._contents: dict[str, File] = {}

    def upload(self, channel_id: str, file: File) -> Json:
        """Store a person's file; the client does not even try one that is too large."""
        if len(file.data) > SIZE_LIMIT:
            raise ClientRefused(f"{file.filename}: your files are too powerful (over 10 MB)")
        return self.keep(channel_id, file)

    def keep(self, channel_id: str, file: File) -> Json:
        """Store a file and describe it as Discord's attachment."""
        if len(file.data) > SIZE_LIMIT:
            raise too_large()
        id = self._new_id()
        self._contents[id] = file
        name = file.filename.replace(" ", "_")
        url = f"{self.root}/attachments/{channel_id}/{id}/{quote(name)}"
        attachment: Json = {
            "id": id,
            "filename": name,
            "size": len(file.data),
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


def describe(files: Iterable[tuple[int, File]], attachments: Iterable[Json]) -> list[File]:
    """The uploaded files, with the names and descriptions that the request gives them."""
    known = {str(attachment.get("id")): attachment for attachment in attachments}
    described = []
    for number, file in files:
        more = known.get(str(number), {})
        name = more.get("filename") or file.filename
        described.append(File(name, file.data, more.get("description"), file.content_type))
    return described
