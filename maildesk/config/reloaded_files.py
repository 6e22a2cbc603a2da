"""The shapes of people.yaml, routing.yaml and sla.yaml, which are read again on SIGHUP."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from maildesk.config.priority_matrix import Matrix
from maildesk.config.routing_rules import rules_schema
from maildesk.config.section import SecretSource, Section
from maildesk.config.sla_schema import calendars_schema, policies_schema
from maildesk.config.words import (
    Address,
    Addresses,
    Domain,
    Handle,
    Language,
    Text,
    Timezone,
    fault,
)
from maildesk.policy.sla.follow_up_file import FOLLOW_UP


def _not_a_word_of_commands(handle: str) -> str:
    if handle.lower() == "me":
        raise fault('an agent may not be called "me"', "#assign me means the writer")
    return handle


def _not_a_url(value: object) -> object:
    if isinstance(value, str) and "://" in value:
        hint = "write {file: PATH}, {credential: NAME} or {env: NAME} instead"
        raise fault("a pager's URL is a secret and must not stand in this file", hint)
    return value


def _kind_of_pager(value: object) -> str:
    return "secret" if isinstance(value, (dict, SecretSource)) else "address"


# A union that says what is wrong once, not once for each of its kinds.
Pager = Annotated[
    Annotated[Address, BeforeValidator(_not_a_url), Tag("address")]
    | Annotated[SecretSource, Tag("secret")],
    Discriminator(_kind_of_pager),
]


class Agent(Section):
    """Somebody who works on tickets."""

    name: Text = Field(description="as requesters read it")
    addresses: Addresses = Field(description="one or a list; the first is written to")
    teams: list[Handle] = Field(default=[], description="teams that the agent is a member of")
    languages: list[Language] = Field(default=[], description="languages that the agent writes")
    timezone: Timezone | None = Field(default=None, description="left out: that of maildesk.yaml")
    receipts: bool = Field(
        default=False, description="a line by mail for what ran, not only for what is held"
    )
    calendar: Text | None = Field(
        default=None,
        description="working hours, a calendar of [sla.yaml](sla.md); left out: its first",
    )
    pager: Pager | None = Field(
        default=None,
        description="where a page goes, besides the first address: the address of a gateway to "
        "SMS, or where an apprise URL is read from, see [pagers](#pagers)",
    )
    notify: Text | None = Field(
        default=None, description="has no effect: `notify` of the [team](#teams) counts"
    )


class Team(Section):
    """Agents who answer for tickets together; who is a member stands with the agents."""

    lead: Handle | None = Field(default=None, description="an agent")
    manager: Handle | None = Field(default=None, description="an agent")
    tier: int = Field(default=1, ge=1, le=9, description="first, second, third line")
    next: Handle | None = Field(default=None, description="the team that tickets are passed on to")
    notify: Literal["everyone", "round_robin", "digest"] = Field(
        default="everyone",
        description="who hears of new tickets: `everyone`, the one whose turn it is to own it, or "
        "nobody until the morning's digest",
    )


class Organisation(Section):
    """A customer: whoever writes from one of its domains or addresses."""

    name: Text = Field(description="as agents read it")
    domains: list[Domain] = Field(default=[], description="its mail domains, with all below them")
    addresses: list[Address] = Field(default=[], description="single addresses, at any domain")
    language: Language | None = Field(
        default=None, description="the language its people are answered in"
    )
    sla: Text | None = Field(
        default=None,
        description="a policy of [sla.yaml](sla.md), whatever its own conditions are",
    )
    watchers: list[Address] = Field(
        default=[], description="addresses that take part in every ticket of its people"
    )


class PeopleFile(Section):
    """people.yaml: who works here, and for whom. Reloaded."""

    agents: dict[Annotated[Handle, AfterValidator(_not_a_word_of_commands)], Agent] = Field(
        description="by handle, the name in `#assign kari`"
    )
    teams: dict[Handle, Team] = Field(description="by handle")
    organisations: dict[Handle, Organisation] = Field(default={}, description="by handle")


class Queue(Section):
    """An address that people write to, and the team that answers there."""

    address: Addresses = Field(description="one or a list; the first is written from")
    team: Handle = Field(description="the team that answers")
    name: Text | None = Field(
        default=None, description="as requesters read it; left out: the handle"
    )
    language: Language = Field(default="en", description="the language of our mails")
    default: bool = Field(
        default=False,
        description="takes what goes nowhere else; exactly one of several queues is it",
    )
    timezone: Timezone | None = Field(default=None, description="left out: that of maildesk.yaml")


class RoutingFile(Section):
    """routing.yaml: where mail goes. Reloaded."""

    queues: dict[Handle, Queue] = Field(min_length=1, description="by handle")
    rules: Annotated[list[object], WithJsonSchema(rules_schema())] = Field(
        default=[], description="asked in this order, see [routing](routing.md)"
    )
    matrix: Matrix = Field(
        default=Matrix(), description="the priorities that `impact` and `urgency` give"
    )
    aliases: list[Address] = Field(default=[], description="further addresses that are ours")
    own_lists: list[Address] = Field(
        default=[], description="mailing lists that are our own address"
    )
    never_add: list[Address] = Field(
        default=[], description="addresses that never become participants"
    )


class SlaFile(Section):
    """sla.yaml: calendars and promises. Reloaded; an empty file means no clocks."""

    calendars: Annotated[dict[Handle, object], WithJsonSchema(calendars_schema())] = Field(
        default={},
        description="business hours, by name, see [sla.yaml](sla.md); `24x7` is built in",
    )
    sla: Annotated[list[object], WithJsonSchema(policies_schema())] = Field(
        default=[], description="policies, asked in this order: the first that fits counts"
    )
    follow_up: Annotated[dict[str, object], WithJsonSchema(FOLLOW_UP.schema)] = Field(
        default={}, description="when the desk comes back by itself"
    )
