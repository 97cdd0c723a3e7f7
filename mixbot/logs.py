"""One way of logging: for people in a terminal, or one JSON object a line for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from mixbot.settings import Settings

UNKNOWN_INTERACTION = 10062  # Discord's code for an answer that came too late


def configure(settings: Settings, *, level: str | None = None) -> None:
    """Send everything logged, discord.py's and aiohttp's too, to stderr in the format set.

    `level` is for commands that print what there is to say themselves.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback  # the rich one prints local variables
    )
    if settings.log_format == "json":
        without_locals = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(without_locals))
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level or settings.log_level)
    # Both are so by intention: nothing here needs the guilds intent, or voice.
    logging.getLogger("discord.state").addFilter(_not_about("Guilds intent"))
    logging.getLogger("discord.client").addFilter(_not_about("voice will NOT be supported"))
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    logging.getLogger("discord.app_commands.tree").addFilter(_late)
    # Below WARNING both write down addresses, and Mixcloud's tokens ride in addresses.
    for name in ("aiohttp", "discord.http", "discord.webhook"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Below INFO it writes down every event, with the tokens that interactions are answered by.
    logging.getLogger("discord.gateway").setLevel(max(logging.INFO, root.level))


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether it is about more than somebody who does not speak HTTP.

    aiohttp answers them, and writes a traceback down for each, with what was sent in it.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | RequestPayloadError)


def _late(record: logging.LogRecord) -> bool:
    """Make suggestions that came too late a line: discord.py takes them for a bug, with traceback.

    Whoever they were for has typed on.
    """
    error = record.exc_info[1] if record.exc_info else None
    if getattr(error, "code", None) == UNKNOWN_INTERACTION:
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _not_about(text: str) -> Callable[[logging.LogRecord], bool]:
    return lambda record: text not in record.msg
