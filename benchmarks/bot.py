"""What an interaction costs mixbot, against a bare discord.py bot that says “pong”.

Both bots, and Mixcloud, have processes of their own; this one is Discord, twice, and the people
who use the bots. Only the CPU time of the bot's process counts.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from pydantic import SecretStr

from benchmarks.drawing import measure_drawing
from benchmarks.ours import QUERIES, RESULTS, Served, run_mixbot, run_mixcloud
from benchmarks.pong import run_pong
from benchmarks.processes import Process, last_in_line, spawned
from benchmarks.program import Program, program
from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Channel, Message, User
from mixbot.settings import Settings
from mixbot.vault import Vault

SERVERS = 100
PEOPLE = 13  # in each server, so that nobody acts twice in a turn
IN_FLIGHT = 32
RATE = 200  # interactions a second, where they come when they come
MANY_SERVERS = 2500
MANY_SHOWS = 10_000  # in the cache
KEPT = 128  # pages and shows, so that the next of 256 queries or 353 shows is never among them
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    interactions: int  # in a turn
    seconds: int  # of interactions that come when they come
    starts: int  # of processes, for memory


FULL = Size(rounds=9, interactions=1280, seconds=10, starts=3)
QUICK = Size(rounds=2, interactions=1280, seconds=3, starts=1)


class Crowd:
    """People in servers, each with the bot of one Discord."""

    def __init__(
        self, server: DiscordServer, *, servers: int = SERVERS, people: int = PEOPLE
    ) -> None:
        self.server = server
        self.seats: list[tuple[User, Channel]] = []
        for number in range(servers):
            guild = server.guild(f"Server {number}")
            channel = guild.channel("general")
            for other in range(people):
                user = server.user(f"person-{number}-{other}")
                guild.join(user)
                self.seats.append((user, channel))

    @property
    def place(self) -> tuple[str, str, str]:
        """What a bot needs to come here: token, API, gateway."""
        return self.server.bot_token, self.server.api_url, self.server.gateway_url

    def settings(self, mixcloud: Served, database: Path) -> Settings:
        """What mixbot needs to come here."""
        token, api_url, gateway_url = self.place
        return Settings(
            discord_token=SecretStr(token),
            discord_api_url=api_url,
            discord_gateway_url=gateway_url,
            mixcloud_client_id="benchmark",
            mixcloud_client_secret=SecretStr("benchmark-secret"),
            mixcloud_api_url=mixcloud.url,
            database_url=f"sqlite:///{database}",
            encryption_keys=SecretStr(Vault.new_key()),
            log_level="ERROR",
        )

    def linked(self, mixcloud: Served) -> dict[int, str]:
        """A token of Mixcloud's for each person."""
        ids = (int(user.id) for user, _ in self.seats)
        return dict(zip(ids, mixcloud.tokens, strict=True))

    def forget(self) -> None:
        """Keep what was said out of this process's memory, where the collector would find it."""
        self.server.world.interactions.clear()
        self.server.world.interactions_by_token.clear()
        for _, channel in self.seats:
            channel.messages.clear()
        gc.collect()


@dataclass
class Subject:
    """A command of a bot, used by another person with other words each time."""

    name: str
    process: Process | Program
    crowd: Crowd
    command: str
    options: Callable[[int], dict[str, str]]
    is_right: Callable[[Message], bool]
    numbers: Iterator[int] = field(default_factory=count)

    async def use(self) -> float:
        """One interaction; seconds from when it is sent until its final answer is here."""
        number = next(self.numbers)
        user, channel = self.crowd.seats[number % len(self.crowd.seats)]
        started = time.perf_counter()
        interaction = await user.slash(channel, self.command, **self.options(number))
        reply = await interaction.reply(PATIENCE)
        seconds = time.perf_counter() - started
        if not self.is_right(reply):
            raise RuntimeError(f"{self.name} was answered with {reply!r}")
        return seconds


@dataclass
class Typing(Subject):
    """Suggestions while somebody types, of what was typed a moment ago by others, too."""

    async def use(self) -> float:
        number = next(self.numbers)
        user, channel = self.crowd.seats[number % len(self.crowd.seats)]
        started = time.perf_counter()
        choices = await user.autocomplete(
            channel, self.command, focused="mix", **self.options(number)
        )
        if not choices:
            raise RuntimeError("nothing was suggested")
        return time.perf_counter() - started


