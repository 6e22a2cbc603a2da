"""What clocks make us write, to whom, and where an answer goes; each mail is rendered too."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maildesk.mail.identifiers import Purpose, read_address
from maildesk.mail.message import Address
from maildesk.mail.template_sources import load_sources
from maildesk.mail.templates import render
from maildesk.model.changes import Detail, NoteEvent, SetDetail
from maildesk.model.facts import Level, LogLine, Said
from maildesk.model.ticket import Party, Priority, Role, Status, TicketType
from maildesk.policy.calendars.calendar import LocalCalendar
from maildesk.policy.calendars.hours import Frame
from maildesk.policy.due.sla_notices import (
    nudge_owner,
    page,
    remind_requester,
    tell_closed,
    tell_delay,
    tell_progress,
    tell_referred,
    tell_reopens,
    tell_stale,
    tell_step,
)
from maildesk.policy.due.timers import finished, occasion
from maildesk.policy.routing.rule import Condition, Verdict
from maildesk.policy.rules import Acknowledge, Team
from maildesk.policy.sla.clock import Clock, ClockState
from maildesk.policy.sla.ladder import Firing, read_step
from maildesk.policy.sla.promises import ClockName, FollowUp, Policy, Promise, Targets

SOURCES = load_sources([Path(__file__).parents[3] / "templates"])
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DUE_AT = NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=1)
PAGER = "4790000000@sms.example.net"
CY = Address("Cy Ek", "cy@example.org")
OFFICE = LocalCalendar("Europe/Oslo", (*((Frame(8 * 60, 16 * 60),),) * 5, (), ()))
EVERYBODY = Condition("", lambda _view: Verdict(holds=True))
CLOCK = Clock(
    ClockName.FIRST_RESPONSE,
    ClockState.RUNNING,
    elapsed=timedelta(hours=3),
    target=timedelta(hours=4),
    remaining=timedelta(hours=1),
    due_at=DUE_AT,
)


def firing(at="75%", *notify, clock="first_response", cycle=1):
    return Firing(clock, cycle, 0, read_step(at, notify=notify or ("owner",)), NOW)


@pytest.fixture
def begin(world):
    """A draft for ticket 7, which Kari has and Cy takes part in."""

    def made(rules=None, want_no_mail=(), proved=("ada@example.org",), log=(), **fields):
        facts = world.ticket_facts(
            parties=(Party(3, CY, Role.PARTICIPANT),),
            **({"status": Status.OPEN, "assignee": "kari"} | fields),
        )
        said = Said(world.ada, NOW - timedelta(hours=1), "It is dead.")
        reply = Said(world.kari, NOW - timedelta(hours=1), "Which lamp is red?")
        facts = replace(
            facts,
            last_said=said,
            last_reply=reply,
            want_no_mail=frozenset(want_no_mail),
            proved=frozenset(proved),
            log=tuple(log),
        )
        return occasion("due", facts, rules or world.rules, NOW, {})

    return made


@pytest.fixture
def agents(world):
    return {agent.handle: agent for agent in world.rules.agents}


def words(notice):
    source = SOURCES.find(notice.kind, "en")
    rendered = render(source, notice.facts, timezone="Europe/Oslo", language="en")
    assert "first_response" not in rendered.text
    return " ".join(rendered.text.split())


def purpose(world, notice):
    return read_address(world.rules.reply, notice.reply_to.address).purpose


# --- the ladder ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("50%", "sla_warning"),
        ("-30m", "sla_warning"),
        ("100%", "sla_breach"),
        ("+2h", "sla_breach"),
        ("+2h wall", "sla_breach"),
        ("149%", "sla_breach"),
        ("150%", "sla_manager"),
        ("200%", "sla_manager"),
    ],
)
def test_a_step_is_told_by_what_it_means(begin, agents, at, kind):
    draft = begin()
    tell_step(draft, firing(at), CLOCK, [agents["kari"]])
    (notice,) = draft.notices
    assert notice.kind == kind
    assert notice.auto_submitted == "auto-generated"
    assert notice.to.address == "kari@example.com"
    assert words(notice)


def test_a_warning_says_by_when_and_who_hears_of_it_next(begin, agents):
    draft = begin()
    ahead = (Firing("first_response", 1, 0, read_step("100%", notify=["owner", "bo"]), DUE_AT),)
    tell_step(draft, firing(), replace(CLOCK, ahead=ahead), [agents["kari"]])
    text = words(draft.notices[0])
    assert "Answer Ada Berg by Mon, 23 Nov 2026, 11:00 CET: Printer is dead" in text
    assert "75 % of the time for the first answer has passed; 60 minutes to go." in text
    assert "the next mail goes to you and Bo Li on Mon, 23 Nov 2026, 11:00 CET." in text


def test_an_answer_to_a_warning_goes_out_and_one_to_a_breach_stays_inside(begin, agents, world):
    draft = begin()
    for at in ("75%", "100%", "150%"):
        tell_step(draft, firing(at), CLOCK, [agents["kari"]])
    page(draft, firing("100%"), CLOCK, agents["kari"], 1)
    purposes = [purpose(world, notice) for notice in draft.notices]
    assert purposes == [Purpose.AGENT, *[Purpose.INTERNAL] * 3]
    assert "Your reply goes to Ada Berg." in words(draft.notices[0])
    assert "Your reply stays internal." in words(draft.notices[1])
    assert "Your reply stays internal." in words(draft.notices[2])


def test_a_breach_asks_for_the_reason_by_a_link_that_leaves_room_for_it(begin, agents):
    draft = begin()
    tell_step(draft, firing("100%", "owner", "requester"), CLOCK, [agents["kari"]])
    (notice,) = draft.notices
    links = {link["label"]: link["href"] for link in notice.facts["commands"]}
    assert links["#breach"].endswith("&body=%23breach%20")
    assert {"#ack", "#solve"} <= set(links)
    assert "Ada Berg is told now that we are late." in words(notice)


def test_a_breach_says_nothing_of_the_requester_where_he_is_not_told(begin, agents):
    draft = begin()
    tell_step(draft, firing("100%", "owner"), CLOCK, [agents["kari"]])
    assert "is told now" not in words(draft.notices[0])


def test_a_breach_claims_no_mail_to_the_requester_that_does_not_go_out(begin, agents):
    draft = begin(want_no_mail=["ada@example.org"])
    tell_step(draft, firing("100%", "owner", "requester"), CLOCK, [agents["kari"]])
    assert "is told now" not in words(draft.notices[0])


def test_a_step_for_nobodys_cases_is_not_announced_to_an_owner(begin, agents):
    ahead = (Firing("first_response", 1, 0, read_step("80%", notify=["unassigned"]), DUE_AT),)
    for assignee, is_told in (("kari", False), (None, True)):
        draft = begin(assignee=assignee)
        tell_step(draft, firing(), replace(CLOCK, ahead=ahead), [agents["kari"]])
        assert ("the next mail goes to you and Bo Li" in words(draft.notices[0])) is is_told


def test_who_hears_of_the_next_step_is_told_as_it_will_be(begin, agents, world):
    """Of roles that nobody has, whoever answers; of a requester who is not told, nothing."""
    lin, mona = (replace(agents["bo"], handle=name, name=name.title()) for name in ("lin", "mona"))
    rules = replace(
        world.rules,
        agents=(*world.rules.agents, lin, replace(mona, teams=())),
        teams=(Team("first-line", lead="kari", manager="mona"), Team("finance")),
    )
    for notify, assignee, no_mail, said in (
        (["lead", "requester"], "bo", [], "goes to you and Ada Berg on"),
        (["lead", "requester"], "bo", ["ada@example.org"], "goes to you on"),
        (["requester"], "bo", ["ada@example.org"], "No further mail follows about this promise"),
        (["manager"], "bo", [], "goes to Mona on"),
        (["owner", "manager"], None, [], "goes to the team and Mona on"),
        (["manager"], "kari", [], "goes to Mona on"),
    ):
        draft = begin(rules, want_no_mail=no_mail, assignee=assignee)
        ahead = (Firing("first_response", 1, 0, read_step("100%", notify=notify), DUE_AT),)
        tell_step(draft, firing(), replace(CLOCK, ahead=ahead), [agents["kari"]])
        assert said in words(draft.notices[0])
    nobody = replace(rules, teams=(Team("first-line"), Team("finance")))
    draft = begin(nobody)
    ahead = (Firing("first_response", 1, 0, read_step("150%", notify=["manager"]), DUE_AT),)
    tell_step(draft, firing(), replace(CLOCK, ahead=ahead), [agents["bo"]])
    assert "goes to Kari Nordmann on" in words(draft.notices[0])


def test_who_owns_the_case_himself_is_not_sent_to_himself(begin, agents):
    draft = begin()
    tell_step(draft, firing("150%"), CLOCK, [agents["kari"], agents["bo"]])
    own, others = map(words, draft.notices)
    assert "You have it: please end it, or give it to somebody who can." in own
    assert "Please speak with Kari Nordmann" in others


def away(draft):
    """Kari, who has the case, is away for ten days."""
    facts = replace(draft.arrival.facts, absent={"kari": NOW + timedelta(days=10)})
    draft.arrival = replace(draft.arrival, facts=facts)
    return draft


def test_who_stands_in_reads_until_when_the_owner_is_away(begin, agents):
    draft = away(begin())
    tell_step(draft, firing(), CLOCK, [agents["bo"]])
    tell_step(draft, firing("150%"), CLOCK, [agents["bo"]])
    warning, late = map(words, draft.notices)
    assert "Kari Nordmann has it and is away until Thu, 3 Dec 2026" in warning
    assert "Kari Nordmann has it and is away until Thu, 3 Dec 2026" in late
    assert "Please give the case to somebody who is here." in late


def test_a_requester_is_not_told_of_an_owner_who_is_away(begin):
    draft = away(begin())
    tell_delay(draft, CLOCK, LATER)
    tell_progress(draft, LATER)
    tell_referred(draft)
    assert not any("Kari" in words(notice) for notice in draft.notices)
    assert "It is with our team." in words(draft.notices[2])


def test_a_case_that_nobody_has_taken_is_not_said_to_be_worked_on(begin):
    draft = begin(assignee=None)
    tell_progress(draft, LATER)
    text = words(draft.notices[0])
    assert "It is with our team; nobody has taken it yet." in text
    assert "work on" not in text


def test_progress_that_comes_late_says_that_we_are_sorry(begin):
    draft = begin()
    tell_progress(draft, LATER, NOW - timedelta(days=3))
    tell_progress(draft, LATER)
    late, usual = map(words, draft.notices)
    assert "You should have heard from us by Fri, 20 Nov 2026, 10:00 CET" in late
    assert "sorry" not in usual


def test_a_nudge_tells_what_the_desk_does_if_nobody_writes(begin, agents):
    for no_mail, said in (([], "the desk writes how"), (["ada@example.org"], "No automatic mail")):
        draft = begin(want_no_mail=no_mail, status=Status.ON_HOLD)
        nudge_owner(draft, [agents["kari"]], DUE_AT)
        assert said in words(draft.notices[0])


def test_a_mail_that_was_held_is_told_with_both_its_instants(begin, agents):
    log = [
        line("created", 300, new="new"),
        line("admitted", 5, new="in public", said_at=NOW - timedelta(days=3)),
    ]
    draft = begin(log=log)
    tell_step(draft, firing("150%"), CLOCK, [agents["bo"]])
    said = "Mon, 23 Nov 2026, 09:55 CET: admitted: a mail of Fri, 20 Nov 2026, 10:00 CET"
    assert said in words(draft.notices[0])


def test_a_step_names_the_others_that_it_stands_for_and_that_it_is_late(begin, agents):
    draft = begin()
    others = [firing("50%", clock="resolution")]
    tell_step(draft, firing(), CLOCK, [agents["kari"]], others=others, is_late=True)
    text = words(draft.notices[0])
    assert "Also reached now: the solution (50%)." in text
    soon = replace(others[0], at=NOW + timedelta(minutes=4))
    tell_step(draft, firing("80%"), CLOCK, [agents["kari"]], others=[soon])
    assert "Also reached within minutes: the solution (50%)." in words(draft.notices[1])
    assert "This mail comes late; it was due on Mon, 23 Nov 2026, 10:00 CET." in text


def test_steps_of_two_clocks_at_once_are_two_letters(begin, agents):
    draft = begin()
    resolution = replace(CLOCK, name=ClockName.RESOLUTION)
    tell_step(draft, firing(), CLOCK, [agents["kari"], agents["kari"]])
    tell_step(draft, firing(clock="resolution"), resolution, [agents["kari"]])
    notices = finished(draft, "due:1").notices
    assert len({notice.cause for notice in notices}) == len(notices) == 2
    assert len({notice.message_id for notice in notices}) == 2


def line(kind, minutes, **fields):
    return LogLine(NOW - timedelta(minutes=minutes), kind, **fields)


def test_the_manager_reads_what_happened(begin, agents):
    log = [
        line("created", 300, new="new"),
        line("message", 300, new="in public"),
        line("policy", 300, new="gold"),
        line("assignee", 290, new="kari"),
        line("message", 200, new="out public"),
        line("message", 190, new="in internal"),
        line("message", 180, new="in held"),
        line("status", 170, old="open", new="on_hold"),
        line("priority", 160, old="P3", new="P1"),
        line("team", 150, old="first-line", new="finance"),
        line("told", 100, new="delay"),
        line("ack", 90, new="bo"),
        line("breach", 80, new="no spare parts"),
        line("step", 70, new="first_response 100%"),
    ]
    draft = begin(log=log)
    tell_step(draft, firing("150%"), replace(CLOCK, name=ClockName.RESOLUTION), [agents["bo"]])
    text = words(draft.notices[0])
    for said in (
        "CET: opened",
        "a mail came in",
        "Kari Nordmann has it",
        "answered",
        "an internal note",
        "waiting for a supplier, before that open",
        "P1, before that P3",
        "team finance, before that first-line",
        "Ada Berg was told how it goes",
        "Bo Li acknowledged",
        "reason given: no spare parts",
        "100% of the time for the first answer",
    ):
        assert said in text
    assert "gold" not in text
    assert "held" not in text


def test_the_mail_that_opened_a_case_is_no_further_line(begin, agents):
    log = [
        line("created", 300, new="new", receipt=1),
        line("message", 300, new="in public", receipt=1),
        line("message", 200, new="in public", receipt=2),
    ]
    draft = begin(log=log)
    tell_step(draft, firing("150%"), CLOCK, [agents["bo"]])
    text = words(draft.notices[0])
    assert text.count(": opened") == text.count("a mail came in") == 1
    labels = [link["label"] for link in draft.notices[0].facts["commands"]]
    assert labels == ["#assign", "#team", "#breach", "#status", "#help"]


def test_a_long_history_is_told_by_its_first_and_its_latest_lines(begin, agents):
    log = [
        line("created", 999, new="new"),
        *(line("breach", 500 - n, new=f"r{n}") for n in range(40)),
    ]
    draft = begin(log=log)
    tell_step(draft, firing("150%"), CLOCK, [agents["bo"]])
    text = words(draft.notices[0])
    assert ": opened" in text
    assert "reason given: r39" in text
    assert "reason given: r5 " not in text
    assert "29 steps in between left out." in text
    source = SOURCES.find("sla_manager", "en")
    facts = draft.notices[0].facts
    shown = render(source, facts, timezone="Europe/Oslo", language="en").text
    assert "What happened\n\n29 steps in between left out." in shown


@pytest.mark.parametrize("zone", ["Europe/Oslo", "America/New_York", "Asia/Kolkata"])
def test_a_page_has_140_characters_at_most(begin, agents, zone):
    long = "A printer on the third floor of the old building, and what else " * 5
    draft = begin(
        subject=long, requester=Address("Wolfeschlegelsteinhausenbergerdorff " * 3, "w@example.org")
    )
    late = replace(CLOCK, remaining=-timedelta(hours=1))
    page(draft, firing("100%"), late, replace(agents["kari"], pager=PAGER), 12)
    source = SOURCES.find("page", "en")
    for notice in draft.notices:
        text = render(source, notice.facts, timezone=zone, language="en").text.strip()
        assert len(text) <= 140
        assert "late since" in text
        assert "#ack" in text
        assert text.endswith("(12)")
    assert len(draft.notices) == 2


def test_a_page_goes_to_the_mailbox_and_to_the_pager(begin, agents, world):
    draft = begin()
    page(draft, firing("100%"), CLOCK, replace(agents["kari"], pager=PAGER), 1)
    mail, paged = draft.notices
    assert [mail.to.address, paged.to.address] == ["kari@example.com", PAGER]
    assert (mail.cause, mail.timezone) == (paged.cause, paged.timezone)
    assert (mail.useful_for, paged.useful_for) == (None, timedelta(hours=2))
    assert "Answer #ack" in words(mail)
    assert "Answer our mail: #ack" in words(paged)
    assert paged.references == ()
    assert [party.address.address for party in draft.parties(Role.AGENT)] == ["kari@example.com"]


def test_an_agent_without_a_pager_is_paged_by_mail_alone(begin, agents):
    draft = begin()
    page(draft, firing("100%"), CLOCK, agents["kari"], 1)
    assert told(draft) == [("page", "kari@example.com")]


def test_repeated_pages_are_different_mails(begin, agents):
    draft = begin()
    for number in (1, 2):
        page(draft, firing("100%"), CLOCK, agents["kari"], number)
    first, second = finished(draft, "due:1").notices
    assert first.cause != second.cause
    assert first.message_id != second.message_id


def test_the_owner_is_asked_for_a_word_to_the_requester(begin, agents, world):
    draft = begin()
    nudge_owner(draft, [agents["kari"]], DUE_AT)
    (notice,) = draft.notices
    assert purpose(world, notice) is Purpose.AGENT
    assert "Tell Ada Berg how it goes by Mon, 23 Nov 2026, 11:00 CET" in words(notice)


def test_a_silent_case_is_told_with_the_last_public_word(begin, agents):
    log = [
        line("message", 60 * 24 * 4, new="out public"),
        line("message", 60, new="in internal"),
    ]
    draft = begin(log=log)
    tell_stale(draft, [agents["kari"], agents["bo"]], NOW - timedelta(days=4))
    assert [notice.to.address for notice in draft.notices] == ["kari@example.com", "bo@example.com"]
    assert "Silent since Thu, 19 Nov 2026" in words(draft.notices[0])
    assert "hears of it" not in words(draft.notices[0])


def test_the_owner_of_a_silent_case_reads_that_the_lead_is_next(begin, agents, world):
    rules = replace(world.rules, teams=(Team("first-line", lead="bo"), Team("finance")))
    for since, said in (
        (NOW - timedelta(days=4), "the next mail goes to Bo Li on"),
        (NOW - timedelta(days=30), "No further mail follows about this silence."),
    ):
        draft = begin(rules)
        tell_stale(draft, [agents["kari"]], since)
        assert said in words(draft.notices[0])


def test_a_case_that_comes_back_again_and_again_is_told(begin, agents):
    draft = begin()
    tell_reopens(draft, [agents["bo"]], 3)
    assert "Solved 3 times and open again" in words(draft.notices[0])


# --- the requester ------------------------------------------------------------------------------


def told(draft):
    return [(notice.kind, notice.to.address) for notice in draft.notices]


def events(draft):
    return [one for one in draft.changes if isinstance(one, NoteEvent)]


BOTH = ["ada@example.org", "cy@example.org"]


def test_a_delay_is_told_to_all_who_take_part_and_heard_by_the_update_clock(begin):
    draft = begin()
    tell_delay(draft, CLOCK, LATER)
    assert told(draft) == [("delay", address) for address in BOTH]
    assert events(draft) == [NoteEvent(7, "told", "delay", LATER.isoformat())]
    text = words(draft.notices[0])
    assert "We wanted to answer you about “Printer is dead” by Mon, 23 Nov 2026, 11:00 CET." in text
    assert "You hear from us again by Tue, 24 Nov 2026, 10:00 CET" in text
    assert "Kari Nordmann has your case." in text
    assert draft.notices[0].auto_submitted == "auto-generated"
    assert draft.notices[0].reverse_path


def test_a_delay_promises_no_next_word_where_none_is_coming(begin):
    draft = begin()
    tell_delay(draft, CLOCK, None)
    text = words(draft.notices[0])
    assert "again by" not in text
    assert "as soon as we can answer" in text


def test_progress_is_told_to_the_requester_alone(begin):
    draft = begin(status=Status.ON_HOLD)
    tell_progress(draft, LATER)
    assert told(draft) == [("progress", "ada@example.org")]
    assert events(draft) == [NoteEvent(7, "told", "progress", LATER.isoformat())]
    assert "waits for a supplier" in words(draft.notices[0])


def test_a_reminder_quotes_the_question_and_says_what_comes(begin):
    draft = begin(status=Status.WAITING_USER)
    remind_requester(draft, 1, LATER)
    remind_requester(draft, 2, LATER)
    first, last = map(words, draft.notices)
    assert [notice.to.address for notice in draft.notices] == ["ada@example.org"] * 2
    assert "Kari Nordmann asked you something" in first
    assert "> Which lamp is red?" in first
    assert "we close the case on Tue, 24 Nov 2026, 10:00 CET" in first
    assert "Last reminder" not in first
    assert "Last reminder" in last
    assert events(draft) == []


def test_a_reminder_without_an_end_says_that_the_case_waits(begin):
    draft = begin(status=Status.WAITING_USER)
    remind_requester(draft, 1, None)
    assert "the case goes on waiting for you" in words(draft.notices[0])


@pytest.mark.parametrize(
    ("why", "said"),
    [("silence", "we take it that it works"), ("unanswered", "have heard nothing")],
)
def test_the_end_of_a_case_is_told_with_its_reason(begin, why, said):
    draft = begin(status=Status.CLOSED)
    tell_closed(draft, why)
    assert told(draft) == [("closed", address) for address in BOTH]
    assert said in words(draft.notices[0])


def test_a_specialist_takes_over(begin):
    draft = begin()
    tell_referred(draft)
    assert told(draft) == [("specialist", address) for address in BOTH]
    assert words(draft.notices[0])


def test_who_wants_no_automatic_mail_gets_none_and_the_reason_is_noted(begin):
    draft = begin(want_no_mail=["ada@example.org"])
    tell_delay(draft, CLOCK, LATER)
    tell_progress(draft, LATER)
    remind_requester(draft, 1, LATER)
    tell_closed(draft, "silence")
    assert told(draft) == [("delay", "cy@example.org"), ("closed", "cy@example.org")]
    assert events(draft) == []
    assert "no progress mail to ada@example.org: asked for no more automatic mail" in draft.reasons


def generic(world, unverified="generic"):
    return replace(world.rules, acknowledge=Acknowledge(unverified, 0))


def test_whose_name_anybody_may_have_used_is_told_nothing_that_was_written_in_it(begin, world):
    draft = begin(generic(world), proved=())
    tell_delay(draft, CLOCK, LATER)
    notice = draft.notices[0]
    assert notice.subject == "Your request [#7]"
    assert notice.to == Address("", "ada@example.org")
    assert "Printer" not in words(notice)
    assert "Kari" not in words(notice)


@pytest.mark.parametrize(
    "line",
    [
        LogLine(NOW, "message", new="out public"),
        LogLine(NOW, "created", old="kari", new="new"),
    ],
    ids=["answered", "logged"],
)
def test_whom_an_agent_has_answered_or_written_down_is_believed(begin, world, line):
    draft = begin(generic(world), proved=(), log=[line])
    tell_delay(draft, CLOCK, LATER)
    assert draft.notices[0].subject == "Re: Printer is dead [#7]"
    assert "“Printer is dead”" in words(draft.notices[0])


def test_where_senders_without_proof_are_not_acknowledged_they_hear_of_no_delay(begin, world):
    draft = begin(generic(world, "none"), proved=())
    tell_progress(draft, LATER)
    assert draft.notices == []
    assert events(draft) == []
    assert draft.reasons == [
        "no progress mail to ada@example.org: senders without proof are not written to"
    ]


# --- promises in other mails --------------------------------------------------------------------


@pytest.fixture
def promising(world):
    """The desk's rules, with a promise in office hours."""
    times = {
        ClockName.FIRST_RESPONSE: timedelta(hours=4),
        ClockName.RESOLUTION: timedelta(hours=16),
    }
    policy = Policy("gold", dict.fromkeys(Priority, Targets("oslo", times)))
    return replace(
        world.rules,
        calendars={"oslo": OFFICE},
        promises=(Promise(policy, EVERYBODY),),
        timezone="Europe/Oslo",
    )


