"""What one key says of another: names that must exist, addresses that must differ, one default.

Each check yields problems; `warnings` yields what works but is hardly meant.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from maildesk.config.maildesk_file import MaildeskFile
from maildesk.config.reloaded_files import PeopleFile, RoutingFile
from maildesk.config.shape import show
from maildesk.config.words import is_loopback, split_endpoint
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.mail.message import address_key
from maildesk.policy.spelling import did_you_mean

# Separator, "t", ticket, ".", party, "." and the token's 21 characters take up to 40 of the 64
# octets that RFC 5321 section 4.5.3.1.1 gives a local part (`mail.identifiers`).
LONGEST_QUEUE_LOCAL_PART = 24


@dataclass(frozen=True, slots=True)
class Use:
    """A name or an address, and where it is written."""

    document: Document
    path: KeyPath
    word: str

    def problem(self, message: str, hint: str = "") -> Problem:
        """Make a problem at this place."""
        return self.document.problem(self.path, f"{show(self.path)}: {message}", hint)

    def __str__(self) -> str:
        return f"{self.document.file}: {show(self.path)}"


def _uses(document: Document, path: KeyPath, words: Iterable[str]) -> Iterator[Use]:
    """Yield each word of a list with its place; a single word may stand without the list."""
    for index, word in enumerate(words):
        one = (*path, index)
        yield Use(document, one if one in document.values else path, word)


def _unknown(use: Use, kind: str, known: Iterable[str]) -> Iterator[Problem]:
    names = set(known)
    if use.word not in names:
        yield use.problem(f'unknown {kind} "{use.word}"', did_you_mean(use.word, names))


def _twice(uses: Iterable[Use], what: str) -> Iterator[Problem]:
    first: dict[str, Use] = {}
    for use in uses:
        earlier = first.setdefault(address_key(use.word), use)
        if earlier is not use:
            yield use.problem(f"{use.word} {what}", f"it stands at {earlier} already")


# --- maildesk.yaml ----------------------------------------------------------------------------


def check_static(document: Document, file: MaildeskFile) -> Iterator[Problem]:
    """Check what maildesk.yaml says twice."""
    endpoints = [
        Use(document, ("listen", index, item.protocol), item.endpoint)
        for index, item in enumerate(file.listen)
    ]
    if file.http:
        endpoints.append(Use(document, ("http", "listen"), file.http.listen))
    yield from _twice(endpoints, "is listened on already")
    names = [
        Use(document, ("mailboxes", index, "name"), mailbox.name)
        for index, mailbox in enumerate(file.mailboxes)
    ]
    yield from _twice(names, "is the name of another mailbox")
    seen: dict[tuple[str, str, str], int] = {}
    for index, mailbox in enumerate(file.mailboxes):
        earlier = seen.setdefault((mailbox.host.lower(), mailbox.user, mailbox.folder), index)
        if earlier != index:
            message = f"mailboxes[{index}]: this folder is read by mailboxes[{earlier}] already"
            yield document.problem(("mailboxes", index), message)


# --- people.yaml ------------------------------------------------------------------------------


def check_people(document: Document, file: PeopleFile) -> Iterator[Problem]:
    """Check the names within people.yaml."""
    for handle, agent in file.agents.items():
        for use in _uses(document, ("agents", handle, "teams"), agent.teams):
            yield from _unknown(use, "team", file.teams)
    for handle, team in file.teams.items():
        for key, agent_handle in (("lead", team.lead), ("manager", team.manager)):
            if agent_handle is not None:
                use = Use(document, ("teams", handle, key), agent_handle)
                yield from _unknown(use, "agent", file.agents)
        if team.next is not None:
            yield from _check_next(Use(document, ("teams", handle, "next"), team.next), file)
    yield from _twice(_agent_addresses(document, file), "is another agent's address")
    yield from _twice(_organisation_words(document, file), "belongs to another organisation")


def check_promised(
    document: Document, file: PeopleFile, known: Mapping[str, Iterable[str]]
) -> Iterator[Problem]:
    """Check the calendars and policies of sla.yaml that people.yaml names."""
    for handle, agent in file.agents.items():
        if agent.calendar is not None and "calendar" in known:
            use = Use(document, ("agents", handle, "calendar"), agent.calendar)
            yield from _unknown(use, "calendar", known["calendar"])
    for handle, organisation in file.organisations.items():
        if organisation.sla is not None and "sla" in known:
            use = Use(document, ("organisations", handle, "sla"), organisation.sla)
            yield from _unknown(use, "policy", known["sla"])


def _check_next(use: Use, file: PeopleFile) -> Iterator[Problem]:
    yield from _unknown(use, "team", file.teams)
    if use.word == use.path[1]:
        yield use.problem("a team cannot be its own next")


def _agent_addresses(document: Document, file: PeopleFile) -> Iterator[Use]:
    for handle, agent in file.agents.items():
        yield from _uses(document, ("agents", handle, "addresses"), agent.addresses)


def _organisation_words(document: Document, file: PeopleFile) -> Iterator[Use]:
    for handle, organisation in file.organisations.items():
        yield from _uses(document, ("organisations", handle, "domains"), organisation.domains)
        yield from _uses(document, ("organisations", handle, "addresses"), organisation.addresses)


# --- routing.yaml -----------------------------------------------------------------------------


def check_routing(
    document: Document, file: RoutingFile, admins: tuple[str, ...]
) -> Iterator[Problem]:
    """Check what routing.yaml says by itself: addresses and the default queue.

    An admin's address must not be ours: alerts would come back as tickets.
    """
    alerted = {address_key(address) for address in admins}
    for use in _own_addresses(document, file):
        if address_key(use.word) in alerted:
            yield use.problem(f"{use.word} is an admin's address", "alerts would become tickets")
    yield from _twice(_own_addresses(document, file), "is another queue's address")
    for use in _queue_addresses(document, file):
        yield from _check_room_for_token(use)
    defaults = [handle for handle, queue in file.queues.items() if queue.default]
    for handle in defaults[1:]:
        use = Use(document, ("queues", handle, "default"), handle)
        yield use.problem("there is a default queue already", f'it is "{defaults[0]}"')
    if not defaults and len(file.queues) > 1:
        message = "none of the queues is the default"
        yield document.key_problem(("queues",), message, "add default: true to one")


def _queue_addresses(document: Document, file: RoutingFile) -> Iterator[Use]:
    for handle, queue in file.queues.items():
        yield from _uses(document, ("queues", handle, "address"), queue.address)


def _own_addresses(document: Document, file: RoutingFile) -> Iterator[Use]:
    yield from _queue_addresses(document, file)
    yield from _uses(document, ("aliases",), file.aliases)


def own_addresses(document: Document, file: RoutingFile) -> frozenset[str]:
    """Return the addresses of the desk, as they are compared."""
    return frozenset(address_key(use.word) for use in _own_addresses(document, file))


def _check_room_for_token(use: Use) -> Iterator[Problem]:
    local = use.word.rpartition("@")[0]
    if not local.isascii():
        yield use.problem(f"{use.word} is not ASCII before the @", "not every server takes it")
    if len(local.encode()) > LONGEST_QUEUE_LOCAL_PART:
        message = f"{use.word} has more than {LONGEST_QUEUE_LOCAL_PART} octets before the @"
        yield use.problem(message, "reply addresses add a token to it, and 64 octets is all")


def check_queues_and_people(
    routing: tuple[Document, RoutingFile], people: tuple[Document, PeopleFile]
) -> Iterator[Problem]:
    """Check that each queue has a team, and that nobody on the desk has a queue's address."""
    for handle, queue in routing[1].queues.items():
        use = Use(routing[0], ("queues", handle, "team"), queue.team)
        yield from _unknown(use, "team", people[1].teams)
    yield from _check_apart(_own_addresses(*routing), _agent_addresses(*people))


