"""Sentences that others can say in their language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """What is wrong, in English; `template` and `values` let others say it in their language."""

    template: str
    values: Mapping[str, Any]


def said(template: str, /, **values: Any) -> Sentence:
    """`template` with `values` put in."""
    sentence = Sentence(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence
