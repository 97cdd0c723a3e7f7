"""Publishing and changing shows for their owners: drafts that survive, sent once, and watched.

A draft is in the store. Sending takes it there, so that two clicks, two processes or an answer that
Discord delivers twice send it once; who sends it renews a lease, so that a process that dies leaves
a draft behind and not a promise.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from mixbot.accounts import Accounts, Reply
from mixbot.drafting import GivenFile, Material, Texts, merged, read, rebased
from mixbot.errors import UserError
from mixbot.fetching import Fetched, Fetcher, Media
from mixbot.languages import N_, _, speak
from mixbot.mixcloud import (
    Cloudcast,
    Draft,
    InvalidArgument,
    Link,
    Mixcloud,
    MixcloudError,
    Progress,
    UploadInterrupted,
)
from mixbot.mixcloud.constants import MP3_MAX_SIZE, PICTURE_MAX_SIZE
from mixbot.mixcloud.models import comparable
from mixbot.mixcloud.tracklists import decode_text
from mixbot.store import Store, Upload

log = logging.getLogger(__name__)

Opened: TypeAlias = AbstractAsyncContextManager[Fetched]

LEASE = timedelta(seconds=30)
TELLING = 4  # leases
LONGEST = 6 * 3600.0  # seconds that an upload may take
SETTLING, SETTLING_TRIES = 1.0, 3  # seconds until a database is asked again
CLOSING = 10.0  # seconds for telling owners that this process stops
CLOCKS_DIFFER = timedelta(minutes=1)  # Mixcloud's and ours
DRAFTS_ALLOWED = 10  # of one person; the oldest make room for new ones
MOST_AT_ONCE = 5  # of one process
TRACKLIST_MAX_SIZE = 200_000  # bytes
PICTURES = ("JPEG", "PNG")
FILES: Sequence[tuple[str, Media, int]] = (
    ("sound", "audio", MP3_MAX_SIZE),
    ("cover", "image", PICTURE_MAX_SIZE),
)


class LostDraft(UserError):
    def __init__(self) -> None:
        super().__init__(
            N_(
                "This was published, cancelled, or left for more than a day. "
                "Begin again with `/mixcloud upload`."
            )
        )


class NotReady(UserError):
    def __init__(self) -> None:
        super().__init__(N_("This cannot be sent yet. Look at it again: choose *Change*."))


class SendingAnother(UserError):
    def __init__(self) -> None:
        super().__init__(N_("Another show of yours is being sent. Wait until it is there."))


class Busy(UserError):
    def __init__(self) -> None:
        super().__init__(
            N_("Others are uploading right now. Your show is kept; try again in a few minutes.")
        )


class TooLong(UserError):
    def __init__(self) -> None:
        super().__init__(
            N_("That took too long. Try a link to a faster server, or a smaller file.")
        )


class NotYours(UserError):
    def __init__(self) -> None:
        super().__init__(N_("That show is not of the account that you have linked."))


class NotAPicture(UserError):
    def __init__(self, kind: str) -> None:
        super().__init__(N_("I read {kind} and expected a JPEG or PNG picture."), kind=kind)


class ChangedMeanwhile(UserError):
    """Somebody changed at Mixcloud what was about to be changed; it is as `now` says."""

    def __init__(self, now: Texts) -> None:
        super().__init__(
            N_("The show was changed at Mixcloud meanwhile, in what you changed too. Look again.")
        )
        self.now = now


@dataclass(frozen=True, slots=True)
class Published:
    """It is at Mixcloud, under `key`."""

    key: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Its owner stopped it; Mixcloud may have it all if `may_have_arrived`."""

    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The process that sent it stopped; it is a draft again."""

    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work; it is a draft again."""

    error: Exception


Outcome: TypeAlias = Published | Stopped | Interrupted | Failed
Tell: TypeAlias = "Callable[[Sending], Awaitable[None]]"


