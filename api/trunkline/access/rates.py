"""How many requests each caller may still send, to all processes of the service together.

A bucket that fills up evenly within a minute is a row in the database. A process takes a handful out of it at a time
and counts that down by itself: few requests ask the database, and all processes together let through no more than it
had.
"""

import time
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from trunkline.db.session import SessionMaker
from trunkline.errors import TooMany, Unavailable

WINDOW_S = 60
_HANDFULS = 20
"""How many a full bucket holds. What one process has in hand and does not use, the others go without for a while."""
_MOST_CALLERS = 10_000
_TAKE = text("SELECT trunkline_take_requests(:who, :most, :wanted)")
# A bucket that is not on record is full, as is one that nobody has touched for so long.
_FORGET = text("DELETE FROM request_rates WHERE since < clock_timestamp() - make_interval(secs => :seconds)")


@dataclass
class _Hand:
    """What this process has taken out of one bucket; with nothing in it, the bucket was empty. Good until then."""

    left: int
    until: float


class Rates:
    """The buckets of one `kind`, which tells them from others of the same callers; 0 `per_minute` is without limit."""

    def __init__(self, kind: str, per_minute: int, sessions: SessionMaker) -> None:
        self._kind = kind
        self._per_minute = per_minute
        self._handful = max(1, per_minute // _HANDFULS)
        self._sessions = sessions
        self._hands: dict[str, _Hand] = {}
        self._forgot = time.monotonic()

    async def take(self, who: str) -> None:
        """Count one request. Raises TooMany, and Unavailable where the database is not migrated."""
        if self._per_minute == 0:
            return
        hand = self._hands.get(who)
        if hand is None or time.monotonic() >= hand.until:
            hand = await self._reach_for(who)
        if hand.left == 0:
            raise TooMany(f"More than {self._per_minute} requests a minute: wait, or ask for less.")
        hand.left -= 1
        if hand.left == 0:
            del self._hands[who]

    async def _reach_for(self, who: str) -> _Hand:
        bucket = {"who": f"{self._kind} {who}", "most": self._per_minute, "wanted": self._handful}
        try:
            async with self._sessions.begin() as session:
                taken = int((await session.execute(_TAKE, bucket)).scalar_one())
        except ProgrammingError:
            raise Unavailable("The database lacks a migration: run `trunkline db upgrade`.") from None
        moment = time.monotonic()
        if moment - self._forgot > WINDOW_S:
            self._forgot = moment
            async with self._sessions.begin() as session:
                await session.execute(_FORGET, {"seconds": WINDOW_S})
        if len(self._hands) >= _MOST_CALLERS:
            self._hands = {one: hand for one, hand in self._hands.items() if moment < hand.until}
            if len(self._hands) >= _MOST_CALLERS:
                self._hands.clear()
        # Another request of the same caller may have reached for it meanwhile.
        known = self._hands.get(who)
        had = known.left if known and moment < known.until else 0
        lasts_s = WINDOW_S if taken + had else WINDOW_S / self._per_minute
        self._hands[who] = hand = _Hand(taken + had, moment + lasts_s)
        return hand
