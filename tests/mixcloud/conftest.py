"""A Mixcloud on loopback, and a client of it."""

from collections.abc import AsyncIterator, Callable

import pytest

from mixbot.mixcloud import Mixcloud
from mixbot.mixcloud import client as client_module
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue

Client = Callable[..., Mixcloud]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr(client_module, "PAUSE", (0, 0))


@pytest.fixture
async def server() -> AsyncIterator[MixcloudServer]:
    """Two hosts; Juno has 45 shows, the newest first: `show-45`."""
    catalogue = Catalogue()
    for number in range(1, 46):
        catalogue.add_show("juno", f"Show {number}", tags=("Jazz", "Broken beat"))
    catalogue.add_show("café", "Bon dimanche à tous", audio_length=3600)
    async with MixcloudServer(catalogue) as server:
        server.register_app("client", "secret")
        yield server


@pytest.fixture
async def client(server: MixcloudServer) -> AsyncIterator[Client]:
    """Makes clients of the server, and closes them."""
    clients: list[Mixcloud] = []

    def make(**options: object) -> Mixcloud:
        roots = {
            "access_token": None,
            "mixcloud_root": server.site_url,
            "oembed_root": server.oembed_url,
            "short_root": server.short_url,
        }
        mixcloud = Mixcloud(server.api_url, **(roots | options))  # type: ignore[arg-type]
        clients.append(mixcloud)
        return mixcloud

    yield make
    for mixcloud in clients:
        await mixcloud.close()


@pytest.fixture
def mixcloud(client: Client) -> Mixcloud:
    return client()


@pytest.fixture
def acting(client: Client, server: MixcloudServer) -> Mixcloud:
    """A client that acts as `listener`."""
    return client(access_token=server.token_for("listener"))
