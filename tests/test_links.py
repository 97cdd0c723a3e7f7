"""Links to both services in one text."""

from __future__ import annotations

import pytest

from mixbot import mixcloud, soundcloud
from mixbot.links import find_links

SHOW, TRACK = mixcloud.Link("spartacus", "party-time"), soundcloud.Link("forss", "flickermood")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("soundcloud.com/forss/flickermood https://www.mixcloud.com/spartacus/party-time/", [1, 0]),
        (
            "https://mixcloud.com/spartacus/party-time, <//m.soundcloud.com/forss/flickermood>",
            [0, 1],
        ),
        (
            "https://soundcloud.com/forss/flickermood or "
            "https://player-widget.mixcloud.com/widget/iframe/?feed=%2Fspartacus%2Fparty-time%2F "
            "or _https://soundcloud.com/forss/flickermood_!",
            [1, 0, 1],
        ),
        ("https://example.org/?u=https://soundcloud.com/forss/flickermood", []),
        (
            "https://example.org/?u=soundcloud.com/a/b https://mixcloud.com/spartacus/party-time",
            [0],
        ),
        ("https://soundcloud.com/forss/flickermood?from=mixcloud.com/spartacus/party-time", [1]),
        ("no links at all", []),
    ],
)
def test_links_come_in_the_order_of_the_text(text: str, found: list[int]) -> None:
    assert list(find_links(text)) == [(SHOW, TRACK)[service] for service in found]


def test_short_links_come_in_their_order_too() -> None:
    text = "https://on.soundcloud.com/AbCd https://i.mixcloud.com/CDEF soundcloud.app.goo.gl/xyzw"
    assert list(find_links(text)) == [
        soundcloud.ShortLink("https://on.soundcloud.com/AbCd"),
        mixcloud.ShortLink("CDEF"),
        soundcloud.ShortLink("https://soundcloud.app.goo.gl/xyzw"),
    ]
