from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mixbot.settings import Settings, SettingsError, StoreSettings, is_secret
from mixbot.vault import Vault

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("DISCORD_", "MIXCLOUD_", "SOUNDCLOUD_", "MIXBOT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def problems(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    return str(caught.value).splitlines()


def test_a_token_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "abc")
    settings = Settings.read()
    assert settings.discord_token.get_secret_value() == "abc"
    assert settings.database_url == "sqlite:///mixbot.db"


def test_all_that_is_wrong_is_said_at_once_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = problems(
        monkeypatch,
        MIXCLOUD_CLIENT_ID="id",
        MIXBOT_ENCRYPTION_KEYS="very-secret-but-short",
        MIXBOT_HTTP_PORT="banana",
        MIXBOT_PUBLIC_URL="http://example.org",
        MIXBOT_SHARD_IDS="0,5",
        MIXBOT_SHARD_COUNT="2",
        MIXBOT_LOG_LEVEL="LOUD",
    )
    assert [line.split(":")[0] for line in lines] == [
        "MIXCLOUD_CLIENT_SECRET",
        "MIXBOT_ENCRYPTION_KEYS",
        "DISCORD_TOKEN",
        "MIXBOT_PUBLIC_URL",
        "MIXBOT_HTTP_PORT",
        "MIXBOT_SHARD_IDS",
        "MIXBOT_LOG_LEVEL",
    ]
    assert "very-secret" not in "".join(lines)


@pytest.mark.parametrize("service", ["MIXCLOUD", "SOUNDCLOUD"])
def test_linking_needs_keys(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    values = {
        "DISCORD_TOKEN": "a",
        f"{service}_CLIENT_ID": "b",
        f"{service}_CLIENT_SECRET": "c",
    }
    assert problems(monkeypatch, **values) == [
        "MIXBOT_ENCRYPTION_KEYS: not set, and linking accounts needs it; "
        "`mixbot keys new` prints one"
    ]
    monkeypatch.setenv("MIXBOT_ENCRYPTION_KEYS", f"{Vault.new_key()}, {Vault.new_key()}")
    assert Settings.read().encryption_keys


@pytest.mark.parametrize("service", ["MIXCLOUD", "SOUNDCLOUD"])
@pytest.mark.parametrize("half", ["ID", "SECRET"])
def test_half_a_registration_is_none(
    monkeypatch: pytest.MonkeyPatch, service: str, half: str
) -> None:
    keys = {"DISCORD_TOKEN": "a", "MIXBOT_ENCRYPTION_KEYS": Vault.new_key()}
    assert problems(monkeypatch, **keys, **{f"{service}_CLIENT_{half}": "b"}) == [
        f"{service}_CLIENT_SECRET: goes with {service}_CLIENT_ID: set both, or neither"
    ]


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n", encoding="utf-8")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    assert Settings.read().discord_token.get_secret_value() == "from-a-file"


def test_the_encryption_keys_may_be_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = Vault.new_key()
    (tmp_path / "keys").write_text(f"{key}\n", encoding="utf-8")
    monkeypatch.setenv("MIXBOT_ENCRYPTION_KEYS_FILE", str(tmp_path / "keys"))
    vault = StoreSettings.read().vault
    assert vault
    assert vault.key_ids == Vault.from_keys(key).key_ids


def test_every_secret_may_be_in_a_file() -> None:
    secret = {
        str(field.validation_alias) for field in Settings.model_fields.values() if is_secret(field)
    }
    assert secret == {
        "DISCORD_TOKEN",
        "DISCORD_CLIENT_SECRET",
        "MIXCLOUD_CLIENT_SECRET",
        "SOUNDCLOUD_CLIENT_SECRET",
        "MIXBOT_DATABASE_URL",
        "MIXBOT_ENCRYPTION_KEYS",
    }


def test_the_database_s_address_may_be_in_a_file_as_it_may_hold_a_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("postgresql://mixbot:s3cret@db/mixbot\n", encoding="utf-8")
    monkeypatch.setenv("MIXBOT_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = StoreSettings.read()
    assert settings.database_url == "postgresql://mixbot:s3cret@db/mixbot"
    assert "s3cret" not in repr(settings)


def test_a_secret_s_file_that_is_empty_sets_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing").write_text("\n", encoding="utf-8")
    monkeypatch.setenv("DISCORD_TOKEN", "abc")
    for name in ("DISCORD_CLIENT_SECRET", "MIXBOT_ENCRYPTION_KEYS", "MIXBOT_DATABASE_URL"):
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "nothing"))
    settings = Settings.read()
    assert settings.discord_client_secret is None
    assert settings.vault is None
    assert settings.database_url == "sqlite:///mixbot.db"


def test_the_database_and_its_keys_can_be_read_without_the_bot_s_token() -> None:
    assert StoreSettings.read().database_url == "sqlite:///mixbot.db"


def test_a_secret_s_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = problems(monkeypatch, DISCORD_TOKEN_FILE="nowhere")
    assert lines == ["DISCORD_TOKEN_FILE: the file cannot be read"]


def test_a_dotenv_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=abc\nMIXBOT_HTTP_PORT=9000\n", encoding="utf-8")
    assert Settings.read().http_port == 9000


def test_nothing_that_is_shown_holds_a_secret() -> None:
    settings = Settings(
        discord_token="secret-1", discord_client_secret="secret-2", mixcloud_client_id="x",
        mixcloud_client_secret="secret-3", soundcloud_client_id="y",
        soundcloud_client_secret="secret-4", encryption_keys=Vault.new_key(),
    )  # fmt: skip
    assert "secret-" not in repr(settings) + str(settings)


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE)
    fields = [str(field.validation_alias) for field in Settings.model_fields.values()]
    assert sorted(named) == sorted(fields)


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^#([A-Z_]+)=(.+)$", example, re.MULTILINE))
    for field in Settings.model_fields.values():
        name = str(field.validation_alias)
        if name in shown:
            assert shown[name] in (str(field.default), str(field.default).lower()), name
