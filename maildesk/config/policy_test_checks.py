"""What is wrong with a policy test: a mail that is missing, and names that nothing has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from maildesk.config.policy_test_shape import ArrivingMail, MailTest
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.mail.message import AutomaticKind
from maildesk.mail.samples import SAMPLES
from maildesk.model.facts import Level
from maildesk.model.plan import Disposition, Signal
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.commands.verbs import COMMANDS
from maildesk.policy.rules import Rules
from maildesk.policy.spelling import did_you_mean

# What may be expected of a mail: of its route, else of the ticket, else as `explain --json` has it.
_OF_THE_ROUTE = """queue team priority type tags fields rules assignee sla watchers notify template
    acknowledge status dropped group_key requester"""
_OF_THE_MAIL = """disposition commands signal evidence ticket hint notices automatic
    answerable level language subject message_id from to cc reply text quoted signature attachments
    defects bounce trust thread route reasons"""
EXPECTABLE = frozenset(f"{_OF_THE_ROUTE} {_OF_THE_MAIL}".split())
NOTHING = "none"  # may be expected of whatever may be missing

Names = Mapping[str, Iterable[str]]


def names_of(rules: Rules, templates: Iterable[str]) -> Names:
    """The names that rules may use, by kind."""
    return {
        "queue": [queue.handle for queue in rules.queues],
        "team": [team.handle for team in rules.teams],
        "agent": [agent.handle for agent in rules.agents],
        "organisation": [one.handle for one in rules.organisations],
        "template": templates,
        "calendar": rules.calendars,
        "sla": rules.policies,
    }


_KINDS = {  # of what may be expected, where it is another word
    "assignee": "agent",
    "watchers": "agent",
    "rules": "rule",
    "commands": "command",
    "notices": "notice",
    "trust": "level",
}
_FIXED: Names = {
    "disposition": [*Disposition],
    "priority": [*Priority],
    "type": [*TicketType],
    "status": [*Status],
    "signal": [*Signal],
    "level": [*Level],
    "automatic": [*AutomaticKind],
    "command": COMMANDS,
    "notice": SAMPLES,
}


def nothing_expected(document: Document, at: KeyPath) -> Problem:
    """Make the problem of a test that would always pass."""
    return document.problem(at, "nothing is expected", "such a test always passes")


@dataclass(frozen=True, slots=True)
class Checker:
    """Looks at the tests of a file. `folder` is where their mails lie."""

    document: Document
    folder: Path
    rules: Rules
    templates: Iterable[str] = ()

    def faults(self, at: KeyPath, test: MailTest) -> Iterator[Problem]:
        """Yield what is wrong with one test."""
        if test.after is None:
            yield from self._mail_faults(at, test)
            for place, earlier in enumerate(test.earlier):
                yield from self._mail_faults((*at, "earlier", place), earlier)
        else:
            yield from self._faults_of_time(at, test)
        yield from self._expected(at, test)
        yield from self._named(at, test)

    def _mail_faults(self, at: KeyPath, test: ArrivingMail) -> Iterator[Problem]:
        mail, path = test.mail, test.path
        if path is None and (mail is None or mail.sender is None):
            hint = "as in {from: a@example.com, subject: Help}"
            if isinstance(test, MailTest) and test.ticket and mail is None:
                hint = 'or write "after: 3bd", to have rules with every: look at the ticket'
            yield self.document.problem(at, "the mail has no from", hint)
        if test.file and mail:
            message = "mail and file are two mails"
            yield self.document.key_problem((*at, "file"), message, "leave one of them out")
        elif path is not None and not (self.folder / path).is_file():
            key: KeyPath = ("file",) if test.file else ("mail", "file")
            hint = f"expected at {(self.folder / path).absolute()}"
            yield self.document.problem((*at, *key), "there is no such file", hint)

    def _faults_of_time(self, at: KeyPath, test: MailTest) -> Iterator[Problem]:
        if test.ticket is None:
            hint = "as in {requester: a@example.com, status: open}"
            yield self.document.key_problem((*at, "after"), "after needs a ticket", hint)
        for key in ("mail", "file", "level", "earlier"):
            if getattr(test, key):
                message = f"{key} and after do not go together"
                hint = "with after, rules with every: look at a ticket, and no mail comes"
                yield self.document.key_problem((*at, key), message, hint)

    def _expected(self, at: KeyPath, test: MailTest) -> Iterator[Problem]:
        here = (*at, "expect")
        if not test.expect:
            yield nothing_expected(self.document, here)
        for word in test.expect:
            if word not in EXPECTABLE:
                hint = did_you_mean(word, EXPECTABLE)
                message = f'"{word}" cannot be expected of a mail'
                yield self.document.key_problem((*here, word), message, hint)

    def _named(self, at: KeyPath, test: MailTest) -> Iterator[Problem]:
        """Yield the names that nothing has: no mail could ever be as is expected."""
        is_for_mail = test.after is None
        rules = [rule.name for rule in self.rules.routing if (rule.every is None) is is_for_mail]
        known = {**names_of(self.rules, self.templates), **_FIXED, "rule": rules}
        for word, value in test.expect.items():
            yield from self._unknown((*at, "expect", word), _KINDS.get(word, word), value, known)
        yield from self._unknown((*at, "absent"), "agent", test.absent, known)
        for word in ("queue", "team", "assignee"):
            value = getattr(test.ticket, word, None)
            yield from self._unknown((*at, "ticket", word), _KINDS.get(word, word), value, known)

    def _unknown(self, at: KeyPath, kind: str, value: object, known: Names) -> Iterator[Problem]:
        if kind not in known:
            return
        names = set(known[kind])
        for place, one in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(one, str) or one in ("", NOTHING) or (kind == "agent" and "@" in one):
                continue
            name = one.removeprefix("#").partition(" ")[0] if kind == "command" else one
            if name not in names:
                path = (*at, place) if isinstance(value, list) else at
                message = f'unknown {kind} "{one}"'
                yield self.document.problem(path, message, did_you_mean(name, names))
