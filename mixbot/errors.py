"""Problems a user can put right. Each carries the very sentence the user reads."""

from typing import Any

from mixbot.languages import _


class UserError(Exception):
    """A problem its user can put right.

    `str()` is the sentence shown to them, in the language spoken then, with `values` put in.
    """

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values

    def __str__(self) -> str:
        return _(self.sentence, **self.values)
