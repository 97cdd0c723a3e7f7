"""Shows as they are to be published, and as they are written in YAML."""

from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixbot.mixcloud import Cloudcast, Draft, InvalidText, Section
from mixbot.mixcloud.constants import DESCRIPTION_MAX_SIZE

SHOW = """title: 1999
desc: |
  Two lines,
  and Yes: more
tags: [House, 90s, Yes]
picture: cover.jpg
publish_date: 2026-12-24 20:00 UTC
unlisted: no
hide_stats: true
hosts: [ada]
tracks:
- start: 0:00
  chapter: Intro
- start: 2:54
  artist: Nobody
  track: May
- artist: 808
  track: No time
"""
SECTIONS = [
    Section(0, chapter="Intro"),
    Section(174, "Nobody", "May"),
    Section(None, "808", "No time"),
]


@pytest.mark.parametrize(
    "source", [SHOW, SHOW.encode(), StringIO(SHOW), BytesIO(b"\xef\xbb\xbf" + SHOW.encode())]
)
def test_a_show_in_yaml(source: Any) -> None:
    draft = Draft.from_yaml(source)
    assert draft == Draft(
        name="1999",
        description="Two lines,\nand Yes: more\n",
        tags=["House", "90s", "Yes"],
        picture="cover.jpg",
        publish_date="2026-12-24T20:00:00Z",
        unlisted=False,
        hide_stats=True,
        hosts=["ada"],
        sections=SECTIONS,
    )
    assert draft.problems() == {}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("title: A\ntagz: [B]\n", [(2, "'tagz' is not known; did you mean 'tags'?")]),
        ("desc: B", [(1, "there is no title; every show needs one")]),
        ("title:", [(1, "read nothing; expected a text")]),
        ("title: [A]", [(1, "read a list; expected a text")]),
        ("title: A\ntags: B", [(2, "read 'B'; expected a list, such as [House, Dub]")]),
        ("title: A\ntags: [{x: y}]", [(2, "read keys with values; expected a text")]),
        ("title: A\nunlisted: 3", [(2, "read '3'; expected true or false")]),
        (
            "title: A\npublish_date: soon",
            [(2, "read 'soon'; expected a date, such as 2026-12-24 20:00")],
        ),
        ("title: A\ntracks: B", [(2, "read 'B'; expected a list of tracks")]),
        ("title: A\ntitle: B", [(2, "'title' stands here twice")]),
        (
            "title: A\ntracks:\n- start: later\n  artist: B\n  track: C\n- artist: D\n- start: 1\n",
            [
                (3, "read 'later'; expected a time, such as 2:54"),
                (6, "a track needs both artist and track"),
                (7, "this track has neither artist and track nor a chapter"),
            ],
        ),
        (
            "title: A\ntracks:\n- chapter: B\n  artist: C\n- just text\n- song: x",
            [
                (3, "a chapter has no artist and no track"),
                (5, "read 'just text'; expected start, artist, track, chapter, each with a colon"),
                (6, "'song' is not known; known are start, artist, track, chapter"),
                (6, "this track has neither artist and track nor a chapter"),
            ],
        ),
        ("a: b: c", [(1, "this is not YAML: mapping values are not allowed here")]),
        ("title: 'A", [(1, "this is not YAML: found unexpected end of stream")]),
        ("title: \x00", [(1, "this is not YAML: ReaderError")]),
        ("[" * 5000, [(1, "this is not YAML: RecursionError")]),
    ],
)
def test_all_that_is_wrong_is_named_with_its_line(
    text: str, problems: list[tuple[int, str]]
) -> None:
    with pytest.raises(InvalidText) as caught:
        Draft.from_yaml(text)
    assert caught.value.problems == problems


@pytest.mark.parametrize("text", ["", "- a", "just text"])
def test_what_is_no_show_says_what_one_has(text: str) -> None:
    with pytest.raises(InvalidText, match="expected title, desc, tags"):
        Draft.from_yaml(text)


def test_aliases_multiply_nothing() -> None:
    laughs = "a: &a [x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
    )
    with pytest.raises(InvalidText):
        Draft.from_yaml(laughs)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
FLAG = st.none() | st.booleans()
DRAFTS = st.builds(
    Draft,
    name=TEXT,
    description=st.none() | TEXT,
    tags=st.none() | st.lists(TEXT, max_size=5),
    sections=st.none()
    | st.lists(
        st.tuples(st.none() | st.integers(0, 9999), TEXT, TEXT).map(lambda one: Section(*one))
    ),
    unlisted=FLAG,
    disable_comments=FLAG,
    hide_stats=FLAG,
    hosts=st.none() | st.lists(TEXT, max_size=2),
)


@given(DRAFTS)
def test_a_draft_is_read_back_as_it_was_written(draft: Draft) -> None:
    assert Draft.from_yaml(draft.to_yaml()) == draft


