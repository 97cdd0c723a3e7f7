"""What operators are given holds: every setting, command, path and port it names is there."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from mixbot.__main__ import cli
from mixbot.settings import Settings, is_secret
from mixbot.store.schema import metadata

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
FIELDS = {str(field.validation_alias): field for field in Settings.model_fields.values()}
SECRETS = {name for name, field in FIELDS.items() if is_secret(field)}
PAGES = ("docs/operating.md", "SECURITY.md", "PRIVACY.md", "README.md", "CONTRIBUTING.md")
OURS = re.compile(r"\b(?:DISCORD|MIXCLOUD|SOUNDCLOUD|MIXBOT)_[A-Z_]+[A-Z]\b")
FOR_TESTS = {"MIXBOT_TEST_POSTGRES", "MIXBOT_ACTIONS", "MIXBOT_FAULTS"}


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("deploy/compose.yml"))
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile: what each line does, and to what."""
    lines = re.sub(r"\\\n", " ", text("deploy/Dockerfile"))
    found = [line.split(None, 1) for line in lines.splitlines() if line and line[0] != "#"]
    return [(word, rest.strip()) for word, rest in found]


def unit() -> list[tuple[str, str]]:
    found = []
    for line in text("deploy/mixbot.service").splitlines():
        if "=" in line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.append((name, value))
    return found


def command_at(words: list[str]) -> Any:
    """The command that `mixbot` followed by `words` runs."""
    command: Any = typer.main.get_command(cli)
    for word in words:
        commands = getattr(command, "commands", None)
        if commands is None or not re.fullmatch(r"[a-z]+", word):
            break
        if word not in commands:
            return None
        command = commands[word]
    return command if getattr(command, "commands", None) is None else None


def is_setting(name: str) -> bool:
    return name in FIELDS or (name.endswith("_FILE") and name.removesuffix("_FILE") in SECRETS)


@pytest.mark.parametrize(
    "path", [*PAGES, "deploy/compose.yml", "deploy/Dockerfile", "deploy/mixbot.service"]
)
def test_every_setting_that_is_named_exists(path: str) -> None:
    unknown = {name for name in OURS.findall(text(path)) if not is_setting(name)}
    assert unknown <= FOR_TESTS


@pytest.mark.parametrize("path", PAGES)
def test_every_command_that_is_named_exists(path: str) -> None:
    page = text(path)
    named = re.findall(r"`mixbot ((?:[a-z]+)(?: [a-z]+)?)", page)
    named += re.findall(
        r"^    .*?(?:^|/| )mixbot ((?:db|keys) [a-z]+|check|sync|run)\b", page, re.M
    )
    assert [command for command in named if command_at(command.split()) is None] == []


@pytest.mark.parametrize("path", PAGES)
def test_every_place_that_is_linked_exists(path: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text(path)):
        file, _, heading = link.partition("#")
        target = (ROOT / path).parent / file if file else ROOT / path
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^-\w]", "", h.lower().replace(" ", "-")) for h in headings}


def test_operators_are_told_of_every_command_of_theirs() -> None:
    guide = text("docs/operating.md")
    for command in ("db backup", "db restore", "db upgrade", "keys new", "keys rotate"):
        assert f"mixbot {command}" in guide


def test_no_registry_is_named() -> None:
    images = [rest for word, rest in instructions() if word == "FROM"]
    images += [rest.partition("=")[2] for word, rest in instructions() if word == "ARG"]
    images += [service["image"] for service in compose()["services"].values()]
    assert [image for image in images if "/" in image or re.match(r"[^ ]*\.[^ ]*/", image)] == []


def test_the_image_is_made_of_what_is_there() -> None:
    taken = text(".dockerignore")
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}\n" in taken


def test_the_image_runs_the_bot_as_nobody_in_particular() -> None:
    last = dict(instructions())
    assert last["USER"].split(":")[0].isdigit()
    assert last["USER"] != "0"
    assert last["STOPSIGNAL"] == "SIGTERM"
    program = ast.literal_eval(last["ENTRYPOINT"]) + ast.literal_eval(last["CMD"])
    assert program[0] == "mixbot"
    assert command_at(program[1:])
    assert last["WORKDIR"] == last["VOLUME"]  # where a relative database ends up
    assert FIELDS["MIXBOT_DATABASE_URL"].default == "sqlite:///mixbot.db"


