"""A desk with cases of Ada's, and two agents who answer their notifications from any client.

What agents write comes through the real listener, in the bytes of `clients.write`. The cases are
made once a session: a story begins with a copy of that desk.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from itertools import cycle
from pathlib import Path
from typing import Any

from clients import CLIENTS, LANGUAGES, VARIANTS, write
from stories.gateway import Gateway
from stories.house import BO, KARI, SUPPORT, House, open_house
from stories.people import Client, Letter

from maildesk.config.agent_words import read_agent_words
from maildesk.desk.children import Children
from maildesk.desk.holds import fire_due
from maildesk.mail.template_sources import Sources
from maildesk.policy.rules import Authentication

MX = "mx.example.com"
COUNT = len(VARIANTS) + 1  # a case for each form of a mail, and one beside
ADA = "ada@example.org"
ASKED = "It says PC LOAD LETTER since the power came back."
WORDS = "I bring a new drum at ten.\nPlease leave the door open."
HABITS = tuple(zip(cycle(CLIENTS), LANGUAGES * len(CLIENTS), strict=False))  # every pair, once
AGENT_WORDS = read_agent_words(None)
RULES: dict[str, Any] = {
    "authentication": Authentication(authserv_ids=(MX,), dkim=False),
    "aliases_of_verbs": AGENT_WORDS.aliases,
    "answers": AGENT_WORDS.answers,
}


@dataclass
class Cases:
    """The desk, Ada, Kari and Bo."""

    house: House
    gateway: Gateway
    ada: Client = field(init=False)
    kari: Client = field(init=False)
    bo: Client = field(init=False)

    def __post_init__(self) -> None:
        self.ada = self.house.client("Ada Berg", ADA)
        self.kari = self.house.client("Kari Nordmann", KARI)
        self.bo = self.house.client("Bo Li", BO)

    # --- mail in ---

    def send(
        self, raw: bytes, sender: str = KARI, *, is_proved: bool = False, to: Iterable[str] = ()
    ) -> None:
        """Hand a mail in; `is_proved`: our own server vouches for its From (V2)."""
        fields = message_from_bytes(raw, policy=default)
        addressed = [str(value) for name in ("To", "Cc") for value in fields.get_all(name, [])]
        rules = self.house.desk.rules
        ours = [each for _, each in getaddresses(addressed) if rules.accepts(each)]
        if sender in self.house.clients:
            self.house.clients[sender].sent.append(fields)
        for _, address in getaddresses(addressed):  # what people send each other
            if address in self.house.clients:
                self.house.clients[address].inbox.append(Letter(fields, sender, address))
        self.gateway.send(vouched(raw, sender) if is_proved else raw, sender, to or ours)

    def post(self, raw: bytes, sender: str = KARI, **words: Any) -> list[Letter]:
        """Hand a mail in, do all work, and return the letters that went out."""
        self.send(raw, sender, **words)
        return self.house.work()

    def answer(
        self,
        text: str,
        letter: Letter | None = None,
        *,
        client: str = "gmail-web",
        agent: Client | None = None,
        is_proved: bool = False,
        **words: Any,
    ) -> list[Letter]:
        """Have Kari (or another agent) answer a letter as a client does: that of case 1."""
        who = agent or self.kari
        raw = written(who, text, letter or self.letter(agent=who), client=client, **words)
        return self.post(raw, who.address, is_proved=is_proved)

    def pass_hours(self, hours: float) -> list[Letter]:
        """Let time pass, and do what is due then."""
        self.house.clock.pass_time(hours=hours)
        fire_due(self.house.desk)
        return self.house.work()

    # --- looking ---

    def letter(self, number: int = 1, agent: Client | None = None) -> Letter:
        """The agent's notification of the new case."""
        inbox = (agent or self.kari).inbox
        return next(letter for letter in inbox if letter["Subject"].endswith(f"[#{number}]"))

    def ticket(self, number: int = 1) -> dict[str, Any]:
        return self.house.ticket(number)

    def events(self, number: int = 1) -> list[tuple[str, str | None, str | None]]:
        """What happened: kind, old, new."""
        return [(e["kind"], e["old"], e["new"]) for e in self.ticket(number)["events"]]

    def last_message(self, number: int = 1) -> dict[str, Any]:
        message: dict[str, Any] = self.ticket(number)["messages"][-1]
        return message

    def to(self, who: Client | str, letters: Iterable[Letter] | None = None) -> list[Letter]:
        return self.house.to(who, letters)


def written(agent: Client, text: str, letter: Letter, *, client: str, **words: Any) -> bytes:
    """An agent's answer to a letter, as his client writes it."""
    sender = f"{agent.name} <{agent.address}>"
    return write(client, text=text, quoting=letter.raw, sender=sender, **words)


def vouched(raw: bytes, sender: str) -> bytes:
    """The mail as our own mail server hands it on: it has looked at who sent it."""
    domain = sender.rpartition("@")[2]
    trace = (
        f"Authentication-Results: {MX}; dmarc=pass header.from={domain}\r\n"
        f"Received: from out.{domain} by {MX} with ESMTPS id 2; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    )
    return trace.encode() + raw


def said(letter: Letter) -> str:
    """What stands above the line: what its reader sees first."""
    return letter.text.partition("--- Please write")[0].strip()


def spoken(letter: Letter) -> str:
    """The agent's words in a letter to a requester, without his name and the desk's below."""
    words, name, _ = said(letter).partition("\n\nKari Nordmann\n")
    assert name, f"not signed: {said(letter)!r}"
    return words


# --- the desk that stories begin with -----------------------------------------------------------


def make_cases(folder: Path, children: Children, sources: Sources) -> dict[str, Client]:
    """Make the desk in a folder, and return everybody's mail client."""
    with open_house(folder, children, sources, **RULES) as house:
        ada = house.client("Ada Berg", ADA)
        house.client("Kari Nordmann", KARI)
        house.client("Bo Li", BO)
        for number in range(1, COUNT + 1):
            house.hand_in(ada.write(SUPPORT, f"Printer {number} is dead", ASKED))
        house.work()
        house.desk.database.checkpoint()
        return house.clients


@contextmanager
def open_cases(
    prepared: tuple[Path, dict[str, Client]],
    folder: Path,
    children: Children,
    sources: Sources,
    gateway: Gateway,
) -> Iterator[Cases]:
    """Open a copy of the prepared desk."""
    before, clients = prepared
    shutil.copytree(before, folder, dirs_exist_ok=True)
    with open_house(folder, children, sources, **RULES) as house, gateway.before(house):
        cases = Cases(house, gateway)
        for address, client in clients.items():
            house.clients[address].inbox = list(client.inbox)
            house.clients[address].sent = list(client.sent)
        yield cases
