"""Follow PostgreSQL's notifications on a connection of its own, over its loss too."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

_RECONNECT_AFTER_S = 1.0


async def listen(
    libpq_url: str,
    channels: Sequence[str],
    on_notice: Callable[[str, str], None],
    on_connected: Callable[[], None],
    on_lost: Callable[[], None] = lambda: None,
) -> None:
    """Call `on_notice(channel, payload)` for each notification, until cancelled.

    `on_connected` is called after every (re)connection: what was said before it may have been missed. `on_lost` is
    called as soon as the connection is known to be lost.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(libpq_url, autocommit=True) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                on_connected()
                async for notice in connection.notifies():
                    on_notice(notice.channel, notice.payload)
        except psycopg.OperationalError as error:
            on_lost()
            logger.warning("connection for notifications lost, connecting again: %s", error)
            await asyncio.sleep(_RECONNECT_AFTER_S)
