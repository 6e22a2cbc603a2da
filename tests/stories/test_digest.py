"""The morning digest: once a day to each reader, at his opening, whatever the clock and the beats
do."""

import re
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, select, text, update
from stories.house import BO, KARI, SUPPORT, House, open_house
from stories.people import Client, Letter, bare
from stories.promises import policy, promise

from maildesk.desk import digests
from maildesk.desk.beat import beat
from maildesk.desk.jobs import JOBS
from maildesk.errors import NotFound
from maildesk.mail.template_sources import Sources
from maildesk.policy.calendars.calendar import ALWAYS, LocalCalendar
from maildesk.policy.calendars.hours import Frame
from maildesk.policy.rules import Agent, Team
from maildesk.store.apply import Stale
from maildesk.store.tables import absences, firings, outgoing, parties, tickets
from maildesk.store.tables import digests as sent_ones

OSLO = ZoneInfo("Europe/Oslo")
LEAD = "lin@example.com"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

DAY_SHIFT = Frame(8 * 60, 16 * 60)
NIGHT_SHIFT = Frame(22 * 60, 30 * 60)


def week(frame: Frame, days: int = 5):
    return (*((frame,),) * days, *((),) * (7 - days))


OFFICE = LocalCalendar("Europe/Oslo", week(DAY_SHIFT), {date(2026, 10, 27): "A holiday"})
NIGHT = LocalCalendar("Europe/Oslo", week(NIGHT_SHIFT, 7))


def local(*when: int) -> datetime:
    return datetime(*when, tzinfo=OSLO).astimezone(UTC)


@pytest.fixture
def desk(house: House) -> House:
    """Kari works by day, Bo by night, Lin leads them; Ada has written to them."""
    house.change_rules(
        timezone="Europe/Oslo",
        calendars={"oslo": OFFICE, "night": NIGHT},
        agents=(
            Agent("kari", "Kari Nordmann", (KARI,), ("first-line",)),
            Agent("bo", "Bo Li", (BO,), ("first-line",), calendar="night"),
            Agent("lin", "Lin Wei", (LEAD,), ()),
        ),
        teams=(Team("first-line", lead="lin", notify="digest"),),
    )
    house.client("Kari Nordmann", KARI, style=bare)
    house.client("Bo Li", BO, style=bare)
    return house


@pytest.fixture
def ada(desk: House) -> Client:
    return desk.client("Ada Berg", "ada@example.org")


@pytest.fixture
def kari(desk: House) -> Client:
    return desk.clients[KARI]


def write(house: House, person: Client, count: int = 1, subject: str = "Printer") -> None:
    for number in range(1, count + 1):
        house.hand_in(person.write(SUPPORT, f"{subject} {number}"))
    house.work()


def change(house: House, number: int, **columns: object) -> None:
    with house.desk.database.write() as session:
        session.execute(update(tickets).where(tickets.c.number == number).values(columns))


def look(house: House, at: datetime | None = None) -> list[Letter]:
    """What is sent when the job runs at an instant."""
    if at is not None:
        house.clock.at = at
    house.desk.queued.clear()
    digests.send_due(house.desk)
    return house.work() if house.desk.queued.is_set() else []


def walk(house: House, start: datetime, end: datetime, step: timedelta) -> list[tuple[str, str]]:
    """To whom digests go, and when in Oslo, if the job runs every so often."""
    at, went = start, []
    while at < end:
        when = f"{at.astimezone(OSLO):%a %d %H:%M}"
        went += [(letter.recipient, when) for letter in look(house, at)]
        at += step
    return went


def rows(house: House, table=sent_ones) -> int:
    with house.desk.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def listed(letter: Letter) -> list[int]:
    """The cases that a digest lists, in its order."""
    lines = (line for line in letter.text.splitlines() if line.startswith("- #"))
    return [int(line.split()[1].removeprefix("#")) for line in lines]


# --- when -----------------------------------------------------------------------------------------

DAYS = ("Mon 19", "Tue 20", "Wed 21", "Thu 22", "Fri 23", "Mon 26", "Wed 28", "Thu 29", "Fri 30")
NIGHTS = [f"{date(2026, 10, 19) + timedelta(days=n):%a %d}" for n in range(14)]


@pytest.fixture
def before_two_weeks(desk, ada):
    """The clocks go back on Sunday the 25th; Tuesday the 27th is a holiday."""
    desk.clock.at = local(2026, 10, 18, 12)
    write(desk, ada)


def all_of_two_weeks() -> list[tuple[str, str]]:
    by_day = [(reader, f"{day} 08:00") for day in DAYS for reader in (KARI, LEAD)]
    return sorted([*by_day, *((BO, f"{night} 22:00") for night in NIGHTS)])


