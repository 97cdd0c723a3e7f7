"""Files come as they are, in bounds; and nobody is led to where they must not go."""

from __future__ import annotations

import asyncio
import logging
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from mixbot.fetching import (
    CHUNK,
    BadCertificate,
    BrokenOff,
    Compressed,
    ErrorStatus,
    Fetched,
    Fetcher,
    LinksOff,
    NoAnswer,
    NotALink,
    NothingInIt,
    NotPublic,
    PasswordInLink,
    PortRefused,
    Refused,
    TooLarge,
    TooManyRedirects,
    TooSlow,
    Unprotected,
    WebPage,
    WrongKind,
)
from mixbot.fetching.fetcher import direct, disposed_name, read_link, safe_name

from .origin import MP3, Names, Origin, Writing, answer, redirect, running

PLENTY = 1 << 30


def is_first(address: object) -> bool:
    """127.0.0.1 stands for the public internet here, and all other addresses are private."""
    return address == IPv4Address("127.0.0.1")


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running() as origin:
        origin.paths["/show.mp3"] = answer()
        yield origin


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(may_connect=is_first, resolver=Names(), seconds=5, patience=5) as fetcher:
        yield fetcher


async def fetch(
    fetcher: Fetcher, url: str, media: Any = "audio", largest: int = PLENTY, **options: Any
) -> tuple[Fetched, bytes]:
    async with fetcher.open(url, media=media, largest=largest, **options) as fetched:
        return fetched, await fetched.read()


async def refusal(fetcher: Fetcher, url: str, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await fetch(fetcher, url, **options)
    sentence = str(caught.value)
    assert sentence.endswith((".", "!"))
    assert "127.0" not in sentence
    assert "Errno" not in sentence
    # nothing hides behind it for a traceback to show
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# What comes


async def test_a_file_comes_whole_and_is_known(origin: Origin, fetcher: Fetcher) -> None:
    async with fetcher.open(f"{origin.url}/show.mp3", media="audio", largest=PLENTY) as fetched:
        assert (fetched.kind.name, fetched.kind.media) == ("MP3", "audio")
        assert fetched.filename == "show.mp3"
        assert fetched.size == len(MP3)
        chunks = [chunk async for chunk in fetched]
        with pytest.raises(RuntimeError):
            await fetched.read()
    assert b"".join(chunks) == MP3
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)


async def test_a_request_says_nothing_of_anybody(
    origin: Origin, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    origin.paths["/first"] = answer(b"", status=302, Location="/show.mp3", Set_Cookie="id=1")
    await fetch(fetcher, f"{origin.url}/first")
    await fetch(fetcher, f"{origin.url}/show.mp3#part")
    assert [request.split()[1] for request in origin.asked] == ["/first", "/show.mp3", "/show.mp3"]
    for request in origin.asked:
        names = {line.partition(":")[0] for line in request.split("\r\n")[1:] if line}
        assert names == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"} or (
            names == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
        )
        assert "Accept-Encoding: identity" in request


async def test_a_signed_link_is_asked_for_to_the_letter(origin: Origin, fetcher: Fetcher) -> None:
    path = "/a%2Fb/show.mp3?ex=1%3A2&sig=a%2Fb%2B%3d&x=~'()&X"
    origin.paths[path] = answer()
    fetched, _content = await fetch(fetcher, f"<{origin.url}{path}>")
    assert fetched.url == origin.url + path
    assert "sig" not in repr(fetched)
    assert "?" not in repr(fetched)


async def test_a_link_may_be_pasted_unencoded(origin: Origin, fetcher: Fetcher) -> None:
    origin.paths["/mein%20M%C3%BCsli.mp3"] = answer()
    fetched, _content = await fetch(fetcher, f" {origin.url}/mein Müsli.mp3 ")
    assert fetched.filename == "mein Müsli.mp3"


async def test_a_file_may_come_without_its_size(origin: Origin, fetcher: Fetcher) -> None:
    origin.paths["/closed"] = answer(MP3, Connection="close")
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(MP3), MP3)
    origin.paths["/chunked"] = answer(chunked, Transfer_Encoding="chunked")
    for path in ("/closed", "/chunked"):
        fetched, content = await fetch(fetcher, origin.url + path, largest=len(MP3))
        assert (fetched.size, content) == (None, MP3)


