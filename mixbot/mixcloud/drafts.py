"""What is to be published: all that Mixcloud lets a host say about a show."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from .datetime import Moment
from .tracklists import Section

Picture: TypeAlias = str | os.PathLike[str] | BinaryIO | bytes
"""A path, an open file, or the bytes of a JPEG or PNG."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A show as its host wants it; what is None is not sent, and so is left as it is by an edit.

    Of tags, sections and hosts, Mixcloud replaces all when one is sent: these are whole lists.
    """

    name: str | None = None
    picture: Picture | None = None
    description: str | None = None
    tags: Sequence[str] | None = None
    sections: Sequence[Section | Mapping[str, Any]] | None = None
    unlisted: bool | None = None
    publish_date: Moment | None = None  # this and the three below need a Pro account
    disable_comments: bool | None = None
    hide_stats: bool | None = None
    hosts: Sequence[str] | None = None
    publish: bool | None = None  # this one and the next: of an edit only
    unpublish: bool | None = None
