"""Holds the bot to its word: how it answers, to whom it says what, and who is linked to what."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import orjson

from mixbot.accounts import OPPOSITE
from mixbot.app import App
from mixbot.languages import LANGUAGES, catalogue
from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Interaction, Message, User
from mixbot.sandbox.discord.kinds import Flag, InteractionKind, ResponseKind
from mixbot.sandbox.discord.messages import walk
from mixbot.sandbox.discord.rest import Request
from mixbot.sandbox.loopback import LoggedRequest
from mixbot.services import MIXCLOUD, NAMES, SOUNDCLOUD
from mixbot.ui.acting import ACTION
from mixbot.ui.references import LostReference, Reference, resolve
from mixbot.ui.verbs import BY_CODE, words
from tests.bot.ledger import Call, Claim, Deed, Ledger, Person, plain
from tests.bot.pretended import Pretended

Json = dict[str, Any]
Sent = tuple[Pretended, LoggedRequest]

LINK = re.compile(r"https?://[^\s\"]+/link/[\w-]+")
LISTS_OF_PEOPLE = re.compile(r"m1:(?:go:\d+|menu:\d+|all:list):\d+:[abuABV]")
INTERACTION = re.compile(r"/(?:interactions|webhooks)/\d+/(?P<token>[^/]+)(?P<rest>.*)")
CALLBACK = "/callback"
FORGET_ME = "m1:privacy:forget"
HANDLERS = ("CommandTree-invoker", "discord.py: on_")  # the tasks in which the bot answers
PATIENCE = 20.0  # seconds; nothing takes that long
CALM = 2.0  # seconds after trouble in which a service may still ask to wait


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

    def tells(self, deed: Deed) -> bool:
        """Whether it says, in any language, that `deed` was done."""
        did = words(deed.verb, deed.provider or MIXCLOUD).did
        for language in LANGUAGES:
            before, after = catalogue(language).gettext(did).split("{what}")
            if re.search(f"{re.escape(before)}.+{re.escape(after)}", self.content, re.DOTALL):
                return True
        return False

    def links_to(self, url: str) -> str:
        """The service at which the button that leads to `url` says to link an account."""
        for part in walk(self.body.get("components") or ()):
            if part.get("url") == url and NAMES[SOUNDCLOUD] in part["label"]:
                return SOUNDCLOUD
        return MIXCLOUD

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

    def ends_link(self, provider: str) -> bool:
        """Whether the account at a service is to be forgotten."""
        return f"/{provider} unlink" in self.what or FORGET_ME in self.what


@dataclass(eq=False, slots=True)
class Attempt:
    """A link that somebody was given, and how far it was followed."""

    url: str
    provider: str
    asked: Asked
    state: str = "fresh"  # then "bound" to a browser, waiting for its "code", or "used"
    code: str = ""
    username: str = ""
    tries: int = 5

    @property
    def owner(self) -> User:
        return self.asked.person

    @property
    def person(self) -> Person:
        return self.owner, self.provider


@dataclass(frozen=True, slots=True)
class Agreed:
    """An attempt at linking that went to the end; `surely` if it must have worked."""

    attempt: Attempt
    username: str
    surely: bool


@dataclass(slots=True)
class Strikes:
    """What became of requests to the services while they were in trouble."""

    count: int = 0
    last: float = 0.0
    garbled: list[tuple[str, ...]] = field(default_factory=list)  # their answers cannot be read

    def note(self) -> None:
        self.count += 1
        self.last = time.monotonic()

    @property
    def are_over(self) -> bool:
        """Whether all is as if there had been no trouble."""
        return not self.count and time.monotonic() > self.last + CALM

    def clear(self) -> None:
        self.count = 0
        self.garbled.clear()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom something was granted for, and the account that it stands for."""

    person: User
    username: str
    service: Pretended
    grant: Any = field(repr=False)


