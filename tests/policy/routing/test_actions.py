"""Every action: what it makes of a route, and what is refused as one."""

from dataclasses import replace

import pytest

from maildesk.model.facts import Level
from maildesk.model.plan import Route
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.routing.actions import ACTIONS
from maildesk.policy.routing.routes import route
from maildesk.policy.routing.rule import BadRule, View
from maildesk.policy.routing.rule_file import compile_rule
from maildesk.policy.routing.urgency import LEVELS, MATRIX, priority_of
from maildesk.policy.routing.values import fill, group_key, places

MADE = [
    ({"queue": "finance"}, {"queue": "finance", "team": "finance"}),
    ({"team": "finance"}, {"queue": "helpdesk", "team": "finance"}),
    ({"assign": "kari"}, {"assign": "kari"}),
    ({"assign": "round_robin"}, {"assign": "round_robin"}),
    ({"priority": "P1"}, {"priority": Priority.P1}),
    ({"priority": "p2"}, {"priority": Priority.P2}),
    ({"impact": "high"}, {"priority": Priority.P2}),
    ({"urgency": "low"}, {"priority": Priority.P4}),
    ({"impact": "high", "urgency": "high"}, {"priority": Priority.P1}),
    ({"type": "question"}, {"type": TicketType.QUESTION}),
    ({"tags": "VPN"}, {"tags": ("vpn",)}),
    ({"tags": ["a", "a", "{word}"]}, {"tags": ("a", "printer")}),
    ({"fields": {"x": "{word}!", "y": "{gone}"}}, {"fields": {"x": "Printer!"}}),
    ({"fields": {"who": "{sender_domain}"}}, {"fields": {"who": "example.org"}}),
    ({"sla": "gold"}, {"sla": "gold"}),
    ({"watchers": ["bo", "A@B.org"]}, {"watchers": ("bo", "a@b.org")}),
    ({"template": "vip"}, {"template": "vip"}),
    ({"acknowledge": False}, {"is_acknowledged": False}),
    ({"notify": "lead"}, {"notify": ("lead",)}),
    ({"notify": ["lead", "bo"]}, {"notify": ("lead", "bo")}),
    ({"solve": True}, {"status": Status.SOLVED}),
    ({"hold": True}, {"status": Status.ON_HOLD}),
    ({"drop": "no {word}"}, {"dropped": "no Printer"}),
    ({"drop": "{gone}"}, {"dropped": "its rule gives no reason"}),
    ({"accept": True}, {"is_accepted": True}),
    ({"requester": "reply_to"}, {"requester": "reply_to", "is_accepted": True}),
    ({"requester": "{sender}"}, {"requester": "ada@example.org", "requester_level": Level.V0}),
    ({"requester": "<{sender}>"}, {"requester": "ada@example.org", "is_form": True}),
    ({"requester": "{sender}", "level": "V1"}, {"requester_level": Level.V1}),
    ({"group_by": " {word} {sender_domain}"}, {"group_key": "printer example.org"}),
]


@pytest.mark.parametrize(("then", "expected"), MADE, ids=lambda one: str(one)[:50])
def test_actions_make_a_route(world, then, expected):
    when = {"any": [{"subject_matches": r"(?P<word>Printer)( (?P<gone>toner))?"}]}
    rule = compile_rule({"name": "x", "when": when, "then": then})
    rules = replace(world.rules, routing=(rule,))
    made = route(View(rules, world.now, world.ticket(0), world.mail()), rules)
    assert {name: getattr(made, name) for name in expected} == expected


def test_every_action_stands_in_the_table_and_has_a_line_for_the_docs():
    assert {name for then, _ in MADE for name in then} == set(ACTIONS) - {"within"}
    for action in ACTIONS.values():
        assert action.description.endswith(".")
        assert action.shape.schema
        assert action.shape.words


def test_the_matrix_gives_every_pair_a_priority_that_never_falls_with_either():
    order = {
        (impact, urgency): priority_of(impact, urgency) for impact in LEVELS for urgency in LEVELS
    }
    assert order == dict(MATRIX)
    for place, level in enumerate(LEVELS[1:]):
        for other in LEVELS:
            assert order[LEVELS[place], other] <= order[level, other]
            assert order[other, LEVELS[place]] <= order[other, level]
    assert priority_of("", "") is Priority.P3


def test_the_desks_own_matrix_is_asked(world):
    own = replace(world.rules, matrix={**MATRIX, ("high", "low"): Priority.P1})
    loud = ACTIONS["impact"].carry_out(Route("helpdesk", "first-line"), "high", own)
    assert ACTIONS["urgency"].carry_out(loud, "low", own).priority is Priority.P1


def test_a_later_word_on_priority_wins_over_what_went_into_it(world):
    start = Route("helpdesk", "first-line")
    loud = ACTIONS["impact"].carry_out(start, "high", world.rules)
    plain = ACTIONS["priority"].carry_out(loud, "P4", world.rules)
    assert ACTIONS["urgency"].carry_out(plain, "medium", world.rules).priority is Priority.P3


# --- what a mail fills --------------------------------------------------------------------------


