from __future__ import annotations

import doctest
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixbot import languages
from mixbot.ui import listings, text
from mixbot.ui.text import _escape_all, duration, escape, inline, isolate, linked, plain, shorten


@pytest.mark.parametrize("module", [languages, listings, text])
def test_the_examples_are_true(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.attempted
    assert not results.failed


@given(st.text(max_size=2000), st.integers(min_value=4, max_value=600))
def test_nothing_gets_longer_than_its_place(value: str, limit: int) -> None:
    assert len(shorten(value, limit)) <= limit
    assert len(plain(value, limit)) <= limit
    assert len(escape(value, limit)) <= limit


@given(st.text())
def test_escaped_text_mentions_nobody(value: str) -> None:
    escaped = escape(f"{value} @everyone @here <@1> <@&2> <#3>", 10_000)
    assert not re.search(r"@everyone|@here|(?<!\\)<[@#]", escaped)


@pytest.mark.parametrize(
    ("written", "escaped"),
    [
        ("**bold** _it_ ~~no~~ `code` ||spoiler||", "\\*\\*bold\\*\\* \\_it\\_"),
        ("[click](https://evil.tld)", "\\[click]"),
        ("# heading", "\\# heading"),
        ("> quote", "\\> quote"),
    ],
)
def test_markdown_shows_as_written(written: str, escaped: str) -> None:
    assert escape(written, 200).startswith(escaped)


@given(st.text("-ab \n\r\t\u2028*", max_size=12))
def test_what_is_harmless_would_be_escaped_to_itself(value: str) -> None:
    assert escape(value, 100) == _escape_all(shorten(value, 100))


@pytest.mark.parametrize("value", ["Free](https://evil.tld) [", "a](https://evil.tld)", "](x)"])
def test_a_name_inside_of_a_link_cannot_end_it(value: str) -> None:
    assert "](" not in escape(value, 200)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Live [part one", "Live ［part one"),
        ("Take it] back [now", "Take it］ back ［now"),
        ("Closed] only", "Closed] only"),
        ("Rain [live] again", "Rain [live] again"),
    ],
)
def test_brackets_in_a_name_leave_its_link_whole(written: str, shown: str) -> None:
    assert linked(inline(written, 100), "https://a.b") == f"[{shown}](https://a.b)"


def test_a_name_that_is_cut_within_brackets_is_one_link() -> None:
    name = inline("Recorded [at the Tape Club, Ljubljana]", 20)
    assert "［at the…" in linked(name, "https://a.b")


def test_a_name_is_on_one_line() -> None:
    assert inline("Two\n# lines", 100) == "Two # lines"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("إذاعة", "\u2068إذاعة\u2069"),
        ("إذاعة\u202e ab\u2067c", "\u2068إذاعة abc\u2069"),
        ("Late\u2069 \u202eNight", "\u2068Late Night\u2069"),
        ("Ada", "Ada"),
    ],
)
def test_a_right_to_left_name_keeps_to_itself(written: str, shown: str) -> None:
    assert isolate(written) == shown


@given(st.integers(min_value=0, max_value=10**6))
def test_every_length_has_words(seconds: int) -> None:
    assert re.fullmatch(r"(\d+ h )?\d+ min", duration(seconds))


@given(st.text(max_size=400), st.integers(min_value=8, max_value=300))
def test_a_cut_name_turns_nothing_after_it(value: str, limit: int) -> None:
    name = inline(f"إذاعة {value}", limit)
    assert len(name) <= limit
    assert name.startswith("\u2068")
    assert name.endswith("\u2069")