@pytest.mark.parametrize(
    ("disposition", "path", "filename"),
    [
        ('attachment; filename="my show.mp3"', "/x", "my show.mp3"),
        ("attachment; filename*=UTF-8''M%C3%BCsli.mp3", "/x", "Müsli.mp3"),
        ('attachment; filename="Müsli.mp3"', "/x", "Müsli.mp3"),
        ('attachment; filename="../../etc/passwd.mp3"', "/x", "passwd.mp3"),
        ('attachment; filename="C:\\\\evil\\\\show.mp3"', "/x", "show.mp3"),
        ('attachment; filename=".."', "/show.mp3", "show.mp3"),
        ('attachment; filename="file"', "/show.mp3", "show.mp3"),
        ("attachment; filename*=nonsense''%ff; ;;=", "/show.mp3", "show.mp3"),
        ("inline", "/a/b%2F..%2Fshow%0A.mp3?c=d.e", "show_.mp3"),
        ("", "/show.mp3/", "file"),
        ("", "/", "file"),
    ],
)
async def test_a_file_has_a_harmless_name(
    origin: Origin, fetcher: Fetcher, disposition: str, path: str, filename: str
) -> None:
    origin.paths[path] = answer(Content_Disposition=disposition)
    fetched, _content = await fetch(fetcher, origin.url + path)
    assert fetched.filename == filename


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=40))
def test_no_name_is_harmful(text: str) -> None:
    for name in (text, disposed_name(f"attachment; filename={text}"), disposed_name(text)):
        safe = safe_name(name)
        assert safe.isprintable()
        assert len(safe) <= 120
        assert not set(safe) & set('/\\<>:"|?*')
        assert not safe.startswith(".")


def test_a_long_name_keeps_its_extension() -> None:
    assert safe_name("a" * 500 + ".mp3") == "a" * 116 + ".mp3"


async def test_a_sound_file_takes_no_memory_however_long_it_is(
    origin: Origin, fetcher: Fetcher
) -> None:
    piece, pieces = MP3, 5000  # 200 MB
    size = len(piece) * pieces

    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", Content_Length=str(size)))
        for _piece in range(pieces):
            writer.write(piece)
            await writer.drain()

    origin.paths["/long.mp3"] = pour
    tracemalloc.start()
    try:
        async with fetcher.open(f"{origin.url}/long.mp3", media="audio", largest=size) as fetched:
            before, _peak = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            read = 0
            async for chunk in fetched:
                read += len(chunk)
                for _turn in range(5):  # the server may send more than is read
                    await asyncio.sleep(0)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == size
    assert peak - before < 2_000_000


async def test_who_stops_reading_hangs_up(origin: Origin, fetcher: Fetcher) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", Connection="close"))
        while True:
            writer.write(MP3)
            await writer.drain()

    origin.paths["/endless"] = pour
    async with fetcher.open(f"{origin.url}/endless", media="audio", largest=PLENTY) as fetched:
        assert MP3.startswith(await anext(aiter(fetched)))
    await asyncio.wait_for(origin.gone.wait(), 5)


# Where links may lead

LOCAL = """
127.0.0.1 127.1 127.0.1 127.000.000.001 127.0.0.1. 2130706433 0x7f000001 0x7F.1 0x7f.0.0.1
017700000001 0177.0.0.1 0177.1 0 0.0.0.0 0x0 ① 127。0。0。1 １２７.0.0.1 127.0.0.2
localhost LOCALHOST localhost.
[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1]
[::ffff:0:127.0.0.1] [fe80::1%25lo] [::1%25lo] [::1%lo] 127%2e0.0.1 %31%32%37.0.0.1
127.0.0.1%00.example.com
""".split()


@pytest.mark.parametrize("host", LOCAL)
async def test_no_link_leads_to_the_bots_own_machine(host: str) -> None:
    async with running() as here, Fetcher(seconds=5) as fetcher:
        here.paths["/show.mp3"] = answer()
        refused = await refusal(fetcher, f"http://{host}:{here.port}/show.mp3")
        assert isinstance(refused, NotPublic | NotALink | NoAnswer)
        assert here.asked == []


