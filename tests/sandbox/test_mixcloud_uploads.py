"""The sandbox's Mixcloud while an upload is on its way, and all that can go wrong with one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.discord import File
from mixbot.sandbox.mixcloud import (
    AfterUpload,
    Arrival,
    Catalogue,
    CutUpload,
    Fault,
    Hang,
    HoldReading,
    Html403,
    InvalidToken,
    LostAnswer,
    RateLimit,
    ServerError,
    SlowReading,
)
from tests.sandbox.mixcloud_calls import Answer, Calls, calling

MEGABYTE = 1024 * 1024
LARGE = 32 * MEGABYTE  # more than systems buffer
SHOW = "/bob/mix/"


@pytest.fixture
async def mixcloud() -> AsyncIterator[MixcloudServer]:
    async with MixcloudServer(Catalogue()) as server:
        yield server


@pytest.fixture
async def call(mixcloud: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(mixcloud) as calls:
        yield calls


class Uploader:
    """Bob, who uploads."""

    def __init__(self, mixcloud: MixcloudServer, call: Calls) -> None:
        self._call = call
        self._token = mixcloud.token_for("bob")

    async def __call__(self, size: int = MEGABYTE, name: str = "Mix") -> Answer:
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("name", name)
        form.add_field("mp3", _pieces(size), filename="mix.mp3")
        return await self._call("POST", "/upload/", params={"access_token": self._token}, data=form)


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for piece in File.sparse("mix.mp3", size).pieces():
        yield piece


@pytest.fixture
def upload(mixcloud: MixcloudServer, call: Calls) -> Uploader:
    return Uploader(mixcloud, call)


async def test_an_upload_is_counted_while_it_arrives(
    mixcloud: MixcloudServer, upload: Uploader
) -> None:
    mixcloud.fault("POST", "/upload/", HoldReading(2 * MEGABYTE))
    sending = asyncio.create_task(upload(LARGE))
    arrival = await mixcloud.arrival()
    await arrival.reaches(2 * MEGABYTE)
    assert (arrival.over, arrival.whole, arrival.path) == (False, False, "/upload/")
    assert arrival.bytes < 3 * MEGABYTE
    assert mixcloud.arriving == [arrival]
    arrival.release()
    assert (await sending).status == 200
    assert (arrival.over, arrival.whole, arrival.bytes) == (True, True, LARGE)
    assert mixcloud.arriving == []
    received = mixcloud.uploads[0].form.files["mp3"]
    assert received.sha256 == File.sparse("mix.mp3", LARGE).sha256()


async def test_uploads_at_once_are_counted(mixcloud: MixcloudServer, upload: Uploader) -> None:
    mixcloud.fault("POST", "/upload/", HoldReading(1000), times=2)
    sending = [asyncio.create_task(upload(name=name)) for name in ("One", "Two")]
    arrivals = [await mixcloud.arrival(number) for number in (1, 2)]
    for arrival in arrivals:
        await arrival.reaches(1000)
    assert mixcloud.most_arriving == 2
    for arrival in arrivals:
        arrival.release()
    await asyncio.gather(*sending)
    await upload(name="Three")
    assert (len(mixcloud.arrivals), mixcloud.most_arriving) == (3, 2)


@pytest.mark.parametrize("everywhere", [True, False])
async def test_an_upload_is_read_slowly(
    mixcloud: MixcloudServer, upload: Uploader, everywhere: bool
) -> None:
    if everywhere:
        mixcloud.reading_speed = 5 * MEGABYTE
    else:
        mixcloud.fault("POST", "/upload/", SlowReading(5 * MEGABYTE))
    began = asyncio.get_running_loop().time()
    assert (await upload(MEGABYTE)).status == 200
    assert asyncio.get_running_loop().time() - began > 0.19


async def test_a_client_that_leaves_makes_no_show(
    mixcloud: MixcloudServer, upload: Uploader, call: Calls
) -> None:
    mixcloud.reading_speed = 20 * MEGABYTE
    sending = asyncio.create_task(upload(LARGE))
    arrival = await mixcloud.arrival()
    await arrival.reaches(100_000)
    sending.cancel()
    await arrival.ended()
    assert not arrival.whole
    assert (await call.get(SHOW)).status == 404


async def test_the_connection_breaks_on_the_way(
    mixcloud: MixcloudServer, upload: Uploader, call: Calls
) -> None:
    mixcloud.fault("POST", "/upload/", CutUpload(3 * MEGABYTE), times=1)
    with pytest.raises(aiohttp.ClientError):
        await upload(LARGE)
    arrival = await mixcloud.arrival()
    assert (arrival.over, arrival.whole) == (True, False)
    assert 3 * MEGABYTE <= arrival.bytes < 4 * MEGABYTE
    assert (await call.get(SHOW)).status == 404
    assert (await upload()).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (RateLimit(452), 403, '"retry_after": 452'),
        (InvalidToken(), 401, "OAuthException"),
        (ServerError(500), 500, "<html>"),
        (Html403(), 403, "<!DOCTYPE html>"),
    ],
)
async def test_the_refusal_comes_after_the_whole_file(
    mixcloud: MixcloudServer,
    upload: Uploader,
    call: Calls,
    fault: Fault,
    status: int,
    says: str,
) -> None:
    mixcloud.fault("POST", "/upload/", AfterUpload(fault))
    answer = await upload(LARGE)
    assert answer.status == status
    assert says in answer.text
    arrival = await mixcloud.arrival()
    assert (arrival.whole, arrival.bytes) == (True, LARGE)
    assert mixcloud.uploads == []
    assert (await call.get(SHOW)).status == 404


async def test_no_answer_comes_after_the_whole_file(
    mixcloud: MixcloudServer, upload: Uploader
) -> None:
    mixcloud.fault("POST", "/upload/", AfterUpload(Hang()))
    sending = asyncio.create_task(upload())
    await (await mixcloud.arrival()).ended()
    assert not sending.done()
    await mixcloud.close()
    with pytest.raises(aiohttp.ClientError):
        await sending


async def test_the_answer_is_lost_but_the_show_is_there(
    mixcloud: MixcloudServer, upload: Uploader, call: Calls
) -> None:
    mixcloud.fault("POST", "/upload/", LostAnswer(), times=1)
    with pytest.raises(aiohttp.ClientError):
        await upload()
    assert (await call.get(SHOW)).json["name"] == "Mix"
    again = await upload()
    assert (again.status, again.json["details"]) == (
        400,
        {"name": ["You already have a show with this name."]},
    )


async def test_a_fresh_show_is_still_processed(
    mixcloud: MixcloudServer, upload: Uploader, call: Calls
) -> None:
    mixcloud.manners.processing = 2
    assert (await upload()).json["result"]["key"] == SHOW
    assert [(await call.get(SHOW)).status for _ in range(4)] == [404, 404, 200, 200]


async def test_a_free_account_has_so_many_public_shows(
    mixcloud: MixcloudServer, upload: Uploader, call: Calls
) -> None:
    mixcloud.manners.free_shows = 1
    for name in ("One", "Two"):
        assert (await upload(name=name)).status == 200
    assert [(await call.get(f"/bob/{name}/")).status for name in ("one", "two")] == [200, 403]
    mixcloud.catalogue.add_user("bob").is_pro = True
    await upload(name="Three")
    assert (await call.get("/bob/three/")).status == 200


async def test_closing_waits_for_no_upload(mixcloud: MixcloudServer, upload: Uploader) -> None:
    mixcloud.reading_speed = 1000
    sending = asyncio.create_task(upload(LARGE))
    arrival: Arrival = await mixcloud.arrival()
    await arrival.reaches(1)
    began = asyncio.get_running_loop().time()
    await mixcloud.close()
    assert asyncio.get_running_loop().time() - began < 1.5
    with pytest.raises(aiohttp.ClientError):
        await sending


async def test_a_file_that_arrived_whole_is_told_from_one_that_did_not(
    mixcloud: MixcloudServer, upload: Uploader
) -> None:
    await upload(3)
    received = mixcloud.uploads[0].form.files["mp3"]
    sent = File.sparse("mix.mp3", 3).data
    assert (received.size, received.sha256) == (3, hashlib.sha256(sent).hexdigest())
