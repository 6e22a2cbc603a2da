"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, in the order of their foreign keys."""
    _absence()
    _alert()
    _contact()
    _folder()
    _folder_validity()
    _left_in_place()
    _receipt()
    _ticket()
    _bundle()
    _event()
    _hold()
    _link()
    _message()
    _outgoing()
    _party()
    _receipt_raw()
    _rule_firing()
    _thread()
    _answer()
    _attachment()
    _outgoing_raw()


def _absence() -> None:
    op.create_table(
        "absence",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent", name="absence_primary"),
    )
    op.create_index("absence_until", "absence", ["until"])


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="alert_primary"),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("was_aligned", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("bounced_status", sa.Text(), nullable=False),
        sa.Column("wants_no_mail", sa.Boolean(), nullable=False),
        sa.Column("same_as", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name="contact_primary"),
    )
    is_further = sa.text("same_as IS NOT NULL")
    op.create_index("contact_same_as", "contact", ["same_as"], sqlite_where=is_further)


def _folder() -> None:
    op.create_table(
        "folder",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("first_contact_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "folder", name="folder_primary"),
    )


def _folder_validity() -> None:
    op.create_table(
        "folder_validity",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("seen_uid", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "folder", "uidvalidity", name="folder_validity_primary"),
    )


def _left_in_place() -> None:
    op.create_table(
        "left_in_place",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "folder", "uidvalidity", "uid", name="left_in_place_primary"
        ),
    )


def _receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("folder", sa.String(), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=True),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("content_key", sa.String(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="receipt_primary"),
        sa.UniqueConstraint("account", "folder", "uidvalidity", "uid", name="receipt_place"),
    )
    op.create_index("receipt_content_key", "receipt", ["content_key"])
    op.create_index("receipt_message_id", "receipt", ["message_id"])
    op.create_index("receipt_state", "receipt", ["state", "id"])


def _ticket() -> None:
    op.create_table(
        "ticket",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("requester_address", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("requester_key", sa.Text(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sla", sa.String(), nullable=False),
        sa.Column("watchers", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("grouped", sa.Integer(), nullable=False),
        sa.Column("grouped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["ticket.number"], name="ticket_merged_into_is_ticket"
        ),
        sa.PrimaryKeyConstraint("number", name="ticket_primary"),
    )
    op.create_index("ticket_requester", "ticket", ["requester_key", "number"])
    op.create_index("ticket_subject", "ticket", ["subject_key", "number"])
    op.create_index("ticket_team", "ticket", ["team", "status"])
    op.create_index("ticket_status", "ticket", ["status", "number"])
    is_assigned, waits = sa.text("assignee IS NOT NULL"), sa.text("wake_at IS NOT NULL")
    op.create_index("ticket_assignee", "ticket", ["assignee", "status"], sqlite_where=is_assigned)
    op.create_index("ticket_wake", "ticket", ["wake_at"], sqlite_where=waits)
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ticket_merged", "ticket", ["merged_into"], sqlite_where=is_merged)
    is_grouped = sa.text("group_key != ''")
    op.create_index("ticket_group", "ticket", ["group_key", "number"], sqlite_where=is_grouped)
    turn = ["team", "assignee", "number"]
    op.create_index("ticket_turn", "ticket", turn, sqlite_where=is_assigned)


def _bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="bundle_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("id", name="bundle_primary"),
    )
    op.create_index("bundle_agent", "bundle", ["agent", "id"])
    op.create_index("bundle_ticket", "bundle", ["ticket"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["receipt"], ["receipt.id"], name="event_receipt_is_receipt"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="event_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("id", name="event_primary"),
    )
    op.create_index("event_ticket", "event", ["ticket", "id"])


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("receipt", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times_asked", sa.Integer(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("is_note", sa.Boolean(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_team_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["receipt"], ["receipt.id"], name="hold_receipt_is_receipt"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="hold_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("receipt", name="hold_primary"),
    )
    op.create_index("hold_ticket", "hold", ["ticket", "state"])
    op.create_index("hold_asked", "hold", ["state", "asked_at"])


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["other"], ["ticket.number"], name="link_other_is_ticket"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="link_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("ticket", "other", "relation", name="link_primary"),
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.Integer(), nullable=True),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("level_evidence", sa.Text(), nullable=False),
        sa.Column("automatic", sa.String(), nullable=False),
        sa.Column("automatic_evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["receipt"], ["receipt.id"], name="message_receipt_is_receipt"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="message_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("id", name="message_primary"),
    )
    op.create_index("message_ticket", "message", ["ticket", "id"])


def _outgoing() -> None:
    op.create_table(
        "outgoing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_key", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("reverse_path", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("is_warned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="outgoing_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("id", name="outgoing_primary"),
        sa.UniqueConstraint("notice_key", name="outgoing_notice_key_once"),
    )
    op.create_index("outgoing_due", "outgoing", ["state", "due_at"])
    op.create_index("outgoing_reader", "outgoing", ["ticket", "recipient_key"])
    his = ["recipient_key", "created_at", "kind", "audience"]
    is_for_agent = sa.text("audience = 'agent'")
    op.create_index("outgoing_agent", "outgoing", his, sqlite_where=is_for_agent)


def _party() -> None:
    op.create_table(
        "party",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reply_to_name", sa.Text(), nullable=False),
        sa.Column("reply_to_address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="party_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("ticket", "number", name="party_primary"),
        sa.UniqueConstraint("ticket", "address_key", name="party_address"),
    )


def _receipt_raw() -> None:
    op.create_table(
        "receipt_raw",
        sa.Column("receipt", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["receipt"], ["receipt.id"], name="receipt_raw_receipt_is_receipt"),
        sa.PrimaryKeyConstraint("receipt", name="receipt_raw_primary"),
    )


def _rule_firing() -> None:
    op.create_table(
        "rule_firing",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="rule_firing_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("ticket", "rule", name="rule_firing_primary"),
    )


def _thread() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("holders", sa.Text(), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="thread_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("id", name="thread_primary"),
        sa.UniqueConstraint("message_id", "ticket", name="thread_message_id"),
    )
    op.create_index("thread_ticket", "thread", ["ticket", "id"])


def _answer() -> None:
    op.create_table(
        "answer",
        sa.Column("outgoing", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_unverified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["outgoing"], ["outgoing.id"], name="answer_outgoing_is_outgoing"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="answer_ticket_is_ticket"),
        sa.PrimaryKeyConstraint("outgoing", name="answer_primary"),
    )
    op.create_index("answer_address", "answer", ["address_key", "at"])
    op.create_index("answer_ticket", "answer", ["ticket", "at"])
    op.create_index("answer_unverified", "answer", ["is_unverified", "at"])


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("is_inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name="attachment_message_is_message"),
        sa.PrimaryKeyConstraint("message", "part", name="attachment_primary"),
    )


def _outgoing_raw() -> None:
    op.create_table(
        "outgoing_raw",
        sa.Column("outgoing", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outgoing"], ["outgoing.id"], name="outgoing_raw_outgoing_is_outgoing"
        ),
        sa.PrimaryKeyConstraint("outgoing", name="outgoing_raw_primary"),
    )
