"""How the tables got from one shape to the next. A revision is not edited once it is merged."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine

from mixbot.store.schema import HEAD


class UnknownRevision(Exception):
    """The database is at a revision that is not among these."""


PLACE = "mixbot.store:migrations"


def config(connection: Connection | None = None, *, place: str = PLACE) -> Config:
    """What Alembic needs to know; `env.py` uses the connection as it is."""
    config = Config()
    config.set_main_option("script_location", place)
    config.attributes["connection"] = connection
    return config


def run(connection: Connection, revision: str = "head") -> None:
    """Bring the database to `revision`, the newest one, within the connection's transaction."""
    try:
        command.upgrade(config(connection), revision)
    except CommandError:
        raise UnknownRevision from None


def write(message: str, *, place: str = PLACE) -> None:
    """Write the revision that leads from the newest one to the tables as they are described."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            run(connection)
            command.revision(
                config(connection, place=place),
                message,
                autogenerate=True,
                rev_id=f"{int(HEAD) + 1:04}",
            )
    finally:
        engine.dispose()
