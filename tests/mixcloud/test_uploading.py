"""Uploading and editing, over real sockets."""

import asyncio
import gc
import os
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mixbot.mixcloud import (
    Cloudcast,
    Draft,
    InvalidUpload,
    Mixcloud,
    Progress,
    RateLimited,
    Rejected,
    Section,
    Unauthorized,
    Unreachable,
    UploadInterrupted,
)
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Hang, Html403, RateLimit, ServerError, Slow
from mixbot.sandbox.mixcloud.uploads import ReceivedFile
from mixbot.transport import files as module
from tests.mixcloud.conftest import Client

MP3 = random.Random(1).randbytes(3 * module.CHUNK + 17)
UPLOAD, EDIT = "/upload/", "/upload/listener/mine/edit/"


@pytest.fixture
def acting(client: Client, server: MixcloudServer) -> Mixcloud:
    server.catalogue.add_user("listener", is_pro=True)
    return client(access_token=server.token_for("listener"))


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    path = tmp_path / 'mix "é\n.mp3'
    path.write_bytes(MP3)
    return path


def received(server: MixcloudServer, name: str = "mp3") -> ReceivedFile:
    return server.uploads[-1].form.files[name]


def arrived(server: MixcloudServer, content: bytes = MP3) -> bool:
    file = received(server)
    return (file.size, file.sha256) == (len(content), sha256(content).hexdigest())


# What can be sent


async def test_a_show_with_all_that_can_be_said(
    acting: Mixcloud, server: MixcloudServer, mp3: Path
) -> None:
    answer = await acting.upload(
        str(mp3),
        "Perfect Mix",
        picture=b"\xff\xd8picture",
        description="Two\r\nlines & é",
        tags=["House", "Deep"],
        sections=[Section(0, chapter="Intro"), {"artist": "A", "song": "B", "start_time": 60}],
        publish_date="2015-11-21T14:05:00Z",
        disable_comments=True,
        hosts=["juno"],
    )
    assert answer.result.success is True
    assert answer["result"]["key"] == "/listener/perfect-mix/"
    assert arrived(server)
    assert received(server, "picture").sha256 == sha256(b"\xff\xd8picture").hexdigest()
    assert server.uploads[-1].form.fields == {
        "name": "Perfect Mix",
        "description": "Two\r\nlines & é",
        "tags-0-tag": "House",
        "tags-1-tag": "Deep",
        "sections-0-start_time": "0",
        "sections-0-chapter": "Intro",
        "sections-1-start_time": "60",
        "sections-1-artist": "A",
        "sections-1-song": "B",
        "publish_date": "2015-11-21T14:05:00Z",
        "disable_comments": "1",
        "hosts-0-username": "juno",
    }


