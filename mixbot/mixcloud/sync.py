"""The library without `await`: for scripts, notebooks, and programs that block.

    with MixcloudSync() as mixcloud:
        show = mixcloud.get("someuser/somemix")
        show.similar()[0].load().picture_primary_color

The models are the same in both modes: their methods return what their client returns, and this
client waits for it. It has every method of `Mixcloud`, and a test holds it to that.

Users of python-mixcloud import this module in place of theirs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Concatenate,
    ParamSpec,
    Self,
    TextIO,
    TypeVar,
    overload,
)

from mixbot.transport import portal
from mixbot.transport.portal import InPortal, waited_by

from . import models
from .auth import MixcloudOAuth
from .client import Mixcloud as AsyncMixcloud
from .drafts import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .datetime import Moment

    class ResourceSync(Mapping[str, Any]):
        """A resource of a MixcloudSync: what it lists and does, it does at once."""

        key: str
        url: str
        name: str
        data: dict[str, Any]
        full: bool

        def load(self, *, force: bool = False) -> Self: ...
        def __getattr__(self, name: str) -> Any: ...

    class ResourceListSync(Sequence[ResourceSync]):
        """A page of a MixcloudSync."""

        name: str | None
        has_next: bool
        data: dict[str, Any]

        def next(self) -> ResourceListSync | None: ...
        def previous(self) -> ResourceListSync | None: ...
        def all(
            self, *, most: int | None = None, since: Moment | None = None
        ) -> Iterator[ResourceSync]: ...

    # To type checkers it is no subclass: its methods return what those of Mixcloud come to.
    Base: Any
else:
    ResourceSync, ResourceListSync = models.Resource, models.ResourceList
    Base = AsyncMixcloud

P = ParamSpec("P")
T = TypeVar("T")


Blocking = Callable[Concatenate["MixcloudSync", P], T]


@overload
def blocking(
    method: Callable[Concatenate[AsyncMixcloud, P], Coroutine[Any, Any, models.ResourceList]],
) -> Blocking[P, ResourceListSync]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncMixcloud, P], Coroutine[Any, Any, models.Resource]],
) -> Blocking[P, ResourceSync]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncMixcloud, P], Coroutine[Any, Any, T]],
) -> Blocking[P, T]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncMixcloud, P], AsyncIterator[T]],
) -> Blocking[P, Iterator[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[AsyncMixcloud, P], AbstractAsyncContextManager[T]],
) -> Blocking[P, AbstractContextManager[T]]: ...
def blocking(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method`, which waits for what it would have to be awaited for."""
    return portal.blocking(method)


class MixcloudSync(InPortal, Base):  # type: ignore[misc]
    """Mixcloud's API, without `await`. A context manager, or call `close()`; see `Mixcloud`.

    It lives in a thread of its own, so it can be used from any other, and where a loop runs. In
    that thread it calls what it was given to call, such as `on_progress`.
    """

    _thread = "mixcloud"

    def with_token(self, access_token: str | None) -> Self:
        """The same client acting as somebody else; it shares thread, session and gate."""
        return self._lent(super().with_token, access_token)

    get = blocking(AsyncMixcloud.get)
    list_at = blocking(AsyncMixcloud.list_at)
    search = blocking(AsyncMixcloud.search)
    popular = blocking(AsyncMixcloud.popular)
    hot = blocking(AsyncMixcloud.hot)
    new = blocking(AsyncMixcloud.new)
    discover = blocking(AsyncMixcloud.discover)
    user = blocking(AsyncMixcloud.user)
    cloudcast = blocking(AsyncMixcloud.cloudcast)
    playlist = blocking(AsyncMixcloud.playlist)
    artist = blocking(AsyncMixcloud.artist)
    categories = blocking(AsyncMixcloud.categories)
    category = blocking(AsyncMixcloud.category)
    me = blocking(AsyncMixcloud.me)

    load = blocking(AsyncMixcloud.load)
    turn = blocking(AsyncMixcloud.turn)
    walk = blocking(AsyncMixcloud.walk)
    resolve = blocking(AsyncMixcloud.resolve)

    follow = blocking(AsyncMixcloud.follow)
    unfollow = blocking(AsyncMixcloud.unfollow)
    favorite = blocking(AsyncMixcloud.favorite)
    unfavorite = blocking(AsyncMixcloud.unfavorite)
    repost = blocking(AsyncMixcloud.repost)
    unrepost = blocking(AsyncMixcloud.unrepost)
    listen_later = blocking(AsyncMixcloud.listen_later)
    unlisten_later = blocking(AsyncMixcloud.unlisten_later)

    upload = blocking(AsyncMixcloud.upload)
    edit = blocking(AsyncMixcloud.edit)
    editing = blocking(AsyncMixcloud.editing)
    find_upload = blocking(AsyncMixcloud.find_upload)

    embed_json = blocking(AsyncMixcloud.embed_json)
    embed_html = blocking(AsyncMixcloud.embed_html)
    oembed = blocking(AsyncMixcloud.oembed)

    send = blocking(AsyncMixcloud.send)
    post_form = blocking(AsyncMixcloud.post_form)


class MixcloudOAuthSync(MixcloudOAuth):
    """One application's way to an access token, without `await`; see `MixcloudOAuth`."""

    def access_token(self, code: str) -> str:  # type: ignore[override]
        """The token for `code`; it works once, and only with the same `redirect_uri`."""
        return waited_by(self.mixcloud, super().access_token(code), "mixcloud")


# What python-mixcloud calls these

Mixcloud = MixcloudSync


class MixcloudOauth(MixcloudOAuthSync):
    """MixcloudOAuthSync in python-mixcloud's words."""

    def authorize_url(self) -> str:
        """Where to send the person; they come back to `redirect_uri` with a `code`."""
        return self.authorization_url

    def exchange_token(self, code: str) -> str:
        """The token for `code`."""
        return self.access_token(code)


class Cloudcast(models.Cloudcast):
    """A show, which python-mixcloud also reads from YAML."""

    @staticmethod
    def from_yml(file: TextIO | BinaryIO, mixcloud: object = None) -> Draft:
        """The show that `file` describes, to be uploaded; see `Draft.from_yaml`."""
        return Draft.from_yaml(file)
