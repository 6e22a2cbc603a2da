"""The program: `maildesk`, and `python -m maildesk`.

Almost nothing is imported before we know which command it is. An MTA bounces a mail whose pipe
ends with any code that it does not know; so for `receive` all but 0 becomes EX_TEMPFAIL, even if
half of an upgrade is missing and an import fails.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

EX_TEMPFAIL = 75


def main() -> NoReturn:
    """Run the command line and exit."""
    arguments = sys.argv[1:]
    if is_receive(arguments):
        _leave(_receive(arguments))
    from maildesk.cli import run  # noqa: PLC0415 - see above

    sys.exit(run(arguments))


def is_receive(arguments: Sequence[str]) -> bool:
    """Whether the first word that is neither an option nor its value is `receive`. Behind an option
    that does not exist nobody knows which word that is: then any will do."""
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return word == "receive"
        elif not word.startswith("--config="):
            return "receive" in arguments
    return False


def _receive(arguments: list[str]) -> int:
    """Return 0 if the mail is on stable storage, else EX_TEMPFAIL."""
    try:
        _open_streams()
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, _stop)
        from maildesk.cli import invoke  # noqa: PLC0415

        return 0 if invoke(arguments) == 0 else EX_TEMPFAIL
    except BaseException as error:  # noqa: BLE001 - whatever it is, the MTA must keep the mail
        with suppress(BaseException):
            _complain(error)
        return EX_TEMPFAIL


def _open_streams() -> None:
    """Put something where an MTA has closed stdout or stderr: else the database would get their
    numbers, and whoever writes would find None."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(f"ended by {signal.Signals(number).name}")


def _complain(error: BaseException) -> None:
    say = getattr(error, "format_message", None)  # what is wrong with the command line
    is_told = isinstance(error, OSError | SystemExit) or hasattr(error, "exit_code")
    words = say() if say else str(error) if is_told else repr(error)
    sys.stderr.write(f"maildesk receive: {words}\n")


def _leave(code: int) -> NoReturn:
    """Exit at once: an exit that cannot flush to a reader who has gone would change the code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
