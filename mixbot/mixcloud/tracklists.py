"""Tracklists: what is played in a show, and when; read from what DJs have, and written back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from .errors import InvalidText, said
from .sections import Section

LONGEST_TEXT = 200_000  # characters; a thousand tracks have a tenth of that
LONGEST_LINE = 1000
FRAMES = 75  # of a CUE sheet's second

_DASH = r"[-‐‑‒–—―−]"
_SPACES = r"(?<!\s)\s++"  # all of them or none, so that a line of spaces is looked at once
_TIME = r"(?:\d{1,3}:)?\d{1,4}:\d{2}(?:[.,]\d{1,3})?|\d{1,4}['’′]\d{2}"
_TIME_FIRST = re.compile(rf"[\[(]?({_TIME})[\])]?(?:\s*(?:{_DASH}|[|:.])?\s+|$)")
_TIME_LAST = re.compile(rf"{_SPACES}(?:{_DASH}\s+)?[\[(]?({_TIME})[\])]?$")
_NUMBER = re.compile(r"#?\d{1,3}[.):]\s+")
_NUMBER_AND_DASH = re.compile(rf"\d{{1,3}}\s+{_DASH}\s+(?=.*\s{_DASH}\s)")
_BULLET = re.compile(rf"(?:[*•·▪►]|{_DASH})\s+")
_BETWEEN = re.compile(rf"{_SPACES}{_DASH}+\s+")
_LONG_DASH = re.compile(r"(?<!\s)\s*+[–—]\s*")
_REMARK = re.compile(r"#(?!\d)|//|;|(?:track|set)\s?list\b", re.IGNORECASE)  # or a heading

_CUE_LINE = re.compile(r"\s*([A-Za-z]+)\s*(.*)")
_CUE_INDEX = re.compile(r"(\d{1,2})\s+(\d{1,4}):(\d{1,2}):(\d{1,2})")


def read_tracklist(text: str) -> list[Section]:
    """The sections that `text` lists: lines with time stamps, a CUE sheet, or YAML.

    Raises InvalidText with every line that is not understood.
    """
    if re.search(r"^[ \t]*TRACK\s+\d+\s+\w+", text, re.MULTILINE | re.IGNORECASE):
        return read_cue(text)
    if re.search(
        r"^[ \t]*(?:-[ \t]+)?(?:tracks|track|artist|start|chapter)[ \t]*:", text, re.MULTILINE
    ):
        return read_yaml(text)
    return read_text(text)


def read_text(text: str) -> list[Section]:
    """Sections from lines such as `12:30 Artist - Title`, the time in front, behind or nowhere.

    What has a time but no artist is a chapter. Numbers, bullets, empty lines, remarks and headings
    are passed over. Times count minutes and seconds unless they have three parts.
    """
    sections: list[Section] = []
    problems: list[tuple[int, str]] = []
    before = 0
    for number, line in _lines(text):
        line = line.replace("\u00a0", " ").strip().lstrip("\ufeff")
        if not line or _REMARK.match(line) or line.endswith(":"):
            continue
        section = _from_line(line)
        if section is None:
            problems.append((number, _unread(line)))
            continue
        if section.start_time is not None and section.start_time < before:
            late, early = written_time(before), written_time(section.start_time)
            order = said(
                "{early} comes after {late}; hours are written 1:02:03", early=early, late=late
            )
            problems.append((number, order))
        before = max(before, section.start_time or 0)
        sections.append(section)
    return _read(sections, problems)


def _unread(line: str) -> str:
    if _TIME_FIRST.match(line):
        return said("read {line!r}; expected a title behind the time", line=line)
    return said("read {line!r}; expected a time, or “Artist - Title”", line=line)


def _from_line(line: str) -> Section | None:
    line = _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
    line, numbered = _NUMBER.subn("", line, count=1) if _NUMBER.match(line) else (line, 0)
    start: int | None = None
    if found := _TIME_FIRST.match(line) or _TIME_LAST.search(line):
        start = read_time(found[1])
        line = (line[: found.start()] + line[found.end() :]).strip()
    if not numbered:
        for pattern in (_NUMBER, _NUMBER_AND_DASH):
            if found := pattern.match(line):
                line = line[found.end() :]
                break
    if between := _BETWEEN.search(line) or _LONG_DASH.search(line):
        artist, song = line[: between.start()].strip(), line[between.end() :].strip()
        if artist and song:
            return Section(start, artist, song)
    return Section(start, chapter=line) if line and start is not None else None


def read_cue(text: str) -> list[Section]:
    """Sections from a CUE sheet, at its `INDEX 01`; a performer of the disc is every track's.

    A track that has no performer is a chapter.
    """
    tracks: list[dict[str, str]] = []
    disc: dict[str, str] = {}
    problems: list[tuple[int, str]] = []
    for number, line in _lines(text):
        found = _CUE_LINE.fullmatch(line.lstrip("\ufeff"))
        command, value = (found[1].upper(), found[2].rstrip()) if found else ("", "")
        match command:
            case "TRACK":
                tracks.append({"line": str(number)})
            case "TITLE" | "PERFORMER":
                (tracks[-1] if tracks else disc)[command] = _unquoted(value)
            case "INDEX" if index := _CUE_INDEX.fullmatch(value):
                if tracks and int(index[1]) == 1:
                    tracks[-1]["start"] = str(int(index[2]) * 60 + int(index[3]))
            case "INDEX":
                expected = said("read {line!r}; expected INDEX 01 mm:ss:ff", line=line.strip())
                problems.append((number, expected))
    sections = []
    for track in tracks:
        title = track.get("TITLE")
        if not title:
            problems.append((int(track["line"]), said("this TRACK has no TITLE")))
            continue
        artist = track.get("PERFORMER") or disc.get("PERFORMER") or None
        start = int(track["start"]) if "start" in track else None
        sections.append(Section(start, artist, title) if artist else Section(start, chapter=title))
    return _read(sections, problems)


def read_yaml(text: str) -> list[Section]:
    """Sections from YAML: a list of tracks, or a whole show that has `tracks`."""
    from .written import Document

    return Document(text).sections()


def to_text(sections: Iterable[Section]) -> str:
    """One line for each section, as `read_text` reads it."""
    return "".join(f"{_line(section)}\n" for section in sections)


def _line(section: Section) -> str:
    words = section.chapter or f"{section.artist} - {section.song}"
    return words if section.start_time is None else f"{written_time(section.start_time)} {words}"


def to_cue(sections: Iterable[Section], *, file: str = "show.mp3", title: str = "") -> str:
    """A CUE sheet of `sections`; it has no double quotes, so they become single ones."""
    lines = [f"TITLE {_quoted(title)}"] if title else []
    lines.append(f"FILE {_quoted(file)} MP3")
    for number, section in enumerate(sections, 1):
        lines.append(f"  TRACK {number:02} AUDIO")
        lines.append(f"    TITLE {_quoted(section.chapter or section.song or '')}")
        if section.artist:
            lines.append(f"    PERFORMER {_quoted(section.artist)}")
        if section.start_time is not None:
            minutes, seconds = divmod(section.start_time, 60)
            lines.append(f"    INDEX 01 {minutes:02}:{seconds:02}:00")
    return "".join(f"{line}\n" for line in lines)


def to_yaml(sections: Iterable[Section]) -> str:
    """A list of tracks in YAML, as a show's `tracks`."""
    from .written import dumped, track

    return dumped([track(section) for section in sections])


