"""Reading links: every form that people paste, and nothing that only looks like one."""

import doctest
import sys
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mixbot.soundcloud import Link, ShortLink, find_links, read_path
from mixbot.soundcloud.links import NOT_TRACKS, NOT_USERS

MOOD = Link("forss", "flickermood")
SETS = Link("forss", "ecclesia", is_playlist=True)
SITE = "https://soundcloud.com"
API = "https://api.soundcloud.com"
PLAYER = "https://w.soundcloud.com/player/?url="

names = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True).filter(
    lambda name: name not in NOT_USERS | NOT_TRACKS
)
secrets = st.none() | st.from_regex(r"s-[A-Za-z0-9]{5,12}", fullmatch=True)
links = st.builds(Link, names, names, is_playlist=st.booleans(), secret=secrets) | st.builds(
    Link, names
)


@pytest.mark.parametrize(
    "address",
    [
        "https://soundcloud.com/forss/flickermood",
        "https://soundcloud.com/forss/flickermood/",
        "http://soundcloud.com/forss/flickermood",
        "HTTPS://SoundCloud.COM/Forss/FlickerMood",
        "https://www.soundcloud.com/forss/flickermood",
        "https://m.soundcloud.com/forss/flickermood",
        "https://soundcloud.com:443/forss/flickermood",
        "http://soundcloud.com:80/forss/flickermood",
        "soundcloud.com/forss/flickermood",
        "www.soundcloud.com/forss/flickermood",
        "m.soundcloud.com/forss/flickermood",
        "//soundcloud.com/forss/flickermood",
        "https://soundcloud.com//forss//flickermood//",
        "https://soundcloud.com/forss/flicker%6Dood",
        "https://soundcloud.com/forss/flickermood?si=1f2e3d&utm_source=clipboard&utm_medium=text",
        "https://soundcloud.com/forss/flickermood?utm_source=clipboard&amp;utm_campaign=sharing",
        "https://soundcloud.com/forss/flickermood?in=forss/sets/ecclesia",
        "https://soundcloud.com/forss/flickermood#comments",
        *(
            f"https://soundcloud.com/forss/flickermood/{tab}"
            for tab in ("recommended", "likes", "reposts", "comments", "sets", "albums")
        ),
        "https://soundcloud.com/forss/flickermood/comment-1234567",
    ],
)
def test_a_track_is_found_however_it_is_written(address: str) -> None:
    assert list(find_links(address)) == [MOOD]


@pytest.mark.parametrize(
    "address",
    [
        f"{PLAYER}{SITE}/forss/flickermood",
        f"{PLAYER}https%3A//soundcloud.com/forss/flickermood&color=%23ff5500&auto_play=false",
        f"{PLAYER}https%3A%2F%2Fsoundcloud.com%2Fforss%2Fflickermood&amp;color=%23ff5500",
        f"{PLAYER}https%253A%252F%252Fsoundcloud.com%252Fforss%252Fflickermood",
        f"{PLAYER}https%253A//soundcloud.com/forss/flickermood",
        f"{PLAYER}http%3A%2F%2Fm.soundcloud.com%2Fforss%2Fflickermood%3Fsi%3D1",
        f"{PLAYER}{quote(PLAYER + quote(SITE + '/forss/flickermood', safe=''), safe='')}",
        "//w.soundcloud.com/player/?visual=true&url=https%3A%2F%2Fsoundcloud.com%2Fforss%2Fflickermood",
        "w.soundcloud.com/player?url=soundcloud.com%2Fforss%2Fflickermood",
        "https://soundcloud.com/player/?url=https%3A%2F%2Fsoundcloud.com%2Fforss%2Fflickermood",
        "http://player.soundcloud.com/player.swf?url=http%3A%2F%2Fsoundcloud.com%2Fforss%2Fflickermood",
        '<iframe width="100%" height="166" src="https://w.soundcloud.com/player/'
        '?url=https%3A//soundcloud.com/forss/flickermood&amp;color=%23ff5500"></iframe>',
    ],
)
def test_a_player_plays_a_track(address: str) -> None:
    assert list(find_links(address)) == [MOOD]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (f"{API}/tracks/293", f"{API}/tracks/293"),
        ("http://api.soundcloud.com/playlists/7/?client_id=abc", f"{API}/playlists/7"),
        ("api.soundcloud.com/users/183", f"{API}/users/183"),
        (f"{API}/users/183/tracks", f"{API}/users/183"),
        (f"{API}/tracks/soundcloud:tracks:293", f"{API}/tracks/293"),
        (f"{API}/tracks/soundcloud%3Atracks%3A293", f"{API}/tracks/293"),
        (f"{API}/tracks/293?secret_token=s-AbC", f"{API}/tracks/293?secret_token=s-AbC"),
        (f"{PLAYER}https%3A//api.soundcloud.com/tracks/293&color=%23ff5500", f"{API}/tracks/293"),
        (f"{PLAYER}http://api.soundcloud.com/playlists/7", f"{API}/playlists/7"),
        (
            f"{PLAYER}https%3A//api.soundcloud.com/tracks/soundcloud%253Atracks%253A293&color=%23ff5500",
            f"{API}/tracks/293",
        ),
        (
            f"{PLAYER}https%253A%252F%252Fapi.soundcloud.com%252Fusers%252Fsoundcloud%25253Ausers%25253A5",
            f"{API}/users/5",
        ),
        (
            f"{PLAYER}https%3A//api.soundcloud.com/playlists/7%3Fsecret_token%3Ds-AbC&color=%23ff5500",
            f"{API}/playlists/7?secret_token=s-AbC",
        ),
        (
            f"{PLAYER}https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F293&amp;dnt=1&amp;secret_token=s-AbC",
            f"{API}/tracks/293?secret_token=s-AbC",
        ),
    ],
)
def test_what_has_a_number_only_soundcloud_can_tell(address: str, url: str) -> None:
    assert list(find_links(address)) == [ShortLink(url)]