@pytest.mark.parametrize(
    "host", "10.0.0.1 169.254.169.254 192.168.1.1 [fd00:ec2::254] [2002:7f00:1::] [fe80::1]".split()
)
async def test_no_link_leads_into_a_private_network(host: str) -> None:
    async with Fetcher(seconds=5) as fetcher:
        assert isinstance(await refusal(fetcher, f"http://{host}/latest/meta-data/"), NotPublic)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("", NotALink),
        ("show.mp3", NotALink),
        ("//example.com/show.mp3", NotALink),
        ("ftp://example.com/show.mp3", NotALink),
        ("file:///etc/passwd", NotALink),
        ("data:audio/mpeg;base64,AAAA", NotALink),
        ("unix://tmp/socket", NotALink),
        ("http:///show.mp3", NotALink),
        ("http://", NotALink),
        ("http://[::1/", NotALink),
        ("http://[::g]/", NotALink),
        ("http://example.com:99999/", NotALink),
        ("http://example.com:0/", NotALink),
        ("http://example.com:x/", NotALink),
        ("http://example.com\\@127.0.0.1/", NotALink),
        ("http://example.com/" + "a" * 4000, NotALink),
        ("http://me:secret@example.com/", PasswordInLink),
        ("http://me@example.com/", PasswordInLink),
        ("http://:@example.com/", PasswordInLink),
        ("http://example.com@127.0.0.1/", PasswordInLink),
        ("http://example.com:22/", PortRefused),
        ("http://example.com:25/", PortRefused),
        ("http://example.com:6667/", PortRefused),
        ("http://127.1/", NotALink),
        ("http://127.1.2.3.4/", NotALink),
        ("http://example.0x7f/", NotALink),
    ],
)
@pytest.mark.parametrize("trusted", [False, True])
async def test_a_link_is_checked_before_anybody_is_asked(
    link: str, reason: type[Refused], trusted: bool
) -> None:
    names = Names()
    async with Fetcher(resolver=names) as fetcher:
        assert type(await refusal(fetcher, link, trusted=trusted)) is reason
    assert names.asked == []


async def test_links_can_be_switched_off(origin: Origin) -> None:
    async with Fetcher(links=False, may_connect=is_first) as fetcher:
        assert isinstance(await refusal(fetcher, f"{origin.url}/show.mp3"), LinksOff)
        assert origin.asked == []
        await fetch(fetcher, f"{origin.url}/show.mp3", trusted=True)
        origin.paths["/away"] = redirect(f"http://localhost:{origin.port}/show.mp3")
        assert isinstance(await refusal(fetcher, f"{origin.url}/away", trusted=True), LinksOff)


async def test_what_discord_names_may_be_anywhere(origin: Origin) -> None:
    async with Fetcher() as fetcher:
        origin.paths["/moved.mp3"] = redirect("/show.mp3")
        _fetched, content = await fetch(fetcher, f"{origin.url}/moved.mp3", trusted=True)
        assert content == MP3
        assert isinstance(await refusal(fetcher, f"{origin.url}/show.mp3"), NotPublic)


async def test_trust_ends_where_discord_does(origin: Origin) -> None:
    async with running("127.0.0.2") as inside, Fetcher() as fetcher:
        origin.paths["/away"] = redirect(f"{inside.url}/show.mp3")
        assert isinstance(await refusal(fetcher, f"{origin.url}/away", trusted=True), NotPublic)
        assert inside.asked == []


async def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(origin: Origin) -> None:
    names = Names(rebinding=[["127.0.0.1"], ["127.0.0.2"]])
    url = f"http://rebinding.example:{origin.port}"
    async with Fetcher(may_connect=is_first, resolver=names) as fetcher:
        _fetched, content = await fetch(fetcher, f"{url}/show.mp3")
        assert content == MP3
        assert len(names.asked) == 1  # who was asked for the address is who was connected to
        assert "Host: rebinding.example" in origin.asked[0]
        assert isinstance(await refusal(fetcher, f"{url}/show.mp3"), NotPublic)


async def test_a_redirect_is_looked_up_again(origin: Origin) -> None:
    names = Names(rebinding=[["127.0.0.1"], ["169.254.169.254"]])
    url = f"http://rebinding.example:{origin.port}"
    origin.paths["/"] = redirect(f"{url}/show.mp3")
    async with Fetcher(may_connect=is_first, resolver=names) as fetcher:
        assert isinstance(await refusal(fetcher, f"{url}/"), NotPublic)
    assert len(origin.asked) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["fe80::1%2", "127.0.0.1"],
        ["127.1"],
        ["localhost"],
    ],
)
async def test_a_name_is_refused_for_any_of_its_addresses(
    origin: Origin, addresses: list[str]
) -> None:
    names = Names(mixed=[addresses])
    async with Fetcher(may_connect=is_first, resolver=names) as fetcher:
        url = f"http://mixed.example:{origin.port}/show.mp3"
        assert isinstance(await refusal(fetcher, url), NotPublic)
    assert origin.asked == []


