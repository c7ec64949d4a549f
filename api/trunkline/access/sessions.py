"""Sessions of browsers: a row here, a random cookie there."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access.audit import signed
from trunkline.access.caller import Caller
from trunkline.access.callers import digest_of
from trunkline.access.roles import parse_scopes
from trunkline.access.tokens import find_token, must_open, tell_of_revocation
from trunkline.db.models import BrowserSession, Token
from trunkline.errors import Unauthorized

COOKIE = "trunkline_session"
"""The cookie's name: HttpOnly, SameSite=Lax, and Secure wherever the service is reached through https."""

_ENDED = "The session has ended: log in again."


@dataclass(frozen=True)
class NewSession:
    """A session just opened; `cookie` is the only copy of its secret."""

    cookie: str
    caller: Caller
    expires_at: datetime


async def log_in_with_token(session: AsyncSession, token: str, lasts: timedelta, address: str) -> NewSession:
    """A session for the holder of an API token; it ends with the token. Raises Unauthorized."""
    row = await find_token(session, token.strip())
    return await open_session(session, row.name, row.scopes, lasts, address, token=row)


async def open_session(
    session: AsyncSession, name: str, scopes: list[str], lasts: timedelta, address: str, *, token: Token | None = None
) -> NewSession:
    """A session that is over after `lasts`; the caller commits and sets the cookie."""
    await signed(session, Caller(name), address)
    # Nobody else removes what has expired: it is done where new ones are made.
    await session.execute(delete(BrowserSession).where(BrowserSession.expires_at < datetime.now(UTC)))
    cookie = secrets.token_urlsafe(32)
    ends = datetime.now(UTC) + lasts
    if token is not None and token.expires_at is not None:
        ends = min(ends, token.expires_at)
    row = BrowserSession(
        id=uuid.uuid4(),
        digest=digest_of(cookie),
        csrf=secrets.token_urlsafe(32),
        name=name,
        scopes=scopes,
        token_id=token.id if token else None,
        expires_at=ends,
    )
    caller = _caller(row)
    await signed(session, caller, address)
    session.add(row)
    await session.flush()
    return NewSession(cookie, caller, ends)


async def find_session(session: AsyncSession, cookie: str) -> Caller:
    """Whose session it is. Raises Unauthorized."""
    query = select(BrowserSession, Token).outerjoin(Token, Token.id == BrowserSession.token_id)
    found = (await session.execute(query.where(BrowserSession.digest == digest_of(cookie)))).one_or_none()
    if found is None:
        raise Unauthorized(_ENDED)
    row, token = found
    if row.expires_at <= datetime.now(UTC):
        raise Unauthorized(_ENDED)
    if token is not None:
        must_open(token)
    return _caller(row)


async def close_session(session: AsyncSession, cookie: str) -> None:
    """The cookie opens nothing any more, in any process; the caller commits."""
    await session.execute(delete(BrowserSession).where(BrowserSession.digest == digest_of(cookie)))
    await tell_of_revocation(session)


def _caller(row: BrowserSession) -> Caller:
    via = f"session {str(row.id)[:8]}"
    return Caller(row.name, parse_scopes(row.scopes), via=via, csrf=row.csrf, ends_at=row.expires_at)
