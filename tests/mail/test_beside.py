"""What the HTML part tells beside the text part."""

import time

import pytest

from maildesk.mail.beside import Beside, read_beside
from maildesk.mail.message import cut

TEXT = "Done.\n\nKari Nordmann\nIT Service Desk<https://example.com>\n\n> Well?"


def signature_of(html: str, text: str = TEXT) -> str:
    return cut(text, read_beside(text, html).signature)


@pytest.mark.parametrize(
    "signature",
    [
        '<div id="Signature"><p>Kari Nordmann</p><p>IT Service Desk</p></div>',
        '<div class="gmail_signature">Kari Nordmann<br>IT Service Desk</div>',
        '<p><a name="_MailAutoSig">Kari Nordmann</a></p>'
        "<p><span style='mso-bookmark:_MailAutoSig'>IT Service Desk</span></p>",
        '<br id="lineBreakAtBeginningOfSignature"><div>Kari Nordmann</div><div>IT Service Desk'
        '</div><blockquote type="cite">Well?</blockquote>',
    ],
    ids=["outlook-web", "gmail", "word", "apple"],
)
def test_signature_that_markup_proves_is_found_in_the_text(signature: str) -> None:
    assert signature_of(f"<div>Done.</div>{signature}").startswith("Kari Nordmann\nIT Service Desk")


@pytest.mark.parametrize(
    "html",
    [
        '<blockquote type="cite"><div id="Signature">Kari Nordmann</div></blockquote>',
        '<div id="Signature">Bo Li</div>',
        '<div id="Signature"></div>',
        "<div>Kari Nordmann</div>",
    ],
    ids=["quoted", "another", "empty", "unmarked"],
)
def test_other_lines_are_no_signature(html: str) -> None:
    assert signature_of(f"<div>Done.</div>{html}") == ""


def test_answer_below_the_quote_is_no_signature() -> None:
    html = (
        '<div>Done.</div><br id="lineBreakAtBeginningOfSignature"><div>Kari</div>'
        '<blockquote type="cite">Well?</blockquote><div>Yes.</div>'
    )
    assert signature_of(html, "Done.\n\nKari\n\n> Well?\n\nYes.") == "Kari"


@pytest.mark.parametrize(
    "html",
    ["<p>#solve</p>", "<p>&nbsp;#solve</p>", "<p>&#35;solve</p>", "<div>a<br>\n ＃solve</div>"],
)
def test_html_with_a_command_line_is_read(html: str) -> None:
    assert "solve" in (read_beside("Done.", html).new_text or "")


def test_html_beside_a_command_line_is_read() -> None:
    assert read_beside("Done.\n#solve", "<p>Done.</p>").new_text == "Done."


def test_colours_and_anchors_are_no_commands() -> None:
    html = '<a href="#top" style="color: #ffeedd">top</a><p>No # 1</p>'
    assert read_beside("top", html) == Beside()


@pytest.mark.parametrize("piece", [">", "&nbsp;", "> ", '"Signature"', "<br>a", "&a;;;;"])
def test_hostile_html_is_read_within_a_second(piece: str) -> None:
    html = piece * (200_000 // len(piece)) + "#solve"
    begun = time.process_time()
    read_beside("a\n" * 20_000, f'<div id="Signature">{html}</div>')
    assert time.process_time() - begun < 2
