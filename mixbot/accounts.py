"""Linking Discord users to their accounts at Mixcloud and SoundCloud, and acting as them.

A token of Mixcloud can do everything, never expires, and cannot be taken back by us. So a link is
only made by the person at both ends: the browser that agreed at Mixcloud must be the browser that
opened the link, and its user must be the Discord user who asked, proved by signing in with Discord
or by typing a code into Discord that only that browser has seen.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from mixbot.errors import UserError
from mixbot.languages import ENGLISH, N_
from mixbot.services import MIXCLOUD, NAMES, SOUNDCLOUD, Service, provider_of
from mixbot.services.mixcloud import MixcloudService
from mixbot.signin import DiscordSignIn, SignInFailed, new_verifier
from mixbot.store import AWAY, UNTOLD_KEPT, Account, LinkAttempt, Store
from mixbot.tokens import token_of
from mixbot.vault import CannotOpen, Vault

if TYPE_CHECKING:
    from mixbot.mixcloud import Mixcloud
    from mixbot.services.soundcloud import SoundCloudService
    from mixbot.soundcloud import SoundCloud

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Client = TypeVar("Client")
Click: TypeAlias = tuple[int, str, str]

LINK_LIFETIME = timedelta(minutes=10)
CODE_LIFETIME = timedelta(minutes=5)  # both together are as long as Discord lets us answer
FINISH_LEASE = timedelta(seconds=30)  # for doing what waited, and telling it
CODE_TRIES = 5
STARTS_ALLOWED = 10  # in `store.START_WINDOW`
REPEAT_SECONDS = 3.0  # a click again within these is the same click

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without what is easily confused
CODE_LENGTH = 6

OPPOSITE = {
    "favorite": "unfavorite",
    "follow": "unfollow",
    "repost": "unrepost",
    "listen_later": "unlisten_later",
}
OPPOSITE |= {undo: do for do, undo in OPPOSITE.items()}


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do at the service that `key` is of: `verb` is what Mixcloud calls it."""

    verb: str
    key: str


