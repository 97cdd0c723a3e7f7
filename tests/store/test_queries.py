"""What is remembered, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mixbot.store import Account, LinkAttempt, LinkReply, Share, Store, open_store
from mixbot.store.queries import LOOKED_BACK

ADA, BOB = 2**63 - 1, 80351110224678912
NOW = datetime(2026, 5, 17, 12, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
HOUR = timedelta(hours=1)
ATTEMPT = LinkAttempt(
    user_id=ADA,
    provider="mixcloud",
    user_name="Ada 🎧",
    started_at=NOW,
    expires_at=LATER,
    waiting_verb="favorite",
    waiting_key="/spinner/late-shift/",
    reply_application_id=2**62,
    reply_token=b"sealed",
    link=b"link",
)


def account(user_id: int = ADA, **changes: object) -> Account:
    values = {"key": "/ada/", "username": "ada", "name": "Ada 🎧", "token": b"\x00sealed\xff"}
    return Account(user_id=user_id, provider="mixcloud", linked_at=NOW, **(values | changes))  # type: ignore[arg-type]


class TestAccounts:
    async def test_an_account_comes_back_as_it_was_saved(self, store: Store) -> None:
        await store.save_account(account())
        assert await store.account(ADA, "mixcloud") == account()
        assert await store.account(BOB, "mixcloud") is None
        assert await store.account(ADA, "soundcloud") is None

    async def test_linking_again_replaces_the_account(self, store: Store) -> None:
        await store.save_account(account())
        await store.save_account(account(key="/lovelace/", token=b"new"))
        assert await store.account(ADA, "mixcloud") == account(key="/lovelace/", token=b"new")

    async def test_deleting_says_whether_there_was_one(self, store: Store) -> None:
        await store.save_account(account())
        await store.save_account(account(BOB))
        assert await store.delete_account(ADA, "mixcloud")
        assert not await store.delete_account(ADA, "mixcloud")
        assert await store.account(BOB, "mixcloud") == account(BOB)

    async def test_a_token_that_was_replaced_is_not_deleted(self, store: Store) -> None:
        await store.save_account(account(token=b"new"))
        assert not await store.delete_account(ADA, "mixcloud", token=b"old")
        assert await store.delete_account(ADA, "mixcloud", token=b"new")

    async def test_a_change_is_seen_by_the_next_question(self, store: Store) -> None:
        for number in range(20):
            await store.save_account(account(name=str(number)))
            saved = await store.account(ADA, "mixcloud")
            assert saved is not None
            assert saved.name == str(number)

    async def test_an_account_is_added_only_where_there_is_none(self, store: Store) -> None:
        added = await asyncio.gather(
            *(store.add_account(account(token=bytes([number]))) for number in range(5))
        )
        assert sorted(added) == [False, False, False, False, True]
        assert await store.account(ADA, "mixcloud") == account(token=bytes([added.index(True)]))

    async def test_of_many_who_replace_a_token_one_does(self, store: Store) -> None:
        for one in (account(), account(BOB)):
            await store.save_account(one)
        old = account().token
        replaced = await asyncio.gather(
            *(
                store.replace_token(ADA, "mixcloud", bytes([number]), instead_of=old)
                for number in range(5)
            )
        )
        assert sorted(replaced) == [False, False, False, False, True]
        token = bytes([replaced.index(True)])
        assert await store.account(ADA, "mixcloud") == account(token=token)
        assert await store.account(BOB, "mixcloud") == account(BOB)

    async def test_a_token_of_an_account_that_is_gone_is_not_replaced(self, store: Store) -> None:
        assert not await store.replace_token(ADA, "mixcloud", b"new", instead_of=account().token)
        assert await store.account(ADA, "mixcloud") is None


class TestRefreshing:
    """One at a time, among all processes."""

    async def test_one_holds_it_until_it_ends(self, store: Store) -> None:
        await store.save_account(account())
        begun = await asyncio.gather(
            *(store.begin_refreshing(ADA, "mixcloud", str(one), NOW, LATER) for one in range(5))
        )
        assert sorted(begun) == [False, False, False, False, True]
        await store.end_refreshing(ADA, "mixcloud", str(begun.index(True)))
        assert await store.begin_refreshing(ADA, "mixcloud", "another", NOW, LATER)

    async def test_who_does_not_hold_it_does_not_end_it(self, store: Store) -> None:
        await store.save_account(account())
        assert await store.begin_refreshing(ADA, "mixcloud", "one", NOW, LATER)
        await store.end_refreshing(ADA, "mixcloud", "another")
        assert not await store.begin_refreshing(ADA, "mixcloud", "another", NOW, LATER)

    async def test_that_of_a_dead_holder_ends_by_itself(self, store: Store) -> None:
        await store.save_account(account())
        assert await store.begin_refreshing(ADA, "mixcloud", "dead", NOW, LATER)
        assert await store.begin_refreshing(ADA, "mixcloud", "alive", LATER, LATER + HOUR)
        await store.end_refreshing(ADA, "mixcloud", "dead")
        assert not await store.begin_refreshing(ADA, "mixcloud", "third", LATER, LATER + HOUR)

    async def test_it_is_of_one_account(self, store: Store) -> None:
        other = replace(account(), provider="soundcloud")
        for one in (account(), other, account(BOB)):
            await store.save_account(one)
        for user_id, provider in ((ADA, "mixcloud"), (ADA, "soundcloud"), (BOB, "mixcloud")):
            assert await store.begin_refreshing(user_id, provider, "one", NOW, LATER)
        await store.end_refreshing(ADA, "soundcloud", "one")
        assert not await store.begin_refreshing(ADA, "mixcloud", "another", NOW, LATER)

    async def test_there_is_nothing_to_hold_of_an_account_that_is_gone(self, store: Store) -> None:
        assert not await store.begin_refreshing(ADA, "mixcloud", "one", NOW, LATER)
        assert await store.account(ADA, "mixcloud") is None

    async def test_it_does_not_keep_an_account_from_being_linked_again(self, store: Store) -> None:
        await store.save_account(account())
        await store.begin_refreshing(ADA, "mixcloud", "one", NOW, LATER)
        await store.save_account(account(token=b"new"))
        assert await store.account(ADA, "mixcloud") == account(token=b"new")
        assert await store.delete_account(ADA, "mixcloud", token=b"new")


class TestLinking:
    async def test_starts_are_counted_by_user_and_window(self, store: Store) -> None:
        counts = [await store.count_link_start(ADA, NOW) for _ in range(3)]
        assert counts == [1, 2, 3]
        assert await store.count_link_start(BOB, NOW) == 1
        assert await store.count_link_start(ADA, NOW + timedelta(minutes=10)) == 1

    async def test_a_newer_attempt_voids_the_older(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        newer = replace(ATTEMPT, link=b"newer", waiting_verb=None, waiting_key=None)
        await store.start_link(newer)
        assert await store.link_attempt(link=b"link") is None
        assert await store.link_attempt(link=b"newer") == newer

    async def test_only_the_first_browser_is_bound(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        assert await store.bind_link(b"link", b"first", NOW, nonce=b"nonce")
        assert await store.bind_link(b"link", b"second", NOW, nonce=b"other") is None
        again = await store.bind_link(b"link", b"first", NOW, nonce=b"again")
        assert again == replace(ATTEMPT, browser=b"first", nonce=b"again")
        assert await store.link_attempt_by(nonce=b"nonce") is None

    async def test_an_expired_link_binds_nobody(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        assert await store.bind_link(b"link", b"first", LATER, nonce=b"nonce") is None

    async def test_an_attempt_is_taken_once_by_its_browser_in_time(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        await store.bind_link(b"link", b"first", NOW, nonce=b"nonce")
        assert await store.take_link_attempt(b"nonce", b"second", NOW, provider="mixcloud") is None
        assert await store.take_link_attempt(b"nonce", b"first", LATER, provider="mixcloud") is None
        assert await store.take_link_attempt(b"nonce", b"first", NOW, provider="mixcloud")
        assert await store.take_link_attempt(b"nonce", b"first", NOW, provider="mixcloud") is None

    async def test_of_many_takers_one_wins(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        await store.bind_link(b"link", b"first", NOW, nonce=b"nonce")
        taken = await asyncio.gather(
            *(
                store.take_link_attempt(b"nonce", b"first", NOW, provider="mixcloud")
                for _ in range(10)
            )
        )
        assert sum(attempt is not None for attempt in taken) == 1

    async def test_a_state_works_once_and_leads_to_a_nonce(self, store: Store) -> None:
        await store.start_link(ATTEMPT)
        await store.bind_link(b"link", b"first", NOW, state=b"state", verifier=b"sealed")
        assert await store.take_state(b"state", b"second", NOW, nonce=b"nonce") is None
        assert await store.take_state(b"state", b"first", NOW, nonce=b"nonce")
        assert await store.take_state(b"state", b"first", NOW, nonce=b"nonce") is None
        assert await store.link_attempt_by(state=b"state") is None
        taken = await store.take_link_attempt(b"nonce", b"first", NOW, provider="mixcloud")
        assert taken is not None
        assert taken.verifier == b"sealed"

    @pytest.mark.parametrize("signs_in", [False, True])
    async def test_the_verifier_of_a_consent_is_kept_until_its_nonce_comes(
        self, store: Store, signs_in: bool
    ) -> None:
        awaited = {"nonce": b"nonce", "consent_verifier": b"consent"}
        await store.start_link(ATTEMPT)
        if signs_in:
            await store.bind_link(b"link", b"first", NOW, state=b"state", verifier=b"sign-in")
            taken = await store.take_state(b"state", b"first", NOW, **awaited)
        else:
            taken = await store.bind_link(b"link", b"first", NOW, **awaited)
        assert taken
        assert taken.consent_verifier == b"consent"
        back = await store.take_link_attempt(b"nonce", b"first", NOW, provider="mixcloud")
        assert back == taken
        await store.complete_link(replace(back, expires_at=NOW), account())
        [untold] = await store.take_untold(NOW, LATER, since=NOW - HOUR)
        assert untold.consent_verifier is None

    async def test_who_starts_over_in_a_browser_starts_with_another_consent(
        self, store: Store
    ) -> None:
        await store.start_link(ATTEMPT)
        await store.bind_link(b"link", b"first", NOW, nonce=b"nonce", consent_verifier=b"consent")
        again = await store.bind_link(b"link", b"first", NOW, state=b"state")
        assert again
        assert again.consent_verifier is None

    async def test_a_code_does_not_displace_a_newer_attempt(self, store: Store) -> None:
        waits = replace(ATTEMPT, link=None, code=b"code", tries_left=5)
        assert await store.await_code(waits)
        assert not await store.await_code(waits)
        await store.start_link(ATTEMPT)
        assert await store.try_code(ADA, "mixcloud", NOW) is None

    async def test_tries_run_out_however_quickly_they_come(self, store: Store) -> None:
        await store.await_code(replace(ATTEMPT, link=None, code=b"code", tries_left=5))
        tries = await asyncio.gather(*(store.try_code(ADA, "mixcloud", NOW) for _ in range(12)))
        left = sorted(attempt.tries_left or 0 for attempt in tries if attempt)
        assert left == [0, 1, 2, 3, 4]

    async def test_a_code_is_taken_once(self, store: Store) -> None:
        waits = replace(ATTEMPT, link=None, code=b"code", tries_left=5)
        await store.await_code(waits)
        taken = await asyncio.gather(*(store.take_code(waits) for _ in range(5)))
        assert sorted(taken) == [False, False, False, False, True]

    async def test_ending_an_attempt_spares_a_newer_one(self, store: Store) -> None:
        newer = replace(ATTEMPT, started_at=NOW + timedelta(seconds=1), link=b"newer")
        await store.start_link(newer)
        await store.end_link(ATTEMPT)
        assert await store.link_attempt(link=b"newer") == newer
        await store.end_link(newer)
        assert await store.link_attempt(link=b"newer") is None


class TestShares:
    async def test_the_last_share_is_the_channel_s_own(self, store: Store) -> None:
        await store.record_share(1, "/a/one/", shared_at=NOW)
        await store.record_share(1, "/a/two/", shared_at=NOW, name="Two", user_id=ADA, guild_id=9)
        await store.record_share(2, "/a/three/", shared_at=NOW)
        assert await store.last_share(1) == Share(1, 9, ADA, "/a/two/", "Two", NOW)
        assert await store.last_share(3) is None

    async def test_a_share_outlives_the_process(self, store: Store, database_url: str) -> None:
        async with open_store(database_url) as stopping:
            await stopping.record_share(1, "/a/one/", shared_at=NOW)
        assert await store.last_share(1) is not None

    async def test_another_process_sees_a_share_a_moment_later(
        self, store: Store, database_url: str
    ) -> None:
        async with open_store(database_url) as other:
            before = asyncio.all_tasks()
            await store.record_share(1, "/a/one/", shared_at=NOW)
            await asyncio.wait(asyncio.all_tasks() - before)
            assert await other.last_share(1) is not None

    async def test_recent_shares_come_newest_first_and_once(self, store: Store) -> None:
        for key in ("/a/one/", "/a/two/", "/a/one/", "/a/three/"):
            await store.record_share(1, key, shared_at=NOW, user_id=ADA, guild_id=9)
        await store.record_share(2, "/a/four/", shared_at=NOW, user_id=BOB, guild_id=8)

        async def keys(**place: int) -> list[str]:
            return [share.key for share in await store.recent_shares(**place)]

        assert await keys(channel_id=1) == ["/a/three/", "/a/one/", "/a/two/"]
        assert await keys(user_id=ADA, limit=2) == ["/a/three/", "/a/one/"]
        assert await keys(channel_id=7) == []

    async def test_what_a_message_shared_is_taken_back(self, store: Store) -> None:
        await store.record_share(1, "/a/before/", shared_at=NOW, user_id=ADA)
        await store.record_share(1, "/a/mistaken/", shared_at=LATER, user_id=ADA)
        await store.record_share(1, "/a/of-bob/", shared_at=LATER, user_id=BOB)
        await store.take_shares_back(LinkReply(5, 1, ADA, 6, "/a/mistaken/", LATER))
        left = [share.key for share in await store.recent_shares(channel_id=1)]
        assert left == ["/a/of-bob/", "/a/before/"]

    async def test_however_much_was_shared_few_shares_are_looked_at(self, store: Store) -> None:
        await store.record_share(1, "/a/old/", shared_at=NOW, guild_id=9)
        for _ in range(LOOKED_BACK - 1):
            await store.record_share(1, "/a/again/", shared_at=NOW, guild_id=9)
        both = await store.recent_shares(channel_id=1)
        assert [share.key for share in both] == ["/a/again/", "/a/old/"]
        await store.record_share(1, "/a/again/", shared_at=NOW, guild_id=9)
        assert [share.key for share in await store.recent_shares(channel_id=1)] == ["/a/again/"]


class TestLongKeys:
    KEY = "/%E6%B7%B1%E5%A4%9C/" + "%E3%81%82" * 60 + "/"

    async def test_a_short_id_leads_back_to_its_key(self, store: Store) -> None:
        short = await store.short_id(self.KEY)
        assert len(short) == 22
        assert await store.long_key(short) == self.KEY
        assert await store.long_key("nothing") is None

    async def test_a_key_keeps_its_short_id(self, store: Store, database_url: str) -> None:
        first = await store.short_id(self.KEY)
        assert await store.short_id(self.KEY) == first
        async with open_store(database_url) as restarted:
            assert await restarted.short_id(self.KEY) == first
            assert await restarted.long_key(first) == self.KEY


class TestGates:
    async def test_a_gate_stays_closed_for_the_longest_wait(self, store: Store) -> None:
        assert await store.gate("mixcloud") is None
        await store.close_gate("mixcloud", LATER)
        await store.close_gate("mixcloud", NOW)
        assert await store.gate("mixcloud") == LATER

    async def test_every_process_sees_it(self, store: Store, database_url: str) -> None:
        async with open_store(database_url) as other:
            await store.close_gate("mixcloud", LATER)
            assert await other.gate("mixcloud") == LATER


class TestForgetting:
    async def test_the_old_is_purged_and_the_rest_stays(self, store: Store) -> None:
        await store.save_account(account())
        await store.start_link(ATTEMPT)
        await store.start_link(replace(ATTEMPT, user_id=BOB, link=b"b", expires_at=NOW))
        await store.record_share(1, "/a/old/", shared_at=NOW - timedelta(days=500))
        await store.record_share(2, "/a/new/", shared_at=NOW)
        await store.close_gate("mixcloud", NOW)
        await store.count_link_start(ADA, NOW - timedelta(hours=1))
        await store.purge(NOW)
        assert await store.account(ADA, "mixcloud")
        assert await store.link_attempt(link=b"link") == ATTEMPT
        assert await store.link_attempt(link=b"b") is None
        assert await store.last_share(1) is None
        assert await store.last_share(2) is not None
        assert await store.gate("mixcloud") is None
        assert await store.count_link_start(ADA, NOW - timedelta(hours=1)) == 1

    async def test_a_user_is_forgotten_everywhere(self, store: Store) -> None:
        for user_id, link in ((ADA, b"a"), (BOB, b"b")):
            await store.save_account(account(user_id))
            await store.start_link(replace(ATTEMPT, user_id=user_id, link=link))
            await store.count_link_start(user_id, NOW)
            await store.record_share(user_id, "/a/b/", shared_at=NOW, user_id=user_id)
        await store.forget(ADA)
        assert await store.account(ADA, "mixcloud") is None
        assert await store.link_attempt(link=b"a") is None
        assert await store.last_share(ADA) is None
        assert await store.count_link_start(ADA, NOW) == 1
        assert await store.account(BOB, "mixcloud") == account(BOB)
        assert await store.link_attempt(link=b"b") is not None
        assert await store.last_share(BOB) is not None


async def test_times_come_back_in_utc_whatever_zone_they_went_in(store: Store) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    await store.close_gate("mixcloud", tokyo)
    kept = await store.gate("mixcloud")
    assert kept == NOW
    assert kept.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="without a time zone"):
        await store.close_gate("mixcloud", NOW.replace(tzinfo=None))


async def test_many_processes_write_at_once(store: Store, database_url: str) -> None:
    async with open_store(database_url) as other:
        await asyncio.gather(
            *(
                writer.record_share(number, "/a/b/", shared_at=NOW, user_id=ADA)
                for number in range(50)
                for writer in (store, other)
            )
        )
        for number in range(50):
            assert await other.last_share(number)


async def test_an_account_is_remembered_only_until_it_changes(store: Store) -> None:
    for changed in (account(), account(name="Another")):
        await store.save_account(changed)
        assert await store.account(ADA, "mixcloud") == changed
    await store.delete_account(ADA, "mixcloud")
    assert await store.account(ADA, "mixcloud") is None
    await store.save_account(account())
    assert await store.account(ADA, "mixcloud")
    await store.forget(ADA)
    assert await store.account(ADA, "mixcloud") is None


async def test_an_account_read_while_it_changes_is_not_remembered(store: Store) -> None:
    await store.save_account(account())
    await asyncio.gather(*(store.account(ADA, "mixcloud") for _ in range(4)), store.forget(ADA))
    assert await store.account(ADA, "mixcloud") is None
