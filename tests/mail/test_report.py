"""Standard reports: delivery status, complaints, receipts."""

import email
import json
import time
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.message import DeliveryReport, ReportedRecipient, ReportKind
from maildesk.mail.parse import parse_mail
from maildesk.mail.report import read_report


def report_of(text: str) -> DeliveryReport | None:
    return parse_mail(dedent(text).lstrip("\n").encode()).report


def dsn(status: str, *, returned: str = "", top: str = "") -> str:
    top = top or (
        "Return-Path: <>\n"
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\n"
        "To: desk@example.com\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'
    )
    return (
        f"{top}\n--b\nContent-Type: text/plain\n\nYour mail came back.\n"
        f"--b\nContent-Type: message/delivery-status\n\n{status}\n{returned}--b--\n"
    )


RETURNED = (
    "--b\nContent-Type: message/rfc822\n\n"
    "Message-ID: <t1.p.abc@example.com>\nFrom: desk@example.com\nTo: ada@example.org\n"
    "Subject: Your request\n\nHello\n"
)


def test_failed_recipient_is_named_with_its_status():
    report = report_of(
        dsn(
            "Reporting-MTA: dns; mx.example.net\n\n"
            "Final-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"
        )
    )
    assert report == DeliveryReport((ReportedRecipient("ada@example.org", "5.1.1", "failed"),))


def test_the_address_that_was_written_to_counts_not_where_an_alias_led():
    report = report_of(
        dsn(
            "Reporting-MTA: dns; mx.example.net\n\n"
            "Original-Recipient: rfc822;team@example.org\n"
            "Final-Recipient: rfc822;ada@inside.example.org\nAction: failed\nStatus: 5.2.2\n"
        )
    )
    assert [r.address for r in report.recipients] == ["team@example.org"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("Action: delayed\nStatus: 4.4.1", ("4.4.1", "delayed"), id="delayed"),
        pytest.param("Action: delivered\nStatus: 2.0.0", ("2.0.0", "delivered"), id="delivered"),
        pytest.param(
            "Action: Failed (permanent)\nStatus: 5.0.0", ("5.0.0", "failed"), id="comment"
        ),
        pytest.param("Action: error\nStatus: 5.1.2", ("5.1.2", "failed"), id="opensmtpd"),
        pytest.param("Action: expired\nStatus:", ("5.0.0", "failed"), id="no status"),
        pytest.param("Status: 5.1.1 (bad mailbox)", ("5.1.1", "failed"), id="no action"),
        pytest.param(
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-5.7.26 refused",
            ("5.7.26", "failed"),
            id="the diagnostic is more exact",
        ),
        pytest.param(
            "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 421 4.4.2 timeout",
            ("5.0.0", "failed"),
            id="the diagnostic is of another class",
        ),
    ],
)
def test_action_and_status(fields, expected):
    report = report_of(
        dsn(f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ada@example.org\n{fields}\n")
    )
    assert [(r.status, r.action) for r in report.recipients] == [expected]


def test_recipients_without_a_blank_line_between_them_are_all_named():
    report = report_of(
        dsn(
            "Reporting-MTA: dns; mx\n"
            "Final-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: 5.1.1\n"
            "Final-Recipient: rfc822; bo@example.org\nAction: failed\nStatus: 5.2.2\n"
        )
    )
    assert [(r.address, r.status) for r in report.recipients] == [
        ("ada@example.org", "5.1.1"),
        ("bo@example.org", "5.2.2"),
    ]


def test_status_part_in_base64_is_read():
    status = (
        "UmVwb3J0aW5nLU1UQTogZG5zOyBteAoKRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFkYUBleGFt\n"
        "cGxlLm9yZwpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCg==\n"
    )
    raw = dsn(status).replace(
        "message/delivery-status\n", "message/delivery-status\nContent-Transfer-Encoding: base64\n"
    )
    assert [r.address for r in report_of(raw).recipients] == ["ada@example.org"]


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param(RETURNED, id="whole mail"),
        pytest.param(
            "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <t1.p.abc@example.com>\nTo: x\n",
            id="headers",
        ),
        pytest.param(
            "--b\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n"
            "TWVzc2FnZS1JRDogPHQxLnAuYWJjQGV4YW1wbGUuY29tPgo=\n",
            id="headers in base64",
        ),
        pytest.param(
            "--b\nContent-Type: message/rfc822\n\nMessage-ID:\n <t1.p.abc@example.com>\n\nHello\n",
            id="folded id",
        ),
    ],
)
def test_id_of_the_returned_mail_is_found(returned):
    status = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\n"
    assert report_of(dsn(status, returned=returned)).returned_ids == ("t1.p.abc@example.com",)


