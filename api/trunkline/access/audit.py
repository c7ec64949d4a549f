"""The audit trail: who did what, from where, to what.

Changes are written by triggers on the tables, whatever made them; refusals are written here. Nothing changes or deletes
an entry: the database refuses it.
"""

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access.caller import Caller
from trunkline.db.models import AuditEntry, JsonObject

_LONGEST = 100


async def signed(session: AsyncSession, caller: Caller | None, address: str) -> None:
    """Until the transaction ends, what it changes is recorded as the caller's."""
    await session.execute(
        select(
            func.set_config("trunkline.actor", caller.name if caller else "", True),
            func.set_config("trunkline.via", caller.via if caller else "", True),
            func.set_config("trunkline.address", address, True),
        )
    )


async def record(
    session: AsyncSession, caller: Caller, address: str, action: str, kind: str, object_id: str, after: JsonObject
) -> None:
    """Record what no table shows, such as a refusal; the caller commits."""
    entry = {
        "actor": caller.name,
        "via": caller.via,
        "address": address,
        "action": action,
        "kind": kind,
        "object_id": object_id[: 2 * _LONGEST],
        "before": {},
        "after": after,
    }
    await session.execute(insert(AuditEntry).values(entry))
