"""SoundCloud from chat: finding tracks, linking an account, acting on links of both services."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mixbot import tokens
from mixbot.accounts import CODE_TRIES, WrongCode
from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.discord import Message, User
from mixbot.sandbox.mixcloud.faults import Situation
from mixbot.sandbox.soundcloud import InvalidToken, RateLimit, ServerError, Track
from mixbot.sandbox.soundcloud.api import Api
from mixbot.sandbox.soundcloud.grants import Grants
from mixbot.services import SOUNDCLOUD
from mixbot.services import soundcloud as service
from mixbot.soundcloud import Tokens
from mixbot.store import Account, Store
from mixbot.tokens import written
from tests.bot.test_acting import favorites
from tests.bot.test_secrets import stored
from tests.conftest import Scene, page_of, running, staged
from tests.soundcloud.test_auth import Says
from tests.test_lifecycle import get
from tests.web.browser import Browser, Page
from tests.web.browser import browser as new_browser

CLIENT_ID, CLIENT_SECRET = "mixbot-at-soundcloud", "soundcloud-client-secret-5b1f"


@pytest.fixture
async def soundcloud() -> AsyncIterator[SoundCloudServer]:
    async with SoundCloudServer() as server:
        server.register_app(CLIENT_ID, CLIENT_SECRET)
        server.signed_in = ["ada-listens"]
        yield server


def known_to(soundcloud: SoundCloudServer) -> dict[str, Any]:
    """The settings of a bot that is registered there."""
    return {
        "soundcloud_client_id": CLIENT_ID,
        "soundcloud_client_secret": CLIENT_SECRET,
        "soundcloud_api_url": soundcloud.api_url,
        "soundcloud_auth_url": soundcloud.auth_url,
    }


@pytest.fixture
async def scene(tmp_path: Path, soundcloud: SoundCloudServer) -> AsyncIterator[Scene]:
    async with staged(tmp_path, **known_to(soundcloud)) as scene:
        yield scene


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with new_browser() as browser:
        yield browser


@pytest.fixture
def track(soundcloud: SoundCloudServer) -> Track:
    return soundcloud.catalogue.add_track(
        soundcloud.catalogue.add_user("forss", "Forss", city="Berlin"),
        "Flickermood",
        genre="Ambient",
        tag_list='Jazz "Broken beat"',
        description="From *Soulhack*.",
        plays=1042,
        likes=77,
        duration=213_000,
    )


def link_of(track: Track) -> str:
    return f"https://soundcloud.com/{track.user.permalink}/{track.permalink}"


def liked(soundcloud: SoundCloudServer, permalink: str = "ada-listens") -> list[str]:
    """What somebody likes there."""
    user = soundcloud.catalogue.add_user(permalink)
    return [one.title for _, one in soundcloud.catalogue.likes.by(user)]


async def agree(scene: Scene, browser: Browser, prompt: Message, user: User) -> Page:
    """Through all pages, signed in to Discord as `user`."""
    browser.sign_in_to_discord(user.id, scene.discord.url)
    page = await browser.open(prompt.link("Link SoundCloud"))
    page = await browser.press(page, "Continue with Discord")
    page = await browser.press(page, "Authorize")
    return await browser.press(page, "Accept")


async def link(scene: Scene, browser: Browser, user: User) -> None:
    prompt = await scene.use(user, "soundcloud link")
    await agree(scene, browser, prompt, user)
    await prompt.until(lambda prompt: "Linked as" in prompt.text)


async def test_searching_shows_a_card_and_its_buttons(scene: Scene, track: Track) -> None:
    card = await scene.use(scene.ada, "soundcloud search", query="Flickermood")
    assert not card.ephemeral
    assert page_of(card) == link_of(track)
    for words in ("by [Forss](https://soundcloud.com/forss)", "SoundCloud · Ambient", "1,042"):
        assert words in card.text
    assert [button.label for button in card.buttons][:4] == [
        "♥ Like",
        "Follow",
        "Repost",
        "▶ Play on SoundCloud",
    ]
    assert card.link("▶ Play on SoundCloud") == link_of(track)


async def test_a_search_for_nothing_says_what_was_expected(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "soundcloud search", query="   ")
    assert answer.ephemeral
    assert "I read nothing but spaces" in answer.content


async def test_a_search_can_be_leafed_through_to_its_end(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    for number in range(45):
        soundcloud.catalogue.add_track("forss", f"Qwertz {number}")
    card = await scene.use(scene.ada, "soundcloud search", query="Qwertz")
    seen = [page_of(card)]
    while "Next ▶" in [button.label for button in card.buttons if not button.disabled]:
        await (await scene.ada.click(card, "Next ▶")).acknowledged()
        seen.append(page_of(card))
    assert len(seen) == len(set(seen)) == 45


async def test_pages_with_fewer_tracks_than_asked_for_are_leafed_through_backwards(
    scene: Scene, soundcloud: SoundCloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Api._listed

    def fewer(self: Api, *given: Any) -> Any:
        page = whole(self, *given)
        return page | {"collection": page["collection"][:-5]} if "next_href" in page else page

    monkeypatch.setattr(Api, "_listed", fewer)
    for number in range(45):
        soundcloud.catalogue.add_track("forss", f"Qwertz {number}")
    card = await scene.use(scene.ada, "soundcloud search", query="Qwertz")
    await scene.ada.choose(card, "More results…")
    await card.until(lambda card: "21 of 35+" in card.text)
    await scene.ada.click(card, "◀ Previous")
    await card.until(lambda card: "15 of 15+" in card.text)
    last = page_of(card)
    await scene.ada.click(card, "◀ Previous")
    await card.until(lambda card: "14 of 15+" in card.text)
    assert page_of(card) != last


async def test_a_page_is_found_again_after_a_restart(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    for number in range(45):
        soundcloud.catalogue.add_track("forss", f"Qwertz {number}")
    card = await scene.use(scene.ada, "soundcloud search", query="Qwertz")
    await scene.ada.choose(card, "More results…")
    await card.until(lambda card: "21 of 40+" in card.text)
    there = page_of(card)
    scene.parts.bot.pages.clear()
    await scene.ada.click(card, "Next ▶")
    await card.until(lambda card: "22 of 40+" in card.text)
    await scene.ada.click(card, "◀ Previous")
    await card.until(lambda card: "21 of 40+" in card.text)
    assert page_of(card) == there


@pytest.mark.parametrize(
    ("type", "line"),
    [("people", "[Forss](https://soundcloud.com/forss)"), ("playlists", "Forss's set")],
)
async def test_people_and_playlists_are_found_and_opened(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, type: str, line: str
) -> None:
    soundcloud.catalogue.add_playlist("forss", "Forss's set", [track])
    card = await scene.use(scene.ada, "soundcloud search", query="Forss", type=type)
    assert line in card.text
    name = "Forss" if type == "people" else "Forss's set"
    opened = await (await scene.ada.choose(card, name)).reply()
    assert opened.ephemeral
    assert f"### [{name}]" in opened.text
    if type == "people":
        tracks = await (await scene.ada.choose(opened, "Tracks")).reply()
    else:
        tracks = await (await scene.ada.click(opened, "Tracks")).reply()
    assert page_of(tracks) == link_of(track)


@pytest.mark.parametrize(
    "written",
    [
        "{link}",
        "forss/flickermood",
        "http://m.soundcloud.com/Forss/Flickermood?si=1&utm_source=clipboard",
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/{id}&auto_play=1",
        "https://on.soundcloud.com/{id}",
    ],
)
async def test_a_link_in_any_form_shows_its_track(scene: Scene, track: Track, written: str) -> None:
    mention = written.format(link=link_of(track), id=track.id)
    card = await scene.use(scene.ada, "soundcloud show", track=mention)
    assert page_of(card) == link_of(track)
    assert "From \\*Soulhack\\*." in card.text


async def test_a_link_to_a_moment_is_played_from_there(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    card = await scene.use(scene.ada, "soundcloud show", track=f"{link_of(track)}#t=1%3A16")
    assert card.link("▶ Play on SoundCloud") == f"{link_of(track)}#t=1%3A16"
    assert page_of(card) == link_of(track)
    card = await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    assert card.link("▶ Play on SoundCloud") == link_of(track)
    soundcloud.catalogue.add_playlist("forss", "All of it", [track])
    playlist = "https://soundcloud.com/forss/sets/all-of-it"
    card = await scene.use(scene.ada, "soundcloud show", track=f"{playlist}#t=90")
    assert card.link("▶ Play on SoundCloud") == playlist  # in which no moment is


async def test_what_plays_at_a_moment_is_not_told_there(scene: Scene, track: Track) -> None:
    at = await scene.use(scene.ada, "mixcloud show", mix=link_of(track), at="1:30")
    assert "SoundCloud does not tell what is played at 1:30." in at.text
    card = await scene.use(scene.ada, "mixcloud show", mix=link_of(track))
    assert "what is played" not in card.text


async def test_what_is_no_track_is_read_back(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "soundcloud show", track="https://soundcloud.com/forss")
    assert answer.ephemeral
    assert "I read “https://soundcloud.com/forss” and expected a link to a track" in answer.content


async def test_without_a_track_the_last_one_of_soundcloud_is_shown(
    scene: Scene, track: Track
) -> None:
    nothing = await scene.use(scene.ada, "soundcloud show")
    assert "No show was shared here yet" in nothing.content
    await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    await scene.use(scene.ada, "mixcloud show", mix=scene.jazz)
    assert page_of(await scene.use(scene.noor, "soundcloud show")) == link_of(track)
    await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    assert page_of(await scene.use(scene.noor, "mixcloud show")).endswith(scene.jazz)


async def test_the_autocomplete_suggests_what_was_shared_then_what_is_found(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    soundcloud.catalogue.add_track("forss", "Flicker again")
    await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    await scene.use(scene.ada, "mixcloud show", mix=scene.jazz)
    choices = await scene.ada.autocomplete(
        scene.channel, "soundcloud show", focused="track", track="flicker"
    )
    assert [choice["name"] for choice in choices] == ["Flickermood", "Flicker again · Forss"]
    card = await scene.use(scene.ada, "soundcloud show", track=choices[1]["value"])
    assert "Flicker again" in card.text


async def test_a_click_before_linking_is_done_after_it(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    card = await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    prompt = await (await scene.ada.click(card, "♥ Like")).reply()
    assert prompt.ephemeral
    assert prompt.text.startswith("Link your SoundCloud account first.")
    assert "Then I will add [**Flickermood**]" in prompt.text
    page = await agree(scene, browser, prompt, scene.ada)
    assert "Linked as" in page.text
    await prompt.until(lambda prompt: "Linked as" in prompt.text)
    assert "to your likes." in prompt.text
    assert liked(soundcloud) == ["Flickermood"]
    await scene.ada.click(prompt, "Undo")
    await prompt.until(lambda prompt: prompt.text.startswith("Removed"))
    assert liked(soundcloud) == []


async def test_the_linking_page_says_which_service_it_is_about(
    scene: Scene, browser: Browser
) -> None:
    prompt = await scene.use(scene.ada, "soundcloud link")
    page = await browser.open(prompt.link("Link SoundCloud"))
    assert "Link your SoundCloud account" in page.text
    assert "your Mixcloud account" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert scene.parts.accounts.soundcloud.client.auth_root in policy
    assert scene.mixcloud.url not in policy


async def test_both_accounts_are_linked_side_by_side(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await scene.link(scene.ada, "ada.plays")
    await link(scene, browser, scene.ada)
    for mix in (link_of(track), f"https://www.mixcloud.com{scene.jazz}"):
        done = await scene.use(scene.ada, "favorite", mix=mix)
        assert done.ephemeral
        assert done.content.startswith("Added ")
    assert liked(soundcloud) == ["Flickermood"]
    assert favorites(scene) == [scene.jazz]
    me = await scene.use(scene.ada, "soundcloud me")
    assert page_of(me) == "https://soundcloud.com/ada-listens"
    assert (await scene.use(scene.ada, "soundcloud unlink")).content.startswith("I have forgotten")
    assert await scene.parts.accounts.account(int(scene.ada.id))
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None


@pytest.mark.parametrize(
    ("command", "says", "option"),
    [
        ("favorite", "to your likes", "mix"),
        ("unfavorite", "from your likes", "mix"),
        ("repost", "Reposted", "mix"),
        ("unrepost", "Took back", "mix"),
        ("follow", "You now follow", "who"),
        ("unfollow", "You no longer follow", "who"),
    ],
)
async def test_every_shared_command_acts_on_a_link_of_soundcloud(
    scene: Scene,
    soundcloud: SoundCloudServer,
    track: Track,
    browser: Browser,
    command: str,
    says: str,
    option: str,
) -> None:
    await link(scene, browser, scene.ada)
    done = await scene.use(scene.ada, command, **{option: link_of(track)})
    assert done.ephemeral
    assert says in done.content
    ada, forss = (soundcloud.catalogue.add_user(name) for name in ("ada-listens", "forss"))
    catalogue = soundcloud.catalogue
    assert ((ada, track) in catalogue.likes) == (command == "favorite")
    assert ((ada, track) in catalogue.reposts) == (command == "repost")
    assert ((ada, forss) in catalogue.follows) == (command == "follow")


async def test_what_no_card_has_shown_yet_is_called_by_its_title(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    done = await scene.use(scene.ada, "favorite", mix=link_of(track))
    assert "**Flickermood**" in done.content
    done = await scene.use(scene.ada, "follow", who=link_of(track))
    assert "**Forss**" in done.content
    assert len(soundcloud.requests_to("GET", "/resolve")) == 2  # for what the API calls them


async def test_what_soundcloud_does_not_have_is_said_before_anybody_links(
    scene: Scene, track: Track
) -> None:
    for command in ("later", "unlater"):
        answer = await scene.use(scene.ada, command, mix=link_of(track))
        assert answer.content == "That cannot be done at SoundCloud."


async def test_the_message_menus_find_links_of_both(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    said = await scene.noor.say(scene.channel, f"{link_of(track)} or nothing")
    done = await (await scene.ada.menu(said, "Favorite")).reply()
    assert "to your likes" in done.content
    assert liked(soundcloud) == ["Flickermood"]
    card = await (await scene.ada.menu(said, "Mix actions")).reply()
    assert page_of(card) == link_of(track)
    done = await (await scene.ada.menu(said, "Follow host")).reply()
    assert "You now follow" in done.content
    both = await scene.noor.say(
        scene.channel, f"{link_of(track)} https://www.mixcloud.com{scene.jazz}"
    )
    question = await (await scene.ada.menu(both, "Favorite")).reply()
    assert "2 shows" in question.text
    chosen = await (await scene.ada.choose(question, "Flickermood · forss")).reply()
    assert "to your likes" in chosen.content


async def test_a_short_link_that_leads_nowhere_hides_no_other_show(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    gone = await scene.noor.say(scene.channel, "https://on.soundcloud.com/gone1")
    answer = await (await scene.ada.menu(gone, "Favorite")).reply()
    assert answer.content.startswith("SoundCloud has nothing there")
    both = f"https://on.soundcloud.com/gone1 https://www.mixcloud.com{scene.jazz}"
    said = await scene.noor.say(scene.channel, both)
    prompt = await (await scene.ada.menu(said, "Favorite")).reply()
    assert prompt.text.startswith("Link your Mixcloud account first.")


async def test_the_menus_offer_only_what_can_be_done_there(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    both = f"{link_of(track)} https://www.mixcloud.com{scene.jazz}"
    said = await scene.noor.say(scene.channel, both)
    prompt = await (await scene.ada.menu(said, "Listen later")).reply()
    assert prompt.text.startswith("Link your Mixcloud account first.")
    alone = await scene.noor.say(scene.channel, link_of(track))
    answer = await (await scene.ada.menu(alone, "Listen later")).reply()
    assert answer.content == "That cannot be done at SoundCloud."


async def test_a_short_link_to_a_person_is_no_show(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    short = f"https://on.soundcloud.com/{track.user.id}"
    for command in ("favorite", "unrepost"):
        answer = await scene.use(scene.ada, command, mix=short)
        assert answer.content.startswith("That leads to something else than a show on SoundCloud.")
    done = await scene.use(scene.ada, "follow", who=short)
    assert done.content.startswith("You now follow")


async def test_only_a_show_of_mixcloud_can_be_edited(scene: Scene, track: Track) -> None:
    answer = await scene.use(scene.ada, "mixcloud edit", mix=link_of(track))
    assert "expected a link to a show" in answer.content


async def test_of_a_long_playlist_only_what_its_card_shows_is_kept(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    tracks = [soundcloud.catalogue.add_track("forss", f"Track {n}") for n in range(500)]
    soundcloud.catalogue.add_playlist("forss", "Everything", tracks)
    card = await scene.use(scene.ada, "soundcloud show", track="forss/sets/everything")
    assert "15. [Track 14](https://soundcloud.com/forss/track-14)" in card.text
    assert "Tracks **500**" in card.text
    assert len(scene.parts.bot.details["soundcloud:forss/sets/everything"].written) < 60_000


async def test_an_expired_token_is_refreshed_once_and_the_command_succeeds(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    for round in (1, 2):
        soundcloud.expire()
        refreshes = soundcloud.refreshes
        verb = "favorite" if round == 1 else "unfavorite"
        done = await scene.use(scene.ada, verb, mix=link_of(track))
        assert "your likes" in done.content
        persons = soundcloud.refreshes - refreshes
        assert persons in (1, 2)  # that of Ada, and that of the application if it had to look
        assert soundcloud.reuses == 0
    assert liked(soundcloud) == []


async def test_an_action_reads_the_account_once_unless_its_token_has_expired(
    scene: Scene,
    soundcloud: SoundCloudServer,
    track: Track,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await link(scene, browser, scene.ada)
    read: list[tuple[int, str]] = []
    account = Store.account

    async def noted(self: Store, user_id: int, provider: str) -> Account | None:
        read.append((user_id, provider))
        return await account(self, user_id, provider)

    monkeypatch.setattr(Store, "account", noted)
    hers = int(scene.ada.id), SOUNDCLOUD
    await scene.use(scene.ada, "favorite", mix=link_of(track))
    assert read.count(hers) == 1
    soundcloud.expire()
    await scene.use(scene.ada, "unfavorite", mix=link_of(track))
    assert read.count(hers) > 2  # what another process may have got is looked for
    assert liked(soundcloud) == []


async def test_what_its_owner_took_back_leads_to_linking_again_and_then_finishes(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    soundcloud.revoke_all("ada-listens")
    prompt = await scene.use(scene.ada, "favorite", mix=link_of(track))
    assert "SoundCloud no longer accepts your link" in prompt.text
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None
    await agree(scene, browser, prompt, scene.ada)
    await prompt.until(lambda prompt: "Linked as" in prompt.text)
    assert liked(soundcloud) == ["Flickermood"]


async def test_unlinking_signs_out(
    scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    assert "No SoundCloud account" in (await scene.use(scene.ada, "soundcloud unlink")).content
    await link(scene, browser, scene.ada)
    soundcloud.expire()  # so it has to be refreshed to be signed out
    refreshes = soundcloud.refreshes
    answer = await scene.use(scene.ada, "soundcloud unlink")
    assert answer.ephemeral
    assert answer.content == "I have forgotten your SoundCloud account, and signed out there."
    assert soundcloud.requests_to("POST", "/sign-out")
    assert soundcloud.refreshes == refreshes + 1
    await link(scene, browser, scene.ada)


@pytest.mark.parametrize("path", ["/sign-out", "/oauth/token"])
async def test_unlinking_forgets_though_soundcloud_is_down(
    scene: Scene, soundcloud: SoundCloudServer, browser: Browser, path: str
) -> None:
    await link(scene, browser, scene.ada)
    soundcloud.expire()
    soundcloud.fault("POST", path, ServerError())
    answer = await scene.use(scene.ada, "soundcloud unlink")
    assert "but SoundCloud could not be told" in answer.content
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None


async def test_a_code_of_one_service_is_not_taken_by_the_other(
    tmp_path: Path, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    async with staged(tmp_path, sign_in=False, **known_to(soundcloud)) as scene:
        prompt = await scene.use(scene.ada, "soundcloud link")
        page = await browser.open(prompt.link("Link SoundCloud"))
        page = await browser.press(page, "Continue to SoundCloud")
        page = await browser.press(page, "Accept", follow=False)
        back = page.headers["Location"]
        nonce = back.partition("state=")[2]
        mixed = await browser.open(
            f"{scene.settings.public_url}/oauth/mixcloud/callback/{nonce}?code=abc"
        )
        assert "used already" in mixed.text
        page = await browser.open(back)
        assert "SoundCloud agreed." in page.text
        form = await scene.ada.click(prompt, "Enter code")
        await form.opened_modal()
        await scene.ada.submit(form, code=page.code)
        await prompt.until(lambda prompt: "Linked as" in prompt.text)


async def test_soundcloud_down_and_busy_is_said_in_its_name(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    soundcloud.fault("GET", "/tracks", ServerError())
    answer = await scene.use(scene.ada, "soundcloud search", query="rain")
    assert answer.content == "SoundCloud does not answer right now. Try again in a while."
    soundcloud.clear_faults()
    soundcloud.fault("GET", "/tracks", RateLimit(300))
    answer = await scene.use(scene.ada, "soundcloud search", query="rain")
    assert answer.content.startswith("SoundCloud asks to wait. Try again <t:")
    assert (await scene.use(scene.ada, "mixcloud search", query="jazz")).text  # it is not held back


async def test_help_and_metrics_are_honest_about_soundcloud_too(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    await scene.use(scene.ada, "soundcloud search", query="rain")
    assert "⚠" not in (await scene.use(scene.ada, "mixcloud help")).text
    soundcloud.fault("GET", "/**", ServerError(503))
    for word in ("snow", "hail"):
        await scene.use(scene.ada, "soundcloud search", query=word)
    told = (await scene.use(scene.ada, "mixcloud help")).text
    assert "⚠ SoundCloud has not answered since <t:" in told
    assert "⚠ Mixcloud" not in told
    soundcloud.clear_faults()
    soundcloud.fault("GET", "/tracks", RateLimit(300), times=1)
    await scene.use(scene.ada, "soundcloud search", query="storm")
    told = (await scene.use(scene.ada, "mixcloud help")).text
    assert "⚠ SoundCloud asks me to wait until <t:" in told
    assert "has not answered" not in told
    _status, metrics = await get(scene, "/metrics")
    assert 'mixbot_gate_closed_seconds{service="mixcloud"} 0.0' in metrics
    closed = re.search(r'mixbot_gate_closed_seconds\{service="soundcloud"\} (.*)', metrics)
    assert closed
    assert 200 < float(closed[1]) < 310


@pytest.mark.parametrize("said", ["null", "[]", '{"collection": []}', "[null]"])
async def test_what_makes_no_sense_is_no_bug_of_ours(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, said: str
) -> None:
    soundcloud.fault("GET", "/**", Says(said))
    answer = await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    assert answer.content == "SoundCloud does not answer right now. Try again in a while."
    answer = await scene.use(scene.ada, "soundcloud search", query="rain")
    assert "on my side" not in answer.content


async def test_tokens_that_are_refused_are_no_bug_of_ours(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    soundcloud.register_app(CLIENT_ID, "another secret")
    answer = await scene.use(scene.ada, "soundcloud search", query="rain")
    assert answer.content.startswith("SoundCloud did not accept that: SoundCloud gave no token")


async def test_where_there_is_no_soundcloud_its_links_say_so(tmp_path: Path) -> None:
    async with staged(tmp_path) as scene:
        assert not scene.parts.bot.tree.get_command("soundcloud")
        mixed = f"https://on.soundcloud.com/abcd https://www.mixcloud.com{scene.jazz}"
        said = await scene.noor.say(scene.channel, mixed)
        prompt = await (await scene.ada.menu(said, "Favorite")).reply()
        assert prompt.text.startswith("Link your Mixcloud account first.")
        answer = await scene.use(
            scene.ada, "favorite", mix="https://soundcloud.com/forss/flickermood"
        )
        assert "SoundCloud is switched off here" in answer.content


async def test_links_in_messages_are_answered_with_cards_of_both(
    tmp_path: Path, soundcloud: SoundCloudServer, track: Track
) -> None:
    async with staged(tmp_path, message_content=True, **known_to(soundcloud)) as scene:
        direct = scene.ada.dm()
        await scene.ada.say(direct, f"{link_of(track)} https://www.mixcloud.com{scene.jazz}")
        await scene.discord.requested("POST", f"/channels/{direct.id}/messages")
        card = scene.ada.messages(direct)[-1]
        assert card.text.index(link_of(track)) < card.text.index(scene.jazz)
        assert "♥ Like" in [button.label for button in card.buttons]


async def test_a_private_link_in_a_message_is_answered_with_buttons_that_open_it(
    tmp_path: Path, soundcloud: SoundCloudServer, track: Track
) -> None:
    track.private, track.secret = True, "s-AbCdEf"
    async with staged(tmp_path, message_content=True, **known_to(soundcloud)) as scene:
        direct = scene.ada.dm()
        await scene.ada.say(direct, f"{link_of(track)}/s-AbCdEf")
        await scene.discord.requested("POST", f"/channels/{direct.id}/messages")
        card = scene.ada.messages(direct)[-1]
        assert card.link("▶ Play on SoundCloud") == f"{link_of(track)}/s-AbCdEf"
        assert not await scene.parts.store.recent_shares(channel_id=int(direct.id))


async def test_what_is_remembered_names_both_and_is_forgotten(
    scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    card = await scene.use(scene.ada, "mixcloud privacy")
    assert "Your SoundCloud account **" in card.text
    assert "No Mixcloud account." in card.text
    await scene.ada.click(card, "Forget me…")
    await card.until(lambda card: "Shall I forget" in card.text)
    await scene.ada.click(card, "Forget me")
    await card.until(lambda card: "Forgotten" in card.text)
    assert "could not be told" not in card.text
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None
    assert soundcloud.requests_to("POST", "/sign-out")


async def test_nothing_is_noted_of_a_private_track(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    track.private, track.secret = True, "s-AbCdEf"
    private = f"{link_of(track)}/s-AbCdEf"
    store = scene.parts.store
    card = await scene.use(scene.ada, "soundcloud show", track=private, visibility="everyone")
    assert page_of(card) == link_of(track)
    assert not await store.recent_shares(channel_id=int(scene.channel.id))
    track.private = False
    await scene.use(scene.ada, "soundcloud show", track=link_of(track))
    [share] = await store.recent_shares(channel_id=int(scene.channel.id))
    assert share.key == "soundcloud:forss/flickermood"


async def test_a_private_track_is_shown_to_who_asked_alone_unless_they_say_otherwise(
    scene: Scene, track: Track
) -> None:
    track.private, track.secret = True, "s-AbCdEf"
    private = f"{link_of(track)}/s-AbCdEf"
    card = await scene.use(scene.ada, "soundcloud show", track=private)
    assert card.ephemeral
    assert card.link("▶ Play on SoundCloud") == private
    assert "Similar" not in [button.label for button in card.buttons]  # nobody is told of those
    card = await scene.use(scene.ada, "soundcloud show", track=private, visibility="everyone")
    assert not card.ephemeral


async def test_whatever_the_command_and_the_address_what_is_private_is_shown_to_who_asked_alone(
    scene: Scene, track: Track
) -> None:
    track.private, track.secret = True, "s-AbCdEf"
    private = f"{link_of(track)}/s-AbCdEf"
    numbered = f"https://api.soundcloud.com/tracks/{track.id}?secret_token=s-AbCdEf"
    for address in (private, numbered):
        for command, option in (("mixcloud show", "mix"), ("soundcloud show", "track")):
            card = await scene.use(scene.ada, command, **{option: address})
            assert card.link("▶ Play on SoundCloud") == private
            assert card.ephemeral, (command, address)


async def test_a_short_link_may_lead_to_what_is_private(
    scene: Scene, soundcloud: SoundCloudServer, track: Track
) -> None:
    short = f"https://on.soundcloud.com/{track.id}"
    card = await scene.use(scene.ada, "soundcloud show", track=short)
    assert not card.ephemeral
    await scene.parts.bot.close()
    track.extra = {"permalink_url": f"{link_of(track)}/s-AbCdEf"}
    async with running(scene.settings, scene.discord):
        card = await scene.use(scene.ada, "soundcloud show", track=short)
        assert card.ephemeral
        card = await scene.use(scene.ada, "soundcloud show", track=short, visibility="everyone")
        assert not card.ephemeral


async def test_what_is_in_a_private_playlist_is_listed_with_its_secret(
    scene: Scene, soundcloud: SoundCloudServer
) -> None:
    tracks = [soundcloud.catalogue.add_track("forss", f"Track {n}") for n in range(25)]
    soundcloud.catalogue.add_playlist("forss", "Mine", tracks, private=True, secret="s-AbCdEf")
    link = "https://soundcloud.com/forss/sets/mine/s-AbCdEf"
    card = await scene.use(scene.ada, "soundcloud show", track=link)
    opened = await (await scene.ada.click(card, "Tracks")).reply()
    assert opened.ephemeral
    assert page_of(opened) == link_of(tracks[0])
    await scene.ada.choose(opened, "More results…")
    await opened.until(lambda card: "21 of" in card.text)
    assert page_of(opened) == link_of(tracks[20])
    assert not await scene.parts.store.recent_shares(channel_id=int(scene.channel.id))


async def test_no_secret_of_soundcloud_is_left_anywhere(
    tmp_path: Path,
    soundcloud: SoundCloudServer,
    track: Track,
    browser: Browser,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Tokens] = []

    def noted(one: Tokens) -> str:
        given.append(one)
        return written(one)

    monkeypatch.setattr(tokens, "written", noted)
    monkeypatch.setattr(service, "written", noted)
    with caplog.at_level("DEBUG", "mixbot"):
        async with staged(tmp_path, **known_to(soundcloud)) as scene:
            prompt = await scene.use(scene.ada, "soundcloud link")
            page = await agree(scene, browser, prompt, scene.ada)
            await prompt.until(lambda prompt: "Linked as" in prompt.text)
            back = page.url
            for fault in (ServerError(502), InvalidToken(), RateLimit(1)):
                soundcloud.expire()
                await scene.use(scene.ada, "favorite", mix=link_of(track))
                soundcloud.fault("*", "/**", fault)
                await scene.use(scene.ada, "unfavorite", mix=link_of(track))
                soundcloud.clear_faults()
            metrics = await browser.open(f"{scene.settings.public_url}/metrics")
            shown = [message.text for message in scene.noor.messages(scene.channel)]
            kept = stored(tmp_path)
    secrets = {CLIENT_SECRET, back.query["state"], back.query["code"]}
    for one in given:
        secrets |= {one.access_token, one.refresh_token or CLIENT_SECRET}
    assert len(secrets) >= 7
    for secret in secrets:
        assert secret.encode() not in kept
        assert secret not in caplog.text
        assert secret not in page.source + metrics.source + "".join(shown)


async def test_a_consent_that_comes_to_nothing_is_signed_out(
    scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    prompt = await scene.use(scene.ada, "soundcloud link")
    soundcloud.fault("GET", "/me", ServerError())
    page = await agree(scene, browser, prompt, scene.ada)
    assert "SoundCloud did not complete the link" in page.text
    assert soundcloud.requests_to("POST", "/sign-out")
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None


async def test_linking_again_signs_out_what_was_linked_before(
    scene: Scene, soundcloud: SoundCloudServer, track: Track, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    soundcloud.expire()  # so it has to be refreshed to be signed out
    soundcloud.signed_in = ["ada-elsewhere"]
    await link(scene, browser, scene.ada)
    await scene.parts.accounts.close()
    assert soundcloud.grants_of("ada-listens") == 0
    await scene.use(scene.ada, "favorite", mix=link_of(track))
    assert liked(soundcloud, "ada-elsewhere") == ["Flickermood"]


async def test_linking_again_does_not_sign_out_the_very_tokens_that_it_was_given(
    scene: Scene,
    soundcloud: SoundCloudServer,
    track: Track,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = soundcloud.tokens_for("ada-listens", CLIENT_ID)
    monkeypatch.setattr(Grants, "begin", lambda *asked: given)
    for _ in range(2):
        await link(scene, browser, scene.ada)
    await scene.parts.accounts.close()
    assert not soundcloud.requests_to("POST", "/sign-out")
    await scene.use(scene.ada, "favorite", mix=link_of(track))
    assert liked(soundcloud) == ["Flickermood"]


@pytest.fixture
async def code_scene(tmp_path: Path, soundcloud: SoundCloudServer) -> AsyncIterator[Scene]:
    """A bot without Discord's client secret: links are proved with a code."""
    async with staged(tmp_path, sign_in=False, **known_to(soundcloud)) as scene:
        yield scene


