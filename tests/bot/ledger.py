"""What was to be done at the services, what people were told of it, and what is so there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from mixbot import accounts
from mixbot.accounts import OPPOSITE
from mixbot.sandbox.discord import User
from mixbot.services import provider_of

if TYPE_CHECKING:
    from tests.bot.witness import Said

Tie: TypeAlias = tuple[str, str, str]
"""An account, a kind of tie, and the key of what is tied to it."""
Person: TypeAlias = tuple[User, str]
"""Somebody as one of the services knows them."""

DONE = (200, 201)
RESENT = ("DELETE", "PUT")  # by aiohttp, where a connection breaks before the answer
SLACK = 0.5  # seconds, by which a timer may be late
SOON = accounts.REPEAT_SECONDS - SLACK


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants done; without `key` the bot is to find out with what.

    It is `wanted_at` one of the services, where that is all that is known.
    """

    verb: str
    key: str | None = None
    wanted_at: str | None = None

    @property
    def kind(self) -> str:
        return self.verb.removeprefix("un")

    @property
    def provider(self) -> str | None:
        return provider_of(self.key) if self.key else self.wanted_at

    def covers(self, other: Deed) -> bool:
        """Whether `other` is what was wanted."""
        return (
            self.verb == other.verb
            and self.key in (None, other.key)
            and self.provider in (None, other.provider)
        )

    def contradicts(self, other: Deed) -> bool:
        """Whether one may undo the other."""
        return (
            OPPOSITE[self.verb] == other.verb
            and (self.key is None or other.key in (None, self.key))
            and (self.provider is None or other.provider in (None, self.provider))
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody wanted done, and what they were told came of it."""

    person: User
    what: str
    wanted: Deed
    done: Deed | None
    said: tuple[Said, ...]
    at: float

    @property
    def deed(self) -> Deed:
        return self.done or self.wanted


@dataclass(frozen=True, slots=True)
class Call:
    """An action that a service was asked for with somebody's token."""

    person: User
    username: str
    method: str
    deed: Deed
    status: int | None
    garbled: bool  # the bot did not get to read the answer

    @property
    def says_undone(self) -> bool:
        """Whether its status alone says that there is nothing to undo."""
        return self.status == 404 and self.deed.verb.startswith("un")

    @property
    def succeeded(self) -> bool:
        return not self.garbled and (self.status in DONE or self.says_undone)


def plain(key: str) -> str:
    """A key as it is compared: they are written in any case, encoded or not."""
    return unquote(key).casefold()


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done for somebody: who repeats it soon is told so, and no more happens."""

    since: float | None  # None: something may have come between
    until: float
    usernames: frozenset[str]  # of the accounts it was done as


class Ledger:
    """What accounts have done, as far as it was asked for in their names.

    `actual` tells what is so at all services now.
    """

    def __init__(self, actual: Callable[[], Iterable[Tie]]) -> None:
        self._actual = actual
        self._ties = set(actual())
        self._done: dict[tuple[User, Deed], Done] = {}

    def forget(self) -> None:
        """The bot was started again, and takes no click for a repeated one."""
        self._done.clear()

    def doubt(self, person: User, provider: str) -> None:
        """Somebody's link has changed, after which a repeated click may be a new one."""
        for (who, deed), done in self._done.items():
            if who is person and deed.provider == provider:
                self._done[who, deed] = replace(done, since=None)

    def wrong(
        self,
        claims: Sequence[Claim],
        calls: Sequence[Call],
        accounts_of: Mapping[Person, set[str]],
        now: float,
    ) -> Iterator[str]:
        """What people were told, against what was asked of the services and what is so there.

        `accounts_of` people are those they were linked to meanwhile.
        """
        for call in dict.fromkeys(calls):
            yield from self._as_asked(call, list(calls).count(call), claims)
        for claim in claims:
            yield from self._as_told(claim, claims, calls, now)
        self._enter(calls)
        actual = set(self._actual())
        for tie in actual ^ self._ties:
            yield f"{tie} is {'so' if tie in actual else 'not so'}, unasked"
        self._ties = actual
        self._remember(claims, calls, now)
        for claim in claims:
            if claim.done and claim.done.provider and not _undone(claim, claims):
                person = claim.person, claim.done.provider
                yield from self._true(claim, accounts_of.get(person, set()))

    def _as_asked(self, call: Call, times: int, claims: Sequence[Claim]) -> Iterator[str]:
        """A call is made when somebody asks for it, once, and as them."""
        asking = _asking(call, claims)
        resent = call.garbled and call.method in RESENT
        if len(asking) < (1 if resent else times):
            yield f"{times} times {call}, and {len(asking)} asked for it"
        if call.succeeded and times > 1 and _all_surely([call], claims):
            yield f"{times} times {call}, for {len(asking)} clicks at once"
        if call.succeeded and not any(claim.done or not claim.said for claim in asking):
            yield f"{call} succeeded, and was said to have failed"

    def _as_told(
        self, claim: Claim, claims: Sequence[Claim], calls: Sequence[Call], now: float
    ) -> Iterator[str]:
        """What is said to be done is what was wanted, and its service was asked for it."""
        if claim.done is None:
            return
        if not claim.wanted.covers(claim.done):
            yield f"{claim.what}: wanted {claim.wanted}, got {claim.done}"
        if not any(said.tells(claim.done) for said in claim.said):
            yield f"{claim.what}: {claim.done} is not put into words"
        made = [c for c in calls if c.person is claim.person and c.deed == claim.done]
        lately = self._done.get((claim.person, claim.done))
        if not any(call.succeeded or call.says_undone for call in made):
            if lately is None or claim.at > lately.until + accounts.REPEAT_SECONDS + SLACK:
                yield f"{claim.what}: said to be done, and nobody was asked for it"
        elif lately and lately.since and now < lately.since + SOON and _all_surely(made, claims):
            yield f"{claim.what}: repeats what was done, and was done again"

    def _true(self, claim: Claim, usernames: set[str]) -> Iterator[str]:
        """What is said to be done is so."""
        assert claim.done
        assert claim.done.key
        wanted = claim.done.verb == claim.done.kind
        ties = [(name, claim.done.kind, claim.done.key) in self._ties for name in usernames]
        lately = self._done.get((claim.person, claim.done))
        if lately and not lately.usernames & usernames:
            yield f"{claim.what}: said to be done, and was done as somebody else: {lately}"
        elif not usernames:
            yield f"{claim.what}: said to be done, for somebody who is not linked"
        elif wanted not in ties:
            yield f"{claim.what}: said to be done, and it is not so for {usernames}"

    def _enter(self, calls: Iterable[Call]) -> None:
        for call in calls:
            assert call.deed.key
            tie = (call.username, call.deed.kind, call.deed.key)
            if call.garbled:  # only the service knows what came of it
                self._ties.discard(tie)
                self._ties |= {tie} & set(self._actual())
            elif call.status in DONE and call.deed.verb == call.deed.kind:
                self._ties.add(tie)
            elif call.status in DONE:
                self._ties.discard(tie)

    def _remember(self, claims: Sequence[Claim], calls: Sequence[Call], now: float) -> None:
        for (person, deed), done in list(self._done.items()):
            against = [c for c in claims if c.person is person and deed.contradicts(c.deed)]
            if any(claim.done for claim in against):
                del self._done[person, deed]
            elif against:  # which may have come to nothing before anything was begun
                self._done[person, deed] = replace(done, since=None)
        for call in calls:
            asking = _asking(call, claims)
            if call.succeeded and asking:
                sure = _all_surely([call], claims)
                since = min(claim.at for claim in asking) if sure else None
                done = Done(since, now, frozenset({call.username}))
                self._done[call.person, call.deed] = done


def _asking(call: Call, claims: Iterable[Claim]) -> list[Claim]:
    """Who may have asked for a call."""
    return [c for c in claims if c.person is call.person and c.deed.covers(call.deed)]


def _undone(claim: Claim, claims: Iterable[Claim]) -> bool:
    """Whether somebody wants the opposite at the same time."""
    return any(claim.deed.contradicts(other.deed) for other in claims)


def _all_surely(calls: Iterable[Call], claims: Sequence[Claim]) -> bool:
    """Whether just these were wanted."""
    asking = [claim for call in calls for claim in _asking(call, claims)]
    return all(claim.deed.key and not _undone(claim, claims) for claim in asking)
