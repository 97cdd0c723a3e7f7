"""Messages: how a request body becomes one, who sees it, whom it pings, what is on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixbot.sandbox.waiting import Watched

from .errors import ClientRefused, Json, attachment_not_found
from .files import File, describe
from .ids import now
from .kinds import SELECTS, ComponentKind, Flag, MessageKind
from .permissions import Permission

if TYPE_CHECKING:
    from .accounts import Account
    from .people import User
    from .places import Channel
    from .world import World

KEPT_FLAGS = Flag.SUPPRESS_EMBEDS | Flag.COMPONENTS_V2 | Flag.NO_NOTIFICATION
EVERYONE = re.compile(r"@(everyone|here)")
USER_MENTION = re.compile(r"<@!?(\d+)>")
ROLE_MENTION = re.compile(r"<@&(\d+)>")


@dataclass(frozen=True, slots=True)
class Button:
    """A button as its reader sees it; link buttons have a `url` and no `custom_id`."""

    label: str
    custom_id: str | None
    url: str | None
    disabled: bool
    style: int

    @classmethod
    def of(cls, component: Json) -> Button:
        emoji = (component.get("emoji") or {}).get("name") or ""
        return cls(
            label=f"{emoji} {component.get('label') or ''}".strip(),
            custom_id=component.get("custom_id"),
            url=component.get("url"),
            disabled=bool(component.get("disabled")),
            style=component["style"],
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as its reader sees it, or hears of it: `alt` is its description, if it has one."""

    url: str
    alt: str | None


