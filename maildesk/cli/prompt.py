"""The prompt of the demo: one goes on as the user or the agent."""

import re
import sys
import threading
from collections.abc import Callable
from email.message import EmailMessage

from maildesk.cli.console import out
from maildesk.cli.conversation import SUPPORT, Person, PostOffice, shown_lines

HELP = """\
Type a line and it is mailed: in answer to the last mail, or to the desk.
[bold]kari[/] or [bold]ada[/] changes who writes, [bold]new …[/] begins a new case, [bold]help[/]
says this again, [bold]quit[/] ends.
"""
SPEAKER = re.compile(r"(?P<name>\w+)\s*>(?P<rest>.*)")


class Prompt:
    """`ada> ` and `kari> `: a line is a mail. A name alone changes who writes."""

    def __init__(self, post: PostOffice, people: list[Person], became: Callable[[], str]) -> None:
        self._post = post
        self._became = became
        self._people = {person.address.partition("@")[0]: person for person in people}
        self._now = people[0]
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read lines until Ctrl-D or `quit`."""
        out.print(HELP)
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            while (line := input(f"{self._name}> ").strip()) != "quit":
                self._take(line)
        except (EOFError, KeyboardInterrupt):
            out.print()
        finally:
            self._stopping.set()
            watcher.join()

    @property
    def _name(self) -> str:
        return self._now.address.partition("@")[0]

    def _take(self, line: str) -> None:
        line = self._spoken(line)
        if line in ("help", "?"):
            out.print(HELP)
        elif line == "new":
            out.print("Write what it is about: [bold]new The printer is dead[/]")
        elif line:
            self._post.post(self._now, self._mail(line))
            out.print(f"   → {self._became()}", markup=False, style="dim")

    def _spoken(self, line: str) -> str:
        """Return what is said, after a change of who says it; "" if nobody has that name."""
        match = SPEAKER.fullmatch(line)
        name = match["name"] if match else line
        if name in self._people:
            self._now = self._people[name]
            return match["rest"].strip() if match else ""
        if match:
            known = " and ".join(self._people)
            out.print(f"There is no {name} here, only {known}. Nothing was mailed.", markup=False)
            return ""
        return line

    def _mail(self, line: str) -> EmailMessage:
        person = self._now
        if line.startswith("new ") or not person.inbox:
            text = line.removeprefix("new ")
            return person.write(SUPPORT, text[:60], text)
        return person.answer(line)

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            for person, mail in self._post.deliver():
                out.print(f"\n   ✉ to {person.name}: {mail['Subject']}", markup=False)
                for line in shown_lines(mail):
                    out.print(f"   │ {line}", markup=False, style="dim")
                sys.stdout.write(f"{self._name}> ")
                sys.stdout.flush()
