"""What an agent is asked about a mail of his that is held."""

from dataclasses import dataclass

from maildesk.policy.commands.lines import Doubt


@dataclass(frozen=True, slots=True)
class Question:
    """Why the mail is held, what of it was `understood` and would be done, the lines in doubt, the
    `words` that would go out, and which answers make sense. `keeps_words`: by `run` they become a
    note; `said`: his answer to the same question, which was none of them."""

    reason: str
    understood: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    words: str = ""
    may_run: bool = False
    may_send: bool = False
    keeps_words: bool = False
    said: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing could come of an answer: there are no words, and nothing can run."""
        return not (self.may_run or self.may_send or self.words)

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
            "keeps_words": self.keeps_words,
            "said": self.said,
        }

    @property
    def offers(self) -> tuple[str, ...]:
        """Return the answers that make sense."""
        run = ("run",) if self.may_run else ()
        send = ("send",) if self.may_send else ()
        return (*run, *send, "drop")


def _doubt(doubt: Doubt) -> dict[str, str]:
    """What is said of a doubt; what would run is not said where the line or the reason does."""
    meant, reason = doubt.suggestion, doubt.reason
    suggestion = f"#{meant.verb} {meant.rest}".strip() if meant else ""
    is_said = "did you mean" in reason or suggestion in doubt.line
    end = "" if reason.endswith((".", "?", "!")) else "."
    return {
        "line": doubt.line,
        "reason": f"{reason}{end}",
        "suggestion": "" if is_said else suggestion,
    }
