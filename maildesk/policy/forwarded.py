"""Who wrote the mail that somebody forwards: as the client that forwarded it says in the text."""

import re

from maildesk.mail.message import Address, InboundMail

HEAD_LINES = 12  # of a forwarded mail that are looked at for its sender
LINE_CHARACTERS = 300

# The From field as clients name it, in the languages of the desk; Outlook sets stars around it.
_FROM = re.compile(
    r"[\s>*]*(?:From|Von|De|Fra|Från|Van|发件人|寄件者|差出人)\s*[*]?\s*[:：]\s*[*]?\s*(?P<who>.+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>\[\]()\"':,;@]+@[\w.-]+\.\w+")


def forwarded_sender(mail: InboundMail) -> Address | None:
    """Return the sender of the mail that is forwarded first; None if none is, or none is named.

    It is what the text says, so it proves nothing."""
    for span in mail.forwarded:
        for line in mail.text[span.start : span.end].split("\n")[:HEAD_LINES]:
            found = _FROM.match(line[:LINE_CHARACTERS])
            if found and (address := _ADDRESS.search(found["who"])):
                name = found["who"][: address.start()].strip(" <[(\"'*")
                return Address("" if "@" in name else name, address[0])
    return None
