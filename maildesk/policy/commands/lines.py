"""Read the `#commands` of a mail: which lines of the new text are commands, and which are words.

    block   command lines, blank lines allowed between, at the very top or the very bottom
    line    up to three spaces, a sigil, a verb, its arguments; further ` #verb`s begin new commands

What looks like a command and stands elsewhere, or is misspelt, is a *doubt*: nobody guesses. Prose
is what only resembles one: `#123`, `# Heading`, `#fridayfeeling everyone`. Within a block a line
that begins with a verb is a command whatever follows; elsewhere one that goes on for longer than
its arguments could is prose. What the arguments mean is read by `arguments`, what the verbs do by
`commands`.

Linear in the text: each line is looked at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice

from maildesk.mail.message import InboundMail, Span
from maildesk.mail.sigils import UNSEEN
from maildesk.policy.commands.arguments import without_echoes
from maildesk.policy.commands.blocks import bottom_block, top_block
from maildesk.policy.commands.hashtags import Begin, begins_with_hashtag, hashtags_in, read_begin
from maildesk.policy.commands.vocabulary import TAKES_REST, Vocabulary
from maildesk.policy.commands.written_lines import WrittenLine, words_without, written_lines

MOST_COMMANDS = 10
LONGEST_LINE_SHOWN = 200
_MOST_LINES = 1_000  # that begin like commands
_MOST_DOUBTS = 20
_MOST_SUGGESTIONS = 200  # looked for in one mail
_MOST_COMPARED = 50  # commands in the text and the HTML of a mail

# How many words may follow a verb outside of a block before the line is taken for prose.
_WORDS_OF_ARGUMENTS = 3
_NEEDS_A_WORD = frozenset(("priority", "wait", "schedule", "assign", "team", "type", "tag", "time"))
_TAKES_NOTHING = frozenset(
    {
        "take", "unassign", "reply", "reopen", "spam", "files", "ack", "quiet", "back", "status",
        "queue", "why", "help", "end",
    }
)  # fmt: skip
_TAKES_SENTENCE = frozenset({"find", "breach", "team"})
_TAKES_WORDS = TAKES_REST | _TAKES_SENTENCE | {"tag"}


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command: `verb` is "" where it is unknown, `word` what was written, `rest` its arguments
    on one line. `at`: where in the mail's text it begins; no part of what it says."""

    verb: str
    word: str
    rest: str = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line that may be meant as a command: as written, why nobody knows (a sentence for the
    agent), and what it would run as, if that is clear."""

    line: str
    reason: str
    suggestion: CommandLine | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail's new text, sorted: `words` are the reply without its signature, its command lines and
    its lines in doubt; `commands` and `doubts` are in written order."""

    words: tuple[Span, ...] = ()
    commands: tuple[CommandLine, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read_commands(mail: InboundMail, vocabulary: Vocabulary) -> Reading:
    """Sort the new text of a mail into words, commands and doubts. Quoted and forwarded text and
    attachments are never looked at; never raises."""
    lines = written_lines(mail)
    reader = _LineReader(vocabulary)
    begun = (
        (place, line)
        for place, written in enumerate(lines)
        if (line := reader.read(written.text, written.start))
    )
    found = dict(islice(begun, _MOST_LINES))
    if next(begun, None):
        return _too_many(lines)
    return _Sorter(lines, found).reading(_disagreement(mail, lines, found, reader))


def _too_many(lines: Sequence[WrittenLine]) -> Reading:
    """No person writes so many: they are part of something pasted in."""
    left_out = {place for place, line in enumerate(lines) if begins_with_hashtag(line.text)}
    reason = f"More than {_MOST_LINES} lines begin with a #word."
    shown = lines[min(left_out)].text.strip()[:LONGEST_LINE_SHOWN]
    return Reading(words_without(lines, left_out), doubts=(Doubt(shown, reason),))


# --- one line -----------------------------------------------------------------------------------


class _Kind(Enum):
    COMMAND = "a command, as the grammar has it"
    MISPLACED = "a command, but not alone at the beginning of its line"
    UNKNOWN = "#word that is no verb"


@dataclass(frozen=True, slots=True)
class _Found:
    """A line that is not prose. `doubts` are there wherever it stands."""

    kind: _Kind
    commands: tuple[CommandLine, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_plausible(self) -> bool:
        """Whether it would be a command even in the midst of a text."""
        return len(self.commands) > 1 or any(map(_has_plausible_arguments, self.commands))

    @property
    def ends(self) -> bool:
        """Whether there are no commands below."""
        return any(command.verb == "end" for command in self.commands)


def _has_plausible_arguments(command: CommandLine) -> bool:
    if command.verb in _TAKES_WORDS:
        return True
    most = 1 if command.verb in _TAKES_NOTHING else _WORDS_OF_ARGUMENTS
    return len(command.rest.split(None, most)) <= most


def _is_short(command: CommandLine) -> bool:
    """Whether a command is alone, or has the one word that it needs: `#solve`, `#prio low`."""
    return not command.rest or (command.verb in _NEEDS_A_WORD and " " not in command.rest)


class _LineReader:
    """Tells what a line is."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._suggestions_left = _MOST_SUGGESTIONS

    def read(self, text: str, at: int = 0) -> _Found | None:
        """Return what a line is; None for prose."""
        begin = read_begin(text)
        if begin is None:
            return self._behind_words(text)
        at += begin.hashtag.start
        if self._vocabulary.find(begin.hashtag.word):
            return self._known(begin, text, at)
        return self._unknown(begin, text, at) if begin.is_alone else None

    def _behind_words(self, text: str) -> _Found | None:
        """Return the doubt about a verb that ends a line of words: `Fixed #solve`, as phones write
        it. Sent as it stands it would tell the requester our commands, and do nothing."""
        for hashtag in hashtags_in(text):
            if hashtag.is_clean and self._vocabulary.find(hashtag.word):
                commands, _ = self._commands(hashtag.word, text[hashtag.end :], 0)
                if not all(map(_is_short, commands)):
                    return None
                reason = f"#{hashtag.word} stands behind other words: give it a line of its own."
                return _Found(_Kind.MISPLACED, doubts=_doubts(text, reason, ()))
        return None

    def _known(self, begin: Begin, text: str, at: int) -> _Found | None:
        hashtag, rest = begin.hashtag, begin.rest
        if not hashtag.is_clean:
            rest = f"{hashtag.tail.lstrip(':=')} {rest}"
        commands, strange = self._commands(hashtag.word, rest, at)
        if begin.is_alone and hashtag.is_clean:
            doubts = [self._strange(word, text) for word in strange]
            return _Found(_Kind.COMMAND, commands, tuple(doubts))
        found = _Found(_Kind.MISPLACED, commands)
        if not found.is_plausible:
            return None
        if begin.is_alone:
            reason = f"Write a space behind #{hashtag.word}."
            is_clear = hashtag.tail[0] in ":="
            return replace(found, doubts=_doubts(text, reason, commands if is_clear else ()))
        reason = f"#{hashtag.word} does not stand alone at the beginning of its line."
        return replace(found, doubts=_doubts(text, reason, commands))

    def _unknown(self, begin: Begin, text: str, at: int) -> _Found | None:
        """A lone #word, or a slip of the finger with arguments; prose otherwise."""
        hashtag, rest = begin.hashtag, begin.rest
        is_short = len(rest.split(None, _WORDS_OF_ARGUMENTS)) <= _WORDS_OF_ARGUMENTS
        meant = self._suggest(hashtag.word) if is_short else ()
        if not meant and rest.strip() and not self._holds_command(rest):
            return None
        suggestion: Sequence[CommandLine] = ()
        if len(meant) == 1 and hashtag.is_clean:
            suggestion, _ = self._commands(meant[0], rest, at)
        reason = _unknown_word(hashtag.word, meant)
        return _Found(_Kind.UNKNOWN, doubts=_doubts(text, reason, suggestion))

    def _commands(self, word: str, rest: str, at: int) -> tuple[tuple[CommandLine, ...], list[str]]:
        """Split what follows a verb at the next known verbs; return also the unknown #words."""
        commands: list[CommandLine] = []
        strange: list[str] = []
        begin = 0
        if self._vocabulary.find(word) not in TAKES_REST:
            rest = rest.translate(UNSEEN)
        for hashtag in hashtags_in(rest):
            verb = self._vocabulary.find(word)
            if verb in TAKES_REST or len(commands) > MOST_COMMANDS:
                break
            if hashtag.is_clean and self._vocabulary.find(hashtag.word):
                commands.append(self._command(word, rest[begin : hashtag.start], at))
                word, begin = hashtag.word, hashtag.end
            elif verb != "tag" and not self._is_text_of(verb, hashtag.word):
                strange.append(hashtag.word)
        commands.append(self._command(word, rest[begin:], at))
        return tuple(commands), strange[:MOST_COMMANDS]

    def _is_text_of(self, verb: str | None, word: str) -> bool:
        """Tell whether an unknown #word is at home in the arguments of a verb."""
        return verb in _TAKES_SENTENCE and not self._suggest(word)

    def _command(self, word: str, rest: str, at: int) -> CommandLine:
        words = [self._vocabulary.implied(word), *rest.split()]
        return CommandLine(
            self._vocabulary.find(word) or "", word, " ".join(filter(None, words)), at
        )

    def _holds_command(self, rest: str) -> bool:
        """Tell whether a known `#verb` stands somewhere in the line."""
        return any(self._vocabulary.find(hashtag.word) for hashtag in hashtags_in(rest))

    def _strange(self, word: str, text: str) -> Doubt:
        return Doubt(text.strip()[:LONGEST_LINE_SHOWN], _unknown_word(word, self._suggest(word)))

    def _suggest(self, word: str) -> tuple[str, ...]:
        self._suggestions_left -= 1
        return self._vocabulary.suggest(word) if self._suggestions_left >= 0 else ()


def _unknown_word(word: str, meant: Sequence[str]) -> str:
    if not meant:
        return f"There is no command #{word}."
    return f"There is no command #{word}: did you mean {' or '.join(f'#{one}' for one in meant)}?"


def _doubts(text: str, reason: str, commands: Sequence[CommandLine]) -> tuple[Doubt, ...]:
    """One doubt a command of a line, or one without a suggestion."""
    shown = text.strip()[:LONGEST_LINE_SHOWN]
    return tuple(Doubt(shown, reason, command) for command in commands or (None,))


# --- the whole text -----------------------------------------------------------------------------


class _Sorter:
    """Sorts the lines of a mail by where they stand."""

    def __init__(self, lines: Sequence[WrittenLine], found: Mapping[int, _Found]) -> None:
        self._lines = lines
        self._found = found
        self._left_out: set[int] = set()
        self._block: set[int] = set()
        self._end = len(lines)  # from here on all is text

    def reading(self, disagreement: Doubt | None) -> Reading:
        """Return what the text says."""
        self._take_block(top_block(self._lines, self._may_stand))
        self._take_block(bottom_block(self._lines, self._may_stand))
        doubts = [
            doubt
            for place in sorted(self._found)
            if place < self._end
            for doubt in self._judge(place)
        ]
        commands = [
            command for place in sorted(self._block) for command in self._commands_at(place)
        ]
        if len(commands) > MOST_COMMANDS:
            line = f"#{commands[MOST_COMMANDS].word} {commands[MOST_COMMANDS].rest}"
            reason = f"A mail has at most {MOST_COMMANDS} commands."
            doubts.append(Doubt(line.strip()[:LONGEST_LINE_SHOWN], reason))
        if disagreement:
            doubts.append(disagreement)
        return Reading(
            words=words_without(self._lines, self._left_out),
            commands=tuple(commands[:MOST_COMMANDS]),
            doubts=tuple(doubts[:_MOST_DOUBTS]),
        )

    def _commands_at(self, place: int) -> Iterable[CommandLine]:
        commands = self._found[place].commands
        return (command for command in commands if command.verb != "end")

    def _take_block(self, places: Iterable[int]) -> None:
        """Take the lines of a block, from above, up to `#end`."""
        for place in sorted(set(places) - self._left_out):
            if place >= self._end:
                return
            self._left_out.add(place)
            if self._found[place].kind is _Kind.COMMAND:
                self._block.add(place)
                if self._found[place].ends:
                    self._end = place + 1

    def _may_stand(self, place: int) -> bool:
        """Tell whether a line may stand in a block; in a signature only what is no hashtag."""
        found = self._found.get(place)
        if found is None or not self._lines[place].is_signature:
            return found is not None
        return found.kind is _Kind.COMMAND and found.is_plausible

    def _judge(self, place: int) -> tuple[Doubt, ...]:
        """Return the doubts about one line, and leave it out if there are any."""
        found, line = self._found[place], self._lines[place]
        if place in self._block:
            return found.doubts
        if found.kind is not _Kind.COMMAND:
            if line.is_signature and found.kind is _Kind.UNKNOWN:
                return ()
            self._left_out.add(place)
            return found.doubts
        if not found.is_plausible:
            return ()
        self._left_out.add(place)
        where = "in the signature" if line.is_signature else "in the middle of the text"
        return _doubts(line.text, f"#{found.commands[0].word} stands {where}.", found.commands)


# --- the HTML beside the text -------------------------------------------------------------------


def _disagreement(
    mail: InboundMail,
    lines: Sequence[WrittenLine],
    found: Mapping[int, _Found],
    reader: _LineReader,
) -> Doubt | None:
    """A mail whose plain text and HTML hold different commands shows one thing and says another."""
    if mail.new_in_html is None:
        return None
    shown = _said(filter(None, map(reader.read, mail.new_in_html.split("\n"))))
    said = _said(found[place] for place in sorted(found))
    above = _said(found[place] for place in sorted(found) if not lines[place].is_signature)
    if shown in (said, above):  # the HTML is told with its signature or without
        return None
    differing = [each for each in (*said, *shown) if (each in shown) != (each in said)]
    verb, rest = (differing or [*said, *shown])[0]
    line = f"#{verb} {rest}".strip()[:LONGEST_LINE_SHOWN]
    return Doubt(line, "The plain text and the HTML of your mail hold different commands.")


def _said(lines: Iterable[_Found]) -> list[tuple[str, str]]:
    """The commands of the lines, as far as both forms of a mail must agree on them. A long note is
    broken into lines in the plain text."""
    said = (
        (command.verb, "" if command.verb == "note" else _bare(command.rest))
        for line in lines
        if line.kind is not _Kind.UNKNOWN and line.is_plausible
        for command in line.commands
    )
    return list(islice(said, _MOST_COMPARED))


def _bare(rest: str) -> str:
    return " ".join(without_echoes(rest).casefold().split())