async def test_the_next_address_is_tried_when_one_does_not_answer(origin: Origin) -> None:
    names = Names(two=[["127.0.0.3", "127.0.0.1"]])
    async with Fetcher(may_connect=lambda one: one.is_loopback, resolver=names) as fetcher:
        _fetched, content = await fetch(fetcher, f"http://two.example:{origin.port}/show.mp3")
    assert content == MP3


async def test_every_address_that_is_connected_to_was_asked_about(origin: Origin) -> None:
    asked = []

    def ask(address: object) -> bool:
        asked.append(address)
        return True

    async with Fetcher(may_connect=ask, resolver=Names()) as fetcher:
        await fetch(fetcher, f"{origin.url}/show.mp3")
    assert asked == [ip_address("127.0.0.1")]


# Redirects


async def test_redirects_are_followed_so_far(origin: Origin, fetcher: Fetcher) -> None:
    for number, status in enumerate((301, 302, 303, 307, 308)):
        origin.paths[f"/{number}"] = redirect(f"./{number + 1}?x=%2F", status)
    origin.paths["/5"] = answer()
    origin.paths["/start"] = redirect("/0")
    _fetched, content = await fetch(fetcher, f"{origin.url}/0")
    assert content == MP3
    assert isinstance(await refusal(fetcher, f"{origin.url}/start"), TooManyRedirects)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://10.0.0.1/", NotPublic),
        ("//169.254.169.254/latest/", NotPublic),
        ("http://[::ffff:127.0.0.1]/", NotPublic),
        ("http://2130706433/", ErrorStatus),
        ("http://me:secret@127.0.0.1/", PasswordInLink),
        ("http://127.0.0.1:22/", PortRefused),
        ("file:///etc/passwd", ErrorStatus),
        ("ftp://127.0.0.1/", ErrorStatus),
        ("http://[", ErrorStatus),
        ("", ErrorStatus),
    ],
)
async def test_a_redirect_may_lead_no_further_than_a_link(
    origin: Origin, fetcher: Fetcher, location: str, reason: type[Refused]
) -> None:
    origin.paths["/away"] = redirect(location)
    assert type(await refusal(fetcher, f"{origin.url}/away")) is reason
    assert len(origin.asked) == 1


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server at 127.0.0.1, and of who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path / "server.pem"
    file.write_bytes(certificate + secret)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=certificate.decode())


async def test_https_stays_https(
    origin: Origin, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = certified
    async with (
        running(tls=server) as protected,
        Fetcher(may_connect=is_first, tls=client) as fetcher,
    ):
        protected.paths["/show.mp3"] = answer()
        protected.paths["/down"] = redirect(f"{origin.url}/show.mp3")
        origin.paths["/up"] = redirect(f"{protected.url}/show.mp3")
        assert (await fetch(fetcher, f"{origin.url}/up"))[1] == MP3
        assert isinstance(await refusal(fetcher, f"{protected.url}/down"), Unprotected)
    assert [request.split()[1] for request in origin.asked] == ["/up"]


async def test_a_certificate_must_be_vouched_for(
    fetcher: Fetcher, certified: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with running(tls=certified[0]) as protected:
        assert isinstance(await refusal(fetcher, f"{protected.url}/show.mp3"), BadCertificate)
        assert protected.asked == []


@pytest.mark.parametrize(
    ("link", "file"),
    [
        (
            "https://www.dropbox.com/scl/fi/abc/show.mp3?rlkey=x%2Fy&st=z&dl=0",
            "https://www.dropbox.com/scl/fi/abc/show.mp3?rlkey=x/y&st=z&dl=1",
        ),
        ("https://WWW.dropbox.com/s/abc/a.mp3", "https://WWW.dropbox.com/s/abc/a.mp3?dl=1"),
        ("https://example.com/a.mp3?dl=0", "https://example.com/a.mp3?dl=0"),
    ],
)
def test_a_link_to_a_known_page_is_read_as_one_to_its_file(link: str, file: str) -> None:
    assert str(direct(read_link(link))) == file


# Bad answers


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "private or expired"),
        (404, "private or expired"),
        (410, "private or expired"),
        (429, "Try again later"),
        (503, "Try again later"),
        (206, "HTTP status 206"),
        (418, "HTTP status 418"),
    ],
)
async def test_a_status_is_explained(
    origin: Origin, fetcher: Fetcher, status: int, says: str
) -> None:
    origin.paths["/file"] = answer(status=status)
    refused = await refusal(fetcher, f"{origin.url}/file")
    assert isinstance(refused, ErrorStatus)
    assert str(status) in str(refused)
    assert says in str(refused)


