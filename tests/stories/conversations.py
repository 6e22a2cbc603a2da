"""Random conversations, and what must hold of every letter and every mail in them.

`Record.play` does what a `Move` says and looks at once: what was internal or held when a letter
left must not be in it, whatever becomes of it later.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from sqlalchemy import select
from stories.cases import MX, vouched
from stories.conversation_moves import AGENTS, INSIDE, LIV, NAMES, Move, marks, written
from stories.house import ADMIN, RULES, House
from stories.people import Letter, files_of
from stories.test_machines import dsn

from maildesk.config.agent_words import read_agent_words
from maildesk.desk.holds import fire_due
from maildesk.mail.message import Span, cut
from maildesk.policy.commands.reading import vocabulary
from maildesk.policy.rules import Agent, Authentication
from maildesk.store.tables import events, holds, messages, parties, receipts

_WORDS = read_agent_words(None)
_VOCABULARY = vocabulary(_WORDS.aliases)
DESK: dict[str, Any] = {
    "agents": (*RULES.agents, Agent("liv", "Liv Moe", (LIV,), ("first-line",), receipts=True)),
    "authentication": Authentication(authserv_ids=(MX,), dkim=False),
    "aliases_of_verbs": _WORDS.aliases,
    "answers": _WORDS.answers,
}
_REQUEST, _REPLY = ("public", "in"), ("public", "out")
_CONFIRMATION = re.compile(r"\.c[a-z2-7]{20}@")


@dataclass(frozen=True)
class Written:
    """A mail that came in: in whose name, what its commands leave, whom it was written to."""

    sender: str
    leaves: set[str]
    addressed: str


@dataclass
class Record:
    """A conversation as it goes on; `receipts` are those of the mails, by number."""

    house: House
    mails: dict[int, Written] = field(default_factory=dict)
    receipts: dict[int, int] = field(default_factory=dict)
    ended: int = 0  # the last receipt that was looked at

    def __post_init__(self) -> None:
        for address, name in NAMES.items():
            self.house.client(name, address)

    def play(self, n: int, move: Move) -> None:
        """Do one thing, and hold the desk to its promises."""
        try:
            self.house.clock.pass_time(minutes=move.minutes)
            if move.minutes > 60:
                self._look(lambda: fire_due(self.house.desk))
            if move.way == "bounce":
                self._bounce(n, move)
            else:
                self._write(n, move)
        except AssertionError as error:
            error.add_note(f"at mail {n}: {move}")
            raise

    def _write(self, n: int, move: Move) -> None:
        raw = written(self.house, n, move)
        mail = message_from_bytes(raw, policy=default)
        said = told_by(mail)
        counted = [line.leaves.format(n=n) for line in move.lines if line.counts_in(move.place)]
        leaves = {word for word in counted if word and word in said}
        self.mails[n] = Written(sender_of(mail), leaves, f"{mail['To']} {mail['Cc']}".lower())
        letters = self._look(lambda: self._post(raw, move, mail))
        self._look_at_mail(n, letters, has_words=n in marks(said))

    def _post(self, raw: bytes, move: Move, mail: EmailMessage) -> None:
        """Hand in a mail as it comes from a client, and give people their copies."""
        house, sender = self.house, sender_of(mail)
        house.clients[sender].sent.append(mail)  # a forged one, too: nobody can tell
        house._put_into_inboxes(mail, move.who)
        is_vouched = move.is_proved and sender == move.who
        if ours := house._ours(mail):
            house.hand_in(vouched(raw, sender) if is_vouched else raw, to=ours, sender=move.who)

    def _bounce(self, n: int, move: Move) -> None:
        letters = [letter for letter in self.house.sent if letter.reverse_path]
        if letters:
            letter = letters[move.pick % len(letters)]
            raw = dsn(letter.reverse_path, letter.recipient, number=1000 + n)
            self._look(lambda: self.house.hand_in(raw, to=[letter.reverse_path], sender=""))
            self.ended = State.of(self.house).newest

    def _look(self, act: Callable[[], None]) -> list[Letter]:
        before = len(self.house.sent)
        act()
        self.house.work()
        state = State.of(self.house)
        for letter in self.house.sent[before:]:
            if letter.recipient not in (*AGENTS, ADMIN):
                self._inspect(letter, state)
        check_journal(self.house)
        check_held(state)
        return self.house.sent[before:]

    # --- what must hold ---

    def _inspect(self, letter: Letter, state: "State") -> None:
        """Nothing internal or held, and no command line, in a letter to somebody outside."""
        everything = readable(letter)
        for n in {int(found[1]) for found in INSIDE.finditer(everything)}:
            assert self.mails[n].sender not in AGENTS, f"inside words of mail {n}\n{letter}"
        known = state.said_by_requesters | self._marks_of(letter.recipient)
        for n in marks(everything) - known:
            seen = state.visibility.get(self.receipts.get(n, state.newest))
            assert seen == "public", f"mail {n} is {seen}\n{letter}"
        for line in (*letter.text.splitlines(), *shown_lines(letter.html)):
            assert not is_command(line), f"{line!r}\n{letter}"

    def _marks_of(self, address: str) -> set[int]:
        """The mails whose words somebody has written himself: his own, and what he got at."""
        return {n for mail in self.house.clients[address].sent for n in marks(told_by(mail))}

    def _look_at_mail(self, n: int, letters: list[Letter], *, has_words: bool) -> None:
        """The mail is done: whole, or held whole; a person's words have reached somebody, and
        nobody twice."""
        state = State.of(self.house)
        if state.newest == self.ended:  # it went to other people only
            return
        self.ended = self.receipts[n] = state.newest
        row, is_agents = state.rows[state.newest], self.mails[n].sender in AGENTS
        assert row.disposition
        if is_agents:
            self._check_whole(n, row, state, letters)
        if has_words and row.id in state.replies:
            self._check_reply(n, row.ticket, letters)
        elif has_words and row.id in state.requests and not is_agents:
            told = [i.recipient for i in letters if i.recipient in AGENTS and n in marks(i.text)]
            assert told, "no agent was told"
            assert len(told) == len(set(told)), told
        for other, mail in self.mails.items():
            left = {word for word in mail.leaves if word in state.log}
            assert left in (set(), mail.leaves) or mail.sender not in AGENTS, (other, left)

    def _check_whole(self, n: int, row: Any, state: "State", letters: list[Letter]) -> None:
        leaves = self.mails[n].leaves
        left = {word for word in leaves if word in state.log}
        if _CONFIRMATION.search(self.mails[n].addressed):  # an answer to a question is no order
            assert not left
        elif row.disposition == "held":
            assert not left, f"held, and yet done: {left}"
            is_told = letters or "ten minutes" in str(row.trace["reasons"])
            assert state.holds.get(row.id, []) == ["open"] or is_told, row
        elif row.disposition in ("reply", "note", "new-ticket") and row.id not in state.requests:
            assert left == leaves, f"{row.disposition}: {left} of {leaves}"

    def _check_reply(self, n: int, ticket: int, letters: list[Letter]) -> None:
        """An agent's words stand above the line in one mail to each who gets them."""
        outside = [letter for letter in letters if letter.recipient not in AGENTS]
        said = [i.recipient for i in outside if n in marks(i.text.partition("--- Please")[0])]
        assert len(said) == len(set(said)), said
        requesters = requesters_of(self.house, ticket)
        direct = {address for address in requesters if address in self.mails[n].addressed}
        assert requesters & {*said, *direct, *AGENTS}, f"{requesters} did not get mail {n}"


