"""Which words are understood, and what is suggested for those that are not."""

import pytest

from maildesk.policy.commands.reading import ENGLISH, VERBS, vocabulary
from maildesk.policy.commands.vocabulary import IMPLIED, distance, fold

WORDS = vocabulary({"gelöst": "solve", "解决": "solve", "dringend": "urgent", "warten": "wait"})


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_known_by_its_own_name(verb):
    assert WORDS.find(verb) == verb


@pytest.mark.parametrize(
    ("written", "verb"),
    [
        ("Solve", "solve"),
        ("SOLVED", "solve"),
        ("solve.", "solve"),
        ("done!", "solve"),
        ("claim:", "take"),
        ("ｓｏｌｖｅ", "solve"),
        ("so\u200blve\ufeff", "solve"),
        ("\u00adwait\u200e", "wait"),
        ("GELÖST", "solve"),
        ("gelo\u0308st", "solve"),
        ("解决。", "solve"),
    ],
)
def test_word_is_known_however_it_is_written(written, verb):
    assert WORDS.find(written) == verb


def test_urgent_says_priority_and_which_in_every_language():
    assert (WORDS.find("urgent"), WORDS.implied("urgent")) == ("priority", "P1")
    assert (WORDS.find("Dringend"), WORDS.implied("Dringend")) == ("priority", "P1")
    assert WORDS.implied("prio") == ""


def test_aliases_stand_for_verbs_that_there_are():
    assert {*ENGLISH.values(), *(verb for verb, _ in IMPLIED.values())} <= set(VERBS)
    assert not set(ENGLISH) & set(VERBS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("colse", "close"),
        ("slove", "solve"),
        ("sovle", "solve"),
        ("clos", "close"),
        ("asign", "assign"),
        ("priorty", "priority"),
        ("shedul", "schedule"),
        ("warte", "warten"),
        ("gelost", "gelöst"),
        ("unasing", "unassign"),
    ],
)
def test_slip_of_the_finger_is_understood(written, meant):
    assert WORDS.find(written) is None
    assert WORDS.suggest(written)[0] == meant


def test_one_word_is_suggested_for_each_verb():
    assert WORDS.suggest("solvd") == ("solve",)
    assert set(WORDS.suggest("shol")) == {"show"}
    assert WORDS.suggest("solvr") == ("solve",)


@pytest.mark.parametrize(
    "written", ["fridayfeeling", "x", "", "foo", "ta", "include", "s" * 10_000, "Kunde"]
)
def test_word_like_no_other_has_no_suggestion(written):
    assert WORDS.suggest(written) == ()


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("", "", 0), ("ab", "ba", 1), ("close", "colse", 1), ("abc", "", 3), ("cat", "cart", 1)],
)
def test_distance_counts_slips(one, other, slips):
    assert distance(one, other) == distance(other, one) == slips


def test_folding_a_pile_of_marks_is_quick_and_short():
    assert len(fold("a" + "\u0301\u0323" * 200_000)) <= 100


def test_words_equally_near_are_all_suggested():
    several = vocabulary({"warten": "wait", "karten": "show"})
    assert set(several.suggest("garten")) == {"warten", "karten"}
    assert several.suggest("wartn") == ("warten",)