@pytest.mark.parametrize(
    "address",
    [
        "https://w.soundcloud.com/player/",
        f"{PLAYER}",
        f"{PLAYER}forss/flickermood",
        f"{PLAYER}https%3A%2F%2Fevil.example%2Fforss%2Fflickermood",
        f"{PLAYER}https%3A%2F%2Fevil.example%2F%3Furl%3Dhttps%3A%2F%2Fsoundcloud.com%2Fforss%2Fx",
        f"{PLAYER}{quote(PLAYER + quote(PLAYER + SITE + '/forss/x'), safe='')}",
        "https://w.soundcloud.com/forss/flickermood",
        "https://evil.example/player/?url=https%3A%2F%2Fsoundcloud.com%2Fforss%2Fflickermood",
        f"{API}/",
        f"{API}/tracks",
        f"{API}/tracks/flickermood",
        f"{API}/tracks/293%0d%0aHost:evil",
        f"{API}/tracks/293/../../users/1",
        f"{API}/tracks/soundcloud:users:293",
        f"{API}/tracks/٣",
        f"{API}/resolve?url=https://soundcloud.com/forss",
    ],
)
def test_a_player_of_nothing_is_no_link(address: str) -> None:
    assert list(find_links(address)) == []


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (f"{SITE}/forss/sets/ecclesia", SETS),
        ("m.soundcloud.com/Forss/Sets/Ecclesia/?si=1", SETS),
        (f"{SITE}/forss/sets/ecclesia/likes", SETS),
        (f"{PLAYER}https%3A//soundcloud.com/forss/sets/ecclesia", SETS),
        (f"{SITE}/forss/sets/sets", Link("forss", "sets", is_playlist=True)),
        (f"{SITE}/forss/flickermood/s-AbC12", Link("forss", "flickermood", secret="s-AbC12")),
        (f"{SITE}/Forss/X/s-AbC12?si=1#t=5", Link("forss", "x", secret="s-AbC12", start=5)),
        (
            f"{SITE}/forss/sets/ecclesia/s-AbC12?si=1",
            Link("forss", "ecclesia", is_playlist=True, secret="s-AbC12"),
        ),
        (f"{SITE}/forss/x?secret_token=s-AbC", Link("forss", "x", secret="s-AbC")),
        (f"{SITE}/forss/x?secret_token=oops", Link("forss", "x")),
        (f"{SITE}/forss/x/S-AbC", Link("forss", "x")),
        (f"{SITE}/forss/x/likes/s-AbC", Link("forss", "x")),
        (f"{SITE}/forss/s-bahn", Link("forss", "s-bahn")),
        (f"{SITE}/forss?secret_token=s-AbC", Link("forss")),
    ],
)
def test_playlists_and_secrets(address: str, link: Link) -> None:
    assert list(find_links(address)) == [link]


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (f"{SITE}/forss", Link("forss")),
        (f"{SITE}/forss/", Link("forss")),
        (f"{SITE}/Forss", Link("forss")),
        (f"{SITE}/forss?si=1f2e3d", Link("forss")),
        (f"{SITE}/forss/sets/", Link("forss")),
        (f"{SITE}/forss/Sets", Link("forss")),
        (f"{SITE}/forss/likes/tracks", Link("forss")),
        (f"{SITE}/forss/tracks#t=90", Link("forss")),
        (f"{SITE}/dj_", Link("dj_")),
        (f"{SITE}/user-293-1", Link("user-293-1")),
        (f"{SITE}/your-disco", Link("your-disco")),
        (f"{SITE}/player-one", Link("player-one")),
        (f"{SITE}/goa", Link("goa")),
    ],
)
def test_a_person_is_found_on_every_tab_of_theirs(address: str, link: Link) -> None:
    assert list(find_links(address)) == [link]