# --- the store ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """What the store holds: of each receipt its row, who sees its message, and what became of its
    hold; which receipts brought words of requesters and replies of agents; the marks in the words
    of requesters, who may have got at a letter that is none of theirs; and the event log."""

    rows: dict[int, Any]
    visibility: dict[int, str]
    requests: set[int]
    replies: set[int]
    said_by_requesters: set[int]
    holds: dict[int, list[str]]
    log: str

    @classmethod
    def of(cls, house: House) -> "State":
        """Read it."""
        with house.desk.database.read() as session:
            rows = {row.id: row for row in session.execute(select(receipts))}
            seen = session.execute(select(messages)).all()
            held = session.execute(select(holds.c.receipt, holds.c.state)).all()
            noted = session.execute(select(events.c.new, events.c.cause)).all()
        kinds = {row.receipt: (row.visibility, row.direction) for row in seen}
        requests = {receipt for receipt, kind in kinds.items() if kind == _REQUEST}
        theirs = [i for i in seen if i.receipt in requests and i.author_address not in AGENTS]
        words = (i.subject + cut(i.text, (Span(*pair) for pair in i.reply)) for i in theirs)
        return cls(
            rows=rows,
            visibility={receipt: visibility for receipt, (visibility, _) in kinds.items()},
            requests=requests,
            replies={receipt for receipt, kind in kinds.items() if kind == _REPLY},
            said_by_requesters=marks("\n".join(words)),
            holds={i: [state for other, state in held if other == i] for i, _ in held},
            log="\n".join(f"{new} {cause}" for new, cause in noted),
        )

    @property
    def newest(self) -> int:
        """The last receipt."""
        return max(self.rows, default=0)


def requesters_of(house: House, ticket: int) -> set[str]:
    """The addresses of a ticket's requester."""
    query = select(parties.c.address).where(parties.c.ticket == ticket)
    with house.desk.database.read() as session:
        return set(session.scalars(query.where(parties.c.role == "requester")))