async def shown_code(scene: Scene, browser: Browser) -> Page:
    """The page with the code that Ada is to type into Discord."""
    prompt = await scene.use(scene.ada, "soundcloud link")
    page = await browser.open(prompt.link("Link SoundCloud"))
    page = await browser.press(page, "Continue to SoundCloud")
    return await browser.press(page, "Accept")


async def test_a_newer_link_signs_out_one_whose_code_was_not_typed(
    code_scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    assert (await shown_code(code_scene, browser)).code
    assert soundcloud.grants_of("ada-listens") == 1
    await code_scene.use(code_scene.ada, "soundcloud link")
    await code_scene.parts.accounts.close()
    assert soundcloud.grants_of("ada-listens") == 0


class Meanwhile:
    """Something happens before it is answered."""

    def __init__(self, what: Callable[[], Awaitable[object]]) -> None:
        self._what = what

    async def answer(self, situation: Situation) -> web.StreamResponse:
        await self._what()
        return await situation.proceed()


async def test_a_code_that_was_not_typed_does_not_sign_out_the_very_tokens_of_the_link_there_is(
    code_scene: Scene,
    soundcloud: SoundCloudServer,
    track: Track,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = soundcloud.tokens_for("ada-listens", CLIENT_ID)
    monkeypatch.setattr(Grants, "begin", lambda *asked: given)
    accounts = code_scene.parts.accounts
    code = (await shown_code(code_scene, browser)).code
    await accounts.enter_code(int(code_scene.ada.id), code or "", SOUNDCLOUD)
    assert (await shown_code(code_scene, browser)).code
    await code_scene.use(code_scene.ada, "soundcloud link")
    await accounts.close()
    assert not soundcloud.requests_to("POST", "/sign-out")
    await code_scene.use(code_scene.ada, "favorite", mix=link_of(track))
    assert liked(soundcloud) == ["Flickermood"]


async def test_a_consent_to_a_link_that_was_replaced_meanwhile_is_signed_out(
    code_scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    again = Meanwhile(lambda: code_scene.use(code_scene.ada, "soundcloud link"))
    soundcloud.fault("GET", "/me", again, times=1)
    page = await shown_code(code_scene, browser)
    assert "used already, or replaced by a newer one" in page.text
    await code_scene.parts.accounts.close()
    assert soundcloud.grants_of("ada-listens") == 0


async def test_a_code_that_nobody_guessed_is_signed_out(
    code_scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    await shown_code(code_scene, browser)
    accounts = code_scene.parts.accounts
    for _ in range(CODE_TRIES):
        with pytest.raises(WrongCode):
            await accounts.enter_code(int(code_scene.ada.id), "AAAAAA", SOUNDCLOUD)
    await accounts.close()
    assert soundcloud.grants_of("ada-listens") == 0


async def test_a_code_that_is_never_typed_is_signed_out_when_it_is_purged(
    code_scene: Scene,
    soundcloud: SoundCloudServer,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mixbot.accounts.CODE_LIFETIME", timedelta(0))
    await shown_code(code_scene, browser)
    soundcloud.expire()
    await code_scene.parts.bot.close()
    signed_out = asyncio.create_task(soundcloud.requested("POST", "/sign-out"))
    async with running(code_scene.settings, code_scene.discord):  # which purges at its start
        await signed_out
    assert soundcloud.grants_of("ada-listens") == 0


async def test_being_forgotten_signs_out_what_was_begun_too(
    code_scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    await shown_code(code_scene, browser)
    await code_scene.parts.bot.forget(int(code_scene.ada.id))
    await code_scene.parts.accounts.close()
    assert soundcloud.grants_of("ada-listens") == 0


async def test_what_cannot_be_signed_out_now_is_let_go(
    scene: Scene,
    soundcloud: SoundCloudServer,
    browser: Browser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await link(scene, browser, scene.ada)
    soundcloud.fault("POST", "/sign-out", ServerError())
    with caplog.at_level("INFO", "mixbot.accounts"):
        await link(scene, browser, scene.ada)
        await scene.parts.accounts.close()
    assert "lives on: Unreachable" in caplog.text
    assert soundcloud.grants_of("ada-listens") == 2


async def test_forget_me_tells_that_soundcloud_could_not_be_told(
    scene: Scene, soundcloud: SoundCloudServer, browser: Browser
) -> None:
    await link(scene, browser, scene.ada)
    soundcloud.fault("POST", "/sign-out", ServerError())
    card = await scene.use(scene.ada, "mixcloud privacy")
    await scene.ada.click(card, "Forget me…")
    await card.until(lambda card: "Shall I forget" in card.text)
    await scene.ada.click(card, "Forget me")
    await card.until(lambda card: "Forgotten" in card.text)
    assert "but SoundCloud could not be told" in card.text
    assert await scene.parts.accounts.account(int(scene.ada.id), SOUNDCLOUD) is None
