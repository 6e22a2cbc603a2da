"""Letters to pagers go through apprise, for real, to a service of our own; all else goes on."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from transport.apprise_service import PagerService, open_pager_service

from maildesk.mail.compose import compose
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope, Source
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.mail.message import Address, OutboundMail
from maildesk.parts import open_submitter
from maildesk.policy.rules import Rules
from maildesk.settings import Send
from maildesk.transport.pager import PagerSubmitter, fault_of, page_of

KARI = "kari@pager.invalid"
PAGE = "P1 #7 due Mon, 23 Nov 2026, 11:00 CET: Printer is dead, Ada Berg. Mail #ack to stop"


@pytest.fixture
def service() -> Iterator[PagerService]:
    with open_pager_service() as service:
        yield service


class Mails:
    """The submitter within: keeps what it is handed."""

    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.calls: list[str] = []

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        self.recipients += envelope.recipients
        return DeliveryResult(DeliveryState.SENT, "250 Ok")

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def close(self) -> None:
        self.calls.append("close")


def letter(text: str = PAGE, subject: str = "Re: Printer is dead [#7]") -> bytes:
    return compose(
        OutboundMail(
            sender=Address("Desk", "support@example.com"),
            to=Address("Kari", KARI),
            subject=subject,
            text=text,
            html="<p>not this</p>",
            message_id="m@example.com",
            date=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        )
    )


def submitter(pagers: dict[str, str], mails: Mails | None = None, **words: float) -> PagerSubmitter:
    return PagerSubmitter(mails or Mails(), lambda: pagers, **words)


def to(recipient: str = KARI) -> Envelope:
    return Envelope(Source.SMTP, "", (recipient,))


# --- pages ----------------------------------------------------------------------------------------


def test_page_arrives_at_its_service(service: PagerService) -> None:
    result = submitter({KARI: service.of("kari")})(letter(), to())
    assert result == DeliveryResult(DeliveryState.SENT, "apprise: JSON took it")
    assert service.pages == [("kari", "Re: Printer is dead [#7]", PAGE)]


def test_everything_else_goes_to_the_submitter_within(service: PagerService) -> None:
    mails = Mails()
    result = submitter({KARI: service.of("kari")}, mails)(letter(), to("kari@example.com"))
    assert result.text == "250 Ok"
    assert mails.recipients == ["kari@example.com"]
    assert service.pages == []


def test_no_mail_leaves_for_a_pager_that_is_gone() -> None:
    mails = Mails()
    result = submitter({}, mails)(letter(), to())
    assert (result.state, mails.recipients) == (DeliveryState.FAILED, [])
    assert result.text == "there is no such pager in people.yaml"


def test_reloaded_pager_is_the_one_that_rings(service: PagerService) -> None:
    pagers = {KARI: service.of("old")}
    submit = submitter(pagers)
    submit(letter(), to())
    pagers[KARI] = service.of("new")
    submit(letter(), to())
    assert [name for name, _title, _text in service.pages] == ["old", "new"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_service_that_refuses_is_tried_again(service: PagerService, status: int) -> None:
    service.status = status
    result = submitter({KARI: service.of("kari")})(letter(), to())
    assert result.state is DeliveryState.DEFERRED
    assert f"error={status}" in result.text


def test_service_that_is_down_is_tried_again() -> None:
    with open_pager_service() as service:
        url = service.of("kari")
    result = submitter({KARI: url})(letter(), to())
    assert result.state is DeliveryState.DEFERRED
    assert "127.0.0.1" in result.text


def test_service_that_does_not_answer_holds_up_nobody(service: PagerService) -> None:
    service.hang = threading.Event()
    result = submitter({KARI: service.of("kari")}, patience_seconds=0.1)(letter(), to())
    assert result == DeliveryResult(DeliveryState.UNKNOWN, "apprise: no answer within 0.1 seconds")


def test_service_that_does_not_answer_is_left_alone_for_a_minute(service: PagerService) -> None:
    """Of many pages one waits; the mails behind them leave at once, and other services ring."""
    service.hang = threading.Event()
    passed = [0.0]
    with open_pager_service() as other:
        pagers = {f"{n}@pager.invalid": service.of(f"{n}") for n in range(20)}
        pagers[KARI] = other.of("kari")
        submit = PagerSubmitter(
            Mails(), lambda: pagers, 0.1, now=lambda: time.monotonic() + passed[0]
        )
        states = [submit(letter(), to(one)).state for one in pagers]
        assert states[0] is DeliveryState.UNKNOWN
        assert {*states[1:20]} == {DeliveryState.DEFERRED}
        assert states[20] is DeliveryState.SENT, "another service"
        assert submit(letter(), to("kari@example.com")).state is DeliveryState.SENT
        service.hang.set()
        passed[0] = 61.0
        assert submit(letter(), to("1@pager.invalid")).state is DeliveryState.SENT


def test_service_that_refuses_at_once_goes_on_being_asked(service: PagerService) -> None:
    """One whose key is wrong silences nobody else."""
    service.status = 403
    submit = submitter({KARI: service.of("kari"), "bo@pager.invalid": service.of("bo")})
    assert submit(letter(), to()).state is DeliveryState.DEFERRED
    service.status = 200
    assert submit(letter(), to("bo@pager.invalid")).state is DeliveryState.SENT


def test_daemon_that_stops_does_not_wait_for_a_service(service: PagerService) -> None:
    service.hang = threading.Event()
    mails = Mails()
    submit = submitter({KARI: service.of("kari")}, mails)
    results: list[DeliveryResult] = []
    sender = threading.Thread(target=lambda: results.append(submit(letter(), to())))
    sender.start()
    while not results:
        submit.interrupt()
        sender.join(0.02)
    assert results == [DeliveryResult(DeliveryState.UNKNOWN, "we are about to stop")]
    submit.close()
    assert {*mails.calls} == {"interrupt", "close"}


@pytest.mark.parametrize("url", ["nonsense://x", "http://127.0.0.1", "slack://a", "json://"])
def test_url_that_apprise_makes_nothing_of_is_not_tried_again(url: str) -> None:
    result = submitter({KARI: url})(letter(), to())
    assert result.state is DeliveryState.FAILED
    assert url not in result.text
    assert fault_of(url) == "apprise makes nothing of this URL"


def test_good_url_has_no_fault(service: PagerService) -> None:
    assert fault_of(service.of("kari")) == ""


def test_secrets_of_a_url_are_not_told() -> None:
    with open_pager_service() as service:
        url = service.of("hunter2").replace("://", "://kari:hunter3@")
    result = submitter({KARI: url})(letter(), to())
    assert result.state is DeliveryState.DEFERRED
    assert "hunter" not in result.text


def test_way_out_of_the_daemon_has_pagers_beside_it(service: PagerService, tmp_path: Path) -> None:
    rules = Rules("example.com", (), (), (), ReplyAddresses("example.com", "+", (b"k" * 32,)))
    paged = replace(rules, pagers={KARI: service.of("kari")})
    submit = open_submitter(Send(maildir=tmp_path), "example.com", lambda: paged)
    for recipient in (KARI, "kari@example.com"):
        assert submit(letter(), to(recipient)).state is DeliveryState.SENT
    submit.close()
    (mail,) = (tmp_path / "new").iterdir()
    assert b"Delivered-To: kari@example.com\n" in mail.read_bytes()
    assert service.texts("kari") == [PAGE]


# --- what a page says -----------------------------------------------------------------------------


def test_page_is_the_text_as_it_was_before_it_was_wrapped() -> None:
    assert page_of(letter(PAGE.replace("Mail", "\nMail"))) == ("Re: Printer is dead [#7]", PAGE)


@pytest.mark.parametrize("text", ["x" * 500, "æ" * 139, "short", "два слова " * 13])
@pytest.mark.parametrize("subject", ["y" * 500, "Re: [#7]", ""])
def test_page_has_140_characters_at_most(text: str, subject: str) -> None:
    title, said = page_of(letter(text, subject))
    assert len(title) + len(said) <= 140
    assert said[:100] == text.strip()[:100]


def test_title_gives_way_to_the_text() -> None:
    assert page_of(letter("x" * 135)) == ("", "x" * 135)
    assert page_of(letter("x" * 125))[0] == "Re: Printer is…"


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"Subject: =?bad\r\n\r\n\xff", b"Content-Type: image/png\r\n\r\nx"]
)
def test_any_octets_make_a_page(raw: bytes, service: PagerService) -> None:
    submitter({KARI: service.of("kari")})(raw, to())


# --- apprise itself -------------------------------------------------------------------------------


def python(code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    return ran.stdout.strip()


def test_apprise_is_not_imported_before_the_first_page() -> None:
    code = "import sys, maildesk.daemon, maildesk.config; print('apprise' in sys.modules)"
    assert python(code) == "False"


def test_without_apprise_pages_wait_and_mail_goes_on() -> None:
    code = """
import sys
sys.modules["apprise"] = None  # what `import apprise` finds where it is not installed
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope, Source
from maildesk.transport.pager import PagerSubmitter, fault_of
submit = PagerSubmitter(
    lambda *_: DeliveryResult(DeliveryState.SENT), lambda: {"kari@pager.invalid": "json://x"}
)
for to in ("kari@pager.invalid", "kari@example.com"):
    print(submit(b"Subject: x", Envelope(Source.SMTP, "", (to,))).state)
print(fault_of("json://x").partition(":")[0])
"""
    assert python(code).split("\n") == ["deferred", "sent", "apprise cannot be imported"]