def check_journal(house: House) -> None:
    """Nothing has failed, and each mail has come to an end."""
    stats = house.stats()
    assert (stats["states"]["failed"], stats["states"]["received"]) == (0, 0)
    assert sum(stats["dispositions"].values()) == stats["states"]["done"]


def check_held(state: State) -> None:
    """An agent's held mail waits for his word, once, unless he has dropped it."""
    for receipt, outcomes in state.holds.items():
        assert outcomes.count("open") <= 1
        if state.visibility.get(receipt) == "held":
            assert outcomes in (["open"], ["drop"]), (receipt, outcomes)


# --- mails ----------------------------------------------------------------------------------------


def sender_of(mail: EmailMessage) -> str:
    """Who From says it is."""
    return str(mail["From"].addresses[0].addr_spec).lower()


def told_by(mail: EmailMessage) -> str:
    """The words of a mail, its subject with them."""
    texts = (part for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join([str(mail["Subject"]), *(part.get_content() for part in texts)])


def readable(letter: Letter) -> str:
    """All of a letter that somebody can read."""
    files = files_of(letter.mail).items()
    told = "".join(f"{name}\n{octets.decode('utf-8', 'replace')}\n" for name, octets in files)
    return f"{letter}\n{letter.html}\n{told}\n{letter.raw.decode('utf-8', 'replace')}"


_UNSEEN = re.compile(r"(?is)<(style|head)\b.*?</\1>")
_INNERMOST_QUOTE = re.compile(r"(?is)<blockquote\b(?:(?!<blockquote).)*?</blockquote>")
_BLOCK = re.compile(r"(?i)<(?:br|/?(?:p|div|li|ul|ol|h\d|tr|td|table))\b[^>]*>")


def shown_lines(markup: str) -> list[str]:
    """The lines of HTML that are no quotation."""
    bare = _UNSEEN.sub("", markup)
    while (fewer := _INNERMOST_QUOTE.sub("", bare)) != bare:
        bare = fewer
    return html.unescape(re.sub(r"<[^>]*>", "", _BLOCK.sub("\n", bare))).splitlines()


def is_command(line: str) -> bool:
    """Whether a line begins as a command does."""
    begin = re.match(r"[\s\u200b\ufeff]*[#＃﹟]\s?([^\W\d]\w*)", line)
    return begin is not None and _VOCABULARY.find(begin[1]) is not None
