"""What people write on one line, without what hides, reorders or forges what is read.

Asked of every value that comes out of a mail, goes into one, or is shown beside others.
"""

import re

_BREAK = re.compile(r"[\t\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]+ ?")
# Controls; soft hyphen; bidi marks, embeddings and isolates; zero-width and invisible characters;
# annotations, noncharacters and tag characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(value: str) -> str:
    """Return `value` on one line, without controls, bidi marks and characters nobody sees."""
    if value.isascii() and value.isprintable():
        return value.strip()
    visible = _UNSEEN.sub("", _BREAK.sub(" ", value))
    return _SURROGATE.sub("\ufffd", visible).strip()
