"""What a file of policy tests looks like: mails, tickets, and what should become of them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from maildesk.config.section import Section
from maildesk.config.words import Address, Text, fault
from maildesk.policy.routing.rule import BadRule
from maildesk.policy.routing.rule_words import Stretch, read_stretch

_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 2.2


def _field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise fault("this is no name of a header field", "as in X-Spam-Flag")
    return name


def _instant(text: str) -> str:
    try:
        has_offset = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        has_offset = False
    if not has_offset:
        raise fault("an instant with its offset is expected", "as in 2026-11-23T08:15:00+01:00")
    return text


def _stretch(text: str) -> str:
    try:
        read_stretch(text, ())
    except BadRule as error:
        raise fault(error.message, error.hint) from None
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class WrittenMail(Section):
    """A mail in a few words, or a file that holds one."""

    sender: str | None = Field(default=None, alias="from", description="its From")
    to: Texts = Field(default=[], description="its To, one or a list; left out: the default queue")
    subject: str = Field(default="", description="its Subject")
    body: str = Field(default="", description="its text")
    headers: dict[Annotated[str, AfterValidator(_field_name)], str] = Field(
        default={}, description="further header fields, or others in place of those above"
    )
    file: str | None = Field(default=None, description="a mail (.eml), from the test's folder")


class ArrivingMail(Section):
    """A mail that comes in."""

    mail: WrittenMail | None = Field(default=None, description="the mail in a few words")
    file: str | None = Field(default=None, description="a mail (.eml), from the test's folder")
    level: Literal["V0", "V1", "V2", "VX"] | None = Field(
        default=None, description="how far its sender counts as proved, whatever it says"
    )
    at: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None, description="when it comes in; left out: now"
    )

    @property
    def path(self) -> str | None:
        """The file that holds the mail; None where it stands in the test."""
        return self.file or (self.mail.file if self.mail else None)

    @property
    def received_at(self) -> datetime | None:
        """When the mail comes in; None for now."""
        return datetime.fromisoformat(self.at).astimezone(UTC) if self.at else None


class ExistingTicket(Section):
    """A ticket that is there before."""

    requester: Address = Field(description="whose it is")
    status: Literal[
        "new", "open", "waiting_user", "on_hold", "scheduled", "solved", "closed", "spam"
    ] = Field(default="new", description="where it stands")
    subject: Text | None = Field(default=None, description="its subject; left out: the mail's")
    priority: Literal["P1", "P2", "P3", "P4"] | None = Field(default=None, description="its own")
    type: Literal["incident", "request", "question", "complaint", "problem", "change"] | None = (
        Field(default=None, description="what it is")
    )
    queue: str | None = Field(default=None, description="where it lies")
    team: str | None = Field(default=None, description="who answers for it")
    assignee: str | None = Field(default=None, description="the handle of its owner")
    tags: Texts = Field(default=[], description="its tags")


class MailTest(ArrivingMail):
    """A mail, or a ticket that time passes over, and what should become of it."""

    name: Text = Field(description="what the outcome is told by")
    ticket: ExistingTicket | None = Field(
        default=None, description="a ticket that the mail answers at its reply address"
    )
    earlier: list[ArrivingMail] = Field(
        default=[], description="mails that came before, in order; left out: a minute between each"
    )
    absent: Texts = Field(default=[], description="agents (handles) who are away")
    after: Annotated[str, AfterValidator(_stretch)] | None = Field(
        default=None, description="without a mail: how long the ticket lies until rules look at it"
    )
    expect: dict[str, object] = Field(description="what should become of it")

    @property
    def lies_for(self) -> Stretch | None:
        """How long the ticket lies until rules with `every` look at it; None: a mail comes."""
        return read_stretch(self.after, ()) if self.after else None


class PolicyTestFile(Section):
    """Policy tests."""

    calendars: dict[str, Any] | None = Field(default=None, description="in place of sla.yaml's")
    policies: dict[str, Any] | None = Field(
        default=None, description="in place of sla.yaml's, for `cases`; targets may be minutes"
    )
    mails: list[MailTest] = Field(default=[], description="mails")
    cases: list[dict[str, Any]] = Field(default=[], description="worked examples of promises")
    rules: list[object] | None = Field(default=None, description="in place of routing.yaml's")
