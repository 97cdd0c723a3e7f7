"""Linking as browsers see it: who gets through, who does not, and what they read."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Connection, select
from yarl import URL

from mixbot.accounts import CODE_TRIES, NoCode, NotLinked, WrongCode
from mixbot.sandbox.mixcloud.faults import Html403, InvalidToken, ServerError
from mixbot.store.engines import database_at
from mixbot.store.schema import metadata
from tests.linking import CLIENT_SECRET, FAVORITE, REPLY, SHOW, Stage
from tests.web.browser import Browser, Page


async def consent(stage: Stage, browser: Browser, link: str) -> Page:
    """From the link to Mixcloud's question."""
    return await browser.press(await browser.open(link), "Continue to Mixcloud")


async def get_code(stage: Stage, browser: Browser, link: str) -> Page:
    """From the link to the page with the code."""
    return await browser.press(await consent(stage, browser, link), "Accept")


async def discord_consent(stage: Stage, browser: Browser, link: str, user_id: str) -> Page:
    """From the link to Discord's question."""
    browser.sign_in_to_discord(user_id, stage.discord.url)
    return await browser.press(await browser.open(link), "Continue with Discord")


async def nobody_is_linked(stage: Stage) -> bool:
    accounts = [await stage.accounts.account(user) for user in (stage.ada_id, stage.bob_id)]
    return accounts == [None, None] and stage.linked.empty()


class TestWithACode:
    async def test_a_user_links_and_what_waited_is_told(self, stage: Stage, ada: Browser) -> None:
        page = await ada.open(await stage.start_link())
        assert page.status == 200
        assert "Ada 🎧 <b>L</b>" in page.text
        assert "everything your Mixcloud account can" in page.text
        assert "mixcloud.com/settings/applications/" in page.text
        asked = await ada.press(page, "Continue to Mixcloud")
        assert "would like to use your Mixcloud account" in asked.text
        shown = await ada.press(asked, "Accept")
        assert shown.status == 200
        assert await stage.accounts.account(stage.ada_id) is None

        linked = await stage.accounts.enter_code(stage.ada_id, shown.code.lower())
        assert linked.account.username == "ada.plays"
        assert linked.waiting == FAVORITE
        assert linked.reply == REPLY
        assert await stage.linked.get() == linked
        assert await stage.accounts.account(stage.ada_id) == linked.account
        await stage.accounts.perform(stage.ada_id, FAVORITE)
        assert favorites(stage, "ada.plays") == [SHOW]

    async def test_a_code_may_be_typed_as_people_type(self, stage: Stage, ada: Browser) -> None:
        code = (await get_code(stage, ada, await stage.start_link())).code
        typed = f"  {code[:2].lower()} {code[2:]} "
        linked = await stage.accounts.enter_code(stage.ada_id, typed)
        assert linked.account.username == "ada.plays"

    async def test_the_person_who_is_sent_the_link_cannot_be_linked_by_the_sender(
        self, stage: Stage, bob: Browser
    ) -> None:
        """Ada sends Bob her link, and Bob agrees to everything. Only Bob sees the code."""
        code = (await get_code(stage, bob, await stage.start_link())).code
        guesses = ["AAAAAA", "", code[::-1].replace("-", "") + "X", "BBB-BBB", "'; --"]
        for tries_left, guess in zip((4, 3, 2, 1, 0), guesses, strict=True):
            with pytest.raises(WrongCode) as wrong:
                await stage.accounts.enter_code(stage.ada_id, guess)
            assert wrong.value.tries_left == tries_left
        with pytest.raises(NoCode):  # too late, even for the right one
            await stage.accounts.enter_code(stage.ada_id, code)
        assert await nobody_is_linked(stage)

    async def test_the_code_is_worthless_to_anybody_else(self, stage: Stage, ada: Browser) -> None:
        code = (await get_code(stage, ada, await stage.start_link())).code
        with pytest.raises(NoCode):
            await stage.accounts.enter_code(stage.bob_id, code)
        linked = await stage.accounts.enter_code(stage.ada_id, code)
        assert linked.user_id == stage.ada_id

    async def test_a_code_works_once(self, stage: Stage, ada: Browser) -> None:
        code = (await get_code(stage, ada, await stage.start_link())).code
        outcomes = await asyncio.gather(
            *(stage.accounts.enter_code(stage.ada_id, code) for _ in range(CODE_TRIES)),
            return_exceptions=True,
        )
        assert sum(not isinstance(outcome, NoCode) for outcome in outcomes) == 1
        await stage.accounts.close()
        assert stage.linked.qsize() == 1

    async def test_a_code_expires(self, stage: Stage, ada: Browser) -> None:
        code = (await get_code(stage, ada, await stage.start_link())).code
        stage.clock.advance(minutes=5)
        with pytest.raises(NoCode):
            await stage.accounts.enter_code(stage.ada_id, code)
        assert await nobody_is_linked(stage)

    async def test_a_newer_link_voids_a_code(self, stage: Stage, ada: Browser) -> None:
        code = (await get_code(stage, ada, await stage.start_link())).code
        await stage.start_link()
        with pytest.raises(NoCode):
            await stage.accounts.enter_code(stage.ada_id, code)


