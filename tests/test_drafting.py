"""What somebody gave of a show: read, and checked as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixbot.drafting import GivenFile, Material, Texts, explained, merged, named, read, read_tags
from mixbot.languages import LANGUAGES, speak
from mixbot.mixcloud import InvalidText, Section, UploadInterrupted
from mixbot.mixcloud.errors import said

COVER = GivenFile(url="https://cdn.example/cover.jpg", name="cover.jpg")
YAML = "title: Late Shift\ndesc: From YAML\ntags: [House]\ntracks:\n- {start: 0:10, chapter: Intro}"


def material(**given: Any) -> Material:
    return Material(**{"title": "Late Shift", **given})


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, []),
        ({"title": " "}, ["title: every show needs a name"]),
        ({"description": "x" * 1000}, []),
        (
            {"description": "x" * 1001},
            ["description: has 1,001 characters, of 1,000 allowed"],
        ),
        ({"tags": "a, b, c, d, e"}, []),
        (
            {"tags": "a, b, c, d, e, f, g"},
            [
                "tag 6: 'f' is more than the 5 allowed",
                "tag 7: 'g' is more than the 5 allowed",
            ],
        ),
        (
            {"tracklist": "0:00 A - B\nwhat?\n\n3:00 C - D\n2:00 E - F"},
            [
                "Tracklist, line 2: read 'what?'; expected a time, or “Artist - Title”",
                "Tracklist, line 5: 2:00 comes after 3:00; hours are written 1:02:03",
            ],
        ),
        (
            {"tracklist": "TRACK 01 AUDIO\n  PERFORMER A\n  INDEX 01 00:00:00"},
            ["Tracklist, line 1: this TRACK has no TITLE"],
        ),
        (
            {"tracklist": "title: X\nhosts: ada\ntag: 1"},
            [
                "Tracklist, line 2: read 'ada'; expected a list, such as [House, Dub]",
                "Tracklist, line 3: 'tag' is not known; did you mean 'tags'?",
            ],
        ),
        (
            {"tracklist": "title: X\nunlisted: yes\npublish_date: 2099-01-01"},
            ["date: an unlisted show has no date of publication"],
        ),
        (
            {"tracklist": "title: X\npicture: cover.jpg"},
            ["picture: I cannot reach your disk; attach it as the cover."],
        ),
        ({"tracklist": "title: X\npicture: cover.jpg", "cover": COVER}, []),
        ({"tracklist": "title: X\nhosts: [a, b, c]"}, ["host 3: 'c' is more than the 2 allowed"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(given: dict[str, Any], problems: list[str]) -> None:
    _draft, found = read(material(**given))
    assert list(found) == problems


def test_what_is_typed_counts_for_more_than_what_is_in_the_file() -> None:
    draft, problems = read(Material(tracklist=YAML, description="Typed"))
    assert not problems
    assert (draft.name, draft.description, draft.tags) == ("Late Shift", "Typed", ["House"])
    assert draft.tracklist == [Section(10, chapter="Intro")]


def test_an_unlisted_show_has_no_date() -> None:
    date = datetime(2099, 1, 1, tzinfo=UTC)
    draft, problems = read(material(publish_date=date, visibility="unlisted"))
    assert not problems
    assert (draft.unlisted, draft.publish_date) == (True, None)


BEFORE = Texts(
    title="Late Shift", description="A\r\nb", tags="House, Dub", tracklist="0:00 A - B\n"
)


def test_what_is_as_it_was_is_not_sent() -> None:
    same = Material(**BEFORE.model_dump() | {"description": "A\nb "}, before=BEFORE)
    draft, problems = read(same)
    assert not problems
    assert draft.form_fields() == []


def test_what_is_taken_out_is_taken_out_where_mixcloud_can() -> None:
    emptied = Material(title="Late Shift", before=BEFORE)
    draft, problems = read(emptied)
    assert draft.description == ""
    assert list(problems) == [
        "tag 1: Mixcloud knows no way to remove all tags",
        "track 1, chapter: Mixcloud knows no way to remove all sections",
    ]


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("House, Deep House", ["House", "Deep House"]),
        ("#house #deep house", ["house", "deep house"]),
        ("House\nDub;Live,,", ["House", "Dub", "Live"]),
        ("C#, F# minor", ["C#", "F# minor"]),
        ("House, House", ["House"]),
        (" ", []),
    ],
)
def test_tags_as_people_write_them(typed: str, tags: list[str]) -> None:
    assert read_tags(typed) == tags


def test_tags_that_others_changed_meanwhile() -> None:
    assert merged("House, Dub", ["house", "Live"], ["Dub", "House", "Radio"]) == [
        "House",
        "Radio",
        "Live",
    ]


@given(
    st.builds(
        Material,
        title=st.text(max_size=50),
        description=st.text(max_size=50),
        tags=st.text(max_size=50),
        tracklist=st.text(max_size=200),
    )
)
def test_whatever_is_typed_is_read_and_kept(given: Material) -> None:
    _draft, problems = read(given)
    assert all(isinstance(problem, str) for problem in problems)
    assert Material.model_validate_json(given.model_dump_json()) == given


@pytest.mark.parametrize("language", LANGUAGES)
def test_problems_are_told_in_every_language(language: str) -> None:
    speak(language)
    error = InvalidText([(3, said("read {found!r}; expected a text", found="x"))])
    (line,) = explained(error)
    assert "3" in line
    assert "'x'" in line
    assert (line == "line 3: read 'x'; expected a text") == (language == "en")


def test_what_may_have_arrived_is_said() -> None:
    assert explained(UploadInterrupted("It broke", sent=10, size=10))[1].startswith("It may have")
    assert explained(UploadInterrupted("It broke", sent=9, size=10))[1].endswith("try again.")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("mp3", "audio file"),
        ("sections-0-artist", "track 1, artist"),
        ("tags-4-tag", "tag 5"),
        ("hosts-1-username", "host 2"),
        ("something_new", "something new"),
    ],
)
def test_mixclouds_fields_in_words(field: str, words: str) -> None:
    assert named(field) == words


def test_a_bug_is_not_explained() -> None:
    with pytest.raises(KeyError):
        explained(KeyError("bug"))
