"""Where blocks of commands stand: at the very top of the new text, at its very bottom, directly
above the signature or directly behind it."""

from collections.abc import Callable, Sequence

from maildesk.mail.signatures import is_client_footer
from maildesk.policy.commands.written_lines import WrittenLine

# Tells by its place whether a line may stand in a block.
MayStand = Callable[[int], bool]


def top_block(lines: Sequence[WrittenLine], may_stand: MayStand) -> list[int]:
    """Return the places of the block at the very top; blank lines may stand between."""
    block = []
    for place, line in enumerate(lines):
        if line.is_blank:
            continue
        if line.is_signature or not may_stand(place):
            break
        block.append(place)
    return block


def bottom_block(lines: Sequence[WrittenLine], may_stand: MayStand) -> list[int]:
    """Return the places of the block at the very bottom, on both sides of the signature.

    What a phone puts below a mail by itself stands behind all that its owner wrote.
    """
    place = len(lines) - 1
    while place >= 0 and (lines[place].is_blank or _is_phones(lines[place])):
        place -= 1
    behind, place = _run_up(lines, place, may_stand)
    while place >= 0 and (lines[place].is_signature or lines[place].is_blank):
        place -= 1
    above, _ = _run_up(lines, place, may_stand)
    return behind + above


def _is_phones(line: WrittenLine) -> bool:
    is_footer = line.text.strip() == "--" or is_client_footer(line.text)
    return line.is_signature and is_footer


def _run_up(lines: Sequence[WrittenLine], place: int, may_stand: MayStand) -> tuple[list[int], int]:
    """Return the block that ends at `place`, and the place of the first line above that is none."""
    block = []
    while place >= 0:
        if not lines[place].is_blank:
            if not may_stand(place):
                break
            block.append(place)
        place -= 1
    return block, place
