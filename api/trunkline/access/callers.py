"""Callers that were let in a moment ago."""

import hashlib
from datetime import UTC, datetime, timedelta

from trunkline.access.caller import Caller

KEPT_FOR = timedelta(minutes=1)
_MOST_KEPT = 1000


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    # It has 256 random bits: a fast hash is enough, nobody can guess it.
    return hashlib.sha256(secret.encode()).hexdigest()


class Callers:
    """So that not every request asks the database.

    Kept only while the connection stands on which a revocation is told, and for a minute, so that uses are noted.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Caller]] = {}
        self._keeping = False
        self.told = 0
        """How many revocations have been told of: what was looked up before the last one is not kept."""

    def find(self, secret: str) -> Caller | None:
        """Whose secret it is, if that is known."""
        kept = self._kept.get(digest_of(secret))
        if kept is None:
            return None
        since, caller = kept
        moment = datetime.now(UTC)
        ended = caller.ends_at is not None and caller.ends_at <= moment
        return None if ended or moment - since >= KEPT_FOR else caller

    def keep(self, secret: str, caller: Caller, told: int) -> None:
        """It was looked up when `told` revocations had been told of."""
        if self._keeping and told == self.told:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[digest_of(secret)] = (datetime.now(UTC), caller)

    def remember(self) -> None:
        """Revocations are told from now on."""
        self._kept.clear()
        self._keeping = True

    def forget(self) -> None:
        """Some token was revoked, or some session closed."""
        self.told += 1
        self._kept.clear()

    def stop(self) -> None:
        """Revocations are told no more."""
        self._keeping = False
        self._kept.clear()
