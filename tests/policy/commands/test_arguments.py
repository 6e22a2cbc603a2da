"""What stands behind a verb: read, or refused with what would be right."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.model.ticket import Priority, TicketType
from maildesk.policy.commands import argument_words as words
from maildesk.policy.commands.arguments import (
    BadArgument,
    bare,
    find_agent,
    find_team,
    read_address,
    read_day,
    read_duration,
    read_number,
    read_priority,
    read_tags,
    read_type,
    without_echoes,
)
from maildesk.policy.rules import Agent, Team

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # a Wednesday, 14:00 in Oslo
OSLO = "Europe/Oslo"


def day(text, now=NOW, timezone=OSLO):
    return read_day(text, now, timezone).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-12-04", "2026-12-04 07:00"),
        ("2026-12-04 14:00", "2026-12-04 13:00"),
        ("2026-12-04T14:00:00", "2026-12-04 13:00"),
        ("2027-07-01", "2027-07-01 06:00"),
        ("2026-12-4.", "2026-12-04 07:00"),
        ("２０２６-12-04", "2026-12-04 07:00"),
        ("fri", "2026-11-27 07:00"),
        ("Friday", "2026-11-27 07:00"),
        ("on Friday 9:30", "2026-11-27 08:30"),
        ("wed", "2026-12-02 07:00"),
        ("mon", "2026-11-30 07:00"),
        ("tomorrow", "2026-11-26 07:00"),
        ("tomorrow 16:15", "2026-11-26 15:15"),
        ("today 16:00", "2026-11-25 15:00"),
        ("16:00", "2026-11-25 15:00"),
        ("next week", "2026-11-30 07:00"),
        ("2d", "2026-11-27 07:00"),
        ("in 2 days", "2026-11-27 07:00"),
        ("1w", "2026-12-02 07:00"),
        ("3h", "2026-11-25 16:00"),
        ("90 min", "2026-11-25 14:30"),
    ],
)
def test_day_is_read_in_the_zone_of_the_agent(written, utc):
    assert day(written) == utc


@pytest.mark.parametrize(
    "written",
    ["Freitag", "am Freitag", "vendredi", "viernes", "fredag", "vrijdag", "周五", "星期五", "Vie."],
)
def test_weekday_is_read_in_every_language(written):
    assert day(written) == "2026-11-27 07:00"


@pytest.mark.parametrize(
    "written", ["lördag", "lørdag", "lordag", "Samstag", "samedi", "sábado", "zaterdag", "周六"]
)
def test_marks_on_letters_may_be_left_off(written):
    assert day(written) == "2026-11-28 07:00"


@pytest.mark.parametrize(
    "written",
    [
        "morgen",
        "demain",
        "mañana",
        "i morgen",
        "imorgon",
        "明天",
        "1 Tag",
        "1 jour",
        "1 dag",
        "1天",
    ],
)
def test_tomorrow_and_stretches_are_read_in_every_language(written):
    assert day(written) == "2026-11-26 07:00"


def test_day_is_that_of_the_agent_and_not_of_the_server():
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # the 26th in Oslo
    assert day("tomorrow", late) == "2026-11-27 07:00"
    assert day("tomorrow", late, "America/New_York") == "2026-11-26 13:00"


def test_morning_stays_eight_over_the_change_of_clocks():
    assert day("1w", datetime(2027, 3, 26, 9, tzinfo=UTC)) == "2027-04-02 06:00"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "The day is missing: write it as 2026-12-02, fri or 2d."),
        ("03/04", "can be read in two ways: write 2027-04-03 or 2027-03-04."),
        ("03/04/2027", "can be read in two ways: write 2027-04-03 or 2027-03-04."),
        ("4.3.", "can be read in two ways: write 2027-03-04."),
        ("24.12.", "write 2026-12-24."),
        ("24.12.2026", "write 2026-12-24."),
        ("12-4", "write 2027-04-12 or 2026-12-04."),
        ("31/31", "is no day"),
        ("2026-02-30", "is no day"),
        ("2026-11-24", "is past"),
        ("today", "is past"),
        ("0d", "is past"),
        ("9999d", "more than two years away"),
        ("3026-12-04", "more than two years away"),
        ("next friday", "is no day"),
        ("soon", "is no day: write it as 2026-12-02, fri or 2d."),
        ("2 x", "is no day"),
        ("25:00", "is no day"),
        ("5", "is no day"),
        ("x" * 100_000, "is no day"),
    ],
)
def test_day_that_is_not_clear_is_refused(written, said):
    with pytest.raises(BadArgument) as refused:
        day(written)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("15m", 15),
        ("15 min", 15),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("1 h 30 min", 90),
        ("1:30", 90),
        ("0:05", 5),
        ("1.5h", 90),
        ("1,5 h", 90),
        ("90m", 90),
        ("2 Stunden", 120),
        ("2 timer", 120),
        ("1 uur 15 minuten", 75),
        ("30分钟", 30),
    ],
)
def test_duration_is_read(written, minutes):
    assert read_duration(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("90", "write 90m or 90h."),
        ("", "The time is missing: write 15m or 1h30."),
        ("0m", "is no time"),
        ("1h75", "is no time"),
        ("2d", "is no time"),
        ("-5m", "is no time"),
        ("500h", "more than 100 hours"),
        ("long", "is no time"),
    ],
)
def test_duration_that_is_not_clear_is_refused(written, said):
    with pytest.raises(BadArgument, match=said):
        read_duration(written)


@pytest.mark.parametrize(
    ("written", "priority"),
    [
        ("P1", Priority.P1),
        ("p2.", Priority.P2),
        ("3", Priority.P3),
        ("Ｐ4", Priority.P4),
        ("critical", Priority.P1),
        ("High", Priority.P2),
        ("normal", Priority.P3),
        ("low", Priority.P4),
        ("dringend", Priority.P1),
        ("élevée", Priority.P2),
        ("Hög", Priority.P2),
        ("高", Priority.P2),
    ],
)
def test_priority_is_read(written, priority):
    assert read_priority(written) is priority


@pytest.mark.parametrize("written", ["", "P5", "0", "P1 please", "very"])
def test_priority_that_there_is_not_is_refused(written):
    with pytest.raises(BadArgument, match="write P1, P2, P3 or P4"):
        read_priority(written)


def test_type_is_read():
    assert read_type("Incident") is TicketType.INCIDENT
    assert read_type("service request") is TicketType.REQUEST
    assert read_type("Störung") is TicketType.INCIDENT
    assert read_type("spørsmål") is TicketType.QUESTION
    with pytest.raises(BadArgument, match=r"incident, request, .* or change"):
        read_type("bug")


@pytest.mark.parametrize("written", ["1042", "#1042", "[#1042]", "＃1042", "#1042.", " 1042 "])
def test_number_of_a_case_is_read(written):
    assert read_number(written) == 1042


@pytest.mark.parametrize("written", ["", "0", "-1", "1 2", "x", "1" * 11, "#", "007"])
def test_number_that_is_none_is_refused(written):
    with pytest.raises(BadArgument, match="such as #1042"):
        read_number(written)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ann@x.example", "ann@x.example"),
        ("ann@x.example.", "ann@x.example"),
        ("<ann@x.example>", "ann@x.example"),
        ("Ann Berg <ann@x.example>", "ann@x.example"),
        ('"Berg, Ann" <ann@x.example>', "ann@x.example"),
        ("ann@x.example <mailto:ann@x.example>", "ann@x.example"),
        ("ann@x.example<mailto:ann@x.example>", "ann@x.example"),
        ("ann@x.example [mailto:ann@x.example]", "ann@x.example"),
        ("[mailto:ann@x.example]", "ann@x.example"),
        ("mailto:ann@x.example?subject=hi", "ann@x.example"),
        ("ann@x.example <ann@X.example>", "ann@x.example"),
        ("ann@x\u200b.example", "ann@x.example"),
        ("ann＠x.example", "ann@x.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("O'Neil+x@x.example", "O'Neil+x@x.example"),
    ],
)
def test_address_is_read_without_what_clients_add(written, address):
    assert read_address(written).address == address


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ann",
        "@x.example",
        "ann@",
        "ann@localhost",
        "ann@x.example bo@x.example",
        "ann@x.example, bo@x.example",
        "a b@x.example@y.example",
        "a..b@x.example",
        "ann@-x.example",
        "ann@1.2.3.4",
        "x" * 65 + "@x.example",
        "ann@straße.example",
    ],
)
def test_anything_but_one_address_is_refused(written):
    with pytest.raises(BadArgument, match=r"ann@example\.org"):
        read_address(written)


def test_echoes_of_links_are_left_out_of_any_text():
    assert without_echoes("see x.example <http://x.example/> and") == "see x.example and"
    assert without_echoes("1 < 2 and a: <b>") == "1 < 2 and a: <b>"


KARI = Agent("kari", "Kari Nordmann", ("kari@example.com", "kn@example.net"))
BO = Agent("bo", "Bo Li", ("bo@example.com",))
BOB = Agent("bob", "Bob Berg", ("bob@example.com",))
BOBBY = Agent("robert", "Bobby Åsen", ("robert@example.com",))
AGENTS = (KARI, BO, BOB, BOBBY)


@pytest.mark.parametrize(
    ("written", "agent"),
    [
        ("kari", KARI),
        ("@Kari.", KARI),
        ("k", KARI),
        ("nord", KARI),
        ("Kari Nordmann", KARI),
        ("kari n", KARI),
        ("KN@example.net <mailto:kn@example.net>", KARI),
        ("bo", BO),
        ("bob", BOB),
        ("Bobby", BOBBY),
        ("åsen", BOBBY),
        ("asen", BOBBY),
        ("me", BOB),
        ("mich", BOB),
    ],
)
def test_agent_is_found(written, agent):
    assert find_agent(written, AGENTS, BOB) is agent


def test_two_who_may_be_meant_are_listed():
    two = (BOB, Agent("bob2", "Bob Dahl", ("b2@example.com",)))
    with pytest.raises(BadArgument, match=r"bob \(Bob Berg\), bob2 \(Bob Dahl\)"):
        find_agent("Bo", two, KARI)
    assert find_agent("bob", two, KARI) is BOB  # the handle
    with pytest.raises(BadArgument, match="may be any of these"):
        find_agent("b", AGENTS, KARI)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("karl", "did you mean kari?"),
        ("nobody", "did you mean kari, bo, bob or robert?"),
        ("x@example.com", "There is no agent"),
        ("", "The agent is missing: write a handle, such as kari."),
        ("x@", "is no address"),
    ],
)
def test_agent_who_is_not_there_is_refused(written, said):
    with pytest.raises(BadArgument) as refused:
        find_agent(written, AGENTS, KARI)
    assert said in str(refused.value)


def test_team_is_found_by_handle_and_the_beginning_of_its_words():
    teams = (Team("first-line"), Team("finance"), Team("second-line"))
    assert find_team("Finance", teams).handle == "finance"
    assert find_team("fin", teams).handle == "finance"
    assert find_team("second", teams).handle == "second-line"
    with pytest.raises(BadArgument, match="first-line, second-line"):
        find_team("line", teams)
    with pytest.raises(BadArgument, match="did you mean finance"):
        find_team("finnance", teams)


@pytest.mark.parametrize(
    ("written", "added", "removed"),
    [
        ("a +b -c", ("a", "b"), ("c",)),
        ("VPN, Printer", ("vpn", "printer"), ()),
        ("#vpn –old", ("vpn",), ("old",)),
        ("a a", ("a",), ()),
        ("größe 打印机", ("größe", "打印机"), ()),
    ],
)
def test_tags_are_read(written, added, removed):
    assert read_tags(written) == (added, removed)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "There is no tag"),
        ("+", "is no tag"),
        ("a -a", "is added and taken away"),
        ("a/b", "is no tag"),
        (" ".join(f"t{n}" for n in range(21)), "more than 20 tags"),
        ("x" * 41, "is no tag"),
    ],
)
def test_tags_that_are_not_clear_are_refused(written, said):
    with pytest.raises(BadArgument, match=said):
        read_tags(written)


def test_words_of_arguments_are_folded_as_they_are_looked_up():
    tables = (words.WEEKDAYS, words.DAYS_AHEAD, words.UNITS, words.PRIORITIES, words.TYPES)
    for word in (word for table in tables for word in table):
        assert bare(word) == word
    assert all(bare(word) == word for word in words.NEXT_WEEK | words.ME)


def test_no_word_names_two_days():
    named = [word for line in words._WEEKDAYS for word in set(line.split())]
    assert len(named) == len(set(named))
    assert not set(named) & set(words.DAYS_AHEAD)


@given(st.text(max_size=40) | st.text(alphabet="0123456789-:. dhwm/@<>[]T#", max_size=20))
def test_nothing_but_bad_argument_is_ever_raised(text):
    for read in (
        read_number,
        read_address,
        read_tags,
        read_priority,
        read_type,
        read_duration,
        day,
        lambda text: find_agent(text, AGENTS, BO),
        lambda text: find_team(text, (Team("a"),)),
    ):
        with suppress(BadArgument):
            read(text)
