"""Try mails, tokens and Authentication-Results at random for some minutes: `make fuzz`, or
`python tests/fuzz/fuzz_commands.py SECONDS`. Ends with 1 and the smallest example that fails.

No part of `make test`: what was found here once stands there as a test of its own.
"""

import html
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildesk.config.agent_words import read_agent_words
from maildesk.mail.identifiers import (
    Purpose,
    ReplyAddresses,
    Token,
    find_markers,
    find_tokens,
    is_genuine,
    new_message_id,
    read_address,
    read_message_id,
    reply_address,
    sign,
)
from maildesk.mail.parse import parse_mail
from maildesk.mail.results import FIELD_CHARACTERS, read_results, read_results_without_id
from maildesk.policy.commands.lines import read_commands
from maildesk.policy.commands.reading import VERBS, vocabulary

SECONDS = 300
ROUND = settings(
    max_examples=400,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
WORDS = vocabulary(read_agent_words(None).aliases)
PLANTED = "7770777"  # stands in quoted and forwarded text, and nowhere else
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
REPLY = ReplyAddresses("example.com", "+", (b"k" * 32, b"o" * 32))

# --- mails --------------------------------------------------------------------------------------

SIGILS = st.sampled_from(["#", "＃", "﹟", "##", "# ", "\u200b#", "\ufeff#", "- #", "    #", "*#"])
WORD = st.sampled_from([*VERBS, *WORDS.verbs, "colse", "urgnt", "fun"]) | st.text(max_size=8)
REST = st.sampled_from(["", " ", ".", " P1", " 2d", " a +b -c", " kari", " x@y.example", " #solve"])
COMMAND = st.builds(lambda sigil, word, rest: sigil + word + rest, SIGILS, WORD, REST)
PROSE = st.sampled_from(
    ["", "Hi Ada,", "It works now.", "See #12", "# Heading", "Best,", "Kari", "-- ", "P.S. more",
     "Sent from my iPhone", "1. first", "> what you said", "#" * 9, "\t", "\xa0"]
)  # fmt: skip
ANY = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)
NEW = st.lists(COMMAND | PROSE | ANY, max_size=8)
NEW_UNMARKED = st.lists(COMMAND | PROSE.filter(lambda line: not line.startswith(">")), max_size=8)
QUOTED = st.lists(
    st.sampled_from([f"#merge {PLANTED}", f"＃find {PLANTED}", f"  #title {PLANTED}", "", "words"]),
    min_size=1,
    max_size=6,
)
INTRODUCTIONS = st.sampled_from(
    ["On Mon, 23 Nov 2026 at 09:15, Ada Berg <ada@x.example> wrote:",
     "Am 23.11.2026 um 09:15 schrieb Ada Berg:", "Le lun. 23 nov. 2026 à 09:15, Ada a écrit :",
     "El lun, 23 nov 2026 a las 9:15, Ada escribió:", "Op ma 23 nov. 2026 om 09:15 schreef Ada:",
     "Den mån 23 nov. 2026 kl 09:15 skrev Ada:", "在 2026年11月23日，Ada 写道：",
     "-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: Desk\nSubject: x\n",
     "---------- Forwarded message ---------\nFrom: Ada <ada@x.example>\nDate: x\nSubject: x\n"]
)  # fmt: skip
CODINGS = st.sampled_from(["quoted-printable", "base64", "8bit"])


def parsed(text: str, markup: str | None, coding: str):
    message = EmailMessage()
    message["From"], message["To"] = "Kari <kari@example.com>", "support@example.com"
    message["Subject"] = "Re: x"
    text = text.encode("utf-8", "replace").decode().replace("\r", " ")
    if text or markup is None:
        message.set_content(text, cte=coding)
    if markup is not None and text:
        message.add_alternative(markup, subtype="html", cte=coding)
    elif markup is not None:
        message.set_content(markup, subtype="html", cte=coding)
    return parse_mail(message.as_bytes())


def check_reading(mail) -> None:
    reading = read_commands(mail, WORDS)
    assert len(reading.commands) <= 10
    for command in (*reading.commands, *(d.suggestion for d in reading.doubts if d.suggestion)):
        assert command.verb in VERBS
        assert PLANTED not in command.rest, "a command out of quoted text"
    spans = (*mail.quoted, *mail.forwarded)
    for word in reading.words:
        assert not any(span.start < word.end and word.start < span.end for span in spans)


@ROUND
@given(NEW, QUOTED, NEW, CODINGS)
def marked_quotes(above, quoted, below, coding):
    """Lines behind `>` are nobody's commands."""
    lines = [*above, "", *(f"> {line}" for line in quoted), "", *below]
    check_reading(parsed("\n".join(lines), None, coding))


