"""Every row of the table of ambiguities: a mail that can be read in two ways is held, whole, and
its writer is asked; prose that only resembles a command goes out; what is quoted is not looked at.
"""

from dataclasses import replace

import pytest
from clients import CLIENTS, LANGUAGES, disagreeing, interleaved, undelimited
from clients_wording import SIGN_OFFS
from stories.cases import HABITS, WORDS, said, spoken, written

from maildesk.policy.rules import Agent

NOTHING_DONE = ("new", None, "held")


def standing(cases, number=1):
    ticket = cases.ticket(number)
    return ticket["status"], ticket["assignee"], cases.last_message(number)["visibility"]


def assert_held(cases, sent, *reasons):
    """Nothing has happened, and Kari alone is asked, with these words."""
    assert standing(cases) == NOTHING_DONE
    assert [letter.recipient for letter in sent] == [cases.kari.address]
    assert said(sent[0]).startswith("Answer with one word")
    for reason in reasons:
        assert reason in sent[0].text
    return sent[0]


def assert_said(cases, sent, words):
    """Ada got these words, and nobody else anything."""
    assert [letter.recipient for letter in sent] == [cases.ada.address]
    assert spoken(sent[0]) == words


# --- what was not written now ---------------------------------------------------------------------

ORDERS = "#solve\n#spam\n#cc eve@example.net\n\nThat is what I would do."


@pytest.mark.parametrize("client", CLIENTS)
def test_quoted_commands_are_never_looked_at(cases, client):
    """A customer's commands, which our own letter quotes."""
    language = LANGUAGES[list(CLIENTS).index(client) % len(LANGUAGES)]
    (asked, *_) = cases.house.post(cases.ada.answer(ORDERS))
    assert "> #solve" in asked.text
    number = asked["Subject"].partition("[#")[2].rstrip("]")
    sent = cases.answer(WORDS, asked, client=client, language=language, is_proved=True)
    assert standing(cases, int(number)) == ("open", "kari", "public")
    assert cases.ticket(int(number))["participants"] == []
    assert [spoken(letter).replace("\n\n", "\n") for letter in sent] == [WORDS]


FORWARDED = f"""{WORDS}

---------- Forwarded message ---------
From: Eve <eve@example.net>
Date: Mon, Nov 23, 2026 at 8:00 AM
Subject: Printer
To: <kari@example.com>

#solve
#assign bo
"""


def test_forwarded_commands_are_never_looked_at(cases):
    cases.answer(FORWARDED, client="gmail-web", variant="plain")
    assert cases.ticket()["status"] != "solved"
    assert cases.ticket()["assignee"] != "bo"


@pytest.mark.parametrize("kind", ["text", "mail"])
def test_commands_in_an_attachment_are_never_looked_at(cases, kind):
    mail = cases.kari.answer(WORDS, cases.letter())
    if kind == "text":
        mail.add_attachment("#solve\n", filename="todo.txt")
    else:
        mail.add_attachment(cases.ada.write("kari@example.com", "What to do", "#solve"))
    cases.post(mail.as_bytes())
    assert cases.ticket()["status"] == "open"
    assert "I bring a new drum" in cases.ada.last.text


# --- signatures -----------------------------------------------------------------------------------


SIGNING = ("gmail-web", "apple-ios", "outlook-ios", "thunderbird", "outlook-web", "outlook-smtp")


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_around_a_sign_off_are_the_bottom_block(cases, language):
    """Above it and below it, by turns."""
    sign_offs = SIGN_OFFS[language]
    for number, (client, sign_off) in enumerate(zip(SIGNING, sign_offs, strict=False), 1):
        signed = f"{sign_off}\nKari Nordmann"
        blocks = ["#solve", signed] if number % 2 else [signed, "#solve"]
        text = "\n\n".join([WORDS, *blocks])
        letter = cases.letter(number)
        cases.send(written(cases.kari, text, letter, client=client, language=language))
    sent = cases.house.work()
    numbers = range(1, len(sign_offs) + 1)
    assert [cases.ticket(number)["status"] for number in numbers] == ["solved"] * len(sign_offs)
    spoken_words = [spoken(letter).replace("\n\n", "\n") for letter in sent]
    assert spoken_words == [WORDS] * len(sign_offs)


