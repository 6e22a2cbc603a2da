"""One round of all work without a daemon, for cron and for `maildesk receive`."""

from maildesk.desk.delivery import Sender
from maildesk.desk.desk import Desk
from maildesk.desk.intake import Worker
from maildesk.desk.jobs import run_timed
from maildesk.errors import MaildeskError, Unavailable
from maildesk.mail.envelope import Receive
from maildesk.parts import open_poller, open_submitter


def process_once(desk: Desk, receive: Receive | None = None) -> int:
    """Poll every mailbox (if `receive` is given), then work off journal, what is due and outbox
    once.

    Raises: at the end, Unavailable naming the mailboxes that could not be read.
    """
    done, unread = _poll_mailboxes(desk, receive) if receive else (0, [])
    worker = Worker(desk)
    while worked := worker.work():
        done += worked
    run_timed(desk)
    submit = open_submitter(desk.settings.send, desk.rules.domain, lambda: desk.rules)
    sender = Sender(desk, submit)
    try:
        while sent := sender.deliver_due():
            done += sent
    finally:
        sender.close()
        submit.close()
    if unread:
        raise Unavailable("; ".join(unread))
    return done


def _poll_mailboxes(desk: Desk, receive: Receive) -> tuple[int, list[str]]:
    """Return how many mails were taken, and what is wrong with which mailboxes."""
    done = 0
    unread: list[str] = []
    for mailbox in desk.settings.mailboxes:
        try:
            done += open_poller(desk, mailbox, receive).poll_once()
        except MaildeskError as error:
            unread.append(f"mailbox {mailbox.name}: {error.text}")
    return done, unread
