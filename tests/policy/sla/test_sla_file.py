"""What sla.yaml says, and that whatever else stands in it is told, and never raised."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.config.sla import sla_problems
from maildesk.config.yaml_source import parse_document
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.mail.message import Address
from maildesk.model.ticket import Priority, Status, Ticket, TicketType
from maildesk.policy.calendars.calendar import ALWAYS
from maildesk.policy.routing.rule import View
from maildesk.policy.rules import Queue, Rules
from maildesk.policy.sla.file import frozen, odd_promises, read_sla
from maildesk.policy.sla.ladder_file import DEFAULT, UPDATE
from maildesk.policy.sla.promises import ClockName, FollowUp, terms_of

SLA = """\
calendars:
  oslo:
    timezone: Europe/Oslo
    hours: {mon-fri: ["08:00-16:00"], sat: [["10:00", "12:00"], ["22:00", "06:00"]]}
    holidays: {country: AD, dates: {2026-11-24: Inventory}}
    overrides: {2026-12-24: ["08:00-12:00"], 2026-12-31: []}
  bergen: {timezone: Europe/Oslo, hours: {mon: ["00:00-24:00"]}, holidays: [2026-12-25]}
  both: {union: [oslo, bergen]}
sla:
  - name: gold
    when: {all: [{organisation: [acme]}], not: {tag_is: trial}, priority_in: [P1, P3]}
    clocks:
      P1: {calendar: 24x7, first_response: 15m, update: 1h, resolution: 1h30m}
      P3: {calendar: oslo, resolution: 3bd}
    pause: [on_hold]
    reopen: {window: never}
    ladder:
      resolution:
        - {at: 75, notify: owner}
        - {at: -30m, notify: [lead, kari]}
        - {at: 90%, page: [P1], repeat: {every: 10m, max: 3, until: ack}}
        - {at: "+2h wall", page: true, refer: true}
  - {name: standard, clocks: {P2: {calendar: both, next_response: 2d}}}
