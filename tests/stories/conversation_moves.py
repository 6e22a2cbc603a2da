"""What people do in a random conversation: a `Move`, and the mail that it makes (`written`).

The mail of number 7 says `bit7zap` and the like, so that its words can be found again. To add a way
of writing: a function under `@way`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import cycle

from clients import CLIENTS, LANGUAGES, VARIANTS, interleaved, write
from hypothesis import strategies as st
from stories.house import ADMIN, BO, KARI, KARI_AT_HOME, SUPPORT, House
from stories.people import STYLES, Letter

ADA, CARL, EVE, LIV = "ada@example.org", "carl@example.org", "eve@example.net", "liv@example.com"
NAMES = {
    ADA: "Ada Berg", CARL: "Carl Ek", EVE: "Eve", KARI: "Kari Nordmann", BO: "Bo Li",
    LIV: "Liv Moe", KARI_AT_HOME: "Kari Nordmann",
}  # fmt: skip
AGENTS = (KARI, BO, LIV, KARI_AT_HOME)

# --- what stands in the mails ---------------------------------------------------------------------

INSIDE = re.compile(r"(?:tag|wide|name|why|firm|code|ref|more|slip|list|noted)(\d+)zap")
_MARK = re.compile(r"(?:subj|bit|quux|file|content|sig)(\d+)zap")


def marks(text: str) -> set[int]:
    """The numbers of the mails whose words stand in a text."""
    return {int(found[1]) for found in _MARK.finditer(text)}


@dataclass(frozen=True)
class Line:
    """A command line; `{n}` is the number of the mail. `leaves`: a word that stands in the event
    log once the command has run, and never in a mail to somebody outside."""

    text: str
    leaves: str = ""
    is_misspelt: bool = False

    def counts_in(self, place: str) -> bool:
        """Whether it is looked at there: a hashtag that is no verb is text in a signature."""
        return not (self.is_misspelt and place in ("signature", "behind"))


_OTHERS = """
#note|#note noted{n}zap and nothing else|#reply|#privat|#quiet|#answer password-reset
#answer none-such|#take|#assign bo|#assign me|#assign nobody|#unassign|#solve|#gelöst|#colse|#reopen
#wait|#wait 2d|#schedule 2d|#schedule 03/04|#spam|#priority P1|#priority P9|#urgent|#type question
#lang de|#cc carl@example.org|#cc eve@example.net|#cc|#uncc carl@example.org|#admit|#admit requester
#for ada@example.org|#for|#merge 1|#merge 2|#merge 3|#link 2|#ack|#time 17m|#away 2d|#back|#status
#queue|#show 1|#find zap|#why|#files|#help|#fridayfeeling everyone
"""
LINES = (
    Line("#tag tag{n}zap", "tag{n}zap"),
    Line("＃tag wide{n}zap", "wide{n}zap"),
    Line("#title name{n}zap of the case", "name{n}zap"),
    Line("#breach why{n}zap it was late", "why{n}zap"),
    Line("#hold firm{n}zap", "firm{n}zap"),
    Line("#solve code{n}zap", "code{n}zap"),
    Line("#team finance ref{n}zap", "ref{n}zap"),
    Line("#take #tag more{n}zap", "more{n}zap"),
    Line("#tga slip{n}zap", "slip{n}zap", is_misspelt=True),
    Line("- #tag list{n}zap", "list{n}zap"),
    Line("#reply"),
    *map(Line, _OTHERS.strip().replace("\n", "|").split("|")),
)
PLACES = ("top", "bottom", "middle", "signature", "behind", "alone")


def _block(n: int, lines: Iterable[Line]) -> str:
    return "\n".join(line.text.format(n=n) for line in lines)


def _text(n: int, move: "Move") -> str:
    """The text of mail `n`: a short line, a long one, and commands in their place."""
    block = _block(n, move.lines)
    words = f"bit{n}zap\n\nThis is about quux{n}zap and nothing else."
    signature = f"-- \nsig{n}zap\nFirst line"
    texts = {
        "top": f"{block}\n\n{words}\n\n{signature}",
        "bottom": f"{words}\n\n{block}\n\n{signature}",
        "middle": f"{words}\n\n{block}\n\nThat is all of it.",
        "signature": f"{words}\n\n-- \nsig{n}zap\n{block}\nFirst line",
        "behind": f"{words}\n\n{signature}\n{block}",
        "alone": block or words,
    }
    return texts[move.place].strip("\n")


def _files(n: int) -> dict[str, bytes]:
    return {f"file{n}zap.txt": f"content{n}zap".encode()}


# --- moves ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """Somebody writes in some way; `pick` chooses the letter that is answered, `habit` the mail
    client. `is_proved`: our own server vouches for From. `minutes` pass before."""

    who: str
    way: str
    pick: int = 0
    habit: int = 0
    lines: tuple[Line, ...] = ()
    place: str = "top"
    is_proved: bool = False
    minutes: int = 11


Way = Callable[[House, int, Move], bytes]
_WAYS: dict[str, Way] = {}


def written(house: House, n: int, move: Move) -> bytes:
    """The mail that a move makes, number `n`."""
    return _WAYS[move.way](house, n, move)


def way(name: str) -> Callable[[Way], Way]:
    """Take the decorated function as a way of writing."""

    def register(function: Way) -> Way:
        _WAYS[name] = function
        return function

    return register


def _picked(letters: list[Letter], move: Move) -> Letter | None:
    return letters[move.pick % len(letters)] if letters else None


def _got_at(house: House) -> list[Letter]:
    """What somebody may have seen who should not: all but alerts, which name agents' addresses."""
    return [letter for letter in house.sent if letter.recipient != ADMIN]


