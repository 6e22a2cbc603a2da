"""What may go wrong, and whether trying again helps.

    MaildeskError
    ├── Temporary          4.x.x: try again later; the sender keeps the mail
    │   ├── StorageFull    452 4.3.1
    │   └── Unavailable    451 4.3.0: database locked, server unreachable
    └── Permanent          5.x.x: the same thing will fail again
        ├── Misconfigured  problems in the configuration, each with file and line
        └── NotFound       a ticket, receipt or file that is not there

Anything else that is raised is a bug. The text of an error is fit for strangers.
"""

from dataclasses import dataclass


class MaildeskError(Exception):
    """A failure with an enhanced status code (RFC 3463) and a text fit for strangers."""

    reply_code = 550
    status = "5.0.0"
    exit_code = 65  # sysexits: EX_DATAERR

    @property
    def text(self) -> str:
        """The words of the error, on one line."""
        return " ".join(str(self).split())


class Temporary(MaildeskError):
    """Trying again later may help."""

    reply_code = 451
    status = "4.3.0"
    exit_code = 75  # EX_TEMPFAIL


class StorageFull(Temporary):
    """The disk is full, or too full to take another mail."""

    reply_code = 452
    status = "4.3.1"


class Unavailable(Temporary):
    """Something we need does not answer now: a locked database, a server."""


class Permanent(MaildeskError):
    """The same thing will fail again."""


class NotFound(Permanent):
    """A ticket, a receipt or a file that is not there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file; `hint` says how to mend it."""

    file: str
    line: int | None
    column: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Misconfigured(Permanent):
    """The configuration has problems; all that were found are told at once."""

    exit_code = 78  # EX_CONFIG

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
