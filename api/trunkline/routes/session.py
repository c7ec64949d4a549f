"""The database session of a request: one transaction, committed when the endpoint returns."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions.begin() as session:
        yield session


async def _reader(request: Request) -> AsyncIterator[AsyncConnection]:
    async with request.app.state.reader.connect() as connection:
        yield connection


Reader = Annotated[AsyncConnection, Depends(_reader, scope="function")]
"""For what only reads: no transaction, so two reads may see two states."""

# The scope makes the commit happen before the answer is sent: who reads "202" finds the run.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]
