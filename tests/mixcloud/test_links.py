"""Reading links: every form that people paste, and nothing that only looks like one."""

import doctest
import sys
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixbot.mixcloud import Link, ShortLink, find_links, read_key
from mixbot.mixcloud.links import NOT_SHOWS, NOT_USERS

PARTY = Link("spartacus", "party-time")
WWW = "https://www.mixcloud.com"

names = st.text(
    st.characters(categories=["L", "N", "M"], include_characters="-_"), min_size=1, max_size=40
).filter(lambda name: name.lower() not in NOT_USERS | NOT_SHOWS)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.mixcloud.com/spartacus/party-time/",
        "https://www.mixcloud.com/spartacus/party-time",
        "http://www.mixcloud.com/spartacus/party-time/",
        "HTTPS://WWW.Mixcloud.COM/spartacus/party-time/",
        "https://mixcloud.com/spartacus/party-time/",
        "https://m.mixcloud.com/spartacus/party-time/",
        "https://beta.mixcloud.com/spartacus/party-time/",
        "https://api.mixcloud.com/spartacus/party-time/?metadata=1",
        "https://www.mixcloud.com:443/spartacus/party-time/",
        "www.mixcloud.com/spartacus/party-time/",
        "mixcloud.com/spartacus/party-time",
        "m.mixcloud.com/spartacus/party-time/",
        "//www.mixcloud.com/spartacus/party-time/",
        "https://www.mixcloud.com/spartacus/party-time/#comments",
        "https://www.mixcloud.com/spartacus//party-time//",
        "https://www.mixcloud.com/spartacus/party%2Dtime/",
        "https://www.mixcloud.com/spartacus/party-time/?utm_source=widget&utm_medium=web"
        "&utm_campaign=base_links&utm_term=resource_link",
        "https://www.mixcloud.com/spartacus/party-time/?utm_source=widget&amp;utm_medium=web",
        *(
            f"https://www.mixcloud.com/spartacus/party-time/{tab}/"
            for tab in ("favorite", "repost", "listeners", "similar", "embed-html", "embed-json")
        ),
    ],
)
def test_a_show_is_found_however_it_is_written(address: str) -> None:
    assert list(find_links(address)) == [PARTY]


@pytest.mark.parametrize(
    "address",
    [
        f"{WWW}/widget/iframe/?feed=/spartacus/party-time/",
        f"{WWW}/widget/iframe/?hide_cover=1&feed=%2Fspartacus%2Fparty-time%2F",
        f"{WWW}/widget/iframe/?hide_cover=1&amp;feed=%2Fspartacus%2Fparty-time%2F&amp;light=1",
        f"{WWW}/widget/iframe/?feed=%252Fspartacus%252Fparty-time%252F",
        f"{WWW}/widget/iframe/?feed=https://www.mixcloud.com/spartacus/party-time/",
        f"{WWW}/widget/iframe/?feed=https%3A%2F%2Fwww.mixcloud.com%2Fspartacus%2Fparty-time%2F",
        f"{WWW}/widget/iframe/?feed=http%253A%252F%252Fwww.mixcloud.com%252Fspartacus%252Fparty-time%252F",
        "https://player-widget.mixcloud.com/widget/iframe/?feed=%2Fspartacus%2Fparty-time%2F&hide_cover=1",
        "//player-widget.mixcloud.com/widget/iframe/?feed=%2Fspartacus%2Fparty-time%2F",
        "player-widget.mixcloud.com/widget/iframe/?feed=%2Fspartacus%2Fparty-time%2F",
        f"{WWW}/media/swf/player/mixcloudLoader.swf?feed=%2Fspartacus%2Fparty-time%2F",
        '<iframe width="100%" height="120" src="https://player-widget.mixcloud.com/widget/iframe/'
        '?hide_cover=1&amp;feed=%2Fspartacus%2Fparty-time%2F" frameborder="0"></iframe>',
    ],
)
def test_a_player_plays_a_show(address: str) -> None:
    assert list(find_links(address)) == [PARTY]


