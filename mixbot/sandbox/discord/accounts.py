"""Who somebody is."""

from __future__ import annotations

from .errors import Json


class Account:
    """A person or a bot, as others see them."""

    def __init__(
        self,
        id: str,
        name: str,
        *,
        display_name: str | None = None,
        locale: str = "en-US",
        bot: bool = False,
    ) -> None:
        self.id = id
        self.name = name
        self.display_name = display_name or name
        self.locale = locale
        self.is_bot = bot

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.id}>"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def local_name(self, named: Json) -> str | None:
        """What a command, option or choice is called in this person's language, if translated."""
        names: Json = named.get("name_localizations") or {}
        return names.get(self.locale)

    def to_json(self) -> Json:
        """Discord's user object."""
        user: Json = {
            "id": self.id,
            "username": self.name,
            "global_name": None if self.is_bot else self.display_name,
            "discriminator": "0001" if self.is_bot else "0",
            "avatar": None,
            "avatar_decoration_data": None,
            "collectibles": None,
            "primary_guild": None,
            "public_flags": 0,
        }
        if self.is_bot:
            user["bot"] = True
        return user
