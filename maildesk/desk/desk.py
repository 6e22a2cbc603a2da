"""The desk: what every use case is handed. Built in `daemon`, once per process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from maildesk.desk.children import Children
from maildesk.desk.evidence import SignatureChecker
from maildesk.mail.template_sources import Sources
from maildesk.policy.rules import Rules
from maildesk.settings import Settings
from maildesk.store.engine import Database


@dataclass
class Desk:
    """The parts that use cases work with. `rules` is replaced whole on reload; `arrived` and
    `queued` wake the worker and the sender before their next look. Without a `checker` signatures
    are read and never checked: nothing asks the DNS. `left_running` names parts that did not stop
    in time; the database is not closed under them. `rules_ran_at`: when rules with `every` (their
    names) last ran in this process; `behind_since`: since when the beat waits for the worker.
    `stopping` is set before the parts are stopped. Who holds `in_force` sees the rules and what the
    store says of them in step: a reload alters both."""

    settings: Settings
    rules: Rules
    database: Database
    children: Children
    sources: Sources
    clock: Callable[[], datetime]
    checker: SignatureChecker | None = None
    arrived: threading.Event = field(default_factory=threading.Event)
    queued: threading.Event = field(default_factory=threading.Event)
    left_running: list[str] = field(default_factory=list)
    rules_ran_at: dict[str, datetime] = field(default_factory=dict)
    behind_since: datetime | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    in_force: threading.Lock = field(default_factory=threading.Lock)