@pytest.mark.parametrize("step", [MINUTE * 30, HOUR])
def test_two_weeks_over_a_change_of_the_clocks_and_a_holiday(desk, before_two_weeks, step):
    went = walk(desk, local(2026, 10, 19, 7), local(2026, 11, 2), step)
    assert sorted(went) == all_of_two_weeks()


def test_the_same_two_weeks_with_a_beat_each_minute(desk, before_two_weeks):
    """Around the openings, and the hours that come twice."""
    nights = [date(2026, 10, 19) + timedelta(days=n) for n in range(14)]
    starts = [
        local(on.year, on.month, on.day, hour, 50) for on in nights for hour in (1, 7, 15, 21)
    ]
    went = [one for start in starts[1:] for one in walk(desk, start, start + HOUR / 3, MINUTE)]
    assert sorted(went) == all_of_two_weeks()


def test_the_night_on_which_the_clocks_go_forward(desk, ada):
    """A beat each minute around the gap, and around the openings on both sides of it."""
    desk.clock.at = local(2027, 3, 26, 12)
    write(desk, ada)
    around = [local(2027, 3, 27, 21, 30), local(2027, 3, 28, 1, 30), local(2027, 3, 28, 21, 30),
              local(2027, 3, 29, 7, 30)]  # fmt: skip
    went = [one for start in around for one in walk(desk, start, start + HOUR, MINUTE)]
    assert went == [
        (BO, "Sat 27 22:00"),
        (BO, "Sun 28 22:00"),
        (KARI, "Mon 29 08:00"),
        (LEAD, "Mon 29 08:00"),
    ]


def test_it_comes_at_the_minute_of_the_opening_and_only_then(desk, ada):
    write(desk, ada)
    assert look(desk, local(2026, 11, 24, 7, 59)) == []
    assert {letter.recipient for letter in look(desk, local(2026, 11, 24, 8))} == {KARI, LEAD}
    assert walk(desk, desk.clock(), local(2026, 11, 24, 21, 59), HOUR / 4) == []


def test_after_three_days_down_only_today_is_told(desk, ada):
    write(desk, ada)
    assert len(look(desk, local(2026, 11, 24, 8))) == 2
    late = look(desk, local(2026, 11, 27, 11, 17))
    assert sorted(letter.recipient for letter in late) == [KARI, LEAD]
    assert look(desk) == []


def test_what_would_come_after_hours_is_not_sent(desk, ada):
    write(desk, ada)
    assert look(desk, local(2026, 11, 24, 16)) == []
    assert rows(desk) == 0
    assert len(look(desk, local(2026, 11, 25, 15, 59))) == 2


def test_a_night_is_the_day_on_which_it_began(desk, ada):
    write(desk, ada)
    (late,) = look(desk, local(2026, 11, 25, 3))
    assert late.recipient == BO
    assert look(desk, local(2026, 11, 25, 5, 59)) == []
    (next_one,) = look(desk, local(2026, 11, 25, 22))
    assert next_one.recipient == BO


def test_each_reader_has_his_own_morning(desk, ada):
    """Nine in Oslo is eight in London; who is never closed reads at eight of his own."""
    agents = (
        Agent("kari", "Kari Nordmann", (KARI,), ("first-line",), timezone="Europe/London",
              calendar="london"),
        Agent("bo", "Bo Li", (BO,), ("first-line",), timezone="Asia/Shanghai", calendar="24x7"),
    )  # fmt: skip
    london = LocalCalendar("Europe/London", week(DAY_SHIFT))
    calendars = {"oslo": OFFICE, "london": london, "24x7": ALWAYS}
    desk.change_rules(agents=agents, teams=(Team("first-line"),), calendars=calendars)
    write(desk, ada)
    went = walk(desk, local(2026, 11, 24), local(2026, 11, 25), HOUR)
    assert went == [(BO, "Tue 24 01:00"), (KARI, "Tue 24 09:00")]


@pytest.mark.parametrize("hours", [1, 25, 24 * 7])
def test_a_clock_that_jumps_back_tells_nothing_twice(desk, ada, hours):
    write(desk, ada)
    walk(desk, local(2026, 11, 30), local(2026, 12, 2), HOUR)
    walk(desk, desk.clock() - timedelta(hours=hours), local(2026, 12, 2), HOUR)
    told = Counter(
        (one.recipient, one["Date"][:16]) for one in desk.sent if "case" in one["Subject"]
    )
    assert set(told.values()) == {1}


