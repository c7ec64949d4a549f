"""Wake those who follow a run when something was recorded about it."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from trunkline.access.callers import Callers
from trunkline.access.tokens import REVOCATIONS
from trunkline.db.listen import listen
from trunkline.runs.record import RUN_CHANNEL


class Hub:
    """One connection that listens, for all followers of a process."""

    def __init__(self) -> None:
        self._followers: defaultdict[uuid.UUID, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def following(self, run_id: uuid.UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever something new may be there; clear it before you look."""
        woken = asyncio.Event()
        self._followers[run_id].add(woken)
        try:
            yield woken
        finally:
            self._followers[run_id].discard(woken)
            if not self._followers[run_id]:
                del self._followers[run_id]

    def _wake(self, run_id: uuid.UUID) -> None:
        for woken in self._followers.get(run_id, ()):
            woken.set()

    def _wake_all(self) -> None:
        for run_id in list(self._followers):
            self._wake(run_id)

    async def listen(self, libpq_url: str, callers: Callers) -> None:
        """Listen until cancelled; on the same connection for tokens that were revoked."""

        def on_notice(channel: str, payload: str) -> None:
            if channel == REVOCATIONS:
                callers.forget()
            else:
                self._wake(uuid.UUID(payload))

        def on_connected() -> None:
            callers.remember()
            self._wake_all()

        await listen(libpq_url, [RUN_CHANNEL, REVOCATIONS], on_notice, on_connected, callers.stop)