class Turning(Subject):
    """A search, and the page after it by the button: two interactions, of which one is counted."""

    def __init__(self, process: Process, crowd: Crowd, served: Served) -> None:
        queries = served.queries

        def query(number: int) -> dict[str, str]:
            return {"query": queries[number % len(queries)]}

        super().__init__("a page turned", process, crowd, "mixcloud search", query, has_results)

    async def use(self) -> float:
        number = next(self.numbers)
        user, channel = self.crowd.seats[number % len(self.crowd.seats)]
        found = await user.slash(channel, self.command, **self.options(number))
        message = await found.reply(PATIENCE)
        started = time.perf_counter()
        clicked = await user.click(message, "Next ▶")
        if not self.is_right(await clicked.reply(PATIENCE)):
            raise RuntimeError("the page was not turned")
        return time.perf_counter() - started


def main() -> None:
    size = QUICK if "--quick" in sys.argv else FULL
    with tempfile.TemporaryDirectory() as folder:
        with one_core():
            asyncio.run(measure_cpu(size, Path(folder)))
        asyncio.run(measure_latency(size, Path(folder)))
        with one_core():
            asyncio.run(measure_drawings(size, Path(folder)))
        asyncio.run(measure_programs(size, Path(folder)))


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and those it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    yield
    os.sched_setaffinity(0, cores)


def pong_subjects(process: Process, crowd: Crowd, served: Served) -> list[Subject]:
    """The bare bot: saying pong, and asking Mixcloud before it does."""

    def is_pong(message: Message) -> bool:
        return message.content == "pong"

    def search(number: int) -> dict[str, str]:
        query = quote_plus(served.queries[number % len(served.queries)])
        return {"path": f"/search/?q={query}&type=cloudcast&metadata=1&offset=0&limit={RESULTS}"}

    def show(number: int) -> dict[str, str]:
        return {"path": served.keys[number % len(served.keys)]}

    return [
        Subject("pong", process, crowd, "ping", lambda _: {}, is_pong),
        Subject("pong, having asked for a search", process, crowd, "asking", search, is_pong),
        Subject("pong, having asked for a show", process, crowd, "asking", show, is_pong),
    ]


def has_results(message: Message) -> bool:
    return len(message.menus[0]["options"]) >= RESULTS


