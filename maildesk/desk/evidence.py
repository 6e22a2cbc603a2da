"""The check of signatures with keys from the DNS; what follows from it is `policy.trust`'s.

A mail without a signature that could prove something costs nothing here. For one that has some,
the keys are looked up while the mails before it are worked on, and a child process checks them.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar, cast

import structlog

from maildesk.desk.children import Children
from maildesk.errors import Unavailable
from maildesk.mail.dkim_check import Keys, Verdict
from maildesk.mail.dkim_signatures import Signature
from maildesk.policy.rules import Authentication
from maildesk.policy.trust import NO_VERDICTS, Verdicts

log = structlog.get_logger()

LOOKUP_SECONDS = 5.0  # for all the keys of one mail
LOOKUPS_AT_ONCE = 32

Item = TypeVar("Item")


class LookupTxt(Protocol):
    """Returns the TXT record of a name, None where there is none. Raises: Unavailable."""

    def __call__(self, name: bytes, timeout: float) -> bytes | None:
        """Look `name` up within `timeout` seconds."""


class SignatureChecker:
    """Checks the signatures of mails, several at once."""

    def __init__(self, children: Children, lookup_txt: LookupTxt) -> None:
        self._children = children
        self._lookup_txt = lookup_txt
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="signatures")

    def close(self) -> None:
        """Let checks that wait be; those that run end within their time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def check(self, raw: bytes, signatures: Sequence[Signature]) -> Verdicts:
        """Return the verdict on each signature; never raises, for it costs only the proof."""
        verdicts, keys = self._keys(signatures)
        if not keys:
            return verdicts
        try:
            checked = self._children.run("check_signatures", raw, keys)
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail goes on without proof
            log.warning("signature not checked", error=repr(error))
            return verdicts
        return {**verdicts, **cast(dict[int, Verdict], checked)}

    def begin(self, raw: bytes, signatures: Sequence[Signature]) -> "Future[Verdicts]":
        """Start `check`, and return at once."""
        return self._threads.submit(self.check, raw, signatures)

    def _keys(self, signatures: Sequence[Signature]) -> tuple[dict[int, Verdict], Keys]:
        verdicts: dict[int, Verdict] = {}
        keys: dict[int, bytes] = {}
        deadline = time.monotonic() + LOOKUP_SECONDS
        for signature in signatures:
            record = self._record(signature, deadline - time.monotonic())
            if isinstance(record, Verdict):
                verdicts[signature.index] = record
            else:
                keys[signature.index] = record
        return verdicts, keys

    def _record(self, signature: Signature, seconds: float) -> bytes | Verdict:
        if seconds <= 0:
            return Verdict.NO_ANSWER
        try:
            record = self._lookup_txt(signature.key_name.encode("ascii"), timeout=seconds)
        except Unavailable:
            return Verdict.NO_ANSWER
        return Verdict.KEY_GONE if record is None else record


def open_checker(children: Children, settings: Authentication) -> SignatureChecker | None:
    """Return what checks signatures by the system's DNS; None where the admin wants none."""
    if not settings.dkim:
        return None
    from maildesk.desk.txt_records import TxtRecords  # noqa: PLC0415 - 0.1 s, which a demo is spared

    return SignatureChecker(children, TxtRecords())


def check_ahead(
    items: Iterable[Item], begin: Callable[[Item], "Future[Verdicts] | None"]
) -> Iterator[tuple[Item, Verdicts]]:
    """Yield the items in order, each with its verdicts.

    `begin` starts a check, or returns None where none is needed. While one is waited for, those
    of the items behind it are under way.
    """
    waiting: deque[tuple[Item, Future[Verdicts] | None]] = deque()
    for item in items:
        waiting.append((item, begin(item)))
        while waiting and (waiting[0][1] is None or waiting[0][1].done()):
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _finished(item: Item, check: "Future[Verdicts] | None") -> tuple[Item, Verdicts]:
    return item, check.result() if check else NO_VERDICTS
