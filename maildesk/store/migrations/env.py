"""Alembic runs this; the connection, its transaction and the lock are the caller's."""

from alembic import context

from maildesk.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
