"""Searching, leafing and opening shows, as a person in a channel sees it."""

from __future__ import annotations

from functools import partial

import aiohttp
import pytest

from mixbot.sandbox.discord import Message
from mixbot.sandbox.mixcloud import Show
from mixbot.ui.listings import Leaf
from tests.conftest import Scene, page_of


def shows(place: str, card: Message) -> bool:
    return place in card.text


async def test_a_search_shows_a_card_a_menu_and_the_actions(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    first = scene.show("jazz")
    assert f"by [{first.user.name}](https://www.mixcloud.com{first.user.key})" in card.text
    assert page_of(card) == f"https://www.mixcloud.com{first.key}"
    [picture] = card.pictures
    assert picture.url.startswith("https://thumbnailer.mixcloud.com/")
    assert first.name in (picture.alt or "")
    assert "1 of 20+" in card.text
    [menu] = card.menus
    assert len(menu["options"]) == 21  # and “More results…”
    labels = [button.label for button in card.buttons]
    assert labels == [
        "♥ Favorite",
        "Follow",
        "Repost",
        "Later",
        "▶ Play",
        "◀ Previous",
        "Next ▶",
    ]
    assert scene.noor.sees(card)


async def test_its_owner_leafs_on_across_pages_and_back(scene: Scene) -> None:
    found = scene.mixcloud.catalogue.search_shows("jazz")
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    await scene.ada.choose(card, "More results…")
    await card.until(lambda card: "21 of 40" in card.text)
    assert page_of(card).endswith(found[20].key)
    await scene.ada.click(card, "◀ Previous")
    await card.until(lambda card: "20 of 20+" in card.text)
    await scene.ada.choose(card, found[4].name)
    await card.until(lambda card: "5 of 20+" in card.text)
    assert page_of(card).endswith(found[4].key)


async def test_leafing_within_a_page_asks_mixcloud_once(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    for place in ("2 of 20+", "3 of 20+", "4 of 20+"):
        await scene.ada.click(card, "Next ▶")
        await card.until(partial(shows, place))
    assert len(scene.mixcloud.requests_to("GET", "/search/")) == 1


async def test_somebody_else_leafs_in_a_private_copy(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    copy = await (await scene.noor.click(card, "Next ▶")).reply()
    assert copy.ephemeral
    assert not scene.ada.sees(copy)
    assert "2 of 20+" in copy.text
    assert "1 of 20+" in card.text
    await scene.noor.click(copy, "Next ▶")
    await copy.until(lambda copy: "3 of 20+" in copy.text)


async def test_the_last_result_has_no_next(scene: Scene) -> None:
    scene.mixcloud.catalogue.add_show("lone", "Qwertz one and only")
    card = await scene.use(scene.ada, "mixcloud search", query="Qwertz")
    assert "1 of 1 " in card.text
    assert card.button("Next ▶").disabled
    assert card.button("◀ Previous").disabled


async def test_a_search_for_nothing_says_what_was_expected(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud search", query="   ")
    assert answer.ephemeral
    assert "I read nothing but spaces" in answer.content


async def test_a_search_of_several_lines_can_be_leafed_through(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="spiritual\n jazz")
    assert "“spiritual jazz”" in card.text
    await scene.ada.click(card, "Next ▶")
    await card.until(partial(shows, "2 of"))


async def test_nothing_found_says_so(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud search", query="*zzzz* @everyone")
    assert "found nothing" in answer.content
    assert "\\*zzzz\\*" in answer.content
    assert not answer.pings


async def test_people_are_listed_and_opened_privately(scene: Scene) -> None:
    host = scene.show("jazz").user
    people = await scene.use(scene.ada, "mixcloud search", query=host.name, type="people")
    profile = await (await scene.ada.choose(people, host.name)).reply()
    assert profile.ephemeral
    assert page_of(profile) == f"https://www.mixcloud.com{host.key}"
    assert not profile.button("Follow").disabled


async def test_a_tag_opens_its_popular_shows(scene: Scene) -> None:
    tags = await scene.use(scene.ada, "mixcloud search", query="jazz", type="tags")
    popular = await (await scene.ada.choose(tags, "Jazz")).reply()
    assert "Popular: jazz" in popular.text
    assert not popular.button("♥ Favorite").disabled


@pytest.mark.parametrize(
    "written",
    ["https://www.mixcloud.com{key}?utm_source=x", "m.mixcloud.com{key}", "{bare}", "<{url}>"],
)
async def test_a_show_is_opened_by_any_link(scene: Scene, written: str) -> None:
    show = scene.show("jazz")
    url = f"https://www.mixcloud.com{show.key}"
    text = written.format(key=show.key, bare=show.key.strip("/"), url=url)
    card = await scene.use(scene.ada, "mixcloud show", mix=text)
    assert page_of(card) == url
    assert card.pictures[-1].url.startswith("https://thumbnailer.mixcloud.com/")
    assert card.link("▶ Play") == f"{scene.settings.public_url}/play{show.key}"


async def test_a_short_link_is_followed_to_its_show(scene: Scene) -> None:
    show = scene.show("jazz")
    code = scene.mixcloud.short_link(show).rpartition("/")[2]
    card = await scene.use(scene.ada, "mixcloud show", mix=f"http://i.mixcloud.com/{code}")
    assert page_of(card) == f"https://www.mixcloud.com{show.key}"
    lost = await scene.use(scene.ada, "mixcloud show", mix="i.mixcloud.com/Cnowher")
    assert "nothing there" in lost.text


async def test_a_show_left_out_is_the_last_one_shared_here(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud show")
    assert "No show was shared here yet" in answer.text
    await scene.use(scene.ada, "mixcloud search", query="ambient")
    card = await scene.use(scene.noor, "mixcloud show")
    assert page_of(card).endswith(scene.show("ambient").key)


@pytest.mark.parametrize(
    ("mix", "says"),
    [
        ("https://www.mixcloud.com/genres/jazz/", "expected a link to a show"),
        ("https://www.mixcloud.com/NightFerryRadio/", "expected a link to a show"),
        ("https://notmixcloud.com/a/b/", "expected a link to a show"),
        ("nobody/nothing", "private, renamed or removed"),
        ("Blue Notes for Long Trains", "By its name you find it among my suggestions"),
    ],
)
async def test_what_is_no_show_is_explained(scene: Scene, mix: str, says: str) -> None:
    assert says in (await scene.use(scene.ada, "mixcloud show", mix=mix)).text


async def test_a_private_show_is_not_there(scene: Scene) -> None:
    show = scene.mixcloud.catalogue.add_show("quiet", "Secret", visibility="private")
    answer = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    assert "private" in answer.text
    assert "/mixcloud search" in answer.text


def odd_shows(scene: Scene) -> list[Show]:
    catalogue = scene.mixcloud.catalogue
    return [
        catalogue.add_show("longwinded", "夜" * 300, description="長" * 5000),
        catalogue.add_show("markup", "@everyone **bold** [x](https://evil.tld) <@1> `c`"),
        catalogue.add_show("rtl", "إذاعة الياسمين"),
        catalogue.add_show("emoji", "🎧🔥" * 60),
        catalogue.add_show("hidden", "Nobody counts", hidden_stats=True),
    ]


async def test_odd_shows_fit_into_discord(scene: Scene) -> None:
    for show in odd_shows(scene):
        card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
        assert not card.pings
        assert "### " in card.text


async def test_a_host_s_name_turns_nothing_behind_it_around(scene: Scene) -> None:
    host = scene.mixcloud.catalogue.add_user("rtl", "إذاعة\u202e الياسمين")
    scene.mixcloud.catalogue.add_show(host, "Qwertz", audio_length=3660)
    card = await scene.use(scene.ada, "mixcloud search", query="Qwertz")
    [option] = card.menus[0]["options"]
    assert option["description"] == "\u2068إذاعة الياسمين\u2069 · 1 h 01 min · 0 plays"


async def test_titles_mention_and_format_nothing(scene: Scene) -> None:
    show = scene.mixcloud.catalogue.add_show(
        "markup", "@everyone **bold** [x](https://evil.tld) <@1>"
    )
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    title = card.text.splitlines()[0]
    assert "@everyone" not in title
    assert "\\*\\*bold\\*\\*" in title
    assert "<@1>" not in title.replace("\\<", "")
    assert not card.pings


async def test_hidden_counts_are_never_zero(scene: Scene) -> None:
    show = scene.mixcloud.catalogue.add_show("hidden", "Nobody counts", hidden_stats=True)
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    assert "Plays and favorites **hidden**" in card.text
    assert "**0**" not in card.text


async def test_a_300_character_japanese_title_keeps_its_buttons(scene: Scene) -> None:
    show = scene.mixcloud.catalogue.add_show("longwinded", "夜" * 300)
    await scene.link(scene.ada, "ada.plays")
    card = await scene.use(scene.ada, "mixcloud search", query="夜" * 100)
    assert card.link("▶ Play")
    done = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert "to your favorites" in done.text
    assert len(scene.mixcloud.requests_to("POST", f"{show.key}favorite/")) == 1
    async with aiohttp.ClientSession() as session, session.get(card.link("▶ Play")) as page:
        assert page.status == 200
        assert "夜" * 300 in await page.text()


async def test_autocomplete_offers_recent_then_found(scene: Scene) -> None:
    await scene.use(scene.ada, "mixcloud search", query="ambient")
    shared = scene.show("ambient")
    choices = await scene.ada.autocomplete(
        scene.channel, "favorite", focused="mix", mix=shared.name[:6]
    )
    assert shared.name in choices[0]["name"]
    queries = await scene.ada.autocomplete(
        scene.channel, "mixcloud search", focused="query", query="amb"
    )
    assert queries[0]["name"] == "ambient"


async def test_what_was_shared_elsewhere_in_the_server_is_suggested_to_nobody(
    scene: Scene,
) -> None:
    """It may be a channel that only some can see, and a show that only those with the link can."""
    unlisted = scene.mixcloud.catalogue.add_show("ada", "Qwertz for us", visibility="unlisted")
    staff = scene.guild.channel("staff")
    await (await scene.ada.slash(staff, "mixcloud show", mix=unlisted.key)).reply()
    typed = {"mix": "Qwertz"}
    for command in ("mixcloud show", "favorite"):
        shown = await scene.noor.autocomplete(scene.channel, command, typed, focused="mix")
        assert shown == []
        shown = await scene.noor.autocomplete(staff, command, typed, focused="mix")
        assert ["Qwertz for us" in one["name"] for one in shown] == [True]


async def test_a_blank_search_spoils_no_suggestions(scene: Scene) -> None:
    await scene.use(scene.ada, "mixcloud search", query="  ")
    assert await scene.ada.autocomplete(scene.channel, "mixcloud search", focused="query", query="")


async def test_a_list_that_became_empty_is_explained(scene: Scene) -> None:
    host = scene.show("jazz").user
    found = await scene.use(scene.ada, "mixcloud search", query=host.name, type="people")
    scene.parts.bot.pages["u", host.name, 0] = Leaf.of([], more=False)
    answer = await (await scene.ada.choose(found, host.name)).reply()
    assert answer.content == "That was the last one."
