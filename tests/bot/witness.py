"""Holds the bot to its word: how it answers, to whom it says what, and who is linked to what."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mixbot.accounts import OPPOSITE
from mixbot.app import App
from mixbot.languages import LANGUAGES, catalogue
from mixbot.sandbox import DiscordServer, MixcloudServer
from mixbot.sandbox.discord import Interaction, Message, User
from mixbot.sandbox.discord.kinds import Flag, InteractionKind, ResponseKind
from mixbot.sandbox.discord.messages import walk
from mixbot.sandbox.discord.rest import Request
from mixbot.sandbox.mixcloud import LoggedRequest
from mixbot.ui.acting import ACTION
from mixbot.ui.references import LostReference, Reference, resolve
from mixbot.ui.verbs import BY_CODE, VERBS
from tests.bot.ledger import Call, Claim, Deed, Ledger, deed_of, plain

Json = dict[str, Any]

LINK = re.compile(r"https?://[^\s\"]+/link/[\w-]+")
LISTS_OF_PEOPLE = re.compile(r"m1:(?:go:\d+|menu:\d+|all:list):\d+:[abu]")
INTERACTION = re.compile(r"/(?:interactions|webhooks)/\d+/(?P<token>[^/]+)(?P<rest>.*)")
CALLBACK = "/callback"
FORGET_ME, UNLINK = "m1:privacy:forget", "/mixcloud unlink"
HANDLERS = ("CommandTree-invoker", "discord.py: on_")  # the tasks in which the bot answers
PATIENCE = 20.0  # seconds; nothing takes that long


@dataclass(frozen=True, slots=True)
class Said:
    """A message, or a change of one, that the bot sent to Discord."""

    body: Json
    public: bool

    @property
    def written(self) -> str:
        """All of it, as it was sent."""
        return orjson.dumps(self.body).decode()

    @property
    def content(self) -> str:
        """What is read."""
        texts = [part.get("content") or "" for part in walk(self.body.get("components") or ())]
        return "\n".join([self.body.get("content") or "", *texts])

    @property
    def done(self) -> tuple[str, Reference] | None:
        """The verb and the reference of what it says was done, which it offers to undo."""
        for part in walk(self.body.get("components") or ()):
            match = ACTION.fullmatch(part.get("custom_id") or "")
            if match and match["in_place"]:
                return OPPOSITE[BY_CODE[match["code"]]], Reference(match["ref"])
        return None

    def tells(self, verb: str) -> bool:
        """Whether it says, in any language, that `verb` was done."""
        for language in LANGUAGES:
            before, after = catalogue(language).gettext(VERBS[verb].did).split("{what}")
            if re.search(f"{re.escape(before)}.+{re.escape(after)}", self.content, re.DOTALL):
                return True
        return False

    def names(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that stand in it."""
        written = self.written.casefold()
        return [name for name in names if name.casefold() in written]


@dataclass(eq=False, slots=True)
class Asked:
    """Something that somebody asked of the bot, and what it said to that."""

    interaction: Interaction
    what: str
    private: bool = False  # only they may see the answer
    private_here: bool = False  # the server wants that of answers of which nobody says otherwise
    deed: Deed | None = None
    used: str = ""  # all that was typed, or is on the message that was used
    of_others: Json | None = None  # the message that was used, if its pages are somebody else's
    about: User | None = None  # whose profile was asked for
    excused: bool = False  # the bot was stopped, or the message deleted, before the answer
    at: float = field(default_factory=time.monotonic)

    @property
    def person(self) -> User:
        return self.interaction.user

    @property
    def trouble(self) -> str | None:
        """What is wrong with how it was answered."""
        interaction = self.interaction
        if interaction.failure:
            return interaction.failure
        if any(message.thinking and not message.deleted for message in self.answers):
            return "the bot thinks and thinks"
        match interaction.response:
            case ResponseKind.CHOICES | ResponseKind.FORM:
                return None
            case ResponseKind.DEFER_UPDATE if interaction.kind == InteractionKind.FORM:
                return None  # the message that led to the form changes by itself
        return None if interaction.answers else "nothing came after the promise"

    @property
    def answers(self) -> list[Message]:
        found = dict.fromkeys([self.interaction.original, *self.interaction.answers])
        return [message for message in found if message]

    @property
    def kept_private(self) -> bool:
        return all(m.ephemeral and m.only_for is self.person for m in self.answers)

    @property
    def ends_link(self) -> bool:
        return UNLINK in self.what or FORGET_ME in self.what


