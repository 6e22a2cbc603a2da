"""From claimed receipts to mails that can be decided on.

While some are worked on, the next ones are being read in the child processes, and the keys of
signatures that could prove something are looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial

import structlog

from maildesk.desk.attempts import fail
from maildesk.desk.desk import Desk
from maildesk.desk.evidence import check_ahead
from maildesk.desk.gathering import with_what_it_asks
from maildesk.desk.waves import WAVE, Work, keys_of
from maildesk.errors import Temporary
from maildesk.mail.message import InboundMail
from maildesk.policy.trust import Verdicts, worth_checking
from maildesk.store.claims import Receipt

log = structlog.get_logger()

_Read = tuple[Receipt, InboundMail | Exception]


def read_mails(desk: Desk, receipts: Sequence[Receipt]) -> Iterator[Work]:
    """Yield the mails in order; one that cannot be read is written down as failed."""
    reading = _begin_to_read(desk, receipts[:WAVE])
    for start in range(WAVE, len(receipts) + WAVE, WAVE):
        following = _begin_to_read(desk, receipts[start : start + WAVE])
        for (receipt, mail), verdicts in check_ahead(reading, partial(_begin_to_check, desk)):
            if isinstance(mail, Temporary):
                raise mail
            if isinstance(mail, Exception):
                fail(desk, receipt, mail)
            else:
                yield Work(receipt, mail, verdicts)
        reading = following


def with_keys(desk: Desk, works: Iterable[Work]) -> Iterator[tuple[Work, set[str]]]:
    """Yield each with what it asks for, and with what its decision may rest on."""
    for work in works:
        try:
            asking = with_what_it_asks(desk.database, work, desk.rules, desk.children.parse)
            keys = keys_of(asking, desk.rules)
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
            fail(desk, work.receipt, error)
            continue
        yield asking, keys


def _begin_to_read(desk: Desk, receipts: Sequence[Receipt]) -> Iterable[_Read]:
    mails = desk.children.parse_many([receipt.raw for receipt in receipts])
    return zip(receipts, mails, strict=True)


def _begin_to_check(desk: Desk, read: _Read) -> Future[Verdicts] | None:
    receipt, mail = read
    if desk.checker is None or isinstance(mail, Exception):
        return None
    try:
        signatures = worth_checking(mail, receipt.envelope, desk.rules, receipt.received_at)
    except Exception:  # the decision meets it again, and then it costs this mail an attempt
        log.exception("signatures not looked at", receipt=receipt.id)
        return None
    return desk.checker.begin(receipt.raw, signatures) if signatures else None
