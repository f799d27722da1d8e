"""Alembic's entry: runs on the connection that `cleanly migrate` hands in, or prints SQL for the linter."""

from alembic import context
from sqlalchemy import Connection

from cleanly.entry.modules import MODULES
from cleanly.kernel.db import Base

_ = MODULES  # importing the table of contents loads every table


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """The job queue's tables belong to Procrastinate; its own schema describes them."""
    return not (kind == "table" and name is not None and name.startswith(("procrastinate_", "schema_history")))


if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},  # or each % would be printed twice, as the driver wants it
        target_metadata=Base.metadata,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=_ours,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
