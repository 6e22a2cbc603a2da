"""Random conversations: what is internal or held never leaves, no command line does, and what an
agent writes is done whole or held whole. `HYPOTHESIS_PROFILE=thorough` tries some thousands."""

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from stories.conversation_moves import ADA, KARI, Move, moves
from stories.conversations import DESK, Record

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


@settings(
    max_examples=3_000 if IS_THOROUGH else 5,
    deadline=None,
    derandomize=not IS_THOROUGH,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # a failing conversation is short enough as it is
)
@given(played=st.lists(moves, min_size=5, max_size=14))
def test_what_is_internal_or_held_never_leaves(another_house, played):
    with another_house(**DESK) as house:
        record = Record(house)
        record.play(0, Move(ADA, "new"))
        record.play(1, Move(KARI, "answer"))
        for number, move in enumerate(played, 2):
            record.play(number, move)
