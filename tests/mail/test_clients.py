"""Agents' answers as real mail clients write them: what was written is read, and nothing else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from clients import (
    CLIENTS,
    LANGUAGES,
    VARIANTS,
    disagreeing,
    full_width,
    interleaved,
    undelimited,
    write,
)
from clients_wording import HEADERS, INTRODUCTIONS, SIGN_OFFS, header_lines, introduction

from maildesk.mail.body import split_body
from maildesk.mail.compose import compose
from maildesk.mail.message import Address, InboundMail, OutboundMail, cut
from maildesk.mail.parse import parse_mail
from maildesk.mail.samples import SAMPLES
from maildesk.mail.template_sources import load_sources
from maildesk.mail.templates import render

TEMPLATES = Path(__file__).parents[2] / "templates"
SIGNATURE = "Kari Nordmann\nIT Service Desk\n+47 22 00 00 00"
ASKED = "The board papers look right.\nBut the colours are pale.\n\nShall I order toner?"

TEXTS = {
    "en": "Hello Ada,\n\nThe drum was worn out.\nI have put in a new one; please print a page.",
    "de": "Guten Tag Frau Berg,\n\ndie Trommel war verschlissen.\nBitte drucken Sie eine Seite.",
    "fr": "Bonjour Ada,\n\nLe tambour était usé : je l’ai changé.\nImprimez une page, SVP.",
    "nb": "Hei Ada,\n\nTrommelen var slitt ut.\nSkriv gjerne ut en side på nytt.",
    "nl": "Dag Ada,\n\nDe trommel was versleten.\nWilt u één bladzijde afdrukken?",
    "zh-Hans": "您好，Ada：\n\n硒鼓已经用完，我刚刚换了一个新的。\n请打印一页，看看是否正常。",
    "es": "Hola Ada:\n\nEl tambor estaba gastado; lo he cambiado.\n¿Puede imprimir una página?",
}
COMMANDS = "#take #priority P2\n#tag printer"
MARKING = ("gmail-web", "gmail-android", "apple-ios", "thunderbird", "k9")

all_clients = pytest.mark.parametrize("client", CLIENTS)
all_languages = pytest.mark.parametrize("language", LANGUAGES)


def letter(kind: str) -> bytes:
    """A notification as it goes to an agent."""
    sample = SAMPLES[kind]
    facts = {**sample, "mail": {**sample["mail"], "text": ASKED}}
    source = load_sources([TEMPLATES]).find(kind, "en")
    rendered = render(source, facts, timezone="Europe/Oslo", language="en")
    return compose(
        OutboundMail(
            sender=Address("Ada Berg via IT Service Desk", "support@example.com"),
            to=Address("Kari Nordmann", "kari@example.com"),
            reply_to=Address("", "support+t1042.7.ak1a2b3c4d5e6f7g8h9jkmnpq@example.com"),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            message_id="1042.7.k1a2b3c4@example.com",
            references=("1042.1.k9z8y7x6@example.com",),
            date=datetime(2026, 11, 23, 9, 2, tzinfo=UTC),
        )
    )


@pytest.fixture(scope="module")
def quoting() -> bytes:
    return letter("user_replied")


def lines(text: str) -> list[str]:
    """The lines with words."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def assert_read(mail: InboundMail, client: str, expected: str) -> None:
    """The reply is what was written, to the blank line; all of the letter is quote."""
    if client == "outlook-smtp":  # sets every line apart
        assert lines(mail.new_text) == lines(expected)
    else:
        assert mail.new_text == expected
    quoted = cut(mail.text, mail.quoted)
    assert "Shall I order toner?" in quoted
    assert "Reference: " in quoted


@pytest.mark.parametrize("variant", VARIANTS)
@all_languages
@all_clients
def test_words_are_read_without_quote_and_sign_off(
    client: str, language: str, variant: str, quoting: bytes
) -> None:
    text = f"{COMMANDS}\n\n{TEXTS[language]}"
    raw = write(
        client, text=text, quoting=quoting, language=language, variant=variant, sign_off=True
    )
    mail = parse_mail(raw)
    assert_read(mail, client, full_width(text) if variant == "full-width" else text)
    assert "Kari Nordmann" in cut(mail.text, mail.signature)
    assert mail.is_html_only is (variant == "html-only")


