"""What is shown of a show, a person or a list: a function of the model, without network or state.

A card is drawn in one of two ways: as a layout, which reads better, or as an embed, beside which
Discord can preview a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mixbot.languages import _
from mixbot.mixcloud import Cloudcast, Comment, FeedItem, Resource, User
from mixbot.mixcloud.tracklists import written_time
from mixbot.ui.components import Component, Rows, container, gallery, line, section, text
from mixbot.ui.text import count, duration, escape, inline, isolate, plain, when

BRAND = 0x5000FF
LAYOUT = 1 << 15  # a bit of a message's flags
LINE_LIMIT = 90  # characters of a link in a page of names, of which 20 must fit into 4000
TITLE_LIMIT = 512  # characters of a link that is written into a layout's text
PICTURES = re.compile(r"https://(?:[\w-]+\.)*mixcloud\.com/")
URL_LIMIT = 2048  # characters; Discord refuses an embed with a longer link


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, already cut, escaped and translated."""

    title: str
    url: str | None = None
    host: str = ""
    host_url: str | None = None
    host_picture: str | None = None
    facts: Sequence[tuple[str, str]] = ()
    text: str = ""
    small: str = ""
    picture: str | None = None
    alt: str = ""
    large: bool = False
    colour: int = BRAND


def as_layout(card: Card, rows: Rows = ()) -> Component:
    """`card` and its buttons in a frame of its colour: components v2."""
    return {"flags": LAYOUT, "components": [framed(card, rows)]}


def framed(card: Card, rows: Rows = ()) -> Component:
    """The frame alone, of which a message may have several."""
    title = card.title
    if card.url and len(card.url) <= TITLE_LIMIT:
        title = f"[{title}]({card.url})"
    head = f"### {title}"
    if card.host:
        host = card.host
        if card.host_url and len(card.host_url) <= TITLE_LIMIT:
            host = f"[{host}]({card.host_url})"
        head += "\n" + _("by {host}", host=host)
    texts = [head]
    if card.facts:
        texts.append(" · ".join(f"{name} **{value}**" for name, value in card.facts))
    parts: list[Component]
    beside = card.host_picture if card.large else card.picture
    if beside:
        alt = _("Picture of {name}", name=card.host) if card.large else card.alt
        parts = [section(texts, beside, alt)]
    else:
        parts = [text("\n".join(texts))]
    if card.text:
        parts.append(text(card.text))
    if card.small:
        parts.append(text(f"-# {card.small}"))
    if card.large and card.picture:
        parts.append(gallery(card.picture, card.alt))
    if rows:
        parts += [line(), *rows]
    return container(parts, card.colour)


def as_embed(card: Card, rows: Rows = ()) -> Component:
    """`card` as an embed, with the address of its page, which Discord can preview."""
    embed: dict[str, Any] = {
        "type": "rich",
        "title": card.title,
        "description": card.text,
        "color": card.colour,
        "fields": [{"name": name, "value": value, "inline": True} for name, value in card.facts],
    }
    if card.url:
        embed["url"] = card.url
    if card.host:
        embed["author"] = {
            "name": plain(card.host.replace("\\", ""), 256),
            "url": card.host_url,
            "icon_url": card.host_picture,
        }
    if card.picture:
        embed["image" if card.large else "thumbnail"] = {"url": card.picture}
    if card.small:
        embed["footer"] = {"text": card.small.replace("\\", "")}
    return {"content": card.url or "", "embeds": [embed], "components": list(rows)}


def show(show: Cloudcast, *, large: bool = True, small: str = "") -> Card:
    """The card of a show; `large` puts the artwork below the text instead of beside it."""
    facts = []
    if show.seconds:
        facts.append((_("Length"), duration(show.seconds)))
    plays = show.play_count
    if plays is None:
        facts.append((_("Plays and favorites"), _("hidden")))
    else:
        facts += [(_("Plays"), count(plays)), (_("Favorites"), count(show.favorite_count or 0))]
        if large:
            facts.append((_("Reposts"), count(show.repost_count or 0)))
    facts.append((_("Published"), when(show.created_time)))
    tags = " · ".join(_name(tag, 60) for tag in show.tags)
    notes = [tags, small]
    if show.is_exclusive:
        notes.insert(0, _("For subscribers of the host only"))
    title = _name(show, 256)
    return Card(
        title=title,
        url=_link(show.url),
        host=inline(show.user.name, 100) or escape(show.user.key, 100),
        host_url=_link(show.user.url),
        host_picture=_picture(show.user, "medium"),
        facts=facts,
        text=escape(show.get("description") or "", 400) if large else "",
        small="\n-# ".join(filter(None, notes)),
        picture=_picture(show, "640x640" if large else "320x320"),
        alt=_("Artwork of {name}", name=plain(show.name, 200)),
        large=large,
        colour=BRAND if show.color is None else show.color,
    )


