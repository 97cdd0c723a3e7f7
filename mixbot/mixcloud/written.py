"""Shows written in YAML: what is wrong with one is told for each line, and all at once.

The keys are python-mixcloud's (`title`, `desc`, `tags`, `tracks` with `start`, `artist`, `track`)
and some more. Texts are taken as they stand: a title may be `1999` or `Yes`, a time `0:30`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from .datetime import format_datetime
from .errors import InvalidArgument, InvalidText, said
from .sections import Section
from .tracklists import LONGEST_TEXT, read_time, too_long, written_time

T = TypeVar("T")
Node: TypeAlias = Any  # of PyYAML, which is loaded when it is needed
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
TRACK_KEYS = ("start", "artist", "track", "chapter")


class Document:
    """A YAML text, and what was found wrong with it so far.

    Raises InvalidText at once for what is no YAML at all.
    """

    def __init__(self, text: str) -> None:
        import yaml

        if len(text) > LONGEST_TEXT:
            raise InvalidText([(1, too_long(LONGEST_TEXT))])
        self._problems: list[tuple[int, str]] = []
        try:
            self._root = yaml.compose(text.lstrip("\ufeff"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise InvalidText([(line, _no_yaml(error.problem))]) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise InvalidText([(1, _no_yaml(type(error).__name__))]) from None

    def show(self, *, whole: bool = True) -> dict[str, Any]:
        """The fields of a Draft; raises InvalidText with all that is wrong.

        A `whole` show has a title.
        """
        readers: dict[str, tuple[str, Callable[[Node], Any]]] = {
            "title": ("name", self._text),
            "desc": ("description", self._text),
            "tags": ("tags", self._texts),
            "tracks": ("sections", self._tracks),
            "picture": ("picture", self._text),
            "publish_date": ("publish_date", self._date),
            "unlisted": ("unlisted", self._flag),
            "disable_comments": ("disable_comments", self._flag),
            "hide_stats": ("hide_stats", self._flag),
            "hosts": ("hosts", self._texts),
        }
        fields: dict[str, Any] = {}
        for key, node in self._members(self._root, readers):
            name, read = readers[key]
            fields[name] = read(node)
        if whole and not self._problems and "name" not in fields:
            self._tell(self._root, said("there is no title; every show needs one"))
        return self._read(fields)

    def sections(self) -> list[Section]:
        """The tracks of a list of tracks, or of a show."""
        root: Any = self._root
        if root is not None and root.id == "mapping":
            tracks = [value for key, value in root.value if key.value == "tracks"]
            if not tracks:
                self._tell(root, said("there is no list of tracks here"))
            return self._read(self._tracks(tracks[0]) if tracks else [])
        return self._read(self._tracks(root))

    # Reading nodes: a problem is noted, and reading goes on

    def _text(self, node: Node) -> str | None:
        if node.id == "scalar" and node.tag != "tag:yaml.org,2002:null":
            return str(node.value)
        self._tell(node, said("read {found}; expected a text", found=_shown(node)))
        return None

    def _texts(self, node: Node) -> list[str] | None:
        if node.id != "sequence":
            sentence = said(
                "read {found}; expected a list, such as [House, Dub]", found=_shown(node)
            )
            self._tell(node, sentence)
            return None
        return [text for one in node.value if (text := self._text(one)) is not None]

    def _flag(self, node: Node) -> bool | None:
        value = str(node.value).lower() if node.id == "scalar" else ""
        if value in YES + NO:
            return value in YES
        self._tell(node, said("read {found}; expected true or false", found=_shown(node)))
        return None

    def _date(self, node: Node) -> str | None:
        text = self._text(node)
        try:
            return format_datetime(text) if text else None
        except InvalidArgument:
            expected = said("read {found!r}; expected a date, such as 2026-12-24 20:00", found=text)
            self._tell(node, expected)
            return None

    def _start(self, node: Node) -> int | None:
        seconds = read_time(str(node.value)) if node.id == "scalar" else None
        if seconds is None:
            expected = said("read {found}; expected a time, such as 2:54", found=_shown(node))
            self._tell(node, expected)
        return seconds

    def _tracks(self, node: Node) -> list[Section]:
        if node is None or node.id != "sequence":
            self._tell(node, said("read {found}; expected a list of tracks", found=_shown(node)))
            return []
        return [section for one in node.value if (section := self._track(one)) is not None]

    def _track(self, node: Node) -> Section | None:
        found = dict(self._members(node, TRACK_KEYS))
        read = {key: self._text(found[key]) for key in found if key != "start"}
        start = self._start(found["start"]) if "start" in found else None
        match sorted(read):
            case ["chapter"]:
                return Section(start, chapter=read["chapter"])
            case ["artist", "track"]:
                return Section(start, read["artist"], read["track"])
            case []:
                if node.id == "mapping":
                    self._tell(node, said("this track has neither artist and track nor a chapter"))
            case ["artist"] | ["track"]:
                self._tell(node, said("a track needs both artist and track"))
            case _:
                self._tell(node, said("a chapter has no artist and no track"))
        return None

    def _members(
        self, node: Node, known: Mapping[str, Any] | tuple[str, ...]
    ) -> Iterator[tuple[str, Node]]:
        """The members of a mapping whose keys are known; the others are named."""
        if node is None or node.id != "mapping":
            expected = said(
                "read {found}; expected {known}, each with a colon",
                found=_shown(node),
                known=", ".join(known),
            )
            self._tell(node, expected)
            return
        seen = set()
        for key, value in node.value:
            name = str(key.value) if key.id == "scalar" else ""
            if name not in known:
                self._tell(key, _unknown(key, known))
            elif name in seen:
                self._tell(key, said("{name!r} stands here twice", name=name))
            else:
                seen.add(name)
                yield name, value

    def _tell(self, node: Node, text: str) -> None:
        self._problems.append((node.start_mark.line + 1 if node is not None else 1, text))

    def _read(self, value: T) -> T:
        if self._problems:
            raise InvalidText(self._problems)
        return value


def _no_yaml(reason: str | None) -> str:
    return said("this is not YAML: {reason}", reason=reason)


def _unknown(key: Node, known: Iterable[str]) -> str:
    # As a text, what is no scalar may be endless: its parts may stand for each other.
    near = difflib.get_close_matches(key.value, list(known), 1) if key.id == "scalar" else []
    if near:
        return said("{found} is not known; did you mean {near!r}?", found=_shown(key), near=near[0])
    return said(
        "{found} is not known; known are {known}", found=_shown(key), known=", ".join(known)
    )


def _shown(node: Node) -> str:
    if node is None:
        return said("nothing")
    match node.id:
        case "scalar":
            return repr(str(node.value)[:60]) if node.value else said("nothing")
        case "sequence":
            return said("a list")
    return said("keys with values")


class Seconds(int):
    """A time that is written as people write it, where YAML reads that as the number it is."""


def track(section: Section) -> dict[str, Any]:
    """`section` in the words of a YAML file."""
    start = None if section.start_time is None else Seconds(section.start_time)
    words: dict[str, Any] = {"start": start, "chapter": section.chapter}
    words |= {"artist": section.artist, "track": section.song}
    return {name: value for name, value in words.items() if value is not None}


def dumped(value: Any) -> str:
    """`value` as YAML, in the order it has."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Knows of times."""

    def written(dumper: yaml.SafeDumper, seconds: Seconds) -> yaml.Node:
        text = str(int(seconds)) if seconds < 60 else written_time(seconds)
        return dumper.represent_scalar("tag:yaml.org,2002:int", text)

    Dumper.add_representer(Seconds, written)
    return yaml.dump(value, Dumper=Dumper, allow_unicode=True, sort_keys=False)