@pytest.mark.parametrize("variant", ["usual", "html-only"])
@all_languages
@all_clients
def test_stored_signature_and_footer_are_no_reply(
    client: str, language: str, variant: str, quoting: bytes
) -> None:
    text = f"{TEXTS[language]}\n\n{COMMANDS}"
    for signature in ("", SIGNATURE):
        raw = write(
            client,
            text=text,
            quoting=quoting,
            language=language,
            variant=variant,
            signature=signature,
        )
        assert_read(parse_mail(raw), client, text)


@pytest.mark.parametrize("text", ["#solve", "#status", "", "Done.", "＃solve"])
@all_clients
def test_shortest_answers_are_read(client: str, text: str, quoting: bytes) -> None:
    for variant in ("usual", "html-only", "quoted-printable"):
        raw = write(client, text=text, quoting=quoting, variant=variant)
        assert_read(parse_mail(raw), client, text)


@pytest.mark.parametrize("kind", ["queue_new", "held", "reopened"])
@all_clients
def test_answer_to_another_notification_is_read(client: str, kind: str) -> None:
    mail = parse_mail(write(client, text=COMMANDS, quoting=letter(kind), sign_off=True))
    assert lines(mail.new_text) == lines(COMMANDS)


@pytest.mark.parametrize("variant", ["usual", "html-only"])
@all_clients
def test_words_of_a_long_line_are_read(client: str, variant: str, quoting: bytes) -> None:
    text = "#solve\n\n" + "The drum was worn out, so a new one is in place now. " * 12
    mail = parse_mail(write(client, text=text.strip(), quoting=quoting, variant=variant))
    assert mail.new_text.split() == text.split()
    assert lines(mail.new_text)[0] == "#solve"


@all_clients
def test_header_names_the_letter_that_is_answered(client: str, quoting: bytes) -> None:
    mail = parse_mail(write(client, text="#take", quoting=quoting))
    assert mail.sender == Address("Kari Nordmann", "kari@example.com")
    assert mail.to[0].address == "support+t1042.7.ak1a2b3c4d5e6f7g8h9jkmnpq@example.com"
    assert mail.in_reply_to == ("1042.7.k1a2b3c4@example.com",)
    assert mail.references == ("1042.1.k9z8y7x6@example.com", "1042.7.k1a2b3c4@example.com")
    assert mail.subject == parse_mail(quoting).subject
    assert not mail.defects


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("client", INTRODUCTIONS)
def test_introduction_is_known_in_every_month(client: str, language: str) -> None:
    for month in range(1, 13):
        at = datetime(2026, month, month + 2, 13, 5, tzinfo=UTC)
        opening = introduction(client, language, at, "Ada Berg", "ada@example.org")
        for text in (f"It works.\n\n{opening}\n\n> Well?", f"It works.\n\n{opening}\nWell?"):
            if client == "thunderbird" and "> " not in text:
                continue  # names no address, so needs a marked quote
            assert cut(text, split_body(text).reply) == "It works.", opening


@pytest.mark.parametrize("language", HEADERS)
def test_copied_header_is_known_in_every_month(language: str) -> None:
    for month in range(1, 13):
        at = datetime(2026, month, month + 2, 13, 5, tzinfo=UTC)
        found = header_lines(language, at, "Ada Berg <ada@example.org>", "Desk", "Re: Printer")
        text = "It works.\n\n" + "\n".join(f"{k} {v}" for k, v in found) + "\n\nWell?"
        assert cut(text, split_body(text).reply) == "It works.", text


@pytest.mark.parametrize("client", ["gmail-web", "apple-ios", "outlook-web"])
@all_languages
def test_every_sign_off_is_known(client: str, language: str, quoting: bytes) -> None:
    text = TEXTS[language]
    for sign_off in SIGN_OFFS[language]:
        signed = f"{sign_off}\nKari"
        mail = parse_mail(
            write(client, text=text, quoting=quoting, language=language, sign_off=signed)
        )
        assert mail.new_text == text
        assert lines(cut(mail.text, mail.signature))[: len(lines(signed))] == lines(signed)


