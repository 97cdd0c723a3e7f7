"""Whatever people do with the bot, in whatever order: it answers, keeps secrets, and is honest.

`MIXBOT_ACTIONS=10000 pytest tests/bot/test_random_users.py` has them do that many things.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from mixbot import mixcloud, soundcloud, tokens
from mixbot.ui import answers
from tests.bot.crowd import DO, SERVICES, Crowd

log = logging.getLogger(__name__)

AT_HAND = 200
ACTIONS = int(os.environ.get("MIXBOT_ACTIONS", AT_HAND))
STEPS = 50 if ACTIONS <= 1000 else 100  # of one story
DESCRIPTORS = Path("/proc/self/fd")

WHO = st.integers(0, 3)
WHERE = st.integers(0, 6)
RECENT = st.integers(0, 12)  # 0 is the newest message
NUMBER = st.integers(0, 40)
LUCK = st.integers(0, 2**16)
SERVICE = st.sampled_from(SERVICES)
FIND = [
    *(f"mixcloud {name}" for name in ("search", "show", "user", "browse", "surprise")),
    *(f"soundcloud {name}" for name in ("search", "search", "show", "show", "me")),
]
WAYS = ["agree", "agree", "code", "code", "look", "leave", "cancel", "other", "deny"]
MEANWHILE = [
    *("recover", "revoke", "an hour", "an hour", "forget"),
    *("hide", "expire", "locale", "restart", "abrupt restart"),
]
PACE = st.sampled_from(["patiently", "soon", "at once"])  # when the next thing is done


class ErrorsLogged(logging.Handler):
    """Passes on what the bot takes for its own mistakes, and whatever else is an error."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.levelno >= logging.ERROR or "bug" in text or "too late" in text:
            self._complain(f"logged: {text}")