class Message(Watched, Mapping[str, Any]):
    """A message, always as it is now: `message["content"]`, `message["embeds"]` …

    The keys are those of Discord's message object; `raw` is that object.
    """

    def __init__(
        self,
        world: World,
        channel: Channel,
        author: Account,
        raw: Json,
        *,
        only_for: User | None = None,
    ) -> None:
        super().__init__()
        self._world = world
        self.channel = channel
        self.author = author
        self.raw = raw
        self.only_for = only_for
        self.deleted = False
        self.pings: frozenset[str] = frozenset()
        self.uploads: dict[str, Json] = {}  # all files by name, those in embeds included

    def __getitem__(self, key: str) -> Any:
        return self.raw[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        state = "deleted " if self.deleted else "thinking " if self.thinking else ""
        return f"<{state}Message {self.id} by {self.author.name}: {self.text[:300]!r}>"

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def content(self) -> str:
        return str(self.raw["content"])

    @property
    def embeds(self) -> list[Json]:
        embeds: list[Json] = self.raw["embeds"]
        return embeds

    @property
    def flags(self) -> int:
        return int(self.raw["flags"])

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & Flag.EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """Whether it still says “mixbot is thinking…”."""
        return bool(self.flags & Flag.LOADING)

    @property
    def components(self) -> Iterator[Json]:
        """Every component on it, in reading order, however deep."""
        return walk(self.raw["components"])

    @property
    def buttons(self) -> list[Button]:
        """Its buttons, as they are read."""
        return [Button.of(c) for c in self.components if c["type"] == ComponentKind.BUTTON]

    @property
    def menus(self) -> list[Json]:
        """Its select menus: `custom_id`, `placeholder`, `options` (`label`, `value`) …"""
        return [c for c in self.components if c["type"] in SELECTS]

    @property
    def pictures(self) -> list[Picture]:
        """The pictures of its embeds, thumbnails and galleries, in reading order."""
        shown: list[tuple[Json, Json]] = []
        for embed in self.embeds:
            parts = [embed[name] for name in ("thumbnail", "image") if name in embed]
            shown += [(part, part) for part in parts]
        for component in self.components:
            media = [component] if component["type"] == ComponentKind.THUMBNAIL else []
            shown += [(item["media"], item) for item in [*media, *component.get("items", ())]]
        return [Picture(media["url"], about.get("description")) for media, about in shown]

    @property
    def attachments(self) -> list[Json]:
        """Its files, but for those that an embed or a component shows: `filename`, `url` …"""
        attachments: list[Json] = self.raw["attachments"]
        return attachments

    def file(self, filename: str) -> File:
        """The file of this name, wherever it shows, with its bytes as `data`; or ClientRefused."""
        if filename in self.uploads:
            return self._world.files[self.uploads[filename]["id"]]
        raise ClientRefused(f"There is no file {filename!r}; there are: {list(self.uploads)}")

    @property
    def answered(self) -> Message | None:
        """The message that this one replies to, if it is still there."""
        reference = self.raw.get("message_reference") or {}
        return self.channel.messages.get(str(reference.get("message_id")))

    @property
    def text(self) -> str:
        """Everything that can be read on it, line by line: content, embeds, buttons, menus."""
        lines = [self.content]
        for embed in self.embeds:
            lines.append((embed.get("author") or {}).get("name", ""))
            lines += [embed.get("title", ""), embed.get("description", "")]
            for field in embed.get("fields", ()):
                lines += [field["name"], field["value"]]
            lines.append((embed.get("footer") or {}).get("text", ""))
        for component in self.components:
            if component["type"] == ComponentKind.BUTTON:
                lines.append(Button.of(component).label)
            elif component["type"] in SELECTS:
                lines.append(component.get("placeholder", ""))
                lines += [option["label"] for option in component.get("options", ())]
            else:
                lines.append(component.get("content", ""))
        return "\n".join(filter(None, lines))

    def button(self, label: str | None = None, *, custom_id: str | None = None) -> Button:
        """The button with this label (an emoji counts) or `custom_id`; ClientRefused if none."""
        for button in self.buttons:
            if custom_id is not None and button.custom_id == custom_id:
                return button
            if label is not None and label in (button.label, button.label.partition(" ")[2]):
                return button
        shown = ", ".join(repr(button.label) for button in self.buttons)
        raise ClientRefused(f"There is no button {label or custom_id!r}; there are: {shown}")

    def link(self, label: str) -> str:
        """The address behind a link button."""
        url = self.button(label).url
        if url is None:
            raise ClientRefused(f"{label!r} is not a link button")
        return url

    async def until(self, condition: Callable[[Message], object], timeout: float = 10) -> Message:
        """Wait until the message fulfils `condition`; every version of it is looked at."""
        await self.becomes(lambda: condition(self), timeout, "a change of a message")
        return self

    def update(self, **changes: Any) -> None:
        """Change some keys, and tell everybody who can see it."""
        before, self.raw = self.raw, {**self.raw, **changes}
        self._world.message_updated(self)
        if before["content"] != self.content or before["flags"] != self.flags:
            self._world.unfurler.look_at(self)


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """All components, parents before children."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        for name in ("accessory", "component"):
            if component.get(name):
                yield from walk((component[name],))


def compose(
    world: World,
    channel: Channel,
    author: Account,
    body: Json,
    *,
    files: Sequence[tuple[int, File]] = (),
    only_for: User | None = None,
    **more: Any,
) -> Message:
    """Make the message that `body` asks for; it is already checked, and not yet published."""
    flags = int(body.get("flags") or 0) & KEPT_FLAGS
    raw: Json = {
        "id": world.new_id(),
        "type": MessageKind.ORDINARY,
        "channel_id": channel.id,
        "author": author.to_json(),
        "content": body.get("content") or "",
        "timestamp": now(),
        "edited_timestamp": None,
        "tts": bool(body.get("tts")),
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": flags | (Flag.EPHEMERAL if only_for else 0),
        **more,
    }
    if "nonce" in body:
        raw["nonce"] = body["nonce"]
    message = Message(world, channel, author, raw, only_for=only_for)
    raw |= rendered(message, body, files)
    raw |= mentions(message, body)
    if flags & Flag.SUPPRESS_EMBEDS:
        raw["embeds"] = []
    return message


def rendered(message: Message, body: Json, files: Sequence[tuple[int, File]]) -> Json:
    """The embeds, components and attachments that `body` asks for, as Discord gives them back."""
    world, changes = message._world, Json()
    attachments: list[Json] | None = None
    if files or body.get("attachments") is not None:
        listed = body.get("attachments") or []
        keep = {str(item.get("id")) for item in listed}
        attachments = list(message.raw["attachments"])
        if body.get("attachments") is not None:
            attachments = [old for old in attachments if old["id"] in keep]
        new = [world.files.keep(message.channel.id, file) for file in describe(files, listed)]
        attachments += new
        message.uploads |= {attachment["filename"]: attachment for attachment in new}
    uploaded = message.uploads
    used: set[str] = set()
    if body.get("embeds") is not None:
        changes["embeds"] = [embed_back(embed, uploaded, used) for embed in body["embeds"]]
    if body.get("components") is not None:
        changes["components"] = components_back(body["components"], uploaded, used)
    if attachments is not None:
        changes["attachments"] = [a for a in attachments if a["filename"] not in used]
    return changes


def embed_back(embed: Json, uploaded: Mapping[str, Json], used: set[str]) -> Json:
    """An embed as Discord returns it: without empty parts, with pictures resolved."""
    kept = {key: value for key, value in embed.items() if value not in (None, "", [], {})}
    kept["type"] = "rich"
    kept.pop("flags", None)
    for name in ("image", "thumbnail"):
        if name in kept:
            url = resolve(kept[name]["url"], uploaded, used)
            kept[name] = {"url": url, "proxy_url": url, "width": 600, "height": 600, "flags": 0}
    for name in ("author", "footer"):
        if url := kept.get(name, {}).get("icon_url"):
            url = resolve(url, uploaded, used)
            kept[name] = {**kept[name], "icon_url": url, "proxy_icon_url": url}
    if "fields" in kept:
        kept["fields"] = [
            {"name": f["name"], "value": f["value"], "inline": bool(f.get("inline"))}
            for f in kept["fields"]
        ]
    return kept


def resolve(url: str, uploaded: Mapping[str, Json], used: set[str]) -> str:
    """The address of a picture; `attachment://name` means a file sent along."""
    name = url.removeprefix("attachment://")
    if name == url or name not in uploaded:
        return url
    used.add(name)
    return str(uploaded[name]["url"])


def components_back(
    components: Sequence[Json], uploaded: Mapping[str, Json], used: set[str]
) -> list[Json]:
    """Components as Discord returns them: numbered, without nulls, with files resolved."""
    taken = {c["id"] for c in walk(components) if c.get("id")}
    numbers = (number for number in range(1, 1000) if number not in taken)

    def back(component: Json) -> Json:
        kept = _known(component)
        kept["id"] = component.get("id") or next(numbers)
        if "components" in kept:
            kept["components"] = [back(child) for child in kept["components"]]
        for name in ("accessory", "component"):
            if name in kept:
                kept[name] = back(kept[name])
        if "media" in kept:
            kept["media"] = medium(kept["media"], width=600, height=600)
        if "file" in kept:
            name = kept["file"]["url"].removeprefix("attachment://")
            kept |= {"name": name, "size": uploaded.get(name, {}).get("size", 0)}
            kept["file"] = medium(kept["file"])
        if "items" in kept:
            kept["items"] = [
                {**_known(item), "media": medium(item["media"], width=600, height=600)}
                for item in kept["items"]
            ]
        return kept

    def medium(media: Json, **size: int) -> Json:
        url = resolve(media["url"], uploaded, used)
        if url.startswith("attachment://"):
            raise attachment_not_found()
        known = {**media, "url": url, "proxy_url": url, **size}
        if url != media["url"]:
            attachment = uploaded[media["url"].removeprefix("attachment://")]
            known |= {"attachment_id": attachment["id"], "content_type": attachment["content_type"]}
        return known

    return [back(component) for component in components]


def _known(component: Json) -> Json:
    return {key: value for key, value in component.items() if value is not None}


def mentions(message: Message, body: Json) -> Json:
    """Whom the message mentions; also notes whom it pings, obeying `allowed_mentions`."""
    texts = [body.get("content") or ""]
    texts += [
        c["content"]
        for c in walk(body.get("components") or ())
        if c["type"] == ComponentKind.TEXT_DISPLAY
    ]
    text = "\n".join(texts)
    replied_to = _replied_to(message, body)
    users = _allowed(body, "users", USER_MENTION.findall(text))
    roles = _allowed(body, "roles", ROLE_MENTION.findall(text))
    everyone = {f"@{word}" for word in EVERYONE.findall(text)}
    may = message.channel.permissions_of(message.author) & Permission.MENTION_EVERYONE
    allowed = body.get("allowed_mentions")
    if not may or (allowed is not None and "everyone" not in (allowed.get("parse") or ())):
        everyone = set()
    message.pings = frozenset({*users, *roles, *everyone, *replied_to})
    people = message._world.users
    mentioned = dict.fromkeys([*replied_to, *users])
    return {
        "mentions": [people[id].to_json() for id in mentioned if id in people],
        "mention_roles": roles,
        "mention_everyone": bool(everyone),
    }


def _replied_to(message: Message, body: Json) -> set[str]:
    """The author of the message that this one answers, unless that shall not be a ping."""
    replied = message.raw.get("referenced_message")
    allowed = body.get("allowed_mentions")
    if not replied or (allowed is not None and not allowed.get("replied_user")):
        return set()
    return {str(replied["author"]["id"])}


def _allowed(body: Json, kind: str, ids: Sequence[str]) -> list[str]:
    """Those of the mentioned `ids` that `allowed_mentions` lets be pinged, once each."""
    unique = list(dict.fromkeys(ids))
    allowed = body.get("allowed_mentions")
    if allowed is None or kind in (allowed.get("parse") or ()):
        return unique
    named = {str(id) for id in allowed.get(kind) or ()}
    return [id for id in unique if id in named]


def edited(message: Message, body: Json, files: Sequence[tuple[int, File]]) -> Json:
    """The keys of `message` that an edit with `body` changes."""
    changes = rendered(message, body, files)
    if "content" in body:
        changes["content"] = body["content"] or ""
        own = [embed for embed in message.embeds if embed["type"] == "rich"]
        changes.setdefault("embeds", own)  # previews of links are made anew
    if "content" in body or "components" in body:
        before = message.pings
        changes |= mentions(message, {"content": message.content, **body})
        if not message.thinking:  # only what is new on the screen can ping
            message.pings = before
    flags = message.flags & ~Flag.LOADING
    if body.get("flags") is not None:
        flags = flags & ~Flag.SUPPRESS_EMBEDS | int(body["flags"]) & KEPT_FLAGS
    if flags & Flag.SUPPRESS_EMBEDS:
        changes["embeds"] = []
    if set(body) - {"flags"}:
        changes["edited_timestamp"] = now()
    return {**changes, "flags": flags}


def suppressed(message: Message, *, hidden: bool) -> Json:
    """The keys of `message` that change when its previews are hidden, or shown again."""
    flags = message.flags & ~Flag.SUPPRESS_EMBEDS
    if not hidden:
        return {"flags": flags}
    return {"flags": flags | Flag.SUPPRESS_EMBEDS, "embeds": []}