def _inbox(house: House, move: Move) -> list[Letter]:
    return house.clients[move.who].inbox


# --- how people write -----------------------------------------------------------------------------

_HABITS = tuple(zip(cycle(CLIENTS), cycle(LANGUAGES), cycle(VARIANTS), range(61), strict=False))


def _unsent(house: House, move: Move, mail: EmailMessage) -> bytes:
    """The mail's bytes; whoever plays the move says that it was sent."""
    house.clients[move.who].sent.pop()
    return mail.as_bytes()


@way("new")
def _new(house: House, n: int, move: Move) -> bytes:
    cc = [CARL] if move.who == ADA else []
    files = _files(n) if move.pick % 2 else None
    client = house.clients[move.who]
    mail = client.write(SUPPORT, f"Matter subj{n}zap", _text(n, move), cc=cc, files=files)
    return _unsent(house, move, mail)


def _reply(
    house: House, n: int, move: Move, letter: Letter | None, *, text: str = "", to: str = ""
) -> bytes:
    """An answer to a letter, as the picked client writes it; a new mail where there is none."""
    if letter is None:
        return _new(house, n, move)
    if move.habit % 2 == 0:
        return _styled(house, n, move, letter, text=text, fields={"To": to} if to else {})
    name, language, variant, _ = _HABITS[move.habit]
    return write(
        name,
        text=text or _text(n, move),
        quoting=letter.raw,
        sender=f"{NAMES[move.who]} <{move.who}>",
        language=language,
        variant=variant,
        to=to,
    )


