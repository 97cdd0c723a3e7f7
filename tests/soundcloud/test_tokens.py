"""Tokens that expire, and refresh tokens that work once: an account is never lost over them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.soundcloud import Hang, Html403, LostAnswer, RateLimit, ServerError
from mixbot.soundcloud import (
    Blocked,
    GrantEnded,
    MemoryTokens,
    RateLimited,
    SoundCloud,
    SoundCloudOAuthError,
    Tokens,
    Unauthorized,
    Unreachable,
)
from mixbot.soundcloud import tokens as module
from tests.soundcloud.conftest import Client
from tests.soundcloud.shelf import Shelf

TOKEN_ENDPOINT = ("POST", "/oauth/token")


@pytest.fixture(autouse=True)
def no_youth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token may expire as soon as it is given: nobody here waits for an hour."""
    monkeypatch.setattr(module, "YOUNG", 0.0)


def given(server: SoundCloudServer, permalink: str = "listener") -> Tokens:
    told = server.tokens_for(permalink, "client")
    return Tokens(told["access_token"], told["refresh_token"])


def account(client: Client, server: SoundCloudServer, **options: Any) -> SoundCloud:
    return client(tokens=MemoryTokens(given(server)), **options)


# One client


async def test_an_expired_token_is_refreshed_once_and_the_call_succeeds(
    client: Client, server: SoundCloudServer
) -> None:
    store = MemoryTokens(given(server))
    soundcloud = client(tokens=store)
    track = await soundcloud.track(293)
    server.expire()
    await track.like()  # in the middle of a command
    assert (await soundcloud.track(293)).user_favorite
    assert (server.refreshes, server.reuses) == (1, 0)
    assert await store.load() != given(server)
    likes = server.requests_to("POST", "/likes/tracks/*")
    assert [request.status for request in likes] == [401, 200]


async def test_all_who_wait_share_one_refresh(client: Client, server: SoundCloudServer) -> None:
    soundcloud = account(client, server)
    await soundcloud.me()
    server.expire()
    found = await asyncio.gather(*(soundcloud.me() for _ in range(20)))
    assert {me.username for me in found} == {"Listener"}
    assert (server.refreshes, server.reuses) == (1, 0)


async def test_a_token_known_to_end_is_refreshed_before_it_is_used(
    client: Client, server: SoundCloudServer
) -> None:
    told = given(server)
    ending = Tokens(told.access_token, told.refresh_token, datetime.now(UTC) + timedelta(seconds=5))
    soundcloud = client(tokens=MemoryTokens(ending))
    await soundcloud.me()
    assert [request.status for request in server.requests] == [200, 200]
    assert server.refreshes == 1


async def test_new_tokens_are_kept_before_they_are_used(
    client: Client, server: SoundCloudServer
) -> None:
    class Watched(MemoryTokens):
        async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
            used = [request.path for request in server.requests if request.status == 200]
            assert used == ["/oauth/token"]
            return await super().save(tokens, instead_of=instead_of)

    store = Watched(given(server))
    server.expire()
    assert (await client(tokens=store).me()).username == "Listener"


