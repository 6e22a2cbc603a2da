from datetime import UTC, datetime

from maildesk.mail.compose import compose
from maildesk.mail.message import Address, File, OutboundMail
from maildesk.mail.sent import sent_text

TEXT = "Your reply goes to Ada Berg.\n\nA line \nthat goes on.\n\n> She said å.\n"


def letter(**fields):
    return OutboundMail(
        sender=Address("Desk", "support@example.com"),
        to=Address("", "kari@example.com"),
        subject="Printer",
        text=TEXT,
        message_id="m@example.com",
        date=datetime(2026, 11, 23, tzinfo=UTC),
        **fields,
    )


def test_text_of_a_letter_is_read_back_unwrapped():
    files = (File("a.txt", "text/plain", b"not ours"),)
    raw = compose(letter(html="<p>Your reply</p>", files=files))
    assert sent_text(raw) == TEXT.replace("line \n", "line ").strip()


def test_beginning_of_a_letter_is_enough():
    raw = compose(letter(html="<p>x</p>", files=(File("a.bin", "a/b", b"x" * 90_000),)))
    assert sent_text(raw[:10_000]) == sent_text(raw)
