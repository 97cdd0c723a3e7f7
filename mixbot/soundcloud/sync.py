"""The library without `await`: for scripts, notebooks, and programs that block.

    with SoundCloudSync(client_id="…", client_secret="…") as soundcloud:
        track = soundcloud.resolve("https://soundcloud.com/forss/flickermood")
        track.comments(limit=5)[0].body

The models are the same in both modes: their methods return what their client returns, and this
client waits for it. It has every method of `SoundCloud`, and a test holds it to that.

Users of soundcloud-python import this module in place of theirs: `Client` is what they know.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, overload

from mixbot.transport import portal
from mixbot.transport.portal import InPortal, waited_by

from . import models
from .auth import Authorization, SoundCloudOAuth
from .client import SoundCloud as AsyncSoundCloud
from .tokens import MemoryTokens, Tokens, TokenStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    class ResourceSync(Mapping[str, Any]):
        """A resource of a SoundCloudSync: what it lists and does, it does at once."""

        urn: str
        id: int
        url: str | None
        data: dict[str, Any]

        def __getattr__(self, name: str) -> Any: ...

    class ResourceListSync(Sequence[ResourceSync]):
        """A page of a SoundCloudSync."""

        collection: list[ResourceSync]
        next_href: str | None
        has_next: bool
        data: dict[str, Any]

        def next(self) -> ResourceListSync | None: ...
        def all(self, *, most: int | None = None) -> Iterator[ResourceSync]: ...

    # To type checkers it is no subclass: its methods return what those of SoundCloud come to.
    Base: Any
else:
    ResourceSync, ResourceListSync = models.Resource, models.ResourceList
    Base = AsyncSoundCloud

P = ParamSpec("P")
T = TypeVar("T")

Blocking = Callable[Concatenate["SoundCloudSync", P], T]


@overload
def blocking(
    method: Callable[Concatenate[AsyncSoundCloud, P], Coroutine[Any, Any, models.ResourceList]],
) -> Blocking[P, ResourceListSync]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncSoundCloud, P], Coroutine[Any, Any, models.Resource]],
) -> Blocking[P, ResourceSync]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncSoundCloud, P], Coroutine[Any, Any, T]],
) -> Blocking[P, T]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncSoundCloud, P], AsyncIterator[T]],
) -> Blocking[P, Iterator[T]]: ...
def blocking(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method`, which waits for what it would have to be awaited for."""
    return portal.blocking(method)


def anything(
    method: Callable[Concatenate[AsyncSoundCloud, P], Coroutine[Any, Any, Any]],
) -> Blocking[P, Any]:
    """The same of a method that may return whatever is there."""
    made: Blocking[P, Any] = blocking(method)
    return made


class SoundCloudSync(InPortal, Base):  # type: ignore[misc]
    """SoundCloud's API, without `await`. A context manager, or call `close()`; see `SoundCloud`.

    It lives in a thread of its own, so it can be used from any other, and where a loop runs. In
    that thread it calls what it was given to call, such as `on_progress` and the methods of
    `tokens`.
    """

    _thread = "soundcloud"

    def with_token(self, access_token: str | None) -> Self:
        """The same client acting as somebody else, or as the application; it shares the thread."""
        return self._lent(super().with_token, access_token)

    def with_tokens(self, tokens: TokenStore) -> Self:
        """The same client acting for the account of `tokens`; it shares the thread."""
        return self._lent(super().with_tokens, tokens)

    get = anything(AsyncSoundCloud.get)
    post = anything(AsyncSoundCloud.post)
    put = anything(AsyncSoundCloud.put)
    delete = anything(AsyncSoundCloud.delete)
    list_at = blocking(AsyncSoundCloud.list_at)

    resolve = anything(AsyncSoundCloud.resolve)
    track = blocking(AsyncSoundCloud.track)
    playlist = blocking(AsyncSoundCloud.playlist)
    user = blocking(AsyncSoundCloud.user)
    me = blocking(AsyncSoundCloud.me)
    feed = blocking(AsyncSoundCloud.feed)
    search = blocking(AsyncSoundCloud.search)
    streams = blocking(AsyncSoundCloud.streams)
    turn = blocking(AsyncSoundCloud.turn)
    walk = blocking(AsyncSoundCloud.walk)

    like = blocking(AsyncSoundCloud.like)
    unlike = blocking(AsyncSoundCloud.unlike)
    repost = blocking(AsyncSoundCloud.repost)
    unrepost = blocking(AsyncSoundCloud.unrepost)
    follow = blocking(AsyncSoundCloud.follow)
    unfollow = blocking(AsyncSoundCloud.unfollow)
    comment = blocking(AsyncSoundCloud.comment)

    upload = blocking(AsyncSoundCloud.upload)
    edit = blocking(AsyncSoundCloud.edit)

    sign_out = blocking(AsyncSoundCloud.sign_out)

    send = blocking(AsyncSoundCloud.send)
    send_form = blocking(AsyncSoundCloud.send_form)


class SoundCloudOAuthSync(SoundCloudOAuth):
    """One application's way to tokens, without `await`; see `SoundCloudOAuth`."""

    def tokens(self, code: str, code_verifier: str) -> Tokens:  # type: ignore[override]
        """The tokens for `code`; it works once, and only with the same `redirect_uri`."""
        return waited_by(self.soundcloud, super().tokens(code, code_verifier), "soundcloud")

    def refresh(self, tokens: Tokens | str) -> Tokens:  # type: ignore[override]
        """New tokens for the refresh token of `tokens`, which is spent by that."""
        return waited_by(self.soundcloud, super().refresh(tokens), "soundcloud")

    def client_credentials(self) -> Tokens:  # type: ignore[override]
        """Tokens of the application itself, for what is public."""
        return waited_by(self.soundcloud, super().client_credentials(), "soundcloud")

    def sign_out(self, access_token: str) -> bool:  # type: ignore[override]
        """End the session that `access_token` belongs to; False where it is not known."""
        return waited_by(self.soundcloud, super().sign_out(access_token), "soundcloud")


class Client(SoundCloudSync):
    """SoundCloudSync in the words of soundcloud-python, with the authorization code flow in it."""

    def __init__(
        self,
        *args: Any,
        redirect_uri: str | None = None,
        proxies: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, proxy=proxies, **options)
        self.redirect_uri = redirect_uri
        self.token: Tokens | None = None
        self._attempt: Authorization | None = None

    def authorize_url(self) -> str:
        """Where to send the person; they come back to `redirect_uri` with a `code`."""
        return self._authorization().url

    def exchange_token(self, code: str) -> Tokens:
        """The tokens for `code`; from here on this client acts for who agreed."""
        tokens = self._flow().tokens(code, self._authorization().code_verifier)
        self._attempt = None
        self.token = tokens
        self._person = self._keeper_of(MemoryTokens(tokens))
        return tokens

    def _authorization(self) -> Authorization:
        self._attempt = self._attempt or self._flow().authorization()
        return self._attempt

    def _flow(self) -> SoundCloudOAuthSync:
        return SoundCloudOAuthSync(
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri=self.redirect_uri,
            soundcloud=self,
        )
