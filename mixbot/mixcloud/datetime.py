"""Moments as people and programs write them, in the ways Mixcloud reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

from .errors import InvalidArgument

Moment: TypeAlias = datetime | str | float
"""A moment: a datetime, a text a person would write, or Unix seconds. Naive means local time."""


def to_timestamp(value: Moment) -> int:
    """Unix seconds of `value`.

    >>> to_timestamp("2018 Feb 12 13:00:00 UTC")
    1518440400
    """
    return int(_as_utc(value).timestamp())


def format_datetime(value: Moment) -> str:
    """`value` as Mixcloud's forms want it, in UTC.

    >>> format_datetime(1518440400)
    '2018-02-12T13:00:00Z'
    """
    return _as_utc(value).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")  # years have four digits


def _as_utc(value: Moment) -> datetime:
    """`value` in UTC; raises InvalidArgument for what is no moment, or none that calendars have."""
    try:
        return _to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidArgument(f"{value!r} is not a date, such as 2018 Feb 12 13:00") from None


def _to_datetime(value: Moment) -> datetime:
    match value:
        case datetime():
            return value
        case bool():
            pass
        case int() | float():
            return datetime.fromtimestamp(value, UTC)
        case str():
            from dateutil import parser  # it takes its time to load, and few need it

            return parser.parse(value)
    raise InvalidArgument(f"{value!r} is not a datetime, a text or Unix seconds")
