"""A desk in this process, on a database of its own, with a clock that stands still.

`House.post` hands a mail in as a listener does, works the journal off and delivers the outbox into
people's inboxes. Every letter that went out is held to the same promises (`House.inspect`).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from databases import put_database
from stories.people import Client, Letter, address_of, files_of, ids_of, read

from maildesk.desk.children import Children
from maildesk.desk.delivery import deliver_due
from maildesk.desk.desk import Desk
from maildesk.desk.intake import Worker, receiver
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope, Source, Submit
from maildesk.mail.identifiers import Purpose, ReplyAddresses, find_tokens, read_address
from maildesk.mail.template_sources import Sources
from maildesk.policy.rules import Acknowledge, Agent, Queue, Rules, Team
from maildesk.settings import Send, Settings
from maildesk.store import journal, tickets
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUPPORT = "support@example.com"
BILLING = "billing@example.com"
KARI = "kari@example.com"
KARI_AT_HOME = "kn@example.net"
BO = "bo@example.com"
ADMIN = "admin@example.com"

AGENTS_OWN = {Purpose.AGENT, Purpose.INTERNAL, Purpose.CONFIRMATION}

RULES = Rules(
    domain="example.com",
    queues=(
        Queue("helpdesk", (SUPPORT,), "first-line", "IT Service Desk", is_default=True),
        Queue("finance", (BILLING,), "finance", "Finance Desk"),
    ),
    agents=(
        Agent("kari", "Kari Nordmann", (KARI, KARI_AT_HOME), ("first-line",)),
        Agent("bo", "Bo Li", (BO,), ("first-line", "finance")),
    ),
    teams=(Team("first-line"), Team("finance")),
    reply=ReplyAddresses("example.com", "+", (b"k" * 32,)),
    acknowledge=Acknowledge("full", 0),
    admins=(ADMIN,),
)


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at

    def pass_time(self, **words: float) -> None:
        self.at += timedelta(**words)


@dataclass
class House:
    """The desk, everybody who mails with it, and all that it sent."""

    desk: Desk
    clock: Clock
    receive: Any
    clients: dict[str, Client] = field(default_factory=dict)
    sent: list[Letter] = field(default_factory=list)
    way_out: Callable[[Submit], Submit] = lambda inboxes: inboxes  # what letters pass before

    def client(self, name: str, address: str, **settings: Any) -> Client:
        """Let somebody have a mail client."""
        client = Client(name, address, now=self.clock, **settings)
        self.clients[address.lower()] = client
        return client

    def change_rules(self, **changes: Any) -> None:
        """Reload the rules with other values."""
        self.desk.rules = replace(self.desk.rules, **changes)

    # --- mail in, mail out ---

    def post(
        self,
        mail: EmailMessage | bytes,
        *,
        to: Iterable[str] | None = None,
        sender: str | None = None,
    ) -> list[Letter]:
        """Hand a mail in, do all work, and return the letters that went out for it."""
        self.hand_in(mail, to=to, sender=sender)
        return self.work()

    def hand_in(
        self,
        mail: EmailMessage | bytes,
        *,
        to: Iterable[str] | None = None,
        sender: str | None = None,
    ) -> None:
        """Hand a mail in as a listener does; only our addresses reach it as recipients."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        headers = {} if isinstance(mail, bytes) else mail
        path = address_of(headers.get("From", "")) if sender is None else sender
        recipients = tuple(to) if to is not None else self._ours(headers)
        self._put_into_inboxes(mail, path)
        answer = self.receive(raw, Envelope(Source.SMTP, path, recipients))
        assert answer.is_accepted, answer

    def work(self) -> list[Letter]:
        """Work the journal and the outbox off; return what went out."""
        before = len(self.sent)
        worker = Worker(self.desk)
        while worker.work():
            pass
        while deliver_due(self.desk, self.way_out(self._submit)):
            pass
        for letter in self.sent[before:]:  # not in _submit: the sender bears what a submit raises
            self.inspect(letter)
        return self.sent[before:]

    def _ours(self, headers: Any) -> tuple[str, ...]:
        values = [str(headers[name]) for name in ("To", "Cc", "Bcc") if headers.get(name)]
        addresses = [address for _, address in getaddresses(values)]
        return tuple(address for address in addresses if self.desk.rules.accepts(address))

    def _put_into_inboxes(self, mail: EmailMessage | bytes, path: str) -> None:
        """What people send each other reaches them without us."""
        if isinstance(mail, bytes):
            return
        values = [str(mail[name]) for name in ("To", "Cc") if mail[name]]
        for _, address in getaddresses(values):
            client = self.clients.get(address.lower())
            if client:
                client.inbox.append(Letter(read(mail.as_bytes()), path, address))

    def _submit(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        letter = Letter(read(raw), envelope.reverse_path, envelope.recipients[0])
        self.sent.append(letter)
        client = self.clients.get(letter.recipient.lower())
        if client:
            client.inbox.append(letter)
        return DeliveryResult(DeliveryState.SENT, "250 Ok")

    # --- what holds for every letter ---

    def inspect(self, letter: Letter) -> None:
        """Hold a letter to what docs/notices.md promises of every one."""
        rules, mail = self.desk.rules, letter.mail
        for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert len(mail.get_all(name, [])) == 1, (name, str(letter))
        assert address_of(mail["To"]) == letter.recipient.lower()
        assert mail["Cc"] is None
        assert mail["Bcc"] is None
        assert not rules.accepts(letter.recipient), f"we write to ourselves: {letter}"
        assert rules.queue_at(address_of(mail["From"])), "From is a queue's own address"
        assert letter.reverse_path == "" or read_address(rules.reply, letter.reverse_path)
        assert letter.text.strip()
        assert len(letter.html) < 100_000
        self._inspect_automatic(letter)
        self._inspect_thread(letter)
        if not self.is_agent(letter.recipient) and letter.recipient != ADMIN:
            self._inspect_privacy(letter)

    def _inspect_automatic(self, letter: Letter) -> None:
        automatic = letter["Auto-Submitted"]
        suppress = letter["X-Auto-Response-Suppress"]
        if automatic:
            assert automatic in ("auto-replied", "auto-generated")
            assert letter["X-Maildesk-Loop"] == self.desk.rules.domain
            assert suppress.startswith("DR, RN, NRN, AutoReply")
            assert suppress.endswith("OOF") is not self._is_for_agents(letter)
        else:
            assert not suppress
            assert not letter["X-Maildesk-Loop"]
        assert (letter.reverse_path == "") is (
            automatic == "auto-replied" or letter.recipient == ADMIN
        )

    def _inspect_thread(self, letter: Letter) -> None:
        """In-Reply-To and References name only what this recipient has."""
        client = self.clients.get(letter.recipient.lower())
        if client:
            named = set(ids_of(letter.mail, "In-Reply-To", "References"))
            assert named <= client.ids, (named - client.ids, str(letter))

    def _is_for_agents(self, letter: Letter) -> bool:
        """Whether its reader is written to as an agent: he may be a requester, too."""
        token = read_address(self.desk.rules.reply, letter.reply_to)
        if token:
            return token.purpose is not Purpose.PARTICIPANT
        return self.is_agent(letter.recipient) or letter.recipient == ADMIN

    def _inspect_privacy(self, letter: Letter) -> None:
        """No address of an agent or an admin, no token by which an agent is believed, no word that
        is for agents only."""
        everything = f"{letter}\n{letter.html}".lower()
        octets = [letter.raw, *files_of(letter.mail).values()]
        readable = "\n".join([everything, *(raw.decode("utf-8", "replace") for raw in octets)])
        assert not {token.purpose for token in find_tokens(readable)} & AGENTS_OWN, str(letter)
        for agent in self.desk.rules.agents:
            for address in agent.addresses:
                is_told = re.search(rf"(?<![\w.+-]){re.escape(address)}", everything)
                assert not is_told, (address, str(letter))  # a token may end in "bo"
        for word in (ADMIN, "first-line", "your reply goes to", "stays internal", "not proven"):
            assert word not in everything, (word, str(letter))

    def is_agent(self, address: str) -> bool:
        pagers = (agent.pager for agent in self.desk.rules.agents)
        return self.desk.rules.agent_at(address) is not None or address in pagers

    # --- looking ---

    def to(self, client: Client | str, letters: Iterable[Letter] | None = None) -> list[Letter]:
        """The letters to somebody: of those given, else of all."""
        address = client if isinstance(client, str) else client.address
        looked_at = self.sent if letters is None else letters
        return [letter for letter in looked_at if letter.recipient == address]

    def tickets(self) -> list[dict[str, Any]]:
        with self.desk.database.read() as session:
            return tickets.list_tickets(session)

    def ticket(self, number: int = 1) -> dict[str, Any]:
        with self.desk.database.read() as session:
            return tickets.show_ticket(session, number)

    def stats(self) -> dict[str, dict[str, int]]:
        with self.desk.database.read() as session:
            return journal.stats(session)

    def dispositions(self) -> list[str]:
        """What became of each mail, oldest first."""
        with self.desk.database.read() as session:
            listed = journal.list_receipts(session)
        return [row["disposition"] for row in sorted(listed, key=lambda row: row["id"])]

    def counts(self) -> Counter[str]:
        """How many mails ended in each disposition."""
        return Counter({k: n for k, n in self.stats()["dispositions"].items() if n})


@contextmanager
def open_house(folder: Path, children: Children, sources: Sources, **rules: Any) -> Any:
    """Open a desk as the daemon does, with these rules changed; one in the folder goes on."""
    clock = Clock()
    if not (folder / "desk.db").exists():
        put_database(folder / "desk.db")
    settings = Settings(
        folder=folder,
        state=folder,
        database=f"sqlite:///{folder / 'desk.db'}",
        listen=(),
        mailboxes=(),
        send=Send(maildir=folder / "outgoing"),
        rules=replace(RULES, **rules),
    )
    database = open_database(settings.database)
    try:
        desk = Desk(settings, settings.rules, database, children, sources, clock)
        kept = Journal(database, clock)
        try:
            yield House(desk, clock, receiver(desk, kept))
        finally:
            kept.close()
    finally:
        database.close()
