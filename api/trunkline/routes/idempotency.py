"""Idempotency-Key: the same key and request again answers with what was made then."""

import hashlib
import json
import uuid
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.db.models import IdempotencyKey, Run
from trunkline.errors import Conflict, Invalid

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key and request again answers with the same run",
    ),
]


async def remember(
    session: AsyncSession, caller: Caller, key: str | None, body: BaseModel, run_id: uuid.UUID
) -> Run | None:
    """Note the key for this request; if it was used before, the run of then. Raises Invalid for another request's."""
    if key is None:
        return None
    request = [type(body).__name__, body.model_dump(mode="json")]
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    statement = insert(IdempotencyKey).values(created_by=caller.name, key=key, request_digest=digest, run_id=run_id)
    # Waits for another request with this key that is not yet committed.
    noted = await session.scalar(statement.on_conflict_do_nothing().returning(IdempotencyKey.key))
    if noted is not None:
        return None
    earlier = await session.get(IdempotencyKey, (caller.name, key))
    if earlier is None:
        raise Conflict("Another request with this Idempotency-Key is under way: send it again.")
    if earlier.request_digest != digest:
        raise Invalid(f"Idempotency-Key {key!r} was used for another order: choose a new key for a new order.")
    return await session.get_one(Run, earlier.run_id)
