"""What agents ask the desk by mail: #status, #show, #queue, #find, #files, #why, #help.

Each is answered by a letter of its own, to the agent alone. To add one: a command that puts its
verb on `task.questions`, and a function in `_ANSWERS`.
"""

from collections.abc import Callable, Iterable, Mapping

from maildesk.mail.identifiers import Purpose
from maildesk.model.facts import StoredFile, TicketLine
from maildesk.model.plan import Audience
from maildesk.model.ticket import Role
from maildesk.policy.commands.table import Group
from maildesk.policy.commands.task import Task
from maildesk.policy.commands.verbs import COMMANDS
from maildesk.policy.draft import Draft
from maildesk.policy.letters import (
    AUTO_REPLIED,
    Letter,
    file_facts,
    label,
    person_facts,
    write_agent,
)
from maildesk.policy.notices import AGENT_FILES_BYTES, desk_address


def answer(draft: Draft, task: Task) -> None:
    """Write the answers to all that the agent asked."""
    for count, (verb, rest) in enumerate(task.questions):
        _ANSWERS[verb](draft, task, rest, f"{verb}{count or ''}")


def _write(
    draft: Draft,
    task: Task,
    topic: str,
    kind: str,
    facts: Mapping[str, object],
    files: tuple[StoredFile, ...] = (),
) -> None:
    letter = Letter(
        kind=kind,
        audience=Audience.AGENT,
        purpose=Purpose.AGENT if kind == "case" else Purpose.INTERNAL,
        sender=desk_address(draft),
        facts=facts,
        auto_submitted=AUTO_REPLIED,
        topic=topic,
        stored_files=files,
    )
    write_agent(draft, task.agent, letter)


# --- one case -----------------------------------------------------------------------------------


def _status(draft: Draft, task: Task, _rest: str, topic: str) -> None:
    facts = draft.facts
    said = [each for each in (facts.last_said, facts.last_reply) if each]
    people = draft.parties(Role.REQUESTER, Role.PARTICIPANT)
    case = {
        "reply_goes": label(draft.ticket.requester),
        "participants": [
            label(party.address)
            for party in people
            if party.address.key != draft.ticket.requester.key
        ],
        "messages": [
            {
                "author": person_facts(draft, each.author),
                "at": each.at,
                "text": each.text,
                "visibility": "public",
            }
            for each in sorted(said, key=lambda each: each.at, reverse=True)
        ],
        "more": 0,
    }
    _write(draft, task, topic, "case", case)


def _show(draft: Draft, task: Task, rest: str, topic: str) -> None:
    is_other = int(rest) != draft.ticket.number
    _status(draft.beside(int(rest)) if is_other else draft, task, "", topic)


def _why(draft: Draft, task: Task, _rest: str, topic: str) -> None:
    _write(draft, task, topic, "trace", {"lines": list(draft.facts.history), "reply_goes": ""})


def _files(draft: Draft, task: Task, _rest: str, topic: str) -> None:
    riding: list[StoredFile] = []
    left: list[StoredFile] = []
    room = AGENT_FILES_BYTES
    for stored in draft.facts.files:
        (riding if stored.file.size <= room else left).append(stored)
        room -= stored.file.size if stored.file.size <= room else 0
    facts = {
        "reply_goes": "",
        "files": [file_facts(stored.file) for stored in riding],
        "left_out": [file_facts(stored.file) for stored in left],
    }
    _write(draft, task, topic, "files", facts, tuple(riding))


# --- lists --------------------------------------------------------------------------------------


def _queue(draft: Draft, task: Task, _rest: str, topic: str) -> None:
    lines = draft.arrival.facts.mine
    found = {"searched": "", "more": 0, "items": _items(draft, lines)}
    _write(draft, task, topic, "case_list", found)


def _find(draft: Draft, task: Task, rest: str, topic: str) -> None:
    lines = draft.arrival.facts.found.get(rest, ())
    found = {"searched": rest, "more": 0, "items": _items(draft, lines)}
    _write(draft, task, topic, "case_list", found)


def _items(draft: Draft, lines: Iterable[TicketLine]) -> list[dict[str, object]]:
    rules = draft.arrival.rules
    return [
        {
            "number": line.number,
            "subject": line.subject,
            "status": str(line.status),
            "priority": str(line.priority),
            "requester": person_facts(draft, line.requester),
            "assignee": owner.name if (owner := rules.agent(line.assignee or "")) else None,
            "created_at": line.created_at,
            "due_at": line.due_at,
        }
        for line in lines
    ]


def _help(draft: Draft, task: Task, _rest: str, topic: str) -> None:
    groups = [
        {
            "name": str(group),
            "commands": [
                {"usage": entry.usage, "text": entry.about}
                for entry in COMMANDS.values()
                if entry.group is group
            ],
        }
        for group in Group
    ]
    _write(draft, task, topic, "help", {"groups": groups})


_ANSWERS: dict[str, Callable[[Draft, Task, str, str], None]] = {
    "status": _status,
    "show": _show,
    "why": _why,
    "files": _files,
    "queue": _queue,
    "find": _find,
    "help": _help,
}
