"""Which lines are commands, which are words, and which nobody can tell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.mail.body import split_body
from maildesk.mail.message import InboundMail, Span, cut, joined
from maildesk.policy.commands.lines import CommandLine, read_commands
from maildesk.policy.commands.reading import ENGLISH, VERBS, vocabulary
from maildesk.policy.commands.vocabulary import fold

WORDS = vocabulary({"gelöst": "solve", "dringend": "urgent", "解决": "solve"})
SOLVE = CommandLine("solve", "solve")


def mail(text, html=None):
    parts = split_body(text)
    return InboundMail(
        size=len(text),
        content_key="key",
        text=text,
        reply=parts.reply,
        quoted=parts.quoted,
        signature=parts.signature,
        forwarded=parts.forwarded,
        new_in_html=html,
    )


def read(text, html=None):
    return read_commands(mail(text, html), WORDS)


def said(text, html=None):
    """Words, commands as `verb rest`, and the lines in doubt."""
    reading = read(text, html)
    commands = [f"{command.verb} {command.rest}".strip() for command in reading.commands]
    return cut(text, reading.words), commands, [doubt.line for doubt in reading.doubts]


# --- blocks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "commands"),
    [
        ("#solve\nFixed.", "Fixed.", ["solve"]),
        ("Fixed.\n#solve", "Fixed.", ["solve"]),
        ("\n\n#take\n\n\n#prio P1\n\nHi.", "Hi.", ["take", "priority P1"]),
        ("Hi.\n\n#take\n\n#prio P1\n\n\n", "Hi.", ["take", "priority P1"]),
        ("#take\nHi.\n#solve", "Hi.", ["take", "solve"]),
        ("#take #priority P1 #tag a +b\nHi.", "Hi.", ["take", "priority P1", "tag a +b"]),
        ("#solve", "", ["solve"]),
        ("   #solve\nHi.", "Hi.", ["solve"]),
        ("Hi.\n\nBye.", "Hi.\n\nBye.", []),
        ("", "", []),
    ],
)
def test_block_stands_at_the_very_top_or_the_very_bottom(text, words, commands):
    assert said(text) == (words, commands, [])


def test_blank_lines_around_a_block_are_closed():
    text = "One.\n\nTwo.\n\n#solve\n\n\n> quoted\n\nThree.\n"
    assert [text[s.start : s.end] for s in read(text).words] == ["One.\n\nTwo.\n\n", "Three.\n"]


@pytest.mark.parametrize("word", [*VERBS, *ENGLISH])
def test_every_word_of_the_table_is_a_command(word):
    if word == "end":
        return
    commands = read(f"#{word}\nHi.").commands
    assert [(command.verb, command.word) for command in commands] == [(WORDS.find(word), word)]


@pytest.mark.parametrize("word", ["urgent", "Dringend!"])
def test_urgent_is_priority_one(word):
    assert said(f"#{word}\nHi.") == ("Hi.", ["priority P1"], [])


@pytest.mark.parametrize(
    "line",
    [
        "#Solve",
        "#SOLVE",
        "#solve.",
        "#solve!",
        "#solve;",
        "#solve:",
        "＃solve",
        "﹟solve",
        "＃ｓｏｌｖｅ",
        "\ufeff#solve",
        "\ufffd#solve",
        "\u200b#\u200bsol\u200bve",
        "\xa0#solve",
        "\xa0 #solve\xa0",
        "#solve\t ",
        "\u200e#solve\u200f",
        "#closed",
        "#gelöst",
        "#gelo\u0308st",
        "#解决。",
    ],
)
def test_command_is_known_however_a_client_writes_it(line):
    for text in (f"{line}\nHi.", f"Hi.\n\n{line}", f"Hi.\n\n{line}\n\n-- \nKari"):
        words, commands, doubts = said(text)
        assert (words, commands, doubts) == ("Hi.", ["solve"], [])


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("#take #solve", ["take", "solve"]),
        ("#take ＃Solve.", ["take", "solve"]),
        ("#take\xa0#solve", ["take", "solve"]),
        ("#take \u200b#solve", ["take", "solve"]),
        ("#merge #1042 #solve", ["merge #1042", "solve"]),
        ("#title Printer #solve is broken", ["title Printer #solve is broken"]),
        ("#take #title 👨\u200d👩\u200d👧 #x", ["take", "title 👨👩👧 #x"]),
        ("#subject  a \t b ", ["title a b"]),
        ("#note call him #take", ["note call him #take"]),
        ("#tag #vpn +#mail", ["tag #vpn +#mail"]),
        ("#cc ann@x.example <mailto:ann@x.example>", ["cc ann@x.example <mailto:ann@x.example>"]),
    ],
)
def test_line_is_split_at_known_verbs(line, commands):
    assert said(f"{line}\nHi.") == ("Hi.", commands, [])


def test_known_verb_in_a_block_is_a_command_whatever_follows():
    line = "#close the valve before you leave please"
    assert said(f"{line}\nHi.")[1] == [line.replace("#close", "solve")]


# --- prose --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "#123",
        "#123 is open",
        "# Close the valve",
        "# solve",
        "#",
        "##",
        "#-solve",
        "#_solve",
        "#fridayfeeling everyone",
        "##heading",
        "#!/bin/sh",
        "#include <stdio.h>",
        "- #fridayfeeling",
        "I wrote #solve on the line before it, and nothing came of it.",
        "C# solve",
        "#①",
        "#\ufe0f\u20e3 solve",
        "#" + "x" * 5000 + " y",
    ],
)
def test_prose_stays_prose_at_the_top_within_and_at_the_bottom(line):
    for text in (f"{line}\nHi.", f"Hi.\n{line}\nBye.", f"Hi.\n\n{line}"):
        assert said(text) == (text, [], [])


@pytest.mark.parametrize("line", ["Fixed #solve", "Fixed. #solve #prio low", "I wrote #solve."])
def test_command_behind_other_words_is_in_doubt(line):
    for text in (line, f"{line}\nHi.", f"Hi.\n{line}\nBye."):
        _, commands, doubts = said(text)
        assert (commands, doubts) == ([], [line])


def test_sentence_that_begins_with_a_verb_within_the_text_is_prose():
    text = "Hi.\n#close the valve before you leave please.\nBye."
    assert said(text) == (text, [], [])


# --- doubts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "suggested"),
    [
        ("#solve", SOLVE),
        ("＃Solve.", SOLVE),
        ("#wait 2d", CommandLine("wait", "wait", "2d")),
        ("#note never tell him that the disk is dead", None),
        ("#urgent", CommandLine("priority", "urgent", "P1")),
        ("#colse", CommandLine("solve", "close")),
        ("#asign kari", CommandLine("assign", "assign", "kari")),
        ("- #solve", SOLVE),
        ("* #solve", SOLVE),
        ("1. #solve", SOLVE),
        ("a) #solve", SOLVE),
        ("• #wait 2d", CommandLine("wait", "wait", "2d")),
        ("    #solve", SOLVE),
        ("\t#solve", SOLVE),
        ("*#solve*", SOLVE),
        ('"#solve"', SOLVE),
        ("##solve", SOLVE),
        ("#priority:P1", CommandLine("priority", "priority", "P1")),
        ("#wait=2d", CommandLine("wait", "wait", "2d")),
    ],
)
def test_line_that_may_be_a_command_is_in_doubt(line, suggested):
    text = f"Hi.\n{line}\nBye."
    reading = read(text)
    assert (cut(text, reading.words), reading.commands) == ("Hi.\nBye.", ())
    (doubt,) = reading.doubts
    assert doubt.line == line.strip()
    if suggested:
        assert doubt.suggestion is not None
        assert (doubt.suggestion.verb, doubt.suggestion.rest) == (suggested.verb, suggested.rest)
        assert fold(doubt.suggestion.word) == suggested.word


@pytest.mark.parametrize(
    "line", ["#xyzzy", "#solve?", "#take,#solve", "#take#solve", "#foo #solve"]
)
def test_line_that_cannot_be_a_command_has_no_suggestion(line):
    for text in (f"{line}\nHi.", f"Hi.\n{line}\nBye."):
        reading = read(text)
        assert "#" not in cut(text, reading.words)
        assert [doubt.suggestion for doubt in reading.doubts] == [None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hi.\n#solve\nBye.", "#solve stands in the middle of the text."),
        ("#colse\nHi.", "There is no command #colse: did you mean #close?"),
        ("#xyzzy\nHi.", "There is no command #xyzzy."),
        ("- #solve\nHi.", "#solve does not stand alone at the beginning of its line."),
        ("#prio:P1\nHi.", "Write a space behind #prio."),
        ("#take #slove\nHi.", "There is no command #slove: did you mean #solve?"),
        ("#take\n" * 11 + "Hi.", "A mail has at most 10 commands."),
        ("Hi.\n-- \nKari\n#solve\nACME", "#solve stands in the signature."),
    ],
)
def test_agent_is_told_what_is_not_clear(text, reason):
    assert [doubt.reason for doubt in read(text).doubts] == [reason]


def test_of_two_equally_near_none_is_taken():
    several = vocabulary({"warten": "wait", "karten": "show"})
    (doubt,) = read_commands(mail("#garten\nHi."), several).doubts
    assert doubt.suggestion is None
    assert doubt.reason == "There is no command #garten: did you mean #warten or #karten?"


def test_doubtful_line_does_not_end_a_block():
    words, commands, doubts = said("#take\n#colse\n#prio P1\nHi.")
    assert (words, commands, doubts) == ("Hi.", ["take", "priority P1"], ["#colse"])


def test_each_command_of_a_doubtful_line_is_a_doubt_of_its_own():
    doubts = read("Hi.\n#take #solve\nBye.").doubts
    assert [doubt.suggestion.verb for doubt in doubts] == ["take", "solve"]


def test_written_order_is_kept_in_the_places():
    reading = read("#take\n#colse\nHi.\n#prio P1")
    places = [command.at for command in (*reading.commands, reading.doubts[0].suggestion)]
    assert places == [0, 17, 6]


def test_ten_commands_are_read_and_the_eleventh_is_a_doubt():
    reading = read("#take\n" * 10 + "#solve\nHi.")
    assert [command.verb for command in reading.commands] == ["take"] * 10
    assert [doubt.line for doubt in reading.doubts] == ["#solve"]


# --- #end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "commands"),
    [
        ("#take\n#end\nWrite this:\n#solve", "Write this:\n#solve", ["take"]),
        ("#take #end\n#solve\nis what to write", "#solve\nis what to write", ["take"]),
        ("#end\n#colse\n- #solve", "#colse\n- #solve", []),
        ("Hi.\n#take\n#end\n#solve", "Hi.\n#solve", ["take"]),
        ("#end\nHi.\n-- \nKari\n#help\nACME", "Hi.", []),
    ],
)
def test_below_end_there_are_no_commands_and_no_doubts(text, words, commands):
    assert said(text) == (words, commands, [])


def test_end_within_the_text_is_in_doubt_as_any_command():
    assert said("Hi.\n#end\nBye.")[2] == ["#end"]


# --- signatures ---------------------------------------------------------------------------------

SIGNATURES = [
    "-- \nKari Nordmann\nACME",
    "Best,\nKari",
    "Best regards,\n\nKari Nordmann",
    "Mit freundlichen Grüßen\nKari",
    "Cordialement,\nKari",
    "Saludos,\nKari",
    "Med vennlig hilsen\nKari",
    "Met vriendelijke groet,\nKari",
    "Vänliga hälsningar\nKari",
    "祝好\nKari",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(
    "quote", ["", "\n\nOn Mon, 23 Nov 2026 at 09:15, Ada wrote:\n> #spam\n> Hi"]
)
def test_block_stands_directly_above_or_behind_the_signature(signature, quote):
    above = f"Fixed.\n\n#solve\n\n{signature}{quote}"
    behind = f"Fixed.\n\n{signature}\n\n#solve{quote}"
    both = f"Fixed.\n\n#take\n\n{signature}\n\n#solve{quote}"
    assert said(above) == ("Fixed.", ["solve"], [])
    assert said(behind) == ("Fixed.", ["solve"], [])
    assert said(both) == ("Fixed.", ["take", "solve"], [])


def test_exact_command_elsewhere_in_the_signature_holds():
    assert said("Fixed.\n-- \nKari\n#solve\nACME") == ("Fixed.", [], ["#solve"])
    assert said("Fixed.\n-- \n#solve\nKari") == ("Fixed.", [], ["#solve"])


@pytest.mark.parametrize(
    "hashtag", ["#OneTeam", "#teem", "#help us to make the world a better place"]
)
def test_other_hashtags_in_the_signature_are_text(hashtag):
    assert said(f"Fixed.\n-- \nKari\n{hashtag}\nACME") == ("Fixed.", [], [])
    assert said(f"Fixed.\n\n#solve\n-- \nKari\n{hashtag}") == ("Fixed.", ["solve"], [])


# --- what is never looked at --------------------------------------------------------------------


@pytest.mark.parametrize(
    "quote",
    [
        "> #spam\n> #merge 3",
        "On Mon, 23 Nov 2026 at 09:15, Ada Berg <ada@x.example> wrote:\n\n#spam\n#merge 3",
        "-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: Desk\nSubject: x\n\n#spam",
        "Am 23.11.2026 um 09:15 schrieb Ada Berg:\n> #spam",
        "---------- Forwarded message ---------\nFrom: Ada <a@x.example>\nDate: x\nSubject: x\n"
        "To: b@x.example\n\n#spam\n#solve",
    ],
)
def test_commands_in_quotes_and_forwarded_mails_are_never_seen(quote):
    assert said(f"Fixed.\n\n{quote}") == ("Fixed.", [], [])
    assert said(f"Fixed.\n\n#solve\n\n{quote}") == ("Fixed.", ["solve"], [])
    assert said(f"#solve\n\n{quote}")[1:] == (["solve"], [])


def test_block_stands_at_the_top_below_a_quote_too():
    assert said("> Is it fixed?\n#solve\nYes.\n> really?\nYes.") == ("Yes.\nYes.", ["solve"], [])


def test_command_between_answers_to_quoted_lines_is_in_doubt():
    assert said("> one\nYes.\n> two\n#solve\n> three\nNo.")[2] == ["#solve"]


# --- HTML beside the text -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("#solve\nHi.", None),
        ("#solve\nHi.", "#Solve.\n\nHi."),
        ("#cc a@x.example <mailto:a@x.example>\nHi.", "#cc a@x.example\n\nHi."),
        (
            "#note a long note that the client\nbroke in two",
            "#note a long note that was not broken",
        ),
        ("Hi.\n\nBest,\nKari\n\n#solve", "Hi.\n\nBest,\nKari"),
        ("Hi #1 and #fun for all", "Hi #1 and #fun for all"),
        ("Hi.\n#priority is what we set for all of you", "Hi.\n#priority is what we set for all"),
    ],
)
def test_text_and_html_that_say_the_same_are_in_no_doubt(text, html):
    if html and "Best" in html:
        html = "Hi."  # told without its signature
        text = "Hi.\n\nBest,\nKari\n\n#solve"
    assert said(text, html)[2] == []


@pytest.mark.parametrize(
    ("text", "html", "line"),
    [
        ("#solve\nHi.", "Hi.", "#solve"),
        ("Hi.", "#solve\n\nHi.", "#solve"),
        ("#prio P1\nHi.", "#prio P2\n\nHi.", "#priority p1"),
        ("#cc a@x.example\nHi.", "#cc b@x.example\n\nHi.", "#cc a@x.example"),
        ("#take\n#solve\nHi.", "#solve\n#take\nHi.", "#take"),
        ("#title one\ntwo", "#title one two", "#title one"),
    ],
)
def test_text_and_html_that_disagree_hold(text, html, line):
    assert line in said(text, html)[2]


# --- hostile text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "#\n" * 8_000,
        "#a\n" * 8_000,
        "#ab c d\n" * 4_000,
        "#take\n" * 5_000,
        "#take " * 5_000,
        "#take #" + "x" * 100_000,
        "- #solve\n" * 4_000,
        "\u200b#" * 30_000,
        "#a" + "\u0301\u0323" * 50_000,
        "#tag " + "#solved" * 10_000,
        "1. " * 30_000 + "#solve",
        " " * 100_000 + "#solve",
        "\n" * 10_000 + "#solve",
    ],
    ids=lambda text: repr(text[:10]),
)
def test_hostile_text_is_read_in_time(text):
    for each in (
        InboundMail(1, "key", text=text, reply=(Span(0, len(text)),)),
        InboundMail(1, "key", text=text, signature=(Span(0, len(text)),)),
        InboundMail(1, "key", text="", new_in_html=text),
    ):
        reading = read_commands(each, WORDS)
        assert len(reading.commands) <= 10
        assert len(reading.doubts) <= 20
        assert all(len(doubt.line) <= 200 for doubt in reading.doubts)


def test_thousands_of_hashtag_lines_are_pasted_and_held_whole():
    text = "Hi.\n" + "#Option yes\n" * 10 + "#solve\n" * 2000 + "Bye."
    words, commands, doubts = said(text)
    assert (words, commands, len(doubts)) == ("Hi.\nBye.", [], 1)


# --- whatever is written ------------------------------------------------------------------------

lines = st.sampled_from(
    ["#solve", "＃Solve.", "  #take #prio P1", "#colse", "#fun for all of you", "#123", "# solve",
     "- #solve", "    #solve", "#note x #spam", "#end", "words", "", "> #spam", "> words", "-- ",
     "Best,", "Kari", "Sent from my iPhone", "\u200b#wait 2d", "#merge 3", "#solve?", "#tag a",
     "On Mon, 23 Nov 2026 at 09:15, Ada <a@x.example> wrote:", "P.S. more", "#close it all and go",
     "-----Original Message-----", "#xyzzy", "*#solve*", "#Help"]
)  # fmt: skip
texts = st.lists(lines | st.text(alphabet="#＃ \u200b\xa0solvetake.,>\n", max_size=12), max_size=14)
zones = st.lists(st.tuples(st.integers(0, 80), st.sampled_from("rqsf")), max_size=6)


def is_exact_command(line):
    found = line.replace("\xa0", " ").translate(dict.fromkeys([0x200B])).rstrip()
    indent = len(found) - len(found.lstrip(" "))
    bare = found.lstrip(" ")
    return indent <= 3 and bare[:1] in ("#", "＃") and WORDS.find(bare[1:]) is not None


def check(each):
    reading = read_commands(each, WORDS)
    new = "".join(each.text[s.start : s.end] + "\n" for s in (*each.reply, *each.signature))
    for command in reading.commands:
        assert command.verb in VERBS
        assert any(s.start <= command.at < s.end for s in (*each.reply, *each.signature))
        assert all(word in new for word in command.rest.replace("P1", "").split())
    for doubt in reading.doubts:
        assert doubt.reason
    written = [line for s in reading.words for line in each.text[s.start : s.end].split("\n")]
    has_end = any("end" in line for line in new.split("\n"))
    if not reading.doubts and not has_end:
        assert not any(map(is_exact_command, written))
    reply = joined(each.reply)
    assert all(any(r.start <= s.start and s.end <= r.end for r in reply) for s in reading.words)


@given(texts)
@settings(deadline=None, max_examples=40)
def test_no_command_comes_out_of_quotes_and_none_goes_out_with_the_words(parts):
    check(mail("\n".join(parts)))


@given(texts, zones)
@settings(deadline=None, max_examples=40)
def test_spans_of_any_shape_are_kept_to(parts, cuts):
    text = "\n".join(parts)
    edges = sorted((min(at, len(text)), kind) for at, kind in cuts)
    spans = {kind: [] for kind in "rqsf"}
    start = 0
    for end, kind in [*edges, (len(text), "r")]:
        if start < end:
            spans[kind].append(Span(start, end))
        start = max(start, end)
    check(
        InboundMail(
            size=1,
            content_key="key",
            text=text,
            reply=tuple(spans["r"]),
            signature=tuple(spans["s"]),
            quoted=tuple(sorted(spans["q"] + spans["f"])),
            forwarded=tuple(spans["f"]),
        )
    )
