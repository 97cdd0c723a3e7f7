"""The server that a newcomer walks into: its people, its channels and what was said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixbot.sandbox.discord import Channel, DiscordServer, User
from mixbot.sandbox.mixcloud import MixcloudServer

RAINY = "upright bass rain"
SITES = (
    "https://www.mixcloud.com",
    "https://mixcloud.com",
    "https://m.mixcloud.com",
    "http://www.mixcloud.com",
    "http://mixcloud.com",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What the chat page shows."""

    discord: DiscordServer
    people: Sequence[User]
    channels: Sequence[Channel]
    hosts: Mapping[str, str]  # addresses outside → where they are found on this machine

    def places(self, person: User) -> list[Channel]:
        """Where `person` can talk."""
        return [*self.channels, person.dm()]

    def person(self, name: str) -> User | None:
        return next((person for person in self.people if person.name == name), None)


async def set_up(discord: DiscordServer, mixcloud: MixcloudServer) -> Scene:
    """Fill the empty `discord` with people, channels and a conversation."""
    guild = discord.guild("Late Night Listeners")
    diggers, general = guild.channel("crate-diggers"), guild.channel("general")
    diggers.topic, general.topic = "Shows worth an hour", "Everything else"
    ada = discord.user("ada", display_name="Ada")
    noor = discord.user("noor", display_name="Noor")
    for person in (ada, noor):
        guild.join(person)
    mixcloud.catalogue.add_user("noor.plays", "Noor", city="Rotterdam", country="Netherlands")
    mixcloud.signed_in = ["ada.w", "noor.plays"]
    hosts = dict.fromkeys(SITES, mixcloud.site_url) | {
        "https://thumbnailer.mixcloud.com": mixcloud.thumbnailer_url,
        "https://player-widget.mixcloud.com/widget/iframe/": mixcloud.player_url,
        "http://i.mixcloud.com": mixcloud.short_url,
        "https://i.mixcloud.com": mixcloud.short_url,
    }
    for site in SITES:
        discord.unfurl(site, mixcloud.site_url)
    show = mixcloud.catalogue.search_shows(RAINY)[0]
    await noor.say(general, "The new headphones are here. Nobody talk to me until Monday 🎧")
    await ada.say(diggers, "Rain all day. Does anybody have an hour for the sofa?")
    await noor.say(diggers, f"With tea, this one: https://www.mixcloud.com{show.key}")
    return Scene(discord, (ada, noor), (diggers, general), hosts)
