"""Uploading and editing tracks: checked before the first byte, sent piece by piece, and once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from mixbot.transport import files as outgoing
from mixbot.transport.files import OnProgress as OnProgress
from mixbot.transport.files import Progress as Progress
from mixbot.transport.files import Source, opened_as, sent_as_form

from .constants import ARTWORK_MAX_SIZE, ASSET_MAX_SIZE, FILENAME_MAX_SIZE, LICENSES
from .errors import InvalidUpload, Unreachable, UploadInterrupted

if TYPE_CHECKING:
    from .client import SoundCloud
    from .tokens import Tokens

Audio: TypeAlias = outgoing.Given
"""A path, an open file (sent from where it stands), bytes, or what gives bytes bit by bit.

The last may have a `size` in bytes and a `filename`.
"""

FILENAMES = {"asset_data": "track.mp3", "artwork_data": "artwork.jpg"}  # of what has none
SHARING = ("public", "private")
EMBEDDABLE_BY = ("all", "me", "none")


class About(TypedDict, total=False):
    """What may be said of a track, in SoundCloud's words but for `tags` and `artwork`."""

    artwork: Audio | None
    description: str | None
    genre: str | None
    tags: Sequence[str] | None
    sharing: Literal["public", "private"] | None
    permalink: str | None
    embeddable_by: Literal["all", "me", "none"] | None
    purchase_url: str | None
    label_name: str | None
    release: str | None
    release_date: date | str | None
    isrc: str | None
    license: str | None
    streamable: bool | None
    downloadable: bool | None
    commentable: bool | None
    reveal_stats: bool | None
    reveal_comments: bool | None


class Changes(About, total=False):
    """What an edit may change."""

    title: str | None


def track_fields(about: dict[str, Any]) -> dict[str, Any]:
    """`about` in SoundCloud's words; raises InvalidUpload for what it would refuse."""
    given = {name: value for name, value in about.items() if value is not None}
    problems: dict[str, list[str]] = {}
    if unknown := given.keys() - Changes.__annotations__.keys():
        problems[min(unknown)] = ["is not known of a track"]
    if "title" in given and not str(given["title"]).strip():
        problems["title"] = ["is empty"]
    for name, known in (
        ("sharing", SHARING),
        ("embeddable_by", EMBEDDABLE_BY),
        ("license", LICENSES),
    ):
        if name in given and given[name] not in known:
            problems[name] = [f"read {given[name]!r}; expected one of {', '.join(known)}"]
    tags = given.pop("tags", None)
    if tags is not None:
        if isinstance(tags, str) or any('"' in tag or not tag.strip() for tag in tags):
            problems["tags"] = [f"read {tags!r}; expected a list of tags without quotation marks"]
        else:
            given["tag_list"] = tag_list(tags)
    if isinstance(given.get("release_date"), date):
        given["release_date"] = given["release_date"].strftime("%Y-%m-%d")
    if "artwork" in given:
        given["artwork_data"] = given.pop("artwork")
    if problems:
        raise InvalidUpload(problems)
    return given


def tag_list(tags: Iterable[str]) -> str:
    """`tags` as SoundCloud writes them.

    >>> tag_list(["Jazz", "Broken beat"])
    'Jazz "Broken beat"'
    """
    return " ".join(f'"{tag}"' if " " in tag.strip() else tag.strip() for tag in tags)


async def publish(
    soundcloud: SoundCloud,
    method: str,
    path: str,
    fields: Sequence[tuple[str, str]],
    files: Sequence[tuple[str, Any]],
    *,
    tokens: Tokens,
    size: int | None = None,
    on_progress: OnProgress | None = None,
) -> Any:
    """Send `fields` and `files` as a form, once, and return what SoundCloud says.

    `size` is that of the first file. Raises InvalidUpload before anything is sent, and
    UploadInterrupted when no usable answer comes.
    """
    async with AsyncExitStack() as stack:
        sources: list[Source] = []
        for name, given in files:
            part = name.rpartition("[")[2].rstrip("]")
            source = await opened_as(
                name,
                given,
                stack=stack,
                filename=FILENAMES.get(part, part),
                largest=ARTWORK_MAX_SIZE if part == "artwork_data" else ASSET_MAX_SIZE,
                size=None if sources else size,
            )
            sources.append(source)
        if problems := {one.name: [text] for one in sources if (text := _problem_of(one))}:
            raise InvalidUpload(problems)
        return await sent_as_form(
            fields,
            sources,
            lambda form: soundcloud.send_form(method, path, form, tokens),
            on_progress=on_progress,
            unreachable=Unreachable,
            interrupted=UploadInterrupted,
        )


def _problem_of(source: Source) -> str | None:
    if source.problem is None and len(source.filename) > FILENAME_MAX_SIZE:
        return f"its name has {len(source.filename)} characters; expected at most 255"
    return source.problem


def is_file(value: object) -> bool:
    """Whether `value` is sent as a file: open, of bytes, a Path, or bytes bit by bit."""
    return isinstance(value, bytes | os.PathLike | AsyncIterable) or hasattr(value, "read")


def starts_of(files: Sequence[tuple[str, Any]]) -> list[tuple[Any, int]] | None:
    """Open files and where they stand, to begin there again; None if one cannot be sent twice.

    It asks for the place only, which blocks no longer than a call does.
    """
    starts: list[tuple[Any, int]] = []
    for _, given in files:
        if isinstance(given, AsyncIterable):
            return None
        if hasattr(given, "read"):
            binary = getattr(given, "buffer", given)
            try:
                starts.append((binary, binary.tell()))
            except (OSError, ValueError, AttributeError):
                return None
    return starts
