"""Every setting, read once, from the environment or `.env`; secrets also as `NAME_FILE`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from mixbot.errors import UserError
from mixbot.vault import Vault, WrongKey

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ENV_FILE = ".env"


class SettingsError(UserError):
    """Something that is set is wrong, or something needed is missing: one line for each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))


def _address(*schemes: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"must be an address that starts with {' or '.join(schemes)}://")
        return value

    return check


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _encryption_keys(value: SecretStr) -> SecretStr:
    try:
        Vault.from_keys(value.get_secret_value())
    except WrongKey as error:
        raise ValueError(str(error)) from None
    return value


def _listed(value: object) -> object:
    return value.replace(" ", "").split(",") if isinstance(value, str) else value


Url = Annotated[str, AfterValidator(_address("http", "https")), AfterValidator(_without_slash)]
GatewayUrl = Annotated[str, AfterValidator(_address("ws", "wss")), AfterValidator(_without_slash)]


class _SecretFiles(PydanticBaseSettingsSource):
    """`NAME_FILE` names a file with the secret, as container platforms mount them."""

    def __call__(self) -> dict[str, Any]:
        environment = {**dotenv_values(ENV_FILE), **os.environ}
        found: dict[str, Any] = {}
        for field in self.settings_cls.model_fields.values():
            name = str(field.validation_alias)
            path = environment.get(f"{name}_FILE")
            if path and is_secret(field):
                try:
                    secret = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    raise SettingsError([f"{name}_FILE: the file cannot be read"]) from None
                if secret:  # an empty file is what has to be there where a secret is left out
                    found[name] = secret
        return found

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError("all fields are read at once")


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is, or holds, what nobody else may see."""
    return _mentions(field.annotation, SecretStr) or not field.repr


def _mentions(annotation: Any, wanted: type) -> bool:
    """Whether a type is `wanted`, or made of it: `Annotated[SecretStr, …] | None` is."""
    return annotation is wanted or any(
        _mentions(part, wanted) for part in getattr(annotation, "__args__", ())
    )


class _Settings(BaseSettings):
    """How settings are read; `read()` reads them and explains what is wrong."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
        populate_by_name=True,
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _SecretFiles(settings_cls)

    @classmethod
    def read(cls) -> Self:
        """The settings of this process; raises SettingsError with a line for each problem."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError([cls._line(problem) for problem in error.errors()]) from None

    @classmethod
    def _line(cls, problem: ErrorDetails) -> str:
        name = str(problem["loc"][0])
        if name in cls.model_fields:  # how pydantic names a field whose default is refused
            name = str(cls.model_fields[name].validation_alias)
        missing = problem["type"] == "missing"
        return f"{name}: {'not set' if missing else problem['msg'].removeprefix('Value error, ')}"


class MixcloudSettings(_Settings):
    """What concerns Mixcloud: all that publishing from a terminal needs."""

    mixcloud_client_id: str | None = Field(None, validation_alias="MIXCLOUD_CLIENT_ID")
    mixcloud_client_secret: SecretStr | None = Field(
        None, validation_alias="MIXCLOUD_CLIENT_SECRET"
    )
    mixcloud_api_url: Url = Field("https://api.mixcloud.com", validation_alias="MIXCLOUD_API_URL")
    mixcloud_site_url: Url = Field("https://www.mixcloud.com", validation_alias="MIXCLOUD_SITE_URL")

    @field_validator("mixcloud_client_secret")
    @classmethod
    def _client_is_whole(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if bool(value) != bool(info.data.get("mixcloud_client_id")):
            raise ValueError("goes with MIXCLOUD_CLIENT_ID: set both, or neither")
        return value


class SoundCloudSettings(_Settings):
    """What concerns SoundCloud, which answers nobody who is not registered there."""

    soundcloud_client_id: str | None = Field(None, validation_alias="SOUNDCLOUD_CLIENT_ID")
    soundcloud_client_secret: SecretStr | None = Field(
        None, validation_alias="SOUNDCLOUD_CLIENT_SECRET"
    )
    soundcloud_api_url: Url = Field(
        "https://api.soundcloud.com", validation_alias="SOUNDCLOUD_API_URL"
    )
    soundcloud_auth_url: Url = Field(
        "https://secure.soundcloud.com", validation_alias="SOUNDCLOUD_AUTH_URL"
    )

    @field_validator("soundcloud_client_secret")
    @classmethod
    def _soundcloud_is_whole(
        cls, value: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if bool(value) != bool(info.data.get("soundcloud_client_id")):
            raise ValueError("goes with SOUNDCLOUD_CLIENT_ID: set both, or neither")
        return value


class StoreSettings(_Settings):
    """What concerns the database: all that `mixbot db` and `mixbot keys` need."""

    database_url: str = Field(
        "sqlite:///mixbot.db",
        validation_alias="MIXBOT_DATABASE_URL",
        repr=False,  # it may hold a password
    )
    encryption_keys: Annotated[SecretStr, AfterValidator(_encryption_keys)] | None = Field(
        None, validation_alias="MIXBOT_ENCRYPTION_KEYS"
    )

    @property
    def vault(self) -> Vault | None:
        """What opens and seals with the keys, where there are any."""
        keys = self.encryption_keys
        return Vault.from_keys(keys.get_secret_value()) if keys else None


class Settings(StoreSettings, SoundCloudSettings, MixcloudSettings):
    """Everything that can be set."""

    discord_token: SecretStr = Field(validation_alias="DISCORD_TOKEN")
    discord_client_secret: SecretStr | None = Field(None, validation_alias="DISCORD_CLIENT_SECRET")
    discord_public_key: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", validation_alias="DISCORD_PUBLIC_KEY"
    )
    discord_api_url: Url = Field("https://discord.com/api/v10", validation_alias="DISCORD_API_URL")
    discord_gateway_url: GatewayUrl | None = Field(None, validation_alias="DISCORD_GATEWAY_URL")

    mixcloud_oembed_url: Annotated[str, AfterValidator(_address("http", "https"))] = Field(
        "https://app.mixcloud.com/oembed/", validation_alias="MIXCLOUD_OEMBED_URL"
    )

    public_url: Url = Field("http://localhost:8080", validation_alias="MIXBOT_PUBLIC_URL")
    http_host: str = Field("127.0.0.1", validation_alias="MIXBOT_HTTP_HOST")
    http_port: int = Field(8080, ge=0, le=65535, validation_alias="MIXBOT_HTTP_PORT")

    link_uploads: bool = Field(True, validation_alias="MIXBOT_LINK_UPLOADS")
    message_content: bool = Field(False, validation_alias="MIXBOT_MESSAGE_CONTENT")

    shard_count: int | None = Field(None, ge=1, validation_alias="MIXBOT_SHARD_COUNT")
    shard_ids: Annotated[tuple[int, ...] | None, NoDecode, BeforeValidator(_listed)] = Field(
        None, validation_alias="MIXBOT_SHARD_IDS"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="MIXBOT_LOG_LEVEL"
    )
    log_format: Literal["console", "json"] = Field("console", validation_alias="MIXBOT_LOG_FORMAT")

    @field_validator("public_url")
    @classmethod
    def _public_url_is_safe(cls, value: str) -> str:
        public = urlsplit(value)
        if public.scheme != "https" and public.hostname not in LOOPBACK:
            raise ValueError("must start with https:// unless it is this machine's loopback")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _linking_is_encrypted(
        cls, value: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        registered = ("mixcloud_client_id", "soundcloud_client_id")
        if any(map(info.data.get, registered)) and not value:
            raise ValueError("not set, and linking accounts needs it; `mixbot keys new` prints one")
        return value

    @field_validator("shard_ids")
    @classmethod
    def _shards_exist(
        cls, value: tuple[int, ...] | None, info: ValidationInfo
    ) -> tuple[int, ...] | None:
        count = info.data.get("shard_count") or 0
        if value and not all(0 <= shard_id < count for shard_id in value):
            raise ValueError("each must be smaller than MIXBOT_SHARD_COUNT, which must be set")
        return value