def test_id_pasted_into_the_text_is_found():
    report = report_of("""
        Return-Path: <>
        From: MAILER-DAEMON@mx.example.net
        To: desk@example.com
        Subject: failure notice

        Hi. This is the qmail-send program at mx.example.net.
        I'm afraid I wasn't able to deliver your message to the following addresses.

        <ada@example.org>:
        Sorry, no mailbox here by that name. (#5.1.1)

        --- Below this line is a copy of the message.

        Return-Path: <desk@example.com>
        Message-ID: <t1.p.abc@example.com>
        To: ada@example.org

        Hello
        """)
    assert report.returned_ids == ("t1.p.abc@example.com",)
    assert report.recipients == (ReportedRecipient("ada@example.org", "5.1.1", "failed"),)


def test_complaint_names_whom_it_is_about():
    report = report_of("""
        From: complaints@example.net
        To: desk@example.com
        Subject: FW: Your request
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="b"

        --b
        Content-Type: text/plain

        This is an abuse report.
        --b
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: Loop/1.0
        Version: 1
        Original-Rcpt-To: <ada@example.org>

        --b
        Content-Type: message/rfc822

        Message-ID: <t1.p.abc@example.com>
        Subject: Your request

        Hello
        --b--
        """)
    assert report.kind is ReportKind.FEEDBACK
    assert report.recipients == (ReportedRecipient("ada@example.org"),)
    assert report.returned_ids == ("t1.p.abc@example.com",)


RECEIPT = """
From: ada@example.org
To: desk@example.com
Subject: Read: Your request
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"

--b
Content-Type: text/plain

{text}
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; ada@example.org
Original-Message-ID: <t1.p.abc@example.com>
Disposition: automatic-action/MDN-sent-automatically; {disposition}

--b--
"""


def test_receipt_is_a_report_of_the_disposition():
    report = report_of(RECEIPT.format(text="Your mail was read.", disposition="displayed"))
    assert report.kind is ReportKind.DISPOSITION
    assert report.returned_ids == ("t1.p.abc@example.com",)


def test_receipt_by_which_a_filter_rejects_is_a_bounce():
    text = "Your message to <ada@example.org> was automatically rejected:\nMailbox is full"
    report = report_of(RECEIPT.format(text=text, disposition="deleted"))
    assert report.kind is ReportKind.DELIVERY
    assert [r.address for r in report.recipients] == ["ada@example.org"]


NOTIFICATION = {
    "notificationType": "Bounce",
    "bounce": {
        "bouncedRecipients": [
            {"emailAddress": "ada@example.org", "action": "failed", "status": "5.1.1"}
        ]
    },
    "mail": {"commonHeaders": {"messageId": "<t1.p.abc@example.com>"}},
}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(NOTIFICATION, indent=1), id="bare"),
        pytest.param(json.dumps({"Message": json.dumps(NOTIFICATION)}), id="wrapped by SNS"),
    ],
)
def test_notification_of_amazon_ses_is_read(text):
    report = report_of(
        "From: no-reply@sns.example.com\nTo: desk@example.com\nSubject: Notification\n\n"
        f"{text}\n\n--\nIf you wish to stop receiving notifications, visit the link below.\n"
    )
    assert report.recipients == (ReportedRecipient("ada@example.org", "5.1.1", "failed"),)
    assert report.returned_ids == ("t1.p.abc@example.com",)