@pytest.mark.parametrize("segment", sorted(NOT_USERS))
def test_pages_of_the_site_are_nobody(segment: str) -> None:
    text = f"{SITE}/{segment} {SITE}/{segment}/sets/x {SITE}/{segment.upper()}/x?q=a"
    assert list(find_links(text)) == []


@pytest.mark.parametrize("segment", sorted(NOT_TRACKS))
def test_tabs_of_a_profile_are_no_tracks(segment: str) -> None:
    assert list(find_links(f"{SITE}/forss/{segment}")) == [Link("forss")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soundcloud",
        "soundcloud.com",
        "https://soundcloud.com/",
        "https://soundcloud.com/?q=jazz",
        "https://soundcloud.com/search?q=forss",
        "https://soundcloud.com/discover/sets/weekly::forss",
        "https://soundcloud.com/discover/sets/charts-top",
        "https://soundcloud.com/stations/track/forss/flickermood",
        "https://evilsoundcloud.com/forss/flickermood",
        "https://evil-soundcloud.com/forss/flickermood",
        "https://www.evilsoundcloud.com/forss/flickermood",
        "https://soundcloud.com.evil.example/forss/flickermood",
        "https://soundcloud.community/forss/flickermood",
        "https://soundcloud.co/forss/flickermood",
        "https://soundcloud.com-evil.example/forss/flickermood",
        "https://soundcloud.com@evil.example/forss/flickermood",
        "https://soundcloud.com:pass@evil.example/forss/flickermood",
        "https://soundcloud.com:8080@evil.example/forss/flickermood",
        "https://evil.example@soundcloud.com/forss/flickermood",
        "https://user:pass@soundcloud.com/forss/flickermood",
        "user@soundcloud.com/forss/flickermood",
        "https://soundcloud.com:8080/forss/flickermood",
        "https://soundcloud.com:99999999/forss/flickermood",
        "https://evil.example/soundcloud.com/forss/flickermood",
        "https://evil.example/https://soundcloud.com/forss/flickermood",
        "https://evil.example/?to=https://soundcloud.com/forss/flickermood",
        "https://evil.example/?to=soundcloud.com/forss/flickermood",
        "https://evil.example/#soundcloud.com/forss/flickermood",
        "evil.example/soundcloud.com/forss/flickermood",
        "evil.example/https://soundcloud.com/forss/flickermood",
        "https://evil.example\\@soundcloud.com/forss/flickermood",
        "https://soundcloud.com\\@evil.example/forss/flickermood",
        "https://i1.sndcdn.com/artworks-000-large.jpg",
        "https://help.soundcloud.com/hc/en-us",
        "https://developers.soundcloud.com/docs/api",
        "https://secure.soundcloud.com/authorize",
        "https://evil.www.soundcloud.com/forss/flickermood",
        "https://app.goo.gl/abcdef",
        "https://evil.soundcloud.app.goo.gl/abcdef",
        "ftp://soundcloud.com/forss/flickermood",
        "soundcloud://sounds:293",
        "https://ſoundcloud.com/forss/flickermood",  # a long s
        "https://soundclοud.com/forss/flickermood",  # a Greek o
        "https://soundcloud.com。evil.example/forss/flickermood",
        "日本soundcloud.com/forss/flickermood",
        "https://soundcloud.com/../forss",
        "https://soundcloud.com/forss/../x",
        "https://soundcloud.com/%2e%2e/flickermood",
        "https://soundcloud.com/for%2Fss/flickermood",
        "https://soundcloud.com/forss%00/flickermood",
        "https://soundcloud.com/forss/%0d%0aHost:evil",
        "https://soundcloud.com/%ff%fe",
        "https://soundcloud.com/café",
        "https://soundcloud.com/\ud800",
    ],
)
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert list(find_links(text)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("listen: https://soundcloud.com/a/b.", [Link("a", "b")]),
        ("https://soundcloud.com/a/b, and more", [Link("a", "b")]),
        ("Have you heard https://soundcloud.com/a/b?!", [Link("a", "b")]),
        ("(https://soundcloud.com/a/b)", [Link("a", "b")]),
        ("(see soundcloud.com/a/b).", [Link("a", "b")]),
        ("[mix](https://soundcloud.com/a/b)", [Link("a", "b")]),
        ("[mix](<https://soundcloud.com/a/b>)", [Link("a", "b")]),
        ('[mix](https://soundcloud.com/a/b "title")', [Link("a", "b")]),
        (
            "[https://soundcloud.com/a/b](https://soundcloud.com/c/d)",
            [Link("a", "b"), Link("c", "d")],
        ),
        ("<https://soundcloud.com/a/b>", [Link("a", "b")]),
        ("||https://soundcloud.com/a/b||", [Link("a", "b")]),
        ("**https://soundcloud.com/a/b**", [Link("a", "b")]),
        ("_https://soundcloud.com/a/b_", [Link("a", "b")]),
        ("__https://soundcloud.com/a/b/s-AbC__", [Link("a", "b", secret="s-AbC")]),
        ("~~https://soundcloud.com/a/b~~", [Link("a", "b")]),
        ("`https://soundcloud.com/a/b`", [Link("a", "b")]),
        ("“https://soundcloud.com/a/b”", [Link("a", "b")]),
        ("'https://soundcloud.com/a/b'", [Link("a", "b")]),
        ("「https://soundcloud.com/a/b」", [Link("a", "b")]),
        ("聴いてhttps://soundcloud.com/a/b、", [Link("a", "b")]),
        ("mix:https://soundcloud.com/a/b", [Link("a", "b")]),
        ("\u200bhttps://soundcloud.com/a/b\u2069", [Link("a", "b")]),
        ("https://soundcloud.com/a/b\nhttps://soundcloud.com/c", [Link("a", "b"), Link("c")]),
        ("https://soundcloud.com/a/b,soundcloud.com/c/d", [Link("a", "b"), Link("c", "d")]),
        ("Check out Mood by Forss on #SoundCloud\nhttps://soundcloud.com/a/b", [Link("a", "b")]),
        ("https://on.soundcloud.com/74Iy4SH6qjo4Yr2tUO.", ["on.soundcloud.com/74Iy4SH6qjo4Yr2tUO"]),
        ("on.soundcloud.com/AbC12?si=1", ["on.soundcloud.com/AbC12"]),
        ("HTTP://ON.SOUNDCLOUD.COM/AbC12/", ["on.soundcloud.com/AbC12"]),
        ("https://soundcloud.app.goo.gl/AbC12", ["soundcloud.app.goo.gl/AbC12"]),
        ("(soundcloud.app.goo.gl/AbC12)", ["soundcloud.app.goo.gl/AbC12"]),
        ("https://on.soundcloud.com/", []),
        ("https://on.soundcloud.com/a/b/", []),
        ("https://soundcloud.app.goo.gl/?link=https://soundcloud.com/a/b", []),
    ],
)
def test_a_link_ends_where_the_sentence_around_goes_on(text: str, found: list[Link | str]) -> None:
    expected = [ShortLink(f"https://{one}") if isinstance(one, str) else one for one in found]
    assert list(find_links(text)) == expected


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("#t=90", 90),
        ("#t=1:30", 90),
        ("#t=1%3A30", 90),
        ("#t=0:00", 0),
        ("#t=1%3A16%3A48", 4608),
        ("#t=1m30s", 90),
        ("#t=1h2m3s", 3723),
        ("#t=1H", 3600),
        ("?t=90", 90),
        ("?si=1&t=1:30", 90),
        ("?si=1&amp;t=5", 5),
        ("?si=1&utm_source=clipboard#t=1%3A30", 90),
        ("?t=5#t=90", 90),
        ("?t=5#comments", 5),
        ("#t=", None),
        ("#t=-5", None),
        ("#t=soon", None),
        ("#t=٣", None),
        ("#t=999999999999999999999", None),
        ("", None),
    ],
)
def test_a_link_may_say_where_to_start(said: str, start: int | None) -> None:
    assert list(find_links(f"{SITE}/a/b{said}")) == [Link("a", "b", start=start)]
    assert list(find_links(f"{PLAYER}{quote(f'{SITE}/a/b{said}', safe='')}")) == [
        Link("a", "b", start=start)
    ]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (Link("forss"), "forss"),
        (MOOD, "forss/flickermood"),
        (SETS, "forss/sets/ecclesia"),
        (Link("forss", "x", secret="s-AbC"), "forss/x/s-AbC"),
        (
            Link("forss", "ecclesia", is_playlist=True, secret="s-AbC"),
            "forss/sets/ecclesia/s-AbC",
        ),
    ],
)
def test_a_path_is_a_link_without_its_host(link: Link, path: str) -> None:
    assert link.path == path
    assert link.url == f"{SITE}/{path}"
    assert Link.from_path(path) == link
    assert Link.from_path(f"/{path}/") == link