class Story(RuleBasedStateMachine):
    """What a crowd does, step by step."""

    def __init__(self, folder: Path, asked: Counter[str], done: Counter[str]) -> None:
        super().__init__()
        self._asked, self._done = asked, done
        self._complaints: list[str] = []
        self._during = ""
        self._handler = ErrorsLogged(self._complain)
        logging.getLogger().addHandler(self._handler)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._never_raised
        gc.collect()
        self._before = left_open()
        self._runner = asyncio.Runner()
        self._crowd = Crowd(Path(tempfile.mkdtemp(dir=folder)), self._complain)
        self._begun = False

    def _complain(self, what: str) -> None:
        self._complaints.append(self._during + what)

    def _never_raised(self, raised: Any) -> None:
        self._complain(f"in a destructor: {raised.exc_value!r}")

    def _do(self, step: Coroutine[Any, Any, None] | None, pace: str = "patiently") -> None:
        """Take a step. Patiently: when all that was asked is answered; soon: when it is promised.

        Whenever all is answered, it must be right.
        """

        async def follow() -> None:
            if step:
                await step
            match pace:
                case "patiently":
                    await self._crowd.settle()
                case "soon":
                    await self._crowd.witness.wait_for_promises()

        self._runner.run(follow())
        self._fail_if_wrong()

    def _fail_if_wrong(self) -> None:
        found, self._complaints[:] = list(self._complaints), []
        assert not found, "\n\n".join(found)

    @initialize(
        people=st.integers(2, 4),
        sign_in=st.booleans(),
        reads=st.booleans(),
        refreshes=st.sampled_from([True, False]),
        linked=st.sets(st.tuples(SERVICE, WHO)),
    )
    def begin(self, *, linked: set[tuple[str, int]], **scene: Any) -> None:
        self._begun = True
        self._do(self._crowd.open(**scene))
        for provider, who in sorted(linked):
            self._do(self._crowd.link(provider, who, 0, who))

    @rule(who=WHO, where=WHERE, luck=LUCK, pace=PACE)
    def command(self, who: int, where: int, luck: int, *, pace: str) -> None:
        self._do(self._crowd.command(who, where, Random(luck)), pace=pace)

    @rule(who=WHO, where=WHERE, path=st.sampled_from(FIND), luck=LUCK, pace=PACE)
    def find(self, who: int, where: int, path: str, luck: int, *, pace: str) -> None:
        self._do(self._crowd.command(who, where, Random(luck), path), pace=pace)

    @rule(who=WHO, where=WHERE, path=st.sampled_from(DO), luck=LUCK, pace=PACE)
    def do(self, who: int, where: int, path: str, luck: int, *, pace: str) -> None:
        self._do(self._crowd.command(who, where, Random(luck), path), pace=pace)

    @rule(provider=SERVICE, who=WHO, where=WHERE, luck=LUCK, pace=PACE)
    def act_together(self, provider: str, who: int, where: int, luck: int, *, pace: str) -> None:
        self._do(self._crowd.act(provider, who, where, Random(luck)), pace=pace)

    @rule(who=WHO, where=WHERE, luck=LUCK)
    def complete(self, who: int, where: int, luck: int) -> None:
        self._do(self._crowd.complete(who, where, Random(luck)))

    @rule(who=WHO, message=RECENT, button=NUMBER, pace=PACE)
    def click(self, who: int, message: int, button: int, *, pace: str) -> None:
        self._do(self._crowd.click(who, message, button), pace=pace)

    @rule(who=WHO, message=RECENT, button=NUMBER, pace=PACE)
    def act(self, who: int, message: int, button: int, *, pace: str) -> None:
        self._do(self._crowd.click(who, message, button, acts=True), pace=pace)

    @rule(who=WHO, message=RECENT, button=NUMBER)
    def click_twice(self, who: int, message: int, button: int) -> None:
        self._do(self._crowd.click(who, message, button), pace="at once")
        self._do(self._crowd.click(who, message, button))

    @rule(who=WHO, message=RECENT, menu=st.integers(0, 2), entry=NUMBER, pace=PACE)
    def choose(self, who: int, message: int, menu: int, entry: int, *, pace: str) -> None:
        self._do(self._crowd.choose(who, message, menu, entry), pace=pace)

    @rule(
        what=st.sampled_from(["message", "message", "person"]),
        who=WHO,
        where=RECENT,
        which=NUMBER,
        pace=PACE,
    )
    def use_menu(self, what: str, who: int, where: int, which: int, *, pace: str) -> None:
        uses = self._crowd.message_menu if what == "message" else self._crowd.person_menu
        self._do(uses(who, where, which), pace=pace)

    @rule(what=st.sampled_from(["write", "change", "dismiss"]), who=WHO, where=RECENT, luck=LUCK)
    def talk(self, what: str, who: int, where: int, luck: int) -> None:
        match what:
            case "write":
                step = self._crowd.write(who, where, Random(luck))
            case "change":
                step = self._crowd.change(who, where, Random(luck))
            case _dismiss:
                step = self._crowd.dismiss(who, where)
        self._do(step, pace="at once")

    @rule(provider=SERVICE, who=WHO, where=WHERE, account=st.integers(0, 2), rightly=st.booleans())
    def link(self, provider: str, who: int, where: int, account: int, *, rightly: bool) -> None:
        self._do(self._crowd.link(provider, who, where, account, rightly=rightly))

    @rule(
        who=WHO,
        which=RECENT,
        way=st.sampled_from(WAYS),
        account=st.integers(0, 2),
        rightly=st.booleans(),
    )
    def follow_link(self, who: int, which: int, way: str, account: int, *, rightly: bool) -> None:
        if way == "code":
            self._do(self._crowd.enter_code(who, rightly=rightly))
        else:
            self._do(self._crowd.visit(who, which, way, account))

    @rule(provider=SERVICE, kind=NUMBER, route=NUMBER, times=st.integers(1, 6))
    def trouble(self, provider: str, kind: int, route: int, times: int) -> None:
        self._crowd.trouble(provider, kind, route, times)
        self._do(None, pace="at once")

    @rule(
        what=st.sampled_from(MEANWHILE),
        provider=SERVICE,
        who=WHO,
        which=NUMBER,
    )
    def meanwhile(self, what: str, provider: str, who: int, which: int) -> None:
        match what:
            case "recover":
                self._crowd.recover()
            case "revoke":
                self._crowd.revoke(provider, who)
            case "an hour":
                self._crowd.pass_an_hour()
            case "forget":
                self._do(self._crowd.forget(who), "at once")
            case "hide":
                self._crowd.hide(which)
            case "locale":
                self._crowd.speak(who, which)
            case "expire":
                self._do(self._crowd.expire())
            case _restart:
                self._during = "while the bot stops: "
                self._do(self._crowd.restart(abruptly=what.startswith("abrupt")))
                self._during = ""

    def teardown(self) -> None:
        try:
            if self._begun:
                self._runner.run(self._crowd.close())
        finally:
            self._runner.close()
            self._asked += self._crowd.counts
            if self._begun:
                self._done += self._crowd.witness.counts
                self._done["refreshed"] += self._crowd.soundcloud.refreshes
            del self._crowd
            gc.collect()
            sys.unraisablehook = self._unraisable
            logging.getLogger().removeHandler(self._handler)
        if left := left_open() - self._before:
            self._complain(f"left open: {left}")
        self._fail_if_wrong()


def left_open() -> Counter[str]:
    """Files, sockets and threads of this process, and its temporary files."""
    found = Counter(thread.name for thread in threading.enumerate())
    found.update(path.name for path in Path(tempfile.gettempdir()).iterdir())
    if DESCRIPTORS.exists():
        kinds = (os.readlink(path) for path in DESCRIPTORS.iterdir() if path.is_symlink())
        found.update(kind.partition(":")[0] for kind in kinds)
    return found


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has time: what takes seconds with people takes tenths of them here."""

    def ten_times() -> float:
        return time.monotonic() * 10

    for service in (mixcloud, soundcloud):
        monkeypatch.setattr(service, "Gate", partial(service.Gate, clock=ten_times))
        monkeypatch.setattr(service.client, "PAUSE", (0.0, 0.01))
    monkeypatch.setattr(soundcloud.client, "Gate", soundcloud.Gate)
    monkeypatch.setattr(soundcloud.tokens, "REREADS", (0.0, 0.02, 0.08))
    monkeypatch.setattr(tokens, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(answers, "SOON", 0.1)


def test_whatever_people_do_is_answered_truly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: None
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    asked: Counter[str] = Counter()
    done: Counter[str] = Counter()
    began = time.monotonic()
    run_state_machine_as_test(
        cast("type[Story]", partial(Story, tmp_path, asked, done)),  # all it needs is to be called
        settings=settings(
            max_examples=-(-ACTIONS // STEPS),
            stateful_step_count=STEPS,
            derandomize=ACTIONS == AT_HAND or "CI" in os.environ,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    seconds = time.monotonic() - began
    log.info("%s actions in %.0f s: %s", asked.total(), seconds, asked.most_common())
    log.info("%s", done.most_common())
