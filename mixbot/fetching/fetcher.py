"""Opening what a link leads to, and reading it bit by bit.

Who is connected to is decided where the socket is made, on the address it is made for: nothing that
a link, a name server or a redirect says can come after that.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import Message
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from . import refusals
from .addresses import Address, is_public, read_address
from .kinds import HEAD, Kind, Media, other_kind, sniff

log = logging.getLogger(__name__)

CHUNK = 256 * 1024  # bytes that are given at once, at most
BUFFER = 64 * 1024  # bytes; twice as many that came and are not given yet stop the server
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_LINK = 4000
LONGEST_NAME = 120
HEADERS = {
    "User-Agent": "mixbot (Python, aiohttp)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # so that sizes are true, and nothing small becomes large
}
# Ports that no browser opens (https://fetch.spec.whatwg.org/#port-blocking), of those from 1024.
BLOCKED_PORTS = {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666}
BLOCKED_PORTS |= {6667, 6668, 6669, 6679, 6697, 10080}
# Where people share files by links to pages: what makes the link one to the file.
DIRECT = {
    "dropbox.com": {"dl": "1"},
    "www.dropbox.com": {"dl": "1"},
}


class Fetched:
    """A file that is open. It is read once, as a whole or bit by bit, inside `Fetcher.open`."""

    def __init__(self, url: str, filename: str, kind: Kind, *, head: bytes, body: Body) -> None:
        self.url = url
        self.filename = filename
        self.kind = kind
        self._head = head
        self._body = body
        self._taken = False

    def __repr__(self) -> str:
        # What is behind the `?` of a link is often what opens it.
        return f"<Fetched {self.kind.name} from {URL(self.url).host}, {self.size} bytes>"

    @property
    def size(self) -> int | None:
        """In bytes; None where the server does not tell."""
        return self._body.size

    def __aiter__(self) -> AsyncIterator[bytes]:
        """All of it, in chunks of at most `CHUNK` bytes.

        Raises Refused if it is longer than allowed, shorter than announced, or comes too slowly.
        """
        if self._taken:
            raise RuntimeError("a download can be read only once")
        self._taken = True
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self._head
        while chunk := await self._body.read(CHUNK):
            yield chunk

    async def read(self) -> bytes:
        """All of it at once; raises Refused as reading it bit by bit does."""
        return b"".join([chunk async for chunk in self])


class Fetcher:
    """Opens files that users name. One for the whole bot, and closed at the end.

    `may_connect` says which addresses links may lead to; without `links` they lead nowhere, and
    only what is trusted is opened. An answer must begin within `seconds`; a body that gives fewer
    than `slowest` bytes a second, over `patience` seconds of waiting for it, is too slow.
    """

    def __init__(
        self,
        *,
        may_connect: Callable[[Address], bool] = is_public,
        links: bool = True,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = 10.0,
        slowest: int = 1024,
        patience: float = 30.0,
    ) -> None:
        self.links = links
        self._may_connect = may_connect
        self._resolver = resolver
        self._owns_resolver = resolver is None
        self._tls = tls
        self._seconds = seconds
        self._slowest = slowest
        self._patience = patience
        self._sessions: dict[bool, aiohttp.ClientSession] = {}  # by whether it trusts addresses
        self._answers: set[aiohttp.ClientResponse] = set()  # being read

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End what is still under way."""
        for answer in self._answers:  # a session hangs up, but does not tell those who read
            answer.close()
        while self._sessions:
            _trusting, session = self._sessions.popitem()
            await session.close()
        if self._resolver is not None and self._owns_resolver:
            await self._resolver.close()
            self._resolver = None

    @asynccontextmanager
    async def open(
        self, url: str, *, media: Media, largest: int, trusted: bool = False
    ) -> AsyncIterator[Fetched]:
        """The file of at most `largest` bytes behind `url`; closed behind the block.

        `trusted` is an address that Discord gave, not a user: it may lead anywhere. Raises Refused.
        """
        async with AsyncExitStack() as stack:
            try:
                fetched = await self._open(stack, url, media, largest, trusted)
            except refusals.Refused as refusal:
                log.info("A file was refused: %s", type(refusal).__name__)
                raise
            log.info("A file is open: %s, %s bytes", fetched.kind.name, fetched.size)
            yield fetched

    async def _open(
        self, stack: AsyncExitStack, link: str, media: Media, largest: int, trusted: bool
    ) -> Fetched:
        if not (trusted or self.links):
            raise refusals.LinksOff
        url = read_link(link)
        answer = await self._answer(url if trusted else direct(url), trusted)
        self._answers.add(answer)
        stack.callback(self._answers.discard, answer)
        stack.callback(answer.close)
        size = announced_size(answer, largest)
        body = Body(answer.content, size, largest, slowest=self._slowest, patience=self._patience)
        head = await body.read_head()
        kind = expected_kind(head, media)
        filename = filename_of(answer, url)
        return Fetched(str(url), filename, kind, head=head, body=body)

    async def _answer(self, url: URL, trusted: bool) -> aiohttp.ClientResponse:
        """The answer at the end of all redirects, in time."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url, trusted)
        except aiohttp.InvalidURL:
            raise refusals.NotALink from None
        except aiohttp.ClientConnectorCertificateError:
            raise refusals.BadCertificate from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise refusals.NoAnswer from None  # what they say tells of our network

    async def _follow(self, url: URL, trusted: bool) -> aiohttp.ClientResponse:
        for _redirect in range(MOST_REDIRECTS + 1):
            answer = await self._session(trusted).get(url, allow_redirects=False)
            if answer.status not in REDIRECTS:
                return answer
            answer.close()
            target = redirected(url, answer)
            if trusted and target.origin() != url.origin():  # nobody vouched for that one
                trusted = False
                if not self.links:
                    raise refusals.LinksOff
            url = target
        raise refusals.TooManyRedirects

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        """One for each trust, so that no connection of the one is used by the other."""
        if trusted not in self._sessions:
            self._resolver = self._resolver or aiohttp.DefaultResolver()
            gate = Gate((lambda _address: True) if trusted else self._may_connect, self._resolver)
            self._sessions[trusted] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=gate,
                    socket_factory=gate.socket,
                    use_dns_cache=False,
                    ssl=True if self._tls is None else self._tls,
                    force_close=True,
                    limit=0,
                ),
                headers=HEADERS,
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                read_bufsize=BUFFER,
            )
        return self._sessions[trusted]


class Gate(AbstractResolver):
    """Lets names and sockets through to addresses that `may_connect` allows, and to no others.

    Looking at names refuses one that leads to a forbidden address besides others. Looking at
    sockets is what counts: there is one for each address that is connected to, also for those that
    stand in a link as numbers, which no resolver sees.
    """

    def __init__(self, may_connect: Callable[[Address], bool], resolver: AbstractResolver) -> None:
        self._may_connect = may_connect
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises NotPublic if one of them is forbidden."""
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            self._check(result["host"])
        return found

    def socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """A socket for an address, as `getaddrinfo` has it; raises NotPublic."""
        family, kind, protocol, _name, (host, *_port) = info
        self._check(host)
        return socket.socket(family, kind, protocol)

    def _check(self, host: str) -> None:
        address = read_address(host)
        if address is None or not self._may_connect(address):
            raise refusals.NotPublic

    async def close(self) -> None:
        """Nothing: whoever gave the resolver closes it."""