def test_a_clock_that_jumps_forth_and_back_tells_once(desk, ada):
    write(desk, ada)
    assert look(desk, local(2026, 11, 24, 7, 30)) == []
    assert len(look(desk, local(2026, 11, 24, 8, 30))) == 2
    assert walk(desk, local(2026, 11, 24, 7, 30), local(2026, 11, 24, 9), MINUTE * 5) == []


# --- to whom --------------------------------------------------------------------------------------


def away(house: House, agent: str, until: datetime) -> None:
    with house.desk.database.write() as session:
        row = {"agent": agent, "until": until, "since": house.clock()}
        session.execute(absences.insert(), row)


def test_who_is_away_gets_none_and_reads_when_he_is_back(desk, ada):
    write(desk, ada)
    away(desk, "kari", local(2026, 11, 25, 12))
    (lead,) = look(desk, local(2026, 11, 24, 8))
    assert lead.recipient == LEAD
    assert [one.recipient for one in look(desk, local(2026, 11, 25, 8))] == [LEAD]
    assert [one.recipient for one in look(desk, local(2026, 11, 25, 12))] == [KARI]


def test_nothing_to_tell_is_no_mail_that_day(desk, ada):
    assert look(desk, local(2026, 11, 24, 8)) == []
    assert rows(desk) == 3
    write(desk, ada)
    assert look(desk, local(2026, 11, 24, 9)) == [], "its morning is over"
    assert len(look(desk, local(2026, 11, 25, 8))) == 2


def test_a_desk_that_begins_at_noon_sends_none_for_what_comes_then(desk, ada):
    desk.clock.at = local(2026, 11, 24, 12)
    write(desk, ada)
    assert look(desk, local(2026, 11, 24, 12, 1)) == []
    assert len(look(desk, local(2026, 11, 25, 12))) == 2, "down at the opening, and told late"


def test_a_team_that_reads_a_digest_is_told_of_new_tickets_in_it(desk, ada, kari):
    write(desk, ada)
    assert kari.inbox == []
    look(desk, local(2026, 11, 24, 8))
    (mail,) = kari.inbox
    assert "Printer 1, Ada Berg, new" in mail.text
    look(desk, local(2026, 11, 25, 8))
    assert "Printer 1, Ada Berg" in kari.last.text
    assert "new" not in kari.last.text.replace("\n", " ").split("Printer 1")[1]


# --- what -----------------------------------------------------------------------------------------


def test_what_presses_most_comes_first(desk, ada, kari):
    write(desk, ada, 7)
    day = local(2026, 11, 24, 8)
    for number, columns in {
        1: {"assignee": "kari", "status": "waiting_user"},
        2: {"assignee": "kari", "status": "open"},
        3: {"assignee": "kari", "status": "open", "due_at": day + HOUR * 30},
        4: {"assignee": "kari", "status": "open", "due_at": day + HOUR * 3},
        5: {"assignee": "kari", "status": "on_hold", "due_at": day - HOUR},
        6: {"assignee": "bo", "due_at": day - HOUR * 3},
    }.items():
        change(desk, number, **columns)
    look(desk, day)
    assert listed(kari.last) == [5, 4, 7, 3, 2, 1]
    assert "due Tue, 24 Nov 2026, 11:00 CET" in kari.last.text.replace("\n", " ")


def test_half_of_the_time_is_said_to_be_gone_where_a_clock_runs(desk, ada, kari):
    """Three of four hours until the first answer are over, one in two cases of twenty-four."""
    desk.clock.at = local(2026, 11, 23, 13)
    short, long = policy("oslo", first_response=4), policy("oslo", "long", first_response=24)
    promises = (promise(short, subject_contains="fast"), promise(long))
    desk.change_rules(promises=promises)
    write(desk, ada, subject="Fast")
    write(desk, ada, 2, subject="Slow")
    beat(desk.desk)
    beat(desk.desk)
    look(desk, local(2026, 11, 24, 8))
    words = kari.last.text.replace("\n", " ")
    due = "due Tue, 24 Nov 2026, 09:00 CET (half of the time is gone)"
    assert f"Fast 1, Ada Berg, new, nobody has it, {due}" in words
    assert words.count("half of the time") == 1
    assert listed(kari.last) == [1, 2, 3]


def test_the_text_of_a_command_stands_behind_its_colon(desk, ada, kari):
    write(desk, ada, subject="Printer on the third floor by the window prints")
    look(desk, local(2026, 11, 24, 8))
    assert ": #take" in kari.last.text.replace("\xa0", " ").replace("\n", " ")
    assert ": · #take" not in kari.last.text.replace("\n", " ")


