"""Uploading and editing shows: checked before the first byte, sent piece by piece, and once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from mixbot.transport import files as outgoing
from mixbot.transport.files import OnProgress as OnProgress
from mixbot.transport.files import Progress as Progress
from mixbot.transport.files import opened_as, sent_as_form

from .constants import MP3_MAX_SIZE, PICTURE_MAX_SIZE
from .drafts import Draft, Picture
from .errors import InvalidUpload, Unreachable, UploadInterrupted, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .client import Mixcloud
    from .datetime import Moment
    from .models import Cloudcast
    from .sections import Section

Audio: TypeAlias = outgoing.Given
"""A path, an open file (sent from where it stands), bytes, or what gives bytes bit by bit.

The last may have a `size` in bytes and a `filename`.
"""

PRO_FIELDS = ("publish_date", "disable_comments", "hide_stats", "hosts")


class About(TypedDict, total=False):
    """What may be said of a show that is uploaded; `Draft` explains it."""

    picture: Picture | None
    description: str | None
    tags: Sequence[str] | None
    sections: Sequence[Section | Mapping[str, Any]] | None
    unlisted: bool | None
    publish_date: Moment | None
    disable_comments: bool | None
    hide_stats: bool | None
    hosts: Sequence[str] | None


class Changes(About, total=False):
    """What an edit may change."""

    name: str | None
    publish: bool | None
    unpublish: bool | None


@dataclass(slots=True, kw_only=True)
class Edition(Draft):
    """A show as it is, to be changed; see `Mixcloud.editing`.

    Sections and hosts are None where Mixcloud does not tell them, which is nearly always: there is
    nothing to add to then, and a new list replaces what is there.
    """

    tags: list[str] = field(default_factory=list)
    description: str = ""

    @classmethod
    def of(cls, show: Cloudcast) -> Edition:
        draft = Draft.of(show)
        return cls(
            name=draft.name,
            description=draft.description or "",
            tags=list(draft.tags or ()),
            sections=draft.sections,
        )

    def changed_from(self, before: Edition) -> Draft:
        """A draft of only what differs from `before`."""
        named = [each.name for each in fields(self)]
        changes = {name: getattr(self, name) for name in named}
        return Draft(**{name: new for name, new in changes.items() if new != getattr(before, name)})


async def publish(
    mixcloud: Mixcloud,
    path: str,
    draft: Draft,
    audio: Audio | None = None,
    *,
    size: int | None = None,
    on_progress: OnProgress | None = None,
) -> Any:
    """POST `draft`, with `audio` if it is a new show, and return what Mixcloud says.

    Raises InvalidUpload before anything is sent, and UploadInterrupted when no usable answer comes.
    """
    async with AsyncExitStack() as stack:
        problems = draft.problems(editing=audio is None)
        files = []
        if draft.picture is not None:
            files.append(
                await opened_as(
                    "picture",
                    draft.picture,
                    stack=stack,
                    filename="picture.jpg",
                    largest=PICTURE_MAX_SIZE,
                )
            )
        if audio is not None:
            files.append(
                await opened_as(
                    "mp3",
                    audio,
                    stack=stack,
                    filename="show.mp3",
                    largest=MP3_MAX_SIZE,
                    size=size,
                )
            )
        for file in files:
            if file.problem:
                problems.setdefault(file.name, []).append(file.problem)
        if not problems and any(getattr(draft, name) is not None for name in PRO_FIELDS):
            problems = await _pro_problems(mixcloud, draft)
        if problems:
            raise InvalidUpload(problems)
        return await sent_as_form(
            draft.form_fields(),
            files,
            partial(mixcloud.post_form, path),
            on_progress=on_progress,
            unreachable=Unreachable,
            interrupted=UploadInterrupted,
        )


async def _pro_problems(mixcloud: Mixcloud, draft: Draft) -> dict[str, list[str]]:
    me = await mixcloud.me()
    if me.get("is_pro") is not False:
        return {}
    used = [name for name in PRO_FIELDS if getattr(draft, name) is not None]
    return {name: [said("this needs a Pro account")] for name in used}