async def bits(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_a_stream_of_unknown_length_has_time_for_its_answer_too(
    acting: Mixcloud, server: MixcloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STANDSTILL", 0.2)
    server.fault("POST", UPLOAD, Slow(0.4))
    assert (await acting.upload(bits(b"x" * 10), "Mix")).result.success


async def test_a_closed_file(acting: Mixcloud, mp3: Path) -> None:
    file = mp3.open("rb")
    file.close()
    with pytest.raises(InvalidUpload, match="expected a path, an open file"):
        await acting.upload(file, "Mix")


async def test_an_edit_that_nobody_answers_may_have_arrived(
    acting: Mixcloud, server: MixcloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STANDSTILL", 0.2)
    server.catalogue.add_show("listener", "Mine")
    server.fault("POST", EDIT, Hang())
    with pytest.raises(UploadInterrupted, match=r"^It stands still$") as caught:
        await acting.edit("listener/mine", name="Ours")
    assert caught.value.may_have_arrived


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "text", "stream", "sized stream"])
async def test_a_file_in_every_form(
    acting: Mixcloud, server: MixcloudServer, mp3: Path, kind: str
) -> None:
    kinds: dict[str, Callable[[], Any]] = {
        "path": lambda: mp3,
        "bytes": lambda: MP3,
        "file": lambda: mp3.open("rb"),
        "text": lambda: mp3.open(encoding="utf-8"),
        "stream": lambda: bits(MP3),
        "sized stream": lambda: bits(MP3, 10**7),
    }
    audio = kinds[kind]()
    told: list[Progress] = []
    size = len(MP3) if kind == "sized stream" else None
    await acting.upload(audio, "Mix", size=size, on_progress=told.append)
    assert arrived(server)
    known = None if kind == "stream" else len(MP3)
    assert told[-1] == Progress(len(MP3), known)
    assert [one.sent for one in told] == sorted({one.sent for one in told})
    if kind in ("file", "text"):
        assert not audio.closed
        audio.close()


async def test_a_file_is_sent_from_where_it_stands(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    file = BytesIO(b"skipped" + MP3)
    file.seek(7)
    await acting.upload(file, "Mix")
    assert arrived(server)


async def test_a_draft_or_a_cloudcast_first_as_python_mixcloud_has_it(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    await acting.upload(Draft(name="A", tags=["House"]), MP3)
    show = Cloudcast({"key": "/x/b/", "name": "B", "description": "C"})
    await acting.upload(show, BytesIO(MP3), tags=["Dub"])
    assert [upload.form.fields for upload in server.uploads] == [
        {"name": "A", "tags-0-tag": "House"},
        {"name": "B", "description": "C", "tags-0-tag": "Dub"},
    ]


async def test_memory_is_bounded_at_any_size(acting: Mixcloud, server: MixcloudServer) -> None:
    size, chunk = 96 * 1024 * 1024, bytes(300_000)

    async def much() -> AsyncIterator[bytes]:
        for sent in range(0, size, len(chunk)):
            yield chunk[: size - sent]

    await acting.upload(MP3, "Warm")
    gc.collect()
    tracemalloc.start()
    await acting.upload(much(), "Mix", size=size)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert received(server).size == size
    assert peak < 5_000_000  # the server, which keeps a digest only, is in it


# What is refused before anything is sent


@pytest.mark.parametrize(
    ("audio", "about", "fields"),
    [
        (b"", {}, ["mp3"]),
        ("/no/such/file.mp3", {}, ["mp3"]),
        (".", {}, ["mp3"]),
        (3, {}, ["mp3"]),
        (b"x", {"description": "x" * 1001}, ["description"]),
        (b"x", {"tags": list("abcdef")}, ["tags-5-tag"]),
        (b"x", {"picture": b""}, ["picture"]),
        (b"x", {"picture": bytes(10_485_761)}, ["picture"]),
        (b"", {"picture": "nowhere.jpg", "publish_date": "?"}, ["publish_date", "picture", "mp3"]),
    ],
)
async def test_what_breaks_the_rules_is_not_sent(
    acting: Mixcloud, server: MixcloudServer, audio: Any, about: Any, fields: list[str]
) -> None:
    with pytest.raises(InvalidUpload) as caught:
        await acting.upload(audio, "Mix", **about)
    assert list(caught.value.problems) == fields
    assert not server.requests


async def test_a_file_larger_than_mixcloud_takes(
    acting: Mixcloud, server: MixcloudServer, tmp_path: Path
) -> None:
    path = tmp_path / "huge.mp3"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 4_294_967_297)
    with pytest.raises(InvalidUpload, match="4,294,967,297 bytes; expected 1 to 4,294,967,296"):
        await acting.upload(path, "Mix")
    assert not server.requests


async def test_what_needs_a_pro_account_is_asked_about_first(
    client: Client, server: MixcloudServer
) -> None:
    acting = client(access_token=server.token_for("amateur"))
    with pytest.raises(InvalidUpload) as caught:
        await acting.upload(MP3, "Mix", hide_stats=True, hosts=["juno"])
    assert list(caught.value.problems) == ["hide_stats", "hosts"]
    assert not server.requests_to("POST", UPLOAD)


async def test_without_a_token(client: Client, server: MixcloudServer) -> None:
    with pytest.raises(Unauthorized):
        await client().upload(MP3, "Mix")
    assert not server.requests


# What goes wrong on the way


async def test_mixcloud_says_what_is_wrong_field_by_field(acting: Mixcloud) -> None:
    await acting.upload(MP3, "Mix")
    with pytest.raises(Rejected) as caught:
        await acting.upload(MP3, "Mix")
    assert caught.value.details == {"name": ["You already have a show with this name."]}


async def test_a_rate_limit_holds_the_next_one_back(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("POST", UPLOAD, RateLimit(30))
    for _ in range(2):
        with pytest.raises(RateLimited):
            await acting.upload(MP3, "Mix")
    assert len(server.requests_to("POST", UPLOAD)) == 1


@pytest.mark.parametrize("fault", [ServerError(), Html403()])
async def test_an_answer_while_it_is_still_sent_is_heard(
    acting: Mixcloud, server: MixcloudServer, fault: Any
) -> None:
    server.fault("POST", UPLOAD, fault)
    with pytest.raises(Unreachable) as caught:
        await acting.upload(bytes(50_000_000), "Mix")
    assert caught.value.status == (503 if isinstance(fault, ServerError) else 403)
    assert len(server.requests_to("POST", UPLOAD)) == 1


async def test_what_nobody_answers_is_not_sent_again(
    acting: Mixcloud, server: MixcloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER", 0.2)
    server.fault("POST", UPLOAD, Hang())
    with pytest.raises(UploadInterrupted, match="stands still") as caught:
        await acting.upload(b"short enough to leave at once", "Mix")
    assert caught.value.may_have_arrived
    assert len(server.requests_to("POST", UPLOAD)) == 1
    assert await acting.find_upload("Mix") is None


async def test_what_stands_still_ends(
    acting: Mixcloud, server: MixcloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STANDSTILL", 0.2)
    server.fault("POST", UPLOAD, Hang())
    with pytest.raises(UploadInterrupted, match="stands still") as caught:
        await acting.upload(bytes(100_000_000), "Mix")
    assert not caught.value.may_have_arrived
    assert caught.value.sent < 100_000_000 == caught.value.size


async def test_a_connection_that_breaks_says_how_far_it_came(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("POST", UPLOAD, Hang())
    closing = asyncio.Event()

    def tell(progress: Progress) -> None:
        if progress.sent > len(MP3) // 2:
            closing.set()

    upload = asyncio.create_task(acting.upload(MP3, "Mix", on_progress=tell))
    await closing.wait()
    await server.close()
    with pytest.raises(UploadInterrupted, match=r"bytes$") as caught:
        await upload
    assert str(acting.access_token) not in repr(caught.getrepr())


async def test_what_a_callback_raises_ends_the_upload(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    def tell(progress: Progress) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        await acting.upload(bytes(50_000_000), "Mix", on_progress=tell)
    assert not server.uploads


@pytest.mark.parametrize("size", [len(MP3) - 1, len(MP3) + 1])
async def test_a_stream_that_is_not_as_long_as_it_said(
    acting: Mixcloud, server: MixcloudServer, size: int
) -> None:
    with pytest.raises(UploadInterrupted, match="became") as caught:
        await acting.upload(bits(MP3), "Mix", size=size)
    assert not caught.value.may_have_arrived
    assert not server.uploads


async def test_an_upload_that_is_cancelled_leaves_nothing_open(
    client: Client, server: MixcloudServer, mp3: Path
) -> None:
    # With room for one connection, the next call is stuck if this one keeps it.
    async with aiohttp.TCPConnector(limit=1) as connector:
        acting = client(connector=connector, access_token=server.token_for("listener"))
        server.fault("POST", UPLOAD, Hang())
        upload = asyncio.create_task(acting.upload(mp3, "Mix"))
        await server.requested("POST", UPLOAD)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert (await acting.me()).username == "listener"
    gc.collect()  # a file that was left open would warn, and a warning is an error here
    assert not server.uploads


# Editing


async def test_an_edit_changes_what_it_names(acting: Mixcloud, server: MixcloudServer) -> None:
    show = server.catalogue.add_show("listener", "Mine", description="Old", tags=("Jazz",))
    answer = await acting.edit("listener/mine", name="Ours", picture=b"\xff\xd8")
    assert answer.result.success
    assert (show.name, show.description, show.tags) == ("Ours", "Old", ("Jazz",))
    mine = await acting.cloudcast("listener/mine")
    await mine.edit(description="New", tags=["Dub"])
    assert (show.name, show.description, show.tags) == ("Ours", "New", ("Dub",))


async def test_an_edit_that_breaks_the_rules_is_not_sent(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    with pytest.raises(InvalidUpload, match="at most one of"):
        await acting.edit("listener/mine", publish=True, unpublish=True)
    assert not server.requests


async def test_editing_sends_what_changed_and_wipes_nothing(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    show = server.catalogue.add_show("listener", "Mine", description="Old", tags=("Jazz",))
    async with acting.editing("listener/mine") as draft:
        draft.tags.append("Dub")
        draft.description += " and new"
    assert (show.description, show.tags) == ("Old and new", ("Jazz", "Dub"))
    assert server.uploads[-1].form.fields == {
        "description": "Old and new",
        "tags-0-tag": "Jazz",
        "tags-1-tag": "Dub",
    }


async def break_off(acting: Mixcloud) -> None:
    async with acting.editing("listener/mine") as draft:
        draft.tags.append("Dub")
        raise LookupError


async def test_editing_sends_nothing_where_nothing_changed(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    server.catalogue.add_show("listener", "Mine", tags=("Jazz",))
    async with acting.editing("listener/mine") as draft:
        draft.tags = ["Jazz"]
    with pytest.raises(LookupError):
        await break_off(acting)
    assert not server.requests_to("POST", EDIT)


async def test_what_mixcloud_does_not_tell_can_only_be_replaced(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    show = server.catalogue.add_show("listener", "Mine", tags=("Jazz",))
    async with acting.editing("listener/mine") as draft:
        assert (draft.sections, draft.hosts) == (None, None)
        draft.sections = [Section(0, "A", "B")]
    assert server.uploads[-1].form.fields == {
        "sections-0-start_time": "0",
        "sections-0-artist": "A",
        "sections-0-song": "B",
    }
    assert show.tags == ("Jazz",)


async def test_refusals_can_be_answers_here_too(client: Client, server: MixcloudServer) -> None:
    quiet = client(raise_exceptions=False, access_token=server.token_for("listener"))
    await quiet.upload(MP3, "Mix")
    assert (await quiet.upload(MP3, "Mix")).details.name[0].startswith("You already")
    with pytest.raises(Exception, match="nothing to edit"):
        async with quiet.editing("listener/nothing"):
            pass


class Stream:
    """What knows how much it is going to give, and what it is called."""

    filename = "evening.jpg"

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


async def test_streams_say_their_size_and_name(acting: Mixcloud, server: MixcloudServer) -> None:
    draft = Draft(name="Streamed", picture=Stream(b"\xff\xd8picture"))
    told: list[Progress] = []
    await acting.upload(draft, Stream(b"sound" * 1000), on_progress=told.append)
    assert told[-1] == Progress(5009, 5009)
    assert received(server, "picture").filename == "evening.jpg"
    assert arrived(server, b"sound" * 1000)
