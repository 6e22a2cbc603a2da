"""The beat, with few open tickets and with many: it should cost no more than what is due."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from maildesk.bench import workloads
from maildesk.bench.desk import ENVELOPE
from maildesk.bench.rows import Figure, Kind
from maildesk.config import load
from maildesk.config.starter import write_demo
from maildesk.desk.beat import beat
from maildesk.desk.desk import Desk
from maildesk.desk.intake import Worker
from maildesk.model.facts import LogLine, TicketFacts
from maildesk.parts import open_desk
from maildesk.policy.rules import Agent, Rules
from maildesk.policy.sla.file import read_sla
from maildesk.policy.sla.promised import clocks_of
from maildesk.store import clocks
from maildesk.store.receipts import insert_new, new_row

DUE = 20  # tickets a beat
EVALUATED = 2_000  # readings of a log
OPENED_AT = datetime(2026, 11, 2, 8, 15, tzinfo=UTC)
STEP_AT = OPENED_AT + timedelta(hours=6)  # three quarters of the eight, within a day

FEW = Kind("beat, 20 of 1,000 open due", " ms")
MANY = Kind("beat, 20 of 100,000 open due", " ms", "of 1,000 open", at_most_ratio=1.5)
CLOCKS = Kind("clocks of a ticket", " µs", at_most=2000)

_SLA = {
    "calendars": {"oslo": {"timezone": "Europe/Oslo", "hours": {"mon-fri": ["08:00-16:00"]}}},
    "sla": [
        {
            "name": "standard",
            "clocks": {
                "P3": {
                    "calendar": "oslo",
                    "first_response": "3bd",
                    "next_response": "1bd",
                    "resolution": "8h",
                }
            },
            "ladder": {"resolution": [{"at": "75%", "notify": "owner"}]},
        }
    ],
}


@dataclass(slots=True)
class Hands:
    """A clock that stands where it is put."""

    at: datetime = OPENED_AT

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


def measure(folder: Path, *, few: int, beats: int) -> Iterator[Figure]:
    """Let a desk with `few` open tickets, and one with a hundred times as many, beat by turns."""
    with ExitStack() as stack:
        small = stack.enter_context(_desk_with(folder / "few", few))
        large = stack.enter_context(_desk_with(folder / "many", 100 * few))
        _beat(small, few, 0)  # statements are compiled, children are up
        _beat(large, 100 * few, 0)
        for turn in range(1, beats + 1):
            limit = _beat(small, few, turn)
            yield Figure(FEW, limit)
            yield Figure(MANY, _beat(large, 100 * few, turn), limit)
        for _ in range(beats):
            yield Figure(CLOCKS, _evaluate(small))


def _beat(desk: Desk, count: int, turn: int) -> float:
    """Have a step reached on some tickets; return the milliseconds of the beat that mails it."""
    apart = count // DUE
    _make_due(desk, [1 + turn + apart * number for number in range(DUE)])
    began = time.perf_counter()
    beat(desk)
    return (time.perf_counter() - began) * 1000


def _make_due(desk: Desk, numbers: list[int]) -> None:
    with desk.database.write() as session:
        due = text("UPDATE ticket SET next_at = :now WHERE number = :number")
        now = f"{desk.clock():%Y-%m-%d %H:%M:%S.%f}"
        session.execute(due, [{"now": now, "number": number} for number in numbers])


# --- a desk with many tickets -------------------------------------------------------------------


@contextmanager
def _desk_with(folder: Path, count: int) -> Iterator[Desk]:
    """A desk with so many open tickets, each with an owner; on none of them anything is due."""
    hands = Hands()
    with open_desk(load(write_demo(folder, 0), {}), hands) as desk:
        desk.rules = _with_promises(desk.rules)
        with desk.database.write() as session:
            mail = workloads.small(1)
            insert_new(session.connection(), [(new_row(mail, ENVELOPE, hands()), mail)])
        worker = Worker(desk)
        while worker.work():
            pass
        with desk.database.write() as session:
            _multiply(session, count)
        desk.database.checkpoint()
        hands.at = STEP_AT
        yield desk


def _with_promises(rules: Rules) -> Rules:
    book = read_sla(_SLA)
    owners = (
        Agent(f"agent{n}", f"Agent {n}", (f"agent{n}@example.com",), ("first-line",))
        for n in range(DUE)
    )
    return replace(
        rules,
        agents=(*rules.agents, *owners),
        calendars=book.calendars,
        promises=book.promises,
        editions=(),
    )


_SERIES = (
    "WITH RECURSIVE series (n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM series WHERE n < {})"
)
_PER_TICKET = {"party": "ticket", "message": "ticket", "event": "ticket", "thread": "ticket"}


def _multiply(session: Session, count: int) -> None:
    """Copy ticket 1, which came as every ticket does, within the database."""
    for table, key in {"ticket": "number", **_PER_TICKET}.items():
        names = [row[1] for row in session.execute(text(f"PRAGMA table_info({table})"))]
        copied = [name for name in names if name not in ("id", key)]
        into, these = ", ".join((key, *copied)), ", ".join(("n", *copied))
        session.execute(
            text(
                f"{_SERIES.format(count)} INSERT INTO {table} ({into}) "  # noqa: S608 - our names
                f"SELECT {these} FROM series CROSS JOIN {table} WHERE {key} = 1"
            )
        )
    owner = f"'agent' || ((number - 1) / {count // DUE})"  # of those due at once, each has one
    later = "'2030-01-01 00:00:00.000000'"
    session.execute(text(f"UPDATE ticket SET next_at = {later}, assignee = {owner}"))  # noqa: S608


# --- the clocks of one ticket -------------------------------------------------------------------


def _evaluate(desk: Desk) -> float:
    """Return the microseconds that the clocks of a ticket take which went to and fro for a week."""
    with desk.database.read() as session:
        [facts] = clocks.on_the_clock(session.connection(), [1]).values()
    facts = replace(facts, log=(*facts.log, *_week(facts)))
    now = OPENED_AT + timedelta(days=7)
    began = time.perf_counter()
    for _ in range(EVALUATED):
        clocks_of(facts, desk.rules, now)
    return (time.perf_counter() - began) / EVALUATED * 1_000_000


def _week(facts: TicketFacts) -> Iterator[LogLine]:
    """Each day an answer, a question, and what the requester says to it."""
    for day in range(1, 6):
        at = facts.ticket.created_at + timedelta(days=day)
        yield LogLine(at, "message", "out public", receipt=2)
        yield LogLine(at, "status", "waiting_user", "open")
        yield LogLine(at + timedelta(hours=3), "message", "in public", receipt=3)
        yield LogLine(at + timedelta(hours=3), "status", "open", "waiting_user")
