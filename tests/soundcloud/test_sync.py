"""The same without `await`, and what users of soundcloud-python know."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from mixbot.sandbox import SoundCloudServer
from mixbot.soundcloud import (
    InvalidArgument,
    MemoryTokens,
    NotFound,
    SoundCloud,
    SoundCloudOAuth,
    SoundCloudOAuthSync,
    SoundCloudSync,
    Tokens,
)
from mixbot.soundcloud.sync import Client

pytest_plugins = ["mixbot.sandbox.fixtures"]


@pytest.fixture
def server(soundcloud_server: SoundCloudServer) -> SoundCloudServer:
    soundcloud_server.register_app("client", "secret")
    for number in range(30):
        soundcloud_server.catalogue.add_track("forss", f"Track {number}")
    return soundcloud_server


@pytest.fixture
def soundcloud(server: SoundCloudServer) -> Iterator[SoundCloudSync]:
    with SoundCloudSync(
        server.api_url,
        auth_root=server.auth_url,
        access_token=server.token_for("listener"),
        client_id="client",
        client_secret="secret",
    ) as soundcloud:
        yield soundcloud


@pytest.mark.parametrize(
    ("kind", "sync"), [(SoundCloud, SoundCloudSync), (SoundCloudOAuth, SoundCloudOAuthSync)]
)
def test_it_has_every_method_and_none_has_to_be_awaited(kind: type, sync: type) -> None:
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_") and name != "authorization":  # which asks nobody
            ours = getattr(sync, name)
            assert ours is not method, name
            assert not inspect.iscoroutinefunction(ours), name
            assert inspect.getdoc(ours) or not inspect.getdoc(method)


def test_what_is_asked_is_waited_for(soundcloud: SoundCloudSync, server: SoundCloudServer) -> None:
    track = soundcloud.resolve("https://soundcloud.com/forss/track-1")
    assert track.title == "Track 1"
    track.like()
    assert [one.title for one in soundcloud.me().likes()] == ["Track 1"]
    assert track.comment("Nice", at=3).seconds == 3
    page = soundcloud.search("track", limit=20)
    assert len(list(page.all())) == 30
    following = page.next()
    assert following is not None
    assert len(following) == 10
    assert soundcloud.with_token(server.token_for("forss")).me().username == "forss"
    assert soundcloud.upload(b"ID3", "Mine").title == "Mine"
    with pytest.raises(NotFound):
        soundcloud.track(1)


def test_any_thread_may_ask(soundcloud: SoundCloudSync) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: soundcloud.me().username, range(12)))
    assert set(found) == {"listener"}


def test_the_thread_ends_with_it(server: SoundCloudServer) -> None:
    with SoundCloudSync(server.api_url, access_token=server.token_for("forss")) as soundcloud:
        soundcloud.me()
    assert not [thread for thread in threading.enumerate() if thread.name == "soundcloud"]


def test_tokens_are_refreshed_here_too(server: SoundCloudServer) -> None:
    told = server.tokens_for("listener", "client")
    store = MemoryTokens(Tokens(told["access_token"], told["refresh_token"]))
    server.expire()
    with SoundCloudSync(
        server.api_url,
        auth_root=server.auth_url,
        client_id="client",
        client_secret="secret",
        tokens=store,
    ) as soundcloud:
        assert soundcloud.me().username == "listener"
    assert server.refreshes == 1


def test_consent_without_await(server: SoundCloudServer) -> None:
    oauth = SoundCloudOAuthSync(
        server.auth_url, client_id="client", client_secret="secret", redirect_uri="https://x.tld/"
    )
    started = oauth.authorization()
    code = server.code_for("listener", "client", "https://x.tld/", started.code_verifier)
    tokens = oauth.tokens(code, started.code_verifier)
    assert oauth.refresh(tokens).refresh_token != tokens.refresh_token
    oauth.sign_out(oauth.client_credentials().access_token)


def test_the_client_of_soundcloud_python(server: SoundCloudServer) -> None:
    with Client(
        server.api_url,
        auth_root=server.auth_url,
        client_id="client",
        client_secret="secret",
        redirect_uri="https://x.tld/",
    ) as client:
        assert len(client.get("/tracks", limit=10).collection) == 10
        query = parse_qs(urlsplit(client.authorize_url()).query)
        assert client.authorize_url() == client.authorize_url()
        assert client._attempt is not None
        verifier = client._attempt.code_verifier
        code = server.code_for("listener", "client", query["redirect_uri"][0], verifier)
        token = client.exchange_token(code=code)
        assert client.token == token
        assert client.get("/me").username == "listener"
    with pytest.raises(InvalidArgument, match="password"):
        Client(client_id="client", client_secret="secret", username="me", password="x")