def _styled(
    house: House, n: int, move: Move, letter: Letter | None, *, text: str = "", **how: object
) -> bytes:
    """An answer by one of the clients of people.py."""
    if letter is None:
        return _new(house, n, move)
    style = STYLES[move.habit // 2 % len(STYLES)]
    client = house.clients[move.who]
    mail = client.answer(text or _text(n, move), letter, style=style, **how)  # type: ignore[arg-type]
    return _unsent(house, move, mail)


@way("answer")
def _answer(house: House, n: int, move: Move) -> bytes:
    return _reply(house, n, move, _picked(_inbox(house, move), move))


@way("all")
def _all(house: House, n: int, move: Move) -> bytes:
    """To everybody whom the letter names."""
    return _styled(house, n, move, _picked(_inbox(house, move), move), to_all=True)


@way("plain")
def _plain(house: House, n: int, move: Move) -> bytes:
    """To the desk's own address: the tag and the ids are there, the reply address is not."""
    return _reply(house, n, move, _picked(_inbox(house, move), move), to=SUPPORT)


@way("theirs")
def _theirs(house: House, n: int, move: Move) -> bytes:
    """In answer to a letter that somebody else got."""
    return _reply(house, n, move, _picked(_got_at(house), move))


@way("internal")
def _internal(house: House, n: int, move: Move) -> bytes:
    internal = [letter for letter in _inbox(house, move) if "internal" in letter.text]
    return _reply(house, n, move, _picked(internal, move))


@way("file")
def _with_file(house: House, n: int, move: Move) -> bytes:
    return _styled(house, n, move, _picked(_inbox(house, move), move), files=_files(n))


@way("vacation")
def _vacation(house: House, n: int, move: Move) -> bytes:
    fields = {"Auto-Submitted": "auto-replied"}
    return _styled(house, n, move, _picked(_inbox(house, move), move), fields=fields)


@way("between")
def _between(house: House, n: int, move: Move) -> bytes:
    """An answer below a line of the quote, a customer's or a colleague's."""
    inbox = _inbox(house, move)
    wanted = [letter for letter in inbox if "internal" in letter.text] if move.pick % 2 else inbox
    for letter in wanted[move.pick % len(wanted) :] if wanted else ():
        said = re.findall(r"(?m)^(?:> )*(bit\d+zap)$", letter.text)
        if said and said[-1] in letter.html:
            return interleaved(
                ("gmail-web", "apple-ios", "thunderbird")[move.habit % 3],
                answers=[(said[-1], f"bit{n}zap is what I say")],
                quoting=letter.raw,
                above=_block(n, move.lines) or "See below.",
                sender=f"{NAMES[move.who]} <{move.who}>",
            )
    return _answer(house, n, move)


@way("forward")
def _forward(house: House, n: int, move: Move) -> bytes:
    """A letter passed on to somebody else, and to the desk."""
    return _forwarded(house, n, move, [SUPPORT])


@way("pass on")
def _pass_on(house: House, n: int, move: Move) -> bytes:
    """A letter passed on without us: who got it may answer it."""
    return _forwarded(house, n, move, [])


def _forwarded(house: House, n: int, move: Move, cc: list[str]) -> bytes:
    letter = _picked(_inbox(house, move), move)
    if letter is None:
        return _new(house, n, move)
    to = (ADA, EVE, CARL, KARI)[move.habit % 4]
    head = "".join(f"{name}: {letter[name]}\n" for name in ("From", "Date", "Subject", "To"))
    head += f"Reply-To: {letter.reply_to}\n"
    text = f"{_text(n, move)}\n\n---------- Forwarded message ---------\n{head}\n{letter.text}\n"
    mail = house.clients[move.who].write(to, f"Fwd: {letter['Subject']}", text, cc=cc)
    return _unsent(house, move, mail)


ORDERS = ("run", "send", "drop", "Run.", "what's this?", "send it to her please")


@way("order")
def _order(house: House, n: int, move: Move) -> bytes:
    """An agent's word on what he was asked."""
    return _ordered(house, n, move, _inbox(house, move))


@way("order of another")
def _order_of_another(house: House, n: int, move: Move) -> bytes:
    """The same, by whoever got at the question."""
    return _ordered(house, n, move, _got_at(house))


def _ordered(house: House, n: int, move: Move, letters: list[Letter]) -> bytes:
    asked = [letter for letter in letters if letter.text.startswith("Answer ")]
    if not asked:
        return _answer(house, n, move)
    question = asked[-1 - move.habit % min(2, len(asked))]
    return _reply(house, n, move, question, text=f"{ORDERS[move.pick % len(ORDERS)]}\n")


@way("forge")
def _forge(house: House, n: int, move: Move) -> bytes:
    """In somebody else's name, in answer to whatever letter was seen."""
    raw = _reply(house, n, move, _picked(_got_at(house), move))
    victim = (KARI, BO, ADA, KARI_AT_HOME)[move.habit % 4]
    return re.sub(rb"(?m)^From: [^\r\n]*", f"From: X <{victim}>".encode(), raw, count=1)


# --- all of them ----------------------------------------------------------------------------------

_OFTEN = ("answer", "answer", "answer", "order", "between")
moves = st.builds(
    Move,
    who=st.sampled_from([ADA, ADA, CARL, EVE, KARI, KARI, KARI, BO, BO, LIV, KARI_AT_HOME]),
    way=st.sampled_from([*_WAYS, "bounce", *_OFTEN]),
    pick=st.integers(0, 60),
    habit=st.integers(0, 60),
    lines=st.lists(st.sampled_from(LINES), max_size=3, unique=True).map(tuple),
    place=st.sampled_from(PLACES),
    is_proved=st.booleans(),
    minutes=st.sampled_from([1, 11, 11, 90, 300, 5000]),
)