@pytest.mark.parametrize(
    ("body", "media", "says"),
    [
        (
            b"PK\x03\x04" + bytes(50),
            "audio",
            "I read a file of the kind ZIP and expected a sound file",
        ),
        (b"\x89PNG\r\n\x1a\n", "audio", "I read a file of the kind PNG and expected a sound file"),
        (
            b'{"error": 1}',
            "audio",
            "I read a file of the kind TXT and expected a sound file, such as an MP3.",
        ),
        (bytes(100), "audio", "I read a file of a kind I do not know and expected a sound file"),
        (MP3, "image", "I read a file of the kind MP3 and expected a picture, such as a JPEG."),
        (b"%PDF-1.7", "text", "I read a file of the kind PDF and expected text, such as a TXT"),
    ],
)
async def test_a_wrong_kind_is_named(
    origin: Origin, fetcher: Fetcher, body: bytes, media: str, says: str
) -> None:
    origin.paths["/show.mp3"] = answer(body, Content_Type="audio/mpeg")
    refused = await refusal(fetcher, f"{origin.url}/show.mp3", media=media)
    assert isinstance(refused, WrongKind)
    assert says in str(refused)


@pytest.mark.parametrize("media", ["audio", "image", "text"])
async def test_a_web_page_is_no_file(origin: Origin, fetcher: Fetcher, media: str) -> None:
    origin.paths["/show.mp3"] = answer(b"\n<!doctype html><title>Download?</title>")
    refused = await refusal(fetcher, f"{origin.url}/show.mp3", media=media)
    assert isinstance(refused, WebPage)
    assert "direct download link" in str(refused)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Drip: drop\r\n")
        await writer.drain()


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.get_running_loop().create_future()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    "writing",
    [
        drip,
        hang_up,
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_none(
    origin: Origin, fetcher: Fetcher, writing: bytes | Writing
) -> None:
    origin.paths["/file"] = writing
    assert isinstance(await refusal(fetcher, f"{origin.url}/file"), NoAnswer)


async def test_a_server_that_cannot_be_reached_is_no_answer(fetcher: Fetcher) -> None:
    async with running() as gone:
        pass
    assert isinstance(await refusal(fetcher, f"{gone.url}/file"), NoAnswer)
    assert isinstance(await refusal(fetcher, "http://unknown.example/"), NoAnswer)
    assert isinstance(await refusal(fetcher, f"http://{'a' * 80}.example/"), NoAnswer)


async def test_an_answer_must_begin_in_time(origin: Origin) -> None:
    origin.paths["/file"] = say_nothing
    origin.paths["/moved"] = redirect("/file")
    async with Fetcher(may_connect=is_first, seconds=0.1) as fetcher:
        assert isinstance(await refusal(fetcher, f"{origin.url}/moved"), NoAnswer)


async def test_what_is_packed_is_not_unpacked(origin: Origin, fetcher: Fetcher) -> None:
    origin.paths["/packed"] = answer(Content_Encoding="gzip")
    origin.paths["/plain"] = answer(Content_Encoding="Identity")
    assert isinstance(await refusal(fetcher, f"{origin.url}/packed"), Compressed)
    assert (await fetch(fetcher, f"{origin.url}/plain"))[1] == MP3


# Sizes and speeds


async def test_what_is_announced_too_large_is_not_read(origin: Origin, fetcher: Fetcher) -> None:
    origin.paths["/file"] = answer(Content_Length=str(5 << 30))
    refused = await refusal(fetcher, f"{origin.url}/file", largest=4 << 30)
    assert isinstance(refused, TooLarge)
    assert "4 GB" in str(refused)


async def test_what_has_no_end_stops_where_it_gets_too_large(
    origin: Origin, fetcher: Fetcher
) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", Transfer_Encoding="chunked"))
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(MP3), MP3))
            await writer.drain()

    origin.paths["/endless"] = pour
    assert isinstance(await refusal(fetcher, f"{origin.url}/endless", largest=1_000_000), TooLarge)
    await asyncio.wait_for(origin.gone.wait(), 5)


