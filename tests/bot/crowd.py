"""Up to four people who use the real bot in every way there is."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from mixbot import app
from mixbot.app import App
from mixbot.sandbox import DiscordServer, MixcloudServer, SoundCloudServer
from mixbot.sandbox.discord import (
    Channel,
    ClientRefused,
    Interaction,
    InteractionFailed,
    Message,
    Permission,
    User,
)
from mixbot.sandbox.discord.kinds import CommandKind, ComponentKind, OptionKind
from mixbot.sandbox.mixcloud import CutBody, Fault, HalfJson, Reset
from mixbot.sandbox.mixcloud.faults import Situation
from mixbot.services import MIXCLOUD, SOUNDCLOUD, provider_of
from mixbot.settings import Settings
from mixbot.soundcloud.tokens import EARLY
from mixbot.transport.gate import Gate
from mixbot.ui.acting import ACTION
from mixbot.ui.linking import ENTER_CODE
from mixbot.ui.references import SHORT
from mixbot.ui.verbs import BY_CODE, VERBS
from mixbot.vault import Vault
from tests.bot.ledger import Deed, Person, plain
from tests.bot.pretended import (
    PAGE,
    Pretended,
    PretendedMixcloud,
    PretendedSoundCloud,
    Shared,
    keys_of,
)
from tests.bot.witness import FORGET_ME, LINK, Agreed, Asked, Attempt, Json, Witness
from tests.conftest import CLIENT_ID, CLIENT_SECRET, running
from tests.web.browser import Browser, Forms, Page

PEOPLE = {"ada": "en-US", "noor": "de", "tomo": "ja", "lucia": "es-ES"}
LOCALES = (*PEOPLE.values(), "fr", "pt-BR", "ko")
SERVICES = (MIXCLOUD, SOUNDCLOUD)
ROOMS = {MIXCLOUD: ("attic", "cellar"), SOUNDCLOUD: ("garage", "garden")}  # a person's accounts
LIVING_ROOMS = {  # an account at each service that several people share
    MIXCLOUD: ("the.living.room", "Zorro Living Room"),
    SOUNDCLOUD: ("the-party-room", "Zorro Party Room"),
}
SOUNDCLOUD_ID, SOUNDCLOUD_SECRET = "mixbot-at-soundcloud", "soundcloud-client-secret-5b1f"
SHORT_LIFE = timedelta(seconds=EARLY / 2)  # of a token, too short for a call
# What is done in place, or posted for all, when it is the clicker's to do so.
TURNING = re.compile(r"m1:(?:go|menu|again):(?P<owner>\d+):.+")
FOR_ALL = re.compile(r"m1:all:.+")
PICK = re.compile(r"m1:pick:(?P<verb>\w+)")
TEXTS = (
    "jazz",
    "ambient",
    "夜",
    "*",
    "@everyone",
    "<@1> `x`",
    "a" * 200,
    "~",
    "/",
    "me",
    "..",
    "x ",
)
MENUS = {
    "Favorite": "favorite",
    "Listen later": "listen_later",
    "Repost": "repost",
    "Follow host": "follow",
}
ENTER_CODES = {ENTER_CODE: MIXCLOUD, f"{ENTER_CODE}:{SOUNDCLOUD}": SOUNDCLOUD}
DO = [f"{un}{verb}" for verb in ("favorite", "repost", "later", "follow") for un in ("", "un")]
FEW = 4  # shows, so that people meet at the same one
NEWEST = 40  # messages that people still scroll back to


@dataclass(frozen=True, slots=True)
class Noted:
    """A fault of a service, and a note of each request that it strikes."""

    fault: Fault
    service: Pretended
    witness: Witness

    async def answer(self, situation: Situation) -> web.StreamResponse:
        request, service = situation.request, self.service
        if not service.fits(self.fault, request):
            return await situation.proceed()
        strikes = self.witness.strikes
        strikes.note()
        if isinstance(self.fault, HalfJson | CutBody | Reset) or self.fault == PAGE:
            token = service.token(request.query, request.headers.get("Authorization", ""))
            path = request.rel_url.raw_path
            strikes.garbled.append((service.provider, request.method, path, token))
        if spent := await service.spent_by(self.fault, request):
            self.witness.may_end.add(spent)
        return await self.fault.answer(situation)


class Crowd:
    """People and places, the bot between a Discord and two services, and what people do.

    What they do comes in numbers, each of which stands for one of what there is to choose from
    then; so a list of steps means something wherever it is cut.
    """

    def __init__(self, folder: Path, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._complain = complain
        self._stack = AsyncExitStack()
        self._bot = AsyncExitStack()
        self._suggested: list[str] = []
        self._browsers = 0
        self._heard = False
        self.counts: Counter[str] = Counter()

    # The scene

    async def open(self, *, people: int, sign_in: bool, reads: bool, refreshes: bool) -> None:
        """A server, one without the bot, a group, direct messages; and the bot, started.

        It `refreshes` before each call, where the tokens of SoundCloud are short-lived.
        """
        self.discord = await self._stack.enter_async_context(DiscordServer())
        mixcloud = await self._stack.enter_async_context(MixcloudServer())
        mixcloud.register_app(CLIENT_ID, CLIENT_SECRET)
        self.soundcloud = await self._stack.enter_async_context(SoundCloudServer())
        self.soundcloud.register_app(SOUNDCLOUD_ID, SOUNDCLOUD_SECRET)
        if refreshes:
            self.soundcloud.token_lifetime = SHORT_LIFE
        self._gather(people)
        key = Vault.new_key()
        vault = Vault.from_keys(key)
        self.services: dict[str, Pretended] = {
            MIXCLOUD: PretendedMixcloud(mixcloud, self._names[MIXCLOUD]),
            SOUNDCLOUD: PretendedSoundCloud(self.soundcloud, self._names[SOUNDCLOUD], vault),
        }
        secrets = [
            CLIENT_SECRET,
            SOUNDCLOUD_SECRET,
            self.discord.client_secret,
            self.discord.bot_token,
        ]
        services = list(self.services.values())
        self.witness = Witness(self._complain, self.discord, services, secrets)
        listener = app.listen("127.0.0.1", 0)
        self._port = listener.getsockname()[1]
        given: dict[str, Any] = {
            "discord_token": self.discord.bot_token,
            "discord_client_secret": self.discord.client_secret if sign_in else None,
            "discord_api_url": self.discord.api_url,
            "discord_gateway_url": self.discord.gateway_url,
            "mixcloud_client_id": CLIENT_ID,
            "mixcloud_client_secret": CLIENT_SECRET,
            "mixcloud_api_url": mixcloud.api_url,
            "mixcloud_site_url": mixcloud.site_url,
            "mixcloud_oembed_url": mixcloud.oembed_url,
            "soundcloud_client_id": SOUNDCLOUD_ID,
            "soundcloud_client_secret": SOUNDCLOUD_SECRET,
            "soundcloud_api_url": self.soundcloud.api_url,
            "soundcloud_auth_url": self.soundcloud.auth_url,
            "public_url": f"http://127.0.0.1:{self._port}",
            "database_url": f"sqlite:///{self._folder / 'mixbot.db'}",
            "encryption_keys": key,
            "message_content": reads,
        }
        self._settings = Settings(**given)
        self.discord.redirect_uris.add(f"{self._settings.public_url}/oauth/discord/callback")
        if reads:
            self.discord.unfurl("https://www.mixcloud.com", mixcloud.site_url)
            self.discord.unfurl("https://soundcloud.com", self.soundcloud.site_url)
        self.parts = await self._started(listener)

    async def _started(self, listener: Any) -> App:
        return await self._bot.enter_async_context(running(self._settings, self.discord, listener))

    def _gather(self, count: int) -> None:
        """Ada manages the server; the second one has the app as a user, and takes it along."""
        guild = self.discord.guild("Crate diggers")
        elsewhere = self.discord.guild("Elsewhere", locale="fr", bot_present=False)
        self.people = [
            self.discord.user(name, locale=PEOPLE[name]) for name in list(PEOPLE)[:count]
        ]
        self._manager, traveller, *_ = self.people
        traveller.install()
        for person in self.people:
            manages = Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES
            guild.join(person, permissions=manages if person is self._manager else 0)
            elsewhere.join(person)
        general, lounge, quiet = (
            guild.channel("general"),
            elsewhere.channel("lounge"),
            elsewhere.channel("quiet"),
        )
        quiet.deny(elsewhere.everyone, Permission.USE_EXTERNAL_APPS)
        group = self.discord.group_dm(*self.people)
        thread = general.thread("Late night")
        dms = [person.dm() for person in self.people]
        self._places = [general, lounge, group, guild.channel("mixes"), quiet, thread, *dms]
        self._names = {provider: dict([room]) for provider, room in LIVING_ROOMS.items()}
        self._accounts: dict[Person, list[str]] = {}
        for person, (provider, rooms) in product(self.people, ROOMS.items()):
            mine = {f"{person.name}-{room}": f"Zq {person.name}-{room}".title() for room in rooms}
            self._names[provider] |= mine
            self._accounts[person, provider] = [*mine, LIVING_ROOMS[provider][0]]

    async def close(self) -> None:
        """Let everything end, and look at what is left."""
        try:
            self._clear_faults()
            await self.settle()
        finally:
            await self._bot.aclose()
            await self.witness.close(self._messages())
            await self._stack.aclose()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            self._complain(f"still runs: {task}")

    async def restart(self, *, abruptly: bool) -> None:
        """Stop the bot and start it again, on the same database and the same port."""
        if not abruptly:
            await self.settle()
        self.counts["abrupt restart" if abruptly else "restart"] += 1
        await self._bot.aclose()
        self.witness.stop()
        self._heard = False
        self.parts = await self._started(app.listen("127.0.0.1", self._port))
        await self.settle()
        self.witness.ledger.forget()

    async def settle(self) -> None:
        """Wait until everything is answered and done, and have the witness look at it."""
        if self._heard:  # whoever has cities to suggest has heard what was said before
            self._heard = False
            await self._manager.autocomplete(self._places[0], "mixcloud browse", focused="city")
        await self.witness.settle(self.parts)

    # The services and time

    def trouble(self, provider: str, kind: int, route: int, times: int) -> None:
        """Something goes wrong with a service, so many times."""
        self.counts[f"trouble at {provider}"] += 1
        service = self.services[provider]
        method, path = service.routes[route % len(service.routes)]
        fault = service.troubles[kind % len(service.troubles)]()
        service.server.fault(method, path, Noted(fault, service, self.witness), times=times)

    def recover(self) -> None:
        self.counts["recover"] += 1
        self._clear_faults()

    def _clear_faults(self) -> None:
        for service in self.services.values():
            service.server.clear_faults()

    def revoke(self, provider: str, who: int) -> None:
        """Take the tokens back, on a service's page of connected applications."""
        self.counts["revoke"] += 1
        for username in self._accounts[self._person(who), provider]:
            self.services[provider].server.revoke_all(username)
            self.witness.take_back(username)

    def pass_an_hour(self) -> None:
        """All access tokens of SoundCloud expire."""
        self.counts["an hour"] += 1
        self.soundcloud.expire()

    def hide(self, which: int) -> None:
        """Have a show's host make it private."""
        self.counts["hide"] += 1
        shows = [(s, show) for s in self.services.values() for show in s.shows()]
        service, show = shows[which % len(shows)]
        service.hide(show.record)

    async def expire(self) -> None:
        """A quarter of an hour passes: what was asked before can be answered no more."""
        await self.settle()
        self.counts["expire"] += 1
        self.witness.expire()

    # Who and where

    def _person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def _place(self, number: int, person: User) -> Channel:
        seen = [place for place in self._places if place.sees(person)]
        return seen[number % len(seen)]

    def _messages(self) -> Iterator[Message]:
        for place in self._places:
            yield from place.messages.values()

    def _newest(self, person: User) -> list[Message]:
        seen = [message for message in self._messages() if person.sees(message)]
        return sorted(seen, key=lambda message: int(message.id), reverse=True)[:NEWEST]

    # Commands

    async def command(self, who: int, where: int, luck: Random, path: str = "") -> None:
        """Use a slash command, or any that is offered, in any way."""
        person = self._person(who)
        place = self._place(where, person)
        offered = [one for one in self._offered(person, place) if path in ("", one[0])]
        if not offered:
            await self.write(who, where, luck)
            return
        path, options = luck.choice(offered)
        values = {
            option["name"]: self._value(option, luck)
            for option in options
            if option.get("required") or luck.random() < 0.6
        }
        await self._use(person, place, path, values)

    async def _use(
        self, person: User, place: Channel, path: str, values: Mapping[str, Any]
    ) -> None:
        try:
            interaction = await person.slash(place, path, values)
        except ClientRefused:
            return
        self.counts[f"/{path}"] += 1
        command = next(c for c in self.parts.bot.tree.walk_commands() if c.qualified_name == path)
        answers, wanted = command.extras.get("answers"), values.get("visibility")
        server = await self.parts.store.server(int(place.guild.id)) if place.guild else None
        self._ask(
            interaction,
            f"/{path} {dict(values)}",
            private=answers == "private" or wanted == "me",
            private_here=wanted is None and server is not None and server.private,
            deed=self._deed(path, values),
            used=str(values),
        )

    async def _search(self, person: User, where: int) -> None:
        provider = SERVICES[where % 2]
        await self._use(person, self._place(where, person), f"{provider} search", {"query": "jazz"})

    async def act(self, provider: str, who: int, where: int, luck: Random) -> None:
        """Have somebody who is linked, or two of them, do things with the same show, all at once.

        Where nobody is linked, somebody links an account first.
        """
        linked = [one for one in self.people if (one, provider) in self.witness.linked]
        if not linked:
            await self.link(provider, who, where, who)
            return
        service = self.services[provider]
        show = luck.choice(service.shows()[:FEW])
        for _ in range(luck.randint(1, 4)):
            person = linked[(who + (luck.random() < 0.2)) % len(linked)]
            verb = luck.choice(DO)
            option, spelled = "mix", service.spellings(show)
            if verb.endswith("follow"):
                option, spelled = "who", service.spellings_of_host(show, show.host)
            place = self._place(where, person)
            await self._use(person, place, verb, {option: luck.choice(spelled)})

    def _offered(self, person: User, place: Channel) -> list[tuple[str, Sequence[Json]]]:
        slash = [c for c in person.commands(place) if c["type"] == CommandKind.SLASH]
        return [branch for c in slash for branch in _branches(c["name"], c.get("options") or ())]

    def _deed(self, path: str, values: Mapping[str, Any]) -> Deed | None:
        verb = path.replace("later", "listen_later")
        if verb not in VERBS:
            return None
        mentioned = values.get("mix", values.get("who"))
        if mentioned in keys_of(self.services.values()):
            key = plain(mentioned)
            return Deed(verb, key) if "mix" in values else Deed(verb, wanted_at=provider_of(key))
        if mentioned is None or mentioned.startswith(SHORT):
            return Deed(verb)
        return Deed(verb, wanted_at=SOUNDCLOUD if "soundcloud" in mentioned else MIXCLOUD)

    def _value(self, option: Json, luck: Random) -> Any:
        if option.get("choices"):
            return luck.choice(option["choices"])["value"]
        if option["type"] == OptionKind.INTEGER:
            return luck.randint(option.get("min_value", 0), option.get("max_value", 100))
        return self._text(option["name"], luck)

    def _text(self, name: str, luck: Random) -> str:
        """Something that somebody types, sensible or not."""
        service = self.services[SOUNDCLOUD if name == "track" else luck.choice(SERVICES)]
        show = luck.choice(service.shows())
        host = luck.choice([show.host, luck.choice(list(service.names))])
        spelled, hosts = service.spellings(show), service.spellings_of_host(show, host)
        fitting: dict[str, Sequence[str]] = {
            "mix": spelled,
            "track": (*spelled, f"{show.host}/{show.url.rpartition('/')[2]}"),
            "who": hosts,
            "name": hosts,
            "at": ("43:10", "1:02:03", "0:30", "99:00:00"),
            "tag": ("Jazz", "ambient", "Drum & Bass"),
            "city": ("Lisbon", "São Paulo"),
            "query": ("jazz", "ambient", "song", show.title[:50], show.host_name),
        }
        if self._suggested and luck.random() < 0.2:
            return luck.choice(self._suggested)
        return luck.choice(TEXTS if luck.random() < 0.1 else fitting.get(name, TEXTS))

    async def complete(self, who: int, where: int, luck: Random) -> None:
        """Type into an option that makes suggestions."""
        person = self._person(who)
        place = self._place(where, person)
        fields = [
            (path, option["name"])
            for path, options in self._offered(person, place)
            for option in options
            if option.get("autocomplete")
        ]
        if not fields:
            await self.command(who, where, luck)
            return
        path, name = luck.choice(fields)
        typed = self._text(name, luck)[: luck.randint(0, 12)]
        self.counts["autocomplete"] += 1
        try:
            choices = await person.autocomplete(place, path, {name: typed}, focused=name)
        except InteractionFailed as failure:
            self._complain(f"/{path} {name}: {typed!r}: {failure}")
        else:
            self._suggested = [str(c["value"]) for c in choices[:5]] or self._suggested

    # Messages

    async def write(self, who: int, where: int, luck: Random) -> None:
        """Write a message, with links to shows of either service, or without."""
        person = self._person(who)
        shows = [self._show(luck) for _ in range(luck.randint(0, 3))]
        text = " and ".join(show.url for show in shows)
        self.counts["message"] += 1
        await person.say(self._place(where, person), text[:2000] or "hello")
        self._heard = True

    def _show(self, luck: Random) -> Shared:
        return luck.choice(self.services[luck.choice(SERVICES)].shows())

    async def change(self, who: int, message: int, luck: Random) -> None:
        """Edit or delete a message of one's own, or delete one of the bot's as a moderator."""
        person = self._person(who)
        mine = [
            seen
            for seen in self._newest(person)
            if seen.author is person or self._moderates(person, seen)
        ]
        if not mine:
            await self.write(who, message, luck)
            return
        target = mine[message % len(mine)]
        self._heard = True
        if target.author is person and luck.random() < 0.5:
            self.counts["edit"] += 1
            await person.edit(target, f"rather {self._show(luck).url}"[:2000])
        else:
            self.counts["delete"] += 1
            self.witness.excuse(target)
            await person.delete(target)

    def _moderates(self, person: User, message: Message) -> bool:
        permissions = message.channel.permissions_of(person)
        return bool(permissions & Permission.MANAGE_MESSAGES) and not message.ephemeral

    async def dismiss(self, who: int, message: int) -> None:
        """Take a private message off the screen."""
        person = self._person(who)
        private = [seen for seen in self._newest(person) if seen.only_for is person]
        if private:
            self.counts["dismiss"] += 1
            target = private[message % len(private)]
            self.witness.excuse(target)
            await person.dismiss(target)

    # Buttons, menus and forms

    async def click(self, who: int, message: int, button: int, *, acts: bool = False) -> None:
        """Click any button that can be seen; `acts` is for those that act as the clicker."""
        person = self._person(who)
        clickable = [
            (seen, ids)
            for seen in self._newest(person)
            if (ids := [one for one in _clickable(seen) if not acts or ACTION.fullmatch(one)])
        ]
        if clickable:
            target, ids = clickable[message % len(clickable)]
            custom_id = ids[button % len(ids)]
            self.counts["click"] += 1
            before = target.raw
            interaction = await person.click(target, custom_id=custom_id)
            await self._touched(interaction, before, custom_id)
        else:
            await self._search(person, message)

    async def choose(self, who: int, message: int, menu: int, entry: int) -> None:
        """Choose any entry of any menu."""
        person = self._person(who)
        choosable = [(seen, seen.menus) for seen in self._newest(person) if seen.menus]
        if not choosable:
            await self._search(person, message)
            return
        target, menus = choosable[message % len(choosable)]
        chosen = menus[menu % len(menus)]
        if chosen["type"] == ComponentKind.STRING_SELECT:
            value = chosen["options"][entry % len(chosen["options"])]["value"]
            self.counts["choose"] += 1
            before = target.raw
            interaction = await person.choose(target, value, custom_id=chosen["custom_id"])
            await self._touched(interaction, before, chosen["custom_id"], value)

    async def _touched(
        self, interaction: Interaction, before: Json, custom_id: str, value: str = ""
    ) -> None:
        deed = None
        if match := ACTION.fullmatch(custom_id):
            deed = await self.witness.deed(self.parts, BY_CODE[match["code"]], match["ref"])
        elif (match := PICK.fullmatch(custom_id)) and match["verb"] in VERBS:
            deed = await self.witness.deed(self.parts, match["verb"], value)
        turning = TURNING.fullmatch(custom_id)
        of_others = turning is not None and turning["owner"] not in ("0", interaction.user.id)
        mine_or_all = turning or FOR_ALL.fullmatch(custom_id)
        public = interaction.message is not None and not interaction.message.ephemeral
        self._ask(
            interaction,
            f"uses {custom_id} {value}",
            private=of_others or not mine_or_all,
            deed=deed,
            used=orjson.dumps(before).decode() + value,
            of_others=before if of_others and public else None,
        )

    async def message_menu(self, who: int, message: int, which: int) -> None:
        """Use the Apps menu of any message."""
        person = self._person(who)
        seen = [each for each in self._newest(person) if not each.ephemeral]
        if not seen:
            await self.write(who, message, Random(which))
            return
        target = seen[message % len(seen)]
        if names := _menus(person, target.channel, CommandKind.MESSAGE_MENU):
            name = names[which % len(names)]
            self.counts["message menu"] += 1
            self._ask(
                await person.menu(target, name),
                f"uses {name} on {target}",
                private=True,
                deed=Deed(MENUS[name]) if name in MENUS else None,
                used=orjson.dumps(target.raw).decode(),
            )

    async def person_menu(self, who: int, where: int, whose: int) -> None:
        """Use the Apps menu of a person, or of the bot."""
        person = self._person(who)
        place = self._place(where, person)
        if names := _menus(person, place, CommandKind.USER_MENU):
            others = [*self.people, self.discord.bot]
            about = others[whose % len(others)]
            self.counts["person menu"] += 1
            interaction = await person.user_menu(about, names[0], place)
            self._ask(interaction, f"uses {names[0]} on {about.name}", private=True, about=about)

    async def enter_code(self, who: int, *, rightly: bool) -> None:
        """Press “Enter code” and type what the page showed, or something else."""
        await self.settle()
        person = self._person(who)
        asking = [
            (seen, button.custom_id)
            for seen in self._newest(person)
            for button in seen.buttons
            if button.custom_id in ENTER_CODES
        ]
        if not asking:
            await self.visit(who, 0, "agree", 0)
            return
        self.counts["form"] += 1
        message, custom_id = asking[0]
        opened = await person.click(message, custom_id=custom_id)
        self._ask(opened, "presses Enter code")
        await self.settle()
        if opened.modal is None:
            return
        attempt = self.witness.attempts.get((person, ENTER_CODES[custom_id]))
        others = [one.code for one in self.witness.attempts.values() if one is not attempt]
        code = attempt.code.lower() if attempt and rightly else next(filter(None, others), "")
        text = code or "WRONG1"
        self._ask(await person.submit(opened, code=text), "enters a code", private=True)
        if attempt and attempt.state == "code" and attempt.tries:
            attempt.tries -= 1
            if text.upper() == attempt.code:
                attempt.state = "used"
                agreed = Agreed(attempt, attempt.username, surely=True)
                self.witness.visited = agreed
                self.witness.agreed.append(agreed)
        await self.settle()

    async def forget(self, who: int) -> None:
        """Have the bot forget everything about oneself."""
        person = self._person(who)
        await self._use(person, person.dm(), "mixcloud privacy", {})
        await self.settle()
        for custom_id in ("m1:privacy:ask", FORGET_ME):
            asking = [m for m in self._newest(person) if custom_id in _clickable(m)]
            if not asking:
                return
            self.counts["click"] += 1
            before = asking[0].raw
            interaction = await person.click(asking[0], custom_id=custom_id)
            await self._touched(interaction, before, custom_id)
            if custom_id != FORGET_ME:
                await self.settle()

    def speak(self, who: int, locale: int) -> None:
        """Use Discord in another language."""
        self.counts["locale"] += 1
        self._person(who).locale = LOCALES[locale % len(LOCALES)]

    def _ask(self, interaction: Interaction, what: str, **more: Any) -> None:
        self.witness.ask(Asked(interaction, f"{interaction.user.name} {what}", **more))

    # Linking

    async def link(
        self, provider: str, who: int, where: int, account: int, *, rightly: bool = True
    ) -> None:
        """Ask for a link and follow it to the end, the code included."""
        await self._ask_for_link(provider, who, where)
        await self.visit(who, 0, "agree", account)
        if self.parts.accounts.asks_for_code:
            await self.enter_code(who, rightly=rightly)

    async def _ask_for_link(self, provider: str, who: int, where: int) -> None:
        person = self._person(who)
        await self._use(person, self._place(where, person), f"{provider} link", {})
        await self.settle()

    async def visit(self, who: int, which: int, way: str, account: int) -> None:
        """Follow a link that somebody was given, to the end or some of the way."""
        await self.settle()
        if not self._given(who):
            await self._ask_for_link(SERVICES[which % 2], who, which)
        if given := self._given(who):
            self.counts["visit"] += 1
            attempt = given[which % len(given)]
            accounts = self._accounts[attempt.person]
            username = accounts[account % len(accounts)]
            async with self._new_browser() as browser:
                await self._follow(browser, attempt, way, username)
            await self.settle()

    def _given(self, who: int) -> list[Attempt]:
        """The links that somebody can still see, the newest first."""
        written = (orjson.dumps(m.raw).decode() for m in self._newest(self._person(who)))
        found = (LINK.search(one) for one in written)
        return [self.witness.given[link[0]] for link in found if link]

    @asynccontextmanager
    async def _new_browser(self) -> AsyncIterator[Browser]:
        """A browser with an address of its own, since a single one may not come often."""
        self._browsers += 1
        headers = {"X-Forwarded-For": f"198.51.{self._browsers // 250}.{self._browsers % 250}"}
        jar = aiohttp.CookieJar(unsafe=True)  # it is to keep cookies of addresses without a name
        async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as session:
            yield Browser(session)

    async def _follow(self, browser: Browser, attempt: Attempt, way: str, username: str) -> None:
        """Go from page to page, and note how far the attempt came by that."""
        witness, owner = self.witness, attempt.owner
        service = self.services[attempt.provider]
        good = attempt.state == "fresh" and witness.attempts.get(attempt.person) is attempt
        unsure = attempt.state == "unsure"
        open_gate = not self._gate(attempt.provider).seconds_left()
        witness.visited = Agreed(attempt, username, surely=False)
        signs_in = self.parts.accounts.sign_in is not None

        def came_to(state: str) -> None:
            if good or unsure:
                attempt.state = state

        visitor = owner
        if way == "other":
            visitor = next(person for person in self.people if person is not owner)
        service.server.signed_in = self._accounts[attempt.person]
        browser.sign_in_to_discord(visitor.id, self.discord.url)
        page: Page | None = await browser.open(attempt.url)
        if way == "look":
            return
        page = await _press(browser, page)
        came_to("bound")
        if way == "leave":
            return
        if signs_in:
            page = await _press(browser, page, "Cancel" if way == "cancel" else "Authorize")
            came_to("used")
        decision = "Deny" if way == "deny" else "Accept"
        page = await _press(browser, page, decision, **{service.account_field: username})
        came_to("used")
        if page is None or way == "deny":
            return
        linked = page.status == 200
        if linked and not (good or unsure):
            self._complain(f"{owner.name}: a link works that should not")
        if good and not linked and open_gate and not witness.strikes.count:
            self._complain(f"{owner.name}: a link does not work: {page.text}")
        if linked and not signs_in:
            attempt.state, attempt.code = "code", page.code.replace("-", "")
            attempt.username = username
            witness.secrets |= {page.code, attempt.code}
        elif linked or good or unsure:
            witness.agreed.append(Agreed(attempt, username, surely=linked))

    def _gate(self, provider: str) -> Gate:
        parts = self.parts
        return (parts.mixcloud if provider == MIXCLOUD else parts.accounts.soundcloud.client).gate


def _branches(name: str, options: Sequence[Json]) -> Iterator[tuple[str, Sequence[Json]]]:
    """A command, or those below it, with their options."""
    below = [o for o in options if o["type"] in (OptionKind.SUBCOMMAND, OptionKind.GROUP)]
    if not below:
        yield name, options
    for option in below:
        yield from _branches(f"{name} {option['name']}", option.get("options") or ())


def _clickable(message: Message) -> list[str]:
    ids = [button.custom_id for button in message.buttons if not button.disabled]
    return [custom_id for custom_id in ids if custom_id and custom_id not in ENTER_CODES]


def _menus(person: User, place: Channel, kind: CommandKind) -> list[str]:
    return [command["name"] for command in person.commands(place) if command["type"] == kind]


async def _press(
    browser: Browser,
    page: Page | None,
    label: str = "",
    **entered: Any,
) -> Page | None:
    """Press the button `label`, or the only one there is; None where there is no such button."""
    for form in Forms(page.source).forms if page else ():
        for button in form.buttons:
            if button == (label or button):
                assert page
                return await browser.press(page, button, **entered)
    return None
