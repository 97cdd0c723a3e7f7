"""The sandbox's Mixcloud: the world it invents, and adding to it."""

import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from mixbot.sandbox.mixcloud import Catalogue, Show
from mixbot.sandbox.mixcloud.generate import fill
from mixbot.sandbox.mixcloud.records import Ties, slugify

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> Catalogue:
    return fill(Catalogue(), NOON)


def facts(show: Show) -> tuple[object, ...]:
    return show.key, show.name, show.plays, show.tags, show.created, show.description


def test_the_world_is_the_same_every_time(world: Catalogue) -> None:
    again = fill(Catalogue(), NOON)
    assert list(map(facts, again.shows)) == list(map(facts, world.shows))
    assert [user.followers for user in again.users] == [user.followers for user in world.users]
    first, second = (one.favorites.to(one.popular()[0]) for one in (again, world))
    assert [(when, user.key) for when, user in first] == [(when, user.key) for when, user in second]


def test_only_dates_move_with_the_clock(world: Catalogue) -> None:
    later = fill(Catalogue(), NOON + timedelta(days=400))
    assert [show.key for show in later.shows] == [show.key for show in world.shows]
    assert max(show.created for show in later.shows) > NOON + timedelta(days=390)


def test_another_seed_is_another_world(world: Catalogue) -> None:
    other = fill(Catalogue(), NOON, seed=2)
    assert [show.plays for show in other.shows] != [show.plays for show in world.shows]


def test_it_is_large_and_written_in_many_scripts(world: Catalogue) -> None:
    assert len(world.shows) >= 300
    assert len({show.user for show in world.shows}) >= 40
    letters = {letter for show in world.shows for letter in show.name if letter.isalpha()}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}
    assert {
        *("LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "DEVANAGARI", "THAI"),
        *("CJK", "HIRAGANA", "KATAKANA", "HANGUL"),
    } <= scripts
    assert any("🌵" in user.name for user in world.users)


def test_nothing_is_dated_in_the_future_or_before_its_time(world: Catalogue) -> None:
    for show in world.shows:
        assert show.created <= NOON
        for when, user in [*world.favorites.to(show), *world.listens.to(show)]:
            assert show.created.replace(microsecond=0) <= when <= NOON, (show.key, user.key)
        for comment in world.comments_on(show):
            assert comment.submitted <= NOON


def test_the_surprising_shows_are_there(world: Catalogue) -> None:
    shows = world.shows
    assert {show.name for show in shows} >= {"May", "22.12.2017.", "1999"}
    for surprising in (
        [show for show in shows if show.hidden_stats],
        [show for show in shows if show.audio_length is None],
        [show for show in shows if show.is_exclusive],
        [show for show in shows if show.sections],
        [show for show in shows if show.updated < show.created],
        [show for show in shows if not show.description],
        [show for show in shows if "\r\n" in show.description],
        [show for show in shows if "https://" in show.description],
    ):
        assert 0 < len(surprising) < len(shows)


def test_keys_lead_back_and_are_unique(world: Catalogue) -> None:
    keys = {show.key for show in world.shows}
    assert len(keys) == len(world.shows)
    for show in world.shows:
        assert show.key.isascii()
        assert world.show(unquote(show.key)) is show
        assert len(show.name) < 100


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Drum & Bass", "drum-bass"),
        ("Funk - Soul  - Jazz", "funk-soul-jazz"),
        ("Bon dimanche à tous", "bon-dimanche-à-tous"),
        ("रात की धुन", "रात-की-धुन"),
        ("🎉", ""),
        ("  22.12.2017. ", "22-12-2017"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug


def test_adding_the_odd_show() -> None:
    catalogue = Catalogue()
    show = catalogue.add_show("ada", "🎉", visibility="unlisted", plays=3, extra={"odd": 1})
    assert (show.key, show.user.name) == ("/ada/show-1/", "ada")
    assert catalogue.shows == []
    assert catalogue.show("/ada/show-1/") is show
    assert catalogue.add_user("ADA") is show.user
    catalogue.remove_show(show)
    assert catalogue.show("/ada/show-1/") is None


def test_ties_remember_the_first_time_and_both_ways() -> None:
    ties: Ties[str, str] = Ties()
    ties.add("ada", "x", NOON)
    ties.add("ada", "x", NOON + timedelta(days=1))
    ties.add("bob", "x", NOON + timedelta(days=2))
    assert ties.by("ada") == [(NOON, "x")]
    assert [who for _, who in ties.to("x")] == ["bob", "ada"]
    assert ties.remove("ada", "x")
    assert not ties.remove("ada", "x")
    assert (ties.count_to("x"), ties.count_by("ada")) == (1, 0)


def test_a_removed_show_leaves_nothing_behind() -> None:
    catalogue = Catalogue()
    show, ada = catalogue.add_show("ada", "Gone"), catalogue.add_user("ada")
    catalogue.favorites.add(ada, show, NOON)
    playlist = catalogue.add_playlist(ada, "Mine", [show], NOON)
    catalogue.remove_show(show)
    assert catalogue.favorites.by(ada) == []
    assert playlist.shows == ()
