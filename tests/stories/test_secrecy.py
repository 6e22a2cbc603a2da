"""Random conversations: what is internal or held never leaves, what is public arrives once.

Each mail has a word of its own, so that one can look for it in every letter that went out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from stories.house import BO, KARI, SUPPORT, House
from stories.people import STYLES, Client, Letter
from stories.test_machines import dsn

ADA, CARL, EVE = "ada@example.org", "carl@example.org", "eve@example.net"
WAYS = ("answer", "plain", "theirs", "internal", "vacation", "bounce", "all", "new")


@dataclass(frozen=True)
class Move:
    """Somebody writes in some way, in answer to one of the letters that he has or has got at."""

    who: str
    way: str
    pick: int
    style: int


moves = st.lists(
    st.builds(
        Move,
        who=st.sampled_from([ADA, CARL, EVE, KARI, BO]),
        way=st.sampled_from(WAYS),
        pick=st.integers(0, 50),
        style=st.integers(0, len(STYLES) - 1),
    ),
    min_size=3,
    max_size=9,
)


@dataclass
class Record:
    """A conversation as it goes on."""

    house: House
    words: dict[str, str] = field(default_factory=dict)  # word -> who wrote it
    mails: dict[str, EmailMessage] = field(default_factory=dict)  # word -> the mail

    def letters_with(self, word: str) -> list[Letter]:
        return [letter for letter in self.house.sent if word in f"{letter.text}{letter.html}"]

    def play(self, number: int, move: Move) -> None:
        client = self.house.clients[move.who]
        word = f"quux{number}zap"
        self.words[word] = move.who
        text = f"This is about {word} and nothing else."
        self.house.clock.pass_time(minutes=11)
        WRITE[move.way](self, client, text, move)
        if client.sent:
            self.mails[word] = client.sent[-1]


def _picked(letters: list[Letter], move: Move) -> Letter | None:
    return letters[move.pick % len(letters)] if letters else None


def _new(record: Record, client: Client, text: str, move: Move) -> None:
    cc = [CARL] if client.address == ADA else []
    record.house.post(client.write(SUPPORT, f"Matter {len(record.words)}", text, cc=cc))


def _answer_to(
    record: Record, client: Client, text: str, move: Move, letter: Letter | None, **how: object
) -> None:
    if letter is None:
        _new(record, client, text, move)
        return
    style = STYLES[move.style]
    record.house.post(client.answer(text, letter, style=style, **how))  # type: ignore[arg-type]


def _answer(record: Record, client: Client, text: str, move: Move) -> None:
    _answer_to(record, client, text, move, _picked(client.inbox, move))


def _all(record: Record, client: Client, text: str, move: Move) -> None:
    _answer_to(record, client, text, move, _picked(client.inbox, move), to_all=True)


def _plain(record: Record, client: Client, text: str, move: Move) -> None:
    """To the desk's own address: the tag and the ids are there, the reply address is not."""
    fields = {"To": SUPPORT}
    _answer_to(record, client, text, move, _picked(client.inbox, move), fields=fields)


def _theirs(record: Record, client: Client, text: str, move: Move) -> None:
    """In answer to a letter that somebody else got."""
    _answer_to(record, client, text, move, _picked(record.house.sent, move))


def _internal(record: Record, client: Client, text: str, move: Move) -> None:
    internal = [i for i in client.inbox if "stays internal" in i.text]
    _answer_to(record, client, text, move, _picked(internal, move))


def _vacation(record: Record, client: Client, text: str, move: Move) -> None:
    fields = {"Auto-Submitted": "auto-replied"}
    _answer_to(record, client, text, move, _picked(client.inbox, move), fields=fields)


def _bounce(record: Record, client: Client, text: str, move: Move) -> None:
    letter = _picked([i for i in record.house.sent if i.reverse_path], move)
    if letter:
        raw = dsn(letter.reverse_path, client.address, number=len(record.words))
        record.house.post(
            raw.replace(b"I'm sorry", text.encode()), to=[letter.reverse_path], sender=""
        )


WRITE: dict[str, Callable[[Record, Client, str, Move], None]] = {
    "answer": _answer,
    "plain": _plain,
    "theirs": _theirs,
    "internal": _internal,
    "vacation": _vacation,
    "bounce": _bounce,
    "all": _all,
    "new": _new,
}


def check(record: Record) -> None:
    house = record.house
    for listed in house.tickets():
        ticket = house.ticket(listed["number"])
        for message in ticket["messages"]:
            for word in (word for word in record.words if word in message["text"]):
                check_message(record, ticket, message, word)


def check_message(
    record: Record, ticket: dict[str, Any], message: dict[str, Any], word: str
) -> None:
    author, house = record.words[word], record.house
    letters = record.letters_with(word)
    inside = [letter for letter in letters if house.is_agent(letter.recipient)]
    outside = [i for i in letters if i not in inside and i.recipient != author]
    if message["visibility"] != "public":
        assert not outside, [str(letter) for letter in outside]
    elif message["direction"] == "out":
        check_reply(record, ticket["requester"], word, letters)
    if message["direction"] == "in" and message["visibility"] != "internal":
        check_notifications(inside, word)


def check_reply(record: Record, requester: str, word: str, letters: list[Letter]) -> None:
    """An agent's words stand above the line in one mail to each who gets them."""
    said = [i.recipient for i in letters if word in i.text.partition("--- Please write")[0]]
    assert len(said) == len(set(said))
    author = record.house.clients[record.words[word]]
    direct = f"{record.mails[word]['To']} {record.mails[word]['Cc']}"
    assert requester in (*said, author.address) or requester in direct


def check_notifications(letters: list[Letter], word: str) -> None:
    """What came in reaches an agent, and each agent once."""
    notices = [i for i in letters if i.text.startswith("Your reply")]
    told = [i.recipient for i in notices if f"> This is about {word}" in i.text]
    assert told
    assert len(told) == len(set(told))


def check_journal(house: House, mails: int) -> None:
    stats = house.stats()
    assert stats["states"] == {"received": 0, "done": mails, "failed": 0}
    assert sum(stats["dispositions"].values()) == mails
    assert len(house.dispositions()) == mails


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failing conversation is short enough as it is
)
@given(moves=moves)
def test_what_is_internal_or_held_never_leaves(another_house, moves):
    with another_house() as house:
        for address, name in {
            ADA: "Ada Berg",
            CARL: "Carl Ek",
            EVE: "Eve",
            KARI: "Kari Nordmann",
            BO: "Bo Li",
        }.items():
            house.client(name, address)
        record = Record(house)
        record.play(0, Move(ADA, "new", 0, 0))
        for number, move in enumerate(moves, 1):
            record.play(number, move)
        check(record)
        check_journal(house, len(house.dispositions()))
