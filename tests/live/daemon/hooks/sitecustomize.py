"""Bugs for the tests, put into the processes of a daemon whose PYTHONPATH leads here.

    Subject: hang in the child     reading the mail never ends
    Subject: kill the child        reading the mail ends the child
    Subject: kill the daemon       deciding on the mail ends the daemon

The bugs are there as long as the file $MAILDESK_TEST_BUGS is: to unlink it is the fix.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

BUGS = Path(os.environ["MAILDESK_TEST_BUGS"])


def break_reading() -> None:
    from maildesk.mail import parse  # noqa: PLC0415 - the other process needs it not

    sound = parse.parse_mail

    def parse_mail(raw: bytes, *arguments: Any, **named: Any) -> Any:
        if BUGS.exists() and b"Subject: hang in the child" in raw:
            time.sleep(3600)
        if BUGS.exists() and b"Subject: kill the child" in raw:
            os._exit(1)
        return sound(raw, *arguments, **named)

    parse.parse_mail = parse_mail


def break_deciding() -> None:
    from maildesk.policy import decide  # noqa: PLC0415

    sound = decide.decide

    def decide_(mail: Any, *arguments: Any, **named: Any) -> Any:
        if BUGS.exists() and mail.subject == "kill the daemon":
            os._exit(1)
        return sound(mail, *arguments, **named)

    decide.decide = decide_


if "maildesk.mail.child" in sys.orig_argv:
    break_reading()
elif "run" in sys.orig_argv:
    break_deciding()
