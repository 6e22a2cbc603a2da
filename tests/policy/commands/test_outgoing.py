from dataclasses import replace
from itertools import pairwise

import pytest

from maildesk.mail.identifiers import Purpose, new_marker
from maildesk.mail.message import Attachment, Span
from maildesk.policy.commands.outgoing import (
    Sent,
    cut_quoted,
    forbidden_lines,
    holds_secret_token,
    own_part,
    quoted_part,
    relayed,
)

NOTICE = """\
Your reply goes to Ada Berg.

New from Ada Berg: Printer is dead

P3 incident, case #7 (new) in IT Service Desk, team first-line. Nobody has taken it yet.

> It says PC LOAD LETTER since the power came back.
> Fan noise.

Sender ada@example.org: not proven (V0).
"""
WORDS = "Hold the green button."


def cut(world, text, sent=(NOTICE,)):
    mail = world.mail(text=text)
    return cut_quoted(mail, Sent.of(sent), world.rules.reply, "IT Service Desk")


@pytest.mark.parametrize("sign", ["", "> ", "| ", "IS> ", "\t", "  * ", ":: "])
def test_notice_at_either_end_is_cut_whatever_stands_before_its_lines(world, sign):
    quote = "\n".join(sign + line for line in NOTICE.splitlines())
    assert cut(world, f"{WORDS}\n\n{quote}\n").new_text == WORDS
    assert cut(world, f"{quote}\n\n{WORDS}\n").new_text == WORDS


def test_words_that_are_cut_are_quoted(world):
    mail = cut(world, f"{WORDS}\n\n{NOTICE}")
    spans = sorted((*mail.reply, *mail.quoted))
    assert (spans[0].start, spans[-1].end) == (0, len(mail.text))
    assert all(left.end == right.start for left, right in pairwise(spans))


def test_notice_wrapped_anew_is_cut(world):
    wrapped = "\n".join(NOTICE[at : at + 31] for at in range(0, len(NOTICE), 31))
    assert cut(world, f"{WORDS}\n{wrapped}").new_text == WORDS


def test_line_that_introduces_the_quote_is_cut_with_it(world):
    text = f"{WORDS}\nSo spoke IT Service Desk at noon:\n\n{NOTICE}"
    assert cut(world, text).new_text == WORDS


def test_answers_between_the_requesters_lines_keep_them(world):
    text = NOTICE.replace("back.\n", f"back.\n{WORDS}\n").replace("noise.\n", "noise.\nOil it.\n")
    assert cut(world, text).new_text.split("\n") == [
        "> It says PC LOAD LETTER since the power came back.",
        WORDS,
        "> Fan noise.",
        "Oil it.",
    ]


@pytest.mark.parametrize("text", ["Yes.", "Ada", "first", "👍", "You wrote:\n> Fan noise."])
def test_short_answer_is_not_taken_for_the_notice(world, text):
    assert cut(world, text).new_text == text


def test_answer_below_a_quote_that_hid_it_is_found(world):
    text = f"{NOTICE}\n{WORDS}\n"
    mail = replace(world.mail(text=text), reply=(Span(0, 29),), quoted=(Span(29, len(text)),))
    found = cut_quoted(mail, Sent.of([NOTICE]), world.rules.reply, "IT Service Desk")
    assert found.new_text == WORDS


def test_reference_is_nobodys_words(world):
    reference = f"Reference: {new_marker(world.rules.reply, 7, world.now)}"
    assert cut(world, f"{WORDS}\n{reference}\nBye", sent=()).new_text == f"{WORDS}\nBye"


def test_long_lines_of_ours_are_found_and_short_ones_are_not():
    text = "Hello,\nNobody has taken it yet.\nPrinter\nSender ada@example.org: not proven (V0)."
    assert list(forbidden_lines(text, [own_part(NOTICE)]))[:2] == [
        "Nobody has taken it yet.",
        "Sender ada@example.org: not proven (V0).",
    ]


def test_line_of_ours_within_a_longer_one_is_found():
    text = "I was told: Sender ada@example.org: not proven (V0). Is that so?"
    assert list(forbidden_lines(text, [own_part(NOTICE)]))


def test_what_the_requester_said_is_free():
    text = "It says PC LOAD LETTER since the power came back."
    assert not list(forbidden_lines(text, [own_part(NOTICE)]))
    assert not list(forbidden_lines(text, [text], [quoted_part(NOTICE)]))
    assert not list(forbidden_lines("-" * 60, ["=" * 60]))


def test_tokens_that_prove_somebody_are_secret(world):
    secret = {purpose for purpose in Purpose if holds_secret_token(world.address(purpose))}
    assert secret == {Purpose.AGENT, Purpose.INTERNAL, Purpose.CONFIRMATION, Purpose.BOUNCE}


def test_files_that_belong_to_the_mail_itself_are_not_relayed():
    kinds = ["application/pgp-signature", "application/pkcs7-signature", "application/pdf"]
    files = [Attachment("1", "", kind, 1, "") for kind in kinds]
    invitation = Attachment("2", "", "text/calendar", 1, "", method="request")
    answer = Attachment("3", "", "text/calendar", 1, "", method="reply")
    assert relayed([*files, invitation, answer]) == (files[2], invitation)
