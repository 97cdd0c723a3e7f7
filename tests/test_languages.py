"""Every sentence in every language: there, whole, and short enough for its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Message

from mixbot import languages
from mixbot.languages import ENGLISH, LANGUAGES, LOCALES, _, grouped, ngettext, speak
from mixbot.registration import payloads
from mixbot.ui import verbs
from mixbot.ui.listings import TITLES
from mixbot.ui.showing import LISTS
from tests.catalogues import catalogue, is_translated, offline_bot, template

TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
MARKUP = re.compile(r"\*\*|`[^`]*`|<https?://[^>]*>")


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak(ENGLISH)


@pytest.mark.parametrize("language", TRANSLATED)
async def test_a_catalogue_has_every_sentence_and_no_other(language: str) -> None:
    async with offline_bot() as bot:
        said = {(one.context, one.id) for one in template(bot) if one.id}
    known = {(one.context, one.id): one for one in catalogue(language) if one.id}
    assert known.keys() == said, "run python -m tests.catalogues"
    assert [one.id for one in known.values() if not is_translated(one) or one.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_what_is_put_in_and_how_it_is_formatted(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for translation in _strings(message):
            given, kept = _fields(source), _fields(translation)
            assert given - {"number"} == kept - {"number"}, translation
            assert kept <= given, translation
            marked = sorted(MARKUP.findall(source))
            assert sorted(MARKUP.findall(translation)) == marked, translation


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def _fields(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


async def test_names_and_descriptions_fit_into_discord_in_every_language() -> None:
    async with offline_bot() as bot:
        told = await payloads(bot)
    for command in told:
        for locale in [None, *(one for locales in LOCALES.values() for one in locales)]:
            assert _size(command, locale) <= 8000
            _check(command, locale, slash=command["type"] == 1)


def _check(node: dict[str, Any], locale: str | None, *, slash: bool) -> None:
    name, description = _said(node, "name", locale), _said(node, "description", locale)
    if slash:
        assert re.fullmatch(r"[-_\w]{1,32}", name), name
        assert name == name.lower()
        assert 1 <= len(description) <= 100, description
    else:
        assert 1 <= len(name) <= 32, name
    children = node.get("options") or []
    names = [_said(child, "name", locale) for child in children]
    assert len(set(names)) == len(names), names
    for child in children:
        _check(child, locale, slash=slash)
    for choice in node.get("choices") or []:
        assert 1 <= len(_said(choice, "name", locale)) <= 100


def _said(node: dict[str, Any], what: str, locale: str | None) -> str:
    localized = node.get(f"{what}_localizations") or {}
    return str(localized.get(locale) or node.get(what) or "")


def _size(node: dict[str, Any], locale: str | None) -> int:
    """How Discord counts a command: its names, descriptions and values, all the way down."""
    own = len(_said(node, "name", locale)) + len(_said(node, "description", locale))
    own += len(str(node.get("value", "")))
    inner = [*(node.get("options") or []), *(node.get("choices") or [])]
    return own + sum(_size(child, locale) for child in inner)


async def test_top_level_commands_have_names_of_their_own_in_every_language() -> None:
    async with offline_bot() as bot:
        told = await payloads(bot)
    for locales in LOCALES.values():
        names = [(one["type"], _said(one, "name", locales[0])) for one in told]
        assert len(set(names)) == len(names)


LABELS = [
    *(verb.label for verb in verbs.VERBS.values()),
    *LISTS.values(),
    "▶ Play", "Undo", "Tracklist", "Similar", "Host", "Show to all", "Open on Mixcloud",
    "Link Mixcloud", "Enter code", "Listen later", "Feed", "◀ Previous", "Next ▶",
    "🎲 Another one", "Export as JSON", "Hide my Mixcloud profile", "Forget me…", "Forget me",
    "Let others see my Mixcloud profile", "Keep everything", "Earlier results…", "More results…",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_and_titles_fit_their_places(language: str) -> None:
    speak(language)
    for label in LABELS:
        assert 1 <= len(_(label)) <= 36, _(label)
    assert len(_("Link Mixcloud")) <= 45  # the title of a form
    assert len(_("The code from the page")) <= 45
    for title in TITLES.values():
        assert len(_(title, what="x" * 100)) <= 200
    assert len(_("Choose what to open ({number})…", number=20)) <= 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_alone_fits_into_a_message(language: str) -> None:
    if language != ENGLISH:
        for message in catalogue(language):
            assert all(len(text) <= 1000 for text in _strings(message))


@pytest.mark.parametrize(
    ("language", "number", "written"),
    [
        ("en", 12345, "12,345"),
        ("de", 12345, "12.345"),
        ("es", 1234, "1234"),
        ("es", 12345, "12.345"),
        ("fr", 12345, "12\u202f345"),
        ("ja", 12345, "12,345"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, number: int, written: str) -> None:
    speak(language)
    assert grouped(number) == written


def test_one_and_many() -> None:
    one = "This message has {number} show. Which one?"
    many = "This message has {number} shows. Which one?"
    for language in LANGUAGES:
        speak(language)
        assert "2" in ngettext(one, many, 2)
        assert ngettext(one, many, 1) != many


def test_a_language_nobody_knows_is_english() -> None:
    speak("xx")
    assert languages.spoken() == ENGLISH
    assert languages.language_of(None) == languages.language_of("ko") == ENGLISH
