"""What speaks for a mail's From. So far nothing does but the reply address that it was sent to."""

from maildesk.mail.envelope import Envelope
from maildesk.mail.message import InboundMail
from maildesk.model.plan import Trust


def evidence_of(mail: InboundMail, envelope: Envelope) -> Trust:  # noqa: ARG001 - asked later
    """Return the level of the mail's From, with the reasons."""
    return Trust()