FOOTED = ["apple-ios", "outlook-ios", "outlook-android", "k9", "gmail-android"]


@pytest.mark.parametrize("client", FOOTED)
def test_commands_above_a_phones_footer_are_the_bottom_block(cases, client):
    for number, language in enumerate(LANGUAGES, 1):
        raw = written(
            cases.kari, f"{WORDS}\n\n#solve", cases.letter(number), client=client, language=language
        )
        cases.send(raw)
    sent = cases.house.work()
    statuses = [cases.ticket(number)["status"] for number in range(1, len(LANGUAGES) + 1)]
    assert statuses == ["solved"] * len(LANGUAGES)
    assert [spoken(letter) for letter in sent] == [WORDS] * len(LANGUAGES)


SIGNATURE = "Kari Nordmann\nIT Service Desk\n+47 22 00 00 00"
SIGNED = {
    "above a delimiter": f"{WORDS}\n\n#solve\n-- \n{SIGNATURE}",
    "below the signature, at the very end": f"{WORDS}\n\n-- \n{SIGNATURE}\n\n#solve",
    "at the top": f"#solve\n\n{WORDS}\n\n-- \n{SIGNATURE}",
    "beside a hashtag": f"{WORDS}\n\n#solve\n\n-- \n{SIGNATURE}\n#TeamGreen",
}


@pytest.mark.parametrize("text", SIGNED.values(), ids=SIGNED)
def test_commands_beside_a_signature_run(cases, text):
    sent = cases.answer(text, client="thunderbird", variant="plain")
    assert cases.ticket()["status"] == "solved"
    assert_said(cases, sent, WORDS)


@pytest.mark.parametrize("variant", ["plain", "html-only"])
def test_command_within_a_signature_holds_the_mail(cases, variant):
    text = f"{WORDS}\n\n-- \nKari Nordmann\n#solve\n+47 22 00 00 00"
    sent = cases.answer(text, client="gmail-web", variant=variant)
    assert_held(cases, sent, "#solve stands in the signature.")


def test_hashtag_in_a_signature_is_text(cases):
    sent = cases.answer(f"{WORDS}\n\n-- \n{SIGNATURE}\n#TeamGreen #solveitforward", variant="plain")
    assert_said(cases, sent, WORDS)


def test_signature_without_a_sign_is_sent_and_holds_nothing(cases):
    letter = cases.letter()
    raw = undelimited(
        "outlook-web", text=f"#solve\n\n{WORDS}", quoting=letter.raw, signature=SIGNATURE
    )
    sent = cases.post(raw)
    assert cases.ticket()["status"] == "solved"
    assert said(sent[0]).startswith(WORDS)


# --- what is held ---------------------------------------------------------------------------------

