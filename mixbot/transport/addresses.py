"""Addresses of one site, found in running text and taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

# What ends an address in running text: spaces, quotes and brackets of any script, and characters
# nobody sees (but not the joiners, which are part of words in some scripts).
_ENDS = (
    r"\s\x00-\x1f\x7f-\x9f<>\"|\\^`{}\[\](),"
    r"«»‹›“”„（）［］｛｝「」『』【】〔〕《》〈〉、。，．！？；：…"
    r"\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
)
_TRAILING = ".;:!?'*~’"
_HAS_HOST = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_UNITS = re.compile(r"(?:(?P<h>\d{1,2})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6})s?)?", re.ASCII)
_CLOCK = re.compile(r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,4}):(?P<s>\d{2})", re.ASCII)


class Addresses:
    """What may be addresses at `domains` or below them, with a scheme or without.

    Those of other sites are among them when a text has both: `split` them, and look at the host.
    """

    def __init__(self, *domains: str) -> None:
        self._domains = domains
        self._pattern = re.compile(
            # Other sites' are read as well, so that what they contain is not taken for a link.
            rf"(?<![/&?#%@])(?i:https?)://[^{_ENDS}]+"
            r"|(?<![\w.@/:\\%=&?#+-])(?://)?(?i:(?:[a-z0-9-]+\.)*"
            rf"(?:{'|'.join(map(re.escape, domains))}))(?::\d+)?[/?#][^{_ENDS}]*"
        )

    def within(self, text: str) -> Iterator[str]:
        """Those in `text`, in order, without the punctuation that goes on behind them."""
        lowered = text.lower()
        for domain in self._domains:
            if domain in lowered:
                break
        else:
            return  # as in nearly every text; looking for addresses takes a hundred times as long
        for match in self._pattern.finditer(text):
            address = match[0].rstrip(_TRAILING)
            if address.endswith("_") and text.endswith("_", 0, match.start()):
                address = address.rstrip("_")  # of _emphasis_; names may end in one, too
            yield address


def split(address: str) -> SplitResult | None:
    """The parts of `address`, as text or HTML has it; None if it has a user, or an odd port."""
    address = address.replace("&amp;", "&")
    try:
        parts = urlsplit(address if _HAS_HOST.match(address) else f"//{address}")
        port = parts.port
    except ValueError:
        return None
    return parts if parts.username is None and port in (None, 80, 443) else None


def seconds(time: str) -> int | None:
    """How many seconds a `time` of addresses is: 90, 90s, 1m30s, 1h2m3s, 1:30 or 1:02:03."""
    time = time.lower()
    match = _UNITS.fullmatch(time) or _CLOCK.fullmatch(time)
    if not match or not any(match.groups()):
        return None
    hours, minutes, rest = (int(match[unit] or 0) for unit in "hms")
    return hours * 3600 + minutes * 60 + rest
