"""Where the bot is not a member, what a server decided, and whose language is spoken."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from mixbot.sandbox.discord import Channel, ClientRefused, Permission
from mixbot.store import ServerSettings
from tests.bot.test_acting import favorites
from tests.bot.test_finding import shows
from tests.conftest import Scene, page_of


async def elsewhere(scene: Scene, kind: str) -> Channel:
    """A place that Ada brought the app along to."""
    scene.ada.install()
    match kind:
        case "dm":
            return scene.ada.dm()
        case "group dm":
            return scene.discord.group_dm(scene.ada, scene.noor)
    guild = scene.discord.guild("Without the bot", bot_present=False)
    guild.join(scene.ada)
    guild.join(scene.noor)
    return guild.channel("general")


@pytest.mark.parametrize("kind", ["dm", "group dm", "another server"])
async def test_everything_works_where_somebody_brought_it_along(scene: Scene, kind: str) -> None:
    channel = await elsewhere(scene, kind)
    await scene.link(scene.ada, "ada.plays")
    card = await (await scene.ada.slash(channel, "mixcloud search", query="jazz")).reply()
    assert not card.ephemeral
    await scene.ada.click(card, "Next ▶")
    await card.until(lambda card: "2 of 20+" in card.text)
    done = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert done.ephemeral
    shown = await (await scene.ada.slash(channel, "mixcloud show")).reply()
    assert page_of(shown) == page_of(card)
    await (await scene.ada.slash(channel, "favorite")).reply()
    assert len(favorites(scene)) == 1
    for command in ("mixcloud me", "mixcloud help", "mixcloud privacy", "mixcloud feed"):
        assert (await (await scene.ada.slash(channel, command)).reply()).ephemeral
    with pytest.raises(ClientRefused):
        await scene.ada.slash(channel, "settings")


async def test_where_others_must_not_see_it_nothing_counts_as_shared(scene: Scene) -> None:
    channel = await elsewhere(scene, "another server")
    channel.deny(channel.guild.everyone, Permission.USE_EXTERNAL_APPS)  # type: ignore[union-attr]
    card = await (await scene.ada.slash(channel, "mixcloud show", mix=scene.jazz)).reply()
    assert card.ephemeral
    assert not scene.noor.sees(card)
    again = await (await scene.ada.slash(channel, "mixcloud show")).reply()
    assert "No show was shared here yet" in again.content


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("mixcloud show", {"mix": "{jazz}"}),
        ("mixcloud search", {"query": "jazz"}),
        ("mixcloud search", {"query": "jazz", "type": "tags"}),
        ("mixcloud user", {"name": "NightFerryRadio"}),
    ],
)
async def test_where_others_must_not_see_it_nothing_offers_to_show_it_to_them(
    scene: Scene, command: str, options: dict[str, str]
) -> None:
    given = {name: value.format(jazz=scene.jazz) for name, value in options.items()}
    channel = await elsewhere(scene, "another server")
    given["visibility"] = "only me"
    private = await (await scene.ada.slash(channel, command, given)).reply()
    assert "Show to all" in [button.label for button in private.buttons]
    channel.deny(channel.guild.everyone, Permission.USE_EXTERNAL_APPS)  # type: ignore[union-attr]
    for visibility in ("only me", "everyone"):
        given["visibility"] = visibility
        card = await (await scene.ada.slash(channel, command, given)).reply()
        assert card.ephemeral
        assert "Show to all" not in [button.label for button in card.buttons]


async def test_no_interaction_needs_more_than_five_followups(scene: Scene) -> None:
    channel = await elsewhere(scene, "another server")
    card = await (await scene.ada.slash(channel, "mixcloud search", query="jazz")).reply()
    for place in range(2, 9):
        await scene.ada.click(card, "Next ▶")
        await card.until(partial(shows, f"{place} of 20+"))
    await (await scene.ada.slash(channel, "mixcloud privacy")).reply()
    assert not [
        one
        for one in scene.discord.requests
        if one.method == "POST" and re.fullmatch(r"/webhooks/\d+/[^/]+", one.path)
    ]


# What a server decided


async def test_settings_are_for_who_manages_the_server(scene: Scene) -> None:
    with pytest.raises(ClientRefused):
        await scene.noor.slash(scene.channel, "settings")
    scene.guild.allow(scene.ada, Permission.MANAGE_GUILD)
    answer = await scene.use(scene.ada, "settings")
    assert answer.ephemeral
    assert "**Links in messages**: left alone." in answer.text
    changed = await scene.use(
        scene.ada,
        "settings",
        answers="only who asked",
        charts="leave this server out",
        language="Français",
    )
    assert "**Charts** leave this server out." in changed.text
    assert "Français" in changed.text
    card = await scene.use(scene.noor, "mixcloud show", mix=scene.jazz)
    assert card.ephemeral
    public = await scene.use(scene.noor, "mixcloud show", mix=scene.jazz, visibility="everyone")
    assert not public.ephemeral
    kept = await scene.parts.store.server(int(scene.guild.id))
    assert kept
    assert (kept.private, kept.charts, kept.links) == (True, False, False)


async def test_a_server_lets_admins_give_settings_to_others_but_checks_again(scene: Scene) -> None:
    """Discord lets a server hand a command to anybody; what it changes still needs the right."""
    scene.guild.allow(scene.ada, Permission.MANAGE_GUILD)
    command = next(one for one in scene.discord.commands if one["name"] == "settings")
    command["default_member_permissions"] = "0"
    answer = await scene.use(scene.noor, "settings", charts="leave this server out")
    assert answer.ephemeral
    assert "This needs a permission that you do not have here: **Manage Server**." in answer.content
    assert await scene.parts.store.server(int(scene.guild.id)) is None


# Languages


async def test_private_answers_speak_the_person_s_language_public_ones_the_server_s(
    scene: Scene,
) -> None:
    german = scene.discord.user("gert", locale="de")
    scene.guild.join(german)
    public = await scene.use(german, "mixcloud show", mix=scene.jazz)
    assert "Published" in public.text
    private = await scene.use(german, "mixcloud show", mix=scene.jazz, visibility="only me")
    assert "Published" not in private.text
    assert "Wiedergaben" in private.text or "Aufrufe" in private.text or "Länge" in private.text
    refused = await scene.use(german, "mixcloud show", mix="???")
    assert "expected" not in refused.content


async def test_what_was_drawn_for_one_is_given_to_no_one_in_another_form(scene: Scene) -> None:
    """Cards are drawn once for all who ask; their form is the asker's own."""
    german = scene.discord.user("gert", locale="de")
    scene.guild.join(german)
    used = (("mixcloud show", {"mix": scene.jazz}), ("mixcloud search", {"query": "jazz"}))
    for command, options in used:
        english = await scene.use(scene.ada, command, **options)
        assert "Length" in english.text
        theirs = await scene.use(german, command, **options, visibility="only me")
        assert "Dauer" in theirs.text
        assert "Allen zeigen" in theirs.text
        again = await scene.use(scene.ada, command, **options)
        assert again.text == english.text
        assert "Show to all" not in again.text
    await scene.parts.bot.preferences.decide_for_server(
        ServerSettings(int(scene.guild.id), classic=True)
    )
    for command, options in used:
        assert (await scene.use(scene.ada, command, **options)).embeds