@pytest.mark.parametrize(
    "address",
    [
        f"{WWW}/widget/iframe/",
        f"{WWW}/widget/iframe/?feed=",
        f"{WWW}/widget/iframe/?feed=https%3A%2F%2Fevil.tld%2Fa%2Fb%2F",
        f"{WWW}/widget/iframe/?feed=%2F%2Fevil.tld%2Fa%2Fb%2F",
        f"{WWW}/widget/follow/?u=%2Fspartacus%2F",
        "https://player-widget.mixcloud.com/spartacus/party-time/",
        "https://evil.tld/widget/iframe/?feed=%2Fspartacus%2Fparty-time%2F",
    ],
)
def test_a_player_of_nothing_is_no_link(address: str) -> None:
    assert list(find_links(address)) == []


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (f"{WWW}/spartacus/", Link("spartacus")),
        (f"{WWW}/spartacus", Link("spartacus")),
        (f"{WWW}/NTSRadio/", Link("NTSRadio")),
        (f"{WWW}/live/spartacus/", Link("spartacus")),
        (f"{WWW}/spartacus/playlists/", Link("spartacus")),
        (f"{WWW}/spartacus/playlists/late-night/", Link("spartacus")),
        (f"{WWW}/spartacus/select/", Link("spartacus")),
        (f"{WWW}/spartacus/Uploads/", Link("spartacus")),
        (f"{WWW}/spartacus/feed/#566658648", Link("spartacus")),
        ("https://api.mixcloud.com/spartacus/listen-later/", Link("spartacus")),
        (f"{WWW}/dj_/", Link("dj_")),
        (f"{WWW}/dj_", Link("dj_")),
        (f"{WWW}/new-order/", Link("new-order")),
        (f"{WWW}/tagomago/", Link("tagomago")),
    ],
)
def test_a_person_is_found_on_every_tab_of_theirs(address: str, link: Link | None) -> None:
    assert list(find_links(address)) == [link]


@pytest.mark.parametrize("segment", sorted(NOT_USERS - {"live"}))
def test_pages_of_the_site_are_nobody(segment: str) -> None:
    text = f"{WWW}/{segment}/ {WWW}/{segment}/jazz/ {WWW}/{segment.upper()}/jazz/"
    assert list(find_links(text)) == []