AT_NIGHT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def notice_of(plan, kind):
    (notice,) = [one for one in plan.notices if one.kind == kind]
    return notice


def opened(world, promising, at=NOW, level=Level.V1, **rules):
    world.rules, world.now = replace(promising, **rules), at
    return world.decide(world.mail(), level=level)


def test_an_acknowledgement_promises_an_answer_by_date_time_and_zone(world, promising):
    plan = opened(world, promising)
    text = words(notice_of(plan, "received"))
    assert "a colleague reads it and answers you by Mon, 23 Nov 2026, 14:00 CET." in text
    assert "due Mon, 23 Nov 2026, 14:00 CET" in words(plan.notices[-1])


def test_a_sender_without_proof_is_promised_nothing(world, promising):
    plan = opened(world, promising, level=Level.V0, acknowledge=Acknowledge("generic", 0))
    assert notice_of(plan, "received").facts.get("answer_by") is None


def test_an_acknowledgement_out_of_hours_says_when_we_open_and_by_when_we_answer(world, promising):
    text = words(notice_of(opened(world, promising, AT_NIGHT), "received_closed"))
    assert "We are closed now, outside our opening hours." in text
    assert "We open on Tue, 24 Nov 2026, 08:00 CET" in text
    assert "answers you by Tue, 24 Nov 2026, 12:00 CET" in text


