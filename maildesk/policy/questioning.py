"""What an agent is asked about a mail of his that is held."""

from dataclasses import dataclass

from maildesk.policy.command_lines import Doubt


@dataclass(frozen=True, slots=True)
class Question:
    """Why the mail is held, what of it was `understood` and would be done, the lines in doubt, the
    `words` that would go out, and which answers make sense."""

    reason: str
    understood: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    words: str = ""
    may_run: bool = False
    may_send: bool = False

    def facts(self) -> dict[str, object]:
        """Return what the question's template sees."""
        return {
            "reason": self.reason,
            "understood": list(self.understood),
            "doubts": [_doubt(doubt) for doubt in self.doubts],
            "words": self.words,
            "may_run": self.may_run,
            "may_send": self.may_send,
        }

    @property
    def offers(self) -> tuple[str, ...]:
        """Return the answers that make sense."""
        run = ("run",) if self.may_run else ()
        send = ("send",) if self.may_send else ()
        return (*run, *send, "drop")


def _doubt(doubt: Doubt) -> dict[str, str]:
    meant = doubt.suggestion
    suggestion = f"#{meant.verb} {meant.rest}".strip() if meant else ""
    return {"line": doubt.line, "reason": doubt.reason, "suggestion": suggestion}
