"""Random conversations under promises: whatever people write, and whenever the desk looks at its
clocks, things happen once, caches agree with the log, and a beat leaves nothing behind."""

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from stories.house import KARI, SUPPORT, House
from stories.people import Client, bare
from stories.promises import (
    MINUTE,
    facts_of,
    fired,
    mails,
    next_at,
    oslo,
    policy,
    promise,
    promising,
    trail,
)

from maildesk.desk.beat import beat
from maildesk.model.ticket import Status
from maildesk.policy.due.follow_ups import AUTOMATIC_IN_A_ROW, automatic_in_a_row
from maildesk.policy.sla.promised import clocks_of
from maildesk.policy.sla.promises import ClockName
from maildesk.store.tables import tickets

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
ADA = "ada@example.org"
RULES = promising(
    promise(policy("24x7", "gold", first_response=1, next_response=2, update=3, resolution=8),
            type_is="complaint"),
    promise(policy("office", "daily", first_response=4, next_response=8, resolution=24)),
)  # fmt: skip
SAID_BY_ADA = ("It is still broken.", "Thanks!", "Which one do you mean?", "It works now, thanks!")
SAID_BY_KARI = (
    "I look at it.",
    "#take",
    "#wait\n\nWhich printer?",
    "#wait 2d\n\nI come back to you.",
    "#hold\n\nThe supplier has it.",
    "#solve\n\nDone.",
    "#priority P1",
    "#priority P4",
    "#ack",
    "#type complaint",
    "#reopen",
    "#note\n\nOnly for us.",
)
moves = st.one_of(
    st.tuples(st.just("ada"), st.sampled_from(SAID_BY_ADA)),
    st.tuples(st.just("kari"), st.sampled_from(SAID_BY_KARI)),
    st.tuples(st.just("beat"), st.none()),
)
minutes = st.one_of(st.integers(0, 90), st.integers(60, 60 * 24 * 4))


def conversation(house: House, played: list[tuple[int, tuple[str, Any]]]) -> None:
    house.change_rules(**RULES)
    ada = house.client("Ada Berg", ADA, style=bare)
    kari = house.client("Kari Nordmann", KARI, style=bare)
    house.clock.at = oslo("2026-10-23 14:00 CEST")
    house.post(ada.write(SUPPORT, "Printer is dead"))
    for after, (who, said) in played:
        house.clock.at += after * MINUTE
        if who == "beat":
            look(house)
        else:
            say(house, ada if who == "ada" else kari, said)
    look(house)


def say(house: House, client: Client, said: str) -> None:
    """Answer the first mail of the case: the token in it is good for weeks."""
    house.post(client.answer(said, client.inbox[0]))


def look(house: House) -> None:
    """Beat, and hold the desk to what is true after every beat."""
    beat(house.desk)
    before = trail(house)
    beat(house.desk)
    assert trail(house) == before, "a beat right after a beat does nothing"
    again = next_at(house)
    assert again is None or again > house.clock.at, "nothing is left to look at"
    house.work()
    agrees(house)


def agrees(house: House) -> None:
    """The columns are what the log makes of them."""
    rules, now = house.desk.rules, house.clock.at
    with house.desk.database.read() as session:
        rows = session.execute(select(tickets)).all()
    for row in rows:
        facts = facts_of(house, row.number)
        of_kind = {line.kind: line.new for line in facts.log}
        assert row.status == of_kind.get("status", "new")
        assert row.priority == of_kind.get("priority", "P3")
        assert row.policy == of_kind.get("policy", "")
        for place, line in enumerate(facts.log):
            if (line.kind, line.new) == ("told", "progress"):
                assert automatic_in_a_row(facts.log[:place]) < AUTOMATIC_IN_A_ROW
        shown = clocks_of(facts, rules, now)
        ends = [
            one.due_at
            for name, one in shown.items()
            if one.is_running and one.due_at and name is not ClockName.UPDATE
        ]
        is_over = row.status in (Status.CLOSED, Status.MERGED, Status.SPAM)
        assert row.due_at == (None if is_over else min(ends, default=None))
        solved = [li.at for li in facts.log if (li.kind, li.new) == ("status", "solved")]
        assert row.solved_at == (solved[-1] if solved else None)


def happened_once(house: House) -> None:
    """No mail of the clocks' twice, and nothing before its time."""
    timed = [one for one in mails(house) if one.kind in ("reminder", "closed", "delay", "progress")]
    assert not [one for one, count in Counter(timed).items() if count > 1]
    assert all(one.reached_at <= one.at for one in fired(house))


@settings(
    max_examples=400 if IS_THOROUGH else 5,
    deadline=None,
    derandomize=not IS_THOROUGH,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # a failing conversation is short enough as it is
)
@given(played=st.lists(st.tuples(minutes, moves), min_size=4, max_size=12))
def test_whatever_is_said_and_whenever_the_desk_looks(another_house, played):
    with another_house() as house:
        conversation(house, played)
        happened_once(house)


@settings(
    max_examples=100 if IS_THOROUGH else 3,
    deadline=None,
    derandomize=not IS_THOROUGH,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(played=st.lists(st.tuples(minutes, moves), min_size=3, max_size=6))
def test_promises_do_not_depend_on_how_often_the_desk_looks(another_house, played):
    """Where people do the same, the same promises were kept: only the desk's own mails differ."""
    said = [(after, move) for after, move in played if move[0] != "beat"]
    results = []
    for extra in (0, 2):
        with another_house() as house:
            house.change_rules(**RULES)
            moves_with_beats = [
                each
                for after, move in said
                for each in [*[(after // (extra + 1), ("beat", None))] * extra,
                             (after - extra * (after // (extra + 1)), move)]
            ]  # fmt: skip
            conversation(house, moves_with_beats)
            shown = clocks_of(facts_of(house), house.desk.rules, house.clock.at)
            names = (ClockName.FIRST_RESPONSE, ClockName.RESOLUTION)
            closed = Counter(m.kind for m in mails(house))["closed"]
            results.append((closed, [(shown[n].state, shown[n].elapsed) for n in names]))
    first, second = results
    assert first == second or first[0] != second[0], "a case that was closed meanwhile is another"
