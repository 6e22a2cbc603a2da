"""The table of `#commands`: what agents steer by, one function each.

A function's docstring is what `#help` and docs/commands.md say; what it returns is what a receipt
says was understood. It raises `CannotRun`, or `BadArgument` of `arguments`, and then the whole mail
is held. To add a command: a function here, under `@command`; its English aliases stand there, those
of other languages in `templates/<language>/commands.yaml`.
"""

from functools import partial

from maildesk.mail.message import Address
from maildesk.model.changes import (
    Detail,
    JoinContacts,
    LinkTickets,
    MergeTicket,
    NoteEvent,
    ReleaseMessage,
    SetAbsence,
    SetDetail,
    SetStatus,
    SetTags,
)
from maildesk.model.facts import HeldMessage
from maildesk.model.ticket import Direction, Role, Status, TicketType, Visibility
from maildesk.policy.commands.arguments import (
    find_agent,
    find_team,
    read_address,
    read_day,
    read_duration,
    read_number,
    read_priority,
    read_tags,
    read_type,
)
from maildesk.policy.commands.table import Command, Group, enter
from maildesk.policy.commands.task import CannotRun, Task
from maildesk.policy.draft import Draft, is_ours
from maildesk.policy.forwarded import forwarded_sender
from maildesk.policy.lifecycle import OVER, Trigger

COMMANDS: dict[str, Command] = {}

command = partial(enter, COMMANDS)

NOTED = "the mail is an internal note; nothing is sent to the requester"
LANGUAGE_CHARACTERS = 12
SHORT_WORDS = 3  # of a supplier's name: a sentence is meant for somebody

# --- your words ---------------------------------------------------------------------------------


@command("note", "internal", "private", group=Group.WORDS, usage="[text]")
def note(task: Task, _rest: str) -> str:
    """The whole mail becomes an internal note: only agents ever see it."""
    if task.visibility is Visibility.PUBLIC:
        raise CannotRun("#note and #reply contradict each other")
    task.visibility = Visibility.INTERNAL
    return NOTED


@command("reply", "public", group=Group.WORDS)
def reply(task: Task, _rest: str) -> str:
    """The mail goes to the requester, where it would stay internal by itself."""
    if task.visibility is Visibility.INTERNAL:
        raise CannotRun("#note and #reply contradict each other")
    task.visibility = Visibility.PUBLIC
    return f"the words go to {task.ticket.requester.label}"


@command("answer", group=Group.WORDS, usage="name")
def answer(task: Task, rest: str) -> str:
    """Insert a canned answer: the file of this name in templates/answers."""
    name = rest.strip().casefold()
    text = task.rules.answers.get(name)
    if text is None:
        known = ", ".join(sorted(task.rules.answers)) or "there is none yet"
        raise CannotRun(f"there is no answer called “{name}” ({known})")
    task.answers.append(text)
    return f"the answer “{name}” is sent along"


@command("quiet", group=Group.WORDS)
def quiet(task: Task, rest: str) -> str:
    """Change the case and mail nobody."""
    _no_argument("quiet", rest)
    task.is_quiet = True
    return "nobody is mailed"


# --- where the case stands ----------------------------------------------------------------------


@command(
    "solve", "solved", "close", "closed", "done", "resolve", "resolved", "fixed",
    group=Group.STATE, usage="[reason]",
)  # fmt: skip
def solve(task: Task, rest: str) -> str:
    """Solved: one mail takes your words and asks the requester to confirm."""
    _short(task, "solve", "reason of one word", rest, most=1)
    if rest:
        task.draft.change(NoteEvent(task.ticket.number, "solution", rest))
    if task.ticket.status in OVER:
        return f"the case is {task.ticket.status} already"
    task.check_move(Trigger.SOLVE)
    _move(task, Status.SOLVED, Trigger.SOLVE)
    task.is_solved = True
    return "the case is solved"


@command("reopen", "open", group=Group.STATE)
def reopen(task: Task, rest: str) -> str:
    """Open a case again that was solved or closed."""
    _no_argument("reopen", rest)
    task.check_move(Trigger.REOPEN)
    _move(task, Status.OPEN, Trigger.REOPEN)
    task.is_solved = False
    return "the case is open again"


@command("wait", "pending", group=Group.STATE, usage="[2d | fri | 2026-03-04]")
def wait(task: Task, rest: str) -> str:
    """Wait for the requester, until a day if you name one."""
    return _put_off(task, rest, Status.WAITING_USER, Trigger.WAIT, "waits for the requester")


@command("hold", group=Group.STATE, usage="[supplier]")
def hold(task: Task, rest: str) -> str:
    """Wait for somebody else, a supplier say."""
    task.check_move(Trigger.HOLD)
    _short(task, "hold", "short name", rest, most=SHORT_WORDS)
    _move(task, Status.ON_HOLD, Trigger.HOLD)
    if rest:
        task.draft.change(NoteEvent(task.ticket.number, "supplier", rest))
    return f"the case waits for {rest}" if rest else "the case is on hold"


