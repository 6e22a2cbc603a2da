"""From the journal to the outbox, and from there to the next server."""

import re
import smtplib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.parser import BytesHeaderParser
from pathlib import Path

import mailparser

from maildesk.bench import sink, workloads
from maildesk.bench.rows import Figure, Kind
from maildesk.config import load
from maildesk.config.starter import write_demo
from maildesk.desk.delivery import deliver_due
from maildesk.desk.desk import Desk
from maildesk.desk.intake import Worker
from maildesk.mail.envelope import Envelope, Source
from maildesk.parts import open_desk
from maildesk.settings import Smarthost
from maildesk.store import outbox
from maildesk.store.receipts import insert_new, new_row
from maildesk.transport.submission import SmarthostSubmitter

ENVELOPE = Envelope(Source.SMTP, "person@example.org", (workloads.DESK,))
WARM_UP = 50  # mails, before the clock starts: children are up, statements compiled

_PARSE = "mail-parser"
SMALL = Kind("ticket from journal, small", "/s", _PARSE, mark=0.25, at_least=300)
REPLY = Kind("reply from journal", "/s", _PARSE, mark=0.25, at_least=300)
BIG = Kind("ticket from journal, big", "/s", _PARSE, mark=0.7)
SENDING = Kind("outbox to smarthost", "/s", "smtplib", mark=0.7)


@contextmanager
def open_bench_desk(folder: Path) -> Iterator[Desk]:
    """A desk on the embedded defaults, all of it within `folder`."""
    with open_desk(load(write_demo(folder, 0), {})) as desk:
        yield desk


def measure(folder: Path, *, count: int, big: int) -> Iterator[Figure]:
    """Work off small mails, send what came of it, work off replies to that, then big mails."""
    with open_bench_desk(folder) as desk:
        worker = Worker(desk)
        _work_off(desk, worker, [workloads.small(10**5 + number) for number in range(WARM_UP)])
        mails = [workloads.small(number) for number in range(count)]
        yield Figure(SMALL, _work_off(desk, worker, mails), _parse(mails))
        letters = _letters(desk)
        with sink.running() as port:
            yield Figure(SENDING, _send(desk, port), _send_bare(letters, port))
        mails = [answer for letter in letters for answer in _answers(letter)]
        yield Figure(REPLY, _work_off(desk, worker, mails), _parse(mails))
        mails = [workloads.big(number) for number in range(big)]
        yield Figure(BIG, _work_off(desk, worker, mails), _parse(mails))


# --- in -----------------------------------------------------------------------------------------


def _work_off(desk: Desk, worker: Worker, mails: Sequence[bytes]) -> float:
    """Journal the mails, then return how many a second are worked off."""
    entries = [(new_row(mail, ENVELOPE, desk.clock()), mail) for mail in mails]
    with desk.database.write() as session:
        insert_new(session.connection(), entries)
    began = time.perf_counter()
    while worker.work():
        pass
    return len(mails) / (time.perf_counter() - began)


def _parse(mails: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for mail in mails:
        mailparser.parse_from_bytes(mail)
    return len(mails) / (time.perf_counter() - began)


def _answers(letter: bytes) -> Iterator[bytes]:
    """The requester's answer, where the letter is an acknowledgement."""
    header = BytesHeaderParser().parsebytes(letter)
    requester = re.search(r"person(\d+)@", header["To"])
    if requester:
        yield workloads.reply(int(requester[1]), header["Reply-To"], header["Message-ID"])


# --- out ----------------------------------------------------------------------------------------


def _letters(desk: Desk) -> list[bytes]:
    with desk.database.read() as session:
        return [outbox.raw_of(session, row["id"]) for row in outbox.list_outgoing(session)]


def _send(desk: Desk, port: int) -> float:
    """Send all that is due over one connection; return how many a second."""
    submit = SmarthostSubmitter(Smarthost("127.0.0.1", port, "none"), "desk.example.com")
    began = time.perf_counter()
    sent = 0
    while tried := deliver_due(desk, submit):
        sent += tried
    seconds = time.perf_counter() - began
    submit.close()
    return sent / seconds


def _send_bare(letters: Sequence[bytes], port: int) -> float:
    client = smtplib.SMTP("127.0.0.1", port, "desk.example.com")
    began = time.perf_counter()
    for letter in letters:
        client.sendmail("desk@example.com", ["person@example.org"], letter)
    seconds = time.perf_counter() - began
    client.quit()
    return len(letters) / seconds
