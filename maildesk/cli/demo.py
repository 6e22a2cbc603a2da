"""The demo: a whole desk on loopback, a conversation through it, then a prompt to go on with."""

import os
import signal
import socket
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from maildesk.cli.console import out, say
from maildesk.cli.conversation import (
    SUPPORT,
    Maildir,
    NothingCame,
    Person,
    PostOffice,
    shown_lines,
    wait_until,
)
from maildesk.cli.prompt import Prompt
from maildesk.cli.times import clock_words
from maildesk.config import load
from maildesk.config.starter import write_demo
from maildesk.daemon import Daemon
from maildesk.desk.clocks import show_clocks
from maildesk.desk.desk import Desk
from maildesk.errors import Unavailable
from maildesk.logs import configure_logs
from maildesk.parts import open_desk
from maildesk.service import Service, block_signals
from maildesk.store import journal, tickets
from maildesk.store.locks import FileLock

PORTS = 50  # tried, from the one that was asked for


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    exit: Annotated[bool, typer.Option("--exit", help="End after the conversation.")] = False,  # noqa: A002
    dir: Annotated[Path, typer.Option("--dir", help="Where everything is kept.")] = Path("var"),  # noqa: A002
    port: Annotated[int, typer.Option("--port", help="The SMTP port on 127.0.0.1.")] = 8025,
) -> int:
    """Run a whole desk on loopback, lead a conversation through it, then let you go on."""
    configure_logs("error")
    _refuse_second(dir)
    free = _free_port(port)
    if free != port:
        say(f"Port {port} is busy; using {free}.")
    settings = load(write_demo(dir, free), {})
    block_signals()
    with open_desk(settings) as desk:
        daemon = Daemon(desk)
        daemon.start()
        try:
            stage = Stage(desk, daemon)
            status = stage.play()
            if not exit and status == 0:
                stage.go_on()
        finally:
            daemon.stop()
    return status


def _refuse_second(folder: Path) -> None:
    """Leave the files of one that runs alone. Raises: Unavailable."""
    lock = FileLock(folder / "maildesk.db.daemon.lock")
    try:
        if folder.is_dir() and not lock.try_lock():
            hint = "end it, or use --dir OTHER"
            raise Unavailable(f"another maildesk works on {folder}; {hint}")
    finally:
        lock.close()


def _free_port(wanted: int) -> int:
    for port in range(wanted, wanted + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return 0


class Stage:
    """Ada, who needs help, and Kari, who gives it."""

    def __init__(self, desk: Desk, daemon: Daemon) -> None:
        self._desk, self._daemon = desk, daemon
        self._ada = Person("Ada Berg", "ada@example.org")
        self._kari = Person("Kari Nordmann", "kari@example.com")
        outgoing = desk.settings.send.maildir or Path()
        maildir = Maildir(outgoing)
        list(maildir.new())  # of earlier runs
        endpoint = daemon.listeners[0].endpoint
        self._post = PostOffice(endpoint, maildir, [self._ada, self._kari])
        self._endpoint = endpoint

    def play(self) -> int:
        """Lead the conversation; return 0 if everything went as it should."""
        out.print(f"maildesk is listening on smtp://{self._endpoint}\n", markup=False)
        try:
            self._conversation()
        except NothingCame as nothing:
            out.print(f"\nThis did not come within 20 seconds: {nothing}", style="red")
            return 1
        return 0

    def _conversation(self) -> None:
        ada, kari, post = self._ada, self._kari, self._post
        self._scene("Ada writes to the desk")
        self._send(ada, ada.write(SUPPORT, "Printer is dead", "It says PC LOAD LETTER.\n\nAda"))
        wait_until(lambda: bool(post.deliver()) and bool(ada.inbox and kari.inbox), "two mails")
        self._scene("Ada is told at once that her mail is here, and by when she has an answer")
        self._show(ada.inbox[-1])
        self._scene("Kari, an agent, gets it in her ordinary inbox")
        self._show(kari.inbox[-1])

        self._scene("Kari replies. Lines that begin with # are for the desk, the rest is for Ada")
        reply = "#take #priority P1\n\nHello Ada,\n\nplease put A4 into tray 2.\n\nKari"
        self._send(kari, kari.answer(reply))
        self._show(post.wait_for(ada))

        self._scene("Ada answers; it lands in the same case, with Kari")
        self._send(ada, ada.answer("It prints again."))
        self._show(post.wait_for(kari))

        self._scene("Kari solves the case")
        self._send(kari, kari.answer("Good. The tray was set to Letter.\n\n#solve"))
        self._show(post.wait_for(ada))

        self._scene("Ada says thanks, and her vacation notice comes, too: nothing reopens,")
        self._scene("nobody is mailed, no loop begins")
        before = sum(self._counts().values())
        self._send(ada, ada.answer("Thanks a lot, Kari!"))
        self._send(ada, ada.answer("I am away until Monday.", Auto_Submitted="auto-replied"))
        wait_until(lambda: sum(self._counts().values()) == before + 2, "two more mails taken")
        if self._post.deliver():
            raise NothingCame("silence after thanks and a vacation notice")
        self._scene("The tickets, and what became of each promise")
        self._show_tickets()

    def _counts(self) -> dict[str, int]:
        with self._desk.database.read() as session:
            return journal.stats(session)["dispositions"]

    # --- showing ---

    def _scene(self, title: str) -> None:
        out.print(f"── {title} ", style="bold cyan", markup=False)

    def _send(self, person: Person, mail: EmailMessage) -> None:
        self._post.post(person, mail)
        self._show(mail)

    def _show(self, mail: EmailMessage) -> None:
        for name in ("From", "To", "Subject"):
            out.print(f"   {name + ':':9}{mail[name]}", markup=False)
        for line in shown_lines(mail):
            out.print(f"   │ {line}".rstrip(), markup=False, style="dim")
        out.print()

    def _show_tickets(self) -> None:
        with self._desk.database.read() as session:
            for ticket in tickets.list_tickets(session):
                words = "   #{number}  {status:8} {priority}  {assignee:6} {requester}  {subject}"
                shown = {**ticket, "assignee": ticket["assignee"] or "–"}
                out.print(words.format(**shown), markup=False)
                self._show_clocks(session, ticket["number"])
        out.print()

    def _show_clocks(self, session: Session, number: int) -> None:
        clocks = show_clocks(session, number, self._desk.rules, self._desk.clock())
        for name, clock in clocks.items():
            if clock["cycles"]:
                words = f"       {name.replace('_', ' '):15} {clock_words(clock)}"
                out.print(words, markup=False, style="dim")

    # --- going on ---

    def go_on(self) -> None:
        """Let the reader go on as Ada or Kari; without a terminal, serve until Ctrl-C."""
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            say("Serving until Ctrl-C.")
            Service(self._daemon).serve()
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
        command = f"{sys.argv[0]} --config {os.path.relpath(self._desk.settings.folder)}"
        out.print(f"In another terminal: {command} ticket show 1", markup=False)
        Prompt(self._post, [self._ada, self._kari], self._became).run()

    def _became(self) -> str:
        """Wait for what became of the newest mail, and return it in a few words."""
        newest: list[dict[str, Any]] = []

        def is_worked() -> bool:
            with self._desk.database.read() as session:
                newest[:] = journal.list_receipts(session, limit=1)
            return not newest or newest[0]["state"] != "received"

        wait_until(is_worked, "what became of it")
        receipt = newest[0]
        case = f" in #{receipt['ticket']}" if receipt["ticket"] else ""
        return f"{receipt['disposition'] or receipt['state']}{case}"
