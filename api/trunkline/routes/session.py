"""The database session of a request: one transaction, committed when the endpoint returns."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from trunkline.access.audit import signed

if TYPE_CHECKING:
    from trunkline.access import Caller


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions.begin() as session:
        if request.method not in ("GET", "HEAD"):
            await sign(session, request)
        yield session


async def sign(session: AsyncSession, request: Request) -> None:
    """What the transaction changes is on record as made by the request's caller."""
    caller: Caller | None = getattr(request.state, "caller", None)
    await signed(session, caller, address_of(request))


def address_of(request: Request) -> str:
    """Where the request came from; behind a proxy what uvicorn makes of its headers (FORWARDED_ALLOW_IPS)."""
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    """Whom attempts without a token are counted for: one who has an IPv6 address has 2^64 of them."""
    try:
        address = ip_address(address_of(request))
    except ValueError:
        return address_of(request)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))


async def _reader(request: Request) -> AsyncIterator[AsyncConnection]:
    async with request.app.state.reader.connect() as connection:
        yield connection


Reader = Annotated[AsyncConnection, Depends(_reader, scope="function")]
"""For what only reads: no transaction, so two reads may see two states."""

# The scope makes the commit happen before the answer is sent: who reads "202" finds the run.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]
