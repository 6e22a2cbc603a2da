"""The mails that are measured with. Each is unlike the others in all that the desk goes by."""

import base64
import hashlib
from collections.abc import Callable

DESK = "support@example.com"
BIG_BYTES = 1_000_000

_HEADER = """\
Return-Path: <person{n}@example.org>
Received: from mx2.example.net (mx2.example.net [192.0.2.25])
 by mail.example.com (Postfix) with ESMTPS id 4F{n:06d}
 for <support@example.com>; Mon, 2 Nov 2026 09:12:07 +0100 (CET)
Received: from relay.example.org (relay.example.org [198.51.100.7])
 (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
 by mx2.example.net (Postfix) with ESMTPS id 7A{n:06d}
 for <support@example.com>; Mon, 2 Nov 2026 09:12:06 +0100 (CET)
Received: from laptop{n}.example.org (unknown [203.0.113.44])
 by relay.example.org (Postfix) with ESMTPSA id 9C{n:06d};
 Mon, 2 Nov 2026 09:12:05 +0100 (CET)
From: "Person {n}" <person{n}@example.org>
To: {to}
Subject: {subject}
Date: Mon, 2 Nov 2026 09:12:05 +0100
Message-ID: <{id}.{n}@example.org>
{threading}MIME-Version: 1.0
User-Agent: Mail/7.2 (en)
"""

_TEXT = """\
Hello,

since this morning the printer on the third floor gives nothing but empty
pages. It happens from every program and with every kind of document, and
it is the same for the colleagues next door.

What we have tried:

- switched it off and on again, twice
- put paper into the other tray
- printed the test page at the machine: this one is fine

The display says that everything is in order and that the toner is at 80 %.
Its name is PR-03-117, it stands beside the kitchen.

We have to send out the invoices of October until tomorrow at noon. Could
somebody have a look today, or tell us which other printer we may use in the
meantime? Room 3.117 is occupied until about half past five.

Thank you, and best regards
Person {n}

--\N{SPACE}
Person {n} | Accounting | +47 555 {n:05d}
"""

_ANSWER = """\
It still prints empty pages, number {n}.

Person {n}

On Mon, 2 Nov 2026 09:12, IT Service Desk wrote:
> We have your mail and will look into it.
>
> You need do nothing more. To add something, just answer this mail.
"""

_HTML = """\
<html><head><style>p {{ margin: 0 }}</style></head><body><p>Hello,</p>
<p>the photograph of the display of printer {n} is attached.<br>It blinks
<b>twice</b> before each page.</p><p>Best regards<br>Person {n}</p></body></html>
"""

_BOUNDARY = "=_part_of_the_mail"


def small(number: int) -> bytes:
    """A new request of 2 KB, plain text."""
    return _head(number) + _plain(_TEXT, number)


def reply(number: int, to: str, message_id: str) -> bytes:
    """An answer of 2 KB to a letter of ours: to its reply address, naming its Message-ID."""
    threading = f"In-Reply-To: {message_id}\nReferences: {message_id}\n"
    subject = f"Re: Printer {number} gives empty pages"
    head = _head(number, to=to, subject=subject, id_="answer", threading=threading)
    return head + _plain(_ANSWER, number)


def big(number: int) -> bytes:
    """A new request in HTML with an attachment of 1 MB, no two alike."""
    seed = hashlib.sha512(b"%d" % number).digest()
    photograph = base64.encodebytes(seed * (BIG_BYTES // len(seed))).replace(b"\n", b"\r\n")
    parts = (
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n'
        f"--{_BOUNDARY}\nContent-Type: text/html; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{_HTML.format(n=number)}"
        f'--{_BOUNDARY}\nContent-Type: image/jpeg; name="display.jpg"\n'
        'Content-Disposition: attachment; filename="display.jpg"\n'
        "Content-Transfer-Encoding: base64\n\n"
    )
    head = _head(number, id_="photograph")
    return head + _crlf(parts) + photograph + _crlf(f"--{_BOUNDARY}--\n")


BY_NAME: dict[str, Callable[[int], bytes]] = {"small": small, "big": big}


def _head(
    number: int, *, to: str = DESK, subject: str = "", id_: str = "request", threading: str = ""
) -> bytes:
    header = _HEADER.format(
        n=number,
        to=to,
        subject=subject or f"Printer {number} gives empty pages",
        id=id_,
        threading=threading,
    )
    return _crlf(header)


def _plain(text: str, number: int) -> bytes:
    return _crlf("Content-Type: text/plain; charset=utf-8\n\n" + text.format(n=number))


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