@pytest.mark.parametrize("path", ["", "/", "a/../b", ".", "%ff", "a%00", "discover", "you/likes"])
def test_not_every_text_is_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Link.from_path(path)


def test_a_secret_is_shown_only_where_it_is_needed() -> None:
    assert "s-AbC" not in repr(Link("forss", "x", secret="s-AbC"))
    with pytest.raises(ValueError, match="path") as caught:
        Link.from_path("you/x/s-AbC")
    assert "s-AbC" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("forss/flickermood", MOOD),
        ("/forss/flickermood/", MOOD),
        ("Forss/Flickermood", MOOD),
        ("forss", Link("forss")),
        ("forss/sets/ecclesia", SETS),
        ("forss/sets", Link("forss")),
        ("forss/x/s-AbC", Link("forss", "x", secret="s-AbC")),
        ("two words", None),
        ("", None),
        ("/", None),
        ("//forss", None),
        ("a?b", None),
        ("forss/ flickermood", None),
        ("forss/flickermood\n", None),
        ("café", None),
        ("discover", None),
        ("you/likes", None),
        ("https://evil.example/a", None),
        ("evil.example/a/b", None),
        ("soundcloud.com/a", None),
        ("user@host/a", None),
    ],
)
def test_read_path_reads_what_somebody_types(text: str, link: Link | None) -> None:
    assert read_path(text) == link


