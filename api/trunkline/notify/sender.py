"""Carries the outbox out: each destination by itself, so that a dead one is waited for by nobody else."""

import asyncio
import json
import logging
import time
import uuid
from dataclasses import dataclass
from functools import partial
from typing import cast

from sqlalchemy import delete, func, select, update

from trunkline.db.models import Delivery, DeliveryStatus, JsonObject, Notification, NotificationKind
from trunkline.db.session import SessionMaker
from trunkline.notify import email, webhook
from trunkline.notify.guard import networks
from trunkline.notify.seal import Seal, SealError
from trunkline.notify.text import subject_and_text
from trunkline.notify.webhook import DeliveryError
from trunkline.settings import Settings

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 12
_LONGEST_WAIT_S = 3600.0
# Longer than any attempt takes: then it is taken for lost with its worker, and made once more.
_LEASE_S = 60
_AT_A_TIME = 20
_KEPT_DAYS = 30
_TIDY_EVERY_S = 3600.0


def wait_s(attempts: int, first_s: float) -> float:
    """Seconds until the next attempt, after so many."""
    return min(first_s * 2.0 ** (attempts - 1), _LONGEST_WAIT_S)


@dataclass(frozen=True)
class _Claimed:
    """A message that this worker is sending."""

    id: uuid.UUID
    name: str
    attempts: int
    kind: NotificationKind
    sealed: str | None
    recipients: list[str]
    payload: JsonObject


class Sender:
    """Sends what is due; one a worker. Several workers share the outbox."""

    def __init__(self, sessions: SessionMaker, settings: Settings) -> None:
        self._sessions, self._settings = sessions, settings
        self._seal = Seal(settings.secret_key)
        self._allowed = networks(settings.webhook_allow)
        self._room = asyncio.Semaphore(_AT_A_TIME)
        self._serving: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._tidied = 0.0

    async def look(self) -> None:
        """Begin to serve each destination that something is due for; does not wait for it."""
        due = (
            select(Delivery.notification_id)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(Delivery.status == DeliveryStatus.PENDING, Delivery.next_attempt_at <= func.now())
            .where(~Notification.paused)
            .distinct()
        )
        async with self._sessions() as session:
            wanted = list(await session.scalars(due))
        for identity in wanted:
            if identity not in self._serving:
                task = asyncio.create_task(self._serve(identity), name=f"notification {identity}")
                self._serving[identity] = task
                task.add_done_callback(partial(self._ended, identity))
        if time.monotonic() - self._tidied > _TIDY_EVERY_S:
            await self._tidy()
            self._tidied = time.monotonic()

    async def close(self) -> None:
        """Stop; what was being sent is sent again by the next worker."""
        serving = list(self._serving.values())
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _ended(self, identity: uuid.UUID, task: asyncio.Task[None]) -> None:
        self._serving.pop(identity, None)
        if not task.cancelled() and (error := task.exception()):
            logger.error("notification %s: not served", identity, exc_info=error)

    async def _serve(self, identity: uuid.UUID) -> None:
        """Message by message, until nothing is due or one does not get through."""
        while (claimed := await self._claim(identity)) is not None:
            try:
                async with self._room:
                    outcome = await self._send(claimed)
            except DeliveryError as error:
                await self._failed(claimed, error)
                return
            await self._write(claimed, status=DeliveryStatus.DELIVERED, outcome=outcome, finished_at=func.now())

    async def _claim(self, identity: uuid.UUID) -> _Claimed | None:
        query = (
            select(Delivery, Notification)
            .join(Notification, Notification.id == Delivery.notification_id)
            .where(Delivery.notification_id == identity, Delivery.status == DeliveryStatus.PENDING)
            .where(Delivery.next_attempt_at <= func.now(), ~Notification.paused)
            .order_by(Delivery.next_attempt_at, Delivery.created_at)
            .limit(1)
            .with_for_update(of=Delivery, skip_locked=True)
        )
        async with self._sessions.begin() as session:
            found = (await session.execute(query)).one_or_none()
            if found is None:
                return None
            delivery, notification = found
            delivery.attempts += 1
            delivery.next_attempt_at = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, _LEASE_S)
            return _Claimed(
                delivery.id,
                notification.name,
                delivery.attempts,
                notification.kind,
                notification.sealed,
                delivery.recipients or notification.recipients,
                delivery.payload,
            )

    async def _send(self, claimed: _Claimed) -> str:
        if claimed.kind is NotificationKind.EMAIL:
            subject, text = subject_and_text(claimed.payload, self._settings.public_url)
            return await email.send(self._settings, claimed.recipients, str(claimed.id), subject, text)
        try:
            opened = self._seal.open(claimed.sealed or "")
        except SealError as error:
            raise DeliveryError(str(error)) from error
        body = json.dumps(claimed.payload, separators=(",", ":")).encode()
        url, secret = cast("str", opened["url"]), cast("str", opened["secret"])
        return await webhook.post(url, secret, str(claimed.id), body, self._allowed)

    async def _failed(self, claimed: _Claimed, error: DeliveryError) -> None:
        logger.warning("notification %s: attempt %s failed: %s", claimed.name, claimed.attempts, error)
        if error.final or claimed.attempts >= MOST_ATTEMPTS:
            await self._write(claimed, status=DeliveryStatus.GIVEN_UP, outcome=str(error), finished_at=func.now())
            return
        seconds = wait_s(claimed.attempts, self._settings.notify_retry_s)
        after = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        await self._write(claimed, outcome=str(error), next_attempt_at=after)

    async def _write(self, claimed: _Claimed, **values: object) -> None:
        """What came of the attempt, unless it was taken for lost meanwhile."""
        async with self._sessions.begin() as session:
            mine = Delivery.id == claimed.id, Delivery.attempts == claimed.attempts
            await session.execute(update(Delivery).where(*mine).values(**values))

    async def _tidy(self) -> None:
        async with self._sessions.begin() as session:
            old = func.now() - func.make_interval(0, 0, 0, _KEPT_DAYS)
            await session.execute(delete(Delivery).where(Delivery.finished_at < old))
