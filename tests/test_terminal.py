"""What DJs do at a terminal: the real program, its output, and what reaches Mixcloud."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from mixbot.mixcloud.netrc import store_token
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Hang, RateLimit
from tests import forked
from tests.forked import Result

pytest_plugins = ["mixbot.sandbox.fixtures"]

SHOW = """title: Perfect Mix
desc: The best
tags: [House, Deep House]
picture: cover.jpg
tracks:
- start: 0:00
  chapter: Intro
- start: 2:54
  artist: Somebody
  track: Some song
"""
MP3 = b"ID3" + bytes(2_000_000)


@dataclass
class Terminal:
    """Somebody with a show in a folder, and a home of their own."""

    mixcloud: MixcloudServer
    folder: Path

    @property
    def netrc(self) -> Path:
        return self.folder / "netrc"

    def environment(self, **values: str) -> dict[str, str]:
        hidden = ("DISCORD_", "MIXCLOUD_", "MIXBOT_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        return clean | {
            "MIXCLOUD_API_URL": self.mixcloud.api_url,
            "MIXCLOUD_SITE_URL": self.mixcloud.site_url,
            "NETRC": str(self.netrc),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "TZ": "UTC",
            **values,
        }

    def start(self, *arguments: str, **values: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "mixbot", *arguments],
            cwd=self.folder,
            env=self.environment(**values),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pipe(self, text: str, *arguments: str) -> Result:
        """Give the program `text` to read."""
        with self.start(*arguments) as process:
            out, err = process.communicate(text)
        return Result(process.returncode, out, err)

    def run(self, *arguments: str, **values: str) -> Result:
        """As `start` and until its end, but at once: what it needs is imported already."""
        environment = self.environment(**values)
        return asyncio.run(forked.run("-m", "mixbot", *arguments, cwd=self.folder, env=environment))


@pytest.fixture
def terminal(mixcloud_server: MixcloudServer, tmp_path: Path) -> Terminal:
    mixcloud_server.register_app("client", "s3cret")
    mixcloud_server.catalogue.add_user("dj", is_pro=True)
    terminal = Terminal(mixcloud_server, tmp_path)
    store_token(mixcloud_server.token_for("dj"), terminal.netrc)
    (tmp_path / "show.yml").write_text(SHOW, encoding="utf-8")
    (tmp_path / "show.mp3").write_bytes(MP3)
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return terminal


# Logging in

CLIENT = {"MIXCLOUD_CLIENT_ID": "client", "MIXCLOUD_CLIENT_SECRET": "s3cret"}


def redirect_uri(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    address = next(line for line in process.stdout if line.startswith("http"))
    return parse_qs(urlsplit(address.strip()).query)["redirect_uri"][0]


def fetch(address: str) -> tuple[int, str]:
    try:
        with urlopen(address) as answer:
            assert "no-store" in answer.headers["Cache-Control"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_login_keeps_the_token_for_its_owners_eyes(terminal: Terminal) -> None:
    terminal.netrc.write_text("machine example.com login a password b\n")
    with terminal.start("login", "--no-browser", **CLIENT) as process:
        back = redirect_uri(process)
        assert back.startswith("http://127.0.0.1:")
        assert fetch(f"{back}x?code=guessed")[0] == 404
        code = terminal.mixcloud.code_for("dj", "client", back)
        status, page = fetch(f"{back}?code={code}")
        out, err = process.communicate()
    assert (status, process.returncode, err) == (200, 0, "")
    assert "Logged in as dj. You can close this page." in page
    assert out == f"Logged in as dj. The token is in {terminal.netrc}.\n"
    assert stat.S_IMODE(terminal.netrc.stat().st_mode) == 0o600
    kept = terminal.netrc.read_text()
    assert "machine mixcloud-api" in kept
    assert kept.endswith("machine example.com login a password b\n")
    assert terminal.run("upload", "show.yml", "show.mp3").code == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("error=access_denied", "Mixcloud gave no access: it was declined, or did not work."),
        ("", "Mixcloud gave no access: it was declined, or did not work."),
        ("code=wrong", "Mixcloud says: "),
    ],
)
def test_a_login_that_was_declined_leaves_all_as_it_was(
    terminal: Terminal, answer: str, said: str
) -> None:
    before = terminal.netrc.read_text()
    with terminal.start("login", "--no-browser", **CLIENT) as process:
        assert fetch(f"{redirect_uri(process)}?{answer}")[0] == 200
        out, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith(said)
    assert "s3cret" not in out + err
    assert terminal.netrc.read_text() == before


def test_a_login_needs_an_application(terminal: Terminal) -> None:
    result = terminal.run("login", "--no-browser")
    assert result.code == 1
    assert "https://www.mixcloud.com/developers/create/" in result.err
    with terminal.start("login", "--no-browser", **CLIENT) as first:
        port = str(urlsplit(redirect_uri(first)).port)
        taken = terminal.run("login", "--no-browser", "--port", port, **CLIENT)
        first.send_signal(signal.SIGINT)
        assert first.wait() == 1
    assert taken.err == f"Port {port} is taken; choose another with --port.\n"


# Tracklists


def test_a_tracklist_is_checked_and_converted(terminal: Terminal) -> None:
    shown = terminal.run("tracklist", "show.yml")
    assert shown.code == 0
    assert re.search(r"2:54 +Somebody +Some song", shown.out)
    assert "2 tracks, nothing wrong with them." in shown.out
    text = terminal.run("tracklist", "show.yml", "--to", "text").out
    assert text == "0:00 Intro\n2:54 Somebody - Some song\n"
    cue = terminal.pipe(text, "tracklist", "-", "--to", "cue").out
    assert 'PERFORMER "Somebody"' in cue
    (terminal.folder / "show.cue").write_text(cue)
    again = terminal.run("tracklist", "show.cue", "--to", "yaml", "--output", "tracks.yml")
    assert (again.code, again.out) == (0, "")
    assert "  start: 2:54\n" not in (written := (terminal.folder / "tracks.yml").read_text())
    assert "- start: 2:54\n" in written


def test_what_is_wrong_with_a_tracklist_is_said_line_by_line(terminal: Terminal) -> None:
    result = terminal.pipe("0:00 A - B\nwhat\n", "tracklist", "-")
    assert (result.code, result.out) == (1, "")
    assert result.err == "line 2: read 'what'; expected a time, or “Artist - Title”\n"
    missing = terminal.run("tracklist", "nowhere.txt")
    assert missing.err == "nowhere.txt cannot be read: No such file or directory\n"
    assert terminal.run("tracklist", "show.yml", "--to", "midi").code == 2


# Uploading


def test_a_show_is_published(terminal: Terminal) -> None:
    result = terminal.run("upload", "show.yml", "show.mp3", "--schedule", "2015-11-21 14:05")
    assert (result.code, result.err) == (0, "")
    assert f"Published: {terminal.mixcloud.site_url}/dj/perfect-mix/\n" in result.out
    upload = terminal.mixcloud.uploads[0]
    assert upload.form.files["mp3"].sha256 == sha256(MP3).hexdigest()
    assert upload.form.files["picture"].size == 4
    assert upload.form.fields["sections-1-start_time"] == "174"
    assert upload.form.fields["publish_date"] == "2015-11-21T14:05:00Z"


def test_a_dry_run_shows_all_and_sends_nothing(terminal: Terminal) -> None:
    result = terminal.run(
        "upload", "show.yml", "show.mp3", "--dry-run", "--unlisted", NETRC="/nowhere"
    )
    assert result.code == 0, result.err
    for said in ("Perfect Mix", "House, Deep House", "show.mp3, 2,000,003 bytes", "Unlisted"):
        assert said in result.out
    assert "Nothing was sent" in result.out
    assert not terminal.mixcloud.requests


def test_what_breaks_the_rules_is_said_before_a_byte_is_sent(terminal: Terminal) -> None:
    (terminal.folder / "show.yml").write_text(f"title: A\ndesc: {'x' * 1001}\ntags: [{'a,' * 6}]\n")
    result = terminal.run("upload", "show.yml", "nowhere.mp3", "--picture", "nowhere.jpg")
    assert result.code == 1
    assert result.err.splitlines() == [
        "description: has 1,001 characters, of 1,000 allowed",
        "tag 6: 'a' is more than the 5 allowed",
        "picture: there is no file nowhere.jpg",
        "audio file: there is no file nowhere.mp3",
    ]
    (terminal.folder / "show.yml").write_text("titel: A\n")
    result = terminal.run("upload", "show.yml", "show.mp3")
    assert result.err.splitlines() == ["line 1: 'titel' is not known; did you mean 'title'?"]
    assert not terminal.mixcloud.requests


def test_what_mixcloud_refuses_is_said_field_by_field(terminal: Terminal) -> None:
    assert terminal.run("upload", "show.yml", "show.mp3").code == 0
    result = terminal.run("upload", "show.yml", "show.mp3")
    assert result.code == 1
    assert result.err.splitlines() == [
        "Mixcloud says: There was a problem with the form you sent.",
        "title: You already have a show with this name.",
    ]


def test_a_rate_limit_and_no_token(terminal: Terminal) -> None:
    terminal.mixcloud.fault("POST", "/upload/", RateLimit(30))
    result = terminal.run("upload", "show.yml", "show.mp3")
    assert (result.code, result.err) == (1, "Mixcloud asks to wait 32 seconds.\n")
    result = terminal.run("upload", "show.yml", "show.mp3", NETRC=os.devnull)
    assert result.err.splitlines()[-1] == "Log in again: mixbot login"


def test_mixcloud_down(terminal: Terminal) -> None:
    result = terminal.run(
        "edit", "dj/mine", "--add-tag", "A", MIXCLOUD_API_URL="http://127.0.0.1:1"
    )
    assert result.code == 1
    assert result.err.startswith("Mixcloud does not answer right now (No answer: ")
    result = terminal.run("upload", "show.yml", "show.mp3", MIXCLOUD_API_URL="http://127.0.0.1:1")
    assert (
        result.err.splitlines()[-1] == "Mixcloud has not got all of it: you can safely try again."
    )


def test_ctrl_c_leaves_nothing(terminal: Terminal) -> None:
    terminal.mixcloud.fault("POST", "/upload/", Hang())
    (terminal.folder / "show.mp3").write_bytes(bytes(30_000_000))
    with terminal.start("upload", "show.yml", "show.mp3") as process:
        while not terminal.mixcloud.requests_to("POST", "/upload/"):
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (1, "Stopped. Mixcloud has nothing of it.\n")
    assert not terminal.mixcloud.uploads


# Editing


def test_an_edit_changes_what_it_is_told_and_nothing_else(terminal: Terminal) -> None:
    show = terminal.mixcloud.catalogue.add_show(
        "dj", "Mine", description="Old", tags=("Jazz", "Dub")
    )
    assert terminal.run("edit", "dj/mine", "--description", "New").code == 0
    assert (show.description, show.tags) == ("New", ("Jazz", "Dub"))
    link = "https://www.mixcloud.com/dj/mine/"
    result = terminal.run("edit", link, "--add-tag", "House", "--remove-tag", "dub")
    assert (result.code, result.err) == (0, "")
    assert show.tags == ("Jazz", "House")
    assert terminal.run("edit", "dj/mine", "--from", "show.yml", "--hide-stats").code == 0
    assert (show.name, show.hidden_stats, len(show.sections)) == ("Perfect Mix", True, 2)
    before = len(terminal.mixcloud.uploads)
    (terminal.folder / "tracks.txt").write_text("0:00 A - B\n")
    dry = terminal.run("edit", "dj/mine", "--tracklist", "tracks.txt", "--dry-run")
    assert "0:00  A       B" in dry.out
    assert len(terminal.mixcloud.uploads) == before


@pytest.mark.parametrize(
    "arguments", [[], ["--tag", "A", "--add-tag", "B"], ["--publish", "maybe"]]
)
def test_an_edit_used_wrongly(terminal: Terminal, arguments: list[str]) -> None:
    assert terminal.run("edit", "dj/mine", *arguments).code == 2
    assert not terminal.mixcloud.requests


def test_an_edit_that_breaks_the_rules(terminal: Terminal) -> None:
    result = terminal.run("edit", "dj/mine", "--unpublish", "--unlisted")
    assert result.code == 1
    assert result.err == "unpublish: at most one of unlisted, publish, unpublish may be chosen\n"
    assert terminal.run("edit", "not a key/..", "--name", "X").code == 1
    assert not terminal.mixcloud.requests
