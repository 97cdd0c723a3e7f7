"""The music services: what accounts need of each, to link them and to act with them.

The rest of mixbot knows a show by its key. One of Mixcloud is Mixcloud's own,
`/spartacus/party-time/`; one of SoundCloud is the path of its page behind the service's name,
`soundcloud:forss/flickermood`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

MIXCLOUD, SOUNDCLOUD = "mixcloud", "soundcloud"  # as the store and the commands have them
NAMES = {MIXCLOUD: "Mixcloud", SOUNDCLOUD: "SoundCloud"}
BEGINNINGS = {MIXCLOUD: "/", SOUNDCLOUD: "soundcloud:"}  # of the keys of each

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class Granted:
    """What a person's consent is worth: the account, and the secret with which to act for it."""

    key: str
    username: str
    name: str
    secret: str = field(repr=False)


class Service(Protocol[Client]):
    """What all of mixbot that is about more than one service calls. `Client` is its library's."""

    @property
    def provider(self) -> str:
        """Its name in the store and in commands."""

    @property
    def verbs(self) -> frozenset[str]:
        """What can be done there, in Mixcloud's words."""

    @property
    def problem(self) -> type[Exception]:
        """What its library raises."""

    @property
    def ended(self) -> type[Exception]:
        """The kind of it that says that an account's owner no longer grants what they did."""

    @property
    def can_link(self) -> bool:
        """Whether mixbot is registered at the service."""

    def seconds_closed(self) -> float:
        """For how long it asks to be left alone; 0 if it does not."""

    def consent_url(self, nonce: str, verifier: str) -> str:
        """Where a person agrees; the browser comes back with `nonce`. `verifier` is PKCE's."""

    async def granted(self, nonce: str, code: str, verifier: str) -> Granted:
        """What `code`, with which a browser came back, is worth. Raises `problem`."""

    def client_of(self, user_id: int, secret: str) -> Client:
        """A client that acts as the account that a Discord user has linked."""

    async def do(self, client: Client, verb: str, key: str) -> None:
        """Do one of `verbs` with what is at `key`. Doing it twice is fine."""

    async def sign_out(self, client: Client) -> bool:
        """Take back what the owner granted; whether that can be done from here."""

    async def withdraw(self, secret: str, *, kept: str | None = None) -> None:
        """Take back a grant that nobody will use, if `kept` is not of the same. Raises `problem`.

        Where that cannot be done from here, nothing happens.
        """


def provider_of(key: str) -> str:
    """The service at which `key` names something."""
    # What is no key of SoundCloud may be one of Mixcloud as people read it, without slashes.
    return SOUNDCLOUD if key.startswith(BEGINNINGS[SOUNDCLOUD]) else MIXCLOUD