class Body:
    """The bytes of an answer, as many as were announced and allowed, and not too slowly."""

    def __init__(
        self,
        content: aiohttp.StreamReader,
        size: int | None,
        largest: int,
        *,
        slowest: int,
        patience: float,
    ) -> None:
        self.size = size
        self._content = content
        self._largest = largest
        self._read = 0
        self._patience = patience
        self._least = slowest * patience  # bytes in so many seconds
        self._waited = 0.0  # seconds since the last reckoning; those who read may be slow
        self._came = 0  # bytes since then

    async def read_head(self) -> bytes:
        """Its first bytes, as many as tell its kind; raises NothingInIt if there are none."""
        head = b""
        while len(head) < HEAD and (more := await self.read(HEAD - len(head))):
            head += more
        if not head:
            raise refusals.NothingInIt
        return head

    async def read(self, most: int) -> bytes:
        """What comes next, `most` bytes or fewer; nothing at the end."""
        try:
            chunk = await self._next(most)
        except (aiohttp.ClientError, OSError):
            raise refusals.BrokenOff from None
        self._read += len(chunk)
        if self._read > self._largest:
            raise refusals.TooLarge(self._largest)
        if not chunk and self.size not in (None, self._read):
            raise refusals.BrokenOff
        return chunk

    async def _next(self, most: int) -> bytes:
        while True:
            chunk = await self._while_patient(most)
            self._came += len(chunk or b"")
            if self._waited >= self._patience:
                self._reckon()
            if chunk is not None:
                return chunk

    async def _while_patient(self, most: int) -> bytes | None:
        """What comes next; None if it is time to reckon first."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self._patience - self._waited):
                chunk = await self._content.read(most)
        except TimeoutError:
            self._waited = self._patience
            return None
        self._waited += loop.time() - started
        return chunk

    def _reckon(self) -> None:
        if self._came < self._least:
            raise refusals.TooSlow
        self._waited, self._came = 0.0, 0


_AS_ON_THE_WIRE = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_NUMBER_LAST = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)


def read_link(text: str) -> URL:
    """The address in `text`, if it is one that may be asked for a file; raises Refused."""
    text = text.strip().removeprefix("<").removesuffix(">")
    if len(text) > LONGEST_LINK:
        raise refusals.NotALink
    return _allowed(_url(text))


def redirected(url: URL, answer: aiohttp.ClientResponse) -> URL:
    """Where `answer` leads on to, from `url`; raises Refused."""
    location = answer.headers.get("Location", "")
    if not location:
        raise refusals.ErrorStatus(answer.status)
    try:
        target = _allowed(url.join(_url(location)))
    except refusals.NotALink:
        raise refusals.ErrorStatus(answer.status) from None
    if url.scheme == "https" and target.scheme != "https":
        raise refusals.Unprotected
    return target


def _url(text: str) -> URL:
    """`text` as an address; what is encoded already stays so to the letter, as it may be signed."""
    try:
        return URL(text, encoded=_AS_ON_THE_WIRE.fullmatch(text) is not None)
    except ValueError:
        raise refusals.NotALink from None


def _allowed(url: URL) -> URL:
    """`url` without its fragment, if files may be fetched from such a one; raises Refused."""
    try:
        host, port = url.host, url.port
    except ValueError:
        raise refusals.NotALink from None
    if url.scheme not in ("http", "https") or not host or not port:
        raise refusals.NotALink
    if url.raw_user is not None or url.raw_password is not None:
        raise refusals.PasswordInLink
    if (port < 1024 and port not in (80, 443)) or port in BLOCKED_PORTS:
        raise refusals.PortRefused(port)
    if (":" in host or _NUMBER_LAST.fullmatch(host)) and read_address(host) is None:
        raise refusals.NotALink  # `127.1` and the like: addresses, but nobody means well by them
    return url.with_fragment(None)


def direct(url: URL) -> URL:
    """`url`, or where it is a known page around a file, the address of the file."""
    more = DIRECT.get((url.host or "").lower())
    return url.update_query(more) if more else url


def announced_size(answer: aiohttp.ClientResponse, largest: int) -> int | None:
    """How many bytes a good answer announces, if it does; raises Refused for others."""
    if answer.status != 200:
        raise refusals.ErrorStatus(answer.status)
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise refusals.Compressed
    if "Transfer-Encoding" in answer.headers:
        return None
    size = answer.content_length
    if size is not None and size > largest:
        raise refusals.TooLarge(largest)
    return size


def expected_kind(head: bytes, media: Media) -> Kind:
    """What the file is that begins with `head`; raises Refused if it is not such `media`."""
    kind = sniff(head)
    if kind is not None and kind.name == "HTML":
        raise refusals.WebPage
    if kind is None or kind.media != media:
        raise refusals.WrongKind(kind.name if kind else other_kind(head), media)
    return kind


def filename_of(answer: aiohttp.ClientResponse, url: URL) -> str:
    """What the server calls the file, or else the addresses do: the first with an extension."""
    disposition = answer.headers.get("Content-Disposition", "")
    names = [safe_name(name) for name in (disposed_name(disposition), url.name, answer.url.name)]
    named = [name for name in names if name]
    return next((name for name in named if "." in name), named[0] if named else "file")


def disposed_name(disposition: str) -> str:
    """The file name of a Content-Disposition; empty if there is none."""
    message = Message()
    message["Content-Disposition"] = disposition.encode(errors="replace").decode()
    return message.get_filename("")


def safe_name(name: str) -> str:
    """`name` without folders and what has a meaning to shells, terminals and file systems."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(one if one.isprintable() and one not in '<>:"|?*' else "_" for one in name)
    name = name.strip(". ")
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) < 10:
        return stem[: LONGEST_NAME - len(extension) - 1] + dot + extension
    return name[:LONGEST_NAME]