class Witness:
    """Watches what the bot says to whom and does as whom, and notes what is wrong with it."""

    def __init__(
        self,
        complain: Callable[[str], None],
        discord: DiscordServer,
        services: Sequence[Pretended],
        secrets: Iterable[str],
    ) -> None:
        self.complain = complain
        self.strikes = Strikes()
        self.attempts: dict[Person, Attempt] = {}  # the last one that somebody was given
        self.given: dict[str, Attempt] = {}  # all, by their address
        self.visited: Agreed | None = None  # the link that is being followed, and as whom
        self.agreed: list[Agreed] = []
        self.linked: dict[Person, Owner] = {}
        self.may_end: set[Any] = set()  # grants that were taken back, or were lost on the way
        self.counts: Counter[str] = Counter()  # of what the bot did
        self.secrets = set(secrets)
        self.ledger = Ledger(lambda: (tie for service in services for tie in service.ties()))
        self._discord = discord
        self._services = services
        self._names: dict[str, str] = {}  # of accounts, by username
        for service in services:
            self._names |= service.names
        self._batch: list[Asked] = []
        self._by_token: dict[str, Asked] = {}
        self._owners: dict[Any, Owner] = {}  # by what was granted
        self._newest: dict[Person, Owner] = {}
        self._read = dict.fromkeys(["discord", *NAMES], 0)
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
        requests = [(each, request) for each in self._services for request in self._asked(each)]
        for asked in batch:
            await self._check_answer(parts, asked)
            self._check_pages(asked, batch)
        for asked in batch:
            self._look_for_end(asked)
        for asked, all_said in said.items():
            self._look_for_prompts(asked, all_said, batch)
        accounts_of = await self._check_links(parts, batch, requests)
        self._check_tokens(batch, requests)
        await self._check_grants(parts)
        names_of = {
            person: set().union(*(accounts_of.get((person, provider), ()) for provider in NAMES))
            for person, _provider in accounts_of
        }
        self._check_names(said, names_of)
        await self._check_profiles(parts, batch, said, names_of)
        await self._check_forgotten(parts, batch)
        claims = await self._claims(parts, batch, said)
        calls = list(self._calls(requests))
        self.counts.update(f"done at {call.deed.provider}" for call in calls if call.succeeded)
        doubtful = self._changing(batch, requests)
        for person in doubtful:
            self.ledger.doubt(*person)
        for wrong in self.ledger.wrong(claims, calls, accounts_of, time.monotonic()):
            self.complain(wrong)
        for person in doubtful:
            self.ledger.doubt(*person)
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
                self.counts["answers"] += 1
        return said

    def _asked(self, service: Pretended) -> list[LoggedRequest]:
        """What the bot has asked of a service since the last time."""
        requests, read = list(service.server.requests), self._read[service.provider]
        self._read[service.provider] = len(requests)
        return requests[read:]

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
            for provider in NAMES:
                self.attempts.pop((asked.person, provider), None)

    def _look_for_prompts(self, asked: Asked, said: Sequence[Said], batch: Sequence[Asked]) -> None:
        """Note the link that somebody was given; of two at once nobody knows which one is void."""
        for one in said:
            found = LINK.search(one.written)
            if found is None or found[0] in self.given:
                continue
            attempt = Attempt(found[0], one.links_to(found[0]), asked)
            self.given[found[0]] = attempt
            last = self.attempts.get(attempt.person)
            if last and last.asked in batch:
                last.state = attempt.state = "unsure"
            self.attempts[attempt.person] = attempt

    def _learn_grants(self, requests: Iterable[Sent]) -> None:
        """A grant that is new was given for the link that is being followed."""
        for service, request in requests:
            grant = service.sender(request)
            if grant is None:
                continue
            self.secrets |= service.secrets(grant)
            if grant not in self._owners and self.visited:
                attempt = self.visited.attempt
                owner = Owner(attempt.owner, self.visited.username, service, grant)
                if service.provider != attempt.provider:
                    self.complain(f"{attempt.owner.name} is linked at {service.name} instead")
                self._owners[grant] = self._newest[attempt.person] = owner

    def _check_tokens(self, batch: Sequence[Asked], requests: Iterable[Sent]) -> None:
        """Nobody's token is used but when they ask for something."""
        people = {asked.person for asked in batch}
        if self.visited:
            people.add(self.visited.attempt.owner)
        for service, request in requests:
            if grant := service.sender(request):
                owner = self._owners.get(grant)
                if owner is None or owner.service is not service or owner.person not in people:
                    who = owner.person.name if owner else "somebody"
                    self.complain(f"{request.method} {request.path} as {who}, unasked")

    async def _check_grants(self, parts: App) -> None:
        """Whoever is linked has what is good, unless it was taken back or lost on the way."""
        for (person, _provider), owner in self.linked.items():
            if owner.grant not in self.may_end:
                trouble = await owner.service.trouble_with(owner.grant, parts, int(person.id))
                if trouble:
                    self.complain(f"{person.name} as {owner.username}: {trouble}")

    def take_back(self, username: str) -> None:
        """The owner of an account takes back all that was granted for it."""
        self.may_end |= {g for g, owner in self._owners.items() if owner.username == username}

    async def _check_links(
        self, parts: App, batch: Sequence[Asked], requests: Sequence[Sent]
    ) -> dict[Person, set[str]]:
        """Nobody is linked, or no longer linked, without a reason.

        Returns the accounts that each person was linked to since the last time.
        """
        self._learn_grants(requests)
        ended = self._ended(requests)
        accounts_of: dict[Person, set[str]] = {}
        for one, service in product(self._people(batch), self._services):
            person = one, service.provider
            before = self.linked.get(person)
            account = await parts.accounts.account(int(one.id), service.provider)
            now = account.username if account else None
            may_be = {before.username if before else None}
            ending = [a for a in batch if a.person is one and a.ends_link(service.provider)]
            surely = any(not asked.excused for asked in ending)
            if surely or (before and before.grant in ended and service.forgets_at_once):
                may_be = {None}
            elif ending or (before and before.grant in ended):
                may_be.add(None)
            agreed_to = [agreed for agreed in self.agreed if agreed.attempt.person == person]
            for agreed in agreed_to:
                newest = self._newest.get(person)  # may be refused as soon as it is used
                sure = agreed.surely and not self.strikes.count
                sure = sure and not (newest and newest.grant in ended)
                may_be = {agreed.username} if sure else {agreed.username, None, *may_be}
            if now not in may_be:
                why = [*(asked.what for asked in ending), *self.agreed, len(ended)]
                self.complain(
                    f"{one.name} is linked to {now} at {service.name}, not to {may_be}: {why}"
                )
            names = {before and before.username, now, *(agreed.username for agreed in agreed_to)}
            accounts_of[person] = {name for name in names if name}
            if now is None:
                self.linked.pop(person, None)
                if before and surely and not agreed_to and self.strikes.are_over:
                    self._check_signed_out(before)
            elif any(agreed.surely and agreed.username == now for agreed in agreed_to):
                self.linked[person] = self._newest[person]
        return accounts_of

    def _check_signed_out(self, owner: Owner) -> None:
        """What was forgotten is of no use to anybody, where that can be done."""
        if not owner.service.forgets_at_once and not owner.service.has_ended(owner.grant, set()):
            self.complain(f"{owner.person.name} as {owner.username} is not signed out")

    def _refused(self, requests: Iterable[Sent]) -> Iterator[Any]:
        """The grants whose tokens were not accepted, in an answer that can be read."""
        for service, request in requests:
            grant = service.sender(request)
            if (
                grant
                and request.status == 401
                and self._sent(service, request) not in (self.strikes.garbled)
            ):
                yield grant

    def _ended(self, requests: Iterable[Sent]) -> set[Any]:
        """The grants in use with which nobody can act any longer."""
        refused = set(self._refused(requests))
        in_use = [*self.linked.values(), *self._newest.values()]
        return {one.grant for one in in_use if one.service.has_ended(one.grant, refused)}

    @staticmethod
    def _sent(service: Pretended, request: LoggedRequest) -> tuple[str, ...]:
        token = service.token(request.query, request.authorization)
        return service.provider, request.method, request.path, token

    def _changing(self, batch: Sequence[Asked], requests: Iterable[Sent]) -> set[Person]:
        """Whose link has changed, or may have."""
        owners = [self._owners[grant] for grant in self._ended(requests)]
        return {
            *(
                (asked.person, provider)
                for asked in batch
                for provider in NAMES
                if asked.ends_link(provider)
            ),
            *(agreed.attempt.person for agreed in self.agreed),
            *((owner.person, owner.service.provider) for owner in owners),
        }

    def _people(self, batch: Sequence[Asked]) -> set[User]:
        return {
            *(person for person, _provider in self.linked),
            *(agreed.attempt.owner for agreed in self.agreed),
            *(asked.person for asked in batch),
        }

    # What is done at the services

    def _calls(self, requests: Iterable[Sent]) -> Iterator[Call]:
        garbled = list(self.strikes.garbled)
        for service, request in requests:
            owner, deed = self._owners.get(service.sender(request)), service.deed(request)
            if deed is None or owner is None:
                continue
            sent = self._sent(service, request)
            struck = sent in garbled
            if struck:
                garbled.remove(sent)
            elif request.status == 401 and not service.forgets_at_once:
                continue  # it is tried again with another token
            yield Call(owner.person, owner.username, request.method, deed, request.status, struck)

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