async def test_a_refresh_goes_on_though_nobody_waits_for_it_any_longer(
    client: Client, server: SoundCloudServer
) -> None:
    started, go = asyncio.Event(), asyncio.Event()

    class Slow(MemoryTokens):
        async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
            started.set()
            await go.wait()
            return await super().save(tokens, instead_of=instead_of)

    old = given(server)
    store = Slow(old)
    soundcloud = client(tokens=store)
    server.expire()
    call = asyncio.create_task(soundcloud.me())
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    closing = asyncio.create_task(soundcloud.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go.set()
    await closing
    assert store.tokens != old
    assert (await client(tokens=store).me()).username == "Listener"
    assert server.reuses == 0


async def test_a_refresh_token_alone_will_do(client: Client, server: SoundCloudServer) -> None:
    soundcloud = client(refresh_token=given(server).refresh_token)
    assert (await soundcloud.me()).username == "Listener"
    assert server.refreshes == 1


async def test_an_access_token_alone_expires(client: Client, server: SoundCloudServer) -> None:
    soundcloud = client(access_token=server.token_for("listener"))
    server.expire()
    with pytest.raises(Unauthorized):
        await soundcloud.me()
    assert not server.requests_to(*TOKEN_ENDPOINT)


async def test_a_token_refused_right_after_it_was_given_is_not_refreshed_again(
    client: Client, server: SoundCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "YOUNG", 60.0)
    soundcloud = account(client, server)
    server.expire()
    await soundcloud.me()
    server.expire()
    for _ in range(3):
        with pytest.raises(Unauthorized) as caught:
            await soundcloud.me()
        assert not isinstance(caught.value, GrantEnded)
    assert server.refreshes == 1


async def test_an_account_that_was_taken_back_says_so(
    client: Client, server: SoundCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REREADS", (0.0, 0.0))
    soundcloud = account(client, server)
    server.revoke_all("listener")
    with pytest.raises(GrantEnded, match="link it again"):
        await soundcloud.me()


async def test_an_account_that_was_unlinked_says_so(
    client: Client, server: SoundCloudServer
) -> None:
    with pytest.raises(GrantEnded, match="link the account"):
        await client(tokens=MemoryTokens()).me()
    assert not server.requests


async def test_what_cannot_be_refreshed_has_ended_with_its_access_token(
    client: Client, server: SoundCloudServer
) -> None:
    soundcloud = client(tokens=MemoryTokens(Tokens(server.token_for("listener"))))
    assert (await soundcloud.me()).username == "Listener"
    server.expire()
    with pytest.raises(GrantEnded, match="link the account"):
        await soundcloud.me()


async def test_who_lacks_an_application_learns_nothing_of_the_account(
    client: Client, server: SoundCloudServer
) -> None:
    store = MemoryTokens(given(server))
    server.expire()
    with pytest.raises(Unauthorized, match="client_id") as caught:
        await client(tokens=store, client_id=None).me()
    assert not isinstance(caught.value, GrantEnded)
    assert (await client(tokens=store).me()).username == "Listener"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ServerError(), Unreachable),
        (Html403(), Blocked),
        (Hang(), Unreachable),
        (RateLimit(30, group="client-credentials-exchange"), RateLimited),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_a_refresh_that_fails_for_another_reason_loses_nothing(
    client: Client, server: SoundCloudServer, fault: Any, error: type[Exception]
) -> None:
    store = MemoryTokens(given(server))
    soundcloud = client(tokens=store, timeout=0.5)
    server.expire()
    server.fault(*TOKEN_ENDPOINT, fault, times=1)
    with pytest.raises(error):
        await soundcloud.me()
    await soundcloud.close()
    assert (await client(tokens=store).me()).username == "Listener"
    assert server.reuses == 0


async def test_a_wrong_secret_is_no_news_of_the_account(
    client: Client, server: SoundCloudServer
) -> None:
    store = MemoryTokens(given(server))
    server.expire()
    with pytest.raises(SoundCloudOAuthError) as caught:
        await client(tokens=store, client_secret="wrong").me()
    assert caught.value.code == "invalid_client"
    assert (await client(tokens=store).me()).username == "Listener"


async def test_a_lost_answer_is_not_asked_for_twice_in_one_call(
    client: Client, server: SoundCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REREADS", (0.0,))
    soundcloud = account(client, server)
    server.expire()
    server.fault(*TOKEN_ENDPOINT, LostAnswer(), times=1)
    with pytest.raises(Unreachable):
        await soundcloud.me()
    assert len(server.requests_to(*TOKEN_ENDPOINT)) == 1
    with pytest.raises(GrantEnded):  # SoundCloud had spent it: only the person can help now
        await soundcloud.me()


# The application


async def test_the_application_fetches_its_token_once(
    client: Client, server: SoundCloudServer
) -> None:
    kept = MemoryTokens()
    soundcloud, other = client(app_tokens=kept), client(app_tokens=kept)
    await asyncio.gather(*(one.track(293) for one in (soundcloud, other, soundcloud)))
    assert len(server.requests_to(*TOKEN_ENDPOINT)) == 1
    server.expire()
    await asyncio.gather(*(one.track(293) for one in (soundcloud, other, soundcloud)))
    assert (len(server.requests_to(*TOKEN_ENDPOINT)), server.refreshes) == (2, 1)


async def test_the_application_begins_anew_where_its_refresh_token_is_spent(
    client: Client, server: SoundCloudServer
) -> None:
    kept = MemoryTokens(Tokens("stale", "spent"))
    assert (await client(app_tokens=kept).track(293)).title == "Flickermood"
    assert len(server.requests_to(*TOKEN_ENDPOINT)) == 2


async def test_the_application_does_not_ask_for_tokens_while_they_are_limited(
    client: Client, server: SoundCloudServer
) -> None:
    soundcloud = client()
    server.fault(*TOKEN_ENDPOINT, RateLimit(30, group="client-credentials-exchange"))
    for _ in range(3):
        with pytest.raises(RateLimited):
            await soundcloud.track(293)
    assert len(server.requests) == 1
    person = soundcloud.with_token(server.token_for("listener"))
    assert (await person.track(293)).title == "Flickermood"


# Several


async def test_who_comes_late_reads_again(client: Client, server: SoundCloudServer) -> None:
    store = MemoryTokens(given(server))
    one, other = client(tokens=store), client(tokens=store)
    await asyncio.gather(one.me(), other.me())
    for _ in range(3):
        server.expire()
        await asyncio.gather(one.me(), other.me(), one.track(293), other.track(293))
    assert (server.refreshes, server.reuses) == (3, 0)


async def test_what_another_kept_meanwhile_is_used_not_overwritten(
    client: Client, server: SoundCloudServer
) -> None:
    relinked = given(server)

    class Relinked(MemoryTokens):
        async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
            self.tokens = relinked
            return await super().save(tokens, instead_of=instead_of)

    store = Relinked(given(server))
    soundcloud = client(tokens=store)
    assert store.tokens
    server.expire(store.tokens.access_token)
    assert (await soundcloud.me()).username == "Listener"
    assert store.tokens == relinked


async def test_a_spent_refresh_token_is_read_again_before_it_counts_as_lost(
    client: Client, server: SoundCloudServer
) -> None:
    """The other process held no lease, and keeps what it got only after we were refused."""
    old, new = given(server), given(server)

    class Late(MemoryTokens):
        loads = 0

        async def load(self) -> Tokens | None:
            self.loads += 1
            if self.loads == 4:
                self.tokens = new
            return self.tokens

    store = Late(Tokens(old.access_token, "spent by another"))
    server.expire(old.access_token)
    assert (await client(tokens=store).me()).username == "Listener"
    assert store.loads == 4


@asynccontextmanager
async def process(
    shelf: Path, server: SoundCloudServer
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own that acts for the account on the shelf."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soundcloud.shelf", str(shelf), server.url, "4"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert started.stdout
    assert started.stdin
    assert await started.stdout.readline() == b"ready\n"
    try:
        yield started
    finally:
        started.stdin.close()
        await started.wait()


async def test_processes_refreshing_the_same_account_at_once_never_lose_it(
    server: SoundCloudServer, tmp_path: Path
) -> None:
    path = tmp_path / "shelf.db"
    Shelf(path).put(given(server))
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(process(path, server)) for _ in range(3)]
        for round_ in range(1, 9):
            server.expire()
            for one in started:
                assert one.stdin
                one.stdin.write(b"go\n")
            for one in started:
                assert one.stdout
                assert await one.stdout.readline() == b"Listener Listener Listener Listener\n"
            assert (server.refreshes, server.reuses) == (round_, 0)


def test_tokens_do_not_show_themselves() -> None:
    assert "5ecret" not in repr(Tokens("5ecret", "5ecret", None, "scope"))
