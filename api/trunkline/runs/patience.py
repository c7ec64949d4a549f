"""Writes that must not be lost because the database is away for a moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.session import SessionMaker
from trunkline.runs.lease import Lease

logger = logging.getLogger(__name__)

_TRY_AGAIN_S = 0.5


async def write(sessions: SessionMaker, lease: Lease, what: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Do `what` in one transaction, again and again until the database takes it.

    The answer to a commit may be lost, too: `what` must find out whether it was done before. Gives up when the lease
    has run out, since another worker may have begun the stage again. Raises what the database raised then.
    """
    while True:
        try:
            async with sessions.begin() as session:
                await what(session)
        except DBAPIError as error:
            if not (is_away(error) and lease.held):
                raise
            logger.warning("the database is away, trying again: %s", error.orig)
            await asyncio.sleep(_TRY_AGAIN_S)
        else:
            return


def is_away(error: DBAPIError) -> bool:
    """Whether the database, and not what was asked of it, is the reason."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
