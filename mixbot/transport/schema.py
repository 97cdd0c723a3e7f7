"""JSON with names and types for what is known of it: what the models of both libraries are made of.

The class body of a `Resource` is its schema. What JSON has as it should be is read straight from
it; a date, an object or a list of such is made when it is asked for. A date is read as one because
it is annotated as one, never because a text looks like one.
"""

from __future__ import annotations

import copy
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, overload

T = TypeVar("T")
ClientT = TypeVar("ClientT")
ListingT = TypeVar("ListingT")


class Sent(Generic[ClientT]):
    """What was sent, as it came: that is `data`. Each library has its own name for `_client`."""

    __slots__ = ("_client", "data")

    data: Any
    _client: ClientT | None

    @property
    def _rest(self) -> tuple[Any, ...]:
        """What its class is to be called with, besides what was sent and the client."""
        return ()

    # A copy asks the same client; one that is pickled leaves it behind.

    def __copy__(self) -> Self:
        kind: Callable[..., Self] = type(self)
        return kind(self.data, self._client, *self._rest)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        kind: Callable[..., Self] = type(self)
        return kind(copy.deepcopy(self.data, memo), self._client, *self._rest)

    def __reduce__(self) -> Any:
        return type(self), (self.data, None, *self._rest)


class Json(Sent[ClientT], Mapping[str, Any]):
    """A JSON object. Its members are items; a library says what becomes of each."""

    __slots__ = ("__dict__",)

    data: dict[str, Any]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __contains__(self, name: object) -> bool:
        return name in self.data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and self.data == other.data

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.data!r}>"

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Whatever was sent."""


class AccessDict(Json[ClientT]):
    """JSON of which nothing is known beforehand: its members are attributes as well."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in Sent.__slots__:  # while it is being copied
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{self!r} has no {name!r}") from None


class AccessList(Sent[ClientT], Sequence[T], Generic[T, ClientT]):
    """A JSON list; each of its items is made, by `_kind`, when it is asked for."""

    __slots__ = ("_kind", "_values")

    _kind: Callable[[Any, ClientT | None], T]
    _values: list[Any]

    @property
    def _rest(self) -> tuple[Any, ...]:
        return (self._kind,)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self._kind(one, self._client) for one in self._values[index]]
        return self._kind(self._values[index], self._client)

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[T]:
        return map(self._kind, self._values, repeat(self._client))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


class ResourceList(AccessList[T, ClientT]):
    """A page of a list; `data` is all that was sent, of which the items are a part."""

    __slots__ = ()

    @property
    def _rest(self) -> tuple[Any, ...]:
        return ()

    @property
    def client(self) -> ClientT:
        """The client this came from; raises RuntimeError for a list made by hand."""
        if self._client is None:
            raise RuntimeError("this list was made without a client")
        return self._client


class Resource(Json[ClientT]):
    """Something that has an address of its own. The annotations of a subclass are its fields."""

    __slots__ = ()
    _readers: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    _read_date = staticmethod(datetime.fromisoformat)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _apply_schema(cls)

    def _missing(self, name: str) -> AttributeError:
        """What is raised for a field that should be there and is not."""
        return AttributeError(f"{self!r} has no {name!r}")

    @property
    def client(self) -> ClientT:
        """The client this came from; raises RuntimeError for a resource made by hand."""
        if self._client is None:
            raise RuntimeError("this resource was made without a client")
        return self._client


def _apply_schema(kind: type[Resource[Any]]) -> None:
    """Make the fields that `kind` annotates, and keep what is sent from hiding a method."""
    kind._readers = dict(kind._readers)
    for name, annotation in inspect.get_annotations(kind, eval_str=True).items():
        if name.startswith("_"):
            continue
        options = typing.get_args(annotation)
        optional = type(None) in options
        if read := _reader(kind, name, options[0] if optional else annotation, optional):
            read.__annotations__["return"] = annotation
            kind._readers[name] = read
            setattr(kind, name, property(read))
        elif optional:
            setattr(kind, name, None)
    for name, member in list(vars(kind).items()):
        if inspect.isfunction(member) and not name.startswith("__"):
            setattr(kind, name, property(member.__get__, doc=inspect.getdoc(member)))


def _reader(
    kind: type[Resource[Any]], name: str, annotation: Any, optional: bool
) -> Callable[[Any], Any] | None:
    """Makes a field of what JSON has for it; None where JSON has it as it should be."""

    def absent(self: Resource[Any]) -> None:
        if not optional:
            raise self._missing(name)

    made: Any = typing.get_origin(annotation) or annotation
    bases = made.__mro__ if isinstance(made, type) else ()
    if annotation is datetime:
        read_date = kind._read_date

        def read(self: Resource[Any]) -> Any:
            try:
                return read_date(self.data[name])
            except (KeyError, TypeError, ValueError):
                value = self.data.get(name)  # somebody's own JSON decoder may have read it
                return value if isinstance(value, datetime) else absent(self)

    elif Json in bases:

        def read(self: Resource[Any]) -> Any:
            value = self.data.get(name)
            return absent(self) if value is None else made(value, self._client)

    elif AccessList in bases:
        of = typing.get_args(annotation)[0]

        def read(self: Resource[Any]) -> Any:
            value = self.data.get(name)
            return absent(self) if value is None else made(value, self._client, of)

    else:
        return None
    return read


_apply_schema(Resource)  # type: ignore[type-abstract]


class Connection(Generic[ListingT]):
    """A list that belongs to a resource, as a method of it: `await user.followers(limit=5)`.

    Its path, below that of the resource, is its name if it is not given.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path

    def __set_name__(self, owner: type, name: str) -> None:
        self.path = self.path or name
        self.__doc__ = f"The {name.replace('_', ' ')} of this; takes what `Paging` has."

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Any], owner: type) -> ListingT: ...
    def __get__(self, resource: Resource[Any] | None, owner: type) -> Any:
        return self if resource is None else partial(resource.connection, self.path)

    def __set__(self, resource: Resource[Any], value: object) -> None:
        # Having this, it comes before a member of the JSON that has the same name.
        raise AttributeError(f"{self.path} cannot be set")
