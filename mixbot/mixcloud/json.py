"""The JSON decoder of aiomixcloud, for `Mixcloud(json_decoder_class=…)`; it is not needed here."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

DATES = frozenset("created_time listen_time submit_date updated_time".split())


class MixcloudJSONDecoder(json.JSONDecoder):
    """Makes datetimes of dates, and only of those: a show may be called “May”."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"object_hook": self.object_hook, **options})

    @staticmethod
    def object_hook(obj: dict[str, Any]) -> dict[str, Any]:
        """`obj` with datetimes in the fields that hold dates."""
        for name in DATES & obj.keys():
            with suppress(TypeError, ValueError):
                obj[name] = datetime.fromisoformat(obj[name])
        return obj