@dataclass(slots=True)
class Sending:
    """A show on its way."""

    upload: Upload
    material: Material
    draft: Draft
    began: float  # of the loop's clock
    progress: Progress = field(default=Progress(0, None))
    outcome: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)
    task: asyncio.Task[None] | None = None
    stopping: bool = False

    @property
    def title(self) -> str:
        """What the show is called, as far as that is known."""
        before = self.material.before
        return self.draft.name or (before.title if before else "")

    @property
    def may_be_told_to_all(self) -> bool:
        """Whether its owner wants to be told in a channel, and the show is for everyone."""
        return self.upload.in_channel and not self.draft.unlisted

    @property
    def may_have_arrived(self) -> bool:
        """Whether all of it may be out, so that Mixcloud may have it."""
        sent, size = self.progress.sent, self.progress.size
        if size is not None:
            return sent >= size
        return sent > 0 or self.upload.key is not None  # changes without a file are out at once


@dataclass(frozen=True, slots=True)
class Checked:
    """What would be sent, and all that is wrong with it."""

    upload: Upload
    material: Material
    draft: Draft
    problems: Sequence[str]


class Publishing:
    """Drafts of shows, and those on their way to Mixcloud."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        fetcher: Fetcher,
        *,
        on_outcome: Callable[[str], None] = lambda outcome: None,
        lease: timedelta = LEASE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._fetcher = fetcher
        self._on_outcome = on_outcome
        self._lease = lease
        self._now = now
        self._holder = secrets.token_hex(8)
        self._sendings: dict[str, Sending] = {}
        self._beginning: set[str] = set()  # to be sent, but not yet
        self._telling: set[asyncio.Task[None]] = set()
        self._tell: Tell | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing = False

    def start(self, tell: Tell) -> None:
        """Have `tell` say to their owners how it goes with shows that are followed from now on.

        So it does with those that another process left behind when it died.
        """
        self._tell = tell
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop what is on its way, and have its owners told."""
        self._closing = True
        if self._watching:
            self._watching.cancel()
        for sending in self._sendings.values():
            if sending.task:
                sending.task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                while self._telling:
                    await asyncio.wait(self._telling)
        for task in self._telling:
            task.cancel()

    # Drafts

    async def begin(
        self,
        user_id: int,
        material: Material,
        *,
        language: str,
        channel_id: int | None,
        key: str | None = None,
    ) -> Upload:
        """Keep `material` as a draft of a new show, or of changes to the one at `key`."""
        # Nobody can cancel what has no message, such as a form that was closed.
        await self._store.drop_oldest_drafts(user_id, keep=DRAFTS_ALLOWED - 1)
        now = self._now()
        upload = Upload(
            id=secrets.token_urlsafe(9),
            user_id=user_id,
            key=key,
            material=material.model_dump_json(exclude_defaults=True),
            state="draft",
            language=language,
            changed_at=now,
            channel_id=channel_id,
        )
        await self._store.save_upload(upload)
        return upload

    async def begin_changing(
        self, user_id: int, key: str, *, language: str, channel_id: int | None
    ) -> Upload:
        """A draft of changes to the user's own show at `key`, as it is now."""
        account = await self._accounts.account(user_id)
        async with self._accounts.acting_as(user_id) as mixcloud:
            show = await mixcloud.cloudcast(key)
        if account is None or comparable(Link.from_key(show.key).user) != comparable(
            Link.from_key(account.key).user
        ):
            raise NotYours
        texts = Texts.of(show)
        material = Material(**texts.model_dump(), before=texts)
        return await self.begin(
            user_id, material, language=language, channel_id=channel_id, key=show.key
        )

    async def draft(self, id: str, user_id: int) -> tuple[Upload, Material]:
        """What a user is about to publish; raises LostDraft where it is sent or gone."""
        upload = await self._store.upload(id, user_id)
        if upload is None or upload.state != "draft":
            raise LostDraft
        return upload, _material(upload)

    async def revise(self, upload: Upload, material: Material) -> Upload:
        """Keep what was changed of a draft."""
        return await self._change(upload, material=material.model_dump_json(exclude_defaults=True))

    async def choose_place(self, upload: Upload, *, in_channel: bool) -> Upload:
        """Where it goes on, should it take longer than Discord lets a private message change."""
        return await self._change(upload, in_channel=in_channel)

    async def _change(self, upload: Upload, **values: Any) -> Upload:
        changed = await self._store.change_draft(
            upload.id, upload.user_id, changed_at=self._now(), **values
        )
        if changed is None:
            raise LostDraft
        return changed

    async def drop(self, id: str, user_id: int) -> bool:
        """Forget a draft; whether it was there."""
        return await self._store.drop_draft(id, user_id)

    async def check(self, upload: Upload, material: Material) -> Checked:
        """Read all that was given, look at the files, and keep what was learnt of them."""
        seen, found = await self._with_document(material)
        draft, problems = await asyncio.to_thread(read, seen)  # a long text takes a second
        found += problems
        for name, media, largest in FILES:
            file: GivenFile | None = getattr(seen, name)
            if file is None:
                continue
            try:
                seen = seen.model_copy(update={name: await self._seen(file, media, largest)})
            except UserError as error:
                what = _("Sound") if name == "sound" else _("Cover")
                found.append(f"{what}: {error}")
        if seen != material:
            upload = await self.revise(upload, seen)
        if upload.key is None and seen.sound is None:
            found.append(_("Sound: there is none; attach a file or give a link to one."))
        return Checked(upload, seen, draft, found)

    async def _with_document(self, material: Material) -> tuple[Material, list[str]]:
        """`material` with the text of the tracklist's file, in place of that file."""
        if material.document is None:
            return material, []
        file = material.document
        try:
            async with self._open(file, "text", TRACKLIST_MAX_SIZE) as text:
                written = decode_text(await text.read())
        except UserError as error:
            return material, [_("Tracklist: {problem}", problem=error)]
        return material.model_copy(update={"tracklist": written, "document": None}), []

    async def _seen(self, file: GivenFile, media: Media, largest: int) -> GivenFile:
        async with self._open(file, media, largest) as found:
            if media == "image" and found.kind.name not in PICTURES:
                raise NotAPicture(found.kind.name)
            return file.model_copy(
                update={"size": found.size, "kind": found.kind.name, "name": found.filename}
            )

    # Sending

    async def send(
        self, id: str, user_id: int, reply: Reply, reply_until: datetime, **changes: Any
    ) -> Sending | None:
        """Send a draft with `changes` made to it; None if that happens already, or has happened.

        `reply` is the private message that is told until `reply_until`, once `follow` is called.
        """
        if id in self._sendings or id in self._beginning:
            return None
        if len(self._sendings) + len(self._beginning) >= MOST_AT_ONCE or self._closing:
            raise Busy
        self._beginning.add(id)
        try:
            return await self._begun(id, user_id, reply, reply_until, changes)
        finally:
            self._beginning.discard(id)

    async def _begun(
        self, id: str, user_id: int, reply: Reply, reply_until: datetime, changes: dict[str, Any]
    ) -> Sending | None:
        material = _material(await self._draft_or_sent(id, user_id)).model_copy(update=changes)
        draft = await _draft_of(material)
        taken = await self._store.begin_sending(
            id,
            user_id,
            self._now(),
            material=material.model_dump_json(exclude_defaults=True),
            application_id=reply.application_id,
            reply_token=self._accounts.seal_reply(reply, user_id),
            reply_until=reply_until,
            changed_at=self._now(),
            place_id=None,
            message_id=None,
            holder=self._holder,
            alive_until=self._now() + self._lease,
        )
        if taken is None:
            if (await self._draft_or_sent(id, user_id)).state == "draft":
                raise SendingAnother
            return None
        sending = Sending(taken, material, draft, asyncio.get_running_loop().time())
        self._sendings[id] = sending
        sending.task = asyncio.create_task(self._carry(sending))
        return sending

    async def _draft_or_sent(self, id: str, user_id: int) -> Upload:
        upload = await self._store.upload(id, user_id)
        if upload is None:
            raise LostDraft
        return upload

    def follow(self, sending: Sending) -> None:
        """Have the owner told how it goes."""
        task = asyncio.create_task(self._told(sending))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, sending: Sending) -> None:
        if self._tell is None:
            return
        speak(sending.upload.language)
        try:
            await self._tell(sending)
            await self._store.end_telling(sending.upload.id, self._holder)
        except Exception:
            log.exception("the owner of upload %s is not told", sending.upload.id)

    async def stop(self, id: str, user_id: int) -> bool:
        """Stop a show on its way, wherever it is sent from; whether it was."""
        upload = await self._store.ask_to_stop(id, user_id)
        if upload is None:
            return False
        if sending := self._sendings.get(id):
            self._stop(sending)
        return True

    def _stop(self, sending: Sending) -> None:
        sending.stopping = True
        if sending.task:
            sending.task.cancel()

    def stop_all(self, user_id: int) -> None:
        """Stop what is on its way for a user, who wants to be forgotten."""
        for sending in self._sendings.values():
            if sending.upload.user_id == user_id:
                self._stop(sending)

    async def moved(self, sending: Sending, place_id: int, message_id: int) -> None:
        """Its owner is told in another message from now on."""
        sending.upload = replace(sending.upload, place_id=place_id, message_id=message_id)
        try:
            await self._store.move_upload(sending.upload.id, self._holder, place_id, message_id)
        except Exception:  # it is of use only if this process ends
            log.exception("where upload %s goes on is not remembered", sending.upload.id)

    def reply_to(self, upload: Upload, *, last: bool = False) -> Reply | None:
        """The private message that is to say how it goes, while Discord lets it be changed.

        For a `last` word there is a little more time.
        """
        until = upload.reply_until
        if until is None or upload.reply_token is None or (until <= self._now() and not last):
            return None
        return self._accounts.open_reply(
            upload.application_id or 0, upload.reply_token, upload.user_id
        )

    async def _carry(self, sending: Sending) -> None:
        """Send it, and say in the store and in `sending` what came of it."""
        keeping = asyncio.create_task(self._keep(sending))
        try:
            outcome = await self._outcome(sending)
        finally:
            keeping.cancel()
            del self._sendings[sending.upload.id]
        await self._settle(sending, outcome)
        self._on_outcome(type(outcome).__name__.lower())
        sending.outcome.set_result(outcome)

    async def _outcome(self, sending: Sending) -> Outcome:
        try:
            return await self._tried(sending)
        except asyncio.CancelledError:
            if sending.stopping:
                return Stopped(sending.may_have_arrived)
            return Interrupted(sending.may_have_arrived)

    async def _tried(self, sending: Sending) -> Outcome:
        upload = sending.upload
        try:
            async with asyncio.timeout(LONGEST):
                return Published(await self._sent(sending))
        except TimeoutError:
            return Failed(TooLong())
        except UploadInterrupted as error:
            if error.may_have_arrived and (found := await self._find(sending)):
                return Published(found)
            return Failed(error)
        except ChangedMeanwhile as error:
            sending.material = rebased(sending.material, error.now)
            return Failed(error)
        except (UserError, MixcloudError, InvalidArgument) as error:
            log.info("upload %s of user %s: %s", upload.id, upload.user_id, type(error).__name__)
            return Failed(error)
        except Exception as error:
            log.exception("bug in upload %s", upload.id)
            return Failed(error)

    async def _settle(self, sending: Sending, outcome: Outcome) -> None:
        values: dict[str, Any] = {
            "state": "draft",
            "material": sending.material.model_dump_json(exclude_defaults=True),
            "changed_at": self._now(),
        }
        if isinstance(outcome, Published):
            values |= {"state": "done", "material": "{}", "key": outcome.key}
            # Should this process die before it has told its owner, another one does it.
            values["told_until"] = self._now() + TELLING * self._lease
        for seconds in (0, *[SETTLING] * SETTLING_TRIES):
            await asyncio.sleep(seconds)
            try:
                await self._store.end_sending(sending.upload.id, self._holder, **values)
            except Exception:  # else the lease runs out, and it is taken for abandoned
                log.exception("the end of upload %s is not remembered", sending.upload.id)
            else:
                return

    async def _keep(self, sending: Sending) -> None:
        """Renew the lease until it is lost; then nobody waits for this any more."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                kept = await self._store.keep_sending(
                    sending.upload.id, self._holder, self._now() + self._lease
                )
            except Exception:
                log.exception(
                    "the lease of upload %s is not renewed; it is tried again", sending.upload.id
                )
                continue
            if kept is None or kept.state == "stopping":
                self._stop(sending)
                return

    async def _sent(self, sending: Sending) -> str:
        upload, material = sending.upload, sending.material

        def on_progress(progress: Progress) -> None:
            sending.progress = progress

        async with self._accounts.acting_as(upload.user_id) as mixcloud, AsyncExitStack() as stack:
            draft, problems = await asyncio.to_thread(read, material)
            if problems:
                raise NotReady
            if upload.key is not None:
                draft = await _against(mixcloud, upload.key, material, draft)
            if material.cover:
                opened = self._open(material.cover, "image", PICTURE_MAX_SIZE)
                draft = replace(draft, picture=await stack.enter_async_context(opened))
            if upload.key is not None:
                changes = {
                    one.name: value
                    for one in fields(draft)
                    if (value := getattr(draft, one.name)) is not None
                }
                await mixcloud.edit(upload.key, on_progress=on_progress, **changes)
                return upload.key
            if material.sound is None:
                raise LostDraft
            sound = await stack.enter_async_context(
                self._open(material.sound, "audio", MP3_MAX_SIZE)
            )
            answer = await mixcloud.upload(draft, sound, on_progress=on_progress)
            return str(answer.result.key)

    def _open(self, file: GivenFile, media: Media, largest: int) -> Opened:
        return self._fetcher.open(file.url, media=media, largest=largest, trusted=file.trusted)

    async def _find(self, sending: Sending) -> str | None:
        """The key of a show that arrived though nobody said so, if Mixcloud lists it already."""
        upload = sending.upload
        if upload.key is not None:
            return None
        try:
            async with self._accounts.acting_as(upload.user_id) as mixcloud:
                show = await mixcloud.find_upload(sending.title)
        except (UserError, MixcloudError):
            return None
        # One of the same name may have been there before.
        return show.key if show and show.created_time >= upload.changed_at - CLOCKS_DIFFER else None

    # What others left behind

    async def _watch(self) -> None:
        """Look, again and again, for what was being sent by processes that are gone."""
        while True:
            await self.recover()
            await asyncio.sleep(self._lease.total_seconds() / 2)

    async def recover(self) -> None:
        """Make drafts again of what was being sent by processes that are gone, and say so.

        What they published without saying so is told, too.
        """
        try:
            abandoned = await self._store.take_abandoned(self._now())
        except Exception:
            log.exception("uploads that were left behind cannot be read; it is tried again")
            return
        for upload in abandoned:
            try:
                material = _material(upload)
                draft = await _draft_of(material)
            except Exception:
                log.exception("upload %s was left behind and cannot be read", upload.id)
                continue
            sending = Sending(upload, material, draft, asyncio.get_running_loop().time())
            done = upload.state == "done" and upload.key
            sending.outcome.set_result(
                Published(done) if done else Interrupted(may_have_arrived=True)
            )
            self.follow(sending)


async def _against(mixcloud: Mixcloud, key: str, material: Material, draft: Draft) -> Draft:
    """`draft` of changes, made to the show as it is now; raises ChangedMeanwhile."""
    show: Cloudcast = await mixcloud.cloudcast(key)
    before, now = material.before or Texts(), Texts.of(show)
    changed = [
        name
        for name, value in (
            ("title", draft.name),
            ("description", draft.description),
            ("tracklist", draft.sections),
        )
        if value is not None
    ]
    if any(getattr(now, name) != getattr(before, name) for name in changed):
        raise ChangedMeanwhile(now)
    if draft.tags is not None:
        tags = [tag.name for tag in show.get("tags") or ()]
        draft = replace(draft, tags=merged(before.tags, draft.tags, tags))
    return draft


async def _draft_of(material: Material) -> Draft:
    """What `material` describes; a long tracklist takes its time."""
    draft, _problems = await asyncio.to_thread(read, material)
    return draft


def _material(upload: Upload) -> Material:
    return Material.model_validate_json(upload.material)
