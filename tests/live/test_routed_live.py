"""The starter's rules in a daemon that hears by SMTP and IMAP: each mail lands where they say.

Half of the mails come to our listener, half lie in a mailbox; what the desk sends goes out through
a real SMTP server.
"""

import contextlib
import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from dovecot import PASSWORD, Dovecot, free_port, wait_until
from live_desk import LiveDesk, running_daemon
from smtp_sink import running_sink

from maildesk.share import share_folder

SUPPORT, BILLING = "support@example.com", "billing@example.com"
ALERTS = 400
BY_PROGRAM = {"Auto-Submitted": "auto-generated"}
OF_A_LIST = {"List-Id": "<news.shop.example>", "Precedence": "bulk"}
OF_A_FORM = {**BY_PROGRAM, "Reply-To": "Cy <cy@customer.example>"}

VIP = """
  - name: The director of Acme waits for nobody
    when: {organisation_is: acme, sender_is: director@acme.example}
    then: {priority: P1, tags: [vip], assign: kari}
    continue: true
"""
BEFORE = "  # Now the rules that say whose it is"

LANDED = {
    "Our address has changed": {"queue": "billing", "team": "finance", "priority": "P3"},
    "VPN is down": {"queue": "helpdesk", "team": "network", "tags": ["network"]},
    "A question": {
        "team": "first-line",
        "priority": "P1",
        "tags": ["contract", "vip"],
        "assignee": "kari",
        "requester": "director@acme.example",
    },
    "打印机": {"team": "first-line", "tags": ["chinese"], "assignee": "lin"},
    "Contact form": {"requester": "cy@customer.example", "tags": ["web"], "team": "first-line"},
    "PROBLEM web1 load": {"team": "network", "priority": "P2", "tags": ["alert"]},
}
TOLD = {
    "Our address has changed": ["ada", "bo"],
    "VPN is down": ["ada", "nina"],
    "A question": ["director", "kari"],
    "打印机": ["lin", "wang"],
    "Contact form": ["cy", "kari", "lin"],
    "PROBLEM web1 load": ["nina"],
    "Ten tips": [],
}


@dataclass
class Doors:
    """The two ways in of one daemon."""

    port: int
    dovecot: Dovecot

    def by_smtp(self, mails: Iterable[EmailMessage]) -> None:
        """Hand mails to the listener, in one session."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as smtp:
            for mail in mails:
                named = [address for _, address in getaddresses([str(mail["To"])])]
                smtp.send_message(mail, to_addrs=named)

    def by_imap(self, mails: Iterable[EmailMessage]) -> None:
        """Put mails into the mailbox."""
        for mail in mails:
            self.dovecot.deliver("support", mail.as_bytes())


def starter() -> dict[str, str]:
    """The shipped rules and people, and a rule of our own for somebody important."""
    names = ("people.yaml", "routing.yaml", "sla.yaml")
    files = {name: (share_folder("config") / name).read_text("utf-8") for name in names}
    assert files["routing.yaml"].count(BEFORE) == 1
    files["routing.yaml"] = files["routing.yaml"].replace(BEFORE, VIP + "\n" + BEFORE)
    return files


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LiveDesk]:
    with running_sink(tmp_path / "sent") as sink:
        yield LiveDesk(tmp_path / "desk", sink)


@pytest.fixture
def doors(desk: LiveDesk) -> Iterator[Doors]:
    """A daemon that listens, and reads a mailbox."""
    with contextlib.closing(Dovecot()) as dovecot:
        doors = Doors(free_port(), dovecot)
        mailbox = {"name": "support", "host": "127.0.0.1", "port": dovecot.port, "tls": "none"}
        login = {"user": "support", "password": {"env": "IMAP_PASSWORD"}, "start": "all"}
        desk.environ["IMAP_PASSWORD"] = PASSWORD
        desk.configure(
            starter(),
            listen=[{"smtp": f"127.0.0.1:{doors.port}"}],
            mailboxes=[mailbox | login],
            limits={"messages_per_session": ALERTS},
        )
        with running_daemon(desk):
            yield doors


def names_told(desk: LiveDesk, subject: str) -> list[str]:
    """Who got a letter on a case, once for each letter."""
    letters = [letter for one in desk.clients.values() for letter in one.inbox]
    return sorted(one.recipient.split("@")[0] for one in letters if subject in one["Subject"])


def test_each_mail_lands_where_the_rules_say(desk: LiveDesk, doors: Doors) -> None:
    ada, director, wang, shop, website, monitoring = desk.add_people(
        ada="ada@example.org",
        director="director@acme.example",
        wang="wang@example.org",
        shop="news@shop.example",
        website="website@example.com",
        monitoring="monitoring@example.com",
    )
    nina, *_others = desk.add_people(
        nina="nina@example.com",
        kari="kari@example.com",
        lin="lin@example.com",
        bo="bo@example.com",
        cy="cy@customer.example",
    )
    doors.by_smtp(
        [ada.write(BILLING, "Our address has changed"), director.write(SUPPORT, "A question")]
    )
    doors.by_imap([shop.write(SUPPORT, "Ten tips", fields=OF_A_LIST)])
    doors.by_imap([website.write(SUPPORT, "Contact form", "Do you repair?", fields=OF_A_FORM)])
    doors.by_smtp([wang.write(SUPPORT, "打印机", "打印机坏了，请帮忙。")])
    doors.by_imap([ada.write(SUPPORT, "VPN is down")])
    doors.by_smtp(
        monitoring.write(SUPPORT, "PROBLEM web1 load", f"{n} requests failed.", fields=BY_PROGRAM)
        for n in range(ALERTS)
    )
    wait_until(lambda: desk.is_done_with(6 + ALERTS), 90, "all mails are worked off")
    wait_until(lambda: desk.states() == {"sent"}, 60, "the outbox is sent")
    desk.collect()

    listed = {ticket["subject"]: ticket for ticket in desk.ask("ticket", "list")}
    assert set(listed) == set(LANDED)
    assert {subject: _as_expected(subject, ticket) for subject, ticket in listed.items()} == LANDED
    assert {subject: names_told(desk, subject) for subject in TOLD} == TOLD
    (alerts,) = desk.ask("ticket", "show", str(listed["PROBLEM web1 load"]["number"]))
    assert len(alerts["messages"]) == ALERTS
    assert desk.dispositions() == {"new-ticket": 6, "dropped": 1, "automatic": ALERTS - 1}

    (told,) = [letter for letter in nina.inbox if "VPN" in letter["Subject"]]
    doors.by_imap([nina.answer("#why", told)])
    why = " ".join(desk.next_for(nina).text.split())
    assert "rule “VPN and network go to the network team”" in why
    wait_until(lambda: doors.dovecot.count("support", ".Processed") == 4, 60, "the mailbox is read")


def _as_expected(subject: str, ticket: dict[str, Any]) -> dict[str, Any]:
    """What the ticket says of what is expected; its tags in order, without the one that depends on
    when the test runs."""
    tags = sorted(set(ticket["tags"]) - {"out-of-hours"})
    return {name: {**ticket, "tags": tags}[name] for name in LANDED[subject]}
