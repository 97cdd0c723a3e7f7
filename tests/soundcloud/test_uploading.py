"""Uploads and edits: checked first, sent piece by piece, and once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.soundcloud import (
    AfterUpload,
    CutUpload,
    Hang,
    InvalidToken,
    LostAnswer,
    RateLimit,
    ServerError,
)
from mixbot.soundcloud import (
    InvalidUpload,
    MemoryTokens,
    Progress,
    RateLimited,
    SoundCloud,
    Tokens,
    Unauthorized,
    UploadInterrupted,
)
from mixbot.soundcloud import tokens as tokens_module
from mixbot.transport import files as module
from tests.soundcloud.conftest import Client

MP3 = random.Random(1).randbytes(2 * module.CHUNK + 17)
DIGEST = sha256(MP3).hexdigest()


async def stream() -> AsyncIterator[bytes]:
    yield MP3[:1000]
    yield MP3[1000:]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rain.mp3"
    path.write_bytes(MP3)
    return path


@pytest.mark.parametrize("given", ["path", "text", "open", "bytes", "stream"])
async def test_a_track_is_published_from_anything(
    acting: SoundCloud, server: SoundCloudServer, path: Path, given: str
) -> None:
    progress: list[Progress] = []
    with path.open("rb") as file:
        audio: Any = {
            "path": path,
            "text": str(path),
            "open": file,
            "bytes": MP3,
            "stream": stream(),
        }[given]
        track = await acting.upload(
            audio,
            "Rain",
            description="It rains",
            tags=["Rain", "Field recording"],
            sharing="private",
            downloadable=False,
            artwork=b"\xff\xd8\xff",
            on_progress=progress.append,
        )
    assert (track.title, track.sharing, track.tags) == (
        "Rain",
        "private",
        ["Rain", "Field recording"],
    )
    form = server.forms[-1]
    assert form.files["track[asset_data]"].sha256 == DIGEST
    assert form.files["track[artwork_data]"].size == 3
    assert form.fields["track[downloadable]"] == "false"
    assert progress[-1].sent == len(MP3) + 3
    assert progress[-1].size == (None if given == "stream" else len(MP3) + 3)


async def test_the_generic_verb_uploads_too(
    acting: SoundCloud, server: SoundCloudServer, path: Path
) -> None:
    with path.open("rb") as file:
        track = await acting.post(
            "/tracks", track={"title": "Rain", "sharing": "private", "asset_data": file}
        )
    assert track.title == "Rain"
    assert server.forms[-1].files["track[asset_data]"].sha256 == DIGEST


async def test_an_edit_changes_what_is_named(acting: SoundCloud, server: SoundCloudServer) -> None:
    track = await acting.upload(MP3, "Rain", genre="Ambient")
    changed = await track.edit(title="More rain", tags=["Wet"], reveal_stats=False)
    assert (changed.title, changed.genre, changed.tags) == ("More rain", "Ambient", ["Wet"])
    assert (changed.playback_count, changed.favoritings_count) == (None, None)
    await acting.edit(track, artwork=b"GIF89a", title="With a picture")
    assert server.forms[-1].files["track[artwork_data]"].size == 6
    assert (await acting.track(track.id)).title == "With a picture"


@pytest.mark.parametrize(
    ("audio", "about", "field"),
    [
        (b"", {}, "track[asset_data]"),
        ("nowhere.mp3", {}, "track[asset_data]"),
        (5, {}, "track[asset_data]"),
        (MP3, {"artwork": b""}, "track[artwork_data]"),
        (MP3, {"sharing": "friends"}, "sharing"),
        (MP3, {"license": "mine"}, "license"),
        (MP3, {"tags": "Jazz"}, "tags"),
        (MP3, {"tags": ['"Jazz"']}, "tags"),
        (MP3, {"mood": "wet"}, "mood"),
    ],
)
async def test_what_soundcloud_would_refuse_is_not_sent(
    acting: SoundCloud, server: SoundCloudServer, audio: Any, about: Any, field: str
) -> None:
    with pytest.raises(InvalidUpload) as caught:
        await acting.upload(audio, "Rain", **about)
    assert list(caught.value.problems) == [field]
    with pytest.raises(InvalidUpload):
        await acting.upload(MP3, " ")
    assert not server.requests


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (CutUpload(1000), UploadInterrupted),
        (LostAnswer(), UploadInterrupted),
        (AfterUpload(ServerError()), UploadInterrupted),
        (AfterUpload(RateLimit(5)), RateLimited),
        (InvalidToken(), Unauthorized),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_nothing_is_sent_twice(
    acting: SoundCloud, server: SoundCloudServer, fault: Any, error: type[Exception]
) -> None:
    server.fault("POST", "/tracks", fault)
    with pytest.raises(error) as caught:
        await acting.upload(MP3, "Rain")
    assert len(server.requests) == 1
    if isinstance(caught.value, UploadInterrupted):
        assert caught.value.size == len(MP3)


async def test_what_stands_still_is_given_up(
    acting: SoundCloud, server: SoundCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER", 0.2)
    server.fault("POST", "/tracks", AfterUpload(Hang()))
    with pytest.raises(UploadInterrupted, match="stands still") as caught:
        await acting.upload(MP3, "Rain")
    assert caught.value.may_have_arrived


@pytest.mark.parametrize("given", ["path", "open", "bytes"])
async def test_an_expired_token_is_refreshed_and_the_file_sent_from_its_start(
    client: Client,
    server: SoundCloudServer,
    path: Path,
    given: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tokens_module, "YOUNG", 0.0)
    told = server.tokens_for("listener", "client")
    acting = client(tokens=MemoryTokens(Tokens(told["access_token"], told["refresh_token"])))
    server.expire()
    with path.open("rb") as file:
        file.seek(7)
        audio: Any = {"path": path, "open": file, "bytes": MP3}[given]
        track = await acting.upload(audio, "Rain")
    assert track.title == "Rain"
    received = server.forms[-1].files["track[asset_data]"]
    assert received.size == len(MP3) - 7 * (given == "open")
    assert server.refreshes == 1


async def test_a_stream_that_met_an_expired_token_may_be_sent_again(
    client: Client, server: SoundCloudServer
) -> None:
    told = server.tokens_for("listener", "client")
    acting = client(tokens=MemoryTokens(Tokens(told["access_token"], told["refresh_token"])))
    server.expire()
    with pytest.raises(UploadInterrupted, match="send it again") as caught:
        await acting.upload(stream(), "Rain")
    assert not caught.value.may_have_arrived
    assert (await acting.upload(stream(), "Rain")).title == "Rain"
