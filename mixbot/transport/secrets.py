"""Keeping secrets out of what is told."""

from __future__ import annotations

from typing import Any


def without(secret: str, data: Any) -> Any:
    """`data`, any JSON, with an ellipsis in every place of `secret`."""
    match data:
        case str():
            return data.replace(secret, "…")
        case dict():
            return {without(secret, name): without(secret, value) for name, value in data.items()}
        case list():
            return [without(secret, value) for value in data]
    return data