async def test_a_person_may_choose_another_language(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud language", language="日本語")
    assert "日本語" in answer.content
    assert "From now on" not in answer.content
    me = await scene.use(scene.ada, "mixcloud privacy")
    assert "What I remember of you" not in me.text
    back = await scene.use(scene.ada, "mixcloud language", language="automatic")
    assert back.content == "From now on: English."


@pytest.mark.parametrize("locale", ["es-ES", "de", "fr", "pt-BR", "ja"])
async def test_commands_have_names_in_every_language(scene: Scene, locale: str) -> None:
    person = scene.discord.user("somebody", locale=locale)
    scene.guild.join(person)
    offered = person.commands(scene.channel)
    described = [
        one for one in offered if one["type"] == 1 and locale in one["description_localizations"]
    ]
    assert len(described) == len([one for one in offered if one["type"] == 1]) > 5
    answer = await scene.use(person, "mixcloud help")
    assert "What I can see" not in answer.text
    assert len(answer.text) <= 4000


@pytest.mark.parametrize("locale", ["es-ES", "de", "fr", "pt-BR", "ja"])
async def test_every_card_fits_in_every_language(scene: Scene, locale: str) -> None:
    """The sandbox refuses what Discord would refuse."""
    person = scene.discord.user("somebody", locale=locale)
    scene.guild.join(person, permissions=Permission.MANAGE_GUILD)
    await scene.link(person, "ada.plays")
    show = scene.mixcloud.catalogue.add_show("longwinded", "夜" * 300, description="長" * 5000)
    uses: list[tuple[str, dict[str, Any]]] = [
        ("mixcloud show", {"mix": show.key, "at": "43:10"}),
        ("mixcloud user", {"name": "longwinded"}),
        ("mixcloud search", {"query": "夜" * 100}),
        ("mixcloud search", {"query": "jazz", "type": "u"}),
        ("mixcloud browse", {"what": "p"}),
        ("mixcloud surprise", {"minutes": 60}),
        ("mixcloud feed", {}),
        ("mixcloud me", {}),
        ("mixcloud privacy", {}),
        ("mixcloud help", {}),
        ("settings", {}),
        ("favorite", {"mix": show.key}),
    ]
    for command, options in uses:
        if command.startswith("mixcloud s") and "mixcloud su" not in command:
            options["visibility"] = "me"
        answer = await (await person.slash(scene.channel, command, options)).reply()
        assert "my side" not in answer.text
        assert not re.search(r"code `[0-9a-f]{6}`", answer.text), answer