PERSON = "From: Bo Lie <bo@example.net>\nTo: desk@example.com\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(
            f'{PERSON}Subject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; boundary="c"\n'
            "\n--c\nContent-Type: text/plain\n\nWhat does this mean?\n"
            f"--c\nContent-Type: message/rfc822\n\n{dsn('Reporting-MTA: dns; mx')}\n--c--\n",
            id="attached to a question",
        ),
        pytest.param(
            f'{PERSON}Subject: Mail bounces\nContent-Type: multipart/mixed; boundary="c"\n'
            "\n--c\nContent-Type: text/plain\n\nDetails attached, please help.\n"
            "--c\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
            "Final-Recipient: rfc822; ada@example.org\nAction: failed\nStatus: 5.1.1\n--c--\n",
            id="its status part attached",
        ),
        pytest.param(
            f"{PERSON}Subject: Fwd: Returned mail: see transcript for details\n\n"
            "Can you see why?\n\n----- The following addresses had permanent fatal errors -----\n"
            "<ada@example.org>\n550 5.1.1 User unknown\n",
            id="forwarded inline",
        ),
        pytest.param(
            f"{PERSON}Subject: Re: Undeliverable: It\n\nIt says 550 5.1.1 user unknown.\n",
            id="answered",
        ),
        pytest.param(
            f"{PERSON}Subject: Cannot send mail\n\nI get: could not be delivered, 550 5.7.1.\n",
            id="told in words",
        ),
        pytest.param(
            f"{PERSON}Subject: Delivery problem with my order\n\nThe parcel is late again.\n",
            id="another delivery",
        ),
    ],
)
def test_bounce_that_a_person_passes_on_is_no_report(mail):
    assert report_of(mail) is None


def test_a_thousand_recipients_are_enough():
    block = "\nFinal-Recipient: rfc822; user{}@example.org\nAction: failed\nStatus: 5.1.1\n"
    raw = dsn("Reporting-MTA: dns; mx\n" + "".join(block.format(n) for n in range(2_000)))
    message = email.message_from_string(raw)
    started = time.process_time()
    report = read_report(message, "Your mail came back.")
    assert len(report.recipients) == 1000
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("a" * 5000 + "@", id="long word"),
        pytest.param("a@" * 2000, id="many at signs"),
        pytest.param("<" * 3000, id="brackets"),
        pytest.param("could not be delivered to the following user: " * 90, id="phrases"),
        pytest.param("Message-ID: " + " " * 4000, id="spaces"),
    ],
)
def test_hostile_notice_takes_no_time(line):
    body = "This message was created automatically by mail delivery software.\n" + (
        f"{line}\n" * 400
    )
    raw = f"Return-Path: <>\nFrom: MAILER-DAEMON@x\nSubject: failure notice\n\n{body}"
    message = email.message_from_string(raw)
    started = time.process_time()
    read_report(message, body)
    assert time.process_time() - started < 1.5


LINES = st.sampled_from(
    [
        "Return-Path: <>",
        "From: MAILER-DAEMON@x",
        "From: ((((((<<<",
        "Subject: =?utf-8?b?!!!?=",
        "Subject: failure notice",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        "Content-Type: message/delivery-status",
        "Content-Type: message/feedback-report",
        "Content-Type: text/rfc822-headers",
        "Content-Transfer-Encoding: base64",
        "--b",
        "--b--",
        "",
        "Final-Recipient: rfc822; a@b.example",
        "Original-Rcpt-To: \udcff\udcfe",
        "Action: failed",
        '{"notificationType": "Bounce", "bounce": 3}',
        "\udce9\udc80",
    ]
)


@given(st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=25))
def test_reading_a_report_never_raises(lines):
    raw = "\n".join(lines)
    read_report(email.message_from_bytes(raw.encode("utf-8", "surrogateescape")), raw)