@command("schedule", "snooze", group=Group.STATE, usage="2d | fri | 2026-03-04 [14:00]")
def schedule(task: Task, rest: str) -> str:
    """Put the case away; it comes back on that day."""
    if not rest:
        raise CannotRun("#schedule needs a day: 2d, fri or 2026-03-04")
    return _put_off(task, rest, Status.SCHEDULED, Trigger.SCHEDULE, "comes back")


@command("spam", group=Group.STATE, is_weighty=True)
def spam(task: Task, rest: str) -> str:
    """The mail is spam: the case is put away and nobody is answered."""
    _no_argument("spam", rest)
    task.check_move(Trigger.SPAM)
    _move(task, Status.SPAM, Trigger.SPAM)
    task.is_quiet = True
    return "the case is spam"


# --- who works on it ----------------------------------------------------------------------------


@command("take", "mine", "claim", group=Group.OWNER)
def take(task: Task, rest: str) -> str:
    """The case is yours."""
    _no_argument("take", rest)
    return assign(task, "me")


@command("assign", "owner", group=Group.OWNER, usage="who | me")
def assign(task: Task, rest: str) -> str:
    """Give the case to an agent: a handle, an address, or the beginning of a name."""
    owner = find_agent(rest, task.rules.agents, task.agent)
    task.draft.assign(owner)
    task.draft.trigger(Trigger.TAKE)
    task.has_said_owner = True
    if owner != task.agent:
        task.tells[owner.handle] = ""
        return f"{owner.name} has the case"
    return "the case is yours"


@command("unassign", group=Group.OWNER)
def unassign(task: Task, rest: str) -> str:
    """Nobody has the case; the team answers for it again."""
    _no_argument("unassign", rest)
    task.draft.assign(None)
    task.has_said_owner = True
    return "nobody has the case"


@command("team", group=Group.OWNER, usage="name [reason]")
def team(task: Task, rest: str) -> str:
    """Refer the case to another team; the reason is kept and told."""
    name, _, reason = rest.partition(" ")
    found = find_team(name, task.rules.teams)
    task.draft.change(SetDetail(task.ticket.number, Detail.TEAM, found.handle, reason.strip()))
    if task.ticket.assignee:
        task.draft.assign(None)
    task.has_said_owner = True
    for member in task.rules.members(found.handle):
        if member != task.agent:
            task.tells[member.handle] = reason.strip()
    return f"the case goes to {found.handle}"


# --- what it is ---------------------------------------------------------------------------------


@command("priority", "prio", group=Group.DETAIL, usage="P1–P4")
def priority(task: Task, rest: str) -> str:
    """Set the priority; #urgent is P1."""
    return _detail(task, Detail.PRIORITY, str(read_priority(rest)))


@command("type", group=Group.DETAIL, usage="|".join(TicketType))
def set_type(task: Task, rest: str) -> str:
    """Say what kind of call it is."""
    return _detail(task, Detail.TYPE, str(read_type(rest)))


@command("tag", group=Group.DETAIL, usage="a +b -c")
def tag(task: Task, rest: str) -> str:
    """Add tags, or take them away with a minus."""
    added, removed = read_tags(rest)
    kept = [old for old in task.ticket.tags if old not in removed]
    tags = tuple(dict.fromkeys([*kept, *added]))
    task.draft.change(SetTags(task.ticket.number, tags))
    return f"the tags are {', '.join(tags)}" if tags else "there are no tags"


@command("title", "subject", group=Group.DETAIL, usage="rest of the line")
def title(task: Task, rest: str) -> str:
    """Name the case for agents; the requester's subject stays as it is."""
    if not rest:
        raise CannotRun("#title needs words")
    return _detail(task, Detail.TITLE, rest)


@command("lang", group=Group.DETAIL, usage="en | de | …")
def lang(task: Task, rest: str) -> str:
    """The requester's language."""
    code = rest.strip()
    if not code.replace("-", "").isalpha() or not 2 <= len(code) <= LANGUAGE_CHARACTERS:
        raise CannotRun(f"“{code}” is no language code, such as en, de or zh-Hans")
    return _detail(task, Detail.LANGUAGE, code)


# --- who takes part -----------------------------------------------------------------------------


@command("cc", group=Group.PEOPLE, usage="address", is_weighty=True)
def cc(task: Task, rest: str) -> str:
    """Have somebody take part: he gets every reply from now on."""
    person = _outsider(task, rest)
    _check_public(task, task.draft)
    task.draft.add_party(person, Role.PARTICIPANT)
    return f"{person.address} takes part"