def test_an_acknowledgement_on_a_holiday_names_it(world, promising):
    closed = replace(OFFICE, holidays={date(2026, 11, 23): "Founders’ Day"})
    plan = opened(world, promising, calendars={"oslo": closed})
    assert "We are closed now (Founders’ Day)." in words(notice_of(plan, "received_closed"))


def test_a_desk_without_promises_never_says_that_it_is_closed(world):
    world.now = AT_NIGHT
    notice_of(world.decide(world.mail(), level=Level.V1), "received")


def asked(world, promising, text, **fields):
    """The letter to Ada when Kari answers her with this."""
    world.rules = promising
    ticket = world.ticket_facts(policy="gold", status=Status.OPEN, assignee="kari", **fields)
    mail = world.to(world.agent_address(), sender=world.kari, text=text)
    plan = world.decide(mail, world.facts(ticket), level=Level.V2)
    (notice,) = [one for one in plan.notices if one.to.address == "ada@example.org"]
    return notice


def test_words_that_wait_for_an_answer_are_a_question_with_its_dates(world, promising):
    notice = asked(world, promising, "#wait\n\nWhich lamp is red?")
    text = words(notice)
    assert notice.kind == "question"
    assert notice.auto_submitted == ""
    assert text.startswith("Which lamp is red? Kari Nordmann IT Service Desk")
    assert "we remind you on Wed, 25 Nov 2026, 10:00 CET" in text
    assert "close the case on Tue, 1 Dec 2026, 10:00 CET" in text