HELD = {
    "in the middle": (
        "I have fixed it.\n#solve\nPlease print a page.",
        ["“#solve”: #solve stands in the middle of the text.", "run, send or drop"],
    ),
    "misspelt": (f"#colse\n\n{WORDS}", ["did you mean #close?", "run, send or drop"]),
    "misspelt, with its argument": (
        f"#asign bo\n\n{WORDS}",
        ["did you mean #assign?", "Bo Li has the case"],
    ),
    "two words that are near": (
        f"#tak\n\n{WORDS}", ["There is no command #tak: did you mean #"],
    ),
    "alone and unknown": (f"{WORDS}\n\n#fridayfeeling", ["There is no command #fridayfeeling."]),
    "no argument": (f"#assign\n\n{WORDS}", ["The agent is missing", "send or drop"]),
    "no day": (f"#schedule\n\n{WORDS}", ["#schedule needs a day", "send or drop"]),
    "bad argument": (f"#priority soon\n\n{WORDS}", ["write P1, P2, P3 or P4."]),
    "no such agent": (f"#assign zoe\n\n{WORDS}", ["There is no agent “zoe”"]),
    "no such case": (f"#link 99\n\n{WORDS}", ["there is no case #99"]),
    "no such case, and weighty": (f"#merge 99\n\n{WORDS}", ["there is no case #99."]),
    "no such answer": (f"#answer nosuch\n\n{WORDS}", ["no answer called “nosuch”", "password-"]),
    "too much": (f"#take it please\n\n{WORDS}", ["#take takes nothing, but “it please” follows"]),
    "two ways to read a day": (
        f"#wait 03/04\n\n{WORDS}",
        ["“03/04” can be read in two ways: write 2027-04-03 or 2027-03-04."],
    ),
    "a day that is past": (f"#wait 2026-11-20\n\n{WORDS}", ["“2026-11-20” is past"]),
    "a list item": (f"- #solve\n\n{WORDS}", ["does not stand alone", "run, send or drop"]),
    "a numbered item": (f"{WORDS}\n\n1. #solve", ["does not stand alone"]),
    "a bold one": (f"**#solve**\n\n{WORDS}", ["does not stand alone"]),
    "no space": (f"#wait:2d\n\n{WORDS}", ["Write a space behind #wait."]),
    "more than ten": (
        "\n".join(f"#tag t{n}" for n in range(11)) + f"\n\n{WORDS}",
        ["A mail has at most 10 commands."],
    ),
    "one of two": (f"#take\n#priority soon\n\n{WORDS}", ["the case is yours", "“soon” is"]),
    "a contradiction": (f"#note\n#reply\n\n{WORDS}", ["#note and #reply contradict each other"]),
    "no meaning": (f"#reopen\n\n{WORDS}", ["the case is new, so #reopen has no meaning"]),
    "quiet words": (f"#quiet\n\n{WORDS}", ["#quiet mails nobody, but there are words"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reasons"), HELD.values(), ids=HELD)
def test_doubt_holds_the_whole_mail(cases, text, reasons):
    client, language = HABITS[list(HELD).index(_name(text)) * 3]
    sent = cases.answer(text, client=client, language=language, sign_off=True)
    letter = assert_held(cases, sent, *reasons)
    assert "Did you mean #solve" not in letter.text


def _name(text):
    return next(name for name, (each, _) in HELD.items() if each == text)


def test_two_bobs_are_both_named(cases):
    bobs = (
        Agent("bob.f", "Bob Fisher", ("bobf@example.com",), ("first-line",)),
        Agent("bob.m", "Bob Miller", ("bobm@example.com",), ("first-line",)),
    )
    cases.house.change_rules(agents=(*cases.house.desk.rules.agents, *bobs))
    sent = cases.answer(f"#assign bob\n\n{WORDS}", client="outlook-desktop", variant="html-only")
    letter = assert_held(cases, sent, "bob.f (Bob Fisher), bob.m (Bob Miller)")
    cases.answer("drop", letter)
    cases.answer(f"#assign bob.m\n\n{WORDS}", client="k9")
    assert cases.ticket()["assignee"] == "bob.m"


@pytest.mark.parametrize(
    ("text", "html_text"),
    [(f"#solve\n\n{WORDS}", WORDS), (WORDS, f"#solve\n\n{WORDS}"),
     (f"#wait 2d\n\n{WORDS}", f"#wait 3d\n\n{WORDS}")],
    ids=["text alone", "html alone", "another argument"],
)  # fmt: skip
def test_text_and_html_that_disagree_hold_the_mail(cases, text, html_text):
    raw = disagreeing(text=text, html_text=html_text, quoting=cases.letter().raw)
    assert_held(cases, cases.post(raw), "The plain text and the HTML of your mail hold different")


# --- what is prose --------------------------------------------------------------------------------

PROSE = {
    "a number": "#123 is the same printer.",
    "a heading": "# Close the valve\n\nThen call me.",
    "a hashtag": "#fridayfeeling everyone, see you at ten!",
    "in a sentence": "You may write #solve yourself once it prints.",
    "a sentence that begins with a verb": (
        f"{WORDS}\n#open doors are what the cleaners leave behind here\nBye."
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE)
def test_prose_goes_out_as_it_is(cases, text):
    sent = cases.answer(text, client="apple-ios", language="fr")
    assert standing(cases) == ("open", "kari", "public")
    assert cases.last_message()["text"] == text
    assert [letter.recipient for letter in sent] == [cases.ada.address]
    assert spoken(sent[0]).replace("· #", "#") == text


# --- what is normalised ---------------------------------------------------------------------------

WRITTEN = {
    "capitals": "#SOLVE",
    "a final dot": "#solve.",
    "a no-break space": "#wait\xa02d",
    "a zero-width space": "#\u200bsolve\u200b",
    "a full-width sign": "＃solve",
    "a small sign": "﹟solve",
    "full-width letters": "＃ｓｏｌｖｅ",
    "a byte-order mark": "\ufeff#solve",
    "up to three spaces": "   #solve",
    "blank lines between": "#take\n\n\n#solve",
    "blank lines of Outlook": "#take\n\xa0\n#solve\n\xa0",
    "several in a line": "#take #solve #priority P2",
}


@pytest.mark.parametrize("command", WRITTEN.values(), ids=WRITTEN)
def test_odd_ways_to_write_a_command_are_read(cases, command):
    client, language = HABITS[list(WRITTEN.values()).index(command) * 5]
    sent = cases.answer(f"{command}\n\n{WORDS}", client=client, language=language)
    assert cases.ticket()["status"] in ("solved", "waiting_user")
    assert [spoken(letter).replace("\n\n", "\n") for letter in sent] == [WORDS]


def test_title_takes_the_rest_of_the_line(cases):
    cases.answer("#take #title Drum #2: #solve later, #wait\n#note Ask #procurement #solve")
    ticket = cases.ticket()
    assert ticket["fields"]["title"] == "Drum #2: #solve later, #wait"
    assert (ticket["status"], ticket["assignee"]) == ("open", "kari")
    assert cases.last_message()["text"] == "Ask #procurement #solve"


ECHOES = [
    "#cc ann@x.example.org <mailto:ann@x.example.org>",
    "#cc ann@x.example.org<mailto:ann@x.example.org>",
    "#cc [ann@x.example.org](mailto:ann@x.example.org)",
    "#cc Ann <ann@x.example.org>",
    "#cc ANN@x.example.org;",
]


@pytest.mark.parametrize("command", ECHOES)
def test_link_echo_is_stripped_from_an_address(cases, command):
    sent = cases.answer(f"{command}\n\n{WORDS}", variant="plain", is_proved=True)
    assert [each.lower() for each in cases.ticket()["participants"]] == ["ann@x.example.org"]
    recipients = {letter.recipient.lower() for letter in sent}
    assert recipients == {cases.ada.address, "ann@x.example.org"}


HTML = """<html><body><p class="MsoNormal">#take<o:p></o:p></p><p>&nbsp;</p>
<div>#priority&nbsp;P2</div><div style="display:none">#spam</div>
<p><span>I bring a new </span><b>drum</b> at ten.<br>Please leave the door open.</p>
<p hidden>#solve</p></body></html>"""


def test_html_only_mail_has_the_same_grammar(cases):
    """Blocks become lines, hidden elements are dropped: so Exchange serves it over IMAP."""
    mail = cases.kari.answer("", cases.letter())
    mail.clear_content()
    mail.set_content(HTML, subtype="html")
    sent = cases.post(mail.as_bytes())
    ticket = cases.ticket()
    assert (ticket["status"], ticket["priority"], ticket["assignee"]) == ("open", "P2", "kari")
    assert_said(cases, sent, WORDS)


LONG = "#title The drum of the third floor, which was ordered in spring and again in autumn, late"


@pytest.mark.parametrize("variant", ["flowed", "quoted-printable"])
def test_soft_breaks_are_undone_first(cases, variant):
    cases.answer(f"{LONG}\n\n{WORDS}", client="thunderbird", variant=variant)
    assert cases.ticket()["fields"]["title"] == LONG.removeprefix("#title ")


DAYS = {
    "#wait 2026-12-04": "2026-12-04T07:00",
    "#wait 2026-12-04 14:00": "2026-12-04T13:00",
    "#wait fri": "2026-11-27T07:00",
    "#wait Monday": "2026-11-30T07:00",
    "#wait 2d": "2026-11-25T07:00",
    "#wait tomorrow": "2026-11-24T07:00",
    "#warten morgen": "2026-11-24T07:00",
}


@pytest.mark.parametrize(("command", "day"), DAYS.items())
def test_days_are_read_in_the_agents_zone(cases, command, day):
    rules = cases.house.desk.rules
    kari = replace(rules.agents[0], timezone="Europe/Oslo")
    cases.house.change_rules(agents=(kari, *rules.agents[1:]))
    cases.answer(command)
    (event,) = [each for each in cases.ticket()["events"] if each["new"] == "waiting_user"]
    assert day in event["cause"]


# --- what must not go wrong -----------------------------------------------------------------------


def test_note_with_words_for_the_customer_stays_inside(cases):
    sent = cases.answer(f"Dear Ada,\n\n{WORDS}\n\n#note", client="outlook-android", language="nl")
    assert cases.to(cases.ada, sent) == []
    assert cases.last_message()["visibility"] == "internal"
    (receipt,) = cases.to(cases.kari, sent)
    assert "Stored as a note: nothing was sent to Ada Berg" in said(receipt)


@pytest.mark.parametrize("client", ["gmail-web", "gmail-android", "apple-ios", "thunderbird", "k9"])
def test_interleaved_answer_keeps_the_customers_lines(cases, client):
    asked = "Is the drum new?\n\nAnd when will it print again?"
    (letter, *_) = cases.to(cases.kari, cases.house.post(cases.ada.answer(asked)))
    answers = [("Is the drum new?", "No, it is worn out."), ("when will it", "At ten.")]
    raw = interleaved(client, answers=answers, quoting=letter.raw, above="#wait 2d")
    (sent,) = cases.to(cases.ada, cases.post(raw))
    assert spoken(sent).split("\n\n") == [
        "> Is the drum new?", "No, it is worn out.", "> And when will it print again?", "At ten.",
    ]  # fmt: skip
    number = int(sent["Subject"].partition("[#")[2].rstrip("]"))
    assert "&gt; Is the drum new?" not in sent.html
    assert cases.ticket(number)["status"] == "waiting_user"


AUTOMATIC = {
    "vacation": [("Auto-Submitted", "auto-replied")],
    "list": [("List-Id", "<staff.example.com>"), ("Precedence", "list")],
    "program": [("Auto-Submitted", "auto-generated")],
}


@pytest.mark.parametrize("fields", AUTOMATIC.values(), ids=AUTOMATIC)
def test_automatic_mail_of_an_agent_is_never_parsed_and_never_public(cases, fields):
    sent = cases.answer(f"#solve\n\n{WORDS}", fields=fields, is_proved=True)
    assert cases.ticket()["status"] == "new"
    assert cases.to(cases.ada, sent) == []
    assert cases.last_message()["visibility"] in ("held", "internal", "public")
    assert len([m for m in cases.ticket()["messages"] if m["visibility"] == "public"]) == 1


def test_same_mail_twice_runs_once(cases):
    raw = written(cases.kari, f"#time 15m\n\n{WORDS}", cases.letter(), client="outlook-web")
    first, second = cases.post(raw), cases.post(raw)
    assert ([letter.recipient for letter in first], second) == ([cases.ada.address], [])
    assert [event for event in cases.events() if event[0] == "time"] == [("time", None, "15")]


def test_ten_commands_run(cases):
    commands = [f"#tag t{number}" for number in range(9)]
    cases.answer("\n".join([*commands, "#take"]))
    assert len(cases.ticket()["tags"]) == 9
    assert cases.ticket()["assignee"] == "kari"


def test_receipt_is_a_setting(cases):
    rules = cases.house.desk.rules
    kari = replace(rules.agents[0], receipts=True)
    cases.house.change_rules(agents=(kari, *rules.agents[1:]))
    sent = cases.answer(f"#take #priority P2\n\n{WORDS}")
    (receipt,) = cases.to(cases.kari, sent)
    assert "Done: #take, #priority P2" in said(receipt)