follow_up: {reminders: [1bd], close_unanswered: never, close_solved: 0, stale: 9bd}
"""
DOCUMENT = parse_document(SLA.encode(), "sla.yaml")
BOOK = read_sla(DOCUMENT.value)
GOLD = BOOK.policies["gold"]
RULES = Rules(
    domain="example.com",
    queues=(Queue("helpdesk", ("support@example.com",), "first-line", "Help"),),
    agents=(),
    teams=(),
    reply=ReplyAddresses("example.com", "+", (b"k" * 32,)),
)


def test_an_empty_file_promises_nothing():
    book = read_sla(None)
    assert (book.promises, book.follow_up, book.faults) == ((), FollowUp(), ())
    assert book.calendars == {"24x7": ALWAYS}


def test_calendars_come_in_their_order_and_the_built_in_one_last():
    assert BOOK.faults == ()
    assert list(BOOK.calendars) == ["oslo", "bergen", "both", "24x7"]
    oslo = BOOK.calendars["oslo"]
    assert oslo.holidays[date(2026, 11, 24)] == "Inventory"
    assert date(2027, 9, 8) in oslo.holidays  # Andorra's own
    assert not oslo.has_shift(date(2026, 12, 31))
    assert BOOK.calendars["both"].members == (oslo, BOOK.calendars["bergen"])


def test_targets_are_counted_in_the_normal_day_of_their_calendar():
    assert GOLD.targets[Priority.P1].times == {
        ClockName.FIRST_RESPONSE: timedelta(minutes=15),
        ClockName.UPDATE: timedelta(hours=1),
        ClockName.RESOLUTION: timedelta(minutes=90),
    }
    assert GOLD.targets[Priority.P3].times == {ClockName.RESOLUTION: 3 * timedelta(hours=8)}
    assert terms_of(GOLD, Priority.P2, ClockName.RESOLUTION) is None


def test_pause_window_and_ladder_are_as_they_are_written():
    assert GOLD.pause == {Status.ON_HOLD}
    assert GOLD.reopen_days == 0
    steps = GOLD.ladder[ClockName.RESOLUTION]
    assert [step.name for step in steps] == ["75%", "-30m", "90%", "+2h wall"]
    assert [step.notify for step in steps] == [("owner",), ("lead", "kari"), (), ()]
    assert (steps[2].repeat.every, steps[2].repeat.most) == (timedelta(minutes=10), 3)
    assert [step.refer for step in steps] == [False, False, False, True]
    assert [(kind, name) for _, (kind, name, _) in BOOK.references] == [
        ("organisation", "acme"),
        ("person", "kari"),
    ]


def test_clocks_without_a_ladder_have_the_usual_one():
    assert GOLD.ladder[ClockName.FIRST_RESPONSE] == DEFAULT
    assert GOLD.ladder[ClockName.UPDATE] == UPDATE
    assert BOOK.policies["standard"].ladder[ClockName.RESOLUTION] == DEFAULT


@pytest.mark.parametrize(("priority", "paged"), [(Priority.P1, [2, 3]), (Priority.P3, [3])])
def test_a_step_pages_for_the_priorities_that_it_names(priority, paged):
    terms = terms_of(GOLD, priority, ClockName.RESOLUTION)
    assert [place for place, step in enumerate(terms.steps) if step.page] == paged


def test_what_follows_by_itself_may_never_follow():
    assert BOOK.follow_up == FollowUp((1,), 0, 0, 9)
    assert read_sla({"follow_up": {"reminders": []}}).follow_up.reminders == ()


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"type": "incident"}, True),
        ({"type": ["request", "question"]}, False),
        ({"type_is": "incident", "priority": "P3"}, True),
        ({"any": [{"tag": "vip"}, {"not": {"team": "network"}}]}, True),
        ({"organisation": "none"}, True),
        ({"subject_contains": "vpn"}, False),
        (None, True),
    ],
)
def test_conditions_are_those_of_routing_with_or_without_their_ending(when, holds):
    table = {"name": "a", "clocks": {}, **({"when": when} if when else {})}
    (promise,) = read_sla({"sla": [table]}).promises
    ada, now = Address("", "a@example.org"), datetime(2026, 11, 23, tzinfo=UTC)
    ticket = Ticket(1, "Printer", ada, "helpdesk", "first-line", now, now, type=TicketType.INCIDENT)
    assert promise.when.check(View(RULES, now, ticket)).holds is holds


def test_frozen_is_read_as_the_document_was_and_asks_no_library():
    kept = json.loads(json.dumps(frozen(DOCUMENT.value, BOOK)))
    assert "country" not in json.dumps(kept)
    again = read_sla(kept)
    assert again.faults == ()
    assert (again.calendars, again.policies) == (BOOK.calendars, BOOK.policies)
    assert again.follow_up == BOOK.follow_up
    assert frozen(kept, again) == kept
    assert frozen(None, read_sla(None)) == {"calendars": {}}


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ([], []),
        ([{"name": "a", "clocks": {}}], []),
        (
            [{"name": "a", "when": {"type": "incident"}, "clocks": {}}],
            ["no policy fits every ticket: some have no clocks"],
        ),
        (
            [{"name": "a", "clocks": {}}, {"name": "b", "when": {"type": "change"}, "clocks": {}}],
            ['policy "b" is never asked: "a" above it fits everything'],
        ),
        (
            [
                {
                    "name": "a",
                    "clocks": {
                        "P1": {"calendar": "24x7", "first_response": "2h", "resolution": "1h"}
                    },
                }
            ],
            ['policy "a": P1 is solved before it is answered'],
        ),
    ],
)
def test_what_is_hardly_meant_is_said(policies, told):
    assert [message for _, message, _ in odd_promises(read_sla({"sla": policies}))] == told


# --- anything else ------------------------------------------------------------------------------

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 10**15),
        st.floats(allow_nan=True, allow_infinity=True),
        st.text(max_size=20),
        st.sampled_from(["24x7", "oslo", "owner", "P1", "75%", "5bd", "99999bd", "\ud800", "٣bd"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["union", "at", "country", "any", "x", "P1"]), inner),
    ),
    max_leaves=6,
)


def renamed(value, path, word):
    """The document with another key."""
    if len(path) == 1:
        return {word if key == path[0] else key: child for key, child in value.items()}
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = renamed(value[path[0]], path[1:], word)
    return copied


def places(value, path=()):
    """Every place in a document, from the top."""
    yield path
    below = dict(enumerate(value)) if isinstance(value, list) else value
    for key, child in below.items() if isinstance(below, dict) else ():
        yield from places(child, (*path, key))


PLACES = list(places(DOCUMENT.value))


@settings(max_examples=100, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_in_any_place_is_read_or_told(place, value):
    changed = deepcopy(DOCUMENT.value)
    if place:
        above = changed
        for key in place[:-1]:
            above = above[key]
        above[place[-1]] = value
    else:
        changed = value
    book = read_sla(changed)
    told = list(sla_problems(replace(DOCUMENT, value=changed), book.faults))
    assert all(problem.message and problem.line for problem in told)
    if not told:
        json.dumps(frozen(changed, book))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([place for place in PLACES if place and isinstance(place[-1], str)]), st.text()
)
def test_any_key_in_place_of_another_is_read_or_told(place, word):
    changed = renamed(DOCUMENT.value, place, word)
    book = read_sla(changed)
    for problem in sla_problems(replace(DOCUMENT, value=changed), book.faults):
        assert str(problem).isprintable()