@command("uncc", group=Group.PEOPLE, usage="address", is_weighty=True)
def uncc(task: Task, rest: str) -> str:
    """Have somebody take part no longer."""
    person = read_address(rest)
    if not task.draft.lower_party(person):
        raise CannotRun(f"{person.address} takes no part in this case")
    return f"{person.address} takes part no longer"


@command("admit", group=Group.PEOPLE, usage="[requester]", is_weighty=True)
def admit(task: Task, rest: str) -> str:
    """Take a held mail in, and its sender as participant; with “requester” as his further
    address."""
    if rest and rest.casefold() != "requester":
        raise CannotRun(f"#admit takes nothing or “requester”, not “{rest}”")
    held, draft = _held_message(task), task.draft
    number = task.ticket.number
    draft.change(ReleaseMessage(number, held.receipt, Visibility.PUBLIC, Direction.IN))
    if rest:
        draft.change(JoinContacts(held.author, task.ticket.requester))
        draft.add_party(held.author, Role.REQUESTER)
    else:
        draft.add_party(held.author, Role.PARTICIPANT)
    draft.trigger(Trigger.REQUESTER_MAIL)
    return f"the mail from {held.author.address} is admitted"


@command("for", group=Group.PEOPLE, usage="[address]", is_weighty=True)
def set_requester(task: Task, rest: str) -> str:
    """In a new mail: a case in that person's name, after a phone call say; without an address in
    the name of whoever wrote the mail that you forward."""
    if not task.is_opening:
        raise CannotRun("#for opens a case in somebody's name, so it stands in a new mail")
    person = read_address(rest) if rest else forwarded_sender(task.draft.arrival.mail)
    if person is None:
        raise CannotRun("#for needs an address: the mail forwards none whose sender can be read")
    if is_ours(task.draft.arrival, person.address):
        raise CannotRun(f"{person.address} is an address of this desk")
    task.draft.set_requester(person)
    return f"the case is {person.label}'s"


# --- other cases --------------------------------------------------------------------------------


@command("merge", group=Group.CASES, usage="N", is_weighty=True)
def merge(task: Task, rest: str) -> str:
    """This case becomes part of case N: mail to it goes there from now on."""
    number = read_number(rest)
    if task.merged_into:
        raise CannotRun(f"the case is merged into #{task.merged_into} already")
    other = task.other(number)
    if other.ticket.status is Status.MERGED:
        raise CannotRun(f"#{number} is itself part of #{other.ticket.merged_into}")
    if other.ticket.status in (Status.SPAM, Status.CLOSED):
        raise CannotRun(f"#{number} is {other.ticket.status}: what goes there is read by nobody")
    _check_public(task, other)
    for party in task.draft.parties(Role.REQUESTER, Role.PARTICIPANT):
        other.add_party(party.address, Role.PARTICIPANT, party.reply_to)
    task.draft.change(MergeTicket(task.ticket.number, number))
    task.merged_into = number
    return f"the case is part of #{number}"


@command("link", group=Group.CASES, usage="N")
def link(task: Task, rest: str) -> str:
    """Note that this case and case N have to do with each other."""
    number = read_number(rest)
    task.other(number)
    task.draft.change(LinkTickets(task.ticket.number, number, "related"))
    return f"the case is linked to #{number}"


# --- your work ----------------------------------------------------------------------------------


@command("ack", group=Group.WORK)
def ack(task: Task, rest: str) -> str:
    """You know: no further escalation steps."""
    _no_argument("ack", rest)
    task.draft.change(NoteEvent(task.ticket.number, "ack", task.agent.handle))
    return "further escalation stops"


@command("breach", group=Group.WORK, usage="reason")
def breach(task: Task, rest: str) -> str:
    """Say why a promise was missed; it stands in the reports."""
    if not rest:
        raise CannotRun("#breach needs a reason")
    task.draft.change(NoteEvent(task.ticket.number, "breach", rest))
    return f"the reason of the breach is “{rest}”"


@command("time", group=Group.WORK, usage="15m | 1h30")
def time(task: Task, rest: str) -> str:
    """Note working time."""
    minutes = round(read_duration(rest).total_seconds() / 60)
    task.draft.change(NoteEvent(task.ticket.number, "time", str(minutes), task.agent.handle))
    return f"{minutes} minutes of work are noted"


@command("away", group=Group.WORK, usage="2d | fri | 2026-03-04", needs_ticket=False)
def away(task: Task, rest: str) -> str:
    """You are away until then: new work and replies on your cases go to your team meanwhile."""
    if not rest:
        raise CannotRun("#away needs a day: 2d, fri or 2026-03-04")
    until = read_day(rest, task.now, task.timezone)
    task.draft.change(SetAbsence(task.agent.handle, until))
    return f"you are away until {task.local(until)}"


