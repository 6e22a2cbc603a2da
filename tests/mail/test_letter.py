"""Letters and the files that ride on them."""

import email
import email.policy
import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage

from maildesk.mail.letter import write_letters
from maildesk.mail.letter_job import Enclosure, LetterJob
from maildesk.mail.message import Address
from maildesk.mail.parse import parse_mail
from maildesk.mail.samples import SAMPLES
from maildesk.mail.template_sources import load_sources
from maildesk.share import share_folder

SOURCES = load_sources([share_folder("templates")])


def mail_with(*names: str) -> bytes:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "ada@example.org"
    mail.set_content("See there.")
    for name in names:
        mail.add_attachment(
            f"content of {name}".encode(), maintype="image", subtype="png", filename=name
        )
    return mail.as_bytes()


def job(*enclosures: Enclosure) -> LetterJob:
    return LetterJob(
        source=SOURCES.find("received", "en"),
        facts=SAMPLES["received"],
        sender=Address("IT Service Desk", "support@example.com"),
        to=Address("Kari", "kari@example.com"),
        message_id=f"{len(enclosures)}@example.com",
        date=datetime(2026, 11, 23, 8, 15, tzinfo=UTC),
        enclosures=enclosures,
    )


def files_of(raw: bytes) -> dict[str, bytes]:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    return {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}


def enclosed(raw: bytes, place: int | None) -> list[Enclosure]:
    return [Enclosure(place, file) for file in parse_mail(raw).attachments]


def test_files_come_from_several_mails():
    raws = [mail_with("a.png", "b.png"), mail_with("c.png"), mail_with("a.png")]
    first, second, third = (enclosed(raw, place) for place, raw in enumerate(raws))
    letters = write_letters([job(first[1], *second), job(*third), job()], *raws)
    assert [files_of(letter) for letter in letters] == [
        {"b.png": b"content of b.png", "c.png": b"content of c.png"},
        {"a.png": b"content of a.png"},
        {},
    ]


def test_files_of_one_name_stay_apart():
    raws = [mail_with("a.png"), mail_with("b.png").replace(b'"b.png"', b'"a.png"')]
    both = [*enclosed(raws[0], 0), *enclosed(raws[1], 1)]
    (letter,) = write_letters([job(*both)], *raws)
    mail = email.message_from_bytes(letter, policy=email.policy.default)
    contents = [part.get_payload(decode=True) for part in mail.iter_attachments()]
    assert [hashlib.sha256(content).hexdigest() for content in contents] == [
        enclosure.file.sha256 for enclosure in both
    ]


def test_file_that_is_gone_is_replaced_by_a_note():
    raw = mail_with("a.png")
    (letter,) = write_letters([job(*enclosed(raw, None))])
    assert list(files_of(letter)) == ["a.png.txt"]
    assert b"not kept here any more" in files_of(letter)["a.png.txt"]


def test_file_that_a_mail_does_not_have_costs_the_letter_nothing():
    raw = mail_with("a.png", "b.png")
    (letter,) = write_letters([job(*enclosed(raw, 0))], mail_with("c.png"))
    assert set(files_of(letter)) == {"a.png.txt", "b.png.txt"}
