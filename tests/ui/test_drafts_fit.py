"""Forms and buttons of shows on their way fit into Discord in every language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mixbot.drafting import GivenFile, Material, Texts
from mixbot.languages import ENGLISH, LANGUAGES, speak
from mixbot.mixcloud import Draft
from mixbot.publishing import Checked
from mixbot.store import Upload
from mixbot.ui import drafts

LIMITS = {"label": 80, "description": 100, "placeholder": 150}
SOUND = GivenFile(url="https://example.com/a.mp3", name="a.mp3")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak(ENGLISH)


def parts(of: Any) -> Iterator[dict[str, Any]]:
    """All components and options, however deep."""
    if isinstance(of, dict):
        yield of
        of = list(of.values())
    if isinstance(of, list):
        for one in of:
            yield from parts(one)


def upload(key: str | None) -> Upload:
    return Upload("x" * 12, 1, key, "{}", "draft", "en", datetime.now(UTC))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [None, "/ada/show/"])
@pytest.mark.parametrize("tracklist", ["", "0:00 a - b\n" * 18_000])
def test_they_fit(language: str, key: str | None, tracklist: str) -> None:
    speak(language)
    draft, given = upload(key), Material(sound=SOUND, tracklist=tracklist, before=Texts())
    forms = [
        make(draft, material)
        for make in (drafts.show_form, drafts.tracks_form, drafts.date_form, drafts.link_form)
        for material in (given, given.model_copy(update={"sound": None}))
    ]
    rows = [
        drafts.preview_rows(
            Checked(draft, given, Draft(name="x"), problems), is_pro=is_pro, may_choose_place=True
        )
        for problems in ([], ["x"])
        for is_pro in (True, False)
    ]
    for form in forms:
        assert 1 <= len(form["components"]) <= 5
        assert len(form["title"]) <= 45
        assert all(len(one["label"]) <= 45 for one in form["components"])
    for part in parts([*forms, *rows, drafts.stop_rows(draft), drafts.retry_rows(draft)]):
        for name, limit in LIMITS.items():
            assert len(part.get(name, "")) <= limit, part
        assert len(part.get("value", "")) <= 4000
