"""Bearer tokens: made once, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Token
from trunkline.errors import FieldError, Invalid, NotFound, Unauthorized

_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_LONGEST_NAME = 100
_MOST_KEPT = 1000
REVOCATIONS = "trunkline_token"
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


class Callers:
    """Tokens that were let in a moment ago, so that not every request asks the database.

    Kept only while the connection stands on which a revocation is told, and for a minute, so that uses are noted.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Caller]] = {}
        self._keeping = False
        self.told = 0
        """How many revocations have been told of: what was looked up before the last one is not kept."""

    def find(self, token: str) -> Caller | None:
        """Whose token it is, if that is known."""
        kept = self._kept.get(_digest(token))
        return kept[1] if kept and datetime.now(UTC) - kept[0] < _USE_IS_NOTED_EVERY else None

    def keep(self, token: str, caller: Caller, told: int) -> None:
        """It was looked up when `told` revocations had been told of."""
        if self._keeping and told == self.told:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[_digest(token)] = (datetime.now(UTC), caller)

    def remember(self) -> None:
        """Revocations are told from now on."""
        self._kept.clear()
        self._keeping = True

    def forget(self) -> None:
        """Some token was revoked."""
        self.told += 1
        self._kept.clear()

    def stop(self) -> None:
        """Revocations are told no more."""
        self._keeping = False
        self._kept.clear()


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
    await _tell(session)


async def revoke_tokens_named(session: AsyncSession, name: str) -> None:
    """All tokens called `name` open nothing any more."""
    named = update(Token).where(Token.name == name.strip(), Token.revoked_at.is_(None))
    await session.execute(named.values(revoked_at=datetime.now(UTC)))
    await _tell(session)


async def _tell(session: AsyncSession) -> None:
    """Every process that keeps callers hears of it when the session commits."""
    await session.execute(select(func.pg_notify(REVOCATIONS, "")))


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
