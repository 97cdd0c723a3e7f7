"""The documentation's table of commands is what Discord is told."""

from __future__ import annotations

from tests.catalogues import offline_bot
from tests.commands_page import PAGE, page


async def test_the_page_of_commands_is_true() -> None:
    async with offline_bot() as bot:
        assert PAGE.read_text(encoding="utf-8") == page(bot), "run python -m tests.commands_page"