@dataclass(eq=False, slots=True)
class Attempt:
    """A link that somebody was given, and how far it was followed."""

    url: str
    asked: Asked
    state: str = "fresh"  # then "bound" to a browser, waiting for its "code", or "used"
    code: str = ""
    username: str = ""
    tries: int = 5

    @property
    def person(self) -> User:
        return self.asked.person


@dataclass(frozen=True, slots=True)
class Agreed:
    """An attempt at linking that went to the end; `surely` if it must have worked."""

    attempt: Attempt
    username: str
    surely: bool


@dataclass(slots=True)
class Strikes:
    """What became of requests to Mixcloud while it was in trouble."""

    count: int = 0
    garbled: list[tuple[str, ...]] = field(default_factory=list)  # their answers cannot be read

    def clear(self) -> None:
        self.count = 0
        self.garbled.clear()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a token of Mixcloud was given for, and the account that it stands for."""

    person: User
    username: str
    token: str = field(repr=False)


class Witness:
    """Watches what the bot says to whom and does as whom, and notes what is wrong with it."""

    def __init__(
        self,
        complain: Callable[[str], None],
        discord: DiscordServer,
        mixcloud: MixcloudServer,
        names: Mapping[str, str],
        secrets: Iterable[str],
    ) -> None:
        self.complain = complain
        self.strikes = Strikes()
        self.attempts: dict[User, Attempt] = {}  # the last one that somebody was given
        self.given: dict[str, Attempt] = {}  # all, by their address
        self.visited: Agreed | None = None  # the link that is being followed, and as whom
        self.agreed: list[Agreed] = []
        self.linked: dict[User, Owner] = {}
        self.answers = 0
        self.secrets = set(secrets)
        self.ledger = Ledger(mixcloud.catalogue, names)
        self._discord = discord
        self._mixcloud = mixcloud
        self._names = names  # of accounts at Mixcloud, by username
        self._batch: list[Asked] = []
        self._by_token: dict[str, Asked] = {}
        self._tokens: dict[str, Owner] = {}
        self._newest: dict[User, Owner] = {}
        self._read = {"discord": 0, "mixcloud": 0}
        self._watching = asyncio.create_task(self._watch())

    # What is asked

    def ask(self, asked: Asked) -> None:
        """From now on `asked` must be answered."""
        self._batch.append(asked)
        self._by_token[asked.interaction.token] = asked

    def excuse(self, message: Message) -> None:
        """Nobody has to answer on a message that is gone."""
        for asked in self._by_token.values():
            if message in (asked.interaction.message, asked.interaction.original):
                asked.excused = True

    def stop(self) -> None:
        """The bot is stopped: what it has not answered yet it need not."""
        for asked in self._batch:
            asked.excused = True
            asked.interaction.time_out()

    def expire(self) -> None:
        """Nothing that was asked before can be answered any more."""
        for asked in self._by_token.values():
            asked.interaction.expire()

    # What everybody sees

    async def _watch(self) -> None:
        async with self._discord.subscribe() as events:
            async for event in events:
                if event.message and event.message.author is self._discord.bot:
                    self._look_at(event.raw)

    def _look_at(self, raw: Json) -> None:
        if raw["flags"] & Flag.EPHEMERAL:
            return
        written = orjson.dumps(raw).decode()
        if LINK.search(written):
            self.complain(f"a link for one person is shown to all: {written}")
        if any(secret in written for secret in self.secrets):
            self.complain(f"a secret is shown to all: {written}")

    async def close(self, messages: Iterable[Message]) -> None:
        """Look at everything once more, now that all secrets are known."""
        for subscription in tuple(self._discord.world.subscriptions):
            subscription.close()
        await self._watching
        for message in messages:
            if message.author is self._discord.bot:
                self._look_at(message.raw)

    # What comes of it

    async def wait_for_promises(self) -> None:
        """Wait until everything is answered, or is said to be."""
        for asked in self._batch:
            await _acknowledged(asked.interaction)

    async def settle(self, parts: App) -> None:
        """Wait until everything is answered and done, and look at what came of it."""
        await self.wait_for_promises()
        batch, self._batch = self._batch, []
        await _idle(parts)
        said = self._read_discord()
        requests = self._read_mixcloud()
        for asked in batch:
            await self._check_answer(parts, asked)
            self._check_pages(asked, batch)
        for asked in batch:
            self._look_for_end(asked)
        for asked, all_said in said.items():
            self._look_for_prompts(asked, all_said, batch)
        accounts_of = await self._check_links(parts, batch, requests)
        self._check_tokens(batch, requests)
        self._check_names(said, accounts_of)
        await self._check_profiles(parts, batch, said, accounts_of)
        await self._check_forgotten(parts, batch)
        claims = await self._claims(parts, batch, said)
        calls = list(self._calls(requests))
        doubtful = self._changing(batch, requests)
        for person in doubtful:
            self.ledger.doubt(person)
        for wrong in self.ledger.wrong(claims, calls, accounts_of, time.monotonic()):
            self.complain(wrong)
        for person in doubtful:
            self.ledger.doubt(person)
        self.strikes.clear()
        self.agreed.clear()
        self.visited = None

    def _read_discord(self) -> dict[Asked, list[Said]]:
        """What the bot has said since the last time."""
        requests = self._discord.requests
        new, self._read["discord"] = requests[self._read["discord"] :], len(requests)
        said: dict[Asked, list[Said]] = {}
        for request in new:
            match = INTERACTION.fullmatch(request.path)
            asked = self._by_token.get(match["token"]) if match else None
            if request.status >= 400:
                self._check_refusal(asked, request)
            elif match and asked and (one := _said(asked, match["rest"], request)):
                said.setdefault(asked, []).append(one)
                self.answers += 1
        return said

    def _read_mixcloud(self) -> list[LoggedRequest]:
        requests = list(self._mixcloud.requests)
        new, self._read["mixcloud"] = requests[self._read["mixcloud"] :], len(requests)
        return new

    # How it is answered

    def _check_refusal(self, asked: Asked | None, request: Request) -> None:
        gone = asked is None or (
            asked.excused
            or asked.interaction.expired
            or any(message.deleted for message in asked.answers)
        )
        if request.status == 400 or not gone:
            self.complain(f"{asked.what if asked else 'unasked'}: Discord refused {request}")

    async def _check_answer(self, parts: App, asked: Asked) -> None:
        if not asked.excused and asked.trouble:
            self.complain(f"{asked.what}: {asked.trouble} ({asked.interaction})")
        private = asked.private
        if asked.private_here and asked.interaction.channel.guild:
            server = await parts.store.server(int(asked.interaction.channel.guild.id))
            private = server is not None and server.private
        if private and not asked.kept_private:
            self.complain(f"{asked.what}: answered for all to see: {asked.answers}")
        for message in asked.answers:
            for name in message.uploads:
                data = message.file(name).data.decode(errors="replace")
                if any(secret in data for secret in self.secrets):
                    self.complain(f"{asked.what}: a secret is in {name}")

    def _check_pages(self, asked: Asked, batch: Sequence[Asked]) -> None:
        """Somebody else's pages stay as they are."""
        message, before = asked.interaction.message, asked.of_others
        if message is None or before is None:
            return
        turned = any(o.interaction.message is message and o.of_others is None for o in batch)
        if not turned and message.raw != before:
            self.complain(f"{asked.what}: turned somebody else's pages")

    def _check_names(
        self, said: Mapping[Asked, Sequence[Said]], accounts_of: Mapping[User, set[str]]
    ) -> None:
        """Everybody is told the name of an account only by somebody who asked for just that."""
        usernames = set().union(*accounts_of.values())
        for asked, all_said in said.items():
            public = [s for s in all_said if s.public and not LISTS_OF_PEOPLE.search(s.written)]
            used = asked.used.casefold()
            for username in usernames:
                names = self._named([username])
                if not any(name.casefold() in used for name in names):
                    for one in public:
                        for name in one.names(names):
                            self.complain(f"{asked.what}: everybody is told of {name}")

    def _named(self, usernames: Iterable[str]) -> set[str]:
        return {name for username in usernames for name in (username, self._names[username])}

    async def _check_profiles(
        self,
        parts: App,
        batch: Sequence[Asked],
        said: Mapping[Asked, Sequence[Said]],
        accounts_of: Mapping[User, set[str]],
    ) -> None:
        """Nobody learns of an account whose owner does not show it."""
        for asked in batch:
            about = asked.about
            if about is None or about is asked.person:
                continue
            person = await parts.store.person(int(about.id))
            deciding = any(o.person is about and "m1:privacy" in o.what for o in batch)
            if deciding or (person and person.profile):
                continue
            hidden = accounts_of.get(about, set()) - accounts_of[asked.person]
            for one in said.get(asked, ()):
                for name in one.names(self._named(hidden)):
                    self.complain(f"{asked.what}: is told of {name}")

    async def _check_forgotten(self, parts: App, batch: Sequence[Asked]) -> None:
        for asked in batch:
            alone = sum(other.person is asked.person for other in batch) == 1
            if FORGET_ME in asked.what and alone and not asked.excused and not self.visited:
                kept = await parts.store.remembered(int(asked.person.id))
                if any(kept.values()):
                    self.complain(f"{asked.what}: still remembered: {kept}")

    # Who is linked to what

    def _look_for_end(self, asked: Asked) -> None:
        if FORGET_ME in asked.what:
            self.attempts.pop(asked.person, None)

    def _look_for_prompts(self, asked: Asked, said: Sequence[Said], batch: Sequence[Asked]) -> None:
        """Note the link that somebody was given; of two at once nobody knows which one is void."""
        for one in said:
            found = LINK.search(one.written)
            if found is None or found[0] in self.given:
                continue
            attempt = self.given[found[0]] = Attempt(found[0], asked)
            last = self.attempts.get(asked.person)
            if last and last.asked in batch:
                last.state = attempt.state = "unsure"
            self.attempts[asked.person] = attempt

    def _learn_tokens(self, requests: Iterable[LoggedRequest]) -> None:
        """A token that is new was given for the link that is being followed."""
        for request in requests:
            token = request.query.get("access_token")
            if token and token not in self._tokens and self.visited:
                owner = Owner(self.visited.attempt.person, self.visited.username, token)
                self._tokens[token] = self._newest[owner.person] = owner
                self.secrets.add(token)

    def _check_tokens(self, batch: Sequence[Asked], requests: Iterable[LoggedRequest]) -> None:
        """Nobody's token is used but when they ask for something."""
        people = {asked.person for asked in batch}
        if self.visited:
            people.add(self.visited.attempt.person)
        for request in requests:
            if token := request.query.get("access_token"):
                owner = self._tokens.get(token)
                if owner is None or owner.person not in people:
                    who = owner.person.name if owner else "somebody"
                    self.complain(f"{request.method} {request.path} as {who}, unasked")

    async def _check_links(
        self, parts: App, batch: Sequence[Asked], requests: Iterable[LoggedRequest]
    ) -> dict[User, set[str]]:
        """Nobody is linked, or no longer linked, without a reason.

        Returns the accounts that each person was linked to since the last time.
        """
        self._learn_tokens(requests)
        refused = set(self._refused(requests))
        accounts_of: dict[User, set[str]] = {}
        for person in self._people(batch):
            before = self.linked.get(person)
            account = await parts.accounts.account(int(person.id))
            now = account.username if account else None
            may_be = {before.username if before else None}
            ending = [asked for asked in batch if asked.person is person and asked.ends_link]
            if any(not asked.excused for asked in ending) or (before and before.token in refused):
                may_be = {None}
            elif ending:
                may_be.add(None)
            for agreed in self.agreed:
                if agreed.attempt.person is person:
                    newest = self._newest.get(person)  # may be refused as soon as it is used
                    sure = agreed.surely and not self.strikes.count
                    sure = sure and not (newest and newest.token in refused)
                    may_be = {agreed.username} if sure else {agreed.username, None, *may_be}
            if now not in may_be:
                why = [*(asked.what for asked in ending), *self.agreed, *refused]
                self.complain(f"{person.name} is linked to {now}, not to {may_be}: {why}")
            agreed_to = [one for one in self.agreed if one.attempt.person is person]
            names = {before and before.username, now, *(one.username for one in agreed_to)}
            accounts_of[person] = {name for name in names if name}
            if now is None:
                self.linked.pop(person, None)
            elif any(one.surely and one.username == now for one in agreed_to):
                self.linked[person] = self._newest[person]
        return accounts_of

    def _refused(self, requests: Iterable[LoggedRequest]) -> Iterator[str]:
        """The tokens that Mixcloud did not accept, in an answer that can be read."""
        for request in requests:
            token = request.query.get("access_token", "")
            sent = (request.method, request.path, token)
            if request.status == 401 and sent not in self.strikes.garbled:
                yield token

    def _changing(self, batch: Sequence[Asked], requests: Iterable[LoggedRequest]) -> set[User]:
        """Whose link has changed, or may have."""
        refused = self._refused(requests)
        return {
            *(asked.person for asked in batch if asked.ends_link),
            *(agreed.attempt.person for agreed in self.agreed),
            *(self._tokens[token].person for token in refused if token in self._tokens),
        }

    def _people(self, batch: Sequence[Asked]) -> set[User]:
        agreed = {agreed.attempt.person for agreed in self.agreed}
        return {*self.linked, *agreed, *(asked.person for asked in batch)}

    # What is done at Mixcloud

    def _calls(self, requests: Iterable[LoggedRequest]) -> Iterator[Call]:
        garbled = list(self.strikes.garbled)
        for request in requests:
            token = request.query.get("access_token", "")
            owner, deed = self._tokens.get(token), deed_of(request)
            if deed is None or owner is None:
                continue
            sent = (request.method, request.path, token)
            struck = sent in garbled
            if struck:
                garbled.remove(sent)
            yield Call(owner.person, owner.username, deed, request.status, struck)

    async def _claims(
        self, parts: App, batch: Sequence[Asked], said: Mapping[Asked, Sequence[Said]]
    ) -> list[Claim]:
        """What people wanted done, and what they were told; after linking, what had waited."""
        claims = []
        waited = [agreed.attempt.asked for agreed in self.agreed]
        for asked in [*batch, *(asked for asked in waited if asked not in batch)]:
            if asked.deed is None:
                continue
            told = () if asked.excused else tuple(said.get(asked, ()))
            done = None
            for one in told:
                if one.done:
                    verb, ref = one.done
                    done = Deed(verb, plain(await resolve(parts.store, ref)))
            claims.append(Claim(asked.person, asked.what, asked.deed, done, told, asked.at))
        return claims

    async def deed(self, parts: App, verb: str, ref: str) -> Deed:
        """What a component stands for that does `verb`."""
        try:
            return Deed(verb, plain(await resolve(parts.store, Reference(ref))))
        except LostReference:
            return Deed(verb)


async def _acknowledged(interaction: Interaction) -> None:
    await interaction.becomes(
        lambda: interaction.response or interaction.failure, PATIENCE, "an answer"
    )


async def _idle(parts: App) -> None:
    """Wait until the bot has nothing to do."""
    async with asyncio.timeout(PATIENCE):
        while busy := [t for t in asyncio.all_tasks() if t.get_name().startswith(HANDLERS)]:
            await asyncio.wait(busy)
        await parts.accounts.close()


def _said(asked: Asked, rest: str, request: Request) -> Said | None:
    """What a request to Discord says, if it is one that says something."""
    interaction, body = asked.interaction, request.body
    shown = interaction.original
    private = shown is not None and shown.ephemeral
    if rest == CALLBACK:
        data = body.get("data") or {}
        return Said(data, not private) if body["type"] in (4, 7) else None
    if request.method == "PATCH":
        return Said(body, not private)
    if request.method == "POST":
        return Said(body, not body.get("flags", 0) & Flag.EPHEMERAL)
    return None
