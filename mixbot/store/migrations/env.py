"""What Alembic runs. The connection, and the lock around it, are `mixbot.store.opening`'s."""

from alembic import context

from mixbot.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can add a column, and little else
)
with context.begin_transaction():
    context.run_migrations()
