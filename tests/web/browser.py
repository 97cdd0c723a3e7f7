"""A browser without a screen: cookies, redirects, and forms that it fills in and sends."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL


@dataclass
class Form:
    """What can be sent from a page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: tuple[str, str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(given.get("action", "")))
            case "input" if given.get("type") != "radio" or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
            case "button":
                self._button = (given.get("name", ""), given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._button and data.strip():
            self.forms[-1].buttons[data.strip()] = self._button
            self._button = None


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    url: URL
    status: int
    headers: CIMultiDictProxy[str]
    source: str
    history: tuple[URL, ...]

    @property
    def text(self) -> str:
        """What a person reads."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", self.source)))

    @property
    def code(self) -> str:
        found = re.search(r"\b([A-Z0-9]{3}-[A-Z0-9]{3})\b", self.text)
        assert found, self.text
        return found[1]


class Browser:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._session.cookie_jar}

    def forget_cookies(self) -> None:
        self._session.cookie_jar.clear()

    def sign_in_to_discord(self, user_id: str, at: str) -> None:
        self._session.cookie_jar.update_cookies({"sandbox_user": user_id}, URL(at))

    async def open(self, url: str | URL, *, follow: bool = True) -> Page:
        async with self._session.get(url, allow_redirects=follow) as answer:
            return await self._shown(answer)

    async def type_of(self, url: str) -> str:
        """What kind of thing is at `url`, when it is not to be read."""
        async with self._session.get(url) as answer:
            return answer.content_type

    async def press(self, page: Page, label: str, *, follow: bool = True, **changes: str) -> Page:
        """Press the button `label`; `changes` are what the person enters in the form."""
        form = next(form for form in Forms(page.source).forms if label in form.buttons)
        name, value = form.buttons[label]
        data = form.fields | changes | ({name: value} if name else {})
        target = page.url.join(URL(form.action)) if form.action else page.url
        async with self._session.post(
            target, data=data, allow_redirects=follow, headers={"Origin": str(target.origin())}
        ) as answer:
            return await self._shown(answer)

    async def _shown(self, answer: aiohttp.ClientResponse) -> Page:
        return Page(
            URL(answer.url),
            answer.status,
            answer.headers,
            await answer.text(),
            tuple(step.url for step in answer.history),
        )


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    jar = aiohttp.CookieJar(unsafe=True)  # it is to keep cookies of addresses without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session)