def test_the_port_is_the_same_everywhere() -> None:
    port = str(FIELDS["MIXBOT_HTTP_PORT"].default)
    last = dict(instructions())
    assert last["EXPOSE"] == port
    assert f"MIXBOT_HTTP_PORT={port}" in text("deploy/Dockerfile")
    assert compose()["services"]["mixbot"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"127.0.0.1:{port}" in text("docs/operating.md")


def test_health_is_asked_where_it_is_answered() -> None:
    [check] = [rest for word, rest in instructions() if word == "HEALTHCHECK"]
    command = ast.literal_eval(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    [path] = re.findall(r"'(/\w+)'", command[2])
    assert f'add_get("{path}"' in text("mixbot/web/app.py")


@pytest.mark.parametrize("name", ["mixbot", "postgres"])
def test_services_may_do_nothing_that_they_need_not(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]
    assert "privileged" not in service


def test_secrets_are_files_in_the_composition() -> None:
    described = compose()
    environment = described["services"]["mixbot"]["environment"]
    assert environment.keys() & SECRETS == set()
    mounted = described["services"]["mixbot"]["secrets"]
    read = {value for name, value in environment.items() if name.endswith("_FILE")}
    assert {f"/run/secrets/{name}" for name in mounted} == read
    assert {f"{name}_FILE" for name in SECRETS} <= environment.keys()
    for service in described["services"].values():
        assert set(service["secrets"]) <= described["secrets"].keys()
    listed = re.search(r"touch secrets/\{([\w,]+)\}", text("docs/operating.md"))
    assert listed
    assert set(listed[1].split(",")) == described["secrets"].keys()
    assert "deploy/secrets/\n" in text(".gitignore")


def test_what_can_be_set_in_the_composition_has_its_default() -> None:
    for name, value in compose()["services"]["mixbot"]["environment"].items():
        given = re.fullmatch(r"\$\{(\w+):-(.*)\}", value)
        if given:
            default = FIELDS[name].default
            assert given[1] == name
            assert given[2] == ("" if default is None else str(default).replace("False", "false"))


def test_networks_and_volumes_are_described() -> None:
    described = compose()
    for service in described["services"].values():
        assert set(service["networks"]) <= described["networks"].keys()
        volumes = {volume.partition(":")[0] for volume in service["volumes"]}
        assert volumes <= described["volumes"].keys()
    assert described["services"]["postgres"]["profiles"] == ["postgres"]
    assert described["services"]["postgres"]["networks"] == ["database"]
    assert described["networks"]["database"]["internal"] is True


def test_the_unit_runs_the_bot_and_gives_it_time_to_stop() -> None:
    lines = dict(unit())
    program, *words = lines["ExecStart"].split()
    assert command_at(words)
    assert lines["TimeoutStopSec"] == "30"
    assert lines["RestartPreventExitStatus"] == "2"
    guide = text("docs/operating.md")
    assert f"python3 -m venv {Path(program).parent.parent}\n" in guide
    assert f"-d -m 755 {lines['WorkingDirectory']}\n" in guide
    assert f"sqlite:////var/lib/{lines['StateDirectory']}/" in guide
    assert lines["User"] != "root"
    for name in ("ProtectSystem", "ProtectHome", "NoNewPrivileges", "CapabilityBoundingSet"):
        assert name in lines


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """With a program and a user that are there, as the unit's come with the installation."""
    lines = re.sub(
        r"^ExecStart=\S+", "ExecStart=/bin/true", text("deploy/mixbot.service"), flags=re.M
    )
    lines = re.sub(r"^(User|Group)=.*", r"\1=root", lines, flags=re.M)
    copy = tmp_path / "mixbot.service"
    copy.write_text(lines, encoding="utf-8")
    shown = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, [line for line in shown.stderr.splitlines() if "mixbot" in line]) == (
        0,
        [],
    )


def test_every_table_is_told_of() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+)$", text("PRIVACY.md"), re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(metadata.tables)
    for name, told in rows:
        assert told.count(" | ") == 3, name  # what, why, until, who sees it


def test_how_long_things_are_kept_is_told_as_it_is() -> None:
    from mixbot.accounts import CODE_LIFETIME, LINK_LIFETIME
    from mixbot.app import LEAVE_SECONDS, TIDY_SECONDS
    from mixbot.store.queries import DRAFTS_KEPT, REPLIES_KEPT, SHARES_KEPT, START_WINDOW
    from mixbot.web.linking import COOKIE_SECONDS

    page = text("PRIVACY.md")
    told = {
        f"{SHARES_KEPT.days} days": "shares",
        f"{DRAFTS_KEPT.total_seconds() / 3600:.0f} hours after": "uploads",
    }
    for words, table in told.items():
        assert words in next(line for line in page.splitlines() if line.startswith(f"| `{table}`"))
    assert REPLIES_KEPT.days == 7  # “seven days”
    assert (LINK_LIFETIME.total_seconds(), CODE_LIFETIME.total_seconds()) == (600, 300)
    assert START_WINDOW.total_seconds() == 600
    assert (TIDY_SECONDS, LEAVE_SECONDS) == (3600, 24 * 3600)  # “within the hour”, “a day after”
    assert COOKIE_SECONDS == 1800  # “half an hour”


def test_forgetting_reaches_every_table_that_the_page_says_it_does() -> None:
    """`Store.forget` goes by `user_id`, so nothing of a person may be under another name."""
    page = text("PRIVACY.md")
    for table in metadata.sorted_tables:
        line = next(line for line in page.splitlines() if line.startswith(f"| `{table.name}`"))
        assert ("user_id" in table.c) == ("Discord id" in line), table.name