def test_a_lead_who_works_alone_reads_one_mail(desk, ada, kari):
    alone = Agent("kari", "Kari Nordmann", (KARI,), ("first-line",))
    desk.change_rules(agents=(alone,), teams=(Team("first-line", lead="kari"),))
    write(desk, ada, 2, subject="Re: Printer")
    day = local(2026, 11, 24, 8)
    change(desk, 1, assignee="kari", status="open")
    (mail,) = look(desk, day)
    assert listed(mail) == [2, 1]
    assert "#2 P3 Printer 2" in mail.text
    change(desk, 2, assignee="lin")
    assert [listed(one) for one in look(desk, local(2026, 11, 25, 8))] == [[1], [1, 2]]


def test_a_lead_reads_who_has_what(desk, ada):
    write(desk, ada, 3)
    day = local(2026, 11, 24, 8)
    change(desk, 1, assignee="kari", status="open", due_at=day - HOUR)
    change(desk, 2, assignee="bo", status="open")
    letters = look(desk, day)
    (lead,) = [letter for letter in letters if letter.recipient == LEAD]
    words = lead.text.replace("\n", " ")
    assert lead["Subject"].startswith("first-line: 1 case")
    assert listed(lead) == [1, 3, 2]
    assert "Ada Berg, Kari Nordmann has it" in words
    assert "Ada Berg, Bo Li has it" in words


def test_a_lead_reads_what_was_missed_since(desk, ada):
    write(desk, ada, 2)
    look(desk, local(2026, 11, 24, 8))
    with desk.desk.database.write() as session:
        for number, step, at in ((1, "90%", 12), (1, "100%", 14), (2, "75%", 15)):
            row = {
                "ticket": number, "clock": "resolution", "cycle": 1, "arming": 0, "step": step,
                "reached_at": local(2026, 11, 24, at), "at": local(2026, 11, 24, at),
                "is_sent": True,
            }  # fmt: skip
            session.execute(firings.insert(), row)
    change(desk, 1, status="solved")
    look(desk, local(2026, 11, 25, 8))
    mails = [letter for letter in desk.sent if letter.recipient == LEAD]
    assert "Missed since" not in mails[-2].text
    assert "Missed since Tue, 24 Nov 2026, 08:00 CET: #1" in mails[-1].text.split("\n")
    look(desk, local(2026, 11, 26, 8))
    assert "Missed since" not in desk.to(LEAD)[-1].text


def test_a_held_mail_comes_first_and_can_be_decided_on_there(desk, ada, kari):
    write(desk, ada)
    change(desk, 1, assignee="kari", status="open", due_at=local(2026, 11, 24, 7))
    look(desk, local(2026, 11, 24, 8))
    desk.post(kari.write(address_in(kari.last, "#solve"), "Re: [#1]", "It is the drum.\n\n#colse"))
    look(desk, local(2026, 11, 25, 8))
    assert "First say what becomes of 1 held mail" in kari.last.text.replace("\n", " ")
    assert listed(kari.last) == [1, 1]
    desk.post(kari.write(address_in(kari.last, "send"), "Re: [#1]", "send"))
    assert "It is the drum." in ada.last.text


def test_a_strangers_held_mail_waits_for_admission(desk, ada, kari):
    write(desk, ada)
    change(desk, 1, assignee="kari", status="open")
    eve = desk.client("Eve", "eve@example.net")
    desk.post(eve.write(ada.last.reply_to, "Re: Printer 1 [#1]", "Let me in."))
    look(desk, local(2026, 11, 24, 8))
    assert "a mail from Eve of Mon, 23 Nov 2026" in kari.last.text.replace("\n", " ")
    assert address_in(kari.last, "#admit")


def address_in(letter: Letter, word: str) -> str:
    """The address that a link with this word writes to."""
    for link in re.findall(r'href="mailto:([^"]+)"', letter.html):
        address, _, query = unescape(link).partition("?")
        if query.endswith(f"body={quote(word)}"):
            return unquote(address)
    raise AssertionError(f"no link says {word}")


def test_links_act_in_the_readers_name(desk, ada, kari):
    """No mail of the case ever went to him: the digest makes him known to it."""
    write(desk, ada)
    before = desk.ticket()
    look(desk, local(2026, 11, 24, 8))
    assert desk.ticket()["events"] == before["events"], "to be read of is no event"
    assert desk.ticket()["updated_at"] == before["updated_at"]
    desk.post(kari.write(address_in(kari.last, "#take"), "Re: [#1]", "#take"))
    assert desk.ticket()["assignee"] == "kari"
    desk.post(kari.answer("#show 1"))
    assert "Printer 1" in kari.last.text