@dataclass(frozen=True, slots=True)
class Person:
    """A Discord user."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The private message in Discord that is to say what came of it."""

    application_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """A link that just became active, and what its user was about to do."""

    user_id: int
    account: Account
    waiting: Action | None
    reply: Reply | None
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An account was forgotten; `signed_out` if its service knows of that, too."""

    signed_out: bool


@dataclass(frozen=True, slots=True)
class CodeToEnter:
    """The provider agreed; the user proves who they are by typing `code` into Discord."""

    code: str = field(repr=False)


class OfService(UserError):
    """Something about one of the services, which its sentence names."""

    sentence: str

    def __init__(
        self, provider: str = MIXCLOUD, sentence: str | None = None, **values: Any
    ) -> None:
        self.provider = provider
        super().__init__(
            sentence or self.sentence, service=NAMES[provider], provider=provider, **values
        )


class NotLinked(OfService):
    sentence = N_("Link your {service} account first.")


class LinkRefused(NotLinked):
    sentence = N_("{service} no longer accepts your link. Link your account again.")


class LinkUnreadable(NotLinked):
    sentence = N_("Your link can no longer be read. Link your account again.")


class LinkingOff(OfService):
    sentence = N_(
        "Linking is switched off here: this bot has not been registered at {service} yet."
    )


class ServiceOff(OfService):
    sentence = N_("{service} is switched off here: this bot has not been registered there yet.")


class CannotBeDone(OfService):
    sentence = N_("That cannot be done at {service}.")


class LinkFailed(OfService):
    """A link did not come about; what to do is in the sentence."""


class TooManyLinks(LinkFailed):
    sentence = N_("You asked for many links in a short time. Try again in ten minutes.")


class LinkExpired(LinkFailed):
    sentence = N_("This link is too old. Use `/{provider} link` in Discord to get a new one.")


class LinkUsed(LinkFailed):
    sentence = N_(
        "This link was used already, or replaced by a newer one. Use the command in Discord "
        "again to get a new one."
    )


class ForeignBrowser(LinkFailed):
    sentence = N_(
        "This link was opened in another browser. Continue there, or use `/{provider} link` in "
        "Discord to get a new one."
    )


class WrongDiscordUser(LinkFailed):
    sentence = N_(
        "You signed in to Discord as somebody other than the one this link was made for. "
        "Nothing was linked. Use `/{provider} link` as yourself."
    )


class Denied(LinkFailed):
    sentence = N_(
        "Nothing was linked, as you wished. If you change your mind, use `/{provider} link` in "
        "Discord."
    )


class DidNotAgree(LinkFailed):
    sentence = N_(
        "{service} did not complete the link. Wait a moment, then use `/{provider} link` in "
        "Discord to try again."
    )


class NoCode(LinkFailed):
    sentence = N_(
        "I expect no code now: first follow the button to the end, where the page shows one. If it "
        "did more than five minutes ago, use `/{provider} link` to start again."
    )


class WrongCode(LinkFailed):
    def __init__(self, provider: str, tries_left: int) -> None:
        self.tries_left = tries_left
        match tries_left:
            case 0:
                sentence = N_(
                    "That was not the code either. Use `/{provider} link` to start again."
                )
            case 1:
                sentence = N_("That is not the code. You can try once more.")
            case _:
                sentence = N_("That is not the code. You can try {tries} more times.")
        super().__init__(provider, sentence, tries=tries_left)


def _counted(
    step: str,
) -> Callable[
    [Callable[Concatenate[Accounts, P], Awaitable[T]]],
    Callable[Concatenate[Accounts, P], Coroutine[Any, Any, T]],
]:
    """Have `on_step` told what comes of a method: “done”, or what kind of problem."""

    def decorate(
        method: Callable[Concatenate[Accounts, P], Awaitable[T]],
    ) -> Callable[Concatenate[Accounts, P], Coroutine[Any, Any, T]]:
        @wraps(method)
        async def counted(self: Accounts, /, *args: P.args, **kwargs: P.kwargs) -> T:
            try:
                done = await method(self, *args, **kwargs)
            except UserError as error:
                self.on_step(step, type(error).__name__)
                raise
            self.on_step(step, "done")
            return done

        return counted

    return decorate


class Accounts:
    """Who is linked to which account, how that comes about, and what can be done with it.

    `on_step` is told of every step of linking, and what came of it.
    """

    def __init__(
        self,
        store: Store,
        mixcloud: MixcloudService,
        soundcloud: SoundCloudService | None = None,
        *,
        public_url: str = "http://localhost:8080",
        vault: Vault | None = None,
        sign_in: DiscordSignIn | None = None,
        on_step: Callable[[str, str], None] = lambda step, outcome: None,
        lease: timedelta = FINISH_LEASE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.sign_in = sign_in
        self.on_linked: Callable[[Linked], Awaitable[None]] | None = None
        self.on_step = on_step
        self._store = store
        self._mixcloud = mixcloud
        self._soundcloud = soundcloud
        self._services: dict[str, Service[Any]] = {MIXCLOUD: mixcloud}
        if soundcloud:
            self._services[SOUNDCLOUD] = soundcloud
        self._vault = vault
        self._lease = lease
        self._now = now
        self._watching: asyncio.Task[None] | None = None
        self._actions: dict[Click, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait until everything that was begun is done."""
        if self._watching:
            self._watching.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    # Acting

    @property
    def providers(self) -> list[str]:
        """The services there are here."""
        return list(self._services)

    def seconds_closed(self) -> dict[str, float]:
        """For how long each service asks to be left alone."""
        return {provider: one.seconds_closed() for provider, one in self._services.items()}

    async def account(self, user_id: int, provider: str = MIXCLOUD) -> Account | None:
        """The account at a service that a Discord user is linked to."""
        return await self._store.account(user_id, provider)

    def acting_as(self, user_id: int) -> AbstractAsyncContextManager[Mixcloud]:
        """A client of Mixcloud that acts as the user; see `acting_on_soundcloud`."""
        return self._acting(user_id, self._mixcloud)

    @property
    def soundcloud(self) -> SoundCloudService:
        """SoundCloud, if mixbot is registered there; raises ServiceOff if it is not."""
        if self._soundcloud is None:
            raise ServiceOff(SOUNDCLOUD)
        return self._soundcloud

    def acting_on_soundcloud(self, user_id: int) -> AbstractAsyncContextManager[SoundCloud]:
        """A client of SoundCloud that acts as the user.

        An account whose owner no longer grants that is forgotten. Raises NotLinked, or ServiceOff.
        """
        return self._acting(user_id, self.soundcloud)

    @asynccontextmanager
    async def _acting(self, user_id: int, service: Service[Client]) -> AsyncIterator[Client]:
        account = await self.account(user_id, service.provider)
        if account is None:
            raise NotLinked(service.provider)
        try:
            yield service.client_of(user_id, self._token(account))
        except service.ended:
            # Unless it was replaced meanwhile: the user may have linked again already.
            await self._store.delete_account(user_id, service.provider, token=account.token)
            self._forget_clicks(user_id, service.provider)
            raise LinkRefused(service.provider) from None

    def _service(self, provider: str) -> Service[Any]:
        if service := self._services.get(provider):
            return service
        raise ServiceOff(provider)

    def _linkable(self, provider: str) -> Service[Any]:
        """The service, if accounts there can be linked; raises LinkingOff if not."""
        service = self._service(provider)
        if not service.can_link or self._vault is None:
            raise LinkingOff(provider)
        return service

    def can_do(self, action: Action) -> bool:
        """Whether the service is here, and has such an action."""
        service = self._services.get(provider_of(action.key))
        return service is not None and action.verb in service.verbs

    async def perform(self, user_id: int, action: Action) -> None:
        """Do `action` as the user. Two quick clicks are one call, with one outcome."""
        service = self._service(provider_of(action.key))
        if action.verb not in service.verbs:
            raise CannotBeDone(service.provider)
        doing = self._actions.get(_click(user_id, action.verb, action.key))
        if doing is None:
            doing = self._begin(user_id, action, service)
        # Somebody else may wait for it too, and who clicked wants it done in any case.
        await asyncio.shield(doing)

    def _begin(self, user_id: int, action: Action, service: Service[Any]) -> asyncio.Task[None]:
        this = _click(user_id, action.verb, action.key)
        opposite = self._actions.pop(_click(user_id, OPPOSITE[action.verb], action.key), None)
        task = self._actions[this] = self._start(
            self._perform(user_id, action, service, after=opposite)
        )

        def forget() -> None:
            if self._actions.get(this) is task:
                del self._actions[this]

        def settled(task: asyncio.Task[None]) -> None:
            if task.cancelled() or task.exception():
                forget()
            else:
                task.get_loop().call_later(REPEAT_SECONDS, forget)

        task.add_done_callback(settled)
        return task

    async def _perform(
        self,
        user_id: int,
        action: Action,
        service: Service[Any],
        *,
        after: asyncio.Task[None] | None,
    ) -> None:
        if after is not None and not after.done():
            await asyncio.wait([after])
        async with self._acting(user_id, service) as client:
            await service.do(client, action.verb, action.key)

    def _forget_clicks(self, user_id: int, provider: str) -> None:
        """The next click is no repetition: it is done as somebody else at that service."""
        for this in [
            this
            for this in self._actions
            if this[0] == user_id and provider_of(this[2]) == provider
        ]:
            del self._actions[this]

    async def unlink(self, user_id: int, provider: str = MIXCLOUD) -> Unlinked | None:
        """Forget the user's account; None where there was none.

        It is signed out at the service where that can be done. It is forgotten in any case.
        """
        self._forget_clicks(user_id, provider)
        account = await self.account(user_id, provider)
        if account is None:
            return None
        signed_out = False
        if service := self._services.get(provider):
            try:
                async with self._acting(user_id, service) as client:
                    signed_out = await service.sign_out(client)
            except (UserError, service.problem) as error:
                log.info("user %s is not signed out: %s", user_id, type(error).__name__)
        await self._store.delete_account(user_id, provider)
        return Unlinked(signed_out)

    # Linking, in the order it happens

    @_counted("start")
    async def start_link(
        self,
        person: Person,
        provider: str = MIXCLOUD,
        *,
        waiting: Action | None = None,
        reply: Reply | None = None,
        language: str = ENGLISH,
    ) -> str:
        """The address of a page on which `person` can link their account. It is theirs alone."""
        self._linkable(provider)
        now = self._now()
        if await self._store.count_link_start(person.id, now) > STARTS_ALLOWED:
            raise TooManyLinks(provider)
        link = secrets.token_urlsafe(24)
        attempt = LinkAttempt(
            user_id=person.id,
            provider=provider,
            user_name=person.name,
            started_at=now,
            expires_at=now + LINK_LIFETIME,
            link=_hash(link),
            language=language,
        )
        if waiting:
            attempt = replace(attempt, waiting_verb=waiting.verb, waiting_key=waiting.key)
        if reply:
            attempt = replace(
                attempt,
                reply_application_id=reply.application_id,
                reply_token=self.seal_reply(reply, person.id),
            )
        if voided := await self._store.start_link(attempt):
            self.withdraw([voided])
        return f"{self.public_url}/link/{link}"

    async def open_link(self, link: str) -> LinkAttempt:
        """Who is being linked by `link`. Nothing changes: previewers open links too."""
        attempt = await self._store.link_attempt(link=_hash(link))
        if attempt is None:
            raise LinkUsed
        if attempt.expires_at <= self._now():
            raise LinkExpired(attempt.provider)
        return attempt

    @_counted("continue")
    async def continue_link(self, link: str, *, browser: str) -> str:
        """Tie the attempt to `browser`; where that is to go next."""
        attempt = await self.open_link(link)
        awaited: dict[str, bytes]
        if self.sign_in:
            state, verifier = _secret(), new_verifier()
            sealed = self._sealed(verifier, _verifier_of(attempt.user_id))
            awaited = {"state": _hash(state), "verifier": sealed}
            onward = self.sign_in.authorization_url(
                self._discord_callback, state=state, verifier=verifier
            )
        else:
            onward, awaited = self._consent(attempt.user_id, attempt.provider)
        bound = await self._store.bind_link(_hash(link), _hash(browser), self._now(), **awaited)
        if bound is None:
            raise self._reason(await self._store.link_attempt(link=_hash(link)), browser)
        return onward

    @_counted("sign in")
    async def signed_in(self, state: str, code: str, *, browser: str) -> str:
        """The browser is back from Discord; where it is to go next, if it has the right user."""
        waiting = await self._store.link_attempt_by(state=_hash(state))
        if waiting is None or self.sign_in is None:
            raise LinkUsed
        onward, awaited = self._consent(waiting.user_id, waiting.provider)
        attempt = await self._store.take_state(_hash(state), _hash(browser), self._now(), **awaited)
        if attempt is None or attempt.verifier is None:
            raise self._reason(await self._store.link_attempt_by(state=_hash(state)), browser)
        if not code:
            await self._store.end_link(attempt)
            raise Denied(attempt.provider)
        try:
            verifier = self._opened(attempt.verifier, _verifier_of(attempt.user_id))
        except CannotOpen:
            raise SignInFailed from None
        user_id = await self.sign_in.user_id(self._discord_callback, code=code, verifier=verifier)
        if user_id != attempt.user_id:
            await self._store.end_link(attempt)
            raise WrongDiscordUser(attempt.provider)
        return onward

    @_counted("finish")
    async def finish_link(
        self, nonce: str, code: str, *, browser: str, provider: str = MIXCLOUD
    ) -> Linked | CodeToEnter:
        """The browser is back from `provider`. The attempt is used up before anything else.

        It has to be back from where it was sent to: no service is told the code of another.
        """
        attempt = await self._store.take_link_attempt(
            _hash(nonce), _hash(browser), self._now(), provider=provider
        )
        if attempt is None:
            raise self._reason(await self._store.link_attempt_by(nonce=_hash(nonce)), browser)
        if not code:
            raise Denied(provider)
        account = await self._account(attempt, nonce, code)
        # There is a verifier where the user had to sign in with Discord first, and then the nonce
        # is told to nobody before they did.
        if attempt.verifier is not None:
            return await self._activate(attempt, account)
        entry = _new_code()
        waiting = replace(
            attempt,
            expires_at=self._now() + CODE_LIFETIME,
            link=None,
            nonce=None,
            code=_hash_code(attempt.user_id, entry),
            tries_left=CODE_TRIES,
            account_key=account.key,
            account_username=account.username,
            account_name=account.name,
            account_token=account.token,
        )
        if not await self._store.await_code(waiting):
            self.withdraw([waiting])
            raise LinkUsed
        return CodeToEnter(entry)

    @_counted("code")
    async def enter_code(self, user_id: int, code: str, provider: str = MIXCLOUD) -> Linked:
        """The user typed, in Discord, what the browser showed."""
        attempt = await self._store.try_code(user_id, provider, self._now())
        if attempt is None or attempt.code is None or attempt.tries_left is None:
            raise NoCode(provider)
        if not hmac.compare_digest(attempt.code, _hash_code(user_id, code)):
            if attempt.tries_left == 0 and await self._store.take_code(attempt):
                self.withdraw([attempt])
            raise WrongCode(provider, attempt.tries_left)
        if not await self._store.take_code(attempt):
            raise NoCode(provider)
        return await self._activate(attempt, _account_of(attempt, linked_at=self._now()))

    @property
    def asks_for_code(self) -> bool:
        """Whether users prove who they are with a code, for want of signing in with Discord."""
        return self.sign_in is None

    def goes_to(self, provider: str) -> list[str]:
        """The origins that a browser is sent to on the way to an account at `provider`."""
        addresses = [self._linkable(provider).consent_url("", new_verifier())]
        if self.sign_in:
            addresses.append(self.sign_in.authorize_url)
        return [_origin(address) for address in addresses]

    def seal_reply(self, reply: Reply, user_id: int) -> bytes:
        """What the store may keep of a message that only its user sees."""
        return self._sealed(reply.token, _reply_of(user_id))

    def open_reply(self, application_id: int, sealed: bytes, user_id: int) -> Reply | None:
        """The message that `seal_reply` sealed; None if that can no longer be read."""
        try:
            return Reply(application_id, self._opened(sealed, _reply_of(user_id)))
        except CannotOpen:
            return None

    # Steps of it

    @property
    def _discord_callback(self) -> str:
        return f"{self.public_url}/oauth/discord/callback"

    def _consent(self, user_id: int, provider: str) -> tuple[str, dict[str, bytes]]:
        """Where the user agrees, and what the attempt then waits for."""
        service = self._linkable(provider)
        nonce, verifier = _secret(), new_verifier()
        sealed = self._sealed(verifier, _consent_verifier_of(user_id, provider))
        awaited = {"nonce": _hash(nonce), "consent_verifier": sealed}
        return service.consent_url(nonce, verifier), awaited

    async def _account(self, attempt: LinkAttempt, nonce: str, code: str) -> Account:
        service = self._service(attempt.provider)
        try:
            purpose = _consent_verifier_of(attempt.user_id, attempt.provider)
            sealed = attempt.consent_verifier
            verifier = self._opened(sealed, purpose) if sealed else ""
            granted = await service.granted(nonce, code, verifier)
        except (service.problem, CannotOpen) as error:
            log.warning("linking user %s failed: %s", attempt.user_id, type(error).__name__)
            raise DidNotAgree(attempt.provider) from None
        return Account(
            user_id=attempt.user_id,
            provider=attempt.provider,
            key=granted.key,
            username=granted.username,
            name=granted.name,
            token=self._sealed(granted.secret, token_of(attempt.user_id, attempt.provider)),
            linked_at=self._now(),
        )

    async def _activate(self, attempt: LinkAttempt, account: Account) -> Linked:
        attempt = replace(attempt, expires_at=self._now() + self._lease)
        replaced = await self._store.complete_link(attempt, account)
        self._forget_clicks(attempt.user_id, attempt.provider)
        if replaced:
            self._start(self._withdraw(replaced))
        log.info("user %s linked an account of %s", attempt.user_id, attempt.provider)
        return self._begin_telling(attempt, account)

    def withdraw(self, attempts: Iterable[LinkAttempt]) -> None:
        """Take back what was granted in `attempts`, which never became a link."""
        for attempt in attempts:
            if attempt.account_token:
                account = _account_of(attempt, linked_at=attempt.started_at)
                self._start(self._withdraw(account))

    async def _withdraw(self, account: Account) -> None:
        """Take back a grant that is kept nowhere; not that of the account its user has now."""
        service = self._services.get(account.provider)
        if service is None:
            return
        try:
            kept = await self.account(account.user_id, account.provider)
            acting = self._token(kept) if kept else None
            await service.withdraw(self._token(account), kept=acting)
        except (UserError, service.problem, *AWAY) as error:
            log.info("a grant of user %s lives on: %s", account.user_id, type(error).__name__)

    def start(self, on_linked: Callable[[Linked], Awaitable[None]]) -> None:
        """Have `on_linked` do what waited for a link, and tell its user.

        So it does where another process died before it had.
        """
        self.on_linked = on_linked
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            try:
                await self.recover()
            except Exception:
                log.exception("who is still to be told of a link cannot be read; it is tried again")
            await asyncio.sleep(self._lease.total_seconds() / 2)

    async def recover(self) -> None:
        """Do what waited for links that were made by processes that are gone, and tell it."""
        now = self._now()
        untold = await self._store.take_untold(now, now + self._lease, since=now - UNTOLD_KEPT)
        for attempt in untold:
            self._begin_telling(attempt, _account_of(attempt, linked_at=attempt.started_at))

    def _begin_telling(self, attempt: LinkAttempt, account: Account) -> Linked:
        waiting = reply = None
        if attempt.waiting_verb and attempt.waiting_key:
            waiting = Action(attempt.waiting_verb, attempt.waiting_key)
        if attempt.reply_application_id and attempt.reply_token:
            reply = self.open_reply(
                attempt.reply_application_id, attempt.reply_token, attempt.user_id
            )
        language = attempt.language or ENGLISH
        linked = Linked(attempt.user_id, account, waiting, reply, language)
        if self.on_linked:
            self._start(self._tell(self.on_linked, linked, attempt))
        return linked

    async def _tell(
        self, listener: Callable[[Linked], Awaitable[None]], linked: Linked, attempt: LinkAttempt
    ) -> None:
        try:
            await listener(linked)
            await self._store.end_link(attempt)
        except Exception:
            log.exception("after linking user %s; it is tried again", linked.user_id)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _reason(self, attempt: LinkAttempt | None, browser: str) -> LinkFailed:
        """Why an attempt was not there to be taken."""
        if attempt is None:
            return LinkUsed()
        if attempt.expires_at <= self._now():
            return LinkExpired(attempt.provider)
        if attempt.browser != _hash(browser):
            return ForeignBrowser(attempt.provider)
        return LinkUsed()

    def _token(self, account: Account) -> str:
        try:
            return self._opened(account.token, token_of(account.user_id, account.provider))
        except CannotOpen as error:
            log.warning("the token of user %s cannot be read: %s", account.user_id, error)
            raise LinkUnreadable(account.provider) from None

    def _sealed(self, secret: str, purpose: str) -> bytes:
        if self._vault is None:
            raise LinkingOff
        return self._vault.seal(secret, purpose)

    def _opened(self, sealed: bytes, purpose: str) -> str:
        if self._vault is None:
            raise CannotOpen("there are no keys in the settings")
        return self._vault.open(sealed, purpose)