class TestSigningIn:
    async def test_the_last_page_promises_nothing_that_was_not_asked_for(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        stage = sign_in_stage
        link = await stage.start_link(waiting=None)
        asked = await ada.press(await discord_consent(stage, ada, link, stage.ada.id), "Authorize")
        done = await ada.press(asked, "Accept")
        assert "Linked as ada.plays" in done.text
        assert "is being done" not in done.text

    async def test_a_user_links_without_a_code(self, sign_in_stage: Stage, ada: Browser) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        assert "wants to access your account" in asked.text
        asked = await ada.press(asked, "Authorize")
        assert "would like to use your Mixcloud account" in asked.text
        done = await ada.press(asked, "Accept")
        assert "Linked as ada.plays" in done.text
        assert "is being done" in done.text
        linked = await stage.linked.get()
        assert (linked.user_id, linked.waiting, linked.reply) == (stage.ada_id, FAVORITE, REPLY)
        assert await stage.accounts.account(stage.ada_id) == linked.account

    async def test_discord_is_asked_with_state_and_challenge(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        assert asked.url.query["scope"] == "identify"
        assert asked.url.query["code_challenge_method"] == "S256"
        assert len(asked.url.query["state"]) >= 22
        assert asked.url.query["redirect_uri"] == f"{stage.url}/oauth/discord/callback"

    async def test_a_link_that_was_passed_on_links_nobody(
        self, sign_in_stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        stage = sign_in_stage
        link = await stage.start_link()
        asked = await discord_consent(stage, bob, link, stage.bob.id)
        refused = await bob.press(asked, "Authorize")
        assert refused.status == 400
        assert "somebody other than the one this link was made for" in refused.text
        assert "used already" in (await ada.open(link)).text
        assert await nobody_is_linked(stage)

    async def test_whoever_does_not_sign_in_is_not_linked(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        assert "as you wished" in (await ada.press(asked, "Cancel")).text
        assert await nobody_is_linked(stage)

    async def test_a_state_works_once_and_in_one_browser(
        self, sign_in_stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        back = await ada.press(asked, "Authorize", follow=False)
        assert "another browser" in (await bob.open(back.headers["Location"])).text
        first, second = await asyncio.gather(
            *(ada.open(back.headers["Location"], follow=False) for _ in range(2))
        )
        assert sorted([first.status, second.status]) == [303, 400]

    async def test_a_state_of_nobody_is_refused(self, sign_in_stage: Stage, ada: Browser) -> None:
        page = await ada.open(f"{sign_in_stage.url}/oauth/discord/callback?state=x&code=y")
        assert page.status == 400
        page = await ada.open(f"{sign_in_stage.url}/oauth/discord/callback")
        assert page.status == 400

    async def test_a_code_that_discord_refuses_leads_nowhere(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        forged = URL(asked.url.query["redirect_uri"]) % {
            "state": asked.url.query["state"],
            "code": "forged",
        }
        page = await ada.open(forged)
        assert "Discord did not confirm" in page.text
        assert await nobody_is_linked(stage)

    async def test_mixcloud_is_not_reached_without_signing_in(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        """No nonce exists before, whatever a browser tries."""
        stage = sign_in_stage
        await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        page = await ada.open(f"{stage.url}/oauth/mixcloud/callback/None?code=x")
        assert page.status == 400
        assert await nobody_is_linked(stage)


class TestOneBrowserOneUse:
    async def test_previewers_change_nothing(
        self, stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        link = await stage.start_link()
        before = await stage.accounts.open_link(link.rpartition("/")[2])
        for _ in range(3):
            assert (await bob.open(link)).status == 200
        assert await stage.accounts.open_link(link.rpartition("/")[2]) == before
        assert (await get_code(stage, ada, link)).code

    async def test_only_the_first_browser_continues(
        self, stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        link = await stage.start_link()
        bobs = await bob.open(link)
        await consent(stage, ada, link)
        refused = await bob.press(bobs, "Continue to Mixcloud")
        assert refused.status == 400
        assert "opened in another browser" in refused.text

    async def test_the_same_browser_may_go_back(self, stage: Stage, ada: Browser) -> None:
        link = await stage.start_link()
        await consent(stage, ada, link)
        assert (await get_code(stage, ada, link)).code

    async def test_a_return_counts_in_the_browser_that_left(
        self, stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        """Somebody who agreed for their own account cannot finish in another's browser."""
        asked = await consent(stage, ada, await stage.start_link())
        back = (await ada.press(asked, "Accept", follow=False)).headers["Location"]
        refused = await bob.open(back)
        assert refused.status == 400
        assert "opened in another browser" in refused.text
        assert (await ada.open(back)).code  # and was not used up by the attempt

    async def test_a_return_works_once(self, stage: Stage, ada: Browser) -> None:
        link = await stage.start_link()
        asked = await consent(stage, ada, link)
        back = (await ada.press(asked, "Accept", follow=False)).headers["Location"]
        assert (await ada.open(back)).status == 200
        for again in (back, link):
            page = await ada.open(again)
            assert page.status == 400
            assert "used already" in page.text

    async def test_of_parallel_returns_one_wins(self, stage: Stage, ada: Browser) -> None:
        asked = await consent(stage, ada, await stage.start_link())
        back = (await ada.press(asked, "Accept", follow=False)).headers["Location"]
        pages = await asyncio.gather(*(ada.open(back) for _ in range(8)))
        assert sorted(page.status for page in pages) == [200] + [400] * 7
        exchanges = [r for r in stage.mixcloud.requests if r.path == "/oauth/access_token"]
        assert len(exchanges) == 1
        (winner,) = (page for page in pages if page.status == 200)
        linked = await stage.accounts.enter_code(stage.ada_id, winner.code)
        assert linked.account.username == "ada.plays"

    async def test_of_parallel_signed_in_returns_one_wins(
        self, sign_in_stage: Stage, ada: Browser
    ) -> None:
        stage = sign_in_stage
        asked = await discord_consent(stage, ada, await stage.start_link(), stage.ada.id)
        asked = await ada.press(asked, "Authorize")
        back = (await ada.press(asked, "Accept", follow=False)).headers["Location"]
        pages = await asyncio.gather(*(ada.open(back) for _ in range(8)))
        assert sorted(page.status for page in pages) == [200] + [400] * 7
        await stage.accounts.close()
        assert stage.linked.qsize() == 1

    async def test_an_expired_link_says_so_at_every_step(self, stage: Stage, ada: Browser) -> None:
        link = await stage.start_link()
        page = await ada.open(link)
        asked = await ada.press(page, "Continue to Mixcloud")
        back = (await ada.press(asked, "Accept", follow=False)).headers["Location"]
        stage.clock.advance(minutes=10)
        for late in (
            await ada.open(link),
            await ada.press(page, "Continue to Mixcloud"),
            await ada.open(back),
        ):
            assert late.status == 400
            assert "too old" in late.text
        assert await nobody_is_linked(stage)

    async def test_a_newer_link_voids_the_older(self, stage: Stage, ada: Browser) -> None:
        old = await stage.start_link()
        asked = await consent(stage, ada, old)
        new = await stage.start_link(waiting=None)
        assert "replaced by a newer one" in (await ada.open(old)).text
        assert "replaced by a newer one" in (await ada.press(asked, "Accept")).text
        assert (await get_code(stage, ada, new)).code

    async def test_a_denial_links_nobody(self, stage: Stage, ada: Browser) -> None:
        link = await stage.start_link()
        page = await ada.press(await consent(stage, ada, link), "Deny")
        assert "as you wished" in page.text
        assert "used already" in (await ada.open(link)).text
        assert await nobody_is_linked(stage)

    async def test_a_restart_between_any_two_steps_is_not_noticed(
        self, stage: Stage, ada: Browser
    ) -> None:
        link = await stage.start_link()

        page = await ada.open(link)
        await stage.restart()
        asked = await ada.press(page, "Continue to Mixcloud")
        await stage.restart()
        shown = await ada.press(asked, "Accept")
        await stage.restart()
        linked = await stage.accounts.enter_code(stage.ada_id, shown.code)
        assert linked.reply == REPLY
        assert linked.waiting == FAVORITE
        await stage.restart()
        await stage.accounts.perform(stage.ada_id, FAVORITE)
        assert favorites(stage, "ada.plays") == [SHOW]


class TestForms:
    async def test_a_form_from_elsewhere_is_refused(
        self, stage: Stage, ada: Browser, bob: Browser
    ) -> None:
        link = await stage.start_link()
        page = await ada.open(link)
        foreign = await bob.open(link)
        for source in (foreign.source, foreign.source.replace('value="', 'value="é')):
            forged = Page(page.url, 200, page.headers, source, ())
            refused = await ada.press(forged, "Continue to Mixcloud")
            assert refused.status == 400
            assert "cookie" in refused.text
        assert (await ada.press(page, "Continue to Mixcloud")).status == 200

    async def test_a_browser_without_cookies_is_told(self, stage: Stage, ada: Browser) -> None:
        page = await ada.open(await stage.start_link())
        ada.forget_cookies()
        refused = await ada.press(page, "Continue to Mixcloud")
        assert refused.status == 400
        assert "Allow cookies" in refused.text

    async def test_the_cookie_is_kept_from_scripts_and_other_sites(
        self, stage: Stage, ada: Browser
    ) -> None:
        page = await ada.open(await stage.start_link())
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("mixbot=")
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        sent = await ada.press(page, "Continue to Mixcloud", follow=False)
        assert sent.headers["Set-Cookie"] == cookie

    async def test_a_form_that_is_too_large_is_refused(self, stage: Stage, ada: Browser) -> None:
        page = await ada.open(await stage.start_link())
        assert (await ada.press(page, "Continue to Mixcloud", token="x" * 100_000)).status == 413


class TestMixcloudInTrouble:
    @pytest.mark.parametrize(
        ("path", "fault"),
        [
            ("/oauth/access_token", ServerError()),
            ("/oauth/access_token", Html403()),
            ("/me/", ServerError()),
            ("/me/", InvalidToken()),
        ],
    )
    async def test_nothing_is_linked(
        self, stage: Stage, ada: Browser, path: str, fault: object
    ) -> None:
        asked = await consent(stage, ada, await stage.start_link())
        stage.mixcloud.fault("*", path, fault)  # type: ignore[arg-type]
        page = await ada.press(asked, "Accept")
        assert page.status == 400
        assert "Mixcloud did not complete the link" in page.text
        assert await nobody_is_linked(stage)

    async def test_a_forged_code_is_refused(self, stage: Stage, ada: Browser) -> None:
        asked = await consent(stage, ada, await stage.start_link())
        forged = asked.url.query["redirect_uri"] + "?code=forged"
        assert "Mixcloud did not complete the link" in (await ada.open(forged)).text

    async def test_the_exchange_repeats_the_address_byte_for_byte(
        self, stage: Stage, ada: Browser
    ) -> None:
        asked = await consent(stage, ada, await stage.start_link())
        await ada.press(asked, "Accept")
        (exchange,) = (r for r in stage.mixcloud.requests if r.path == "/oauth/access_token")
        assert exchange.status == 200


class TestLimits:
    async def test_returns_are_limited_by_address(self, stage: Stage, ada: Browser) -> None:
        address = f"{stage.url}/oauth/mixcloud/callback/guess?code=x"
        statuses = [(await ada.open(address)).status for _ in range(31)]
        assert statuses == [400] * 30 + [429]

    async def test_those_behind_our_proxy_are_told_apart(self, stage: Stage) -> None:
        address = f"{stage.url}/oauth/mixcloud/callback/guess?code=x"

        async def statuses(forwarded: str) -> set[int]:
            headers = {"X-Forwarded-For": forwarded}
            async with aiohttp.ClientSession(headers=headers) as session:
                return {(await session.get(address)).status for _ in range(20)}

        # Only what the proxy itself has added counts; the rest is the client's to invent.
        assert await statuses("1.1.1.1, 203.0.113.1") == {400}
        assert await statuses("203.0.113.2") == {400}
        assert await statuses("2.2.2.2, 203.0.113.1") == {400, 429}


async def test_what_is_said_of_a_problem_repeats_nothing_that_was_sent(
    stage: Stage, ada: Browser
) -> None:
    marker = "reflected-7c1d"
    for path in (
        f"/link/{marker}",
        f"/oauth/mixcloud/callback/{marker}?code={marker}&error={marker}",
        f"/oauth/discord/callback?state={marker}&code={marker}&error_description={marker}",
        f"/{marker}",
        f"/play/{marker}",
    ):
        page = await ada.open(stage.url + path)
        assert page.status >= 400
        assert marker not in page.source
        assert marker not in str(page.headers)


async def test_secrets_are_nowhere(
    stage: Stage, ada: Browser, caplog: pytest.LogCaptureFixture, database_url: str
) -> None:
    """The real values, searched for in the database, the logs, the pages and the exceptions."""
    caplog.set_level(logging.DEBUG)
    link = await stage.start_link()
    first = await ada.open(link)
    asked = await ada.press(first, "Continue to Mixcloud")
    redirect_uri = asked.url.query["redirect_uri"]
    back = URL((await ada.press(asked, "Accept", follow=False)).headers["Location"])
    shown = await ada.open(back)
    replayed = await ada.open(back)
    half_way = await everything_stored(database_url)
    with pytest.raises(WrongCode) as wrong:
        await stage.accounts.enter_code(stage.ada_id, "AAA-AAA")
    await stage.accounts.enter_code(stage.ada_id, shown.code)
    stage.mixcloud.fault("POST", SHOW + "favorite/", InvalidToken())
    with pytest.raises(NotLinked) as refused:
        await stage.accounts.perform(stage.ada_id, FAVORITE)
    stored = half_way + await everything_stored(database_url)
    for path in Path(database_url.removeprefix("sqlite:///")).parent.glob("mixbot.db*"):
        stored += path.read_bytes()

    token = next(r.query["access_token"] for r in stage.mixcloud.requests if r.path == "/me/")
    secrets = {
        "token": token,
        "client secret": CLIENT_SECRET,
        "link": link.rpartition("/")[2],
        "nonce": redirect_uri.rpartition("/")[2],
        "authorization code": back.query["code"],
        "code": shown.code,
        "code as stored": shown.code.replace("-", ""),
        "cookie": ada.cookies["mixbot"],
        "interaction": REPLY.token,
    }
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text} {record.args}"
        for record in caplog.records
        if record.name != "asyncio"
    )
    told = "".join(repr(error.value) + repr(error.value.__cause__) for error in (wrong, refused))
    assert "POST /link/{link} 303" in logged
    for name, secret in secrets.items():
        assert secret.encode() not in stored, name
        assert secret not in logged, name
        assert secret not in told, name
        for page in (first, replayed):
            assert secret not in page.source, name
        assert (secret in shown.text) == (name == "code"), name
        assert secret not in repr(vars(stage)), name


async def everything_stored(database_url: str) -> bytes:
    def read(connection: Connection) -> bytes:
        values = (
            value
            for table in metadata.tables.values()
            for row in connection.execute(select(table))
            for value in row
        )
        return b" ".join(v if isinstance(v, bytes) else str(v).encode() for v in values)

    database = database_at(database_url)
    try:
        return await database.write(read)
    finally:
        await database.close()


def favorites(stage: Stage, username: str) -> list[str]:
    user = stage.mixcloud.catalogue.user(username)
    assert user is not None
    return [show.key for _, show in stage.mixcloud.catalogue.favorites.by(user)]
