"""Holds the bot to its word: what it says and to whom, and what Mixcloud gets to hear of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from mixbot import accounts
from mixbot.accounts import OPPOSITE
from mixbot.languages import LANGUAGES, catalogue
from mixbot.sandbox.discord import Interaction, Message, User
from mixbot.sandbox.discord.kinds import ResponseKind
from mixbot.sandbox.discord.messages import walk
from mixbot.sandbox.mixcloud import Catalogue, LoggedRequest
from mixbot.ui.acting import ACTION
from mixbot.ui.verbs import BY_CODE, VERBS

Json = dict[str, Any]

TIES = {
    "favorite": "favorites",
    "follow": "follows",
    "repost": "reposts",
    "listen_later": "listen_later",
}
ACTION_PATH = re.compile(r"(?P<key>/.+/)(?P<action>favorite|repost|listen-later|follow)/")
LINK = re.compile(r"https?://[^\s\"]+/link/[\w-]+")
LISTS_OF_PEOPLE = re.compile(r"m1:(?:go:\d+|menu:\d+|all:list):\d+:[abu]")
EPHEMERAL = 1 << 6
SLACK = 0.5  # seconds, by which a timer may be late


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants done at Mixcloud; without `key` the bot is to find out with what."""

    verb: str
    key: str | None = None

    @property
    def kind(self) -> str:
        return self.verb.removeprefix("un")

    def may_be(self, verb: str, key: str) -> bool:
        return self.verb == verb and self.key in (None, key)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, or a change of one, that the bot sent to Discord."""

    body: Json
    public: bool

    @property
    def written(self) -> str:
        return orjson.dumps(self.body).decode()

    @property
    def content(self) -> str:
        texts = [part.get("content") or "" for part in walk(self.body.get("components") or ())]
        return "\n".join([self.body.get("content") or "", *texts])

    @property
    def custom_ids(self) -> Iterator[str]:
        for part in walk(self.body.get("components") or ()):
            yield part.get("custom_id") or ""


@dataclass(eq=False, slots=True)
class Asked:
    """Something that somebody asked of the bot, and what it said to that."""

    interaction: Interaction
    what: str
    at: float
    private: bool | None = None  # None: it depends
    deed: Deed | None = None
    used: str = ""  # all that was typed, or is on the message that was used
    of_others: tuple[Message, Json] | None = None  # a message whose pages are somebody else's
    about: User | None = None  # whose profile was asked for
    said: list[Said] = field(default_factory=list)
    excused: bool = False  # the bot was stopped, or the message deleted, before the answer

    @property
    def person(self) -> User:
        return self.interaction.user


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of a deed, as far as its person was told."""

    person: User
    deed: Deed
    at: float
    said: tuple[Said, ...]
    done: Deed | None
    what: str


@dataclass(frozen=True, slots=True)
class Call:
    """An action that Mixcloud was asked for with somebody's token."""

    username: str
    deed: Deed
    status: int | None
    garbled: bool  # the bot did not get to read the answer

    @property
    def succeeded(self) -> bool:
        return not self.garbled and (self.status == 200 or self.was_not_there)

    @property
    def was_not_there(self) -> bool:
        return self.status == 404 and self.deed.verb.startswith("un")


def plain(key: str) -> str:
    """A key as it is compared: Mixcloud's are written in any case, encoded or not."""
    return unquote(key).casefold()


def deed_of(request: LoggedRequest) -> Deed | None:
    """The action that a request to Mixcloud asks for."""
    if request.method not in ("POST", "DELETE"):
        return None
    match = ACTION_PATH.fullmatch(unquote(request.path))
    if match is None:
        return None
    verb = match["action"].replace("-", "_")
    return Deed(f"un{verb}" if request.method == "DELETE" else verb, plain(match["key"]))


def says_done(said: Said) -> tuple[str, str] | None:
    """The verb and the reference of what a message says was done: it offers to undo it."""
    for custom_id in said.custom_ids:
        match = ACTION.fullmatch(custom_id)
        if match and match["in_place"]:
            return OPPOSITE[BY_CODE[match["code"]]], match["ref"]
    return None


