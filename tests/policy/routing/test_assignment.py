"""Who gets a new ticket where a rule leaves it to the desk."""

from collections import Counter
from datetime import timedelta

from maildesk.policy.routing.assignment import choose


def test_turns_go_round_among_those_who_are_there(world):
    owners, turns = [], {}
    for number in range(1, 7):
        facts = world.facts(turns=dict(turns))
        owner, why = choose("round_robin", "first-line", world.rules, facts)
        turns["first-line", owner.handle] = number
        owners.append(owner.handle)
        assert owner.handle in why
    assert owners == ["kari", "bo"] * 3


def test_who_is_away_is_passed_over_and_comes_first_when_he_is_back(world):
    turns = {("first-line", "kari"): 1, ("first-line", "bo"): 5}
    away = world.facts(turns=turns, absent={"kari": world.now + timedelta(days=1)})
    assert choose("round_robin", "first-line", world.rules, away)[0].handle == "bo"
    back = world.facts(turns=turns)
    assert choose("round_robin", "first-line", world.rules, back)[0].handle == "kari"


def test_turns_of_another_team_do_not_count(world):
    facts = world.facts(turns={("finance", "kari"): 9})
    assert choose("round_robin", "first-line", world.rules, facts)[0].handle == "kari"


def test_the_least_loaded_gets_it_and_of_equals_whose_turn_it_is(world):
    facts = world.facts(loads={"kari": 3, "bo": 2})
    assert choose("least_loaded", "first-line", world.rules, facts)[0].handle == "bo"
    equal = world.facts(loads={"kari": 2, "bo": 2}, turns={("first-line", "kari"): 4})
    assert choose("least_loaded", "first-line", world.rules, equal)[0].handle == "bo"


def test_loads_even_out(world):
    loads = Counter(kari=5, bo=0)
    for _ in range(9):
        facts = world.facts(loads=dict(loads))
        loads[choose("least_loaded", "first-line", world.rules, facts)[0].handle] += 1
    assert loads == {"kari": 7, "bo": 7}


def test_nobody_there_assigns_to_nobody_and_says_so(world):
    until = world.now + timedelta(days=1)
    facts = world.facts(absent={"kari": until, "bo": until})
    owner, why = choose("round_robin", "first-line", world.rules, facts)
    assert (owner, why) == (None, "assigned to nobody: nobody of first-line is there")
    assert choose("least_loaded", "no such team", world.rules, world.facts())[0] is None


def test_a_person_who_is_gone_gets_nothing(world):
    assert choose("gone", "first-line", world.rules, world.facts()) == (
        None,
        "assigned to nobody: there is no agent gone",
    )