@ROUND
@given(NEW_UNMARKED, INTRODUCTIONS, QUOTED, CODINGS)
def announced_quotes(above, introduction, quoted, coding):
    """All below an introduction is quote."""
    lines = ["Hello Ada,", *above, "", introduction, "", *quoted]
    check_reading(parsed("\n".join(lines), None, coding))


@ROUND
@given(NEW, QUOTED, st.sampled_from(["", "plain", "other"]), CODINGS)
def html_quotes(above, quoted, beside, coding):
    """A client's blockquote is quote, in HTML alone and beside plain text."""
    new = "".join(f"<div>{html.escape(line)}</div>" for line in above)
    old = "<br>".join(map(html.escape, quoted))
    markup = (
        f'{new}<div class="gmail_quote"><div class="gmail_attr">On Mon, Ada wrote:<br></div>'
        f'<blockquote class="gmail_quote" style="border-left:1px solid">{old}</blockquote></div>'
    )
    text = "\n".join([*above, *(f"> {line}" for line in quoted)]) if beside == "plain" else beside
    check_reading(parsed(text, markup, coding))


# --- tokens -------------------------------------------------------------------------------------

PURPOSES = st.sampled_from(list(Purpose))
EDITS = st.lists(
    st.tuples(
        st.integers(0, 70), st.sampled_from("abt2347.+@-<> \u0131\u212a\uff41") | st.just("")
    ),
    min_size=1,
    max_size=3,
)


def edited(text: str, edits) -> str:
    for at, letter in edits:
        text = text[:at] + letter + text[at + 1 :]
    return text


def claim(token: Token) -> Token:
    """What a token says; its key's name only helps to find the key."""
    return replace(token, key="")


@ROUND
@given(st.integers(1, 99_999), st.integers(1, 99), PURPOSES, EDITS)
def tokens(ticket, party, purpose, edits):
    """A token that was changed in any way proves nothing; an unchanged one does."""
    token = sign(REPLY, ticket, str(party), purpose, "ada@x.example", NOW)
    address = reply_address(REPLY, "support@example.com", token)
    read = read_address(REPLY, address)
    assert read is not None
    assert is_genuine(REPLY, read, "ada@x.example")
    assert not is_genuine(REPLY, read, "eve@x.example")
    changed = edited(address, edits)
    found = read_address(REPLY, changed)
    if found is not None and claim(found) != claim(read):
        assert not is_genuine(REPLY, found, "ada@x.example")


@ROUND
@given(st.integers(1, 99_999), EDITS, ANY)
def message_ids_and_markers(ticket, edits, text):
    """What we did not sign is not ours; nothing raises."""
    message_id = new_message_id(REPLY, ticket, "seed", NOW)
    genuine = read_message_id(REPLY, message_id)
    assert genuine is not None
    found = read_message_id(REPLY, edited(message_id, edits))
    assert found is None or claim(found) == claim(genuine)
    assert list(find_markers(REPLY, text + edited(message_id, edits))) == []
    assert all(token.ticket > 0 for token in find_tokens(text + message_id))


# --- Authentication-Results ---------------------------------------------------------------------

PIECES = st.sampled_from(
    ["mx.example.com", ";", " ", "dmarc=pass", "dmarc=fail", "header.from=", "example.org", "(",
     ")", "\\", '"', "p=REJECT", "spf=pass", "smtp.mailfrom=", "@", "=", "none", "1", "\t",
     "dkim=pass", "header.d=", "reason=", "/", ".", "xn--", "\x00", "ü",
     "; dmarc=pass header.from=example.org"]
)  # fmt: skip


@ROUND
@given(st.lists(PIECES | ANY, max_size=25))
def authentication_results(pieces):
    """Nothing raises, and no domain is believed that does not stand there."""
    value = "".join(pieces)
    for found in (read_results(value), read_results_without_id(value)):
        for dmarc in found.dmarc if found else ():
            if dmarc.domain and value.isascii():
                assert dmarc.domain in value.lower()


@ROUND
@given(st.sampled_from(["(", "a=", ";", '"', "\\", "x.y=z "]), st.integers(0, 40_000))
def long_results(piece, count):
    """A field of any length is read in time."""
    started = time.monotonic()
    read_results("mx.example.com; dmarc=pass " + piece * count)
    assert time.monotonic() - started < 5, f"{FIELD_CHARACTERS} characters take too long"


PROPERTIES = (
    marked_quotes,
    announced_quotes,
    html_quotes,
    tokens,
    message_ids_and_markers,
    authentication_results,
    long_results,
)


def main(seconds: float) -> None:
    """Try the properties in turn until the time is over."""
    rounds, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for attempt in PROPERTIES:
            attempt()
        rounds += 1
        left = max(0, end - time.monotonic())
        print(f"{rounds} rounds of {len(PROPERTIES)} × {ROUND.max_examples}, {left:.0f} s left")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
