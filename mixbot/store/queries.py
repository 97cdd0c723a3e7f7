"""Everything that is asked of the store. A method answers one question."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cachetools import LRUCache
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    RowMapping,
    Select,
    String,
    Table,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)

from .engines import AWAY, Database
from .records import (
    Account,
    LinkAttempt,
    LinkReply,
    PersonSettings,
    Sealed,
    ServerSettings,
    Share,
    Upload,
)
from .schema import (
    accounts,
    gates,
    link_attempts,
    link_replies,
    link_starts,
    long_keys,
    metadata,
    people,
    servers,
    shares,
    uploads,
)

T = TypeVar("T")
AnyRow = Row[*tuple[Any, ...]]

SHARES_KEPT = timedelta(days=400)  # a chart of a year, and some
REPLIES_KEPT = timedelta(days=7)  # who edits or deletes an older message keeps our answer to it
UNTOLD_KEPT = timedelta(minutes=15)  # as long as Discord lets an answer be changed
SHARES_GATHERED = 0.1  # seconds
LOOKED_BACK = 250  # shares of a place or person, for the last 25 shows among them
START_WINDOW = timedelta(minutes=10)
DRAFTS_KEPT = timedelta(hours=24)  # as long as Discord keeps what was attached

log = logging.getLogger(__name__)

# Built once: building a statement costs as much as running it.
_ACCOUNT = select(*(accounts.c[field.name] for field in fields(Account))).where(
    accounts.c.user_id == bindparam("user_id"), accounts.c.provider == bindparam("provider")
)
_LAST_SHARE = (
    select(*(shares.c[field.name] for field in fields(Share)))
    .where(
        shares.c.channel_id == bindparam("channel_id"),
        shares.c.key.startswith(bindparam("beginning", type_=String)),
    )
    .order_by(shares.c.id.desc())
    .limit(1)
)
_SHARE = shares.insert()


def _shared_last(column: ColumnElement[Any]) -> Select[Any]:
    """The newest share of each show among the latest of those whose `column` is “whose”.

    A busy server has thousands, and somebody waits for this with every letter they type.
    """
    latest = (
        select(shares.c.id, shares.c.key)
        .where(column == bindparam("whose"))
        .order_by(shares.c.id.desc())
        .limit(LOOKED_BACK)
        .subquery()
    )
    newest = (
        select(func.max(latest.c.id).label("id"))
        .group_by(latest.c.key)
        .order_by(func.max(latest.c.id).desc())
        .limit(bindparam("limit"))
        .subquery()
    )
    return (
        select(*(shares.c[field.name] for field in fields(Share)))
        .join(newest, shares.c.id == newest.c.id)
        .order_by(shares.c.id.desc())
    )


_SHARED_IN, _SHARED_BY = _shared_last(shares.c.channel_id), _shared_last(shares.c.user_id)
_LONG_KEY = select(long_keys.c.key).where(long_keys.c.id == bindparam("id"))
_SERVER = select(servers).where(servers.c.guild_id == bindparam("guild_id"))
_PERSON = select(people).where(people.c.user_id == bindparam("user_id"))
_LINK_REPLY = select(link_replies).where(link_replies.c.message_id == bindparam("message_id"))
_SHARED_SINCE = (
    select(shares.c.key)
    .where(shares.c.channel_id == bindparam("channel_id"), shares.c.shared_at > bindparam("since"))
    .distinct()
)
_UNTOLD = link_attempts.c.account_key.is_not(None) & link_attempts.c.code.is_(None)
_GATE = select(gates.c.closed_until).where(gates.c.provider == bindparam("provider"))


class Store:
    """What is remembered. Made by `open_store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = _insert_of(database.name)
        self._short_ids: LRUCache[str, str] = LRUCache(4096)
        self._shares: list[dict[str, Any]] = []
        self._saving: asyncio.Task[None] | None = None
        self._saving_shares = asyncio.Lock()

    async def close(self) -> None:
        """Save what is still to be saved."""
        if self._saving:
            self._saving.cancel()
        await self._save_shares()

    # Accounts

    async def account(self, user_id: int, provider: str) -> Account | None:
        """The account that a Discord user linked, if there is one."""
        wanted = {"user_id": user_id, "provider": provider}
        row = await self._row(_ACCOUNT, wanted)
        return Account(*row) if row else None

    async def save_account(self, account: Account) -> None:
        """Remember `account`, in place of the one its user had."""
        await self._upsert(accounts, asdict(account))

    async def delete_account(
        self, user_id: int, provider: str, *, token: bytes | None = None
    ) -> bool:
        """Forget an account; with `token`, only while that is its (encrypted) token."""
        query = delete(accounts).where(*_is_account(user_id, provider))
        if token is not None:
            query = query.where(accounts.c.token == token)
        return await self._changes(query)

    async def add_account(self, account: Account) -> bool:
        """Remember `account` unless there is one in its place; whether it was so."""
        insert = self._insert(accounts).values(asdict(account)).on_conflict_do_nothing()
        return await self._change(insert.returning(accounts.c.user_id)) is not None

    async def replace_token(
        self, user_id: int, provider: str, token: bytes, *, instead_of: bytes
    ) -> bool:
        """Change the (encrypted) token of an account if it still is `instead_of`; whether so."""
        still = (*_is_account(user_id, provider), accounts.c.token == instead_of)
        return await self._changes(update(accounts).where(*still).values(token=token))

    async def begin_refreshing(
        self, user_id: int, provider: str, holder: str, now: datetime, until: datetime
    ) -> bool:
        """Have `holder` alone refresh the token of an account, until then at the latest.

        False where another does, or there is no such account.
        """
        nobody = accounts.c.refreshing_until.is_(None) | (accounts.c.refreshing_until <= now)
        query = update(accounts).where(*_is_account(user_id, provider), nobody)
        return await self._changes(query.values(refreshing_by=holder, refreshing_until=until))

    async def end_refreshing(self, user_id: int, provider: str, holder: str) -> None:
        """Let others refresh the token of an account, if it was `holder` who did."""
        held = (*_is_account(user_id, provider), accounts.c.refreshing_by == holder)
        query = update(accounts).where(*held).values(refreshing_by=None, refreshing_until=None)
        await self._changes(query)

    # Linking

    async def count_link_start(self, user_id: int, now: datetime) -> int:
        """How often a user has started to link lately, this time included."""
        since = datetime.fromtimestamp(
            now.timestamp() // START_WINDOW.total_seconds() * START_WINDOW.total_seconds(),
            tz=now.tzinfo,
        )
        query = (
            self._insert(link_starts)
            .values(user_id=user_id, since=since, count=1)
            .on_conflict_do_update(
                index_elements=link_starts.primary_key.columns,
                set_={"count": link_starts.c.count + 1},
            )
            .returning(link_starts.c.count)
        )
        return await self._write(lambda connection: connection.execute(query).scalar_one())

    async def start_link(self, attempt: LinkAttempt) -> LinkAttempt | None:
        """Remember `attempt`; an older one of the same user, which is returned, is void."""
        older = select(link_attempts).where(
            link_attempts.c.user_id == attempt.user_id,
            link_attempts.c.provider == attempt.provider,
        )
        begin = self._upserting(link_attempts, asdict(attempt))

        def start(connection: Connection) -> AnyRow | None:
            voided = connection.execute(older.with_for_update()).one_or_none()
            connection.execute(begin)
            return voided

        return _attempt(await self._write(start))

    async def link_attempt(self, *, link: bytes) -> LinkAttempt | None:
        """The attempt behind a link, expired or not."""
        return _attempt(await self._row(select(link_attempts).where(link_attempts.c.link == link)))

    async def link_attempt_by(
        self, *, state: bytes | None = None, nonce: bytes | None = None
    ) -> LinkAttempt | None:
        """The attempt that waits for somebody to come back with `state` or with `nonce`."""
        column, value = _one_of(state=state, nonce=nonce)
        return _attempt(await self._row(select(link_attempts).where(column == value)))

    async def bind_link(
        self,
        link: bytes,
        browser: bytes,
        now: datetime,
        *,
        state: bytes | None = None,
        verifier: bytes | None = None,
        nonce: bytes | None = None,
        consent_verifier: bytes | None = None,
    ) -> LinkAttempt | None:
        """Tie an attempt to `browser`, unless it is tied to another, and say what it waits for."""
        attempt = link_attempts.c
        query = (
            update(link_attempts)
            .where(
                attempt.link == link,
                attempt.expires_at > now,
                attempt.browser.is_(None) | (attempt.browser == browser),
            )
            .values(
                browser=browser,
                state=state,
                verifier=verifier,
                nonce=nonce,
                consent_verifier=consent_verifier,
            )
            .returning(link_attempts)
        )
        return _attempt(await self._change(query))

    async def take_state(
        self,
        state: bytes,
        browser: bytes,
        now: datetime,
        *,
        nonce: bytes,
        consent_verifier: bytes | None = None,
    ) -> LinkAttempt | None:
        """The attempt that waits for `state`; works once. It then waits for `nonce`.

        The nonce, and what proves at the provider who asked for the consent, are of no use before
        the user is known to be the right one, so they may be set now.
        """
        attempt = link_attempts.c
        query = (
            update(link_attempts)
            .where(attempt.state == state, attempt.browser == browser, attempt.expires_at > now)
            .values(state=None, nonce=nonce, consent_verifier=consent_verifier)
            .returning(link_attempts)
        )
        return _attempt(await self._change(query))

    async def take_link_attempt(
        self, nonce: bytes, browser: bytes, now: datetime, *, provider: str
    ) -> LinkAttempt | None:
        """The attempt that waits for `nonce`; an attempt works once, and not after it expired."""
        attempt = link_attempts.c
        query = (
            delete(link_attempts)
            .where(
                attempt.nonce == nonce,
                attempt.provider == provider,
                attempt.browser == browser,
                attempt.expires_at > now,
            )
            .returning(link_attempts)
        )
        return _attempt(await self._change(query))

    async def await_code(self, attempt: LinkAttempt) -> bool:
        """Keep an attempt until its code is entered; not if the user has started another."""
        query = (
            self._insert(link_attempts)
            .values(asdict(attempt))
            .on_conflict_do_nothing()
            .returning(link_attempts.c.user_id)
        )
        return await self._change(query) is not None

    async def try_code(self, user_id: int, provider: str, now: datetime) -> LinkAttempt | None:
        """Use up one of the tries a user has to enter their code, if there is one left."""
        attempt = link_attempts.c
        query = (
            update(link_attempts)
            .where(
                attempt.user_id == user_id,
                attempt.provider == provider,
                attempt.code.is_not(None),
                attempt.tries_left > 0,
                attempt.expires_at > now,
            )
            .values(tries_left=attempt.tries_left - 1)
            .returning(link_attempts)
        )
        return _attempt(await self._change(query))

    async def take_code(self, attempt: LinkAttempt) -> bool:
        """Whether `attempt` was there with its code until now."""
        query = delete(link_attempts).where(
            link_attempts.c.user_id == attempt.user_id,
            link_attempts.c.provider == attempt.provider,
            link_attempts.c.code == attempt.code,
        )
        return await self._changes(query)

    async def end_link(self, attempt: LinkAttempt) -> None:
        """Void `attempt`, unless it has been replaced by a newer one."""
        query = delete(link_attempts).where(
            link_attempts.c.user_id == attempt.user_id,
            link_attempts.c.provider == attempt.provider,
            link_attempts.c.started_at == attempt.started_at,
        )
        await self._write(lambda connection: connection.execute(query))

    async def complete_link(self, attempt: LinkAttempt, account: Account) -> Account | None:
        """Remember `account`, and that what waits in `attempt` is still to be done and told.

        Returns the account that was in its place. What waits is taken to be under way until
        `attempt.expires_at`, and over with `end_link`. A newer attempt of the same user is left
        alone.
        """
        untold = replace(
            attempt,
            link=None,
            browser=None,
            state=None,
            verifier=None,
            nonce=None,
            code=None,
            tries_left=None,
            account_key=account.key,
            account_username=account.username,
            account_name=account.name,
            account_token=None,
            consent_verifier=None,
        )
        remember, note = self._upserting(accounts, asdict(account)), self._insert(link_attempts)
        wanted = {"user_id": account.user_id, "provider": account.provider}

        def complete(connection: Connection) -> AnyRow | None:
            replaced = connection.execute(_ACCOUNT.with_for_update(), wanted).one_or_none()
            connection.execute(remember)
            connection.execute(note.values(asdict(untold)).on_conflict_do_nothing())
            return replaced

        row = await self._write(complete)
        return Account(*row) if row else None

    async def take_untold(
        self, now: datetime, until: datetime, *, since: datetime
    ) -> Sequence[LinkAttempt]:
        """Links whose users were not told, started after `since`; ours to tell `until` then."""
        query = (
            update(link_attempts)
            .where(_UNTOLD, link_attempts.c.expires_at <= now, link_attempts.c.started_at > since)
            .values(expires_at=until)
            .returning(link_attempts)
        )
        rows = await self._write(lambda connection: connection.execute(query).all())
        return [LinkAttempt(*row) for row in rows]

    # Shares

    async def record_share(
        self,
        channel_id: int,
        key: str,
        *,
        shared_at: datetime,
        name: str | None = None,
        user_id: int | None = None,
        guild_id: int | None = None,
    ) -> None:
        """Remember that a show was shared in a channel.

        It happens with nearly every answer, and a transaction costs as much as the rest of one, so
        those of a moment share it. Whoever asks this store sees them at once.
        """
        share = {
            "channel_id": channel_id,
            "guild_id": guild_id,
            "user_id": user_id,
            "key": key,
            "name": name,
            "shared_at": shared_at,
        }
        self._shares.append(share)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_shares_soon())

    async def _save_shares_soon(self) -> None:
        await asyncio.sleep(SHARES_GATHERED)
        self._saving = None
        await self._save_shares()

    async def _save_shares(self) -> None:
        async with self._saving_shares:
            gathered, self._shares = self._shares, []
            if not gathered:
                return
            try:
                await self._write(lambda connection: connection.execute(_SHARE, gathered))
            except AWAY:
                log.exception("%s shares are not remembered", len(gathered))

    async def last_share(self, channel_id: int, beginning: str = "") -> Share | None:
        """The show that was shared last in a channel, of those whose key has that `beginning`."""
        await self._save_shares()
        wanted = {"channel_id": channel_id, "beginning": beginning}
        row = await self._row(_LAST_SHARE, wanted)
        return Share(*row) if row else None

    async def recent_shares(
        self, *, channel_id: int | None = None, user_id: int | None = None, limit: int = 25
    ) -> Sequence[Share]:
        """The shows shared last in a channel, or by a user, newest first and each once.

        What was shared longer than LOOKED_BACK shares ago is passed over.
        """
        await self._save_shares()
        query = _SHARED_BY if channel_id is None else _SHARED_IN
        wanted = {"whose": user_id if channel_id is None else channel_id, "limit": limit}
        rows = await self._database.read(lambda connection: connection.execute(query, wanted).all())
        return [Share(*row) for row in rows]

    async def shared_since(self, channel_id: int, since: datetime) -> set[str]:
        """The keys of the shows that were shared in a channel after `since`."""
        await self._save_shares()
        wanted = {"channel_id": channel_id, "since": since}
        rows = await self._database.read(
            lambda connection: connection.execute(_SHARED_SINCE, wanted).scalars().all()
        )
        return set(rows)

    async def take_shares_back(self, reply: LinkReply) -> None:
        """Forget what the message shared that `reply` answers."""
        await self._save_shares()
        query = delete(shares).where(
            shares.c.channel_id == reply.channel_id,
            shares.c.user_id == reply.user_id,
            shares.c.shared_at == reply.replied_at,
        )
        await self._write(lambda connection: connection.execute(query))

    # Answers to links in messages

    async def save_link_reply(self, reply: LinkReply) -> None:
        """Remember which message of ours answers a message, in place of an earlier one."""
        await self._upsert(link_replies, asdict(reply))

    async def link_reply(self, message_id: int) -> LinkReply | None:
        """Our answer to the links in a message."""
        row = await self._row(_LINK_REPLY, {"message_id": message_id})
        return LinkReply(*row) if row else None

    async def take_link_replies(self, message_ids: Sequence[int]) -> Sequence[LinkReply]:
        """Our answers to these messages; from now on there are none."""
        query = (
            delete(link_replies)
            .where(link_replies.c.message_id.in_(message_ids))
            .returning(link_replies)
        )
        rows = await self._write(lambda connection: connection.execute(query).all())
        return [LinkReply(*row) for row in rows]

    # Settings

    async def server(self, guild_id: int) -> ServerSettings | None:
        """What was decided for a server, if anything was."""
        row = await self._row(_SERVER, {"guild_id": guild_id})
        return ServerSettings(*row) if row else None

    async def save_server(self, settings: ServerSettings) -> None:
        """Remember what was decided for a server."""
        await self._upsert(servers, asdict(settings))

    async def person(self, user_id: int) -> PersonSettings | None:
        """What a person decided for themselves, if anything."""
        row = await self._row(_PERSON, {"user_id": user_id})
        return PersonSettings(*row) if row else None

    async def save_person(self, settings: PersonSettings) -> None:
        """Remember what a person decided for themselves."""
        await self._upsert(people, asdict(settings))

    # Publishing from chat

    async def save_upload(self, upload: Upload) -> None:
        """Remember something to publish that is new."""
        query = uploads.insert().values(asdict(upload))
        await self._write(lambda connection: connection.execute(query))

    async def upload(self, id: str, user_id: int) -> Upload | None:
        """What `user_id` is about to publish, or published, under this id."""
        query = select(uploads).where(uploads.c.id == id, uploads.c.user_id == user_id)
        return _upload(await self._row(query))

    async def drop_oldest_drafts(self, user_id: int, *, keep: int) -> None:
        """Forget what a user began to publish and did not, but for the newest."""
        drafts = uploads.c.user_id == user_id, uploads.c.state == "draft"
        newest = select(uploads.c.id).where(*drafts).order_by(uploads.c.changed_at.desc())
        query = delete(uploads).where(*drafts, uploads.c.id.not_in(newest.limit(keep)))
        await self._write(lambda connection: connection.execute(query))

    async def change_draft(self, id: str, user_id: int, **values: Any) -> Upload | None:
        """Change what is not sent yet; None where there is no such draft any more."""
        return _upload(await self._change(_draft(id, user_id).values(values).returning(uploads)))

    async def drop_draft(self, id: str, user_id: int) -> bool:
        """Forget what is not sent yet; whether it was there."""
        query = delete(uploads).where(*_is_draft(id, user_id)).returning(uploads.c.id)
        return await self._change(query) is not None

    async def begin_sending(
        self, id: str, user_id: int, now: datetime, **values: Any
    ) -> Upload | None:
        """Take a draft to send it; None where somebody did, or its user is sending another."""
        other = uploads.alias()
        sends_another = (
            select(other.c.id)
            .where(other.c.user_id == user_id, other.c.alive_until > now, other.c.state != "done")
            .exists()
        )
        query = _draft(id, user_id).where(~sends_another)
        return _upload(
            await self._change(query.values(state="sending", **values).returning(uploads))
        )

    async def keep_sending(self, id: str, holder: str, alive_until: datetime) -> Upload | None:
        """Say that `holder` still sends it; None where it is no longer theirs."""
        query = _held(id, holder).values(alive_until=alive_until).returning(uploads)
        return _upload(await self._change(query))

    async def ask_to_stop(self, id: str, user_id: int) -> Upload | None:
        """Have whoever sends it stop; None where nobody does."""
        query = (
            update(uploads)
            .where(uploads.c.id == id, uploads.c.user_id == user_id)
            .where(uploads.c.state.in_(("sending", "stopping")))
            .values(state="stopping")
            .returning(uploads)
        )
        return _upload(await self._change(query))

    async def move_upload(self, id: str, holder: str, place_id: int, message_id: int) -> None:
        """Remember in which message it goes on."""
        query = _held(id, holder).values(place_id=place_id, message_id=message_id)
        await self._write(lambda connection: connection.execute(query))

    async def end_sending(
        self, id: str, holder: str, *, told_until: datetime | None = None, **values: Any
    ) -> Upload | None:
        """Nobody sends it any more: it is `done` or a draft again, as `values` have it.

        With `told_until`, `holder` is still to tell its owner, and has until then.
        """
        kept = {"holder": holder if told_until else None, "alive_until": told_until}
        return _upload(
            await self._change(_held(id, holder).values(kept | values).returning(uploads))
        )

    async def end_telling(self, id: str, holder: str) -> None:
        """The owner knows that it is done."""
        query = _held(id, holder).where(uploads.c.state == "done")
        query = query.values(holder=None, alive_until=None)
        await self._write(lambda connection: connection.execute(query))

    async def take_abandoned(self, now: datetime) -> Sequence[Upload]:
        """What was being sent by a process that is gone, from now on drafts again; and what is
        done, but was not told."""
        query = (
            update(uploads)
            .where(uploads.c.alive_until <= now)
            .values(
                state=case((uploads.c.state == "done", "done"), else_="draft"),
                holder=None,
                alive_until=None,
                changed_at=now,
            )
            .returning(uploads)
        )
        rows = await self._write(lambda connection: connection.execute(query).all())
        return [Upload(*row) for row in rows]

    # Keys too long for a button

    async def short_id(self, key: str) -> str:
        """A short name for `key`, always the same one, by which `long_key` finds it."""
        if (known := self._short_ids.get(key)) is not None:
            return known
        digest = hashlib.sha256(key.encode()).digest()[:16]
        short = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = self._insert(long_keys).values(id=short, key=key).on_conflict_do_nothing()
        await self._write(lambda connection: connection.execute(query))
        self._short_ids[key] = short
        return short

    async def long_key(self, id: str) -> str | None:
        """The key that `short_id` gave this name."""
        row = await self._row(_LONG_KEY, {"id": id})
        return row.key if row else None

    # Gates

    async def close_gate(self, provider: str, until: datetime) -> None:
        """No process calls `provider` before `until`; an earlier end changes nothing."""
        insert = self._insert(gates).values(provider=provider, closed_until=until)
        query = insert.on_conflict_do_update(
            index_elements=gates.primary_key.columns,
            set_={"closed_until": insert.excluded.closed_until},
            where=gates.c.closed_until < insert.excluded.closed_until,
        )
        await self._write(lambda connection: connection.execute(query))

    async def gate(self, provider: str) -> datetime | None:
        """When the gate of `provider` opens, or opened."""
        row = await self._row(_GATE, {"provider": provider})
        return row.closed_until if row else None

    # Forgetting

    async def purge(self, now: datetime) -> Sequence[LinkAttempt]:
        """Drop what is too old to be of use; returns the links among it that came to nothing."""
        await self._save_shares()

        def drop(connection: Connection) -> Sequence[AnyRow]:
            started = link_attempts.c.started_at
            over = ~_UNTOLD | (started <= now - UNTOLD_KEPT)
            expired = delete(link_attempts).where(link_attempts.c.expires_at <= now, over)
            begun = connection.execute(expired.returning(link_attempts)).all()
            connection.execute(delete(link_starts).where(link_starts.c.since <= now - START_WINDOW))
            connection.execute(delete(shares).where(shares.c.shared_at <= now - SHARES_KEPT))
            connection.execute(delete(gates).where(gates.c.closed_until <= now))
            too_old = link_replies.c.replied_at <= now - REPLIES_KEPT
            connection.execute(delete(link_replies).where(too_old))
            unsent = uploads.c.alive_until.is_(None)
            old = uploads.c.changed_at <= now - DRAFTS_KEPT
            connection.execute(delete(uploads).where(unsent, old))
            return begun

        rows = await self._database.write(drop, patient=True)
        return [LinkAttempt(*row) for row in rows]

    async def forget(self, user_id: int) -> Sequence[LinkAttempt]:
        """Drop everything about a user; returns the links that they had begun."""

        await self._save_shares()

        def drop(connection: Connection) -> Sequence[AnyRow]:
            theirs = delete(link_attempts).where(link_attempts.c.user_id == user_id)
            begun = connection.execute(theirs.returning(link_attempts)).all()
            for table in metadata.tables.values():
                if "user_id" in table.c:
                    connection.execute(delete(table).where(table.c.user_id == user_id))
            return begun

        return [LinkAttempt(*row) for row in await self._write(drop)]

    async def forget_servers(self, kept: set[int]) -> None:
        """Drop what was decided for all servers but those `kept`, and what was shared there."""

        def drop(connection: Connection) -> None:
            known = connection.execute(select(servers.c.guild_id)).scalars()
            for guild_id in set(known) - kept:
                for table in (servers, shares):
                    connection.execute(delete(table).where(table.c.guild_id == guild_id))

        await self._write(drop)

    async def remembered(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Everything about a user, by table; what is encrypted or hashed only as how many bytes."""
        await self._save_shares()

        def gather(connection: Connection) -> dict[str, list[dict[str, Any]]]:
            return {
                str(table.name): [
                    _readable(row._mapping)
                    for row in connection.execute(select(table).where(table.c.user_id == user_id))
                ]
                for table in metadata.sorted_tables
                if "user_id" in table.c
            }

        return await self._database.read(gather)

    # Secrets, which only their keys open

    async def sealed(
        self,
        table: str,
        column: str,
        *,
        limit: int,
        after: Sequence[Any] = (),
        unlike: bytes | None = None,
    ) -> Sequence[Sealed]:
        """At most `limit` of the secrets in a column, in the order of their rows.

        `after` is the row of the last one that was seen; those that begin with `unlike` are left
        out.
        """
        rows, secret = metadata.tables[table], metadata.tables[table].c[column]
        key = rows.primary_key.columns.values()
        provider = rows.c.provider if "provider" in rows.c else literal("")
        query = select(rows.c.user_id, provider, secret, *key).where(secret.is_not(None))
        if after:
            query = query.where(tuple_(*key) > tuple_(*after))
        if unlike is not None:
            query = query.where(_beginning(secret, len(unlike)) != unlike)
        query = query.order_by(*key).limit(limit)
        found = await self._database.read(lambda connection: connection.execute(query).all())
        return [Sealed(user, at, value, tuple(row)) for user, at, value, *row in found]

    async def count_sealed(self, table: str, column: str, length: int) -> Mapping[bytes, int]:
        """How many secrets of a column begin with which `length` bytes."""
        secret = metadata.tables[table].c[column]
        beginning = _beginning(secret, length)
        query = select(beginning, func.count()).where(secret.is_not(None)).group_by(text("1"))
        found = await self._database.read(lambda connection: connection.execute(query).all())
        return {bytes(key): count for key, count in found}

    async def reseal(
        self, table: str, column: str, replacements: Sequence[tuple[Sealed, bytes]]
    ) -> int:
        """Replace secrets that are still what they were, in one transaction; how many were."""
        rows, secret = metadata.tables[table], metadata.tables[table].c[column]
        key = rows.primary_key.columns.values()

        def replace(connection: Connection) -> int:
            changed = 0
            for sealed, value in replacements:
                same_row = [part == at for part, at in zip(key, sealed.row, strict=True)]
                query = update(rows).where(*same_row, secret == sealed.secret)
                changed += connection.execute(query.values({column: value})).rowcount
            return changed

        return await self._write(replace)

    async def write_probe(self, now: datetime) -> None:
        """Write something down; raises if the database does not take it."""
        await self._upsert(gates, {"provider": "", "closed_until": now})

    # How it is asked

    async def _row(self, query: Select[Any], wanted: dict[str, Any] | None = None) -> AnyRow | None:
        def ask(connection: Connection) -> AnyRow | None:
            return connection.execute(query, wanted).one_or_none()

        return await self._database.read(ask)

    async def _write(self, change: Callable[[Connection], T]) -> T:
        return await self._database.write(change)

    async def _change(self, query: Any) -> AnyRow | None:
        """Run a statement that returns what it changed."""
        return await self._write(lambda connection: connection.execute(query).one_or_none())

    async def _changes(self, query: Any) -> bool:
        """Run a statement; whether it changed anything."""
        return await self._write(lambda connection: connection.execute(query).rowcount > 0)

    async def _upsert(self, table: Table, values: dict[str, Any]) -> None:
        query = self._upserting(table, values)
        await self._write(lambda connection: connection.execute(query))

    def _upserting(self, table: Table, values: dict[str, Any]) -> Any:
        insert = self._insert(table).values(values)
        others = {name: insert.excluded[name] for name in values if name not in table.primary_key.c}
        return insert.on_conflict_do_update(index_elements=table.primary_key.columns, set_=others)


def _insert_of(dialect: str) -> Any:
    """The INSERT of a database; the other one's is not loaded."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _beginning(secret: ColumnElement[bytes], length: int) -> ColumnElement[bytes]:
    return func.substr(secret, 1, length, type_=LargeBinary)


def _readable(row: RowMapping) -> dict[str, Any]:
    """A row as its owner may read it."""
    return {
        str(name): f"{len(value)} bytes, encrypted or hashed" if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _attempt(row: AnyRow | None) -> LinkAttempt | None:
    return LinkAttempt(*row) if row else None


def _upload(row: AnyRow | None) -> Upload | None:
    return Upload(*row) if row else None


def _is_account(user_id: int, provider: str) -> tuple[Any, ...]:
    return accounts.c.user_id == user_id, accounts.c.provider == provider


def _is_draft(id: str, user_id: int) -> tuple[Any, ...]:
    return uploads.c.id == id, uploads.c.user_id == user_id, uploads.c.state == "draft"


def _draft(id: str, user_id: int) -> Any:
    return update(uploads).where(*_is_draft(id, user_id))


def _held(id: str, holder: str) -> Any:
    return update(uploads).where(uploads.c.id == id, uploads.c.holder == holder)


def _one_of(**values: bytes | None) -> Any:
    ((name, value),) = ((name, value) for name, value in values.items() if value is not None)
    return link_attempts.c[name], value