def test_a_question_until_a_day_says_that_we_look_again_then(world, promising):
    text = words(asked(world, promising, "#wait 1d\n\nWhich lamp is red?"))
    assert "remind" not in text
    assert "close the case" not in text
    assert "On Tue, 24 Nov 2026" in text
    assert "we look at it again, even without an answer." in text


def test_an_answer_without_wait_is_no_question(world, promising):
    assert asked(world, promising, "The red lamp is right.").kind == "reply"


def test_a_solved_case_says_when_it_is_closed_and_a_complaint_does_not(world, promising):
    text = words(asked(world, promising, "#solve\n\nIt works."))
    assert "the case closes on Mon, 30 Nov 2026, 10:00 CET" in text
    notice = asked(world, promising, "#solve\n\nIt works.", type=TicketType.COMPLAINT)
    assert "closes on" not in words(notice)


def test_a_desk_that_never_closes_cases_says_so_nowhere(world, promising):
    never = replace(promising, follow_up=FollowUp((), 0, 0, 0))
    assert "closes on" not in words(asked(world, never, "#solve\n\nIt works."))
    text = words(asked(world, never, "#wait\n\nWhich lamp is red?"))
    assert "If we hear nothing, the case waits for you." in text


# --- what every letter asks -----------------------------------------------------------------------


def test_what_letters_say_of_the_ticket_is_worked_out_once_until_it_changes(begin):
    draft, asked = begin(), []

    def work(asking):
        asked.append(asking.ticket.priority)
        return len(asked)

    assert [draft.once(work), draft.once(work)] == [1, 1]
    draft.add_party(Address("Bo", "bo@example.com"), Role.AGENT)
    assert draft.once(work) == 1
    draft.change(SetDetail(draft.ticket.number, Detail.PRIORITY, "P1"))
    assert [draft.once(work), draft.once(work)] == [2, 2]
    assert asked[-1] == "P1"
