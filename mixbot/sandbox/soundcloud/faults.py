"""What can go wrong with SoundCloud in its own way; all else is in `mixcloud.faults`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from mixbot.sandbox.mixcloud.faults import Situation

LINK = "https://developers.soundcloud.com/docs/api/rate-limits#errors"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """429: with the moment it ends (`group` limited), as a warning for spam, or without a word."""

    seconds: float = 60
    group: str | None = None
    spam: bool = False
    reset_time: bool = True

    async def answer(self, situation: Situation) -> web.StreamResponse:
        body: dict[str, Any] = {"code": 429, "message": "rate_limit_exceeded", "link": LINK}
        if self.spam:
            body["spam_warning_urn"] = "soundcloud:spam-warnings:1"
        if self.reset_time:
            ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
            limit: dict[str, Any] = {"max_nr_of_requests": 15000, "time_window": "PT24H"}
            if self.group:
                limit["group"] = self.group
            reset_time = ends.strftime("%Y/%m/%d %H:%M:%S +0000")
            meta = {"rate_limit": limit, "remaining_requests": 0, "reset_time": reset_time}
            body["errors"] = [{"meta": meta}]
        return web.json_response(body, status=429)
