"""What is kept of shows and people that were looked at, whichever service they are of."""

from __future__ import annotations

from dataclasses import dataclass, field

from mixbot.errors import UserError
from mixbot.languages import N_
from mixbot.services import MIXCLOUD, NAMES
from mixbot.ui.answers import Body, Form
from mixbot.ui.cards import Card
from mixbot.ui.components import Component


class NotAShowThere(UserError):
    def __init__(self, provider: str = MIXCLOUD) -> None:
        super().__init__(
            N_("That leads to something else than a show on {service}. Paste a link to a show."),
            service=NAMES[provider],
        )


class NotAPersonThere(UserError):
    def __init__(self, provider: str = MIXCLOUD) -> None:
        super().__init__(
            N_("That leads to something else than a person on {service}. Give me a user name."),
            service=NAMES[provider],
        )


@dataclass(frozen=True, slots=True)
class Detail:
    """A show or person as it is kept: its JSON, and the answers that were drawn of it."""

    written: bytes
    drawn: dict[Form, Drawn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answer that shows what is at `key`, ready to be given again."""

    key: str
    name: str
    body: Body


@dataclass(frozen=True, slots=True)
class Glance:
    """A show among others: its card, and the row of buttons that act on it."""

    key: str
    name: str
    card: Card
    buttons: Component
