"""aiomixcloud, driven over standard input and output: it runs in an environment of its own.

Each line is a question in JSON, such as `{"do": "detail", "times": 4}`; each answer says how much
CPU that took, in seconds, and the most memory that was held so far, in bytes.
"""

import asyncio
import json
import sys
import time

from aiomixcloud import Mixcloud

FIELDS = (
    "user tags pictures key url name slug type created_time updated_time play_count "
    "favorite_count listener_count repost_count comment_count"
).split()


def most_memory():
    """The most bytes that were resident; `ru_maxrss` would begin with those of the parent."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


class Peer:
    """What is measured, by name."""

    def __init__(self, mixcloud, keys):
        self.mixcloud = mixcloud
        self.keys = keys

    async def detail(self):
        await self.mixcloud.get(self.keys[0])

    async def at_once(self):
        await asyncio.gather(*map(self.mixcloud.get, self.keys))

    async def page(self):
        for show in await self.mixcloud.popular(limit=100):
            for name in FIELDS:
                show[name]
            show.get("audio_length"), show.get("hidden_stats")

    async def walk(self):
        page = await self.mixcloud.new(limit=20)
        for _ in range(19):
            page = await page.next()

    async def favorite(self):
        await self.mixcloud.favorite(self.keys[0])

    async def upload(self, path):
        await self.mixcloud.upload(path, "Measured")


async def main():
    api_url, token, keys = sys.argv[1], sys.argv[2], sys.argv[3:]
    async with Mixcloud(api_url, access_token=token) as mixcloud:
        peer = Peer(mixcloud, keys)
        while line := await asyncio.to_thread(sys.stdin.readline):
            question = json.loads(line)
            started = time.process_time()
            for _ in range(question.get("times", 1)):
                await getattr(peer, question["do"])(*question.get("with", ()))
            cpu = time.process_time() - started
            memory = most_memory()
            print(json.dumps({"cpu": cpu, "memory": memory}), flush=True)


asyncio.run(main())
