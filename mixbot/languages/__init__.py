"""The languages people are answered in. Sentences are written in English where they are said, and
looked up in the gettext catalogues beside this file: `_("Nothing found for “{query}”.", query=…)`.

Which language is spoken belongs to the task that answers somebody, so nobody hands it on.
"""

from __future__ import annotations

import gettext
import io
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any

ENGLISH = "en"
LANGUAGES = {
    "en": "English",
    "es": "Español",
    "de": "Deutsch",
    "fr": "Français",
    "pt_BR": "Português do Brasil",
    "ja": "日本語",
}
LOCALES = {  # as Discord names them
    "en": ("en-US", "en-GB"),
    "es": ("es-ES", "es-419"),
    "de": ("de",),
    "fr": ("fr",),
    "pt_BR": ("pt-BR",),
    "ja": ("ja",),
}
_LANGUAGE_OF = {locale: language for language, locales in LOCALES.items() for locale in locales}
# A thousand is written 1000 and not 1.000 in some languages (CLDR's minimumGroupingDigits).
_GROUPS_FROM = {"es": 10_000}
_GROUP_MARKS = {"es": ".", "de": ".", "fr": "\u202f", "pt_BR": "."}

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def speak(language: str) -> None:
    """Answer in `language` from here on, in this task."""
    _spoken.set(language if language in LANGUAGES else ENGLISH)


def spoken() -> str:
    """The language that this task answers in."""
    return _spoken.get()


def language_of(locale: str | None) -> str:
    """The language for a locale of Discord's or a browser's; English for what is not spoken here.

    >>> language_of("pt-BR"), language_of("es-419"), language_of("de-CH"), language_of("ko")
    ('pt_BR', 'es', 'de', 'en')
    """
    if not locale:
        return ENGLISH
    known = _LANGUAGE_OF.get(locale)
    if known is None:
        first = locale.partition("-")[0].lower()
        known = next((one for one in LANGUAGES if one.partition("_")[0] == first), ENGLISH)
    return known


def accepted_language(header: str) -> str:
    """The language that a browser's `Accept-Language` wants most, of those spoken here.

    >>> accepted_language("ko, de-CH;q=0.8, fr;q=0.9"), accepted_language("")
    ('fr', 'en')
    """
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        locale, _semicolon, quality = part.strip().partition(";q=")
        try:
            wanted.append((float(quality or 1), locale))
        except ValueError:
            continue
    for _quality, locale in sorted(wanted, key=lambda one: -one[0]):
        language = language_of(locale)
        if language != ENGLISH or locale.lower().startswith("en"):
            return language
    return ENGLISH


def N_(message: str) -> str:
    """`message` as it is: to be looked up later, when the language is known."""
    return message


def _(message: str, /, **values: Any) -> str:
    """`message` in the language that is spoken, with `values` put in."""
    language = _spoken.get()
    if language != ENGLISH:
        message = catalogue(language).gettext(message)
    return message.format(**values) if values else message


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """`one` or `many`, whichever the language says of `number`; `{number}` is put in."""
    language = _spoken.get()
    if language == ENGLISH:
        message = one if number == 1 else many
    else:
        message = catalogue(language).ngettext(one, many, number)
    return message.format(number=grouped(number), **values)


def grouped(number: int) -> str:
    """A number as the language writes it: 1,234 or 1.234."""
    language = _spoken.get()
    if language == ENGLISH or language not in _GROUP_MARKS:
        return f"{number:,}"
    if abs(number) < _GROUPS_FROM.get(language, 0):
        return str(number)
    return f"{number:,}".replace(",", _GROUP_MARKS[language])


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The sentences in `language`, read when it is spoken for the first time."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    # It takes its time and a few megabytes to load; who speaks English only is spared both.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with files(__name__).joinpath(f"{language}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
