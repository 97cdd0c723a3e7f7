"""Decorators for methods that a subclass of `Mixcloud` adds, as aiomixcloud has them.

class Mine(Mixcloud):
    @paginated
    async def rising(self, params):
        return await self.get("popular/rising", **params)

await Mine().rising(page=2)
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .drafts import Draft
from .errors import InvalidUpload, Unauthorized
from .models import Resource
from .paging import Paging, paging_query
from .uploading import Changes

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])
DISPLAY = ("width", "height", "color")


def paginated(coroutine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let `coroutine` take what `Paging` has; it gets that, checked, as one dict at the end."""

    @functools.wraps(coroutine)
    async def call(*args: Any, **options: Any) -> Any:
        paging: Any = _taken(options, Paging.__annotations__)
        return await coroutine(*args, paging_query(paging), **options)

    return call


def displayed(coroutine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let `coroutine` take `width`, `height` and `color`; it gets them as one dict at the end."""

    @functools.wraps(coroutine)
    async def call(*args: Any, **options: Any) -> Any:
        display = _taken(options, DISPLAY)
        given = {name: str(value) for name, value in display.items() if value is not None}
        return await coroutine(*args, given, **options)

    return call


def uploading(coroutine: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let `coroutine` take what a Draft says of a show; it gets the form as one dict at the end.

    Raises InvalidUpload for what Mixcloud would refuse.
    """

    @functools.wraps(coroutine)
    async def call(*args: Any, **options: Any) -> Any:
        draft = Draft(**_taken(options, Changes.__annotations__))
        if problems := draft.problems(editing=True):
            raise InvalidUpload(problems)
        return await coroutine(*args, dict(draft.form_fields()), **options)

    return call


def personal(coroutine: Method) -> Method:
    """Have `coroutine` raise Unauthorized where its client has no access token."""

    @functools.wraps(coroutine)
    async def call(self: Any, *args: Any, **options: Any) -> Any:
        if not self.access_token:
            raise Unauthorized("This needs an access token.")
        return await coroutine(self, *args, **options)

    return call  # type: ignore[return-value]


def targeting(coroutine: Method) -> Method:
    """Make `coroutine`, which takes a key first, a method of every resource of its client, too."""
    name = coroutine.__name__

    def method(self: Resource) -> Callable[..., Any]:
        return functools.partial(getattr(self.client, name), self.key)

    if not hasattr(Resource, name):
        setattr(Resource, name, property(method))
    return coroutine


def _taken(options: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: options.pop(name) for name in names if name in options}