def in_words(content: str, verb: str) -> bool:
    """Whether `content` says in any language that `verb` was done."""
    for language in LANGUAGES:
        before, after = catalogue(language).gettext(VERBS[verb].did).split("{what}")
        if re.search(f"{re.escape(before)}.+{re.escape(after)}", content, re.DOTALL):
            return True
    return False


def answered(asked: Asked) -> str | None:
    """What is wrong with how something was answered; None if nothing is."""
    interaction = asked.interaction
    if interaction.failure:
        return interaction.failure
    original = interaction.original
    if original and original.thinking and not original.deleted:
        return "the bot thinks and thinks"
    match interaction.response:
        case ResponseKind.CHOICES | ResponseKind.FORM:
            return None
        case ResponseKind.DEFER_UPDATE if interaction.modal or interaction.cause:
            return None  # the message that led to the form changes by itself
        case None:
            return "nothing came"
    return None if interaction.answers else "nothing came after the promise"


def kept_private(asked: Asked) -> bool:
    """Whether only who asked sees the answers."""
    shown = {*asked.interaction.answers}
    if asked.interaction.original:
        shown.add(asked.interaction.original)
    return all(message.ephemeral and message.only_for is asked.person for message in shown)


def told_names(said: Said, names: Iterable[str], used: str) -> Iterator[str]:
    """Names of accounts that everybody was told without having been asked for them."""
    if not said.public or LISTS_OF_PEOPLE.search(said.written):
        return
    written = said.written.casefold()
    for name in names:
        if name.casefold() in written and name.casefold() not in used.casefold():
            yield name


