"""Publishing from a terminal: `mixbot login`, `tracklist`, `upload` and `edit`. No Discord here."""

from __future__ import annotations

import asyncio
import hmac
import html
import secrets
import webbrowser
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table

from mixbot.errors import UserError
from mixbot.mixcloud import (
    Draft,
    InvalidUpload,
    Mixcloud,
    MixcloudError,
    MixcloudOAuth,
    Progress,
    Section,
    read_tracklist,
    to_cue,
    to_text,
    to_yaml,
)
from mixbot.mixcloud.datetime import format_datetime, to_timestamp
from mixbot.mixcloud.netrc import store_token
from mixbot.mixcloud.tracklists import decode_text, written_time
from mixbot.settings import MixcloudSettings

LOGIN_SECONDS = 300.0
WRITERS: Mapping[str, Callable[[Sequence[Section]], str]] = {
    "text": to_text,
    "cue": to_cue,
    "yaml": to_yaml,
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PAGE = "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>mixbot</title><p>{}</p></html>"


# Logging in


async def login(
    settings: MixcloudSettings, out: Console, *, port: int = 0, browser: bool = True
) -> None:
    """Ask this terminal's user for access to their account, in the browser, and keep the token."""
    if settings.mixcloud_client_id is None or settings.mixcloud_client_secret is None:
        raise UserError(
            "MIXCLOUD_CLIENT_ID and MIXCLOUD_CLIENT_SECRET are not set. Make an application at "
            "https://www.mixcloud.com/developers/create/ and put both into the environment or .env."
        )
    async with (
        _connected(settings, access_token=None) as mixcloud,
        Callback().listening(port) as callback,
    ):
        oauth = MixcloudOAuth(
            client_id=settings.mixcloud_client_id,
            client_secret=settings.mixcloud_client_secret.get_secret_value(),
            redirect_uri=callback.address,
            mixcloud=mixcloud,
        )
        address = oauth.authorization_url
        out.print(f"Log in to Mixcloud in your browser, here:\n{escape(address)}")
        if browser:
            await asyncio.to_thread(webbrowser.open, address)
        code = await callback.code()
        with callback.telling():
            token = await oauth.access_token(code)
            me = await mixcloud.with_token(token).me()
            path = await asyncio.to_thread(store_token, token)
            callback.outcome.set_result(f"Logged in as {me.username}. You can close this page.")
    out.print(f"Logged in as {escape(me.username)}. The token is in {escape(str(path))}.")


@dataclass(slots=True)
class Callback:
    """Where the browser comes back to: once, and only by the path that was given to Mixcloud.

    Mixcloud does not give back a `state`, so what proves that it is our user is in the path.
    """

    address: str = ""
    outcome: asyncio.Future[str] = field(default_factory=asyncio.Future, repr=False)
    _nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _answer: asyncio.Future[Mapping[str, str]] = field(default_factory=asyncio.Future, repr=False)

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[Callback]:
        """Listen on this machine only; at the end, after what is being answered is."""
        app = web.Application()
        app.router.add_get("/callback/{nonce}", self._come_back)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
            except OSError:
                raise UserError(f"Port {port} is taken; choose another with --port.") from None
            port = runner.addresses[0][1]
            self.address = f"http://127.0.0.1:{port}/callback/{self._nonce}"
            yield self
        finally:
            self.outcome.cancel()
            await runner.cleanup()

    async def code(self) -> str:
        """What Mixcloud gave the browser; raises UserError when it refused, or nobody came."""
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                answer = await self._answer
        except TimeoutError:
            minutes = LOGIN_SECONDS / 60
            raise UserError(f"Nobody came back within {minutes:g} minutes; try again.") from None
        if code := answer.get("code"):
            return code
        with self.telling():
            raise UserError("Mixcloud gave no access: it was declined, or did not work.")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell the browser, too, what goes wrong in the block."""
        try:
            yield
        except (UserError, MixcloudError, OSError) as error:
            self.outcome.set_result(str(error))
            raise

    async def _come_back(self, request: web.Request) -> web.Response:
        known = hmac.compare_digest(request.match_info["nonce"].encode(), self._nonce.encode())
        if not known or self._answer.done():
            return _page("This address does not work, or no longer does.", status=404)
        self._answer.set_result(request.query)
        return _page(await asyncio.shield(self.outcome))


def _page(text: str, *, status: int = 200) -> web.Response:
    body = PAGE.format(html.escape(text))
    return web.Response(status=status, text=body, content_type="text/html", headers=HEADERS)


# Tracklists


def tracklist(
    file: Path, out: Console, *, to: str | None = None, output: Path | None = None
) -> None:
    """Check the tracklist in `file` (`-` is what is piped in), and write it as `to` if wanted."""
    sections = read_sections(file)
    if to is None:
        out.print(_table(sections))
        out.print(f"{len(sections)} tracks, nothing wrong with them.")
        return
    text = WRITERS[to](sections)
    if output is None:
        out.print(text, end="", markup=False)
    else:
        output.write_text(text, encoding="utf-8")


def read_sections(file: Path) -> list[Section]:
    """The tracklist in a file of any kind."""
    return read_tracklist(_text(file))


def _text(file: Path) -> str:
    try:
        return decode_text(Path("/dev/stdin" if str(file) == "-" else file).read_bytes())
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _table(sections: Iterable[Section]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Time", justify="right")
    table.add_column("Artist")
    table.add_column("Title")
    for one in sections:
        time = "" if one.start_time is None else written_time(one.start_time)
        table.add_row(time, escape(one.artist or ""), escape(one.song or one.chapter or ""))
    return table


# Publishing


def read_show(file: Path, *, whole: bool = True) -> Draft:
    """The show that a YAML file describes, or what of it is to be changed, if it is not `whole`.

    Its picture is found beside the file.
    """
    draft = Draft.from_yaml(_text(file), whole=whole)
    if isinstance(draft.picture, str):
        draft = replace(draft, picture=file.parent / draft.picture)
    return draft


async def upload(
    settings: MixcloudSettings,
    draft: Draft,
    audio: Path,
    out: Console,
    err: Console,
    *,
    dry_run: bool = False,
) -> None:
    """Publish `draft` with the sound in `audio`; `dry_run` only says what would be sent."""
    if problems := draft.problems() | _missing(draft, audio):
        raise InvalidUpload(problems)
    out.print(_summary(draft, audio))
    if dry_run:
        out.print("Nothing was sent: this was a dry run.")
        return
    async with _connected(settings) as mixcloud:
        answer = await _shown(
            lambda tell: mixcloud.upload(draft, audio, on_progress=tell), audio.name, err
        )
        out.print(f"Published: {escape(mixcloud.mixcloud_root + answer.result.key)}")


async def edit(
    settings: MixcloudSettings,
    key: str,
    changes: Draft,
    out: Console,
    err: Console,
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
    dry_run: bool = False,
) -> None:
    """Change the show at `key`. Tags that are added or removed leave the others as they are."""
    if problems := changes.problems(editing=True) | _missing(changes):
        raise InvalidUpload(problems)
    async with _connected(settings) as mixcloud:
        if add_tags or remove_tags:
            show = await mixcloud.cloudcast(key)
            unwanted = {tag.casefold() for tag in (*remove_tags, *add_tags)}
            kept = [tag.name for tag in show.tags if tag.name.casefold() not in unwanted]
            changes = replace(changes, tags=[*kept, *add_tags])
        out.print(_summary(changes))
        if dry_run:
            out.print("Nothing was sent: this was a dry run.")
            return
        given = {one.name: getattr(changes, one.name) for one in fields(changes)}
        wanted: Any = {name: value for name, value in given.items() if value is not None}
        await _shown(lambda tell: mixcloud.edit(key, on_progress=tell, **wanted), "Picture", err)
        out.print("Changed.")


async def _shown(
    send: Callable[[Callable[[Progress], None]], Awaitable[Any]], name: str, err: Console
) -> Any:
    """What `send` comes to, with a bar meanwhile; who stops it learns what Mixcloud has."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    last: Progress | None = None
    with Bar(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def tell(progress: Progress) -> None:
            nonlocal last
            last = progress
            bar.update(task, completed=progress.sent, total=progress.size)

        try:
            return await send(tell)
        except asyncio.CancelledError:
            arrived = last is not None and last.sent == last.size
            may = "may have it all: look before you try again" if arrived else "has nothing of it"
            err.print(f"Stopped. Mixcloud {may}.")
            raise


def _missing(draft: Draft, audio: Path | None = None) -> dict[str, list[str]]:
    """What is not there of the files, by Mixcloud's names."""
    files = {"picture": draft.picture, "mp3": audio}
    return {
        name: [f"there is no file {path}"]
        for name, path in files.items()
        if isinstance(path, Path) and not path.is_file()
    }


def _summary(draft: Draft, audio: Path | None = None) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, text in _lines(draft, audio):
        table.add_row(label, escape(text))
    if draft.sections:
        table.add_row("Tracks", _table(draft.tracklist))
    return table


def _lines(draft: Draft, audio: Path | None) -> Iterator[tuple[str, str]]:
    if draft.name is not None:
        yield "Title", draft.name
    if draft.description is not None:
        yield "Description", f"{len(draft.description)} characters"
    if draft.tags is not None:
        yield "Tags", ", ".join(draft.tags)
    if draft.hosts is not None:
        yield "Hosts", ", ".join(draft.hosts) or "none"
    for label, path in (("Picture", draft.picture), ("Audio", audio)):
        if isinstance(path, Path):
            yield label, f"{path.name}, {path.stat().st_size:,} bytes"
    if draft.publish_date is not None:
        moment = datetime.fromtimestamp(to_timestamp(draft.publish_date)).astimezone()
        yield "Appears", f"{moment:%Y-%m-%d %H:%M %Z} ({format_datetime(draft.publish_date)})"
    flags = ("unlisted", "publish", "unpublish", "disable_comments", "hide_stats")
    for name in flags:
        if (value := getattr(draft, name)) is not None:
            yield name.replace("_", " ").capitalize(), "yes" if value else "no"


@asynccontextmanager
async def _connected(settings: MixcloudSettings, **options: Any) -> AsyncIterator[Mixcloud]:
    async with Mixcloud(
        settings.mixcloud_api_url, mixcloud_root=settings.mixcloud_site_url, **options
    ) as mixcloud:
        yield mixcloud
