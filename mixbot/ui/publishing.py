"""Publishing and changing shows from chat: what is filled in, looked at, sent and watched."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import aiohttp
import discord
from discord.http import Route

from mixbot.accounts import Action, Linked, NotLinked, Reply
from mixbot.drafting import GivenFile, Material, explained, pro_problems
from mixbot.errors import UserError
from mixbot.languages import N_, _, spoken
from mixbot.mixcloud import (
    Cloudcast,
    InvalidArgument,
    Link,
    MixcloudError,
    NotFound,
    Rejected,
    UploadInterrupted,
)
from mixbot.publishing import (
    Failed,
    Interrupted,
    LostDraft,
    Outcome,
    Published,
    Sending,
    Stopped,
)
from mixbot.store import Upload
from mixbot.ui import cards, drafts, linking, replies
from mixbot.ui.answers import SOON, Answer, edit, open_form
from mixbot.ui.cards import Card
from mixbot.ui.components import PRIMARY, Rows, button, link_buttons, row, text
from mixbot.ui.handling import Interaction, attached, chosen, entered, handles, seen_alone
from mixbot.ui.references import reference
from mixbot.ui.text import escape, inline

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

REPLY_LASTS = timedelta(minutes=14, seconds=30)  # Discord's 15, and room for a last word
AFTER_LINKING = timedelta(minutes=4)  # what is surely left of them once an account is linked
EVERY = 3.0  # seconds between two changes of the message
PROCESSED = (0.0, 2.0, 5.0, 10.0)  # seconds to wait for a card of a show that was just sent
TOKEN_IS_OLD = (50027, 10015, 10008)  # of a private message, or it is gone
ID = r"(?P<id>[-\w]{12})"
LAST_TRIES = 20  # to say what came of it
SHOWS, COVERS = (".yml", ".yaml"), (".jpg", ".jpeg", ".png")
SOUNDS = (".mp3", ".m4a", ".aac", ".wav", ".aif", ".aiff", ".flac", ".ogg", ".opus")
HOW: Mapping[str, dict[str, Any]] = {
    "go": {},
    "public": {"visibility": None},
    "unlisted": {"visibility": "unlisted"},
}
UPLOAD, PUBLISH = "upload", "publish"  # what may wait for an account to be linked


class FileAndLink(UserError):
    def __init__(self) -> None:
        super().__init__(N_("Give me a file or a link to one, not both."))


class NotADate(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_("I read “{value}” and expected a date in the future, such as 2026-12-24 20:00."),
            value=escape(value, 100),
        )


# Filling in


async def open_upload(interaction: Interaction, material: Material) -> None:
    """Ask what is to be said about a show; files that were given already are kept meanwhile."""
    bot = interaction.client
    account = await bot.accounts.account(interaction.user.id)
    beginning = asyncio.ensure_future(
        bot.publishing.begin(
            interaction.user.id, material, language=spoken(), channel_id=interaction.channel_id
        )
    )
    if account is not None:
        await asyncio.wait([beginning], timeout=SOON)
        if beginning.done():
            await open_form(interaction, drafts.show_form(await beginning, material))
            return
    async with Answer(interaction, private=True) as answer:
        upload = await beginning
        if account is None:
            await linking.offer(answer, NotLinked(), waiting=Action(UPLOAD, upload.id))
            return
        # A form comes at once or not at all.
        await answer.give(_("That took a moment. Your upload goes on."), rows=_go_on(upload.id))


def _go_on(id: str) -> Rows:
    return [row(button(_("Go on"), f"m1:up:form:{id}", style=PRIMARY))]


async def open_edit(answer: Answer, key: str) -> None:
    """Show what can be changed of a show of one's own."""
    interaction = answer.interaction
    try:
        upload = await interaction.client.publishing.begin_changing(
            interaction.user.id, key, language=spoken(), channel_id=interaction.channel_id
        )
    except NotLinked as problem:
        await linking.offer(answer, problem)
        return
    await look(answer, upload.id)


def given(sound: Any, link: str | None, cover: Any, tracklist: Any) -> Material:
    """What was given with the command: attachments, or a link to the sound."""
    if sound and link:
        raise FileAndLink
    material = Material(
        sound=sound and _attached(sound.url, sound.filename),
        cover=cover and _attached(cover.url, cover.filename),
        document=tracklist and _attached(tracklist.url, tracklist.filename),
    )
    if link:
        material = material.model_copy(update={"sound": _linked(link)})
    if material.sound and not _is_whole_show(material.document):
        title = drafts.title_of(material.sound.name)
        material = material.model_copy(update={"title": title})
    return material


