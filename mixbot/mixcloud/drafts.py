"""What is to be published: all that Mixcloud lets a host say about a show."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeAlias

from .constants import DESCRIPTION_MAX_SIZE, HOST_MAX_COUNT, TAG_MAX_COUNT
from .datetime import Moment, format_datetime
from .errors import InvalidArgument, said
from .sections import Section
from .tracklists import decode_text

if TYPE_CHECKING:
    from .models import Cloudcast

Picture: TypeAlias = str | os.PathLike[str] | BinaryIO | bytes | AsyncIterable[bytes]
"""A JPEG or PNG: a path, an open file, bytes, or what gives bytes bit by bit."""

Problems: TypeAlias = dict[str, list[str]]
FLAGS = ("unlisted", "disable_comments", "hide_stats", "publish", "unpublish")
VISIBILITIES = ("unlisted", "publish", "unpublish")


@dataclass(slots=True, kw_only=True)
class Draft:
    """A show as its host wants it; what is None is not sent, and so is left as it is by an edit.

    Of tags, sections and hosts, Mixcloud replaces all when one is sent: these are whole lists. An
    empty list of hosts removes them; Mixcloud knows no way to remove all tags or sections.
    """

    name: str | None = None
    picture: Picture | None = None
    description: str | None = None
    tags: Sequence[str] | None = None
    sections: Sequence[Section | Mapping[str, Any]] | None = None
    unlisted: bool | None = None  # Mixcloud then ignores `publish_date`
    publish_date: Moment | None = None  # this and the three below need a Pro account
    disable_comments: bool | None = None
    hide_stats: bool | None = None
    hosts: Sequence[str] | None = None
    publish: bool | None = None  # this one and the next: of an edit only
    unpublish: bool | None = None

    @classmethod
    def from_yaml(cls, source: str | bytes | TextIO | BinaryIO, *, whole: bool = True) -> Draft:
        """The show that a YAML text or an open file describes; only parts of it if not `whole`.

        Keys: `title`, `desc`, `tags`, `tracks` (each with `start`, and `artist` and `track` or
        `chapter`), `picture`, `publish_date`, `unlisted`, `disable_comments`, `hide_stats`,
        `hosts`. Raises InvalidText with every line that is not understood.
        """
        from .written import Document

        content = source if isinstance(source, str | bytes) else source.read()
        text = decode_text(content) if isinstance(content, bytes) else content
        return cls(**Document(text).show(whole=whole))

    @classmethod
    def of(cls, show: Cloudcast) -> Draft:
        """A show at Mixcloud as a draft, without its picture."""
        return cls(
            name=show.name,
            description=show.get("description"),
            tags=[tag.name for tag in show.get("tags") or ()] or None,
            sections=show.tracklist or None,
        )

    def to_yaml(self) -> str:
        """The same as YAML; a picture only if it is a path."""
        from .written import dumped, track

        picture = self.picture
        written = {
            "title": self.name,
            "desc": self.description,
            "tags": None if self.tags is None else list(self.tags),
            "tracks": None if self.sections is None else [track(one) for one in self.tracklist],
            "picture": os.fspath(picture) if isinstance(picture, str | os.PathLike) else None,
            "publish_date": None
            if self.publish_date is None
            else format_datetime(self.publish_date),
            "unlisted": self.unlisted,
            "disable_comments": self.disable_comments,
            "hide_stats": self.hide_stats,
            "hosts": None if self.hosts is None else list(self.hosts),
        }
        return dumped({key: value for key, value in written.items() if value is not None})

    @property
    def tracklist(self) -> list[Section]:
        """The sections, those given as mappings included; raises InvalidArgument for odd ones."""
        return [_section(one) for one in self.sections or ()]

    def problems(self, *, editing: bool = False) -> Problems:
        """What Mixcloud would refuse, by its own names of the fields; empty when all is well."""
        found: Problems = {}
        for field, text in self._found(editing):
            found.setdefault(field, []).append(text)
        return found

    def _found(self, editing: bool) -> Iterator[tuple[str, str]]:
        yield from self._wrong_texts(editing)
        yield from self._wrong_lists(editing)
        for name in FLAGS:
            value = getattr(self, name)
            if value is not None and not isinstance(value, bool):
                yield name, said("read {found!r}; expected True or False", found=value)
        chosen = [name for name in VISIBILITIES if getattr(self, name)]
        if len(chosen) > 1:
            yield (
                chosen[-1],
                said("at most one of {names} may be chosen", names=", ".join(VISIBILITIES)),
            )
        for name in ("publish", "unpublish"):
            if not editing and getattr(self, name):
                yield name, said("only an edit can do this")
        if self.publish_date is not None:
            try:
                format_datetime(self.publish_date)
            except InvalidArgument as error:
                yield "publish_date", str(error)
            if self.unlisted:
                yield "publish_date", said("an unlisted show has no date of publication")

    def _wrong_texts(self, editing: bool) -> Iterator[tuple[str, str]]:
        if self.name is None:
            if not editing:
                yield "name", said("every show needs a name")
        elif not _is_text(self.name):
            yield "name", no_text(self.name)
        if self.description is not None:
            length = len(str(self.description))
            if not isinstance(self.description, str):
                yield "description", no_text(self.description)
            elif length > DESCRIPTION_MAX_SIZE:
                yield (
                    "description",
                    said(
                        "has {length:,} characters, of {most:,} allowed",
                        length=length,
                        most=DESCRIPTION_MAX_SIZE,
                    ),
                )

    def _wrong_lists(self, editing: bool) -> Iterator[tuple[str, str]]:
        for kind, most, member in (
            ("tags", TAG_MAX_COUNT, "tag"),
            ("hosts", HOST_MAX_COUNT, "username"),
        ):
            given = getattr(self, kind)
            if given is None:
                continue
            if isinstance(given, str) or not isinstance(given, Sequence):
                problem = said("read {found!r}; expected a list of texts", found=given)
                yield f"{kind}-0-{member}", problem
                continue
            for number, text in enumerate(given):
                if not _is_text(text):
                    yield f"{kind}-{number}-{member}", no_text(text)
                elif number >= most:
                    problem = said("{text!r} is more than the {most} allowed", text=text, most=most)
                    yield f"{kind}-{number}-{member}", problem
        if editing and self.tags is not None and not len(self.tags):
            yield "tags-0-tag", said("Mixcloud knows no way to remove all tags")
        if editing and self.sections is not None and not len(self.sections):
            yield "sections-0-chapter", said("Mixcloud knows no way to remove all sections")
        for number, section in enumerate(self.sections or ()):
            try:
                section = _section(section)
            except InvalidArgument as error:
                yield f"sections-{number}-chapter", str(error)
            else:
                yield from _wrong_section(number, section)

    def form_fields(self) -> list[tuple[str, str]]:
        """The form that Mixcloud wants, without files; source: its developer pages, “Upload”."""
        form: list[tuple[str, str]] = []
        if self.name is not None:
            form.append(("name", self.name))
        if self.description is not None:
            form.append(("description", self.description))
        form += [(f"tags-{number}-tag", tag) for number, tag in enumerate(self.tags or ())]
        for number, section in enumerate(self.tracklist):
            form += [(f"sections-{number}-{name}", text) for name, text in _members(section)]
        if self.hosts is not None:
            hosts = list(self.hosts) or [""]
            form += [(f"hosts-{number}-username", host) for number, host in enumerate(hosts)]
        if self.publish_date is not None:
            form.append(("publish_date", format_datetime(self.publish_date)))
        for name in FLAGS:
            if (value := getattr(self, name)) is not None:
                form.append((name, "1" if value else "0"))
        return form


def no_text(found: object) -> str:
    """What is wrong with `found` where a text is wanted."""
    return said("read {found!r}; expected a text", found=found)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _section(given: Section | Mapping[str, Any]) -> Section:
    if isinstance(given, Section):
        return given
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"read {given!r}; expected a Section or a mapping")
    if unknown := [name for name in given if name not in Section._fields]:
        known = ", ".join(Section._fields)
        raise InvalidArgument(f"{unknown[0]!r} is not known; known are {known}")
    return Section(**given)


def _wrong_section(number: int, section: Section) -> Iterator[tuple[str, str]]:
    start = section.start_time
    if start is not None and (type(start) is not int or start < 0):
        problem = said("read {found!r}; expected whole seconds from 0", found=start)
        yield f"sections-{number}-start_time", problem
    if section.chapter is not None and (section.artist or section.song):
        yield f"sections-{number}-chapter", said("a chapter has no artist and no song")
    names = ("artist", "song") if section.chapter is None else ("chapter",)
    for name in names:
        text = getattr(section, name)
        if not _is_text(text):
            yield f"sections-{number}-{name}", no_text(text)


def _members(section: Section) -> Iterator[tuple[str, str]]:
    for name, value in section._asdict().items():
        if value is not None:
            yield name, str(value)
