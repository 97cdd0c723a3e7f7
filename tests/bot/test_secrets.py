"""No secret in anything the bot leaves behind, searched for with the real values."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from mixbot.sandbox.mixcloud import CutBody, InvalidToken, RateLimit, ServerError
from tests.bot.test_linking import agree
from tests.conftest import CLIENT_SECRET, Scene, staged
from tests.faults.machine import machine
from tests.web.browser import Browser
from tests.web.browser import browser as new_browser


def stored(folder: Path) -> bytes:
    """All that the database keeps, its log included."""
    return b"".join(path.read_bytes() for path in folder.glob("mixbot.db*"))


async def much_happens(scene: Scene, pages: list[str], kept: list[bytes], folder: Path) -> set[str]:
    """Linking, acting and failing in many ways; returns every secret there was."""
    keys = scene.settings.encryption_keys
    assert keys
    secrets = {
        CLIENT_SECRET,
        scene.discord.client_secret,
        scene.discord.bot_token,
        keys.get_secret_value(),
    }
    prompt = await scene.use(scene.ada, "mixcloud link")
    kept.append(stored(folder))
    address = prompt.link("Link Mixcloud")
    secrets.add(address.rpartition("/")[2])
    async with new_browser() as browser:
        page = await agree(scene, browser, prompt, scene.ada)
        pages.append(page.source)
        await prompt.until(lambda prompt: "Linked as" in prompt.text)
        pages += await all_pages(browser, scene, address)
        secrets |= set(browser.cookies.values()) - {scene.ada.id}
    kept.append(stored(folder))
    for request in scene.mixcloud.requests:
        secrets |= {
            request.query[name] for name in ("access_token", "code") if request.query.get(name)
        }
        if "redirect_uri" in request.query:
            secrets.add(request.query["redirect_uri"].rpartition("/")[2])
    for fault in (ServerError(502), CutBody(), InvalidToken(), RateLimit(1)):
        scene.mixcloud.clear_faults()
        scene.mixcloud.fault("*", "/**", fault)
        await scene.use(scene.ada, "favorite", mix=scene.jazz)
        await scene.use(scene.ada, "mixcloud me")
    return {secret for secret in secrets if len(secret) > 8}


async def all_pages(browser: Browser, scene: Scene, link: str) -> list[str]:
    """Every page there is, with all headers, asked for with what is secret."""
    spent = [request.query.get("code", "") for request in scene.mixcloud.requests]
    nonces = [
        request.query["redirect_uri"].rpartition("/")[2]
        for request in scene.mixcloud.requests
        if "redirect_uri" in request.query
    ]
    code, nonce = max(spent, key=len), nonces[-1]
    paths = [
        link.removeprefix(scene.settings.public_url),
        f"/oauth/mixcloud/callback/{nonce}?code={code}",
        f"/oauth/discord/callback?code={code}&state={nonce}",
        f"/play{scene.jazz}?t={code}",
        f"/play/oembed.json?url={scene.settings.public_url}/play{scene.jazz}",
        *("/metrics", "/healthz", "/readyz", "/mixbot.css", "/mixbot.svg", f"/{code}"),
    ]
    found = [await browser.open(scene.settings.public_url + path) for path in paths]
    return [f"{page.headers}{page.source}" for page in found]


async def test_no_secret_is_in_the_log_of_a_process(tmp_path: Path) -> None:
    """In JSON and at its most talkative, with power cuts and trouble."""
    settings = {"MIXBOT_LOG_FORMAT": "json", "MIXBOT_LOG_LEVEL": "DEBUG"}
    async with machine(tmp_path, settings=settings) as made, new_browser() as browser:
        await made.switch_on()
        made.mixcloud.signed_in = ["ada.plays"]
        prompt = await made.use(made.ada, "mixcloud link")
        browser.sign_in_to_discord(made.ada.id, made.discord.url)
        link = prompt.link("Link Mixcloud")
        page = await browser.open(link)
        page = await browser.press(page, "Continue with Discord")
        await made.begin_again()
        page = await browser.press(page, "Authorize")
        await browser.press(page, "Accept")
        await prompt.until(lambda prompt: "Linked as" in prompt.text)
        for fault in (ServerError(502), CutBody(), InvalidToken()):
            made.mixcloud.fault("*", "/**", fault)
            await made.use(made.ada, "favorite", mix="spartacus/party-time")
            made.mixcloud.clear_faults()
        secrets = {link.rpartition("/")[2], made.key, made.discord.bot_token, CLIENT_SECRET}
        secrets |= {made.discord.client_secret, *browser.cookies.values()} - {made.ada.id}
        for request in made.mixcloud.requests:
            secrets |= {request.query.get(name, "") for name in ("access_token", "code")}
        interactions = made.discord.world.interactions.values()
        secrets |= {interaction.token for interaction in interactions}
        await made.cut_power()
    written = "".join(made.log)
    assert all(json.loads(line) for line in made.log)
    for secret in secrets:
        if len(secret) > 8:
            assert secret not in written
            assert secret.encode() not in stored(tmp_path)


async def test_no_secret_is_left_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    pages: list[str] = []
    kept: list[bytes] = []
    with caplog.at_level(logging.DEBUG):
        for name in ("discord", "aiohttp", "asyncio"):
            logging.getLogger(name).setLevel(logging.INFO)
        async with staged(tmp_path) as scene:
            secrets = await much_happens(scene, pages, kept, tmp_path)
            shown = [message.text for message in scene.noor.messages(scene.channel)]
    assert len(secrets) >= 8
    kept.append(stored(tmp_path))
    assert all(b"link_attempts" in copy for copy in kept)
    written = capfd.readouterr()
    for secret in secrets:
        assert secret.encode() not in b"".join(kept)
        assert secret not in caplog.text
        assert secret not in written.out + written.err
        assert secret not in "".join(pages)
        assert secret not in "".join(shown)