@pytest.mark.parametrize("segment", sorted(NOT_SHOWS))
def test_tabs_of_a_profile_are_no_shows(segment: str) -> None:
    assert list(find_links(f"{WWW}/spartacus/{segment}/")) == [Link("spartacus")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mixcloud",
        "mixcloud.com",
        "https://www.mixcloud.com/",
        "https://www.mixcloud.com/?q=jazz",
        "https://notmixcloud.com/spartacus/party-time/",
        "https://not-mixcloud.com/spartacus/party-time/",
        "https://www.notmixcloud.com/spartacus/party-time/",
        "https://mixcloud.com.evil.tld/spartacus/party-time/",
        "https://mixcloud.community/spartacus/party-time/",
        "https://mixcloud.co/spartacus/party-time/",
        "https://mixcloud.com-evil.tld/spartacus/party-time/",
        "https://www.mixcloud.com@evil.tld/spartacus/party-time/",
        "https://www.mixcloud.com:pass@evil.tld/spartacus/party-time/",
        "https://www.mixcloud.com:8080@evil.tld/spartacus/party-time/",
        "https://evil.tld@www.mixcloud.com/spartacus/party-time/",
        "https://user:pass@www.mixcloud.com/spartacus/party-time/",
        "someone@mixcloud.com/spartacus/party-time/",
        "https://www.mixcloud.com:8080/spartacus/party-time/",
        "https://www.mixcloud.com:99999999/spartacus/party-time/",
        "https://evil.tld/www.mixcloud.com/spartacus/party-time/",
        "https://evil.tld/https://www.mixcloud.com/spartacus/party-time/",
        "https://evil.tld/?to=https://www.mixcloud.com/spartacus/party-time/",
        "https://evil.tld/?to=www.mixcloud.com/spartacus/party-time/",
        "https://evil.tld/#mixcloud.com/spartacus/party-time/",
        "https://evil.tld\\@www.mixcloud.com/spartacus/party-time/",
        "https://www.mixcloud.com\\@evil.tld/spartacus/party-time/",
        "https://thumbnailer.mixcloud.com/unsafe/300x300/extaudio/a.jpg",
        "https://stream.mixcloud.com/a/b/",
        "https://help.mixcloud.com/hc/en-us/",
        "https://evil.www.mixcloud.com/a/b/",
        "ftp://www.mixcloud.com/spartacus/party-time/",
        "https://www.mıxcloud.com/spartacus/party-time/",  # a dotless i
        "https://www.mixclоud.com/spartacus/party-time/",  # a Cyrillic o
        "https://www.mixcloud.com。evil.tld/spartacus/party-time/",
        "日本mixcloud.com/spartacus/party-time/",
        "https://www.mixcloud.com/../spartacus/",
        "https://www.mixcloud.com/%2e%2e/party-time/",
        "https://www.mixcloud.com/sparta%2Fcus/party-time/",
        "https://www.mixcloud.com/spartacus%00/party-time/",
        "https://www.mixcloud.com/spartacus/%0d%0aHost:evil/",
        "https://www.mixcloud.com/spartacus/%ff%fe/",
        "https://www.mixcloud.com/spartacus/\ud800/",
    ],
)
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert list(find_links(text)) == []


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("listen: https://www.mixcloud.com/a/b/.", [Link("a", "b")]),
        ("https://www.mixcloud.com/a/b, and more", [Link("a", "b")]),
        ("Have you heard https://www.mixcloud.com/a/b?!", [Link("a", "b")]),
        ("(https://www.mixcloud.com/a/b)", [Link("a", "b")]),
        ("(see mixcloud.com/a/b).", [Link("a", "b")]),
        ("[mix](https://www.mixcloud.com/a/b)", [Link("a", "b")]),
        ("[mix](<https://www.mixcloud.com/a/b>)", [Link("a", "b")]),
        ("[mix](https://www.mixcloud.com/a/b/)!", [Link("a", "b")]),
        ('[mix](https://www.mixcloud.com/a/b/ "title")', [Link("a", "b")]),
        (
            "[https://www.mixcloud.com/a/b/](https://www.mixcloud.com/c/d/)",
            [Link("a", "b"), Link("c", "d")],
        ),
        ("<https://www.mixcloud.com/a/b>", [Link("a", "b")]),
        ("||https://www.mixcloud.com/a/b||", [Link("a", "b")]),
        ("**https://www.mixcloud.com/a/b**", [Link("a", "b")]),
        ("_https://www.mixcloud.com/a/b_", [Link("a", "b")]),
        ("__https://www.mixcloud.com/a/b__", [Link("a", "b")]),
        ("~~https://www.mixcloud.com/a/b~~", [Link("a", "b")]),
        ("`https://www.mixcloud.com/a/b`", [Link("a", "b")]),
        ("“https://www.mixcloud.com/a/b”", [Link("a", "b")]),
        ("'https://www.mixcloud.com/a/b'", [Link("a", "b")]),
        ("「https://www.mixcloud.com/a/b」", [Link("a", "b")]),
        ("https://www.mixcloud.com/a/b。", [Link("a", "b")]),
        ("聴いてhttps://www.mixcloud.com/a/b、", [Link("a", "b")]),
        ("mix:https://www.mixcloud.com/a/b", [Link("a", "b")]),
        ("https://www.mixcloud.com/a/b/\u200b", [Link("a", "b")]),
        ("\u200bhttps://www.mixcloud.com/a/b\u2069", [Link("a", "b")]),
        ("https://www.mixcloud.com/a/b\nhttps://www.mixcloud.com/c/", [Link("a", "b"), Link("c")]),
        (
            "https://www.mixcloud.com/a/b/,https://mixcloud.com/c/d",
            [Link("a", "b"), Link("c", "d")],
        ),
        ("http://m.mixcloud.com/a/b?x=1 twice mixcloud.com/a/b", [Link("a", "b")] * 2),
        ("http://i.mixcloud.com/CH9VU9.", [ShortLink("CH9VU9")]),
        ("i.mixcloud.com/CH9VU9", [ShortLink("CH9VU9")]),
        ("http://i.mixcloud.com/", []),
        ("http://i.mixcloud.com/a/b/", []),
    ],
)
def test_a_link_ends_where_the_sentence_around_goes_on(
    text: str, links: list[Link | ShortLink]
) -> None:
    assert list(find_links(text)) == links


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("?t=90", 90),
        ("?t=90s", 90),
        ("?t=12m34s", 754),
        ("?t=1h2m3s", 3723),
        ("?t=1H", 3600),
        ("?t=12:34", 754),
        ("?t=1:02:03", 3723),
        ("?utm_source=x&t=5", 5),
        ("?utm_source=x&amp;t=5", 5),
        ("?t=0", 0),
        ("?t=", None),
        ("?t=-5", None),
        ("?t=soon", None),
        ("?t=٣", None),
        ("?t=999999999999999999999", None),
        ("", None),
    ],
)
def test_a_link_may_say_where_to_start(query: str, seconds: int | None) -> None:
    assert list(find_links(f"{WWW}/a/b/{query}")) == [Link("a", "b", start=seconds)]