def person(user: User) -> Card:
    """The card of a host or listener; a partial user has only a name and a picture."""
    facts = [
        (name, count(user[field]))
        for name, field in (
            (_("Shows"), "cloudcast_count"),
            (_("Followers"), "follower_count"),
            (_("Following"), "following_count"),
            (_("Favorites"), "favorite_count"),
        )
        if user.get(field) is not None
    ]
    place = ", ".join(part for part in (user.get("city"), user.get("country")) if part)
    if place:
        facts.append((_("Place"), inline(place, 100)))
    notes = [
        name
        for name, has in (("Mixcloud Pro", user.is_pro), ("Mixcloud Premium", user.is_premium))
        if has
    ]
    return Card(
        title=_name(user, 256),
        url=_link(user.url),
        facts=facts,
        text=escape(user.get("biog") or "", 500),
        small=" · ".join(notes),
        picture=_picture(user, "320x320"),
        alt=_("Picture of {name}", name=plain(user.name, 200)),
        colour=BRAND if user.color is None else user.color,
    )


def names(found: Iterable[Resource], title: str, *, small: str = "") -> Card:
    """A page of people, tags or playlists, a line each."""
    lines = "\n".join(_line(one) for one in found)
    return Card(title=escape(title, 256), text=lines, small=small)


def comments(found: Iterable[Comment], title: str, *, small: str = "") -> Card:
    """A page of comments."""
    said = [
        f"{_line(one.user)} {when(one.submit_date, 'R')}\n"
        f"> {isolate(escape(' '.join(one.comment.split()), 200))}"
        for one in found
    ]
    return Card(title=escape(title, 256), text="\n".join(said), small=small)


def feed(items: Iterable[FeedItem], title: str, *, small: str = "") -> Card:
    """A page of what people have been up to. What is not known of is passed over."""
    lines = [f"{said} {when(item.created_time, 'R')}" for item in items if (said := _deed(item))]
    return Card(
        title=escape(title, 256),
        text="\n".join(lines) or _("Nothing that I know how to show."),
        small=small,
    )


def _deed(item: FeedItem) -> str | None:
    """What somebody did, as a sentence; None for what is not known of."""
    subjects: Sequence[Resource] = item.cloudcasts or item.users or ()
    if not subjects:
        return None
    who, what = _line(item.by), _line(subjects[0])
    match item.type:
        case "upload":
            return _("{who} uploaded {what}", who=who, what=what)
        case "favorite":
            return _("{who} added {what} to their favorites", who=who, what=what)
        case "listen":
            return _("{who} listened to {what}", who=who, what=what)
        case "repost":
            return _("{who} reposted {what}", who=who, what=what)
        case "comment":
            return _("{who} commented on {what}", who=who, what=what)
        case "follow":
            return _("{who} follows {what} now", who=who, what=what)
    return None


def tracklist(show: Cloudcast, page: int, *, per_page: int) -> Card:
    """A page of what is played in a show, and when."""
    tracks = show.tracklist
    first = page * per_page
    lines = []
    for number, track in enumerate(tracks[first : first + per_page], first):
        start = "" if track.start_time is None else f"`{written_time(track.start_time)}` "
        lines.append(f"{start}{track_name(show, number)}")
    pages = -(-len(tracks) // per_page)
    return Card(
        title=_name(show, 200),
        url=_link(show.url),
        host=inline(show.user.name, 100),
        host_url=_link(show.user.url),
        text="\n".join(lines),
        small=_("Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else "",
        picture=_picture(show, "320x320"),
        alt=_("Artwork of {name}", name=plain(show.name, 200)),
        colour=BRAND if show.color is None else show.color,
    )


def track_name(show: Cloudcast, number: int) -> str:
    """A track as “Artist – Song”, or the title of a chapter."""
    track = show.tracklist[number]
    if track.chapter:
        return inline(track.chapter, 100)
    known = [inline(part, 60) for part in (track.artist, track.song) if part]
    return " – ".join(known) or _("Track {number}", number=number + 1)


def _line(one: Resource) -> str:
    name = _name(one, 60)
    return f"[{name}]({one.url})" if _link(one.url) and len(one.url) <= LINE_LIMIT else name


def _name(one: Resource, limit: int) -> str:
    """The name, or the key of something whose name is blank: Discord refuses an empty title."""
    return inline(one.name, limit) or escape(one.key, limit)


def _link(url: str) -> str | None:
    return url if len(url) <= URL_LIMIT and url.startswith("https://") else None


def _picture(pictured: Cloudcast | User, size: str) -> str | None:
    """A picture of Mixcloud's own; one from anywhere else would tell its owner who looks."""
    url = pictured.picture(size)
    return url if url and _link(url) and PICTURES.match(url) else None