@given(st.text() | st.text(st.sampled_from("title: desctags[]{}&*!|>-\n'\"")) | st.binary())
def test_no_text_crashes_it(text: str | bytes) -> None:
    with suppress(InvalidText):
        assert Draft.from_yaml(text).name is not None


def test_dates_and_paths_are_written_too() -> None:
    draft = Draft(name="A", picture=Path("b.jpg"), publish_date=datetime(2026, 1, 2, tzinfo=UTC))
    assert Draft.from_yaml(draft.to_yaml()) == Draft(
        name="A", picture="b.jpg", publish_date="2026-01-02T00:00:00Z"
    )
    assert "picture" not in Draft(name="A", picture=b"...").to_yaml()


# What Mixcloud would refuse


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(name="A"), []),
        (Draft(), ["name"]),
        (Draft(name=" "), ["name"]),
        (Draft(name=3), ["name"]),  # type: ignore[arg-type]
        (Draft(name="A", description="x" * DESCRIPTION_MAX_SIZE), []),
        (Draft(name="A", description="x" * (DESCRIPTION_MAX_SIZE + 1)), ["description"]),
        (Draft(name="A", description=3), ["description"]),  # type: ignore[arg-type]
        (Draft(name="A", tags="abcdef"), ["tags-0-tag"]),
        (Draft(name="A", tags=list("abcdef")), ["tags-5-tag"]),
        (Draft(name="A", tags=["a", " "]), ["tags-1-tag"]),
        (Draft(name="A", hosts=list("abc")), ["hosts-2-username"]),
        (Draft(name="A", hosts=[]), []),
        (Draft(name="A", sections=[Section(0, "B", "C")]), []),
        (Draft(name="A", sections=[{"chapter": "B", "start_time": 0}]), []),
        (Draft(name="A", sections=[Section(0, "B")]), ["sections-0-song"]),
        (Draft(name="A", sections=[Section(0)]), ["sections-0-artist", "sections-0-song"]),
        (Draft(name="A", sections=[Section(-1, "B", "C")]), ["sections-0-start_time"]),
        (
            Draft(name="A", sections=[{"start_time": 1.5, "chapter": "B"}]),
            ["sections-0-start_time"],
        ),
        (Draft(name="A", sections=[Section(0, "B", "C", "D")]), ["sections-0-chapter"]),
        (Draft(name="A", sections=[{"title": "B"}]), ["sections-0-chapter"]),
        (Draft(name="A", sections=["B"]), ["sections-0-chapter"]),  # type: ignore[list-item]
        (Draft(name="A", publish_date="soon"), ["publish_date"]),
        (Draft(name="A", publish_date=True), ["publish_date"]),
        (Draft(name="A", publish_date=1e300), ["publish_date"]),
        (Draft(name="A", publish_date="2026-01-01", unlisted=True), ["publish_date"]),
        (Draft(name="A", unlisted="yes"), ["unlisted"]),  # type: ignore[arg-type]
        (Draft(name="A", publish=True), ["publish"]),
    ],
)
def test_what_mixcloud_would_refuse_is_named_by_its_field(draft: Draft, fields: list[str]) -> None:
    assert list(draft.problems()) == fields


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(), []),
        (Draft(name=""), ["name"]),
        (Draft(description=""), []),
        (Draft(tags=[]), ["tags-0-tag"]),
        (Draft(sections=[]), ["sections-0-chapter"]),
        (Draft(hosts=[]), []),
        (Draft(publish=True), []),
        (Draft(publish=True, unlisted=False), []),
        (Draft(publish=True, unlisted=True), ["publish"]),
    ],
)
def test_an_edit_has_rules_of_its_own(draft: Draft, fields: list[str]) -> None:
    assert list(draft.problems(editing=True)) == fields


def test_a_draft_becomes_a_form() -> None:
    draft = Draft(
        name="A",
        description="",
        tags=["b", "c"],
        sections=[Section(0, "D", "E"), {"chapter": "F", "start_time": 60}],
        hosts=[],
        publish_date=datetime(2015, 11, 21, 14, 5, tzinfo=UTC),
        hide_stats=True,
        unlisted=False,
    )
    assert draft.form_fields() == [
        ("name", "A"),
        ("description", ""),
        ("tags-0-tag", "b"),
        ("tags-1-tag", "c"),
        ("sections-0-start_time", "0"),
        ("sections-0-artist", "D"),
        ("sections-0-song", "E"),
        ("sections-1-start_time", "60"),
        ("sections-1-chapter", "F"),
        ("hosts-0-username", ""),
        ("publish_date", "2015-11-21T14:05:00Z"),
        ("unlisted", "0"),
        ("hide_stats", "1"),
    ]
    assert Draft().form_fields() == []


def test_a_draft_of_a_show() -> None:
    show = Cloudcast({"key": "/a/b/", "name": "B", "tags": [{"key": "/genres/c/", "name": "C"}]})
    assert Draft.of(show) == Draft(name="B", tags=["C"])