def test_a_stranger_who_has_a_link_acts_for_nobody(desk, ada, kari):
    write(desk, ada)
    look(desk, local(2026, 11, 24, 8))
    eve = desk.client("Eve", "eve@example.net")
    desk.post(eve.write(address_in(kari.last, "#take"), "Re: [#1]", "#take"))
    assert desk.ticket()["assignee"] is None


def test_at_most_a_hundred_lines_and_how_many_more(desk, ada, kari):
    write(desk, ada)
    with desk.desk.database.write() as session:
        (row,) = session.execute(select(tickets)).mappings().all()
        copies = [
            {**row, "number": number, "subject": "漢字 & <b> " * 40} for number in range(2, 141)
        ]
        session.execute(tickets.insert(), copies)
    due_at = local(2026, 11, 24, 7)
    with desk.desk.database.write() as session:
        session.execute(update(tickets).values(assignee="kari", status="open", due_at=due_at))
    look(desk, local(2026, 11, 24, 8))
    assert len(listed(kari.last)) == 100
    assert "140 cases" in kari.last["Subject"]
    assert "40 further cases" in kari.last.text
    assert len(kari.last.html) < 100_000


# --- once -----------------------------------------------------------------------------------------


def test_two_desks_at_once_on_one_file(desk, ada, children, sources):
    write(desk, ada)
    desk.clock.at = local(2026, 11, 24, 8)
    folder = desk.desk.settings.state
    with open_house(folder, children, sources) as other:
        other.desk.rules, other.clock.at = desk.desk.rules, desk.clock.at
        starts = threading.Barrier(4)

        def run(one: House) -> None:
            starts.wait()
            digests.send_due(one.desk)

        threads = [threading.Thread(target=run, args=(one,)) for one in (desk, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(letter.recipient for letter in desk.work()) == [KARI, LEAD]
    assert rows(desk) == 3, "the lead, who has no cases of his own, among them"


def test_what_another_has_sent_meanwhile_is_stale(desk, ada):
    write(desk, ada)
    desk.clock.at = local(2026, 11, 24, 8)
    first = digests.due(desk.desk)[0]
    digests.send(desk.desk, first, {})
    with pytest.raises(Stale, match="has had the digest of 2026-11-24"):
        digests.send(desk.desk, first, {})
    assert len(desk.work()) == 1


@pytest.mark.parametrize("table", ["digest", "party", "outgoing", "outgoing_raw"])
def test_killed_at_any_point_it_is_sent_the_next_time(desk, ada, table):
    """The transaction is broken off where it writes, and leaves nothing."""
    write(desk, ada)
    before = (rows(desk), rows(desk, parties), rows(desk, outgoing))
    at = local(2026, 11, 24, 8)
    with desk.desk.database.write() as session:
        session.execute(text(f"CREATE TRIGGER kill BEFORE INSERT ON {table} "
                             "BEGIN SELECT RAISE(ABORT, 'killed'); END"))  # fmt: skip
    desk.clock.at = at
    with pytest.raises(Exception, match=r"killed|party|has had"):
        digests.send(desk.desk, digests.due(desk.desk)[0], {})
    assert (rows(desk), rows(desk, parties), rows(desk, outgoing)) == before
    with desk.desk.database.write() as session:
        session.execute(text("DROP TRIGGER kill"))
    assert sorted(letter.recipient for letter in look(desk)) == [KARI, LEAD]
    assert look(desk) == []


def test_one_that_fails_holds_up_no_other_and_comes_again(desk, ada):
    write(desk, ada)
    sources, desk.desk.sources = desk.desk.sources, Sources({})
    assert look(desk, local(2026, 11, 24, 8)) == []
    assert rows(desk) == 1, "of the lead, who has no cases of his own"
    with pytest.raises(NotFound):
        digests.send(desk.desk, digests.due(desk.desk)[0], {})
    desk.desk.sources = sources
    assert len(look(desk, local(2026, 11, 24, 8, 1))) == 2


def test_most_beats_ask_one_question(desk, ada):
    """No ticket is looked at while no digest is due."""
    write(desk, ada)
    look(desk, local(2026, 11, 24, 8))
    asked: list[str] = []
    desk.clock.at = local(2026, 11, 24, 9)
    with desk.desk.database.read() as session:
        engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    digests.send_due(desk.desk)
    assert len([sql for sql in asked if sql.startswith("SELECT")]) == 1
    assert "FROM digest" in asked[-1]


def test_the_ticker_sends_digests():
    (job,) = [job for job in JOBS if job.name == "send_digests"]
    assert (job.every, job.is_timed) == (MINUTE, True)