@command("back", group=Group.WORK, needs_ticket=False)
def back(task: Task, rest: str) -> str:
    """You are here again."""
    _no_argument("back", rest)
    task.draft.change(SetAbsence(task.agent.handle, None))
    return "you are back"


# --- answered by mail ---------------------------------------------------------------------------


@command("status", group=Group.QUESTIONS)
def status(task: Task, rest: str) -> str:
    """How the case stands."""
    return _ask(task, "status", rest)


@command("queue", group=Group.QUESTIONS, needs_ticket=False)
def queue(task: Task, rest: str) -> str:
    """Your cases and those of your teams, what is due next first."""
    return _ask(task, "queue", rest)


@command("show", group=Group.QUESTIONS, usage="N", needs_ticket=False)
def show(task: Task, rest: str) -> str:
    """Case N, in a mail that you can answer."""
    number = read_number(rest)
    if number != task.ticket.number and number not in task.draft.arrival.facts.tickets:
        raise CannotRun(f"there is no case #{number}")
    task.questions.append(("show", str(number)))
    return f"you get case #{number}"


@command("find", group=Group.QUESTIONS, usage="words", needs_ticket=False)
def find(task: Task, rest: str) -> str:
    """The cases with all these words."""
    if not rest:
        raise CannotRun("#find needs words")
    if rest not in task.draft.arrival.facts.found:
        raise CannotRun("one mail takes three #find at most")
    return _ask(task, "find", rest)


@command("files", group=Group.QUESTIONS)
def files(task: Task, rest: str) -> str:
    """The files of the case."""
    return _ask(task, "files", rest)


@command("why", group=Group.QUESTIONS)
def why(task: Task, rest: str) -> str:
    """Why the case is where it is."""
    return _ask(task, "why", rest)


@command("help", group=Group.QUESTIONS, needs_ticket=False)
def show_help(task: Task, _rest: str) -> str:
    """This list."""
    return _ask(task, "help", "")


@command("end", group=Group.WORDS, needs_ticket=False)
def end(_task: Task, _rest: str) -> str:
    """No commands below: lines that begin with # are text."""
    return ""


# --- their parts --------------------------------------------------------------------------------


def _no_argument(verb: str, rest: str) -> None:
    if rest:
        raise CannotRun(f"#{verb} takes nothing, but “{rest}” follows")


def _short(task: Task, verb: str, what: str, rest: str, *, most: int) -> None:
    """A sentence behind the verb is meant for somebody, and would reach nobody."""
    if len(rest.split()) > most:
        who = task.ticket.requester.label
        raise CannotRun(f"#{verb} takes a {what}; words for {who} go on a line of their own")


def _move(task: Task, to: Status, trigger: Trigger) -> None:
    task.draft.change(SetStatus(task.ticket.number, to, trigger))


def _put_off(task: Task, rest: str, to: Status, trigger: Trigger, what: str) -> str:
    task.check_move(trigger)
    wake_at = read_day(rest, task.now, task.timezone) if rest else None
    task.draft.change(SetStatus(task.ticket.number, to, trigger, wake_at))
    if wake_at is None:
        return f"the case {what}"
    return f"the case {what} {'on' if to is Status.SCHEDULED else 'until'} {task.local(wake_at)}"


def _detail(task: Task, detail: Detail, value: str) -> str:
    task.draft.change(SetDetail(task.ticket.number, detail, value))
    return f"the {detail} is {value}"


def _check_public(task: Task, draft: Draft) -> None:
    """Raises: CannotRun where a case began with a note or a held mail: its subject stands in every
    letter about it, so nobody from outside may come in yet."""
    if draft.facts.last_said is None and not task.is_opening:
        number = draft.ticket.number
        raise CannotRun(
            f"nothing in #{number} is public yet, and its subject would be: open a case with #for"
        )


def _outsider(task: Task, rest: str) -> Address:
    person = read_address(rest)
    if is_ours(task.draft.arrival, person.address):
        raise CannotRun(f"{person.address} is an address of this desk")
    if task.rules.agent_at(person.address):
        raise CannotRun(f"{person.address} is an agent: use #assign or #team")
    return person


def _held_message(task: Task) -> HeldMessage:
    """The held mail that is meant: that of the notification answered, else the only one."""
    facts = task.draft.facts
    if not facts.held:
        raise CannotRun("no mail is held in this case")
    cause = facts.answered.cause if facts.answered else None
    meant = [held for held in facts.held if held.receipt == cause]
    if meant or len(facts.held) == 1:
        return (*meant, *facts.held)[0]
    who = ", ".join(held.author.address for held in facts.held)
    raise CannotRun(f"several mails are held ({who}): answer the notification of the one you mean")


def _ask(task: Task, verb: str, rest: str) -> str:
    if rest and verb != "find":
        raise CannotRun(f"#{verb} takes nothing, but “{rest}” follows")
    task.questions.append((verb, rest))
    return "you get an answer by mail"
