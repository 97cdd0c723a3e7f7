"""How the tables got from one shape to the next. A revision is not edited once it is merged."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection


class UnknownRevision(Exception):
    """The database is at a revision that is not among these."""


def config(connection: Connection | None = None) -> Config:
    """What Alembic needs to know; `env.py` uses the connection as it is."""
    config = Config()
    config.set_main_option("script_location", "mixbot.store:migrations")
    config.attributes["connection"] = connection
    return config


def run(connection: Connection) -> None:
    """Bring the database to the newest revision, within the connection's transaction."""
    try:
        command.upgrade(config(connection), "head")
    except CommandError:
        raise UnknownRevision from None
