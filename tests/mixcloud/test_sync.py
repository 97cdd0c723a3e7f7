"""The library without `await`."""

import asyncio
import gc
import inspect
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mixbot.mixcloud import (
    Draft,
    Mixcloud,
    MixcloudOAuthSync,
    MixcloudSync,
    NotFound,
    Unreachable,
)
from mixbot.mixcloud import sync as mixcloud
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Hang

pytest_plugins = ["mixbot.sandbox.fixtures"]


@pytest.fixture
def server(mixcloud_server: MixcloudServer) -> MixcloudServer:
    for number in range(1, 46):
        mixcloud_server.catalogue.add_show("juno", f"Show {number}", tags=("Jazz",))
    mixcloud_server.register_app("client", "secret")
    return mixcloud_server


def client(server: MixcloudServer, access_token: str | None = None) -> MixcloudSync:
    return MixcloudSync(
        server.api_url, access_token=access_token, mixcloud_root=server.site_url, timeout=5
    )


def mixcloud_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mixcloud"]


def test_whatever_can_be_awaited_can_be_had_at_once(server: MixcloudServer) -> None:
    with client(server, server.token_for("listener")) as sync:
        show = sync.get("juno/show-1")
        assert show.user.load().username == "juno"
        assert show.favorite().result.success
        assert sync.cloudcast("juno/show-1").favorited
        assert [one.name for one in sync.popular(limit=3)] == ["Show 45", "Show 44", "Show 43"]
        page = sync.search("show", limit=10)
        following = page.next()
        assert following is not None
        assert following[0].key not in {one.key for one in page}
        assert len(list(page.all(most=25))) == 25
        assert len(show.similar()[0].load().description) >= 0
        assert show.user.cloudcasts(limit=2).name
    assert not mixcloud_threads()


def test_uploads_and_edits(server: MixcloudServer, tmp_path: Path) -> None:
    with client(server, server.token_for("listener")) as sync:
        path = tmp_path / "mix.mp3"
        path.write_bytes(b"mp3")
        assert sync.upload(path, "Mix", tags=["House"]).result.success
        with sync.editing("listener/mix") as draft:
            draft.tags.append("Dub")
        assert [tag.name for tag in sync.get("listener/mix").tags] == ["House", "Dub"]


def test_it_has_every_method_of_mixcloud_and_none_has_to_be_awaited() -> None:
    for name, method in inspect.getmembers(Mixcloud, inspect.isfunction):
        if not name.startswith("_"):
            ours = getattr(MixcloudSync, name)
            assert ours is not method, name
            assert not inspect.iscoroutinefunction(ours), name
            assert inspect.getdoc(ours) or not inspect.getdoc(method)


def test_without_a_block_it_works_too_and_is_closed_once_it_is_gone(
    server: MixcloudServer,
) -> None:
    sync = client(server)
    assert sync.get("juno").username == "juno"
    thread = mixcloud_threads()[0]
    del sync
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_it_can_be_closed_and_used_again(server: MixcloudServer) -> None:
    sync = client(server)
    sync.close()
    assert not mixcloud_threads()
    for _ in range(2):
        assert sync.get("juno").username == "juno"
        sync.close()


def test_another_token_shares_the_thread(server: MixcloudServer) -> None:
    with client(server) as sync:
        other = sync.with_token(server.token_for("listener"))
        assert other.me().username == "listener"
        other.close()
        assert sync.get("juno").username == "juno"
        assert len(mixcloud_threads()) == 1


def test_leaving_a_list_early_leaves_nothing_behind(server: MixcloudServer) -> None:
    with client(server) as sync:
        for _ in sync.popular(limit=10).all():
            break
        gc.collect()
        assert sync.get("juno").username == "juno"
    assert not mixcloud_threads()


def test_errors_are_raised_where_the_call_is(server: MixcloudServer) -> None:
    with client(server) as sync:
        with pytest.raises(NotFound):
            sync.get("nobody")
        server.fault("GET", "/juno/", Hang())
        with pytest.raises(Unreachable):
            MixcloudSync(server.api_url, access_token=None, timeout=0.1).get("juno")


async def test_it_works_where_a_loop_runs_and_in_other_threads(server: MixcloudServer) -> None:
    with client(server) as sync:
        assert sync.get("juno").username == "juno"
        names = await asyncio.gather(
            *(asyncio.to_thread(lambda: sync.get("juno/show-1").name) for _ in range(10))
        )
    assert set(names) == {"Show 1"}


PROGRAM = """
import sys
from mixbot.mixcloud import MixcloudSync
mixcloud = MixcloudSync(sys.argv[1], access_token=None)
page = mixcloud.popular(limit=10)
walk = page.all()
next(walk)
print(mixcloud.get("juno").username, flush=True)
"""
WAITING = (
    PROGRAM
    + """
try:
    mixcloud.get("juno/show-1")
except KeyboardInterrupt:
    mixcloud.close()
    print("stopped", flush=True)
"""
)


def program(text: str, server: MixcloudServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", text, server.api_url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_program_that_closes_nothing_ends_without_a_word(server: MixcloudServer) -> None:
    with program(PROGRAM, server) as process:
        assert process.communicate(timeout=30) == ("juno\n", "")
        assert process.returncode == 0


def test_ctrl_c_ends_a_call(server: MixcloudServer) -> None:
    server.fault("GET", "/juno/show-1/", Hang())
    with program(WAITING, server) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "juno\n"
        while not server.requests_to("GET", "/juno/show-1/"):
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("stopped\n", "")


def test_tokens(server: MixcloudServer) -> None:
    redirect_uri = "https://example.com/store-code"
    before = mixcloud_threads()
    for lent in (client(server), None):
        oauth = MixcloudOAuthSync(
            f"{server.site_url}/oauth",
            client_id="client",
            client_secret="secret",
            redirect_uri=redirect_uri,
            mixcloud=lent,
        )
        token = oauth.access_token(server.code_for("listener", "client", redirect_uri))
        with client(server, token) as sync:
            assert sync.me().username == "listener"
        if lent:
            lent.close()
    assert set(mixcloud_threads()) <= set(before)


def test_what_python_mixcloud_calls_things(server: MixcloudServer, tmp_path: Path) -> None:
    oauth = mixcloud.MixcloudOauth(
        f"{server.site_url}/oauth",
        client_id="client",
        client_secret="secret",
        redirect_uri="https://example.com/",
    )
    assert oauth.authorize_url() == oauth.authorization_url
    token = oauth.exchange_token(server.code_for("listener", "client", "https://example.com/"))
    path = tmp_path / "show.yml"
    path.write_text("title: Mix\ntracks: []\n")
    with path.open() as yml:
        draft = mixcloud.Cloudcast.from_yml(yml, None)
    assert draft == Draft(name="Mix", sections=[])
    with mixcloud.Mixcloud(server.api_url, access_token=token) as m, path.open() as mp3:
        assert [show.name for show in m.user("juno").cloudcasts(limit=1, offset=1)]
        assert m.upload(draft, mp3).result.success
        assert m.upload(mixcloud.Cloudcast({"name": "B"}), b"mp3").result.key == "/listener/b/"
