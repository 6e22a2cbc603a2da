"""Instants, lengths of time and clocks as the command line writes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any


def local(at: datetime, zone: tzinfo | None = None) -> str:
    """Return "Mon 2026-11-23 09:15 CET", in the zone of the terminal (`TZ`) if none is given."""
    shown = at.astimezone(zone)
    return f"{shown:%a %Y-%m-%d} {clock_time(shown)} {shown:%Z}"


def clock_time(at: datetime) -> str:
    """Return the time of the day, with seconds only where there are any."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def local_words(written: str | None, zone: tzinfo | None = None) -> str:
    """Return an instant of our JSON in the same form, "" for none."""
    return local(datetime.fromisoformat(written), zone) if written else ""


def length(time: timedelta) -> str:
    """Return "27 h 5 min 30 s": hours are never made days, which are not equally long."""
    seconds = round(abs(time).total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    words = " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"
    return f"-{words}" if time < timedelta() and seconds else words


def clock_words(clock: Mapping[str, Any], zone: tzinfo | None = None) -> str:
    """Return how a clock stands, from its JSON object."""
    state = str(clock["state"]).replace("_", " ")
    due, met = local_words(clock["due_at"], zone), local_words(clock["met_at"], zone)
    left = clock["remaining_min"]
    words = {
        "running": f"running, due {due}" if due else "running",
        "breached": f"breached, was due {due}",
        "met": f"met {met}, due {due}",
        "met late": f"met late {met}, was due {due}",
    }.get(state, state)
    if left is None:
        return words
    open_time = length(timedelta(minutes=int(abs(left))))
    return f"{words}, {open_time} late" if left < 0 else f"{words}, {open_time} left"
