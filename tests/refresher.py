"""A process that acts for a linked account at SoundCloud, as an application has several.

`python -m tests.refresher ADDRESS KEYS SOUNDCLOUD LEASE`: for each line that comes in it makes as
many calls at once as the line says, and says of each whose account it was, or what went wrong.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from mixbot.soundcloud import SoundCloud, SoundCloudError, tokens
from mixbot.store import open_store
from mixbot.tokens import LinkedTokens
from mixbot.vault import Vault

USER_ID, PROVIDER = 1, "soundcloud"


async def whose(soundcloud: SoundCloud) -> str:
    try:
        return (await soundcloud.me()).username
    except SoundCloudError as error:
        return type(error).__name__


async def main(address: str, keys: str, url: str, lease: str) -> None:
    tokens.YOUNG = 0.0  # nobody waits for an hour here
    async with (
        open_store(address) as store,
        SoundCloud(
            url, auth_root=url, client_id="client", client_secret="secret", timeout=30
        ) as soundcloud,
    ):
        linked = LinkedTokens(store, Vault.from_keys(keys), lease=timedelta(seconds=float(lease)))
        lasting = soundcloud.with_tokens(linked.of(USER_ID, PROVIDER))  # as a long upload has it
        print("ready", flush=True)  # noqa: T201
        while line := await asyncio.to_thread(sys.stdin.readline):
            commands = [
                soundcloud.with_tokens(linked.of(USER_ID, PROVIDER)) for _ in range(int(line) - 1)
            ]
            print(*await asyncio.gather(*map(whose, (lasting, *commands))), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
