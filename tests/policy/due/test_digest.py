"""When a digest is read, and what stands in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from maildesk.mail.identifiers import Purpose, is_genuine, read_address
from maildesk.mail.message import Address
from maildesk.model.changes import AddParty
from maildesk.model.digests import Found, HeldBack, Listed, Listing, PartyNumber
from maildesk.model.facts import TicketLine
from maildesk.model.ticket import Priority, Role, Status
from maildesk.policy.calendars.calendar import ALWAYS, LocalCalendar, UnionCalendar
from maildesk.policy.calendars.hours import read_frames, read_week
from maildesk.policy.commands.confirmations import bound_to
from maildesk.policy.due.digest import LINES, Section, digest, says_no_more, section_of
from maildesk.policy.due.mornings import Day, Morning, Reader, day_at, led_teams, mornings
from maildesk.policy.rules import Agent, Team

OSLO = ZoneInfo("Europe/Oslo")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def calendar(hours, timezone="Europe/Oslo", **exceptions):
    return LocalCalendar(timezone, read_week(hours), **exceptions)


def local(*when, zone=OSLO, fold=0):
    return datetime(*when, tzinfo=zone, fold=fold).astimezone(UTC)


OFFICE = calendar({"mon-fri": ["08:00-16:00"]})
NIGHT = calendar({"mon-sun": ["22:00-06:00"]})
LUNCH = calendar({"mon-fri": ["08:00-12:00", "13:00-16:00"]})
EARLY = calendar({"mon-sun": ["02:30-06:00"]})
LATE = calendar({"mon-fri": ["18:00-24:00"]})
HOLIDAY = calendar(
    {"mon-fri": ["08:00-16:00"]},
    holidays={date(2026, 12, 25): "Christmas Day"},
    overrides={date(2026, 12, 24): read_frames(["10:00-12:00"])},
)
NEW_YORK = calendar({"mon-fri": ["08:00-16:00"]}, "America/New_York")
ROUND_THE_WEEK = UnionCalendar((OFFICE, ALWAYS))

# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "now", "on", "opens_at", "closes_at"),
    [
        pytest.param(
            OFFICE, local(2026, 11, 24, 8), 24, local(2026, 11, 24, 8), local(2026, 11, 24, 16),
            id="at the opening",
        ),
        pytest.param(
            LUNCH, local(2026, 11, 24, 12, 30), 24, local(2026, 11, 24, 8),
            local(2026, 11, 24, 16), id="at noon it is still the day",
        ),
        pytest.param(
            NIGHT, local(2026, 11, 24, 23), 24, local(2026, 11, 24, 22), local(2026, 11, 25, 6),
            id="at night",
        ),
        pytest.param(
            NIGHT, local(2026, 11, 25, 5), 24, local(2026, 11, 24, 22), local(2026, 11, 25, 6),
            id="after midnight it is the day before",
        ),
        pytest.param(
            NIGHT, local(2026, 10, 25, 5, 59), 24, local(2026, 10, 24, 22),
            local(2026, 10, 25, 6), id="a night of nine hours",
        ),
        pytest.param(
            NIGHT, local(2027, 3, 28, 5, 59), 27, local(2027, 3, 27, 22), local(2027, 3, 28, 6),
            id="a night of seven hours",
        ),
        pytest.param(
            EARLY, local(2027, 3, 28, 3), 28, datetime(2027, 3, 28, 1, tzinfo=UTC),
            local(2027, 3, 28, 6), id="an opening that the clocks leave out is the jump",
        ),
        pytest.param(
            EARLY, local(2026, 10, 25, 2, 30), 25, local(2026, 10, 25, 2, 30),
            local(2026, 10, 25, 6), id="of one that comes twice it is the first",
        ),
        pytest.param(
            LATE, local(2026, 11, 24, 23, 59), 24, local(2026, 11, 24, 18),
            local(2026, 11, 25), id="until midnight",
        ),
        pytest.param(
            HOLIDAY, local(2026, 12, 24, 11), 24, local(2026, 12, 24, 10),
            local(2026, 12, 24, 12), id="a short day",
        ),
        pytest.param(
            NEW_YORK, local(2026, 11, 24, 15), 24, local(2026, 11, 24, 14),
            local(2026, 11, 24, 22), id="the hours of another zone",
        ),
        pytest.param(
            ALWAYS, local(2026, 11, 28, 9), 28, local(2026, 11, 28, 8), local(2026, 11, 29),
            id="never closed",
        ),
        pytest.param(
            ROUND_THE_WEEK, local(2026, 11, 28, 9), 28, local(2026, 11, 28, 8),
            local(2026, 11, 29), id="never closed by any of its members",
        ),
    ],
)  # fmt: skip
def test_a_day_that_is_open(hours, now, on, opens_at, closes_at):
    day = day_at(hours, OSLO, now)
    assert day
    assert (day.on.day, day.opens_at, day.closes_at) == (on, opens_at, closes_at)
    assert day.until >= closes_at
    assert day_at(hours, OSLO, opens_at) == day
    assert day_at(hours, OSLO, closes_at - timedelta(seconds=1)) == day


@pytest.mark.parametrize(
    ("hours", "now"),
    [
        pytest.param(OFFICE, local(2026, 11, 24, 7, 59), id="before the opening"),
        pytest.param(OFFICE, local(2026, 11, 24, 16), id="after hours"),
        pytest.param(OFFICE, local(2026, 11, 28, 10), id="Saturday"),
        pytest.param(OFFICE, local(2026, 11, 23, 7), id="Monday before the opening"),
        pytest.param(NIGHT, local(2026, 11, 24, 6), id="the night is over"),
        pytest.param(NIGHT, local(2026, 11, 24, 21, 59), id="the night has not begun"),
        pytest.param(HOLIDAY, local(2026, 12, 25, 10), id="a holiday"),
        pytest.param(HOLIDAY, local(2026, 12, 24, 12), id="a short day is over"),
        pytest.param(ALWAYS, local(2026, 11, 28, 7, 59), id="never closed, before eight"),
        pytest.param(calendar({}), local(2026, 11, 24, 10), id="never open"),
    ],
)
def test_a_day_that_is_not(hours, now):
    assert day_at(hours, OSLO, now) is None


def test_a_short_night_on_the_eve_of_a_holiday_is_still_read():
    hours = calendar({"mon-sun": ["22:00-06:00"]}, holidays={date(2026, 12, 25): "Christmas Day"})
    day = day_at(hours, OSLO, local(2026, 12, 24, 23))
    assert day
    assert day.closes_at == local(2026, 12, 25)
    assert day_at(hours, OSLO, local(2026, 12, 25, 1)) is None


def test_what_is_due_on_a_day_is_so_until_its_end_or_that_of_its_last_shift():
    assert day_at(OFFICE, OSLO, local(2026, 11, 24, 9)).until == local(2026, 11, 25)
    assert day_at(NIGHT, OSLO, local(2026, 11, 24, 23)).until == local(2026, 11, 25, 6)


def test_every_agent_reads_and_every_lead_for_his_team(world):
    rules = replace(
        world.rules,
        agents=(*world.rules.agents, Agent("lin", "Lin", ("lin@x",), calendar="night")),
        teams=(Team("first-line", lead="bo"), Team("finance", lead="gone"), Team("x")),
        calendars={"oslo": OFFICE, "night": NIGHT},
        timezone="Europe/Oslo",
    )
    by_day = [one.reader.key for one in mornings(rules, local(2026, 11, 24, 9))]
    assert by_day == ["kari", "bo", "team:first-line"]
    assert [one.reader.key for one in mornings(rules, local(2026, 11, 24, 23))] == ["lin"]


def test_a_calendar_that_is_gone_is_that_of_the_desk(world):
    agents = (Agent("kari", "Kari", ("k@x",), calendar="gone", timezone="Europe/Oslo"),)
    rules = replace(world.rules, agents=agents, calendars={"oslo": OFFICE}, teams=())
    assert [one.reader.key for one in mornings(rules, local(2026, 11, 24, 9))] == ["kari"]


def test_a_team_that_is_led_from_outside_is_none_of_its_leads_own(world):
    teams = (Team("first-line", lead="bo"), Team("finance", lead="bo"), Team("x", lead="kari"))
    kari, bo = world.rules.agents
    rules = replace(world.rules, teams=teams)
    assert (led_teams(kari, rules), led_teams(bo, rules)) == ((), ("first-line", "finance"))


# --- what -----------------------------------------------------------------------------------------

NOW = local(2026, 11, 24, 8)
TODAY = Day(date(2026, 11, 24), NOW, local(2026, 11, 24, 16), local(2026, 11, 25))
KARI = Agent("kari", "Kari Nordmann", ("kari@example.com",), ("first-line",))
MINE = Morning(Reader(KARI), TODAY)
TEAM = Morning(Reader(KARI, "first-line"), TODAY)


def case(number=7, **fields):
    values = {
        "subject": f"Printer {number}",
        "status": Status.OPEN,
        "created_at": NOW - DAY * 3,
        "priority": Priority.P2,
        "requester": Address("Ada Berg", "ada@example.org"),
        "team": "first-line",
        "assignee": "kari",
    }
    return Listed(TicketLine(number, **(values | fields)), "helpdesk")


def found(*cases, **fields):
    values = {"since": NOW - DAY, "listing": Listing(cases, len(cases))}
    made = Found(**(values | fields))
    numbers = {one.line.number for one in made.cases}
    return replace(made, parties={number: PartyNumber(2) for number in numbers})


def facts_of(world, morning, what):
    (notice,) = digest(morning, what, world.rules, NOW).notices
    return notice.facts


@pytest.mark.parametrize(
    ("fields", "section"),
    [
        ({"due_at": NOW - HOUR}, Section.OVERDUE),
        ({"due_at": NOW}, Section.TODAY),
        ({"due_at": TODAY.until - HOUR}, Section.TODAY),
        ({"due_at": TODAY.until}, Section.COMING),
        ({}, Section.COMING),
        ({"status": Status.WAITING_USER}, Section.WAITING),
        ({"status": Status.SCHEDULED}, Section.WAITING),
        ({"status": Status.ON_HOLD, "due_at": TODAY.until}, Section.WAITING),
        ({"status": Status.ON_HOLD, "due_at": NOW}, Section.TODAY),
        ({"assignee": None}, Section.UNASSIGNED),
        ({"assignee": None, "due_at": NOW - HOUR}, Section.OVERDUE),
        ({"assignee": None, "due_at": NOW}, Section.TODAY),
    ],
)
def test_where_a_case_stands(fields, section):
    assert section_of(case(**fields), TODAY, NOW) is section


def test_what_is_overdue_comes_first_whoever_has_it_and_is_counted(world):
    free = (case(3, assignee=None, due_at=NOW - HOUR * 2), case(4, assignee=None))
    untaken = Listing(free, 2, overdue=1, untaken=1)
    own = Listing((case(5, due_at=NOW - HOUR),), 1, overdue=1)
    facts = facts_of(world, MINE, found(listing=own, untaken=untaken))
    assert [one["number"] for one in facts["overdue"]] == [3, 5]
    assert facts["counts"] == {"overdue": 2, "today": 0, "unassigned": 1}


def test_a_team_of_one_has_no_digest_besides_its_leads_own(world):
    mine, free, others = case(), case(8, assignee=None), case(9, assignee="bo")
    assert digest(TEAM, found(mine, free), world.rules, NOW).notices == ()
    assert digest(TEAM, found(mine, others), world.rules, NOW).notices
    assert digest(TEAM, found(mine, missed=(others,)), world.rules, NOW).notices


def test_a_lead_from_outside_reads_of_his_teams_free_tickets():
    outside = Reader(replace(KARI, teams=()), "first-line")
    assert says_no_more(TEAM.reader, found(case(8, assignee=None)))
    assert not says_no_more(outside, found(case(8, assignee=None)))


@pytest.mark.parametrize("status", [Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED])
def test_what_waits_for_others_alone_is_no_mail(world, status):
    assert digest(MINE, found(case(status=status)), world.rules, NOW).notices == ()
    held = (HeldBack(55, NOW, case(3)),)
    assert digest(MINE, found(case(status=status), held=held), world.rules, NOW).notices


def test_sections_are_filled_next_due_first(world):
    due = [case(n, due_at=NOW + HOUR * n) for n in (1, 3, 20, 30)]
    facts = facts_of(world, MINE, found(case(9, due_at=NOW - HOUR), *due, case(4)))
    numbers = {name: [one["number"] for one in facts[name]] for name in map(str, Section)}
    assert numbers == {
        "overdue": [9],
        "today": [1, 3],
        "unassigned": [],
        "coming": [20, 30, 4],
        "waiting": [],
    }


def test_nothing_to_tell_is_no_mail(world):
    plan = digest(MINE, found(), world.rules, NOW)
    assert (plan.notices, plan.changes) == ((), ())


def test_what_came_after_the_opening_is_not_told_of_the_same_day(world):
    late = replace(MINE, day=replace(TODAY, opens_at=NOW - HOUR))
    fresh = case(3, created_at=NOW - HOUR / 2)
    assert digest(late, found(fresh), world.rules, NOW).notices == ()
    facts = facts_of(world, late, found(fresh, case(4, created_at=NOW - HOUR)))
    assert [item["number"] for item in facts["coming"]] == [3, 4]


def test_what_was_missed_alone_is_told(world):
    facts = facts_of(world, TEAM, found(missed=(case(3, assignee="bo"),)))
    assert [link["label"] for link in facts["missed"]] == ["#3"]
    assert "body=%23show%203" in facts["missed"][0]["href"]


def test_the_notice(world):
    (notice,) = digest(MINE, found(case()), world.rules, NOW).notices
    assert (notice.kind, notice.ticket) == ("digest", None)
    assert notice.cause == "digest:kari:2026-11-24"
    assert (notice.to.address, notice.timezone) == ("kari@example.com", world.rules.timezone)
    assert notice.auto_submitted == "auto-generated"
    assert notice.facts["answers"] == 7


@pytest.mark.parametrize(
    ("morning", "fields", "words"),
    [
        (MINE, {}, ["#solve", "#wait 2d"]),
        (MINE, {"status": Status.WAITING_USER}, ["#solve"]),
        (MINE, {"assignee": None}, ["#take", "#solve"]),
        (TEAM, {}, ["#assign"]),
        (TEAM, {"assignee": None}, ["#take", "#assign"]),
    ],
)
def test_words_that_fit(world, morning, fields, words):
    facts = facts_of(world, morning, found(case(**fields), case(8, assignee="bo")))
    (item,) = [one for section in Section for one in facts[section] if one["number"] == 7]
    assert [link["label"] for link in item["commands"]] == words


def test_each_link_writes_to_the_readers_own_address_in_that_case(world):
    facts = facts_of(world, MINE, found(case(3), case(5)))
    for item in facts["coming"]:
        for href in (item["href"], *(link["href"] for link in item["commands"])):
            address = unquote(href.removeprefix("mailto:").partition("?")[0])
            token = read_address(world.rules.reply, address)
            assert (token.ticket, token.party) == (item["number"], 2)
            assert token.purpose is Purpose.INTERNAL
            assert is_genuine(world.rules.reply, token, "kari@example.com")


def test_held_mail_is_decided_on_by_an_address_of_its_own(world):
    question = {"may_run": True, "may_send": False}
    mail = HeldBack(55, NOW - HOUR, case(3), question=question)
    (held,) = facts_of(world, MINE, found(held=(mail,)))["held"]
    assert [link["label"] for link in held["commands"]] == ["run", "drop"]
    address = unquote(held["commands"][0]["href"].removeprefix("mailto:").partition("?")[0])
    token = read_address(world.rules.reply, address)
    to = Address("", "kari@example.com")
    assert token.purpose is Purpose.CONFIRMATION
    assert is_genuine(world.rules.reply, token, bound_to(to, 55))


def test_held_mail_of_others_waits_to_be_admitted(world):
    mail = HeldBack(55, NOW, case(3), author=Address("Eve", "eve@example.net"))
    facts = facts_of(world, MINE, found(case(3), held=(mail,)))
    (held,) = facts["held"]
    assert held["author"]["name"] == "Eve"
    assert [link["label"] for link in held["commands"]] == ["#admit"]


def test_who_is_listed_a_case_becomes_known_to_it_once(world):
    what = found(case(3), case(5), held=(HeldBack(55, NOW, case(3)),))
    what = replace(what, parties={3: PartyNumber(4, is_new=True), 5: PartyNumber(2)})
    (change,) = digest(MINE, what, world.rules, NOW).changes
    assert isinstance(change, AddParty)
    assert (change.ticket, change.party.number, change.party.role) == (3, 4, Role.KNOWN)
    assert change.party.address.key == "kari@example.com"


def test_a_hundred_lines_with_what_is_held_and_how_many_more(world):
    cases = [case(n) for n in range(1, 101)]
    free = [case(n, assignee=None) for n in range(101, 201)]
    held = tuple(HeldBack(n, NOW, case(n)) for n in range(1, 11))
    what = found(*cases, held=held, untaken=Listing(tuple(free), 130, untaken=130))
    what = replace(what, listing=replace(what.listing, total=250, overdue=150))
    facts = facts_of(world, MINE, what)
    assert [len(facts[section]) for section in Section] == [0, 0, 90, 0, 0]
    assert len(facts["held"]) + sum(len(facts[section]) for section in Section) == LINES
    assert facts["more"] == 250 + 130 - 90
    assert facts["counts"] == {"overdue": 150, "today": 0, "unassigned": 130}


def test_new_is_what_came_since_the_last_digest(world):
    fresh = case(3, created_at=NOW - HOUR, assignee=None)
    facts = facts_of(world, MINE, found(fresh, case(4, assignee=None)))
    assert [item["is_new"] for item in facts["unassigned"]] == [True, False]


def test_half_of_the_time_is_said_of_what_is_not_overdue(world):
    late, soon = case(3, due_at=NOW - HOUR), case(4, due_at=NOW + HOUR)
    facts = facts_of(world, MINE, found(late, soon, case(5), half_gone=frozenset({3, 4})))
    said = {item["number"]: item["is_half_gone"] for name in Section for item in facts[name]}
    assert said == {3: False, 4: True, 5: False}
