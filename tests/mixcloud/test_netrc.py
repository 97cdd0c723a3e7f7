"""The token in `.netrc`."""

import logging
import netrc
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixbot.mixcloud import InvalidArgument, Mixcloud, Unauthorized
from mixbot.mixcloud.netrc import netrc_path, store_token, token_from_netrc
from mixbot.sandbox import MixcloudServer
from tests.mixcloud.conftest import Client

OTHERS = """# mine
machine example.com login ada password p#1
machine ftp.example.com
  login "a b"  # machine mixcloud-api password commented
  password "q\\"r"
macdef init
  machine mixcloud-api password in-a-macro

default login anonymous password me
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("machine mixcloud-api\npassword my_token\n", "my_token"),
        ("machine mixcloud-api login x password my_token", "my_token"),
        ("machine a login b password c\nmachine mixcloud-api account d password e\n", "e"),
        ("machine mixcloud-api login x\n", None),
        ("machine example.com password other\n", None),
        ("", None),
    ],
)
def test_a_token_is_found_under_its_machine(path: Path, text: str, token: str | None) -> None:
    write(path, text)
    assert token_from_netrc() == token


def test_no_file_is_no_token(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert token_from_netrc() is None
    assert not caplog.records


@pytest.mark.parametrize("text", ["machine mixcloud-api passwort 5ecret\n", "5ecret", "\0"])
def test_a_file_that_cannot_be_read_is_told_without_what_is_in_it(
    path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, text)
    with caplog.at_level(logging.WARNING):
        assert token_from_netrc() is None
    assert "cannot be read" in caplog.text
    assert "5ecret" not in caplog.text


def test_the_file_is_at_home_unless_it_is_said_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert netrc_path() == tmp_path / ".netrc"


def test_a_token_is_kept_for_its_owners_eyes(path: Path) -> None:
    assert store_token("abc.DEF-123") == path
    assert token_from_netrc() == "abc.DEF-123"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_all_else_stays_as_it_is(path: Path) -> None:
    write(path, f"machine mixcloud-api # old\n  login x\n  password old\n{OTHERS}")
    store_token("first")
    store_token("second")
    assert path.read_text().endswith(OTHERS)
    assert path.read_text().count("mixcloud-api") == OTHERS.count("mixcloud-api") + 1
    assert token_from_netrc() == "second"
    read = netrc.netrc(path)
    assert read.authenticators("ftp.example.com") == ("a b", "", 'q"r')
    assert [path.name for path in path.parent.iterdir()] == ["netrc"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    write(real, OTHERS)
    path.symlink_to(real)
    assert store_token("abc") == real
    assert path.is_symlink()
    assert token_from_netrc() == "abc"


@pytest.mark.parametrize("token", ["", "a b", 'a"b', "a\nmachine evil", "#a", "tökén"])
def test_what_is_no_token_is_not_written(path: Path, token: str) -> None:
    with pytest.raises(InvalidArgument):
        store_token(token)
    assert not path.exists()


WORDS = st.sampled_from(
    ["machine", "default", "macdef", "login", "password", "mixcloud-api", "a", '"b c"', "#", "\n"]
)


@given(st.lists(WORDS).map(" ".join), st.from_regex(r"[A-Za-z0-9]+", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_is_read_back_from_whatever_was_a_file(path: Path, text: str, token: str) -> None:
    write(path, text)
    was_readable = _is_readable(path)
    store_token(token)
    assert not was_readable or token_from_netrc() == token


def _is_readable(path: Path) -> bool:
    try:
        netrc.netrc(path)
    except netrc.NetrcParseError:
        return False
    return True


async def test_a_client_finds_it_without_being_asked(
    client: Client, server: MixcloudServer, path: Path
) -> None:
    store_token(server.token_for("listener"))
    seeking = {"access_token": ...}
    assert (await client(**seeking).me()).username == "listener"
    async with client(**seeking) as mixcloud:
        assert (await mixcloud.user("juno")).is_followed is False
        assert mixcloud.access_token
    with pytest.raises(Unauthorized):
        await client(access_token=None).me()


async def test_it_is_not_sent_in_clear_text(path: Path) -> None:
    store_token("5ecret")
    async with Mixcloud("http://api.mixcloud.invalid") as mixcloud:
        assert mixcloud.access_token is None
    async with Mixcloud("https://api.mixcloud.invalid") as mixcloud:
        assert mixcloud.access_token == "5ecret"
