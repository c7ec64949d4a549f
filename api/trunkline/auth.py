"""Bearer tokens: made once, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Token
from trunkline.errors import FieldError, Invalid, NotFound, Unauthorized

_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_LONGEST_NAME = 100
REMEDY = "Send `Authorization: Bearer TOKEN`; `trunkline tokens create NAME` makes a token."


@dataclass(frozen=True)
class NewToken:
    """A token just made; `token` is the only copy of its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    token: str


@dataclass(frozen=True)
class Caller:
    """Who sent a request."""

    name: str


def _digest(token: str) -> str:
    # The secret has 256 random bits: a fast hash is enough, nobody can guess it.
    return hashlib.sha256(token.encode()).hexdigest()


async def create_token(session: AsyncSession, name: str) -> NewToken:
    """Make a token called `name` (1 to 100 characters); the caller commits. Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Invalid(
            "name: give 1 to 100 printable characters", [FieldError(field="name", message="1 to 100 characters")]
        )
    prefix = f"tl_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = Token(name=name, prefix=prefix, digest=_digest(token))
    session.add(row)
    await session.flush()
    return NewToken(row.id, name, prefix, token)


async def revoke_token(session: AsyncSession, token_id: uuid.UUID) -> None:
    """The token opens nothing any more; revoking again changes nothing. Raises NotFound."""
    row = await session.get(Token, token_id)
    if row is None:
        raise NotFound(f"There is no token {token_id}. GET /api/v1/tokens lists them.")
    row.revoked_at = row.revoked_at or datetime.now(UTC)


async def revoke_tokens_named(session: AsyncSession, name: str) -> None:
    """All tokens called `name` open nothing any more."""
    named = update(Token).where(Token.name == name.strip(), Token.revoked_at.is_(None))
    await session.execute(named.values(revoked_at=datetime.now(UTC)))


async def find_caller(session: AsyncSession, token: str) -> Caller:
    """Whose token it is. Raises Unauthorized."""
    prefix = "_".join(token.split("_")[:2])
    row = await session.scalar(select(Token).where(Token.prefix == prefix))
    if row is None or not hmac.compare_digest(row.digest, _digest(token)):
        raise Unauthorized(f"This token is not known. {REMEDY}")
    if row.revoked_at is not None:
        raise Unauthorized(f"Token {row.name} was revoked. {REMEDY}")
    moment = datetime.now(UTC)
    if row.last_used_at is None or moment - row.last_used_at > _USE_IS_NOTED_EVERY:
        await session.execute(update(Token).where(Token.id == row.id).values(last_used_at=moment))
        await session.commit()
    return Caller(row.name)
