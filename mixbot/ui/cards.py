"""A show, a person or a tag as an embed: a function of the model, without network or state."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import discord

from mixbot.mixcloud import Cloudcast, Resource, User
from mixbot.ui.text import count, duration, escape, inline, plain, when

BRAND = discord.Colour(0x5000FF)
LINE_LIMIT = 120  # characters of a link in a page of names, of which 20 must fit into 4096
URL_LIMIT = 2048  # characters; Discord refuses an embed with a longer link


def show(show: Cloudcast, *, large: bool = True) -> discord.Embed:
    """The card of a show; `large` puts the artwork below the text instead of beside it."""
    embed = discord.Embed(
        title=_name(show, 256),
        url=_link(show.url),
        description=escape(show.get("description") or "", 300) or None,
        colour=BRAND if show.color is None else discord.Colour(show.color),
    )
    embed.set_author(
        name=plain(show.user.name, 256) or show.user.key[:256],
        url=_link(show.user.url),
        icon_url=_picture(show.user, "medium"),
    )
    if show.seconds:
        embed.add_field(name="Length", value=duration(show.seconds))
    embed.add_field(name="Plays", value=count(show.play_count))
    embed.add_field(name="Favorites", value=count(show.favorite_count))
    if tags := [_name(tag, 60) for tag in show.tags]:
        embed.add_field(name="Tags", value=" · ".join(tags))
    embed.add_field(name="Published", value=when(show.created_time))
    if large:
        embed.set_image(url=_picture(show, "640x640"))
    else:
        embed.set_thumbnail(url=_picture(show, "320x320"))
    return embed


def person(user: User) -> discord.Embed:
    """The card of a host or listener; a partial user has only a name and a picture."""
    place = ", ".join(part for part in (user.get("city"), user.get("country")) if part)
    embed = discord.Embed(
        title=_name(user, 256),
        url=_link(user.url),
        description=escape(user.get("biog") or "", 500) or None,
        colour=BRAND if user.color is None else discord.Colour(user.color),
    )
    embed.set_thumbnail(url=_picture(user, "320x320"))
    for name, field in (
        ("Shows", "cloudcast_count"),
        ("Followers", "follower_count"),
        ("Following", "following_count"),
    ):
        if user.get(field) is not None:
            embed.add_field(name=name, value=count(user[field]))
    if place:
        embed.add_field(name="Place", value=inline(place, 100))
    return embed


def names(found: Sequence[Resource], title: str) -> discord.Embed:
    """A page of people or tags, a line each."""
    lines = [_line(one) for one in found]
    return discord.Embed(title=escape(title, 256), description="\n".join(lines), colour=BRAND)


def _line(one: Resource) -> str:
    name = _name(one, 60)
    return f"[{name}]({one.url})" if _link(one.url) and len(one.url) <= LINE_LIMIT else name


def _name(one: Resource, limit: int) -> str:
    """The name, or the key of something whose name is blank: Discord refuses an empty title."""
    return inline(one.name, limit) or escape(one.key, limit)


def _link(url: str) -> str | None:
    return url if len(url) <= URL_LIMIT and urlsplit(url).scheme == "https" else None


def _picture(pictured: Cloudcast | User, size: str) -> str | None:
    """A picture of Mixcloud's own; one from anywhere else would tell its owner who looks."""
    url = pictured.picture(size)
    if not url or not _link(url):
        return None
    host = urlsplit(url).hostname or ""
    return url if host == "mixcloud.com" or host.endswith(".mixcloud.com") else None
