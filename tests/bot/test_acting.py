"""Favoriting, following and their undoings: from cards, commands and message menus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mixbot.mixcloud import Link, Mixcloud, ShortLink
from mixbot.sandbox.discord import InteractionFailed, Message
from mixbot.sandbox.mixcloud import Show
from tests.conftest import Scene, page_of, running, staged


def favorites(scene: Scene, username: str = "ada.plays") -> list[str]:
    user = scene.mixcloud.catalogue.user(username)
    assert user is not None
    return [show.key for _, show in scene.mixcloud.catalogue.favorites.by(user)]


def following(scene: Scene, username: str = "ada.plays") -> list[str]:
    user = scene.mixcloud.catalogue.user(username)
    assert user is not None
    return [other.key for _, other in scene.mixcloud.catalogue.follows.by(user)]


@pytest.fixture
async def show(scene: Scene) -> Show:
    """A show; Ada is linked."""
    await scene.link(scene.ada, "ada.plays")
    return scene.show("jazz")


async def test_a_heart_is_a_favorite_and_can_be_undone_and_redone(scene: Scene, show: Show) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    done = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert done.ephemeral
    assert not scene.noor.sees(done)
    assert show.name in done.content
    assert done.content.startswith("Added ")
    assert favorites(scene) == [show.key]
    await scene.ada.click(done, "Undo")
    await done.until(lambda done: done.content.startswith("Removed "))
    assert favorites(scene) == []
    await scene.ada.click(done, "Undo")
    await done.until(lambda done: done.content.startswith("Added "))
    assert favorites(scene) == [show.key]


@pytest.mark.parametrize(
    ("label", "says", "method", "path"),
    [
        ("Follow", "You now follow", "POST", "{host}follow/"),
        ("Repost", "Reposted", "POST", "{show}repost/"),
        ("Later", "Kept", "POST", "{show}listen-later/"),
    ],
)
async def test_every_button_of_a_card_acts(
    scene: Scene, show: Show, label: str, says: str, method: str, path: str
) -> None:
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    done = await (await scene.ada.click(card, label)).reply()
    assert done.content.startswith(says)
    called = path.format(host=show.user.key, show=show.key)
    assert len(scene.mixcloud.requests_to(method, called)) == 1
    await scene.ada.click(done, "Undo")
    await done.until(lambda done: not done.content.startswith(says))
    assert len(scene.mixcloud.requests_to("DELETE", called)) == 1


async def test_the_commands_take_a_link_or_the_last_shared_show(scene: Scene, show: Show) -> None:
    other = scene.show("ambient")
    await scene.use(scene.ada, "favorite", mix=f"https://www.mixcloud.com{other.key}")
    assert favorites(scene) == [other.key]
    await scene.use(scene.noor, "mixcloud show", mix=show.key)
    await scene.use(scene.ada, "favorite")
    assert set(favorites(scene)) == {other.key, show.key}
    await scene.use(scene.ada, "unfavorite")
    assert favorites(scene) == [other.key]


async def test_following_takes_a_name_a_link_or_the_last_host(scene: Scene, show: Show) -> None:
    other = scene.show("ambient").user
    await scene.use(scene.ada, "follow", who=other.username)
    assert following(scene) == [other.key]
    await scene.use(scene.ada, "unfollow", who=f"https://www.mixcloud.com{other.key}uploads/")
    assert following(scene) == []
    await scene.use(scene.ada, "follow", who=f"https://www.mixcloud.com{show.key}")
    assert following(scene) == [show.user.key]
    await scene.use(scene.noor, "mixcloud show", mix=show.key)
    answer = await scene.use(scene.ada, "unfollow")
    assert "no longer follow" in answer.content
    assert following(scene) == []


@pytest.mark.parametrize(
    ("command", "ties", "did", "undone"),
    [
        ("repost", "reposts", "Reposted", "Took back your repost of"),
        ("later", "listen_later", "Kept", "Took"),
    ],
)
async def test_reposting_and_keeping_for_later(
    scene: Scene, show: Show, command: str, ties: str, did: str, undone: str
) -> None:
    def kept() -> list[str]:
        ada = scene.mixcloud.catalogue.user("ada.plays")
        assert ada is not None
        return [one.key for _, one in getattr(scene.mixcloud.catalogue, ties).by(ada)]

    answer = await scene.use(scene.ada, command, mix=show.key)
    assert answer.ephemeral
    assert answer.content.startswith(did)
    assert kept() == [show.key]
    answer = await scene.use(scene.ada, f"un{command}", mix=show.key)
    assert answer.content.startswith(undone)
    assert kept() == []


@pytest.mark.parametrize("menu", ["Listen later", "Repost"])
async def test_a_menu_keeps_or_reposts_what_a_message_links_to(
    scene: Scene, show: Show, menu: str
) -> None:
    other = scene.show("ambient")
    message = await share(
        scene, f"https://www.mixcloud.com{show.key} or https://www.mixcloud.com{other.key}"
    )
    question = await (await scene.ada.menu(message, menu)).reply()
    assert "This message has 2 shows" in question.content
    single = await share(scene, f"https://www.mixcloud.com{show.key}")
    done = await (await scene.ada.menu(single, menu)).reply()
    assert done.content.startswith({"Listen later": "Kept", "Repost": "Reposted"}[menu])


@pytest.mark.parametrize("command", ["favorite", "unfavorite", "repost", "unlater"])
async def test_twice_is_fine_and_so_is_undoing_what_is_not_done(
    scene: Scene, show: Show, command: str
) -> None:
    first = await scene.use(scene.ada, command, mix=show.key)
    second = await scene.use(scene.ada, command, mix=show.key)
    assert first.content == second.content


async def test_a_click_after_linking_another_account_is_done_as_that_one(
    scene: Scene, show: Show
) -> None:
    await scene.use(scene.ada, "favorite", mix=show.key)
    await scene.use(scene.ada, "mixcloud unlink")
    await scene.link(scene.ada, "ada.attic")
    await scene.use(scene.ada, "favorite", mix=show.key)
    assert favorites(scene, "ada.plays") == favorites(scene, "ada.attic") == [show.key]


async def test_a_double_click_is_one_call(scene: Scene, show: Show) -> None:
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    clicks = [await scene.ada.click(card, "♥ Favorite") for _ in range(2)]
    answers = await asyncio.gather(*(click.reply() for click in clicks))
    assert all(answer.content.startswith("Added") for answer in answers)
    assert len(scene.mixcloud.requests_to("POST", f"{show.key}favorite/")) == 1


async def test_everyone_acts_as_themselves(scene: Scene, show: Show) -> None:
    await scene.link(scene.noor, "noor.listens")
    card = await scene.use(scene.ada, "mixcloud show", mix=show.key)
    await (await scene.noor.click(card, "♥ Favorite")).reply()
    assert favorites(scene, "noor.listens") == [show.key]
    assert favorites(scene, "ada.plays") == []


async def share(scene: Scene, text: str) -> Message:
    return await scene.noor.say(scene.channel, text)


async def test_a_pasted_link_is_favorited_from_the_message_s_menu(scene: Scene, show: Show) -> None:
    message = await share(scene, f"listen to https://www.mixcloud.com{show.key}!")
    done = await (await scene.ada.menu(message, "Favorite")).reply()
    assert done.ephemeral
    assert favorites(scene) == [show.key]


async def test_a_pasted_link_is_called_what_its_preview_calls_it(scene: Scene, show: Show) -> None:
    scene.discord.unfurl("https://www.mixcloud.com", scene.mixcloud.site_url)
    message = await share(scene, f"listen to https://www.mixcloud.com{show.key}!")
    await message.until(lambda message: bool(message.embeds))
    done = await (await scene.ada.menu(message, "Favorite")).reply()
    assert f"**{show.name}**" in done.content


async def test_a_short_link_is_followed_to_its_show(
    scene: Scene, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(self: Mixcloud, link: ShortLink) -> Link:
        assert link.code == "AbCdEf"
        return Link.from_key(show.key)

    monkeypatch.setattr(Mixcloud, "resolve", resolve)
    message = await share(scene, "listen to https://i.mixcloud.com/AbCdEf")
    await (await scene.ada.menu(message, "Favorite")).reply()
    assert favorites(scene) == [show.key]


async def test_the_host_of_a_pasted_link_is_followed(scene: Scene, show: Show) -> None:
    message = await share(scene, f"<https://m.mixcloud.com{show.key}?utm_source=x>")
    await (await scene.ada.menu(message, "Follow host")).reply()
    assert following(scene) == [show.user.key]


async def test_where_there_is_no_show_the_person_linked_to_is_followed(
    scene: Scene, show: Show
) -> None:
    await scene.link(scene.ada, "ada.plays")
    message = await scene.noor.say(scene.channel, f"https://www.mixcloud.com{show.user.key}")
    card = await scene.use(scene.noor, "mixcloud user", name=show.user.username)
    for shown in (message, card):
        done = await (await scene.ada.menu(shown, "Follow host")).reply()
        assert f"(<https://www.mixcloud.com{show.user.key}>)" in done.content
        assert "You now follow" in done.content


async def test_mix_actions_are_the_private_card(scene: Scene, show: Show) -> None:
    message = await share(scene, f"[this]( https://www.mixcloud.com{show.key} )")
    card = await (await scene.ada.menu(message, "Mix actions")).reply()
    assert card.ephemeral
    assert page_of(card) == f"https://www.mixcloud.com{show.key}"
    done = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert favorites(scene) == [show.key]
    assert done is not card


async def test_a_menu_finds_the_show_of_a_card_by_its_buttons(scene: Scene, show: Show) -> None:
    card = await scene.use(scene.noor, "mixcloud show", mix=show.key)
    await (await scene.ada.menu(card, "Favorite")).reply()
    assert favorites(scene) == [show.key]


async def test_of_ten_links_one_chooses_again_and_again(scene: Scene, show: Show) -> None:
    shows = scene.mixcloud.catalogue.search_shows("jazz")[:10]
    message = await share(scene, "\n".join(f"https://www.mixcloud.com{one.key}" for one in shows))
    question = await (await scene.ada.menu(message, "Favorite")).reply()
    assert "This message has 10 shows" in question.content
    options = question.menus[0]["options"]
    assert len(options) == 10
    for option in (options[3], options[7]):
        await (await scene.ada.choose(question, option["label"])).reply()
    assert set(favorites(scene)) == {shows[3].key, shows[7].key}


async def test_a_message_without_a_show_says_so(scene: Scene, show: Show) -> None:
    message = await share(scene, "https://www.mixcloud.com/NightFerryRadio/ and nothing else")
    answer = await (await scene.ada.menu(message, "Favorite")).reply()
    assert "no link to a show" in answer.text


async def test_it_works_in_direct_messages(scene: Scene, show: Show) -> None:
    chat = scene.ada.dm()
    card = await (await scene.ada.slash(chat, "mixcloud search", query="jazz")).reply()
    await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert favorites(scene) == [show.key]


async def test_it_works_where_only_the_user_brought_it(scene: Scene, show: Show) -> None:
    scene.ada.install()
    elsewhere = scene.discord.guild("Elsewhere", bot_present=False)
    elsewhere.join(scene.ada)
    channel = elsewhere.channel("general")
    answer = await (await scene.ada.slash(channel, "favorite", mix=show.key)).reply()
    assert answer.content.startswith("Added")
    group = scene.discord.group_dm(scene.ada, scene.noor)
    card = await (await scene.ada.slash(group, "mixcloud search", query="jazz")).reply()
    assert not card.button("♥ Favorite").disabled


async def test_a_restart_leaves_old_buttons_working(tmp_path: Path) -> None:
    async with staged(tmp_path) as scene:
        await scene.link(scene.ada, "ada.plays")
        long = scene.mixcloud.catalogue.add_show("longwinded", "夜" * 300)
        card = await scene.use(scene.ada, "mixcloud search", query="jazz")
        long_card = await scene.use(scene.ada, "mixcloud show", mix=long.key)
        await scene.parts.bot.close()
        with pytest.raises(InteractionFailed):
            await (await scene.ada.click(card, "♥ Favorite")).reply()
        async with running(scene.settings, scene.discord):
            await (await scene.ada.click(card, "♥ Favorite")).reply()
            await (await scene.ada.click(long_card, "♥ Favorite")).reply()
            assert set(favorites(scene)) == {scene.show("jazz").key, long.key}
            await scene.ada.click(card, "Next ▶")
            await card.until(lambda card: "2 of 20+" in card.text)