async def test_a_file_of_just_the_size_is_not_too_large(origin: Origin, fetcher: Fetcher) -> None:
    url = f"{origin.url}/show.mp3"
    assert (await fetch(fetcher, url, largest=len(MP3)))[1] == MP3
    assert isinstance(await refusal(fetcher, url, largest=len(MP3) - 1), TooLarge)


@pytest.mark.parametrize(
    "writing",
    [
        answer(Content_Length=str(len(MP3) + 1)),
        answer(b"%x\r\n%b\r\n" % (len(MP3), MP3), Transfer_Encoding="chunked"),
    ],
)
async def test_half_a_file_is_none(origin: Origin, fetcher: Fetcher, writing: bytes) -> None:
    origin.paths["/half"] = writing
    assert isinstance(await refusal(fetcher, f"{origin.url}/half"), BrokenOff)


@pytest.mark.parametrize(
    "writing",
    [
        answer(MP3 + MP3, Content_Length=str(len(MP3))),
        answer(b"%x\r\n%b\r\nno length\r\n" % (len(MP3), MP3), Transfer_Encoding="chunked"),
    ],
)
async def test_what_breaks_the_protocol_is_refused_when_that_is_seen(
    origin: Origin, fetcher: Fetcher, writing: bytes
) -> None:
    origin.paths["/more"] = writing
    try:
        _fetched, content = await fetch(fetcher, f"{origin.url}/more")
    except (NoAnswer, BrokenOff):  # it is seen in what comes along with the file
        return
    assert content == MP3


async def test_an_empty_file_is_refused(origin: Origin, fetcher: Fetcher) -> None:
    origin.paths["/empty"] = answer(b"")
    assert isinstance(await refusal(fetcher, f"{origin.url}/empty"), NothingInIt)


@pytest.mark.parametrize("start", [b"", MP3[:100], MP3])
async def test_what_stands_still_is_given_up(origin: Origin, start: bytes) -> None:
    async def stall(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(start, Content_Length="500000"))
        await say_nothing(writer)

    origin.paths["/slow"] = stall
    async with Fetcher(may_connect=is_first, patience=0.05) as fetcher:
        assert isinstance(await refusal(fetcher, f"{origin.url}/slow"), TooSlow)


async def test_what_only_trickles_is_given_up(origin: Origin) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(MP3, Content_Length="500000"))
        while True:
            writer.write(b"\0")
            await writer.drain()
            await asyncio.sleep(0.005)

    origin.paths["/slow"] = trickle
    async with Fetcher(may_connect=is_first, patience=0.1, slowest=10_000) as fetcher:
        assert isinstance(await refusal(fetcher, f"{origin.url}/slow"), TooSlow)


async def test_who_reads_slowly_is_no_fault_of_the_server(origin: Origin) -> None:
    body = MP3 * 100
    origin.paths["/long.mp3"] = answer(body)
    async with (
        Fetcher(may_connect=is_first, patience=0.2, slowest=1_000_000) as fetcher,
        fetcher.open(f"{origin.url}/long.mp3", media="audio", largest=PLENTY) as fetched,
    ):
        read = 0
        async for chunk in fetched:
            await asyncio.sleep(0.02)
            read += len(chunk)
    assert read == len(body)


async def test_closing_ends_what_is_under_way(origin: Origin, fetcher: Fetcher) -> None:
    async def stall(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(MP3, Content_Length="500000"))
        await say_nothing(writer)

    origin.paths["/slow"] = stall
    async with fetcher.open(f"{origin.url}/slow", media="audio", largest=PLENTY) as fetched:
        reading = asyncio.ensure_future(fetched.read())
        await asyncio.sleep(0)
        await fetcher.close()
        with pytest.raises(BrokenOff):
            await reading


async def test_a_log_tells_no_secrets(
    origin: Origin, fetcher: Fetcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await fetch(fetcher, f"{origin.url}/show.mp3?hm=secret")
    await refusal(fetcher, f"{origin.url}/missing?hm=secret")
    ours = [record.getMessage() for record in caplog.records if "fetching" in record.name]
    assert ours == [
        f"A file is open: MP3, {len(MP3)} bytes",
        "A file was refused: ErrorStatus",
    ]
    assert "secret" not in caplog.text
