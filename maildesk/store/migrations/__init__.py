"""The history of the schema, for Alembic; see `store.schema`."""
