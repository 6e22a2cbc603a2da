"""Mails whose FETCH fails: a damaged one must not keep the others from coming in.

After a failed fetch its mails are tried one by one, so that only the culprit fails again; at the
third strike it is set aside for an hour.
"""

import time
from collections import Counter
from collections.abc import Iterable

STRIKES = 3
SET_ASIDE_SECONDS = 3600


class Strikes:
    """Counts failed fetches by UID."""

    def __init__(self) -> None:
        self._strikes: Counter[int] = Counter()
        self._aside_until: dict[int, float] = {}

    def add(self, uids: list[int]) -> int | None:
        """Count a failed fetch of these; return the UID that is set aside by it, if one is."""
        self._strikes.update(uids)
        if len(uids) > 1 or self._strikes[uids[0]] < STRIKES:
            return None
        self._aside_until[uids[0]] = time.monotonic() + SET_ASIDE_SECONDS
        return uids[0]

    def clear(self, uids: Iterable[int]) -> None:
        """Forget the strikes of mails that were fetched."""
        for uid in uids:
            self._strikes.pop(uid, None)

    def is_suspect(self, uid: int) -> bool:
        """This mail was part of a fetch that failed."""
        return self._strikes[uid] > 0

    def is_set_aside(self, uid: int) -> bool:
        """This mail is not to be fetched now."""
        if self._aside_until.get(uid, 0) > time.monotonic():
            return True
        if self._aside_until.pop(uid, None):
            self._strikes.pop(uid, None)
        return False

    @property
    def has_set_aside(self) -> bool:
        """Some mail is waiting for another try."""
        return bool(self._aside_until)
