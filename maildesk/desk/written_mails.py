"""Mails of policy tests: written in a few words, or files beside the tests."""

import hashlib
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from maildesk.config.policy_test_shape import ArrivingMail, WrittenMail


def raw_mail(mail: ArrivingMail, folder: Path, to: str, at: datetime) -> bytes:
    """Return the bytes of a test's mail; `to` where it names nobody. Raises: OSError."""
    if mail.path:
        return (folder / mail.path).read_bytes()
    return written(mail.mail or WrittenMail(), to, at)


def written(mail: WrittenMail, to: str, at: datetime) -> bytes:
    """Return a mail in a few words as one in the form of RFC 5322; `to` where it names nobody."""
    seed = repr((mail, at)).encode()
    fields = {
        "From": mail.sender or "",
        "To": ", ".join(mail.to) or to,
        "Subject": mail.subject,
        "Date": format_datetime(at),
        "Message-ID": f"<{hashlib.sha256(seed).hexdigest()[:20]}@policy-test.invalid>",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "8bit",
    }
    given = {name.lower() for name in mail.headers}
    kept = {name: value for name, value in fields.items() if name.lower() not in given}
    values = {**kept, **mail.headers}.items()
    lines = [f"{name}: {' '.join(value.split())}" for name, value in values]
    return "\r\n".join([*lines, "", *mail.body.splitlines(), ""]).encode()
