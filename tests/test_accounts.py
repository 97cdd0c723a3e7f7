"""Acting as a linked user, and the rules of linking that need no browser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from mixbot.accounts import (
    CODE_ALPHABET,
    LINK_LIFETIME,
    OPPOSITE,
    STARTS_ALLOWED,
    Accounts,
    Action,
    CodeToEnter,
    Linked,
    LinkingOff,
    LinkRefused,
    LinkUnreadable,
    LinkUsed,
    NotLinked,
    Person,
    Reply,
    TooManyLinks,
)
from mixbot.mixcloud import Mixcloud, MixcloudError, RateLimited
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud.faults import RateLimit, ServerError, Slow
from mixbot.services import MIXCLOUD
from mixbot.services.mixcloud import Credentials, MixcloudService
from mixbot.store import Store
from mixbot.vault import Vault
from tests.databases import database_url, store
from tests.linking import CLIENT_ID, CLIENT_SECRET, FAVORITE, REPLY, SHOW, Clock, mixcloud_server

__all__ = ["database_url", "mixcloud_server", "store"]

ADA, BOB = 80351110224678912, 80351110224678913
UNFAVORITE = Action("unfavorite", SHOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def mixcloud(mixcloud_server: MixcloudServer) -> AsyncIterator[Mixcloud]:
    async with Mixcloud(mixcloud_server.api_url, mixcloud_root=mixcloud_server.site_url) as client:
        yield client


@pytest_asyncio.fixture
async def accounts(store: Store, mixcloud: Mixcloud, clock: Clock) -> AsyncIterator[Accounts]:
    accounts = Accounts(
        store,
        MixcloudService(mixcloud, Credentials(CLIENT_ID, CLIENT_SECRET)),
        vault=Vault.from_keys(Vault.new_key()),
        now=clock,
    )
    yield accounts
    await accounts.close()


async def link(
    accounts: Accounts, server: MixcloudServer, *, user_id: int = ADA, username: str = "ada.plays"
) -> Linked:
    """Link a user as quickly as it goes: no browser, but every step."""
    address = await accounts.start_link(Person(user_id, "Ada"), waiting=FAVORITE, reply=REPLY)
    consent = await accounts.continue_link(address.rpartition("/")[2], browser="cookie")
    redirect_uri = consent.partition("redirect_uri=")[2].partition("&")[0]
    redirect_uri = redirect_uri.replace("%3A", ":").replace("%2F", "/")
    code = server.code_for(username, CLIENT_ID, redirect_uri)
    outcome = await accounts.finish_link(redirect_uri.rpartition("/")[2], code, browser="cookie")
    assert isinstance(outcome, CodeToEnter)
    return await accounts.enter_code(user_id, outcome.code)


def favorites(server: MixcloudServer, username: str = "ada.plays") -> list[str]:
    user = server.catalogue.user(username)
    assert user is not None
    return [show.key for _, show in server.catalogue.favorites.by(user)]


def calls(server: MixcloudServer) -> list[str]:
    """The actions that reached Mixcloud."""
    return [f"{r.method} {r.path}" for r in server.requests if r.path.lower().startswith(SHOW)]


class TestActing:
    async def test_it_is_the_user_who_acts(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        await link(accounts, mixcloud_server, user_id=BOB, username="bob.plays")
        async with accounts.acting_as(BOB) as mixcloud:
            await mixcloud.favorite(SHOW)
        assert favorites(mixcloud_server, "bob.plays") == [SHOW]
        assert favorites(mixcloud_server, "ada.plays") == []

    async def test_who_is_not_linked_cannot(self, accounts: Accounts) -> None:
        with pytest.raises(NotLinked, match="Link your Mixcloud account first"):
            async with accounts.acting_as(ADA):
                pytest.fail("acted as nobody")

    async def test_a_refused_token_is_forgotten_and_linking_again_helps(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.revoke_all("ada.plays")
        with pytest.raises(LinkRefused, match="no longer accepts your link") as refused:
            await accounts.perform(ADA, FAVORITE)
        assert refused.value.__cause__ is None
        assert await accounts.account(ADA) is None
        with pytest.raises(NotLinked, match="first"):
            await accounts.perform(ADA, FAVORITE)
        await link(accounts, mixcloud_server)
        await accounts.perform(ADA, FAVORITE)
        assert favorites(mixcloud_server) == [SHOW]

    async def test_a_token_refused_late_does_not_undo_a_new_link(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.revoke_all("ada.plays")

        async def link_again_and_act() -> None:
            async with accounts.acting_as(ADA) as mixcloud:
                await link(accounts, mixcloud_server)
                await mixcloud.favorite(SHOW)

        with pytest.raises(LinkRefused):
            await link_again_and_act()
        assert await accounts.account(ADA) is not None

    async def test_other_trouble_leaves_the_link_alone(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        for fault in (ServerError(), RateLimit(30)):
            mixcloud_server.fault("POST", "/*/*/favorite/", fault)
            with pytest.raises(MixcloudError):
                await accounts.perform(ADA, FAVORITE)
            mixcloud_server.clear_faults()
        assert await accounts.account(ADA) is not None

    async def test_while_mixcloud_asks_to_wait_nobody_calls_it(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.fault("POST", "/*/*/favorite/", RateLimit(30), times=1)
        for _ in range(2):
            with pytest.raises(RateLimited) as limited:
                await accounts.perform(ADA, FAVORITE)
            assert 25 < limited.value.retry_after < 40
        assert len(calls(mixcloud_server)) == 1

    async def test_unlinking_forgets_the_account(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        assert await accounts.unlink(ADA)
        assert not await accounts.unlink(ADA)
        with pytest.raises(NotLinked):
            await accounts.perform(ADA, FAVORITE)


class TestClicks:
    async def test_two_quick_clicks_are_one_call(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        await asyncio.gather(*(accounts.perform(ADA, FAVORITE) for _ in range(3)))
        await accounts.perform(ADA, FAVORITE)
        assert calls(mixcloud_server) == [f"POST {SHOW}favorite/"]

    async def test_they_share_what_goes_wrong_and_the_next_tries_again(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.fault("POST", "/*/*/favorite/", ServerError(), times=1)
        outcomes = await asyncio.gather(
            *(accounts.perform(ADA, FAVORITE) for _ in range(2)), return_exceptions=True
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["Unreachable"] * 2
        await accounts.perform(ADA, FAVORITE)
        assert len(calls(mixcloud_server)) == 2
        assert favorites(mixcloud_server) == [SHOW]

    async def test_doing_undoing_and_doing_again_are_three(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        for action in (FAVORITE, UNFAVORITE, FAVORITE):
            await accounts.perform(ADA, action)
        assert [call.split()[0] for call in calls(mixcloud_server)] == ["POST", "DELETE", "POST"]
        assert favorites(mixcloud_server) == [SHOW]

    async def test_the_same_show_in_another_spelling_is_the_same_click(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        for verb in ("favorite", "unfavorite", "favorite"):
            for key in (SHOW, SHOW.upper()):
                await accounts.perform(ADA, Action(verb, key))
        assert [call.split()[0] for call in calls(mixcloud_server)] == ["POST", "DELETE", "POST"]
        await accounts.perform(ADA, replace(UNFAVORITE, key=SHOW.upper()))
        await accounts.perform(ADA, FAVORITE)
        assert favorites(mixcloud_server) == [SHOW]

    async def test_undoing_waits_for_what_it_undoes(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.fault("POST", "/*/*/favorite/", Slow(0.05))
        arrived = asyncio.create_task(mixcloud_server.requested("POST", f"{SHOW}favorite/"))
        doing = asyncio.create_task(accounts.perform(ADA, FAVORITE))
        await asyncio.sleep(0)
        await asyncio.gather(accounts.perform(ADA, UNFAVORITE), doing, arrived)
        assert favorites(mixcloud_server) == []

    async def test_other_people_and_other_shows_are_other_calls(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        await link(accounts, mixcloud_server, user_id=BOB, username="bob.plays")
        other = mixcloud_server.catalogue.add_show("spinner", "Early Shift", slug="early-shift")
        await asyncio.gather(
            accounts.perform(ADA, FAVORITE),
            accounts.perform(BOB, FAVORITE),
            accounts.perform(ADA, replace(FAVORITE, key=other.key)),
        )
        assert sorted(favorites(mixcloud_server)) == sorted([SHOW, other.key])
        assert favorites(mixcloud_server, "bob.plays") == [SHOW]

    async def test_a_click_counts_though_nobody_waits_for_it(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        mixcloud_server.fault("POST", "/*/*/favorite/", Slow(0.05))
        arrival = asyncio.create_task(mixcloud_server.requested("POST", f"{SHOW}favorite/"))
        clicking = asyncio.create_task(accounts.perform(ADA, FAVORITE))
        await asyncio.sleep(0)
        clicking.cancel()
        await arrival
        await accounts.close()
        assert favorites(mixcloud_server) == [SHOW]

    def test_every_verb_is_a_method_and_has_an_opposite(self) -> None:
        assert len(OPPOSITE) == 8
        for verb, opposite in OPPOSITE.items():
            assert callable(getattr(Mixcloud, verb))
            assert OPPOSITE[opposite] == verb


class TestLinking:
    async def test_a_link_is_long_and_never_the_same(self, accounts: Accounts) -> None:
        links = {
            (await accounts.start_link(Person(user, "x"))).rpartition("/")[2] for user in range(9)
        }
        assert len(links) == 9
        assert all(len(link) >= 22 for link in links)  # 128 bits, in base 64

    async def test_starts_are_limited_by_user(self, accounts: Accounts, clock: Clock) -> None:
        for _ in range(STARTS_ALLOWED):
            await accounts.start_link(Person(ADA, "Ada"))
        with pytest.raises(TooManyLinks):
            await accounts.start_link(Person(ADA, "Ada"))
        await accounts.start_link(Person(BOB, "Bob"))
        clock.advance(minutes=10)
        await accounts.start_link(Person(ADA, "Ada"))

    async def test_without_credentials_or_keys_it_is_off(
        self, store: Store, mixcloud: Mixcloud
    ) -> None:
        vault = Vault.from_keys(Vault.new_key())
        for accounts in (
            Accounts(store, MixcloudService(mixcloud)),
            Accounts(store, MixcloudService(mixcloud), vault=vault),
            Accounts(store, MixcloudService(mixcloud, Credentials("id", "secret"))),
        ):
            with pytest.raises(LinkingOff, match="switched off"):
                await accounts.start_link(Person(ADA, "Ada"))
            with pytest.raises(NotLinked):
                await accounts.perform(ADA, FAVORITE)

    async def test_a_newer_attempt_beats_one_that_is_being_exchanged(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        address = await accounts.start_link(Person(ADA, "Ada"))
        consent = await accounts.continue_link(address.rpartition("/")[2], browser="cookie")
        nonce = consent.partition("callback%2F")[2].partition("&")[0]
        code = mixcloud_server.code_for(
            "ada.plays", CLIENT_ID, f"{accounts.public_url}/oauth/mixcloud/callback/{nonce}"
        )
        mixcloud_server.fault("GET", "/me/", Slow(0.05))
        arrival = asyncio.create_task(mixcloud_server.requested("GET", "/me/"))
        finishing = asyncio.create_task(accounts.finish_link(nonce, code, browser="cookie"))
        await arrival
        newer = await accounts.start_link(Person(ADA, "Ada"))
        with pytest.raises(LinkUsed):
            await finishing
        attempt = await accounts.open_link(newer.rpartition("/")[2])
        assert attempt.user_id == ADA

    async def test_linking_again_takes_the_other_account(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        await link(accounts, mixcloud_server)
        await link(accounts, mixcloud_server, username="bob.plays")
        account = await accounts.account(ADA)
        assert account is not None
        assert (account.username, account.key) == ("bob.plays", "/bob.plays/")

    async def test_a_listener_that_fails_does_not_spoil_the_link(
        self,
        accounts: Accounts,
        mixcloud_server: MixcloudServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        async def listener(linked: Linked) -> None:
            raise ZeroDivisionError

        accounts.on_linked = listener
        linked = await link(accounts, mixcloud_server)
        await accounts.close()
        assert await accounts.account(ADA) == linked.account
        (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
        assert record.exc_info

    def test_codes_cannot_be_misread(self) -> None:
        assert not set(CODE_ALPHABET) & set("01IOL")
        assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET)


class TestKeys:
    async def test_accounts_survive_rotation(
        self, store: Store, mixcloud: Mixcloud, mixcloud_server: MixcloudServer
    ) -> None:
        old, new = Vault.new_key(), Vault.new_key()

        def with_keys(*keys: str) -> Accounts:
            vault = Vault.from_keys(",".join(keys))
            return Accounts(
                store,
                MixcloudService(mixcloud, Credentials(CLIENT_ID, CLIENT_SECRET)),
                vault=vault,
            )

        await link(with_keys(old), mixcloud_server)
        await with_keys(new, old).perform(ADA, FAVORITE)
        assert favorites(mixcloud_server) == [SHOW]
        with pytest.raises(LinkUnreadable):
            await with_keys(new).perform(ADA, UNFAVORITE)
        await with_keys(old).perform(ADA, UNFAVORITE)  # nothing was deleted for want of a key
        await link(with_keys(new, old), mixcloud_server)
        await with_keys(new).perform(ADA, FAVORITE)

    async def test_a_token_in_another_user_s_row_is_of_no_use(
        self, accounts: Accounts, store: Store, mixcloud_server: MixcloudServer
    ) -> None:
        linked = await link(accounts, mixcloud_server)
        await store.save_account(replace(linked.account, user_id=BOB))
        with pytest.raises(LinkUnreadable):
            await accounts.perform(BOB, FAVORITE)

    async def test_nothing_that_is_shown_holds_a_secret(
        self, accounts: Accounts, mixcloud_server: MixcloudServer
    ) -> None:
        linked = await link(accounts, mixcloud_server)
        shown = repr(linked) + repr(linked.account) + repr(Credentials("id", "s3cret"))
        assert REPLY.token not in shown
        assert "s3cret" not in shown
        assert repr(linked.account.token) not in shown
        assert repr(CodeToEnter("ABCDEF")) == "CodeToEnter()"
        assert repr(Reply(1, "t")) == "Reply(application_id=1)"


async def test_a_link_attempt_lives_as_long_as_its_page_says(
    accounts: Accounts, clock: Clock
) -> None:
    address = await accounts.start_link(Person(ADA, "Ada"))
    attempt = await accounts.open_link(address.rpartition("/")[2])
    assert attempt.expires_at - clock.now == LINK_LIFETIME
    assert attempt.provider == MIXCLOUD
