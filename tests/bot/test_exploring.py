"""Looking at shows, people and lists: every command that shows something, and what it leads to."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote

import orjson
import pytest

from mixbot.sandbox.discord import ClientRefused, Message
from mixbot.sandbox.mixcloud import Section, Show
from tests.conftest import Scene, page_of

TRACKS = (
    Section("Boards of Canada", "Roygbiv", start_time=0),
    Section("Burial", "Archangel", start_time=1500),
    Section("Four Tet", "Angel Echoes", start_time=2462),
)


@pytest.fixture
def show(scene: Scene) -> Show:
    """A show with a tracklist, comments and what is similar."""
    catalogue = scene.mixcloud.catalogue
    show = catalogue.add_show(
        "tracker", "Every track named", audio_length=3600, tags=("Jazz",), sections=TRACKS
    )
    fan = catalogue.add_user("fan", "A *fan*")
    catalogue.add_comment(show, fan, "So good @everyone\n**wow**", datetime(2026, 1, 2, tzinfo=UTC))
    return show


def found_on(scene: Scene, card: Message) -> Show:
    """The show that a card is of."""
    key = unquote(page_of(card)).removeprefix("https://www.mixcloud.com")
    show = scene.mixcloud.catalogue.show(key)
    assert show
    return show


def link(show: Show) -> str:
    return f"https://www.mixcloud.com{show.key}"


# /mixcloud show


async def test_a_show_leads_to_its_tracks_comments_similar_ones_and_host(
    scene: Scene, show: Show
) -> None:
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    assert not card.ephemeral
    tracks = await (await scene.noor.click(card, "Tracklist")).reply()
    assert tracks.ephemeral
    assert "`25:00` Burial – Archangel" in tracks.text
    comments = await (await scene.noor.click(card, "Comments (1)")).reply()
    assert comments.ephemeral
    assert "\\*fan\\*" in comments.text
    assert "@everyone" not in comments.text
    similar = await (await scene.noor.click(card, "Similar")).reply()
    assert "Similar to Every track named" in similar.text
    assert not similar.button("♥ Favorite").disabled
    host = await (await scene.noor.click(card, "Host")).reply()
    assert page_of(host) == f"https://www.mixcloud.com{show.user.key}"


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("43:10", "At 43:10: Four Tet – Angel Echoes"),
        ("43.10", "At 43:10: Four Tet – Angel Echoes"),
        ("25:00", "At 25:00: Burial – Archangel"),
        ("1:30:00", "At 1:30:00 the show is over."),
    ],
)
async def test_a_show_tells_what_plays_at_a_moment(
    scene: Scene, show: Show, at: str, says: str
) -> None:
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key, at=at)
    assert says in card.text.replace("\u2068", "").replace("\u2069", "")
    assert "?t=" in card.link("▶ Play")


async def test_a_link_with_a_start_asks_the_same(scene: Scene, show: Show) -> None:
    card = await scene.use(scene.ada, "mixcloud show", mix=f"{link(show)}?t=43m10s")
    assert "At 43:10: " in card.text
    assert card.link("▶ Play").endswith("?t=2590")


async def test_a_show_without_a_tracklist_says_so(scene: Scene) -> None:
    plain = scene.mixcloud.catalogue.add_show("plain", "No tracks", audio_length=3600)
    card = await scene.use(scene.ada, "mixcloud show", mix=plain.key, at="1:00")
    assert "does not tell what is played at 1:00" in card.text
    assert "Tracklist" not in [button.label for button in card.buttons]


async def test_a_position_that_is_none_is_explained(scene: Scene, show: Show) -> None:
    answer = await scene.use(scene.ada, "mixcloud show", mix=show.key, at="soon")
    assert answer.ephemeral
    assert "I read “soon” and expected a position in a show, such as 43:10" in answer.content


async def test_a_long_tracklist_has_pages_that_turn_in_place(scene: Scene) -> None:
    tracks = tuple(Section("Artist", f"Song {n}", start_time=n * 60) for n in range(90))
    show = scene.mixcloud.catalogue.add_show("long", "Ninety songs", sections=tracks)
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    tracklist = await (await scene.ada.click(card, "Tracklist")).reply()
    assert "Page 1 of 4" in tracklist.text
    await scene.ada.click(tracklist, "Next ▶")
    await tracklist.until(lambda tracklist: "Song 25" in tracklist.text)
    await scene.ada.click(tracklist, "Next ▶")
    await tracklist.until(lambda tracklist: "Page 3 of 4" in tracklist.text)
    await scene.ada.click(tracklist, "Next ▶")
    await tracklist.until(lambda tracklist: "Page 4 of 4" in tracklist.text)
    assert tracklist.button("Next ▶").disabled
    shown = await (await scene.ada.click(tracklist, "Show to all")).reply()
    assert not shown.ephemeral
    assert "Page 4 of 4" in shown.text
    turned = await (await scene.noor.click(shown, "◀ Previous")).reply()
    assert turned.ephemeral
    assert "Page 4 of 4" in shown.text


# /mixcloud user


async def test_a_person_leads_to_their_lists(scene: Scene, show: Show) -> None:
    catalogue = scene.mixcloud.catalogue
    host, other = show.user, scene.show("ambient")
    fan = catalogue.user("fan")
    assert fan
    when = datetime(2026, 1, 2, tzinfo=UTC)
    catalogue.favorites.add(host, other, when)
    catalogue.listens.add(host, other, when)
    catalogue.follows.add(fan, host, when)
    catalogue.follows.add(host, fan, when)
    catalogue.add_playlist(host, "Best of", [other], when)
    card = await scene.use(scene.ada, "mixcloud user", name="tracker")
    assert page_of(card) == f"https://www.mixcloud.com{host.key}"
    for label, says in (
        ("Uploads", "Uploads of tracker"),
        ("Favorites", "Favorites of tracker"),
        ("Listens", "What tracker listened to"),
    ):
        shows = await (await scene.ada.choose(card, label)).reply()
        assert shows.ephemeral
        assert says in shows.text
        assert not shows.button("♥ Favorite").disabled
    followers = await (await scene.ada.choose(card, "Followers")).reply()
    assert "Followers of tracker" in followers.text
    profile = await (await scene.ada.choose(followers, fan.name)).reply()
    assert page_of(profile).endswith("/fan/")
    following = await (await scene.ada.choose(card, "Following")).reply()
    assert "Who tracker follows" in following.text
    playlists = await (await scene.ada.choose(card, "Playlists")).reply()
    playlist = await (await scene.ada.choose(playlists, "Best of")).reply()
    assert "Playlist best of" in playlist.text
    assert page_of(playlist) == link(other)


async def test_an_empty_list_says_so(scene: Scene) -> None:
    scene.mixcloud.catalogue.add_user("newcomer")
    card = await scene.use(scene.ada, "mixcloud user", name="newcomer")
    answer = await (await scene.ada.choose(card, "Favorites")).reply()
    assert answer.content == "There is nothing here yet."


async def test_a_person_who_is_none_is_explained(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud user", name="nobody-at-all")
    assert "private, renamed or removed" in answer.text
    answer = await scene.use(scene.ada, "mixcloud user", name="???")
    assert "expected a user name" in answer.text


# /mixcloud browse


@pytest.mark.parametrize(
    ("options", "says", "path"),
    [
        ({"what": "popular"}, "Popular shows", "/popular/"),
        ({"what": "on their way up"}, "Shows on their way up", "/popular/hot/"),
        ({"what": "new"}, "New shows", "/new/"),
        ({"what": "popular", "tag": "Jazz"}, "Popular: jazz", "/genres/jazz/popular/"),
        ({"what": "new", "tag": "Jazz"}, "New: jazz", "/genres/jazz/new/"),
        (
            {"what": "on their way up", "city": "Rotterdam"},
            "On their way up: Rotterdam",
            "/genres/city:rotterdam/hot/",
        ),
        (
            {"what": "popular", "tag": "jazz", "city": "Rotterdam"},
            "Popular: jazz · Rotterdam",
            "/genres/jazz+city:rotterdam/popular/",
        ),
    ],
)
async def test_browsing(scene: Scene, options: dict[str, str], says: str, path: str) -> None:
    card = await (await scene.ada.slash(scene.channel, "mixcloud browse", options)).reply()
    assert says in card.text
    assert not card.button("♥ Favorite").disabled
    assert scene.mixcloud.requests_to("GET", path)


async def test_browsing_a_tag_that_nobody_uses_is_explained(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud browse", what="new", tag="Qwertz *uiop*")
    assert "Mixcloud has no shows for “qwertz uiop”. Try another tag or city." in answer.text
    answer = await scene.use(scene.ada, "mixcloud browse", what="popular", city="Atlantis")
    assert "Mixcloud has no shows for “Atlantis”" in answer.text
    answer = await scene.use(scene.ada, "mixcloud surprise", tag="qwertzuiop")
    assert "I found nothing that fits. Try another tag" in answer.text


@pytest.mark.parametrize(
    ("options", "says"),
    [({"tag": "🎧"}, "“🎧” and expected a tag"), ({"city": "?!"}, "“?!” and expected a city")],
)
async def test_a_tag_or_city_that_is_none_is_explained(
    scene: Scene, options: dict[str, str], says: str
) -> None:
    answer = await scene.use(scene.ada, "mixcloud browse", what="new", **options)
    assert answer.ephemeral
    assert says in answer.text


# /mixcloud surprise


@pytest.mark.parametrize("minutes", [58, 60, 120])
async def test_a_surprise_fits_the_time(scene: Scene, minutes: int) -> None:
    for number in range(20):
        scene.mixcloud.catalogue.add_show(
            "fitting", f"Fits {minutes} {number}", plays=10_000_000, audio_length=minutes * 60 - 30
        )
    card = await scene.use(scene.ada, "mixcloud surprise", minutes=minutes)
    found = found_on(scene, card)
    assert found.audio_length
    assert found.audio_length <= minutes * 60
    assert f"for your {minutes} minutes" in card.text
    before = card.text
    await scene.ada.click(card, "Another one")
    await card.until(lambda card: card.text != before)
    copy = await (await scene.noor.click(card, "Another one")).reply()
    assert copy.ephemeral


async def test_a_surprise_may_be_everybody_s(scene: Scene) -> None:
    everyone = "everyone, who may turn the pages too"
    card = await scene.use(scene.ada, "mixcloud surprise", visibility=everyone)
    for person in (scene.noor, scene.ada):
        before = card.text
        await person.click(card, "Another one")
        await card.until(lambda card, before=before: card.text != before)  # type: ignore[misc]


async def test_a_surprise_for_oneself_can_be_shown_to_all(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud surprise", visibility="only me")
    assert card.ephemeral
    shown = await (await scene.ada.click(card, "Show to all")).reply()
    assert scene.noor.sees(shown)
    assert page_of(shown) == page_of(card)


async def test_a_surprise_with_a_tag_has_it(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud surprise", tag="Jazz")
    found = found_on(scene, card)
    assert "jazz" in [tag.lower() for tag in found.tags]


async def test_nothing_fits_into_a_minute(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud surprise", minutes=1)
    assert answer.ephemeral
    assert "nothing that fits" in answer.text


# /mixcloud feed, me


async def test_a_feed_tells_what_people_did_and_opens_it(scene: Scene, show: Show) -> None:
    await scene.link(scene.ada, "ada.plays")
    ada = scene.mixcloud.catalogue.user("ada.plays")
    assert ada
    empty = await scene.use(scene.ada, "mixcloud feed")
    assert "Follow somebody" in empty.content
    scene.mixcloud.catalogue.follows.add(ada, show.user, datetime(2026, 1, 2, tzinfo=UTC))
    feed = await scene.use(scene.ada, "mixcloud feed")
    assert feed.ephemeral
    assert f"[tracker](https://www.mixcloud.com{show.user.key}) uploaded" in feed.text
    with pytest.raises(ClientRefused):
        feed.button("Show to all")
    opened = await (await scene.ada.choose(feed, show.name)).reply()
    assert page_of(opened) == link(show)


async def test_a_feed_needs_a_link(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud feed")
    assert answer.ephemeral
    assert answer.link("Link Mixcloud")


async def test_one_s_own_account_leads_to_what_is_kept_for_later(scene: Scene, show: Show) -> None:
    await scene.link(scene.ada, "ada.plays")
    await scene.use(scene.ada, "later", mix=show.key)
    me = await scene.use(scene.ada, "mixcloud me")
    assert me.ephemeral
    later = await (await scene.ada.click(me, "Listen later")).reply()
    assert later.ephemeral
    assert page_of(later) == link(show)


# Who sees it


async def test_an_answer_for_oneself_can_be_shown_to_all(scene: Scene, show: Show) -> None:
    alone = await scene.use(scene.ada, "mixcloud show", mix=show.key, visibility="only me")
    assert alone.ephemeral
    nothing = await scene.use(scene.noor, "favorite")
    assert "No show was shared here yet" in nothing.content
    shown = await (await scene.ada.click(alone, "Show to all")).reply()
    assert not shown.ephemeral
    assert scene.noor.sees(shown)
    assert page_of(await scene.use(scene.noor, "mixcloud show")) == link(show)


async def test_pages_turn_for_anybody_where_that_was_asked_for(scene: Scene) -> None:
    card = await scene.use(
        scene.ada,
        "mixcloud search",
        query="jazz",
        visibility="everyone, who may turn the pages too",
    )
    await scene.noor.click(card, "Next ▶")
    await card.until(lambda card: "2 of 20+" in card.text)
    alone = await scene.use(scene.ada, "mixcloud search", query="ambient", visibility="only me")
    await scene.ada.click(alone, "Next ▶")
    await alone.until(lambda alone: "2 of " in alone.text)
    shown = await (await scene.ada.click(alone, "Show to all")).reply()
    assert "2 of " in shown.text
    await scene.noor.click(shown, "◀ Previous")
    await shown.until(lambda shown: "1 of " in shown.text)


async def test_a_card_from_before_layouts_still_turns(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    menu = next(one for one in card.menus)
    old = await old_card(scene, card, menu["custom_id"])
    await scene.ada.click(old, "Next ▶")
    await old.until(lambda old: "2 of 20+" in old.text)
    assert old.embeds == []


async def old_card(scene: Scene, card: Message, custom_id: str) -> Message:
    """The card as it was posted when cards were embeds."""
    rows = [one for one in card.components if one["type"] == 1]
    route = f"/channels/{scene.channel.id}/messages"
    body = {"content": "", "embeds": [{"title": "Old", "type": "rich"}], "components": rows}
    http = scene.parts.bot.http
    from discord.http import Route

    sent = await http.request(Route("POST", route), json=body)
    return scene.discord.find_message(sent["id"])


# Suggestions


async def test_names_tags_and_cities_are_suggested(scene: Scene) -> None:
    show = scene.show("jazz")
    await scene.use(scene.ada, "mixcloud show", mix=show.key)
    people = await scene.ada.autocomplete(scene.channel, "mixcloud user", focused="name", name="")
    assert people[0]["value"] == show.user.username
    people = await scene.ada.autocomplete(
        scene.channel, "follow", focused="who", who=scene.show("ambient").user.name
    )
    assert scene.show("ambient").user.username in [one["value"] for one in people]
    await scene.use(scene.ada, "mixcloud browse", what="new", tag="Jazz", city="Rotterdam")
    tags = await scene.ada.autocomplete(
        scene.channel, "mixcloud browse", focused="tag", what="new", tag="ja"
    )
    assert tags[0]["value"] == "Jazz"
    cities = await scene.ada.autocomplete(
        scene.channel, "mixcloud browse", focused="city", what="new", city=""
    )
    assert cities[0]["value"] == "Rotterdam"
    assert len(cities) == 25
    cities = await scene.ada.autocomplete(
        scene.channel, "mixcloud browse", focused="city", what="new", city="ber"
    )
    assert [one["value"] for one in cities] == ["Berlin"]


# Privacy


async def test_everything_remembered_is_seen_exported_and_forgotten(
    scene: Scene, show: Show
) -> None:
    token = await scene.link(scene.ada, "ada.plays")
    await scene.use(scene.ada, "mixcloud show", mix=show.key)
    await scene.use(scene.ada, "mixcloud language", language="Deutsch")
    await scene.use(scene.ada, "mixcloud language")
    await scene.use(scene.noor, "mixcloud link")  # begins a link
    privacy = await scene.use(scene.ada, "mixcloud privacy")
    assert privacy.ephemeral
    assert "Your Mixcloud account **ada.plays**" in privacy.text
    assert "1 show that you looked at" in privacy.text
    exported = await (await scene.ada.click(privacy, "Export as JSON")).reply()
    assert exported.ephemeral
    data = orjson.loads(exported.file("mixbot-export.json").data)
    assert data["discord_user_id"] == scene.ada.id
    assert data["accounts"][0]["username"] == "ada.plays"
    assert data["shares"][0]["key"] == show.key
    assert token not in exported.file("mixbot-export.json").data.decode()
    await scene.ada.click(privacy, "Forget me…")
    await privacy.until(lambda privacy: "Shall I forget everything" in privacy.text)
    await scene.ada.click(privacy, "Keep everything")
    await privacy.until(lambda privacy: "What I remember of you" in privacy.text)
    await scene.ada.click(privacy, "Forget me…")
    await privacy.until(lambda privacy: "Shall I forget everything" in privacy.text)
    await scene.ada.click(privacy, "Forget me")
    await privacy.until(lambda privacy: "Forgotten." in privacy.text)
    remembered = await scene.parts.store.remembered(int(scene.ada.id))
    assert not any(remembered.values())
    assert (await scene.parts.store.remembered(int(scene.noor.id)))["link_attempts"]


async def test_forgetting_voids_a_link_that_was_begun_and_what_waited(
    scene: Scene, show: Show
) -> None:
    prompt = await scene.use(scene.ada, "favorite", mix=show.key)
    assert prompt.link("Link Mixcloud")
    privacy = await scene.use(scene.ada, "mixcloud privacy")
    assert "A link that you have begun" in privacy.text
    await scene.ada.click(privacy, "Forget me…")
    await privacy.until(lambda privacy: "Shall I forget" in privacy.text)
    await scene.ada.click(privacy, "Forget me")
    await privacy.until(lambda privacy: "Forgotten." in privacy.text)
    assert not any((await scene.parts.store.remembered(int(scene.ada.id))).values())


async def test_a_profile_is_seen_by_others_only_if_its_owner_wants(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    hidden = await (
        await scene.noor.user_menu(scene.ada, "Mixcloud profile", scene.channel)
    ).reply()
    assert hidden.ephemeral
    assert "They do not show a Mixcloud profile here" in hidden.content
    own = await (await scene.ada.user_menu(scene.ada, "Mixcloud profile", scene.channel)).reply()
    assert page_of(own).endswith("/ada.plays/")
    privacy = await scene.use(scene.ada, "mixcloud privacy")
    await scene.ada.click(privacy, "Let others see my Mixcloud profile")
    await privacy.until(lambda privacy: "Others can see your Mixcloud profile" in privacy.text)
    seen = await (await scene.noor.user_menu(scene.ada, "Mixcloud profile", scene.channel)).reply()
    assert seen.ephemeral
    assert page_of(seen).endswith("/ada.plays/")
    await scene.ada.click(privacy, "Hide my Mixcloud profile")
    await privacy.until(lambda privacy: "Others cannot see" in privacy.text)
    nobody = await (
        await scene.ada.user_menu(scene.noor, "Mixcloud profile", scene.channel)
    ).reply()
    assert "They do not show a Mixcloud profile here" in nobody.content
