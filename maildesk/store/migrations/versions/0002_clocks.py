"""Clocks: what is due on a ticket, what has fired, and the versions of the configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SOLVED_AT = """
    UPDATE ticket SET solved_at = coalesce(
        (SELECT max(event.at) FROM event
         WHERE event.ticket = ticket.number AND event.kind = 'status' AND event.new = 'solved'),
        updated_at)
    WHERE status IN ('solved', 'closed')
"""


def upgrade() -> None:
    """Give tickets their clocks. Every ticket is looked at by the first beat."""
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("policy", sa.String(), nullable=False, server_default=""))
        ticket.add_column(sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True))
        ticket.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        ticket.add_column(sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("ticket") as ticket:
        ticket.alter_column("policy", server_default=None)
    op.execute("UPDATE ticket SET next_at = updated_at")
    op.execute(_SOLVED_AT)
    op.create_index(
        "ticket_next", "ticket", ["next_at"], sqlite_where=sa.text("next_at IS NOT NULL")
    )
    _firing()
    _digest()
    _configuration()
    _beat()


def _firing() -> None:
    op.create_table(
        "firing",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("arming", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="firing_ticket_is_ticket"),
        sa.PrimaryKeyConstraint(
            "ticket", "clock", "cycle", "arming", "step", name="firing_primary"
        ),
    )
    op.create_index("firing_reached", "firing", ["reached_at"])


def _digest() -> None:
    op.create_table(
        "digest",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reader", "day", name="digest_primary"),
    )


def _configuration() -> None:
    op.create_table(
        "configuration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("promised", sa.String(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("sla", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="configuration_primary"),
    )


def _beat() -> None:
    op.create_table(
        "beat",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="beat_primary"),
    )
