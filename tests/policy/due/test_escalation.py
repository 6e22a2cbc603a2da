"""Who is told of a step: somebody, always, and not whoever is away."""

from dataclasses import replace

import pytest
from policy.clock_logs import at, case
from stories.promises import rules

from maildesk.policy.due.escalation import escalated_to
from maildesk.policy.due.timers import occasion
from maildesk.policy.rules import Team

TEAM = Team("first-line", lead="bo", manager="mona", next="second-line")
AWAY = at("12-24 08:00")


def told(*names, absent=(), configured=TEAM, **ticket):
    """The agents (handles) whom these words name."""
    known = rules()
    others = tuple(each for each in known.teams if each.handle != "first-line")
    desk = replace(known, teams=(*others, configured))
    away = dict.fromkeys(absent, AWAY)
    draft = occasion("step", case(**ticket), desk, at("12:00"), away)
    return [agent.handle for agent in escalated_to(draft, names)]


@pytest.mark.parametrize(
    ("names", "fields", "expected"),
    [
        (["owner"], {"assignee": "kari"}, ["kari"]),
        (["owner"], {}, ["kari", "bo"]),
        (["owner"], {"assignee": "kari", "absent": ["kari"]}, ["bo"]),
        (["owner"], {"assignee": "kari", "absent": ["kari", "bo"]}, ["kari", "bo"]),
        (["owner"], {"assignee": "gone"}, ["kari", "bo"]),
        (["owner", "lead"], {"assignee": "kari"}, ["kari", "bo"]),
        (["owner", "lead"], {"assignee": "bo"}, ["bo"]),
        (["owner", "lead"], {"assignee": "kari", "team": "second-line"}, ["kari"]),
        (["lead"], {"team": "second-line"}, ["tor"]),
        (["lead"], {"assignee": "kari", "team": "second-line"}, ["kari"]),
        (["manager"], {}, ["mona"]),
        (["manager"], {"team": "second-line"}, ["tor"]),
        (["manager"], {"team": "gone"}, ["kari", "bo", "mona", "tor"]),
        (["team"], {"absent": ["kari"]}, ["bo"]),
        (["unassigned"], {}, ["kari", "bo"]),
        (["unassigned"], {"assignee": "kari"}, []),
        (["unassigned", "lead"], {"assignee": "kari"}, ["bo"]),
        (["requester"], {}, []),
        (["owner", "requester"], {"assignee": "kari"}, ["kari"]),
        (["tor"], {}, ["tor"]),
        (["second-line"], {}, ["tor"]),
        (["second-line"], {"absent": ["tor"]}, ["tor"]),
        (["no such word"], {"assignee": "kari"}, ["kari"]),
        ([], {}, []),
    ],
)
def test_words_name_people(names, fields, expected):
    assert told(*names, **fields) == expected


def test_team_without_lead_and_manager_still_hears_of_its_steps():
    bare = Team("first-line")
    assert told("lead", configured=bare) == ["kari", "bo"]
    assert told("manager", configured=bare, assignee="kari") == ["kari"]


def test_lead_who_is_gone_from_the_configuration_is_nobody():
    assert told("owner", "lead", configured=replace(TEAM, lead="gone"), assignee="kari") == ["kari"]