def mixbot_subjects(process: Process | Program, crowd: Crowd, served: Served) -> list[Subject]:
    """What mixbot does: asking nobody, asking Mixcloud, and from what it keeps for a while."""
    queries, keys = served.queries, served.keys

    def subject(
        name: str,
        command: str,
        options: Callable[[int], dict[str, str]],
        is_right: Callable[[Message], bool],
    ) -> Subject:
        return Subject(name, process, crowd, command, options, is_right)

    def key(number: int) -> str:
        return keys[number // len(crowd.seats) % len(keys)].strip("/")

    def has_title(message: Message) -> bool:
        return message.text.startswith("###")

    return [
        subject("/mixcloud help, asking nobody", "mixcloud help", lambda _: {}, has_title),
        subject(
            f"/mixcloud search of {RESULTS}",
            "mixcloud search",
            lambda number: {"query": queries[number % len(queries)]},
            has_results,
        ),
        subject(
            "/mixcloud show",
            "mixcloud show",
            lambda number: {"mix": f"https://www.mixcloud.com{keys[number % len(keys)]}"},
            has_title,
        ),
        subject(
            "/favorite, linked",
            "favorite",
            lambda number: {"mix": key(number)},
            lambda message: message.content.startswith("Added"),
        ),
        subject(
            "the same search, from cache",
            "mixcloud search",
            lambda number: {"query": queries[number % 16]},
            has_results,
        ),
        subject(
            "the same show, from cache",
            "mixcloud show",
            lambda number: {"mix": f"https://www.mixcloud.com{keys[number % 16]}"},
            has_title,
        ),
    ]


def unheard(queries: Sequence[str], number: int) -> str:
    """A query that finds what one of `queries` does, and that nobody has asked before."""
    rest, place = divmod(number, len(queries))
    rest, spaces = divmod(rest, 40)
    return in_mixed_case(queries[place], rest).replace(" ", " " * (spaces + 1))


def in_mixed_case(text: str, number: int) -> str:
    """`text` with those of its letters in upper case that `number` says, bit by bit."""
    written = []
    for letter in text:
        if letter.isascii() and letter.isalpha():
            letter = letter.upper() if number & 1 else letter.lower()
            number >>= 1
        written.append(letter)
    return "".join(written)


# CPU at saturation


async def measure_cpu(size: Size, folder: Path) -> None:
    """Both bots share a core with Discord and Mixcloud, and come last.

    So there is always work waiting for them, which is what saturation means, although the sandbox
    may be slower than they are.
    """
    async with (
        spawned(run_mixcloud, SERVERS * PEOPLE) as (_, served),
        DiscordServer() as pong_server,
        DiscordServer() as server,
    ):
        pong_crowd, crowd = Crowd(pong_server), Crowd(server)
        settings = crowd.settings(served, folder / "cpu.db")
        async with (
            spawned(last_in_line, run_pong, *pong_crowd.place, served.url) as (pong, _),
            spawned(last_in_line, run_mixbot, settings, crowd.linked(served), KEPT) as (mixbot, _),
        ):
            subjects = [
                *pong_subjects(pong, pong_crowd, served),
                *mixbot_subjects(mixbot, crowd, served),
            ]
            print_ratios(subjects, await rounds(size, subjects))


async def rounds(size: Size, subjects: Sequence[Subject]) -> list[list[float]]:
    """A turn of each subject, one after the other, again and again."""
    for subject in subjects:
        await turn(subject, size.interactions)  # connections are opened, caches filled
    return [[await turn(one, size.interactions) for one in subjects] for _ in range(size.rounds)]


async def turn(subject: Subject, interactions: int) -> float:
    """CPU seconds of one of `interactions`, of which IN_FLIGHT are under way at any time."""
    subject.crowd.forget()
    left = iter(range(interactions))

    async def one_after_another() -> None:
        for _ in left:
            await subject.use()

    before = subject.process.cpu_seconds()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(one_after_another())
    return (subject.process.cpu_seconds() - before) / interactions


def print_ratios(subjects: Sequence[Subject], measured: list[list[float]]) -> None:
    print(f"CPU of the bot's process, {IN_FLIGHT} in flight, {SERVERS} servers\n")
    print("| | ms of CPU | ratio: least | median | most |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for position, subject in enumerate(subjects):
        cpu = statistics.median(turns[position] for turns in measured) * 1e3
        ratios = [turns[position] / turns[0] for turns in measured]
        middle = statistics.median(ratios)
        print(
            f"| {subject.name} | {cpu:.2f} | {min(ratios):.2f} | {middle:.2f} | {max(ratios):.2f} |"
        )


# Latency, when people do not wait for each other


async def measure_latency(size: Size, folder: Path) -> None:
    print(f"\n{RATE} interactions a second for {size.seconds} s\n")
    print("| | sent | lost | median, ms | p99, ms | Mixcloud's p99, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    async with (
        spawned(run_mixcloud, SERVERS * PEOPLE) as (mixcloud, served),
        DiscordServer() as server,
    ):
        crowd = Crowd(server)
        settings = crowd.settings(served, folder / "latency.db")
        async with spawned(run_mixbot, settings, crowd.linked(served), KEPT) as (mixbot, _):
            subjects = mixbot_subjects(mixbot, crowd, served)
            for subject in [*subjects, *extra_subjects(mixbot, crowd, served)]:
                await turn(subject, QUERIES)  # connections are opened, caches filled
                mixcloud.answer_seconds()
                outcomes = await spread(subject.use, RATE, RATE * size.seconds)
                seconds = sorted(one for one in outcomes if isinstance(one, float))
                theirs = sorted(mixcloud.answer_seconds())
                print(
                    f"| {subject.name} | {len(outcomes)} | {len(outcomes) - len(seconds)} "
                    f"| {milliseconds(seconds, 50)} | {milliseconds(seconds, 99)} "
                    f"| {milliseconds(theirs, 99) if theirs else '–'} |"
                )


def extra_subjects(process: Process, crowd: Crowd, served: Served) -> list[Subject]:
    """What is measured by how soon it comes, only."""
    queries = served.queries
    return [
        Typing(
            "suggestions for a show",
            process,
            crowd,
            "mixcloud show",
            lambda number: {"mix": queries[number % len(queries)]},
            lambda _: True,
        ),
    ]


async def spread(use: Callable[[], Awaitable[float]], rate: int, times: int) -> list[Any]:
    """Begin one each 1/rate seconds, whether or not those before are done."""
    loop = asyncio.get_running_loop()
    gc.disable()  # a pause of this process would be counted as one of the bot
    began = loop.time()
    tasks = []
    for number in range(times):
        await asyncio.sleep(began + number / rate - loop.time())
        tasks.append(asyncio.ensure_future(use()))
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    gc.enable()
    return outcomes


def milliseconds(ordered: Sequence[float], percent: int) -> str:
    """The value that `percent` of `ordered` do not exceed."""
    return f"{ordered[len(ordered) * percent // 100] * 1e3:.1f}"


# Drawing


async def measure_drawings(size: Size, folder: Path) -> None:
    async with spawned(run_mixcloud, 0) as (_, served), DiscordServer() as server:
        settings = Crowd(server, servers=1, people=1).settings(served, folder / "drawing.db")
        await measure_drawing(settings, served, rounds=size.rounds)


# Starting, and memory


async def measure_programs(size: Size, folder: Path) -> None:
    """Start `mixbot run` again and again, and fill its cache."""
    few, many = [], []
    async with spawned(run_mixcloud, 0) as (_, served):
        for number in range(size.starts):
            few.append(await start(1, folder / f"few-{number}.db", served))
            many.append(await start(MANY_SERVERS, folder / f"many-{number}.db", served))
    print("\nFrom the start of `mixbot run`, in seconds\n")
    print(f"| | 1 server | {MANY_SERVERS} servers |")
    print("| --- | ---: | ---: |")
    for name in ("ready", "answered"):
        print(f"| {name} | {middle(few, name):.2f} | {middle(many, name):.2f} |")
    print("\nIts resident memory\n")
    print(f"| | 1 server, MB | {MANY_SERVERS} servers, MB | KB a server |")
    print("| --- | ---: | ---: | ---: |")
    for name, what in (("bytes", "connected"), ("full_bytes", f"{MANY_SHOWS} shows in the cache")):
        few_size, many_size = middle(few, name), middle(many, name)
        each = (many_size - few_size) / (MANY_SERVERS - 1)
        print(f"| {what} | {few_size / 1e6:.1f} | {many_size / 1e6:.1f} | {each / 1e3:.2f} |")
    in_files = middle(many, "file_bytes")
    own = middle(many, "full_bytes") - in_files
    print(f"\nOf the last, {in_files / 1e6:.1f} MB are in files, and {own / 1e6:.1f} its own.")


@dataclass(frozen=True, slots=True)
class Start:
    """What a fresh `mixbot run` was like."""

    ready: float  # seconds from its start until it said that it was connected
    answered: float  # and until somebody had an answer
    bytes: int
    full_bytes: int  # with as many shows kept as there is room for
    file_bytes: int  # of those


def middle(starts: Sequence[Start], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in starts))


async def start(servers: int, database: Path, served: Served) -> Start:
    """Start the program in a Discord with so many servers; use it, and stop it."""
    async with DiscordServer() as server:
        crowd = Crowd(server, servers=servers, people=1)
        async with program(crowd.settings(served, database)) as running:
            await running.ready()
            ready = time.perf_counter() - running.started
            help, search, *_ = mixbot_subjects(running, crowd, served)
            await help.use()
            answered = time.perf_counter() - running.started
            size = running.resident_bytes()
            search.options = lambda number: {"query": unheard(served.queries, number)}
            await turn(search, MANY_SHOWS // RESULTS)
            full = running.resident_bytes()
            return Start(ready, answered, size, full, running.file_bytes())
