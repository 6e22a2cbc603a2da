"""Bounces as mail servers write them that know no RFC 3464. All are invented in their manner."""

from textwrap import dedent

import pytest

from maildesk.mail.automatic import classify
from maildesk.mail.message import AutomaticKind
from maildesk.mail.parse import parse_mail

COPY = """
Return-Path: <desk@example.com>
Message-ID: <t1.p.abc@example.com>
From: desk@example.com
To: ada@example.org
Subject: Your request

Hello, please write to help@example.com.
"""

NOTICES = {
    "exim": (
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Mail delivery failed: returning message to sender",
        """
        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          ada@example.org
            host mx.example.org [192.0.2.1]
            SMTP error from remote mail server after RCPT TO:<ada@example.org>:
            550 5.1.1 no such user

        ------ This is a copy of the message, including all the headers. ------
        """,
        "5.1.1",
        "failed",
    ),
    "exim, delayed": (
        "Mail Delivery System <Mailer-Daemon@mx.example.net>",
        "Warning: message 1abCDe-0001ab-Cd delayed 24 hours",
        """
        This message was created automatically by mail delivery software.
        A message that you sent has not yet been delivered to one or more of its
        recipients after more than 24 hours on the queue on mx.example.net.

        The address to which the message has not yet been delivered is:

          ada@example.org

        No action is required on your part. Delivery attempts will continue for
        some time.
        """,
        "4.0.0",
        "delayed",
    ),
    "qmail": (
        "MAILER-DAEMON@mx.example.net",
        "failure notice",
        """
        Hi. This is the qmail-send program at mx.example.net.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <ada@example.org>:
        192.0.2.1 does not like recipient.
        Remote host said: 550 5.7.1 refused
        Giving up on 192.0.2.1.

        --- Below this line is a copy of the message.
        """,
        "5.7.1",
        "failed",
    ),
    "sendmail of old": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>",
        "Returned mail: User unknown",
        """
        The original message was received at Mon, 2 Nov 2026 09:00:00 GMT

           ----- The following addresses had permanent fatal errors -----
        <ada@example.org>

           ----- Transcript of session follows -----
        ... while talking to mx.example.org.:
        >>> RCPT To:<ada@example.org>
        <<< 550 5.1.1 <ada@example.org>... User unknown

           ----- Original message follows -----
        """,
        "5.1.1",
        "failed",
    ),
    "sendmail 5": (
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>",
        "Returned mail: Host unknown",
        """
           ----- Transcript of session follows -----
        550 example.org (smtp)... 550 Host unknown
        554 <ada@example.org>... 550 Host unknown (Authoritative answer from name server)

           ----- Unsent message follows -----
        """,
        "5.0.0",
        "failed",
    ),
    "postfix without report": (
        "MAILER-DAEMON@mx.example.net (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        """
        This is the mail system at host mx.example.net.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients. It's attached below.

        For further assistance, please send mail to postmaster.

        <ada@example.org>: host mx.example.org[192.0.2.1] said: 552 5.2.2 mailbox
            full (in reply to RCPT TO command)
        """,
        "5.2.2",
        "failed",
    ),
    "exchange 5.5": (
        "System Administrator <postmaster@example.org>",
        "Undeliverable: Your request",
        """
        Your message

          To:      Ada
          Subject: Your request
          Sent:    Mon, 2 Nov 2026 09:00:00 +0100

        did not reach the following recipient(s):

        ada@example.org on Mon, 2 Nov 2026 09:00:05 +0100
            The recipient name is not recognized
        """,
        "5.0.0",
        "failed",
    ),
    "exchange online": (
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>",
        "Undeliverable: Your request",
        """
        Your message to ada@example.org couldn't be delivered.

        ada wasn't found at example.org.

        Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'
        """,
        "5.1.10",
        "failed",
    ),
    "notes": (
        "Postmaster@example.org",
        "DELIVERY FAILURE: User ada (ada@example.org) not listed in Domino Directory",
        """
        Your message

          Subject: Your request

        was not delivered to:

          ada@example.org

        because:

          User ada (ada@example.org) not listed in Domino Directory
        """,
        "5.0.0",
        "failed",
    ),
    "groupwise": (
        "Mailer-Daemon@gw.example.org",
        "Message status - undeliverable",
        """
        The message that you sent was undeliverable to the following:
        \tada@example.org (user not found)
        """,
        "5.0.0",
        "failed",
    ),
    "google": (
        "Mail Delivery Subsystem <mailer-daemon@mail.example.net>",
        "Delivery Status Notification (Failure)",
        """
        ** Address not found **

        Your message wasn't delivered to ada@example.org because the address couldn't be found,
        or is unable to receive mail.

        The response was:

        550-5.1.1 The email account that you tried to reach does not exist.
        """,
        "5.1.1",
        "failed",
    ),
    "yahoo": (
        "MAILER-DAEMON@mta.example.net",
        "Failure Notice",
        """
        Sorry, we were unable to deliver your message to the following address.

        <ada@example.org>:
        554: 5.4.14 Hop count exceeded

        --- Below this line is a copy of the message.
        """,
        "5.4.14",
        "failed",
    ),
    "mdaemon": (
        "MDaemon@mx.example.net",
        "Permanent Delivery Failure",
        """
        The attached message had PERMANENT fatal delivery errors!

        After one or more unsuccessful delivery attempts the attached message has
        been removed from the mail queue on this server.

        YOUR MESSAGE WAS NOT DELIVERED TO THE FOLLOWING RECIPIENTS:

        Failed address: ada@example.org

        --- Session Transcript ---
        550 5.1.1 unknown
        """,
        "5.1.1",
        "failed",
    ),
    "a full mailbox": (
        "Postmaster <postmaster@example.org>",
        "Mail System Error - Returned Mail",
        """
        This Message was undeliverable due to the following reason:

        The user(s) account is temporarily over quota.

        <ada@example.org>

        Please reply to Postmaster@example.org if you feel this message to be in error.
        """,
        "5.0.0",
        "failed",
    ),
    "in Chinese": (
        "Postmaster <postmaster@example.org>",
        "系统退信",
        """
        很抱歉，您的邮件被退回来了。

        收件人: ada@example.org
        550 User not found
        """,
        "5.0.0",
        "failed",
    ),
    "in German": (
        "Postmaster <postmaster@example.org>",
        "Unzustellbar: Ihre Anfrage",
        """
        Ihre Nachricht konnte nicht zugestellt werden:

        ada@example.org
        Der Empfänger ist unbekannt. 550 5.1.1
        """,
        "5.1.1",
        "failed",
    ),
}


def bounce(writer: str, subject: str, notice: str) -> bytes:
    return (
        f"Return-Path: <>\nFrom: {writer}\nTo: desk@example.com\nSubject: {subject}\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{dedent(notice).lstrip()}{COPY}"
    ).encode()


@pytest.mark.parametrize("name", NOTICES)
def test_bounce_in_words_names_whom_it_could_not_reach(name):
    writer, subject, notice, status, action = NOTICES[name]
    mail = parse_mail(bounce(writer, subject, notice))
    assert [(r.address, r.status, r.action) for r in mail.report.recipients] == [
        ("ada@example.org", status, action)
    ]
    assert mail.report.returned_ids == ("t1.p.abc@example.com",)
    assert classify(mail, "", has_envelope=True).kind is AutomaticKind.BOUNCE


def test_several_recipients_have_each_their_own_status():
    notice = """
        Delivery to the following recipients failed.

        <ada@example.org>:
        550 5.1.1 no such user

        <bo@example.org>:
        552 5.2.2 mailbox full

        --- Below this line is a copy of the message.
        """
    mail = parse_mail(bounce("MAILER-DAEMON@mx.example.net", "failure notice", notice))
    assert {(r.address, r.status) for r in mail.report.recipients} == {
        ("ada@example.org", "5.1.1"),
        ("bo@example.org", "5.2.2"),
    }


def test_failed_recipients_field_of_exim_is_believed_without_words():
    raw = (
        b"From: Robot <robot@example.net>\nTo: desk@example.com\nSubject: x\n"
        b"X-Failed-Recipients: ada@example.org, bo@example.org\n\n(no words)\n"
    )
    report = parse_mail(raw).report
    assert [r.address for r in report.recipients] == ["ada@example.org", "bo@example.org"]


def test_bounce_that_names_nobody_leads_to_whom_the_mail_was_for():
    raw = bounce("MAILER-DAEMON@mx.example.net", "Failure", "The group does not take your mail.\n")
    assert [r.address for r in parse_mail(raw).report.recipients] == ["ada@example.org"]


def test_neither_we_nor_the_postmaster_are_the_recipient():
    notice = """
        Dear desk@example.com, your mail could not be delivered.
        Contact postmaster@example.org for help.
        The recipient ada@example.org is unknown.
        """
    mail = parse_mail(bounce("MAILER-DAEMON@mx.example.net", "Delivery failure", notice))
    assert [r.address for r in mail.report.recipients] == ["ada@example.org"]
