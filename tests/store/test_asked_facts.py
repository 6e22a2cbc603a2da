"""A ticket's files and history: read where a mail asks for them, and nowhere else."""

from collections.abc import Callable

import pytest

from maildesk.mail.message import Attachment
from maildesk.model.changes import AddMessage, SetAssignee, SetStatus
from maildesk.model.facts import Asked, StoredFile, TicketFacts
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Status
from maildesk.store import asked_facts, finishing, tickets
from maildesk.store.engine import Database
from maildesk.store.journal import Journal

from .conftest import ENVELOPE, NOW, carry_out, change, inbound, message, opening

PDF = Attachment("2", "a.pdf", "application/pdf", 123, "ab" * 32)
LOGO = Attachment("3.1", "logo.png", "image/png", 9, "cd" * 32, is_inline=True, content_id="l@x")


def ask(database: Database, asked: Asked, *numbers: int) -> dict[int, TicketFacts]:
    with database.read() as session:
        facts = tickets.gather(
            session, inbound(message_id=None), ticket_numbers=numbers, now=NOW, asked=asked
        )
    return dict(facts.tickets)


def test_tickets_that_are_asked_for_are_read_like_the_others(database: Database) -> None:
    for number in range(1, 31):
        carry_out(database, opening(number, inbound(str(number), message_id=f"{number}@x")))
    asked = ask(database, Asked(tickets=(30, 99)), *range(1, 26))
    assert sorted(asked) == [*range(1, 19), 30]
    assert asked[30].thread[0].message_id == "30@x"
    assert (asked[30].files, asked[30].history) == ((), ())


def test_files_come_with_the_receipt_that_holds_them_newest_first(
    database: Database, received: Callable[..., int]
) -> None:
    first = received(inbound())
    carry_out(database, opening(1, inbound(attachments=(PDF, LOGO))), receipt=first)
    more = inbound("More.", message_id="more@x", attachments=(PDF,))
    second = received(more, Disposition.REPLY)
    change(database, message(1, more), receipt=second)
    change(database, message(1, inbound("No receipt.", attachments=(PDF,))))
    files = ask(database, Asked(has_files=True), 1)[1].files
    assert files == (StoredFile(second, PDF), StoredFile(first, PDF), StoredFile(first, LOGO))


# --- history ------------------------------------------------------------------------------------


@pytest.fixture
def receipt(database: Database, keeper: Journal) -> int:
    """A mail that opened ticket 1, with the trace of its decision."""
    receipt = keeper.keep(b"x", ENVELOPE)
    carry_out(database, opening(1, inbound()), receipt=receipt)
    finish(database, receipt, {"reasons": ["rule\n  “printers”", "no token"], "signal": "none"})
    return receipt


def finish(database: Database, receipt: int, trace: dict[str, object]) -> None:
    with database.write() as session:
        finishing.finish(
            session, receipt, disposition=Disposition.NEW_TICKET, ticket=1, trace=trace,
            content_key=str(receipt), message_id=None, now=NOW,
        )  # fmt: skip


def lines(database: Database) -> tuple[str, ...]:
    return ask(database, Asked(has_history=True), 1)[1].history


def test_history_says_what_happened_and_why_newest_last(
    database: Database, keeper: Journal, receipt: int
) -> None:
    second = keeper.keep(b"y", ENVELOPE)
    reply: AddMessage = message(1, inbound("Re", message_id="re@x"), reason="is a reply")
    change(database, reply, SetStatus(1, Status.OPEN, "agent_reply"), receipt=second)
    finish(database, second, {"signal": "token", "evidence": "reply address of party 1"})
    change(database, SetAssignee(1, "kari"))
    at = "2026-11-23T08:15:00Z"
    assert lines(database) == (
        f"{at} mail {receipt} (new-ticket): rule “printers”; no token",
        f"{at} ada@example.org: created new",
        f"{at} ada@example.org: message in public",
        f"{at} mail {second} (new-ticket): by token: reply address of party 1",
        f"{at} ada@example.org: message in public (is a reply)",
        f"{at} ada@example.org: status new → open (agent_reply)",
        f"{at} ada@example.org: assignee kari",
    )


def test_history_names_the_rules_that_routed_a_mail(database: Database, keeper: Journal) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    carry_out(database, opening(1, inbound()), receipt=receipt)
    route = {"rules": ["VPN trouble"], "queue": "helpdesk", "team": "network", "priority": "P2",
             "tags": ["vpn"], "dropped": ""}  # fmt: skip
    trace = {"reasons": ["rule “VPN trouble”", "no token"], "route": route}
    finish(database, receipt, trace)
    assert lines(database)[:2] == (
        f"2026-11-23T08:15:00Z mail {receipt} (new-ticket): no token",
        "2026-11-23T08:15:00Z rule “VPN trouble”: "
        "queue helpdesk, team network, priority P2, tags vpn",
    )


def test_a_mail_that_is_being_decided_on_has_no_disposition_yet(
    database: Database, keeper: Journal
) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    carry_out(database, opening(1, inbound()), receipt=receipt)
    assert lines(database)[0] == f"2026-11-23T08:15:00Z mail {receipt}"


def test_a_long_history_keeps_its_newest_lines_each_on_one_line(
    database: Database, receipt: int
) -> None:
    for number in range(60):
        change(database, SetAssignee(1, f"agent{number}\n" + "x" * 1000))
    history = lines(database)
    assert len(history) == asked_facts.LINES_AT_MOST
    assert "agent58" in history[-1]
    assert all(len(line) <= asked_facts.LINE_CHARACTERS and "\n" not in line for line in history)