@pytest.mark.parametrize(
    ("link", "key"),
    [
        (Link("spartacus"), "/spartacus/"),
        (PARTY, "/spartacus/party-time/"),
        (Link("café", "bon-dimanche-à-tous"), "/caf%C3%A9/bon-dimanche-%C3%A0-tous/"),
        (Link("電台", "夜"), "/%E9%9B%BB%E5%8F%B0/%E5%A4%9C/"),
        (Link("100%", "50%25"), "/100%25/50%2525/"),
    ],
)
def test_a_key_is_encoded_once(link: Link, key: str) -> None:
    assert link.key == key
    assert link.url == WWW + key
    assert Link.from_key(key) == link


@pytest.mark.parametrize("key", ["", "/", "//", "/a/../", "/./", "/%ff/", "/a%00/"])
def test_not_every_text_is_a_key(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Link.from_key(key)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("spartacus/party-time", PARTY),
        ("/spartacus/party-time/", PARTY),
        ("spartacus", Link("spartacus")),
        ("ada.w/no.4", Link("ada.w", "no.4")),
        ("café/été", Link("café", "été")),
        ("caf%C3%A9/%C3%A9t%C3%A9", Link("café", "été")),
        ("two words", None),
        ("", None),
        ("/", None),
        ("a?b", None),
        ("popular", None),
        ("genres/jazz", None),
        ("https://evil.tld/a", None),
        ("evil.tld/a/b", None),
        ("notmixcloud.com/a", None),
        ("Mixcloud.com/a", None),
        ("user@host/a", None),
    ],
)
def test_read_key_reads_what_somebody_types_for_a_show(text: str, link: Link | None) -> None:
    assert read_key(text) == link


def test_the_examples_are_true() -> None:
    results = doctest.testmod(sys.modules[Link.__module__])
    assert results.attempted
    assert not results.failed


@given(names, names)
@example("نازنین", "می\u200cخواهم")
@example("a", "b.mp3")
@example("dj_", "_")
def test_every_link_survives_being_written(user: str, show: str) -> None:
    link = Link(user, show)
    assert Link.from_key(link.key) == link
    assert list(find_links(link.url)) == [link]
    assert list(find_links(f"look: <{link.url}>, {link.url}.")) == [link, link]


@given(names, names, st.sampled_from([0, 1, 2]))
def test_a_feed_is_read_however_often_it_was_encoded(user: str, show: str, times: int) -> None:
    feed = Link(user, show).key
    for _ in range(times):
        feed = quote(feed, safe="")
    address = f"https://player-widget.mixcloud.com/widget/iframe/?hide_cover=1&feed={feed}"
    assert list(find_links(address)) == [Link(user, show)]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for link in find_links(text):
        assert isinstance(link, Link | ShortLink)


@given(
    st.text(min_size=1).filter(lambda host: host.lower().rstrip(".") not in ("www", "m", "beta"))
)
def test_no_other_host_is_ever_mixcloud(label: str) -> None:
    for address in (
        f"https://{label}mixcloud.com.tld/a/b/",
        f"https://mixcloud.com{label}.tld/a/b",
    ):
        for link in find_links(address):
            # `label` may itself end the address and begin another, as in "x https://"
            assert any(mark in label for mark in "/?#\\ \t\n\r\f\v") or not label.isprintable(), (
                link
            )


@given(
    st.lists(
        st.sampled_from(
            ["https://", "www.", "mixcloud.com", "/", "a", "@", ":", "%2F", "?feed=", "](", " "]
        )
    )
)
def test_what_is_found_has_a_key_of_its_own(pieces: list[str]) -> None:
    for link in find_links("".join(pieces)):
        if isinstance(link, Link):
            assert Link.from_key(link.key).key == link.key