def _check_apart(ours: Iterable[Use], theirs: Iterable[Use]) -> Iterator[Problem]:
    own = {address_key(use.word): use for use in ours}
    for use in theirs:
        if place := own.get(address_key(use.word)):
            message = f"{use.word} is an address of the desk, so it cannot be an agent's"
            yield use.problem(message, f"see {place}")


# --- warnings ---------------------------------------------------------------------------------


def static_warnings(document: Document, file: MaildeskFile) -> Iterator[Problem]:
    """Yield what is allowed in maildesk.yaml, but hardly meant."""
    if not file.listen and not file.mailboxes:
        message = "there is neither a listener nor a mailbox"
        yield document.problem((), message, 'mail comes in by "maildesk receive" only')
    if not file.admins:
        yield document.problem((), "there are no admins", "nobody is told when something is wrong")
    if file.http and not is_loopback((split_endpoint(file.http.listen) or ("", 0))[0]):
        message = "http.listen: others can reach this address"
        yield document.problem(("http", "listen"), message, "the page asks for no password")


def people_warnings(document: Document, file: PeopleFile) -> Iterator[Problem]:
    """Yield what is allowed in people.yaml, but does nothing."""
    for path in (("agents", handle, "notify") for handle in file.agents):
        if path in document.keys:
            hint = "who hears of new tickets is said by the team's"
            yield document.key_problem(path, f"{show(path)} has no effect", hint)
    for handle in file.teams:
        if not any(handle in agent.teams for agent in file.agents.values()):
            hint = "nobody reads mail for it; add it to the teams of an agent"
            yield document.key_problem(("teams", handle), f'team "{handle}" has no agents', hint)


def watching_ourselves(
    routing: tuple[Document, RoutingFile], people: tuple[Document, PeopleFile]
) -> Iterator[Problem]:
    """Yield the addresses of the desk that organisations have among their watchers."""
    own = own_addresses(*routing)
    for handle, organisation in people[1].organisations.items():
        for use in _uses(people[0], ("organisations", handle, "watchers"), organisation.watchers):
            if address_key(use.word) in own:
                yield use.problem(f"{use.word} is an address of the desk, and follows nothing")


def language_warnings(
    document: Document, section: str, languages: Mapping[str, str | None], known: Container[str]
) -> Iterator[Problem]:
    """Yield the languages of queues or organisations that no template is written in."""
    for handle, language in languages.items():
        if language and language not in known and language.partition("-")[0] not in known:
            path = (section, handle, "language")
            message = f'{show(path)}: there are no templates in "{language}"'
            yield document.problem(path, f"{message}; mails go out in English")
