"""Bearer tokens: made once, shown once, kept as a hash."""

import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access.caller import Caller
from trunkline.access.callers import KEPT_FOR, digest_of
from trunkline.access.roles import Role, Scope, parse_scopes
from trunkline.db.models import Token
from trunkline.errors import FieldError, Invalid, NotFound, Unauthorized, invalid

_LONGEST_NAME = 100
_FIRST_TOKEN_LOCK = 7_265_002  # any number that nobody else locks
PREFIX = "tl_"
REVOCATIONS = "trunkline_token"
REMEDY = "Send `Authorization: Bearer TOKEN`; `trunkline tokens create NAME` makes a token."


@dataclass(frozen=True)
class NewToken:
    """A token just made; `token` is the only copy of its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    token: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None


async def create_token(
    session: AsyncSession, name: str, scopes: Iterable[str], *, expires_at: datetime | None = None, by: str = ""
) -> NewToken:
    """Make a token called `name` (1 to 100 characters) with `scopes`; the caller commits. Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Invalid(
            "name: give 1 to 100 printable characters", [FieldError(field="name", message="1 to 100 characters")]
        )
    try:
        parsed = parse_scopes(scopes)
    except ValueError as error:
        raise invalid([FieldError(field="scopes", message=str(error))]) from None
    if not parsed:
        raise invalid([FieldError(field="scopes", message=f"give at least one, such as {Role.VIEWER}")])
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise invalid([FieldError(field="expires_at", message="must be in the future")])
    prefix = f"{PREFIX}{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = Token(
        name=name,
        prefix=prefix,
        digest=digest_of(token),
        scopes=[str(scope) for scope in parsed],
        expires_at=expires_at,
        created_by=by,
    )
    session.add(row)
    await session.flush()
    return NewToken(row.id, name, prefix, token, parsed, expires_at)


async def create_first_token(session: AsyncSession) -> NewToken | None:
    """An admin's token, where there has never been a token; the caller commits."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FIRST_TOKEN_LOCK})
    if await session.scalar(select(Token.id).limit(1)) is not None:
        return None
    return await create_token(session, "first", [Role.ADMIN], by="first start")


async def revoke_token(session: AsyncSession, token_id: uuid.UUID) -> None:
    """The token opens nothing any more; revoking again changes nothing. Raises NotFound."""
    row = await session.get(Token, token_id)
    if row is None:
        raise NotFound(f"There is no token {token_id}. GET /api/v1/tokens lists them.")
    row.revoked_at = row.revoked_at or datetime.now(UTC)
    await tell_of_revocation(session)


async def revoke_tokens_named(session: AsyncSession, name: str) -> None:
    """All tokens called `name` open nothing any more."""
    named = update(Token).where(Token.name == name.strip(), Token.revoked_at.is_(None))
    await session.execute(named.values(revoked_at=datetime.now(UTC)))
    await tell_of_revocation(session)


async def tell_of_revocation(session: AsyncSession) -> None:
    """Every process that keeps callers hears of it when the session commits."""
    await session.execute(select(func.pg_notify(REVOCATIONS, "")))


async def find_caller(session: AsyncSession, token: str) -> Caller:
    """Whose token it is. Raises Unauthorized."""
    row = await find_token(session, token)
    moment = datetime.now(UTC)
    if row.last_used_at is None or moment - row.last_used_at > KEPT_FOR:
        await session.execute(update(Token).where(Token.id == row.id).values(last_used_at=moment))
        await session.commit()
    return Caller(row.name, parse_scopes(row.scopes), via=f"token {row.prefix}", ends_at=row.expires_at)


async def find_token(session: AsyncSession, token: str) -> Token:
    """The row of a token that opens the door. Raises Unauthorized."""
    prefix = "_".join(token.split("_")[:2])
    row = await session.scalar(select(Token).where(Token.prefix == prefix))
    if row is None or not hmac.compare_digest(row.digest, digest_of(token)):
        raise Unauthorized(f"This token is not known. {REMEDY}")
    must_open(row)
    return row


def must_open(row: Token) -> None:
    """Raises Unauthorized for a token that was revoked or has expired."""
    if row.revoked_at is not None:
        raise Unauthorized(f"Token {row.name} was revoked. {REMEDY}")
    if row.expires_at is not None and row.expires_at <= datetime.now(UTC):
        raise Unauthorized(f"Token {row.name} expired at {row.expires_at.isoformat(timespec='seconds')}. {REMEDY}")