def read_time(text: str) -> int | None:
    """Seconds of `2:54`, `2'54`, `1:02:03` or `174`, without fractions. None if it is no time.

    >>> read_time("1:02:03")
    3723
    """
    parts = re.split(r"[:'’′]", re.split(r"[.,]", text.strip(), maxsplit=1)[0])
    if len(parts) > 3 or not all(part.isdecimal() and len(part) <= 6 for part in parts):
        return None
    seconds = 0
    for position, part in enumerate(parts):
        if position and (len(part) > 2 or int(part) > 59):
            return None
        seconds = seconds * 60 + int(part)
    return seconds


def written_time(seconds: int) -> str:
    """`seconds` as people write them.

    >>> written_time(3723), written_time(174)
    ('1:02:03', '2:54')
    """
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def decode_text(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with a byte order mark, or else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def too_long(most: int) -> str:
    """What is wrong with a text of more than `most` characters."""
    return said("the text has more than {most:,} characters", most=most)


def _lines(text: str) -> Iterable[tuple[int, str]]:
    if len(text) > LONGEST_TEXT:
        raise InvalidText([(1, too_long(LONGEST_TEXT))])
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if len(line) > LONGEST_LINE:
            most = said("the line has more than {most:,} characters", most=LONGEST_LINE)
            raise InvalidText([(number, most)])
        yield number, line


def _read(sections: list[Section], problems: list[tuple[int, str]]) -> list[Section]:
    if problems:
        raise InvalidText(problems)
    return sections


def _quoted(value: str) -> str:
    return '"' + " ".join(value.replace('"', "'").split()) + '"'


def _unquoted(value: str) -> str:
    return value.removeprefix('"').removesuffix('"').strip()
