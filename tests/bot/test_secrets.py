"""No secret in anything the bot leaves behind, searched for with the real values."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mixbot.sandbox.mixcloud import CutBody, InvalidToken, RateLimit, ServerError
from tests.bot.test_linking import agree
from tests.conftest import CLIENT_SECRET, Scene, staged
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
        replayed = await browser.open(address)
        pages.append(replayed.source)
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