def test_the_examples_are_true() -> None:
    results = doctest.testmod(sys.modules[Link.__module__])
    assert results.attempted
    assert not results.failed


@given(links)
@example(Link("dj_", "_"))
@example(Link("a", "-", secret="s-AbC_"))
def test_every_link_survives_being_written(link: Link) -> None:
    assert Link.from_path(link.path) == link
    assert read_path(link.path) == link
    assert list(find_links(link.url)) == [link]
    assert list(find_links(f"look: <{link.url}>, {link.url}.")) == [link, link]


@given(links, st.sampled_from([0, 1, 2]))
def test_a_players_address_is_read_however_often_it_was_encoded(link: Link, times: int) -> None:
    address = link.url
    for _ in range(times):
        address = quote(address, safe="")
    assert list(find_links(f"{PLAYER}{address}&color=%23ff5500")) == [link]


@given(
    st.sampled_from(["tracks", "playlists", "users"]),
    st.integers(1, 10**12),
    st.booleans(),
    st.sampled_from([0, 1, 2]),
    secrets,
)
def test_a_number_is_read_however_it_was_encoded(
    kind: str, number: int, is_urn: bool, times: int, secret: str | None
) -> None:
    query = f"?secret_token={secret}" if secret else ""
    name = quote(f"soundcloud:{kind}:{number}", safe="") if is_urn else number
    address = f"{API}/{kind}/{name}{query}"
    for _ in range(times):
        address = quote(address, safe="")
    expected = ShortLink(f"{API}/{kind}/{number}{query}")
    assert list(find_links(f"{PLAYER}{address}&color=%23ff5500")) == [expected]
    assert list(find_links(expected.url)) == [expected]


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for address in (text, f"{SITE}/{text}", f"{API}/{text}", f"{PLAYER}{text}"):
        for link in find_links(address):
            assert isinstance(link, Link | ShortLink)


@given(st.text(min_size=1).filter(lambda host: host.lower().rstrip(".") not in ("www", "m")))
def test_no_other_host_is_ever_soundcloud(label: str) -> None:
    for address in (
        f"https://{label}soundcloud.com.tld/a/b/",
        f"https://soundcloud.com{label}.tld/a/b",
    ):
        for link in find_links(address):
            # `label` may itself end the address and begin another, as in "x https://"
            assert any(mark in label for mark in "/?#\\ \t\n\r\f\v") or not label.isprintable(), (
                link
            )


@given(
    st.lists(
        st.sampled_from(
            "https:// w. on. api. soundcloud.com / /player/ sets tracks 12 A s-Ab @ : "
            "%2F ?url= ?secret_token= #t=5 ]( _".split()
        )
        | st.just(" ")
    ).map("".join)
)
def test_what_is_found_has_an_address_of_its_own(text: str) -> None:
    for link in find_links(text):
        [again] = find_links(link.url)
        assert again == (replace(link, start=None) if isinstance(link, Link) else link)
