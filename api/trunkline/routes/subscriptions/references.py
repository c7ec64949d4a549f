"""Find the subscriptions that an order's block refers to."""

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import Product, Values
from trunkline.catalog.block import references_in
from trunkline.catalog.values import flatten, put
from trunkline.db.models import Lifecycle, Subscription
from trunkline.errors import Conflict, FieldError, Json, invalid
from trunkline.runs.find import find
from trunkline.runs.start import changing_run, locked

type References = dict[tuple[str, str], Subscription]
"""What references were found to mean, by block and value, and what they still mean in the same transaction."""


async def resolve(
    session: AsyncSession, product: Product, block: Values, known: References | None = None
) -> tuple[Values, dict[str, Subscription]]:
    """`block` with each reference by its name, and what each path refers to; `known` is looked into and added to.

    Each found subscription must be active and stays so until the transaction ends. Raises Invalid where nothing is
    found, Conflict where it is not active, Locked while a run changes it.
    """
    known = {} if known is None else known
    flat = flatten(block)
    named_here = references_in(product.block, block)
    found: dict[str, Subscription] = {}
    missing: list[FieldError] = []
    # In a fixed order, so that two orders that want the same rows never wait for each other.
    for path, use in sorted(named_here.items(), key=lambda item: str(flat[item[0]])):
        value = str(flat[path])
        target = known.get((use.block, value)) or await find(session, use, value)
        if target is None:
            remedy = "order it first, or see GET /api/v1/subscriptions for what there is"
            message = f"there is no {use.block.lower()} {value!r}: {remedy}"
            missing.append(FieldError(field=f"input.{path}", message=message))
        else:
            found[path] = target
    if missing:
        raise invalid(missing)
    for path, target in found.items():
        key = (named_here[path].block, str(flat[path]))
        if key not in known:
            await _usable(session, path, target)
            known[key] = target
    named = block
    for path, target in found.items():
        named = put(named, path, target.block[named_here[path].field])
    return named, found


async def _usable(session: AsyncSession, path: str, target: Subscription) -> None:
    more: dict[str, Json] = {"field": f"input.{path}", "subscription": str(target.id)}
    if target.status is not Lifecycle.ACTIVE:
        raise Conflict(
            f"input.{path}: {target.description} is {target.status}, and must be active. Wait for its run to complete, "
            "or retry it if it failed.",
            **more,
        )
    holder = await changing_run(session, target.id)
    if holder is not None:
        raise locked(holder, f"changes input.{path}, {target.description}", **more)
