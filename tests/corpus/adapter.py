"""From what `maildesk explain --json` prints to what the corpus's `score.py` wants."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from command_line import objects_in

from maildesk.desk.explain import Thread, explained
from maildesk.mail.envelope import Envelope, Source
from maildesk.store.engine import memory_database

OWN_TICKET = "[#1]"  # of the conversation that a follow-up row answers


def rows_of(corpus: Path, category: str) -> list[dict]:
    """Return the rows of one category."""
    lines = (corpus / f"{category}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def explain(corpus: Path, rows: list[dict]) -> dict[str, dict]:
    """Return for each row's id what the command prints for its file, as sent by its envelope."""
    by_envelope = defaultdict(list)
    for row in rows:
        envelope = row.get("envelope") or {}
        by_envelope[envelope.get("from"), envelope.get("to")].append(row)
    found = {}
    for (sender, to), group in by_envelope.items():
        options = [*(["--from", sender] if sender else []), *(["--to", to] if to else [])]
        files = [row["file"] for row in group]
        shown_mails = objects_in(corpus, "explain", *options, *files)
        found |= {row["id"]: shown for row, shown in zip(group, shown_mails, strict=True)}
    return found


def prediction(shown: dict) -> dict:
    """Return the fields that are scored of one explained mail."""
    sender = shown["from"] or {}
    kind = shown["automatic"]["kind"]
    recipients = [
        recipient
        for recipient in shown["bounce"]["recipients"]
        if recipient["action"] not in ("delivered", "relayed", "expanded")
    ]
    return {
        "ok": shown["ok"],
        "from_addr": sender.get("address"),
        "from_name": sender.get("name"),
        "subject": shown["subject"],
        "message_id": shown["message_id"],
        "to": [address["address"] for address in shown["to"]],
        "body_text": shown["text"],
        "attachments": [
            {**file, "mime_type": file["content_type"]} for file in shown["attachments"]
        ],
        "is_bounce": kind == "bounce",
        "is_auto": kind != "none",
        "suppress_auto_reply": not shown["automatic"]["answerable"],
        "recipients": [recipient["address"] for recipient in recipients],
        "hard": bool(recipients) and all(r["status"].startswith("5") for r in recipients),
        "reply_text": shown["reply"],
    }


def threads(children, rules, corpus: Path, files: list[str]) -> list[list[int]]:
    """Return the conversations that the mails form, delivered in order to an empty desk.

    What `hint` and `suggests` link is joined: agents see both, and merge.
    """
    database = memory_database()
    desk = Thread(database, rules)
    groups = Groups(len(files))
    ticket_of: dict[int, int] = {}
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for position, file in enumerate(files):
        mail = children.parse((corpus / file).read_bytes())
        plan = desk.deliver(mail, Envelope(Source.IMPORT), now)
        shown = explained(file, mail, plan, is_delivered=True)
        thread = shown["thread"]
        for number in (thread["ticket"], thread["hint"], *thread["suggests"]):
            if number is not None:
                groups.join(position, ticket_of.setdefault(number, position))
    database.close()
    return groups.lists()


class Groups:
    """Positions that belong together."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))

    def leader(self, position: int) -> int:
        while self._leader[position] != position:
            position = self._leader[position]
        return position

    def join(self, one: int, other: int) -> None:
        self._leader[self.leader(one)] = self.leader(other)

    def lists(self) -> list[list[int]]:
        found = defaultdict(list)
        for position in range(len(self._leader)):
            found[self.leader(position)].append(position)
        return list(found.values())
