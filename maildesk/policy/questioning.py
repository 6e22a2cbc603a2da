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
        """Return what the question's template sees; what a doubt says is not said twice."""
        doubts = [_doubt(doubt) for doubt in self.doubts]
        return {
            "reason": ""
            if any(self.reason == doubt.reason for doubt in self.doubts)
            else self.reason,
            "understood": list(self.understood),
            "doubts": [each for number, each in enumerate(doubts) if each not in doubts[:number]],
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
    is_said = meant is None or "did you mean" in doubt.reason
    suggestion = f"#{meant.verb} {meant.rest}".strip() if meant and not is_said else ""
    return {"line": doubt.line, "reason": doubt.reason, "suggestion": suggestion}