@pytest.mark.parametrize("variant", ["usual", "plain", "html-only"])
def test_linked_address_of_outlook_keeps_its_command(variant: str, quoting: bytes) -> None:
    text = "#cc ann@example.org"
    mail = parse_mail(write("outlook-desktop", text=text, quoting=quoting, variant=variant))
    assert mail.new_text.removesuffix("<mailto:ann@example.org>") == text


# --- odd writings -------------------------------------------------------------------------------

ANSWERS = [("colours are pale", "That is the toner."), ("order toner", "Yes, please do.")]


@pytest.mark.parametrize("variant", ["usual", "plain", "html-only", "quoted-printable"])
@pytest.mark.parametrize("client", MARKING)
def test_quoted_lines_stay_between_interleaved_answers(
    client: str, variant: str, quoting: bytes
) -> None:
    mail = parse_mail(interleaved(client, answers=ANSWERS, quoting=quoting, variant=variant))
    assert lines(mail.new_text) == [said for _, said in ANSWERS]
    spans = sorted([*mail.reply, *mail.quoted])
    pieces = [(span in mail.reply, mail.text[span.start : span.end].strip()) for span in spans]
    order = [(is_reply, text) for is_reply, text in pieces if text]
    first, second = (order.index((True, said)) for _, said in ANSWERS)
    between = " ".join(text for _, text in order[first + 1 : second])
    assert "Shall I order toner?" in between
    assert "colours" not in between
    assert "colours" in " ".join(text for _, text in order[:first])


@pytest.mark.parametrize("variant", ["usual", "html-only"])
@pytest.mark.parametrize("client", MARKING)
def test_commands_stand_above_an_interleaved_answer(
    client: str, variant: str, quoting: bytes
) -> None:
    raw = interleaved(client, answers=ANSWERS, quoting=quoting, variant=variant, above="#solve")
    assert lines(parse_mail(raw).new_text) == ["#solve", *(said for _, said in ANSWERS)]


def test_html_that_says_something_else_is_told(quoting: bytes) -> None:
    mail = parse_mail(disagreeing(text="#solve\n\nDone.", html_text="Done.", quoting=quoting))
    assert mail.new_text == "#solve\n\nDone."
    assert mail.new_in_html == "Done."
    mail = parse_mail(disagreeing(text="Done.", html_text="#solve\n\nDone.", quoting=quoting))
    assert mail.new_text == "Done."
    assert mail.new_in_html == "#solve\n\nDone."


@all_clients
def test_html_says_what_the_text_says(client: str, quoting: bytes) -> None:
    mail = parse_mail(write(client, text="#solve\n\nDone.", quoting=quoting, sign_off=True))
    is_text_only = CLIENTS[client].is_text_only
    assert mail.new_in_html == (None if is_text_only else "#solve\n\nDone.")


@pytest.mark.parametrize("first", ["Kari Nordmann", "IT Service Desk"])
@all_clients
def test_undelimited_signature_stays_with_the_words(
    client: str, first: str, quoting: bytes
) -> None:
    """Doubt keeps text: only the desk knows how its agents are called."""
    signature = f"{first}\n+47 22 00 00 00"
    raw = undelimited(client, text="#solve\n\nDone.", quoting=quoting, signature=signature)
    assert lines(parse_mail(raw).new_text) == ["#solve", "Done.", *lines(signature)]


@pytest.mark.parametrize("client", ["gmail-web", "apple-ios", "outlook-ios", "k9"])
def test_commands_next_to_the_signature_are_in_sight(client: str, quoting: bytes) -> None:
    """Directly above a signature they are reply, directly after it its last lines."""
    raw = write(client, text="Done.\n\n#solve", quoting=quoting, sign_off=True)
    assert parse_mail(raw).new_text == "Done.\n\n#solve"
    raw = write(client, text="Done.", quoting=quoting, sign_off="Best,\nKari\n\n#solve")
    mail = parse_mail(raw)
    assert mail.new_text == "Done."
    assert "#solve" in lines(cut(mail.text, mail.signature))
