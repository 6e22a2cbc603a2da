"""Every row of the table of #commands: as real mails, in all forms in which one mail may come.

A row is tried on six cases at once: a mail of one form on each, every one from another client in
another language, through the real listener. All must do the same.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from clients import CLIENTS, LANGUAGES, VARIANTS
from stories.cases import HABITS, WORDS, Cases, said, spoken, written
from stories.people import Letter

from maildesk.policy.commands.reading import ENGLISH
from maildesk.policy.commands.verbs import COMMANDS

NUMBERS = range(1, len(VARIANTS) + 1)
LAST = NUMBERS[-1]
SEVEN = 7  # a case that no mail of a row is written on
NOTED = "He shouts at the printer."


@dataclass(frozen=True)
class Row:
    """What an agent writes, and what it does.

    `ticket` are the values that the case has then, `events` stand in its history; `kari` and `bo`
    is how the letter begins that each of them gets ("" none), `ada` likewise below the agent's
    words; None: she gets nothing. `before` is what Kari wrote earlier, `is_noted`: she answers a
    note of Bo's. `is_proved`: our own server vouches for the mail. `also` is said below the words.
    """

    command: str
    ticket: Mapping[str, object] = field(default_factory=dict)
    events: tuple[tuple[str, str | None, str], ...] = ()
    kari: str = ""
    bo: str = ""
    ada: str | None = ""
    words: str = WORDS
    also: str = ""
    before: str = ""
    is_noted: bool = False
    is_proved: bool = False
    visibility: str = "public"


def owned(handle: str | None) -> dict[str, object]:
    return {"assignee": handle}


ROWS = {
    "note": Row(
        f"#note {NOTED}",
        events=(("message", None, "in internal"),),
        kari="Your reply stays internal.\n\nStored as a note: nothing was sent to Ada Berg",
        bo="Your reply stays internal.\n\nNote from Kari Nordmann: Printer",
        ada=None,
        also=NOTED,
        visibility="internal",
    ),
    "reply": Row("#reply", owned("kari"), is_noted=True),
    "solve": Row("#solve", {"status": "solved"}, ada="Is it solved?"),
    "solve with a reason": Row(
        "#solve worn-out", {"status": "solved"}, (("solution", None, "worn-out"),), ada="Is it"
    ),
    "reopen": Row("#reopen", {"status": "open"}, (("status", "solved", "open"),), before="#solve"),
    "wait": Row("#wait", {"status": "waiting_user"}),
    "wait for days": Row("#wait 2d", {"status": "waiting_user"}),
    "hold": Row("#hold", {"status": "on_hold"}),
    "hold for a supplier": Row(
        "#hold Xerox", {"status": "on_hold"}, (("supplier", None, "Xerox"),)
    ),
    "schedule": Row("#schedule 2026-12-04 14:00", {"status": "scheduled"}),
    "spam": Row("#spam", {"status": "spam"}, ada=None, words="", is_proved=True),
    "take": Row("#take", owned("kari"), (("assignee", None, "kari"),)),
    "assign": Row(
        "#assign bo", owned("bo"), bo="Your reply goes to Ada Berg.\n\nYours now, from Ada Berg"
    ),
    "assign me": Row("#assign me", owned("kari")),
    "unassign": Row("#unassign", owned(None), (("assignee", "kari", None),), before="#take"),
    "team": Row(
        "#team finance They ordered it.",
        {"team": "finance", "assignee": None},
        bo="Your reply goes to Ada Berg.\n\nYour team’s now, from Ada Berg: Printer",
    ),
    "priority": Row("#priority P1", {"priority": "P1"}, (("priority", "P3", "P1"),)),
    "priority in words": Row("#priority high", {"priority": "P2"}),
    "urgent": Row("#urgent", {"priority": "P1"}),
    "type": Row("#type question", {"type": "question"}, (("type", "incident", "question"),)),
    "tag": Row("#tag vpn +printer -drum", {"tags": ["vpn", "printer"]}, before="#tag drum"),
    "title": Row(
        "#title Drum #2 of the third floor", {"fields": {"title": "Drum #2 of the third floor"}}
    ),
    "cc": Row(
        "#cc ann@example.net",
        {"participants": ["ann@example.net"]},
        (("party", None, "participant ann@example.net"),),
        is_proved=True,
    ),
    "uncc": Row(
        "#uncc ann@example.net", {"participants": []}, before="#cc ann@example.net", is_proved=True
    ),
    "merge": Row(
        f"#merge {SEVEN}",
        {"status": "merged"},
        (("merged", None, str(SEVEN)),),
        words="",
        ada="Your case #",
        is_proved=True,
    ),
    "link": Row(f"#link #{SEVEN}", {}, (("link", None, str(SEVEN)),)),
    "answer": Row("#answer password-reset", also="You can set a new password yourself"),
    "ack": Row("#ack", {}, (("ack", None, "kari"),)),
    "breach": Row("#breach The drum was late.", {}, (("breach", None, "The drum was late."),)),
    "time": Row("#time 1h30", {}, (("time", None, "90"),)),
    "quiet": Row("#quiet #solve", {"status": "solved"}, words="", ada=None),
    "lang": Row("#lang nb", {"language": "nb"}, (("language", "en", "nb"),)),
    "away": Row("#away fri"),
    "back": Row("#back"),
    "status": Row("#status", kari="Your reply goes to Ada Berg.\n\nCase #"),
    "queue": Row("#queue", kari="Answer with #show and a number to see a case.\n\n7 open cases"),
    "show": Row(f"#show {SEVEN}", kari=f"Your reply goes to Ada Berg.\n\nCase #{SEVEN} from Ada"),
    "find": Row("#find dead printer", kari="Answer with #show and a number to see a case.\n\n7 ca"),
    "files": Row("#files", kari="Your reply stays internal.\n\nNo files in case #"),
    "why": Row("#why", kari="Your reply stays internal.\n\nWhy case #"),
    "help": Row("#help", kari="Your reply stays internal.\n\nCommands, to steer a case by mail"),
}
OF_ANOTHER_FORM = {"end", "admit", "for"}  # below, and test_people_and_cases


def numbered(row: str) -> int:
    return list(ROWS).index(row) * len(VARIANTS)


@pytest.fixture
def tried(cases, request):
    """A row, the desk after its mails, and what each of the people got for them."""
    name = request.param
    row = ROWS[name]
    begin(cases, row)
    for place, variant in enumerate(VARIANTS):
        raw = mail(cases, row, place, variant, numbered(name))
        cases.send(raw, is_proved=row.is_proved)
    return row, cases, cases.house.work()


def begin(cases: Cases, row: Row) -> None:
    """Do what was done before, on each case."""
    for number in NUMBERS if row.is_noted or row.before else ():
        if row.is_noted:
            raw = written(cases.bo, f"#note {NOTED}", cases.letter(number, cases.bo), client="k9")
            cases.send(raw, cases.bo.address)
        if row.before:
            raw = written(cases.kari, row.before, cases.letter(number), client="gmail-web")
            cases.send(raw, is_proved=True)
    cases.house.work()


def mail(cases: Cases, row: Row, place: int, variant: str, number: int) -> bytes:
    """One of the mails: the commands above the words or below them, signed or not."""
    client, language = HABITS[(number + place) % len(HABITS)]
    letters = [each for each in cases.kari.inbox if each["Subject"].endswith(f"[#{place + 1}]")]
    blocks = [row.words, row.command] if place % 2 else [row.command, row.words]
    return written(
        cases.kari,
        "\n\n".join(filter(None, blocks)),
        letters[-1] if row.is_noted else letters[0],
        client=client,
        language=language,
        variant=variant,
        sign_off=place % 3 == 1,
    )


def lines(text: str) -> list[str]:
    """The lines with words: some clients set each apart."""
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize("tried", ROWS, indirect=True)
def test_row(tried):
    row, cases, sent = tried
    assert_changed(row, cases)
    assert_kept(row, cases)
    assert_requester_got(row, cases.to(cases.ada, sent))
    for begins, agent in ((row.kari, cases.kari), (row.bo, cases.bo)):
        got = cases.to(agent, sent)
        assert len(got) == (len(NUMBERS) if begins else 0), [said(letter) for letter in got]
        assert [said(letter) for letter in got if not said(letter).startswith(begins)] == []


def assert_changed(row: Row, cases: Cases) -> None:
    for number, variant in zip(NUMBERS, VARIANTS, strict=True):
        ticket = cases.ticket(number)
        found = {name: ticket[name] for name in row.ticket}
        assert found == dict(row.ticket), variant
        assert set(row.events) <= set(cases.events(number)), (variant, cases.events(number))


def assert_kept(row: Row, cases: Cases) -> None:
    """The words stand in the case, the commands do not; commands alone post no message."""
    for number, variant in zip(NUMBERS, VARIANTS, strict=True):
        messages = cases.ticket(number)["messages"]
        if not row.words:
            assert len(messages) == 1, variant
            continue
        assert len(messages) == 2 + row.is_noted, variant
        assert messages[-1]["visibility"] == row.visibility, variant
        assert_said(row, messages[-1]["text"])


def assert_said(row: Row, text: str) -> None:
    """The words, in their order, and nothing besides but what the row says."""
    words = lines(row.words)
    others = [line for line in lines(text) if line not in words]
    assert [line for line in lines(text) if line in words] == words
    assert "\n".join(others).startswith(row.also)
    assert bool(others) is bool(row.also)


def assert_requester_got(row: Row, letters: list[Letter]) -> None:
    """The words as they were written, and nothing of the commands."""
    assert len(letters) == (0 if row.ada is None else len(NUMBERS))
    for letter in letters:
        if row.words:
            assert_said(row, spoken(letter))
        assert row.ada in letter.text
        for text in (letter.text, letter.html):
            assert [line for line in lines(row.command) if line in text] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_below_end_nothing_is_a_command(cases, variant):
    """And in our letter nothing looks like one."""
    words = "#solve\n\nThis line closes a case, if you ever work here."
    cases.answer(f"#take\n#end\n\n{words}", variant=variant, client="k9")
    assert (cases.ticket()["status"], cases.ticket()["assignee"]) == ("open", "kari")
    assert "#solve" in unicodedata.normalize("NFKC", cases.last_message()["text"])
    assert unicodedata.normalize("NFKC", spoken(cases.ada.last)).startswith("· #solve\n")


# --- other words for the same -------------------------------------------------------------------


@pytest.mark.parametrize(("word", "verb"), ENGLISH.items(), ids=ENGLISH)
def test_english_word_does_what_its_verb_does(cases, word, verb):
    row, number = ROWS[verb], list(ENGLISH).index(word)
    client, language = HABITS[number]
    begin(cases, row)
    letter = cases.kari.last if row.is_noted else cases.letter(LAST)
    text = f"{row.command.replace(verb, word, 1)}\n\n{row.words}"
    sent = cases.answer(text, letter, client=client, language=language)
    assert {name: cases.ticket(LAST)[name] for name in row.ticket} == dict(row.ticket)
    assert cases.last_message(LAST)["visibility"] == row.visibility
    assert_said(row, cases.last_message(LAST)["text"])
    assert [row.ada in each.text for each in cases.to(cases.ada, sent)] == [True] * (
        row.ada is not None
    )


# The words of each language for #take, #solve, #note, #wait, #tag and #priority.
OTHER_WORDS = {
    "de": ("übernehmen", "gelöst", "notiz", "warten", "schlagwort", "priorität"),
    "es": ("tomar", "resuelto", "nota", "esperar", "etiqueta", "prioridad"),
    "fr": ("prendre", "résolu", "interne", "attendre", "étiquette", "priorité"),
    "nb": ("ta", "løst", "notat", "vent", "merke", "prioritet"),
    "nl": ("nemen", "opgelost", "notitie", "wachten", "label", "prioriteit"),
    "sv": ("ta", "löst", "anteckning", "vänta", "etikett", "prioritet"),
    "zh-Hans": ("认领", "已解决", "备注", "等待", "标签", "优先级"),
}


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_words_of_all_languages_are_active_together(cases, language):
    take, solve, note, wait, tag, priority = OTHER_WORDS[language]
    texts = [f"#{take} #{priority} P1 #{tag} vpn", f"#{solve.upper()}.", f"#{note}", f"＃{wait} 2d"]
    spoken_by_clients = language if language in LANGUAGES else "en"
    for number, text in enumerate(texts, 1):
        client = list(CLIENTS)[(number * 3 + len(language)) % len(CLIENTS)]
        raw = written(
            cases.kari, f"{text}\n\n{WORDS}", cases.letter(number), client=client,
            language=spoken_by_clients, sign_off=True,
        )  # fmt: skip
        cases.send(raw)
    sent = cases.house.work()
    first = cases.ticket(1)
    assert (first["assignee"], first["priority"], first["tags"]) == ("kari", "P1", ["vpn"])
    assert [cases.ticket(n)["status"] for n in (2, 3, 4)] == ["solved", "new", "waiting_user"]
    assert cases.last_message(3)["visibility"] == "internal"
    assert [lines(spoken(letter)) for letter in cases.to(cases.ada, sent)] == [lines(WORDS)] * 3


# --- the table is whole -------------------------------------------------------------------------


def test_every_verb_has_a_row():
    verbs = {row.command.split()[0].lstrip("#") for row in ROWS.values()}
    assert verbs >= COMMANDS.keys() - OF_ANOTHER_FORM


def test_every_client_writes_in_every_language():
    used = Counter(HABITS[(numbered(name) + n) % len(HABITS)] for name in ROWS for n in range(6))
    assert set(used) == {(client, language) for client in CLIENTS for language in LANGUAGES}
    assert min(used.values()) >= 2
