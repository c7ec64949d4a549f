"""What a worker does beside its runs, every heartbeat: start what is scheduled, and send what is to be told."""

import asyncio
import logging
from functools import partial

from trunkline.db.session import SessionMaker
from trunkline.notify.sender import Sender
from trunkline.schedules.fire import fire_due
from trunkline.settings import Settings

logger = logging.getLogger(__name__)


async def keep(sessions: SessionMaker, settings: Settings) -> None:
    """Until cancelled. A database that is away is waited for."""
    sender = Sender(sessions, settings)
    try:
        while True:
            for duty in (partial(fire_due, sessions), sender.look):
                try:
                    await duty()
                except Exception:
                    # Whatever is wrong with one must not end the other; it is said every time.
                    logger.exception("schedules or notifications could not be looked at")
            await asyncio.sleep(settings.heartbeat_s)
    finally:
        await sender.close()
