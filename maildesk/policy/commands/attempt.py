"""What an agent's mail would do: its commands tried on a draft, its words cut as they would go out.

Nothing here decides; `agents` and `holding` do, on what the attempt has found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from maildesk.mail.identifiers import Purpose
from maildesk.mail.message import InboundMail, Span, cut, joined
from maildesk.model.plan import CommandTrace
from maildesk.model.ticket import Visibility
from maildesk.policy.commands.arguments import BadArgument
from maildesk.policy.commands.interleaved import with_words
from maildesk.policy.commands.lines import CommandLine, Doubt, Reading, read_commands
from maildesk.policy.commands.outgoing import Sent, cut_quoted, relayed
from maildesk.policy.commands.reading import vocabulary
from maildesk.policy.commands.signing import is_signature
from maildesk.policy.commands.task import CannotRun, Task
from maildesk.policy.commands.verbs import COMMANDS
from maildesk.policy.draft import Draft
from maildesk.policy.rules import Agent

ANSWERED_INSIDE = frozenset(
    ("note", "held", "bounced", "bundle", "command_receipt", "case_list", "trace", "help", "files")
)


class Order(StrEnum):
    """What an agent says is to become of his held mail."""

    RUN = "run"
    SEND = "send"
    DROP = "drop"


@dataclass
class Attempt:
    """The draft with all commands carried out that can be; `mail` with what would be said as its
    reply; what was `understood`, and the `doubts`."""

    draft: Draft
    task: Task
    mail: InboundMail
    lines: tuple[CommandLine, ...]
    understood: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    order: Order | None
    read_doubts: tuple[Doubt, ...] = ()  # those of the text, before anything was tried

    @property
    def unread(self) -> tuple[Doubt, ...]:
        """The lines in doubt that no correction is known for."""
        return tuple(doubt for doubt in self.read_doubts if not doubt.suggestion)

    @property
    def is_sure(self) -> bool:
        """Whether more than a reply address speaks for the agent."""
        return self.task.is_sure

    @property
    def visibility(self) -> Visibility:
        """Who is to read the words: as the commands say, else as the reply address does."""
        if self.order is Order.SEND:
            return Visibility.PUBLIC
        if self.task.visibility:
            return self.task.visibility
        return Visibility.INTERNAL if _answers_inside(self.draft) else Visibility.PUBLIC

    @property
    def has_words(self) -> bool:
        """Whether anything is left to be said, or a file to be passed on."""
        return bool(self.mail.new_text or relayed(self.mail.attachments))

    def traces(self, status: str, reason: str = "") -> tuple[CommandTrace, ...]:
        """The command lines as `explain` shows them."""
        known = [CommandTrace(x.verb, tuple(x.rest.split()), status, reason) for x in self.lines]
        unknown = [_trace(doubt) for doubt in self.doubts if not self._is_known(doubt)]
        return (*known, *unknown)

    def _is_known(self, doubt: Doubt) -> bool:
        return any(f"#{line.word}" in doubt.line for line in self.lines)


def _answers_inside(draft: Draft) -> bool:
    """Whether the mail answers a letter whose answers stay internal: its address says so, or,
    where the client wrote to another one, the kind of the letter."""
    if draft.match.token_purpose:
        return draft.match.token_purpose == Purpose.INTERNAL
    return draft.facts.answered is not None and draft.facts.answered.kind in ANSWERED_INSIDE


def _trace(doubt: Doubt) -> CommandTrace:
    word, *rest = doubt.line.strip().lstrip("#\uff03\ufe5f").split() or [""]
    return CommandTrace(word.casefold(), tuple(rest), "held", doubt.reason)


def try_mail(draft: Draft, agent: Agent, *, is_sure: bool, order: Order | None) -> Attempt:
    """Carry out what the mail orders on `draft`, as far as it can be."""
    arrival = draft.arrival
    tickets = arrival.facts.tickets.values()
    sent = Sent.of(
        (text for ticket in tickets for text in ticket.sent),
        inside=(text for ticket in tickets for text in ticket.internal),
        public=(ticket.last_said.text for ticket in tickets if ticket.last_said),
    )
    mail = cut_quoted(arrival.mail, sent, arrival.rules.reply, draft.queue.name)
    reading = read_commands(mail, vocabulary(arrival.rules.aliases_of_verbs))
    lines = tuple(_ordered(reading, order))
    task = Task(draft, agent, is_sure=is_sure, is_opening=draft.is_opening)
    understood, doubts = _run(task, lines)
    if order is None:  # what a line in doubt cannot run for is no further doubt
        said = " ".join(doubt.line for doubt in reading.doubts)
        doubts = (*reading.doubts, *(doubt for doubt in doubts if doubt.line not in said))
    words = joined((*reading.words, *_noted(mail, lines)))
    if lines and is_signature(cut(mail.text, words), agent):
        words = ()
    mail = with_words(replace(mail, reply=words), sent, task.answers)
    return Attempt(
        draft=draft,
        task=task,
        mail=mail.with_forwarded_as_body() if draft.is_opening else mail,
        lines=lines,
        understood=understood,
        doubts=doubts,
        order=order,
        read_doubts=reading.doubts,
    )


def _ordered(reading: Reading, order: Order | None) -> Iterator[CommandLine]:
    """The lines that count: of a held mail with the corrections that its question named."""
    if order is Order.SEND:
        return
    guessed = [doubt.suggestion for doubt in reading.doubts if doubt.suggestion]
    wanted = [*reading.commands, *(guessed if order is Order.RUN else ())]
    yield from sorted(wanted, key=lambda line: line.at)


def _run(task: Task, lines: tuple[CommandLine, ...]) -> tuple[tuple[str, ...], tuple[Doubt, ...]]:
    understood, doubts = [], []
    for line in lines:
        try:
            understood.append(_run_line(task, line))
        except (CannotRun, BadArgument) as error:
            doubts.append(Doubt(f"#{line.word} {line.rest}".strip(), str(error), None))
    return tuple(understood), tuple(doubts)


def _run_line(task: Task, line: CommandLine) -> str:
    command = COMMANDS[line.verb]
    if command.needs_ticket and task.ticket.number == 0:
        raise CannotRun("the mail belongs to no case: answer the notification of the one you mean")
    if command.is_weighty and not task.is_sure:
        raise CannotRun("this needs your word once more, for a reply address can be passed on")
    return command.run(task, line.rest)


def _noted(mail: InboundMail, lines: Iterable[CommandLine]) -> Iterator[Span]:
    """What stands behind `#note` on its line: it is the note, or its beginning."""
    for line in lines:
        start = mail.text.find(line.rest, line.at) if line.verb == "note" else -1
        if start >= 0:
            yield Span(start, start + len(line.rest))
