"""The server that a newcomer walks into: its people, its channels and what was said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mixbot.sandbox.discord import Channel, DiscordServer, Guild, Permission, User
from mixbot.sandbox.discord.kinds import ChannelKind
from mixbot.sandbox.mixcloud import MixcloudServer
from mixbot.sandbox.soundcloud import SoundCloudServer
from mixbot.sandbox.soundcloud.render import PICTURES, page_of

RAINY = "upright bass rain"
KETTLE = "Kettle, Window, Rain"
SITES = (
    "https://www.mixcloud.com",
    "https://mixcloud.com",
    "https://m.mixcloud.com",
    "http://www.mixcloud.com",
    "http://mixcloud.com",
)
SOUNDCLOUD_SITES = (
    "https://soundcloud.com",
    "https://www.soundcloud.com",
    "https://m.soundcloud.com",
    "http://soundcloud.com",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What the chat page shows."""

    discord: DiscordServer
    people: Sequence[User]
    guild: Guild
    channels: Sequence[Channel]
    group: Channel
    hosts: Mapping[str, str]  # addresses outside → where they are found on this machine

    def places(self, person: User) -> list[Channel]:
        """Where `person` can talk."""
        seen = [channel for channel in self.guild.channels.values() if channel.sees(person)]
        return [*seen, person.dm(), self.group]

    def person(self, name: str) -> User | None:
        return next((person for person in self.people if person.name == name), None)


async def set_up(
    discord: DiscordServer, mixcloud: MixcloudServer, soundcloud: SoundCloudServer
) -> Scene:
    """Fill the empty `discord` with people, channels and a conversation."""
    guild = discord.guild("Late Night Listeners")
    diggers, general = guild.channel("crate-diggers"), guild.channel("general")
    diggers.topic, general.topic = "Shows worth an hour", "Everything else"
    news = guild.channel("news", type=ChannelKind.ANNOUNCEMENT)
    requests = guild.channel("mix-requests", type=ChannelKind.FORUM)
    news.topic, requests.topic = "What is new on the decks", "Ask for a mix; one post each"
    guild.allow(discord.bot, Permission.MANAGE_MESSAGES)
    ada = discord.user("ada", display_name="Ada").install()
    noor = discord.user("noor", display_name="Noor").install()
    guild.join(ada, permissions=Permission.MANAGE_GUILD)
    guild.join(noor)
    news.deny(guild.everyone, Permission.SEND_MESSAGES)
    news.allow(ada, Permission.SEND_MESSAGES)
    group = discord.group_dm(ada, noor, name="Sofa sessions")
    mixcloud.catalogue.add_user("noor.plays", "Noor", city="Rotterdam", country="Netherlands")
    mixcloud.signed_in = ["ada.w", "noor.plays"]
    soundcloud.catalogue.add_user("noor-plays", "Noor", city="Rotterdam", country="Netherlands")
    soundcloud.signed_in = ["ada-w", "noor-plays"]
    sites = dict.fromkeys(SITES, mixcloud.site_url)
    sites |= dict.fromkeys(SOUNDCLOUD_SITES, soundcloud.site_url)
    hosts = sites | {
        "https://thumbnailer.mixcloud.com": mixcloud.thumbnailer_url,
        "https://player-widget.mixcloud.com/widget/iframe/": mixcloud.player_url,
        "http://i.mixcloud.com": mixcloud.short_url,
        "https://i.mixcloud.com": mixcloud.short_url,
        PICTURES: soundcloud.pictures_url,
    }
    for site, here in sites.items():
        discord.unfurl(site, here)
    show = mixcloud.catalogue.search_shows(RAINY)[0]
    tracks = soundcloud.catalogue.tracks.values()
    kettle = next(track for track in tracks if track.title == KETTLE)
    await noor.say(general, "The new headphones are here. Nobody talk to me until Monday 🎧")
    rain = f"Rain all day, and this over and over: {page_of(kettle)}"
    await ada.say(diggers, f"{rain}\nDoes anybody have an hour for the sofa?")
    await noor.say(diggers, f"With tea, this one: https://www.mixcloud.com{show.key}")
    await ada.say(news, "The listening party is on Friday at nine. Bring a mix you love.")
    thread = diggers.thread("Friday's listening party")
    await noor.say(thread, "Mixes for Friday in here, please.")
    requests.post(noor, "Something for the night bus", "Forty minutes, no vocals. What fits?")
    await noor.say(group, "Sofa is booked. Ada picks the first mix.")
    return Scene(discord, (ada, noor), guild, (diggers, general), group, hosts)
