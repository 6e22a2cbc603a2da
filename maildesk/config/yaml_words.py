"""Words for what is wrong with YAML: its surprises, and PyYAML's complaints in plain English."""

import re

# Plain scalars that one YAML reader takes for text and another for something else.
_SURPRISES = (
    (re.compile(r"(?i)yes|no|on|off|y|n"), "is true or false to some YAML readers, text to others"),
    (re.compile(r"[-+]?0[0-9_]+"), "is an octal number to some YAML readers"),
    (re.compile(r"[-+]?0[xob][0-9a-fA-F_]+"), "is a hexadecimal, octal or binary number in YAML"),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"), "is a base-60 number in YAML"),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*"), "is a number to some YAML readers, text to others"),
    (re.compile(r"[-+]?([0-9]+\.?|\.[0-9])[0-9]*[eE][-+]?[0-9]+"), "is a number in YAML"),
    (re.compile(r"(?i)[-+]?\.(inf|nan)"), "is infinity or not a number in YAML"),
    (re.compile(r"<<"), "is a merge key in YAML: merging is not supported"),
)


def surprise(text: str) -> tuple[str, str] | None:
    """Return what is doubtful about an unquoted scalar, and a hint; None if nothing is."""
    for pattern, meaning in _SURPRISES:
        if pattern.fullmatch(text):
            return f"{text} {meaning}", _quote_hint(text)
    return None


def _quote_hint(text: str) -> str:
    quoted = f'for the text write "{text}" in quotes'
    if text.lower() in ("yes", "on", "y"):
        return f"write true, or {quoted}"
    if text.lower() in ("no", "off", "n"):
        return f"write false, or {quoted}"
    if text.isdecimal():
        return f"write {int(text)}, or {quoted}"
    return quoted


# PyYAML's words for a fault, and ours: what is wrong, and how it is usually mended.
_SYNTAX = (
    (
        re.compile(r"character '\\t' that cannot start"),
        "a tab: YAML is indented with spaces",
        "replace it by spaces",
    ),
    (
        re.compile(r"character '(?P<character>.)' that cannot start"),
        'a value may not begin with "{character}"',
        "put it in quotes",
    ),
    (
        re.compile(r"mapping values are not allowed"),
        'a ":" may not stand here',
        "check the indentation of this line and the one above, or put the value in quotes",
    ),
    (
        re.compile(r"unknown escape character '(?P<character>.)'"),
        "\\{character} is unknown between double quotes",
        "between single quotes a backslash is a backslash",
    ),
    (
        re.compile(r"end of stream"),
        "a quote is opened here and never closed",
        "close it",
    ),
    (
        re.compile(r"expected ',' or '(?P<character>.)'"),
        'a "," or "{character}" is missing here',
        "values that hold [ ] {{ }} or a comma need quotes",
    ),
    (
        re.compile(r"could not find expected ':'"),
        'a ":" is missing after this line\'s key',
        'write "key: value"',
    ),
    (
        re.compile(r"expected <block end>"),
        "this line does not fit those above it",
        "check its indentation; a value that begins with a quote or [ must end with it",
    ),
    (
        re.compile(r"expected '<document start>'"),
        "this line does not fit those above it",
        "check its indentation",
    ),
    (
        re.compile(r"expected the node content, but found '(?P<character>.)'"),
        'a value is missing before "{character}", or begins with it',
        "put a value that holds it in quotes",
    ),
    (
        re.compile(r"expected alphabetic or numeric character"),
        'a value may not begin with "&" or "*"',
        "put it in quotes",
    ),
    (
        re.compile(r"but found another document"),
        'a second document begins here with "---"',
        "one document a file",
    ),
)


def syntax_fault(words: str) -> tuple[str, str]:
    """Return our message and hint for PyYAML's `words`."""
    for pattern, message, hint in _SYNTAX:
        if found := pattern.search(words):
            parts = found.groupdict()
            return message.format(**parts), hint.format(**parts)
    return f"this is not YAML: {words}", ""
