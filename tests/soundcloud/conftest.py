"""A SoundCloud on loopback, and clients of it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.soundcloud import Catalogue
from mixbot.soundcloud import SoundCloud
from mixbot.soundcloud import client as client_module

Client = Callable[..., SoundCloud]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(client_module, "PAUSE", (0, 0))


@pytest.fixture
async def server() -> AsyncIterator[SoundCloudServer]:
    """Two people; Forss has 45 tracks, the newest first: `track-45`."""
    catalogue = Catalogue()
    start = datetime(2020, 1, 1, tzinfo=UTC)
    forss = catalogue.add_user("forss", "Forss", city="Berlin")
    catalogue.add_user("listener", "Listener")
    for number in range(1, 46):
        catalogue.add_track(
            forss,
            f"Track {number}",
            created=start + timedelta(days=number),
            genre="Ambient",
            tag_list='Jazz "Broken beat"',
            plays=number,
        )
    flickermood = catalogue.add_track(forss, "Flickermood", created=start, id=293, plays=1000)
    catalogue.add_playlist(forss, "Soulhack", [flickermood], created=start)
    async with SoundCloudServer(catalogue) as server:
        server.register_app("client", "secret")
        yield server


@pytest.fixture
async def client(server: SoundCloudServer) -> AsyncIterator[Client]:
    """Makes clients of the server, and closes them."""
    clients: list[SoundCloud] = []

    def make(**options: object) -> SoundCloud:
        given = {"auth_root": server.auth_url, "client_id": "client", "client_secret": "secret"}
        soundcloud = SoundCloud(server.api_url, **(given | options))  # type: ignore[arg-type]
        clients.append(soundcloud)
        return soundcloud

    yield make
    for soundcloud in clients:
        await soundcloud.close()


@pytest.fixture
def soundcloud(client: Client) -> SoundCloud:
    """A client that acts as the application."""
    return client()


@pytest.fixture
def acting(client: Client, server: SoundCloudServer) -> SoundCloud:
    """A client that acts as `listener`."""
    return client(access_token=server.token_for("listener"))
