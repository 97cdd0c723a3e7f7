"""Tracklists in every form that DJs have them."""

import re
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixbot.mixcloud import Draft, InvalidText, Section, read_tracklist, to_cue, to_text, to_yaml
from mixbot.mixcloud.tracklists import (
    LONGEST_LINE,
    LONGEST_TEXT,
    decode_text,
    read_cue,
    read_text,
    read_time,
    read_yaml,
    written_time,
)

CUE = """REM GENRE Dub
PERFORMER "Various"
TITLE "A night"
FILE "night.mp3" MP3
  TRACK 01 AUDIO
    TITLE "First "Light""
    PERFORMER "Ada"
    INDEX 00 00:00:00
    INDEX 01 00:02:74
  TRACK 02 AUDIO
    TITLE Second
    INDEX 01 72:30:00
  TRACK 03 AUDIO
    PERFORMER "Juno"
    TITLE "Third"
"""


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("00:00 Artist - Title", Section(0, "Artist", "Title")),
        ("[1:02:03] Artist – Title", Section(3723, "Artist", "Title")),
        ("(72:30) Artist — Title", Section(4350, "Artist", "Title")),
        ("0:30 - Artist - Title", Section(30, "Artist", "Title")),
        ("0:30 | Artist - Title", Section(30, "Artist", "Title")),
        ("01:02.5 Artist - Title", Section(62, "Artist", "Title")),
        ("1. Artist - Title", Section(None, "Artist", "Title")),
        ("01) 00:10 Artist - Title", Section(10, "Artist", "Title")),
        ("00:10 7. Artist - Title", Section(10, "Artist", "Title")),
        ("03 - Artist - Title", Section(None, "Artist", "Title")),
        ("808 - State", Section(None, "808", "State")),
        ("#3. Artist - Title", Section(None, "Artist", "Title")),
        ("• Artist - Title", Section(None, "Artist", "Title")),
        ("- Artist - Title", Section(None, "Artist", "Title")),
        ("Artist - Title (2:54)", Section(174, "Artist", "Title")),
        ("Artist - Title 2:54", Section(174, "Artist", "Title")),
        ("Artist - Title [Label]", Section(None, "Artist", "Title [Label]")),
        ("Artist - Title - Dub Mix", Section(None, "Artist", "Title - Dub Mix")),
        ("Jean-Michel - Oxy-gène", Section(None, "Jean-Michel", "Oxy-gène")),
        ("Artist–Title", Section(None, "Artist", "Title")),
        ("25'10 Artist - Title", Section(1510, "Artist", "Title")),
        ("0:00 Intro", Section(0, chapter="Intro")),
        ("0:00 ID - ID", Section(0, "ID", "ID")),
        ("0:00\u00a0Artist\u00a0-\u00a0Title", Section(0, "Artist", "Title")),
        ("\ufeff0:00 Artist - Title", Section(0, "Artist", "Title")),
        ("0:00 アーティスト - 曲", Section(0, "アーティスト", "曲")),
    ],
)
def test_a_line_as_djs_write_it(line: str, section: Section) -> None:
    assert read_text(line) == [section]


def test_headings_remarks_and_empty_lines_are_passed_over() -> None:
    heading = "Tracklist:\r\nTracklist – Deep Cuts\r\n\r\n# warm up\r\n// mine\r\n"
    text = f"{heading}0:00 A - B\r\n;x\r\n1:00 C - D\r\n"
    assert read_text(text) == [Section(0, "A", "B"), Section(60, "C", "D")]
    assert read_text("") == []


def test_every_line_that_is_not_understood_is_named() -> None:
    with pytest.raises(InvalidText) as caught:
        read_text("59:00 A - B\nwhat is this\n1:03 C - D\n1:05:00 E - F\nnor this")
    assert caught.value.problems == [
        (2, "read 'what is this'; expected a time, or “Artist - Title”"),
        (3, "1:03 comes after 59:00; hours are written 1:02:03"),
        (5, "read 'nor this'; expected a time, or “Artist - Title”"),
    ]
    assert str(caught.value).startswith("line 2: read 'what is this'")


def test_a_cue_sheet() -> None:
    assert read_tracklist(CUE) == [
        Section(2, "Ada", 'First "Light"'),
        Section(4350, "Various", "Second"),
        Section(None, "Juno", "Third"),
    ]
    assert read_cue("TRACK 01 AUDIO\nTITLE Intro\nINDEX 01 00:00:00") == [
        Section(0, chapter="Intro")
    ]


def test_what_is_wrong_in_a_cue_sheet_is_named() -> None:
    with pytest.raises(InvalidText) as caught:
        read_cue("TRACK 01 AUDIO\nINDEX 01 later\n")
    assert caught.value.problems == [
        (1, "this TRACK has no TITLE"),
        (2, "read 'INDEX 01 later'; expected INDEX 01 mm:ss:ff"),
    ]