def _click(user_id: int, verb: str, key: str) -> Click:
    """What is the same whenever somebody wants the same: people write keys in any case."""
    return user_id, verb, unquote(key).casefold()


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _secret() -> str:
    return secrets.token_urlsafe(24)


def _hash(secret: str) -> bytes:
    """What the store keeps of a secret that it need only recognise. 192 bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()


def _new_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def _hash_code(user_id: int, code: str) -> bytes:
    typed = "".join(character for character in code.upper() if character.isalnum())
    return _hash(f"{user_id}:{typed}")


def _reply_of(user_id: int) -> str:
    return f"reply {user_id}"


def _verifier_of(user_id: int) -> str:
    return f"verifier {user_id}"


def _consent_verifier_of(user_id: int, provider: str) -> str:
    return f"consent verifier {provider} {user_id}"


# All that the store keeps sealed, by table and column, and for which purpose of its row's user and
# provider. A row without a provider has "".
SEALED: Mapping[tuple[str, str], Callable[[int, str], str]] = {
    ("accounts", "token"): token_of,
    ("link_attempts", "account_token"): token_of,
    ("link_attempts", "consent_verifier"): _consent_verifier_of,
    ("link_attempts", "reply_token"): lambda user_id, provider: _reply_of(user_id),
    ("link_attempts", "verifier"): lambda user_id, provider: _verifier_of(user_id),
    ("uploads", "reply_token"): lambda user_id, provider: _reply_of(user_id),
}


def _account_of(attempt: LinkAttempt, *, linked_at: datetime) -> Account:
    return Account(
        user_id=attempt.user_id,
        provider=attempt.provider,
        key=attempt.account_key or "",
        username=attempt.account_username or "",
        name=attempt.account_name or "",
        token=attempt.account_token or b"",
        linked_at=linked_at,
    )
