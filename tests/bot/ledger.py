"""What was to be done at Mixcloud, what people were told of it, and what is so there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mixbot import accounts
from mixbot.accounts import OPPOSITE
from mixbot.sandbox.discord import User
from mixbot.sandbox.mixcloud import Catalogue, LoggedRequest

if TYPE_CHECKING:
    from tests.bot.witness import Said

TIES = {
    "favorite": "favorites",
    "follow": "follows",
    "repost": "reposts",
    "listen_later": "listen_later",
}
ACTION_PATH = re.compile(r"(?P<key>/.+/)(?P<action>favorite|repost|listen-later|follow)/")
SLACK = 0.5  # seconds, by which a timer may be late
SOON = accounts.REPEAT_SECONDS - SLACK


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants done at Mixcloud; without `key` the bot is to find out with what."""

    verb: str
    key: str | None = None

    @property
    def kind(self) -> str:
        return self.verb.removeprefix("un")

    def covers(self, other: Deed) -> bool:
        """Whether `other` is what was wanted."""
        return self.verb == other.verb and self.key in (None, other.key)

    def contradicts(self, other: Deed) -> bool:
        """Whether one may undo the other."""
        return OPPOSITE[self.verb] == other.verb and (
            self.key is None or other.key in (None, self.key)
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
    """An action that Mixcloud was asked for with somebody's token."""

    person: User
    username: str
    deed: Deed
    status: int | None
    garbled: bool  # the bot did not get to read the answer

    @property
    def says_undone(self) -> bool:
        """Whether its status alone says that there is nothing to undo."""
        return self.status == 404 and self.deed.verb.startswith("un")

    @property
    def succeeded(self) -> bool:
        return not self.garbled and (self.status == 200 or self.says_undone)


def plain(key: str) -> str:
    """A key as it is compared: Mixcloud's are written in any case, encoded or not."""
    return unquote(key).casefold()


def deed_of(request: LoggedRequest) -> Deed | None:
    """The action that a request to Mixcloud asks for."""
    match = ACTION_PATH.fullmatch(unquote(request.path))
    if match is None or request.method not in ("POST", "DELETE"):
        return None
    verb = match["action"].replace("-", "_")
    return Deed(f"un{verb}" if request.method == "DELETE" else verb, plain(match["key"]))


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done for somebody: who repeats it soon is told so, and no more happens."""

    since: float | None  # None: something may have come between
    until: float
    usernames: frozenset[str]  # of the accounts it was done as


class Ledger:
    """What accounts have done at Mixcloud, as far as it was asked for in their names."""

    def __init__(self, catalogue: Catalogue, usernames: Iterable[str]) -> None:
        self._catalogue = catalogue
        self._usernames = list(usernames)
        self._ties = self._at_mixcloud()
        self._done: dict[tuple[User, Deed], Done] = {}

    def forget(self) -> None:
        """The bot was started again, and takes no click for a repeated one."""
        self._done.clear()

    def doubt(self, person: User) -> None:
        """Somebody's link has changed, after which a repeated click may be a new one."""
        for key, done in self._done.items():
            if key[0] is person:
                self._done[key] = replace(done, since=None)

    def _at_mixcloud(self) -> set[tuple[str, str, str]]:
        """Account, kind of tie, and key of everything that is tied."""
        found = set()
        for username in self._usernames:
            user = self._catalogue.user(username)
            assert user
            for kind, name in TIES.items():
                for _when, one in getattr(self._catalogue, name).by(user):
                    found.add((username, kind, plain(one.key)))
        return found

    def wrong(
        self,
        claims: Sequence[Claim],
        calls: Sequence[Call],
        accounts_of: Mapping[User, set[str]],
        now: float,
    ) -> Iterator[str]:
        """What people were told, against what Mixcloud was asked for and what is so there.

        `accounts_of` people are those they were linked to meanwhile.
        """
        for call in dict.fromkeys(calls):
            yield from self._as_asked(call, list(calls).count(call), claims)
        for claim in claims:
            yield from self._as_told(claim, claims, calls, now)
        self._enter(calls)
        actual = self._at_mixcloud()
        for tie in actual ^ self._ties:
            yield f"{tie} is {'so' if tie in actual else 'not so'} at Mixcloud, unasked"
        self._ties = actual
        self._remember(claims, calls, now)
        for claim in claims:
            if claim.done and not _undone(claim, claims):
                yield from self._true(claim, accounts_of.get(claim.person, set()))

    def _as_asked(self, call: Call, times: int, claims: Sequence[Claim]) -> Iterator[str]:
        """A call is made when somebody asks for it, once, and as them."""
        asking = [c for c in claims if c.person is call.person and c.deed.covers(call.deed)]
        resent = call.garbled and call.deed.verb.startswith("un")  # by aiohttp, as DELETEs may be
        if len(asking) < (1 if resent else times):
            yield f"{times} times {call}, and {len(asking)} asked for it"
        undone = any(_undone(claim, claims) for claim in asking)
        if call.succeeded and times > 1 and not undone:
            yield f"{times} times {call}, for {len(asking)} clicks at once"
        if call.succeeded and not any(claim.done or not claim.said for claim in asking):
            yield f"{call} succeeded, and was said to have failed"

    def _as_told(
        self, claim: Claim, claims: Sequence[Claim], calls: Sequence[Call], now: float
    ) -> Iterator[str]:
        """What is said to be done is what was wanted, and Mixcloud was asked for it."""
        if claim.done is None:
            return
        if not claim.wanted.covers(claim.done):
            yield f"{claim.what}: wanted {claim.wanted}, got {claim.done}"
        if not any(said.tells(claim.done.verb) for said in claim.said):
            yield f"{claim.what}: {claim.done} is not put into words"
        made = [c for c in calls if c.person is claim.person and c.deed == claim.done]
        lately = self._done.get((claim.person, claim.done))
        if not any(call.succeeded or call.says_undone for call in made):
            if lately is None or claim.at > lately.until + accounts.REPEAT_SECONDS + SLACK:
                yield f"{claim.what}: said to be done, and Mixcloud was not asked"
        elif lately and lately.since and now < lately.since + SOON and _surely(claim, claims):
            yield f"{claim.what}: repeats what was done, and was done again"

    def _true(self, claim: Claim, usernames: set[str]) -> Iterator[str]:
        """What is said to be done is so at Mixcloud."""
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
            if call.garbled:  # only Mixcloud knows what came of it
                self._ties.discard(tie)
                self._ties |= {tie} & self._at_mixcloud()
            elif call.status == 200 and call.deed.verb == call.deed.kind:
                self._ties.add(tie)
            elif call.status == 200:
                self._ties.discard(tie)

    def _remember(self, claims: Sequence[Claim], calls: Sequence[Call], now: float) -> None:
        for person, deed in list(self._done):
            if any(c.person is person and deed.contradicts(c.deed) for c in claims):
                del self._done[person, deed]
        for call in calls:
            asking = [c for c in claims if c.person is call.person and c.deed.covers(call.deed)]
            if call.succeeded and asking:
                sure = all(_surely(claim, claims) for claim in asking)
                since = min(claim.at for claim in asking) if sure else None
                done = Done(since, now, frozenset({call.username}))
                self._done[call.person, call.deed] = done


def _undone(claim: Claim, claims: Iterable[Claim]) -> bool:
    """Whether somebody wants the opposite at the same time."""
    return any(claim.deed.contradicts(other.deed) for other in claims)


def _surely(claim: Claim, claims: Iterable[Claim]) -> bool:
    """Whether just this was wanted, in the very spelling that the bot keeps it under."""
    return claim.wanted.key is not None and not _undone(claim, claims)