class Ledger:
    """What accounts have done at Mixcloud, kept by what was asked of Mixcloud in their names."""

    def __init__(self, catalogue: Catalogue, usernames: Iterable[str]) -> None:
        self._catalogue = catalogue
        self._usernames = list(usernames)
        self.ties = self.at_mixcloud()
        self._last: dict[tuple[str, str, str], float] = {}  # person, verb, key → when it was done

    def at_mixcloud(self) -> set[tuple[str, str, str]]:
        """Account, kind of tie, and key of everything that is tied."""
        found = set()
        for username in self._usernames:
            user = self._catalogue.user(username)
            assert user
            for kind, name in TIES.items():
                for _when, one in getattr(self._catalogue, name).by(user):
                    found.add((username, kind, plain(one.key)))
        return found

    def settle(
        self, claims: list[Claim], calls: list[Call], owners: dict[str, set[User]], now: float
    ) -> Iterator[str]:
        """Compare what people were told with what Mixcloud was asked for; yields what is wrong.

        `owners` are the people who were linked to an account meanwhile.
        """
        yield from self._unasked(claims, calls, owners)
        for claim in claims:
            if claim.done:
                yield from self._is_done(claim, claims, calls, owners)
            elif claim.said:
                yield from self._is_not_done(claim, claims, calls, owners)
        yield from self._twice(claims, calls, owners)
        self._enter(calls)
        actual = self.at_mixcloud()
        if actual != self.ties:
            yield f"Mixcloud has {actual ^ self.ties} otherwise than it was asked for"
            self.ties = actual
        for claim in claims:
            if claim.done and claim.done.key and not _contradicted(claim, claims):
                yield from self._is_true(claim, owners)
        for claim in claims:
            if claim.done and claim.done.key:
                person, verb, key = claim.person.id, claim.done.verb, claim.done.key
                self._last.setdefault((person, verb, key), now)
                self._last.pop((person, OPPOSITE[verb], key), None)

    def _unasked(
        self, claims: list[Claim], calls: list[Call], owners: dict[str, set[User]]
    ) -> Iterator[str]:
        for call in calls:
            assert call.deed.key
            wanted = [c for c in _claims_for(call, claims, owners)]
            same = [other for other in calls if other == call]
            if len(wanted) < len(same):
                yield f"{len(same)} times {call}, which {len(wanted)} asked for"

    def _is_done(
        self,
        claim: Claim,
        claims: list[Claim],
        calls: list[Call],
        owners: dict[str, set[User]],
    ) -> Iterator[str]:
        assert claim.done
        assert claim.done.key
        verb, key = claim.done.verb, claim.done.key
        if not claim.deed.may_be(verb, key):
            yield f"{claim.what}: wanted {claim.deed}, and {claim.done} was done"
        if not any(in_words(said.content, verb) for said in claim.said):
            yield f"{claim.what}: {claim.done} was done, and nobody said so"
        made = [c for c in _calls_for(claim, calls, owners) if c.succeeded]
        repeats = self._repeats(claim)
        if not made and not repeats:
            yield f"{claim.what}: said to be done, and Mixcloud was not asked"

    def _repeats(self, claim: Claim) -> bool:
        assert claim.done
        assert claim.done.key
        last = self._last.get((claim.person.id, claim.done.verb, claim.done.key))
        return last is not None and claim.at - last < accounts.REPEAT_SECONDS + SLACK

    def _is_not_done(
        self,
        claim: Claim,
        claims: list[Claim],
        calls: list[Call],
        owners: dict[str, set[User]],
    ) -> Iterator[str]:
        made = [c for c in _calls_for(claim, calls, owners) if c.succeeded]
        for call in made:
            others = [c for c in _claims_for(call, claims, owners) if c.done or not c.said]
            if not others:
                yield f"{claim.what}: {call} succeeded, and was said to have failed"

    def _twice(
        self, claims: list[Claim], calls: list[Call], owners: dict[str, set[User]]
    ) -> Iterator[str]:
        made = [call for call in calls if call.succeeded]
        for call in dict.fromkeys(made):
            asking = _claims_for(call, claims, owners)
            if made.count(call) < 2 or any(_contradicted(claim, claims) for claim in asking):
                continue
            if len({claim.person for claim in asking}) == 1:
                yield f"{call} was made {made.count(call)} times"

    def _enter(self, calls: list[Call]) -> None:
        for call in calls:
            assert call.deed.key
            tie = (call.username, call.deed.kind, call.deed.key)
            if call.garbled:
                self.ties.discard(tie)
                self.ties |= {tie} & self.at_mixcloud()
            elif call.status == 200 and call.deed.verb == call.deed.kind:
                self.ties.add(tie)
            elif call.status == 200:
                self.ties.discard(tie)

    def _is_true(self, claim: Claim, owners: dict[str, set[User]]) -> Iterator[str]:
        assert claim.done
        assert claim.done.key
        usernames = [name for name, people in owners.items() if claim.person in people]
        ties = [(name, claim.done.kind, claim.done.key) in self.ties for name in usernames]
        wanted = claim.done.verb == claim.done.kind
        if not usernames:
            yield f"{claim.what}: said to be done for somebody who is not linked"
        elif not any(tie == wanted for tie in ties):
            yield f"{claim.what}: said to be done, and it is not so at Mixcloud"


def _contradicted(claim: Claim, claims: list[Claim]) -> bool:
    """Whether its person, or another with their account, wanted the opposite meanwhile."""
    done = claim.done or claim.deed
    return any(
        OPPOSITE[done.verb] == other.deed.verb
        and (done.key is None or other.deed.key in (None, done.key))
        for other in claims
    )


def _calls_for(claim: Claim, calls: list[Call], owners: dict[str, set[User]]) -> list[Call]:
    deed = claim.done or claim.deed
    return [
        call
        for call in calls
        if claim.person in owners.get(call.username, ())
        and call.deed.key
        and deed.may_be(call.deed.verb, call.deed.key)
    ]


def _claims_for(call: Call, claims: list[Claim], owners: dict[str, set[User]]) -> list[Claim]:
    return [claim for claim in claims if call in _calls_for(claim, [call], owners)]
