"""What is shown of a show, a person or a list: a function of the model, without network or state.

A card of SoundCloud looks as one of Mixcloud does, in SoundCloud's colour and with its name.

A card is drawn in one of two ways: as a layout, which reads better, or as an embed, beside which
Discord can preview a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mixbot import soundcloud
from mixbot.languages import _
from mixbot.mixcloud import Cloudcast, Comment, FeedItem, Resource, User
from mixbot.mixcloud.tracklists import written_time
from mixbot.services import NAMES
from mixbot.ui.components import Component, Rows, container, gallery, line, section, text
from mixbot.ui.text import count, duration, escape, inline, isolate, linked, plain, when

BRAND, ORANGE = 0x5000FF, 0xFF5500
LAYOUT = 1 << 15  # a bit of a message's flags
LINE_LIMIT = 90  # characters of a link in a page of names, of which 20 must fit into 4000
TITLE_LIMIT = 512  # characters of a link that is written into a layout's text
PICTURES = re.compile(r"https://(?:[\w-]+\.)*(?:mixcloud|sndcdn)\.com/")
TAGS_SHOWN, TRACKS_SHOWN = 5, 15  # of SoundCloud, which limits neither
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
        title = linked(title, card.url)
    head = f"### {title}"
    if card.host:
        host = card.host
        if card.host_url and len(card.host_url) <= TITLE_LIMIT:
            host = linked(host, card.host_url)
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
    facts = _facts(
        user,
        (_("Shows"), "cloudcast_count"),
        (_("Followers"), "follower_count"),
        (_("Following"), "following_count"),
        (_("Favorites"), "favorite_count"),
    )
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


def track(
    track: soundcloud.Track | soundcloud.Playlist, *, large: bool = True, small: str = ""
) -> Card:
    """The card of a track or a playlist of SoundCloud; `large` as in `show`."""
    facts = []
    if milliseconds := track.data.get("duration"):  # not all that is promised is always there
        facts.append((_("Length"), duration(milliseconds // 1000)))
    notes = [_("Playlist on SoundCloud")]
    if isinstance(track, soundcloud.Playlist):
        facts.append((_("Tracks"), count(track.track_count or 0)))
        facts.append((_("Likes"), count(track.likes_count or 0)))
    else:
        notes = ["SoundCloud", track.genre or ""]
        if track.playback_count is None:
            facts.append((_("Plays and likes"), _("hidden")))
        else:
            facts.append((_("Plays"), count(track.playback_count)))
            facts.append((_("Likes"), count(track.favoritings_count or 0)))
            if large:
                facts.append((_("Reposts"), count(track.reposts_count or 0)))
        notes += track.tags[:TAGS_SHOWN]
        if track.access == "preview":
            notes.insert(1, _("In full for subscribers of SoundCloud Go+ only"))
    if track.data.get("created_at"):
        facts.append((_("Published"), when(track["created_at"])))
    user = track.user
    size = "t500x500" if large else "t300x300"
    line = " · ".join(inline(note, 60) for note in notes if note.strip())
    return Card(
        title=_name(track, 256),
        url=_link(track.url or ""),
        host=_name(user, 100),
        host_url=_link(user.url or ""),
        host_picture=_of_site(user.picture("t300x300")),
        facts=facts,
        text=_about(track) if large else "",
        small="\n-# ".join(filter(None, (line, small))),
        picture=_of_site(_cover(track, size)) or _of_site(user.picture(size)),
        alt=_("Artwork of {name}", name=plain(track.title, 200)),
        large=large,
        colour=ORANGE,
    )


def _cover(track: soundcloud.Track | soundcloud.Playlist, size: str) -> str | None:
    """Its artwork; a playlist without one has that of its first track, as on SoundCloud's site."""
    first = track.tracks[:1] if isinstance(track, soundcloud.Playlist) and track.tracks else []
    found = (one.artwork(size) for one in (track, *first))
    return next(filter(None, found), None)


def _about(track: soundcloud.Track | soundcloud.Playlist) -> str:
    """What its owner says of it, and what is in a playlist."""
    said = escape(track.description or "", 400)
    if not isinstance(track, soundcloud.Playlist) or not track.tracks:
        return said
    # Of the later ones of a long playlist SoundCloud tells nothing but the number.
    known = [one for one in track.tracks if one.get("title")][:TRACKS_SHOWN]
    lines = [f"{number}. {_line(one)}" for number, one in enumerate(known, 1)]
    return "\n".join(filter(None, (said, *lines)))


def artist(user: soundcloud.User) -> Card:
    """The card of somebody at SoundCloud."""
    facts = _facts(
        user,
        (_("Tracks"), "track_count"),
        (_("Followers"), "followers_count"),
        (_("Following"), "followings_count"),
        (_("Likes"), "public_favorites_count"),
    )
    return Card(
        title=_name(user, 256),
        url=_link(user.url or ""),
        facts=facts,
        text=escape(user.description or "", 500),
        small="SoundCloud",
        picture=_of_site(user.picture("t300x300")),
        alt=_("Picture of {name}", name=plain(user.username, 200)),
        colour=ORANGE,
    )


def _facts(user: User | soundcloud.User, *counted: tuple[str, str]) -> list[tuple[str, str]]:
    """What is `counted` of somebody (name, field), as far as it is told, and where they are."""
    facts = [(name, count(user[field])) for name, field in counted if user.get(field) is not None]
    place = ", ".join(part for part in (user.get("city"), user.get("country")) if part)
    return [*facts, (_("Place"), inline(place, 100))] if place else facts


def names(found: Iterable[Any], title: str, *, small: str = "") -> Card:
    """A page of people, tags or playlists, a line each."""
    found = list(found)
    lines = "\n".join(_line(one) for one in found)
    ours = not any(isinstance(one, soundcloud.Resource) for one in found)
    return Card(title=escape(title, 256), text=lines, small=small, colour=BRAND if ours else ORANGE)


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


def untold(at: int, provider: str) -> str:
    """That nobody tells what is played `at` so many seconds."""
    return _(
        "{service} does not tell what is played at {moment}.",
        service=NAMES[provider],
        moment=written_time(at),
    )


def _line(one: Resource | soundcloud.Resource) -> str:
    name, url = _name(one, 60), one.url or ""
    return linked(name, url) if _link(url) and len(url) <= LINE_LIMIT else name


def _name(one: Resource | soundcloud.Resource, limit: int) -> str:
    """The name, or the key of something whose name is blank: Discord refuses an empty title."""
    if isinstance(one, soundcloud.Resource):
        return inline(named(one), limit) or escape(one.urn, limit)
    return inline(one.name, limit) or escape(one.key, limit)


def named(one: soundcloud.Resource) -> str:
    """What SoundCloud calls a track, a playlist or a person."""
    return one.get("title") or one.get("username") or ""


def _link(url: str) -> str | None:
    return url if len(url) <= URL_LIMIT and url.startswith("https://") else None


def _picture(pictured: Cloudcast | User, size: str) -> str | None:
    """A picture of Mixcloud's own; one from anywhere else would tell its owner who looks."""
    return _of_site(pictured.picture(size))


def _of_site(url: str | None) -> str | None:
    return url if url and _link(url) and PICTURES.match(url) else None
