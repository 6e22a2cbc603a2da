"""The signs that begin a command of an agent, and what nobody sees around them.

The grammar of commands is `policy.commands.lines`.
"""

SIGILS = "#\N{FULLWIDTH NUMBER SIGN}\N{SMALL NUMBER SIGN}"

# Characters that nobody sees, and that clients and keyboards leave in words: soft hyphen, bidi
# marks, zero-width characters, variation selectors, byte-order mark; and U+FFFD, as which a
# byte-order mark within a text is read.
UNSEEN = dict.fromkeys(
    [0xAD, 0x34F, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
     *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF, 0xFFFD]
)  # fmt: skip
UNSEEN_CHARACTERS = "".join(map(chr, UNSEEN))