def test_a_filled_value_is_one_short_line_and_is_not_filled_again():
    hostile = "{b}\r\nBcc: x@y.z\u202e" + "z" * 5000
    filled = fill("<{a}>", {"a": hostile, "b": "no"})
    assert filled.startswith("<{b} Bcc: x@y.z")
    assert filled.isprintable()
    assert len(filled) == 202


def test_places_are_found_in_lists_and_mappings():
    assert places({"x": "{a}", "y": "{b} {c}"}) == {"a", "b", "c"}
    assert places(["{a}", "b"]) == {"a"}
    assert places("{}{ a}") == set()


def test_keys_of_groups_know_no_case_and_no_blanks():
    assert group_key("  Web1 \t DOWN ") == "web1 down"


def test_keys_that_begin_alike_stay_two(world):
    grouping = {"name": "x", "when": {}, "then": {"group_by": "{subject}"}}
    rules = replace(world.rules, routing=(compile_rule(grouping),))
    keys = set()
    for host in ("a", "b"):
        mail = world.mail(subject="PROBLEM " + 300 * "x" + host)
        keys.add(route(View(rules, world.now, world.ticket(0), mail), rules).group_key)
    assert len(keys) == 2
    assert {len(key) for key in keys} == {217}


# --- what is no action --------------------------------------------------------------------------

BAD = [
    ({"quue": "x"}, ("quue",), 'unknown action "quue"', 'did you mean "queue"?'),
    ({}, (), "actions are expected here", "as in {queue: helpdesk}"),
    ({"queue": 5}, ("queue",), "text is expected here, not a number", "write it in quotes"),
    (
        {"priority": "P1", "impact": "high"},
        ("priority",),
        "priority and impact contradict each other",
        "leave one of them out",
    ),
    (
        {"hold": True, "solve": True},
        ("solve",),
        "solve and hold contradict each other",
        "leave one of them out",
    ),
    (
        {"requester": "reply_to", "group_by": "x"},
        ("group_by",),
        "group_by and requester contradict each other",
        "leave one of them out",
    ),
    ({"drop": "x", "tags": ["y"]}, ("tags",), "drop opens no ticket, so tags would do nothing", ""),
    ({"drop": True}, ("drop",), "text is expected here, not true or false", "write it in quotes"),
    ({"level": "V1"}, ("level",), "level says nothing without requester", ""),
    ({"within": "4h"}, ("within",), "within says nothing without group_by", ""),
    ({"accept": False}, ("accept",), "only true makes sense here", "leave the line out"),
    ({"acknowledge": "no"}, ("acknowledge",), 'true or false is expected here, not "no"', ""),
    (
        {"requester": "reply_to", "level": "V2"},
        ("level",),
        'unknown level "V2"',
        'did you mean "V0"?',
    ),
    (
        {"tags": ["{wrod}"]},
        ("tags",),
        'no condition has a group named "wrod"',
        'did you mean "word"?',
    ),
    (
        {"group_by": "x", "within": "2bd"},
        ("within",),
        "business days are no clock's time",
        "write 15m, 4h, 2d or 1w",
    ),
    (
        {"watchers": ["a@b@c"]},
        ("watchers", 0),
        'an address is expected here, not "a@b@c"',
        "",
    ),
    ({"watchers": "bo"}, ("watchers",), "a list is expected here, not text", "write [bo]"),
    ({"fields": ["x"]}, ("fields",), "names of fields with values are expected here", None),
    ({"fields": {"x": 5}}, ("fields", "x"), "text is expected here, not a number", None),
    ({"type": "incidnet"}, ("type",), 'unknown type "incidnet"', 'did you mean "incident"?'),
]


@pytest.mark.parametrize(("then", "path", "message", "hint"), BAD, ids=lambda one: str(one)[:50])
def test_what_is_no_action_is_refused_at_its_place(then, path, message, hint):
    raw = {"name": "x", "when": {"subject_matches": "(?P<word>x)"}, "then": then}
    with pytest.raises(BadRule) as caught:
        compile_rule(raw, ("rules", 2))
    assert (caught.value.path, caught.value.message) == (("rules", 2, "then", *path), message)
    assert hint in (None, caught.value.hint)


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ("x", (), "a rule is expected here"),
        ({"name": "x"}, (), "the rule has no then"),
        ({"then": {"solve": True}}, (), "the rule has no name"),
        ({"name": "x", "then": {}, "wehn": {}}, ("wehn",), 'unknown key "wehn" in a rule'),
        ({"name": "", "then": {"solve": True}}, ("name",), "the text is empty"),
        (
            {"name": "x", "then": {"solve": True}, "continue": "yes"},
            ("continue",),
            'true or false is expected here, not "yes"',
        ),
        (
            {"name": "x", "every": "15m", "then": {"drop": "x"}},
            ("then", "drop"),
            "drop is for mail, and a rule with every: looks at tickets",
        ),
        (
            {"name": "x", "every": "soon", "then": {"solve": True}},
            ("every",),
            'a length of time is expected here, not "soon"',
        ),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_no_rule_is_refused(raw, path, message):
    with pytest.raises(BadRule) as caught:
        compile_rule(raw)
    assert (caught.value.path, caught.value.message) == (path, message)
