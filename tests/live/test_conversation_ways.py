"""The same conversation by every way in: SMTP, LMTP, IMAP, and a pipe without a daemon.

The desk runs as its users run it, a process on a configuration folder; what it sends goes through a
real SMTP server; people are the mail clients of the stories.
"""

import contextlib
import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from dovecot import PASSWORD, Dovecot, free_port, wait_until
from live_desk import LiveDesk, running_daemon
from smtp_sink import running_sink
from stories.people import Client, Letter, files_of, ids_of, outlook, read

SUPPORT = "support@example.com"
FILE = {"log.bin": bytes(range(256)) * 400}

Post = Callable[[EmailMessage], None]


def recipients_of(mail: EmailMessage) -> list[str]:
    """Whom the senders' servers bring to our door."""
    fields = [str(mail[name]) for name in ("To", "Cc") if mail[name]]
    return [a for _, a in getaddresses(fields) if a.startswith("support")]


@contextlib.contextmanager
def by_smtp(desk: LiveDesk) -> Iterator[Post]:
    port = free_port()
    desk.configure(listen=[{"smtp": f"127.0.0.1:{port}"}])

    def post(mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
            smtp.send_message(mail, to_addrs=recipients_of(mail))

    with running_daemon(desk):
        yield post


@contextlib.contextmanager
def by_lmtp(desk: LiveDesk) -> Iterator[Post]:
    path = desk.folder / "lmtp"
    desk.configure(listen=[{"lmtp": f"unix:{path}"}])

    def post(mail: EmailMessage) -> None:
        with smtplib.LMTP(str(path)) as lmtp:
            lmtp.send_message(mail, to_addrs=recipients_of(mail))

    with running_daemon(desk):
        yield post


@contextlib.contextmanager
def by_imap(desk: LiveDesk) -> Iterator[Post]:
    with contextlib.closing(Dovecot()) as dovecot:
        mailbox = {
            "name": "support",
            "host": "127.0.0.1",
            "port": dovecot.port,
            "tls": "none",
            "user": "support",
            "password": {"env": "IMAP_PASSWORD"},
            "start": "all",  # the first mail may come before the first look
        }
        desk.environ["IMAP_PASSWORD"] = PASSWORD
        desk.configure(mailboxes=[mailbox])
        posted = []

        def post(mail: EmailMessage) -> None:
            dovecot.deliver("support", mail.as_bytes())
            posted.append(mail)

        with running_daemon(desk):
            yield post
            wait_until(lambda: dovecot.count("support") == 0, 60, "the INBOX is empty")
            assert dovecot.count("support", ".Processed") == len(posted)


@contextlib.contextmanager
def by_pipe(desk: LiveDesk) -> Iterator[Post]:
    desk.configure()

    def post(mail: EmailMessage) -> None:
        to = [word for address in recipients_of(mail) for word in ("--to", address)]
        sender = ["--from", str(mail["From"].addresses[0].addr_spec)]
        done = desk.command("receive", *sender, *to, stdin=mail.as_bytes())
        assert (done.returncode, done.stderr) == (0, b"")

    yield post
    assert desk.command("process").returncode == 0


WAYS = {"smtp": by_smtp, "lmtp": by_lmtp, "imap": by_imap, "pipe": by_pipe}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LiveDesk]:
    with running_sink(tmp_path / "sent") as sink:
        desk = LiveDesk(tmp_path / "desk", sink)
        for name, address in {
            "Ada Berg": "ada@example.org",
            "Carl Ek": "carl@example.org",
            "Kari Nordmann": "kari@example.com",
        }.items():
            desk.clients[address] = Client(name, address)
        yield desk


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_conversation(desk: LiveDesk, way: Callable[[LiveDesk], Any]) -> None:
    ada, carl, kari = desk.clients.values()
    kari.style = outlook
    with way(desk) as post:
        first = ada.write(SUPPORT, cc=[carl.address], files=FILE)
        post(first)
        received = desk.next_for(ada)
        wait_until(lambda: desk.collect() or kari.inbox, 60, "the notification")
        told = kari.last
        assert received["Subject"] == told["Subject"] == "Re: Printer is dead [#1]"
        assert received["In-Reply-To"] == first["Message-ID"]
        assert received.reverse_path == ""
        assert files_of(told.mail) == FILE

        post(kari.answer("Hello Ada,\n\nplease fill tray 2.\n\nKari", files={"how.pdf": b"%PDF"}))
        reply = desk.next_for(ada)
        assert reply["From"] == '"Kari Nordmann (IT Service Desk)" <support@example.com>'
        assert reply.text.startswith("Hello Ada,\n\nplease fill tray 2.\n\nKari\n")
        assert files_of(reply.mail) == {"how.pdf": b"%PDF"}
        assert reply.reverse_path.startswith("support+t1.1.b")
        assert "kari@example.com" not in reply.raw.decode()
        assert set(ids_of(reply.mail, "References")) <= ada.ids

        post(ada.answer("It prints again.", subject="Hurrah!"))
        again = desk.next_for(kari)
        assert again["Subject"] == "Re: Printer is dead [#1]"
        assert "> It prints again." in again.text
        assert "tray 2" not in again.text

        carl.inbox.append(Letter(read(first.as_bytes()), ada.address, carl.address))
        post(carl.answer("Mine does too.", to_all=True))
        assert "Held: a mail from Carl Ek" in desk.next_for(kari).text

        sent = len(desk.sink.mails)
        post(ada.answer("I am away.", reply, fields={"Auto-Submitted": "auto-replied"}))
        wait_until(lambda: desk.is_done_with(5), 60, "the vacation notice is worked off")
        wait_until(lambda: desk.states() == {"sent"}, 60, "the outbox is sent")
        assert len(desk.sink.mails) == sent == 5

    assert desk.dispositions() == {"new-ticket": 1, "reply": 2, "held": 1, "automatic": 1}
    (ticket,) = desk.ask("ticket", "list")
    assert (ticket["number"], ticket["status"], ticket["assignee"]) == (1, "open", "kari")
    (shown,) = desk.ask("ticket", "show", "1")
    visibilities = [message["visibility"] for message in shown["messages"]]
    assert visibilities == ["public", "public", "public", "held", "internal"]
