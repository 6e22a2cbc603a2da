"""What we write into a mail's text for parts that it cannot show: nobody's words."""

ENCRYPTED = "(encrypted message)"
SIGNED = "(signed message)"
OUTLOOK = "(attachments in Outlook's own format)"
CALENDAR = "(calendar entry)"

NOTES = frozenset({ENCRYPTED, SIGNED, OUTLOOK, CALENDAR})
