"""Who is logged in: a session a browser, kept in this process."""

import secrets
import time
from dataclasses import dataclass, field

COOKIE = "trunkline_session"
_LASTS_S = 12 * 3600
_MOST = 10_000


@dataclass(frozen=True)
class Opened:
    """A session; `csrf` stands in every form that changes something."""

    id: str
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    until: float


class Sessions:
    """The sessions of a process; each holds the token that opened it, so that a revoked token opens nothing."""

    def __init__(self) -> None:
        self._opened: dict[str, Opened] = {}

    def open(self, token: str) -> Opened:
        """A new session for who has this token."""
        now = time.monotonic()
        self._opened = {key: kept for key, kept in self._opened.items() if kept.until > now}
        if len(self._opened) >= _MOST:
            del self._opened[min(self._opened, key=lambda key: self._opened[key].until)]
        made = Opened(secrets.token_urlsafe(32), token, secrets.token_urlsafe(32), now + _LASTS_S)
        self._opened[made.id] = made
        return made

    def find(self, session_id: str | None) -> Opened | None:
        """The session that a cookie names."""
        found = self._opened.get(session_id or "")
        return found if found and found.until > time.monotonic() else None

    def close(self, session_id: str) -> None:
        """Log out."""
        self._opened.pop(session_id, None)