def _linked(link: str) -> GivenFile:
    name = unquote(PurePosixPath(link.strip().partition("?")[0]).name)
    return GivenFile(url=link.strip(), name=name)


def _is_whole_show(document: GivenFile | None) -> bool:
    """Whether it has a title of its own."""
    return document is not None and document.name.lower().endswith(SHOWS)


def _attached(url: str, name: str) -> GivenFile:
    return GivenFile(url=url, name=name, trusted=True)


@handles(re.compile(rf"m1:up:form:{ID}"))
async def reopen_form(interaction: Interaction, match: re.Match[str]) -> None:
    """Have what was filled in changed."""
    upload, material = await _draft(interaction, match)
    await open_form(interaction, drafts.show_form(upload, material))


@handles(re.compile(rf"m1:up:filled:{ID}"))
async def fill_in(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep what was filled in, and show what would be sent."""
    values = entered(interaction)
    files = _by_kind(attached(interaction, values.get("files", ())))
    await _revised(interaction, match, lambda material: _filled_in(material, values, files))


def _filled_in(
    material: Material, values: Mapping[str, Any], files: Mapping[str, GivenFile]
) -> dict[str, Any]:
    """What a form changes of `material`; what it only showed, maybe cut, is as it was."""
    changes: dict[str, Any] = {
        name: values[name]
        for name, before in drafts.proposed(material).items()
        if name in values and values[name].strip() != before.strip()
    }
    if changes.get("tracklist", "").strip():
        changes["document"] = None  # what is typed counts for more
    changes |= files
    sound, document = changes.get("sound"), changes.get("document", material.document)
    if sound and not changes.get("title", material.title).strip() and not _is_whole_show(document):
        changes["title"] = drafts.title_of(sound.name)
    return changes


def _by_kind(files: Sequence[Mapping[str, Any]]) -> dict[str, GivenFile]:
    """Files as what they are given for, going by what Discord or their names say they are."""
    found: dict[str, GivenFile] = {}
    for file in files:
        name, kind = file["filename"], file.get("content_type") or ""
        if kind.startswith("image/") or (not kind and name.lower().endswith(COVERS)):
            what = "cover"
        elif kind.startswith(("audio/", "video/")) or name.lower().endswith(SOUNDS):
            what = "sound"
        else:
            what = "document"
        found[what] = _attached(file["url"], name)
    return found


@handles(re.compile(rf"m1:up:tracks:{ID}"))
async def open_tracks(interaction: Interaction, match: re.Match[str]) -> None:
    """Have the tracklist changed."""
    upload, material = await _draft(interaction, match)
    await open_form(interaction, drafts.tracks_form(upload, material))


@handles(re.compile(rf"m1:up:tracked:{ID}"))
async def take_tracks(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep the tracklist that was written."""
    parts = entered(interaction)
    written = [parts[name] for name in sorted(parts)]

    def whole(material: Material) -> dict[str, Any]:
        rest = drafts.split(material.tracklist)[drafts.PARTS :]
        return {"tracklist": "\n".join(one.strip("\n") for one in [*written, *rest]).strip("\n")}

    await _revised(interaction, match, whole)


@handles(re.compile(rf"m1:up:link:{ID}"))
async def open_link(interaction: Interaction, match: re.Match[str]) -> None:
    """Ask for another link to the sound."""
    upload, material = await _draft(interaction, match)
    await open_form(interaction, drafts.link_form(upload, material))


@handles(re.compile(rf"m1:up:linked:{ID}"))
async def take_link(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep the link that was given."""
    sound = _linked(entered(interaction)["link"])
    await _revised(interaction, match, lambda _material: {"sound": sound})


@handles(re.compile(rf"m1:up:date:{ID}"))
async def open_date(interaction: Interaction, match: re.Match[str]) -> None:
    """Ask when a show is to appear."""
    upload, material = await _draft(interaction, match)
    await open_form(interaction, drafts.date_form(upload, material))


@handles(re.compile(rf"m1:up:dated:{ID}"))
async def take_date(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep the date that was given; none means at once."""
    given = entered(interaction)["date"].strip()
    date = read_date(given) if given else None
    await _revised(interaction, match, lambda _material: {"publish_date": date})


def read_date(given: str, *, now: datetime | None = None) -> datetime:
    """A date in the future, in UTC unless it says otherwise; raises NotADate.

    >>> read_date("2999-12-24 20:00 +01:00").isoformat()
    '2999-12-24T20:00:00+01:00'
    """
    from dateutil.parser import isoparse  # half a megabyte, for the few who name a date

    try:
        date = isoparse(re.sub(r"\s+(?=[-+Z])", "", given))
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        if date <= (now or datetime.now(UTC)):
            raise NotADate(given)
    except (ValueError, OverflowError):
        raise NotADate(given) from None
    return date


@handles(re.compile(rf"m1:up:visible:{ID}"))
async def choose_visibility(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep who is to see a show that is changed."""
    value = chosen(interaction)
    visibility = None if value == drafts.AS_IT_IS else value
    await _revised(interaction, match, lambda _material: {"visibility": visibility})


@handles(re.compile(rf"m1:up:place:{ID}"))
async def choose_place(interaction: Interaction, match: re.Match[str]) -> None:
    """Keep where it goes on if it takes long."""
    async with _looking(interaction) as answer:
        upload, _material = await _draft(interaction, match)
        await interaction.client.publishing.choose_place(
            upload, in_channel=chosen(interaction) == "channel"
        )
        await look(answer, upload.id)


async def _draft(interaction: Interaction, match: re.Match[str]) -> tuple[Upload, Material]:
    return await interaction.client.publishing.draft(match["id"], interaction.user.id)


async def _revised(
    interaction: Interaction,
    match: re.Match[str],
    changes_of: Callable[[Material], dict[str, Any]],
) -> None:
    """Keep changes, and show what would be sent now."""
    async with _looking(interaction) as answer:
        upload, material = await _draft(interaction, match)
        changed = material.model_copy(update=changes_of(material))
        await interaction.client.publishing.revise(upload, changed)
        await look(answer, upload.id)


# Looking at it


def _looking(interaction: Interaction) -> Answer:
    return Answer(interaction, private=True, in_place=_is_private(interaction))


def _is_private(interaction: Interaction) -> bool:
    """Whether the message that was used is its owner's alone, unlike one in a server's channel."""
    if interaction.message is None:
        return False
    return interaction.guild_id is None or seen_alone(interaction)


async def look(answer: Answer, id: str) -> None:
    """Show what would be sent, and what is wrong with it."""
    interaction = answer.interaction
    bot, user_id = interaction.client, interaction.user.id
    upload, material = await bot.publishing.draft(id, user_id)
    try:
        async with bot.accounts.acting_as(user_id) as mixcloud:
            me = await mixcloud.me()
        name, is_pro = me.name, me.get("is_pro") is not False
    except NotLinked as problem:
        await linking.offer(answer, problem, waiting=Action(UPLOAD, id))
        return
    except MixcloudError:  # it is asked again before anything is sent
        account = await bot.accounts.account(user_id)
        name, is_pro = account.name if account else "", True
    checked = await bot.publishing.check(upload, material)
    if not is_pro:
        checked = replace(checked, problems=[*checked.problems, *pro_problems(checked.draft)])
    await answer.give(
        card=drafts.preview(checked, name),
        rows=drafts.preview_rows(
            checked,
            is_pro=is_pro,
            may_choose_place=interaction.guild_id is not None
            and interaction.is_guild_integration(),
        ),
    )


# Sending it


@handles(re.compile(rf"m1:up:(?P<how>go|public|unlisted):{ID}"))
async def publish(interaction: Interaction, match: re.Match[str]) -> None:
    """Send it, once, however often this is clicked."""
    bot, user_id, id = interaction.client, interaction.user.id, match["id"]
    changes = HOW[match["how"]]
    linked = await bot.accounts.account(user_id) is not None
    in_place = linked or _is_private(interaction)
    async with Answer(interaction, private=True, in_place=in_place) as answer:
        if not linked:
            upload, material = await _draft(interaction, match)
            await bot.publishing.revise(upload, material.model_copy(update=changes))
            await linking.offer(answer, NotLinked(), waiting=Action(PUBLISH, id))
            return
        sending = await bot.publishing.send(
            id,
            user_id,
            Reply(interaction.application_id, interaction.token),
            interaction.created_at + REPLY_LASTS,
            **changes,
        )
        if sending is None:
            return
        try:
            await answer.give(
                card=drafts.progress(sending, 0), rows=drafts.stop_rows(sending.upload)
            )
        finally:
            bot.publishing.follow(sending)


@handles(re.compile(rf"m1:up:cancel:{ID}"))
async def cancel(interaction: Interaction, match: re.Match[str]) -> None:
    """Forget a draft."""
    async with Answer(interaction, private=True, in_place=True) as answer:
        if not await interaction.client.publishing.drop(match["id"], interaction.user.id):
            raise LostDraft
        await answer.give(_("Cancelled. Nothing was sent."))


@handles(re.compile(rf"m1:up:stop:{ID}"))
async def stop(interaction: Interaction, match: re.Match[str]) -> None:
    """Stop a show on its way; its message then says what came of it."""
    async with Answer(interaction, private=True, in_place=True):
        await interaction.client.publishing.stop(match["id"], interaction.user.id)


async def go_on(bot: MixBot, linked: Linked, waiting: Action) -> tuple[list[str], Rows]:
    """Go on with what waited for an account: send it, or have the form filled in.

    Returns what happens, and buttons for the message that says that the account is linked. If it
    is sent, that message then says how it goes.
    """
    if waiting.verb == PUBLISH and linked.reply is not None:
        until = datetime.now(UTC) + AFTER_LINKING
        sending = await bot.publishing.send(waiting.key, linked.user_id, linked.reply, until)
        if sending is not None:
            bot.publishing.follow(sending)
            return [_("Your show is being sent.")], drafts.stop_rows(sending.upload)
    return [], _go_on(waiting.key)


# Telling how it goes


class Message:
    """The message that says how an upload goes: private at first, elsewhere when that ends."""

    def __init__(self, bot: MixBot, sending: Sending) -> None:
        self._bot = bot
        self._sending = sending
        self._shown: Any = None
        self._is_lost = False  # nothing can be shown any more

    async def show(self, card: Card, rows: Rows = (), *, last: bool = False) -> bool:
        """Show this in place of what was shown; whether there is no use in trying again."""
        body = cards.as_layout(card, rows)
        if (self._is_lost and not last) or (body == self._shown and not self._must_move):
            return True
        try:
            await self._put(body)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info(
                "upload %s: its owner is not told: %s",
                self._sending.upload.id,
                getattr(error, "code", type(error).__name__),
            )
            return False
        self._shown = body
        return True

    @property
    def _must_move(self) -> bool:
        upload = self._sending.upload
        return upload.message_id is None and self._bot.publishing.reply_to(upload) is None

    async def _put(self, body: dict[str, Any]) -> None:
        upload = self._sending.upload
        if upload.message_id is not None:
            try:
                await self._patch(body)
            except (discord.Forbidden, discord.NotFound):  # closed to us, or deleted
                await self._move(body)
            return
        reply = self._bot.publishing.reply_to(upload)
        if reply is None or not await self._told_privately(reply, body):
            await self._move(body)

    async def _told_privately(self, reply: Reply, body: dict[str, Any]) -> bool:
        try:
            await self._edit(reply, body)
        except discord.HTTPException as error:
            if error.code not in TOKEN_IS_OLD:
                raise
            return False
        return True

    async def _edit(self, reply: Reply, body: dict[str, Any]) -> None:
        await edit(
            self._bot, reply.application_id, reply.token, {**body, "content": None, "embeds": []}
        )

    async def _patch(self, body: dict[str, Any]) -> None:
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=self._sending.upload.place_id,
            message_id=self._sending.upload.message_id,
        )
        await self._bot.http.request(route, json=body)

    async def _move(self, body: dict[str, Any]) -> None:
        """Go on where its owner wished; where others see it, only if that was the wish."""
        upload = self._sending.upload
        wanted = [self._channel] if self._sending.may_be_told_to_all else []
        for place in [*wanted, self._direct]:
            try:
                channel_id, mention = await place()
                whole = {
                    **body,
                    "components": [*mention, *body["components"]],
                    "allowed_mentions": {"parse": [], "users": [str(upload.user_id)]},
                }
                route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
                sent = await self._bot.http.request(route, json=whole)
            except discord.DiscordServerError:
                raise
            except (discord.HTTPException, LookupError) as error:
                log.info("upload %s cannot go on there: %s", upload.id, error)
                continue
            await self._bot.publishing.moved(self._sending, channel_id, int(sent["id"]))
            await self._end_privately(_("This goes on in <#{channel}>.", channel=channel_id))
            return
        self._is_lost = True
        await self._end_privately(
            _(
                "It goes on, but I cannot write to you about it any more. "
                "Look at your Mixcloud profile in a while."
            )
        )

    async def _direct(self) -> tuple[int, Rows]:
        user_id = self._sending.upload.user_id
        route = Route("POST", "/users/@me/channels")
        channel = await self._bot.http.request(route, json={"recipient_id": str(user_id)})
        return int(channel["id"]), []

    async def _channel(self) -> tuple[int, Rows]:
        upload = self._sending.upload
        if upload.channel_id is None:
            raise LookupError("it was begun nowhere")
        return upload.channel_id, [text(f"<@{upload.user_id}>")]

    async def _end_privately(self, sentence: str) -> None:
        """The private message's last word."""
        reply = self._bot.publishing.reply_to(self._sending.upload, last=True)
        if reply is None:
            return
        last = Card(title=inline(drafts.title(self._sending), 256), text=sentence)
        try:
            await self._edit(reply, cards.as_layout(last))
        except (discord.HTTPException, aiohttp.ClientError):
            log.info("upload %s: its private message is gone", self._sending.upload.id)


async def tell(bot: MixBot, sending: Sending) -> None:
    """Tell the owner of a show on its way how it goes, and what came of it."""
    message = Message(bot, sending)
    clock = asyncio.get_running_loop()
    while not sending.outcome.done():
        await asyncio.wait([sending.outcome], timeout=EVERY)
        if not sending.outcome.done():
            card = drafts.progress(sending, clock.time() - sending.began)
            await message.show(card, drafts.stop_rows(sending.upload))
    card, rows = await _came_of(bot, sending, sending.outcome.result())
    for _try in range(LAST_TRIES):
        if await message.show(card, rows, last=True):
            return
        await asyncio.sleep(EVERY)


async def _came_of(bot: MixBot, sending: Sending, outcome: Outcome) -> tuple[Card, Rows]:
    upload, title = sending.upload, drafts.title(sending)
    named = inline(title, 200)
    match outcome:
        case Published(key=key):
            return await _published(bot, sending, key)
        case Stopped(may_have_arrived=False):
            lines = [_("Stopped. Mixcloud has nothing of it.")]
        case Stopped():
            lines = [_("Stopped, but Mixcloud may have it all: look before you try again.")]
        case Interrupted(may_have_arrived=False):
            lines = [
                _("I was restarted while this was sent."),
                _("Mixcloud has nothing of it; your draft is kept."),
            ]
        case Interrupted():
            lines = [
                _("I was restarted while this was sent, and cannot tell how far it came."),
                _("Look at your Mixcloud profile before you try again; your draft is kept."),
            ]
        case Failed(error=error):
            lines = [await bot.clickable(line) for line in _why(error)]
    return drafts.unsent(named, lines), drafts.retry_rows(upload)


def _why(error: Exception) -> list[str]:
    """Why something was not sent; Mixcloud's own words field by field where it has some."""
    match error:
        case UploadInterrupted() | InvalidArgument() | Rejected():
            return [escape(line, 300) for line in explained(error)[: drafts.PROBLEMS]]
    return [replies.explain(error) or _("Something went wrong on my side.")]


async def _published(bot: MixBot, sending: Sending, key: str) -> tuple[Card, Rows]:
    """The card of the show, as soon as Mixcloud has one."""
    changed = sending.upload.key == key
    bot.forget_show(key)
    said = _("Saved.") if changed else _("It is at Mixcloud.")
    show = await _show(bot, sending.upload.user_id, key)
    if show is None:
        if not changed:
            said = _("It is at Mixcloud, which still works on it.")
        url = f"{bot.mixcloud.mixcloud_root}{key}"
        card = Card(title=inline(drafts.title(sending), 256), url=Link.from_key(key).url, text=said)
        buttons = link_buttons(_("Open on Mixcloud"), url)
        return card, [row(*buttons)] if buttons else []
    ref = await reference(bot.store, show.key)
    to_all = button(_("Show to all"), f"m1:all:show:{ref}")
    buttons = [to_all, *link_buttons(_("Open on Mixcloud"), show.url)]
    return cards.show(show, small=said), [row(*buttons)]


async def _show(bot: MixBot, user_id: int, key: str) -> Cloudcast | None:
    for seconds in PROCESSED:
        await asyncio.sleep(seconds)
        try:
            async with bot.accounts.acting_as(user_id) as mixcloud:
                return await mixcloud.cloudcast(key)
        except NotFound:
            continue
        except (MixcloudError, UserError):
            break
    return None