def test_yaml_is_a_list_of_tracks_or_a_whole_show() -> None:
    tracks = "- start: 2:54\n  artist: A\n  track: B\n- chapter: End\n  start: 0:59\n"
    sections = [Section(174, "A", "B"), Section(59, chapter="End")]
    assert read_tracklist(tracks) == sections
    show = "title: X\nelse: 1\ntracks:\n" + re.sub("^", "  ", tracks, flags=re.MULTILINE)
    assert read_tracklist(show) == sections
    with pytest.raises(InvalidText, match="no list of tracks"):
        read_yaml("title: X")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2:54", 174),
        ("02:54", 174),
        ("0:30", 30),
        ("1:02:03", 3723),
        ("72:30", 4350),
        ("90", 90),
        ("2:54.5", 174),
        ("1:60", None),
        ("1:2:3:4", None),
        ("", None),
        (":30", None),
        ("-1", None),
        ("noon", None),
        ("９:００", 540),
        ("²:00", None),
    ],
)
def test_times(text: str, seconds: int | None) -> None:
    assert read_time(text) == seconds


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é".encode(), "é"),
        (b"\xef\xbb\xbfa", "a"),
        ("é".encode("utf-16"), "é"),
        ("é".encode("cp1252"), "é"),
        (b"\x81", "\ufffd"),
    ],
)
def test_files_in_the_encodings_they_come_in(content: bytes, text: str) -> None:
    assert decode_text(content) == text


def test_what_is_too_large_says_so() -> None:
    with pytest.raises(InvalidText, match="more than"):
        read_tracklist("x" * (LONGEST_LINE + 1))
    for text in ("a - b\n" * LONGEST_TEXT, "- " * LONGEST_TEXT + "tracks: "):
        with pytest.raises(InvalidText, match="more than"):
            read_tracklist(text)
        with pytest.raises(InvalidText, match="more than"):
            read_yaml(text)


# Round trips. A line of text has no place for dashes between spaces and for times in a title; a CUE
# sheet none for double quotes, line ends and repeated spaces.

WORD = st.from_regex(r"[A-Za-zÀ-ÿ一-鿌]{1,8}", fullmatch=True)
WORDS = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
START = st.none() | st.integers(0, 359_999)
TRACKS = st.tuples(START, WORDS, WORDS).map(lambda track: Section(*track))
TIMED = st.integers(0, 359_999)
CHAPTERS = st.builds(lambda start, chapter: Section(start, chapter=chapter), TIMED, WORDS)


def in_order(sections: list[Section]) -> list[Section]:
    return sorted(sections, key=lambda section: section.start_time or 0)


@given(st.lists(TRACKS | CHAPTERS).map(in_order))
def test_text_and_cue_are_read_back_as_they_were_written(sections: list[Section]) -> None:
    assert read_text(to_text(sections)) == sections
    assert read_cue(to_cue(sections, title="Night")) == sections


ANY_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
ANY_TRACK = st.tuples(START, ANY_WORDS, ANY_WORDS).map(lambda track: Section(*track))
ANY_CHAPTER = st.builds(lambda start, chapter: Section(start, chapter=chapter), START, ANY_WORDS)


@given(st.lists(ANY_TRACK | ANY_CHAPTER))
def test_yaml_holds_whatever_there_is(sections: list[Section]) -> None:
    assert read_yaml(to_yaml(sections)) == sections


@given(st.text() | st.text(st.sampled_from('TRACKINDEX 01:-–"\n[]()#.abc&*!|>')))
def test_no_text_crashes_a_reader(text: str) -> None:
    for read in (read_tracklist, read_text, read_cue, read_yaml):
        with suppress(InvalidText):
            assert all(isinstance(section, Section) for section in read(text))


@given(st.integers(0, 10**6 - 1))
def test_times_are_read_back(seconds: int) -> None:
    assert read_time(written_time(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "x" + "\n" * (LONGEST_TEXT - 2) + "y",
        "\n".join(["a" + " " * 990 + "b"] * 200),
        "\n".join(["A - B"] * 33_000),
        "TRACK 01 AUDIO\n" + "\n".join(["REM" + " " * 990 + "b"] * 200),
    ],
    ids=["empty lines", "spaces", "many tracks", "spaces in a CUE sheet"],
)
def test_no_text_takes_long(text: str) -> None:
    started = process_time()
    with suppress(InvalidText):
        read_tracklist(text)
    assert process_time() - started < 1


def test_keys_of_yaml_that_stand_for_each_other_are_not_written_out() -> None:
    parts = ["&a0 [" + "x, " * 10 + "]"]
    parts += [f"&a{n} [" + f"*a{n - 1}, " * 10 + "]" for n in range(1, 20)]
    bomb = "? [" + ", ".join(parts) + "]\n: 1\ntracks: []\n"
    with pytest.raises(InvalidText, match="a list is not known"):
        Draft.from_yaml(bomb)
