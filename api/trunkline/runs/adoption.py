"""Adopt what NetBox has and nobody ordered: what a run proposes, and how it becomes subscriptions.

The playbook marks and corrects in NetBox; here the order book follows, in the transaction that ends the stage.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import PRODUCTS, Values
from trunkline.catalog.block import at_stage, references_in
from trunkline.catalog.values import flatten
from trunkline.db.models import (
    Claim,
    Customer,
    Dependency,
    JsonObject,
    Lifecycle,
    ProductRow,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)
from trunkline.errors import Conflict, FieldError, Problem, invalid
from trunkline.lifecycle import IN_SERVICE, move
from trunkline.recovery.proposals import Kind, OtherDevices, Proposal, choose, device_types, proposals_from
from trunkline.runs.claims import claim, release
from trunkline.runs.find import find
from trunkline.runs.plan import plan_of
from trunkline.runs.record import add_note, now
from trunkline.runs.start import refuse_while_locked

ADOPT = "adopt"


def variables(run: Run, stage: str) -> JsonObject:
    """What the playbook of this stage is told. Applied is exactly what the plan says."""
    if stage == "rollback":
        return {"adopt_namespace": str(run.id)}
    told: JsonObject = {
        "adopt_namespace": str(run.id),
        "adopt_sites": run.desired["sites"],
        "adopt_roles": run.desired["roles"],
        "adopt_nodes": run.desired["names"],
        "adopt_device_types": device_types(),
    }
    if stage == "apply":
        told["adopt_only"] = [one.subscription for one in proposals_of(run.plan) if one.taken]
    return told


def proposals_of(plan: JsonObject | None) -> list[Proposal]:
    """The proposals that a plan keeps."""
    return [Proposal.model_validate(one) for one in cast("list[object]", (plan or {}).get("proposals") or [])]


def takes_anything(plan: JsonObject | None) -> bool:
    """Whether the plan takes anything over."""
    return any(one.taken for one in proposals_of(plan))


async def propose(session: AsyncSession, run: Run, artifacts: JsonObject) -> JsonObject:
    """The plan of an adoption: what is taken over, with its operations in NetBox, and what is not, with why."""
    proposals = proposals_from(artifacts)
    possible = [one for one in proposals if one.state != "refused"]
    await _refuse_held(session, possible)
    await _refuse_unknown_nodes(session, possible)
    given = run.desired
    only = cast("Kind | None", given["only"])
    choose(proposals, only=only, differing=bool(given["differing"]), limit=int(str(given["limit"])))
    taken = {one.subscription for one in proposals if one.taken}
    plan = plan_of(artifacts)
    operations = cast("list[JsonObject]", plan["netbox"])
    others = cast("list[object]", artifacts.get("others") or [])
    return plan | {
        "netbox": [operation for operation in operations if operation["subscription"] in taken],
        "proposals": [one.model_dump(mode="json") for one in proposals],
        "others": [OtherDevices.model_validate(one).model_dump() for one in others],
    }


async def _refuse_held(session: AsyncSession, possible: Iterable[Proposal]) -> None:
    """What another subscription holds, or two of these would, cannot be had."""
    wanted: dict[str, Proposal] = {}
    for one in possible:
        for what in one.claims:
            if what in wanted:
                one.refuse(f"The {what} is also that of {wanted[what].name}. Correct one of them in NetBox.")
            wanted.setdefault(what, one)
    query = select(Claim.what, Subscription.description).join(Subscription, Claim.subscription_id == Subscription.id)
    for what, holder in await session.execute(query.where(Claim.what.in_(wanted))):
        wanted[what].refuse(f"The {what} belongs to {holder} in the order book. Terminate that, or correct NetBox.")


async def _refuse_unknown_nodes(session: AsyncSession, possible: list[Proposal]) -> None:
    """The nodes of a circuit are adopted with it, or have been ordered."""
    ends = {
        (one.subscription, side): str(cast("Mapping[str, Any]", one.block[side])["node"])
        for one in possible
        for side in ("a", "z")
        if one.kind == "circuit" and one.state != "refused"
    }
    names = Subscription.block["name"].astext
    query = select(names).join(ProductRow, Subscription.product_slug == ProductRow.slug)
    query = query.where(ProductRow.block == "Node", Subscription.status == Lifecycle.ACTIVE)
    known = set(await session.scalars(query.where(names.in_(set(ends.values())))))
    known |= {one.name for one in possible if one.kind == "node"}
    for one in possible:
        for side in ("a", "z"):
            node = ends.get((one.subscription, side))
            if node is not None and node not in known:
                one.refuse(
                    f"{side}.node: {node} has a subscription in NetBox that is not active in the order book. "
                    "See trunkline reconcile."
                )


async def take_over(session: AsyncSession, run: Run, artifacts: JsonObject) -> JsonObject | None:
    """Make the subscriptions of what the playbook has adopted: all, or none; then what stood against it."""
    proposals = {one.subscription: one for one in proposals_of(run.plan)}
    adopted = cast("list[Mapping[str, Any]]", artifacts.get("adopted") or [])
    taken = [proposals[str(item["subscription"])] for item in adopted]
    try:
        async with session.begin_nested():
            customer = await customer_called(session, str(run.desired["customer"]))
            for one in sorted(taken, key=lambda one: one.kind != "node"):
                await _subscribe(session, one, customer)
    except Problem as problem:
        return {"title": "Not adopted", "detail": problem.detail, "host": None, "task": None}
    await add_note(session, run, _said(taken, proposals.values()))
    return None


def _said(taken: list[Proposal], proposals: Iterable[Proposal]) -> str:
    nodes = sum(one.kind == "node" for one in taken)
    left = sum(one.state != "refused" and not one.taken for one in proposals)
    refused = sum(one.state == "refused" for one in proposals)
    return (
        f"{nodes} nodes and {len(taken) - nodes} circuits adopted; {left} could be and were not, {refused} cannot be."
    )


async def _subscribe(session: AsyncSession, one: Proposal, customer: Customer) -> None:
    product = PRODUCTS[str(one.product)]
    block = at_stage(product.block, "active").model_validate(one.block)
    values: Values = block.values()
    subscription = Subscription(
        id=uuid.UUID(one.subscription),
        product_slug=product.slug,
        customer_id=customer.id,
        status=Lifecycle.ACTIVE,
        insync=one.compared and one.state == "ready",
        touched=True,
        description=block.describe(),
        note="",
        block=values,
        start_date=now(),
    )
    session.add(subscription)
    await session.flush()
    await claim(session, subscription, block)
    flat = flatten(values)
    for path, use in references_in(product.block, values).items():
        used = await find(session, use, str(flat[path]))
        if used is None or used.status not in IN_SERVICE:
            what = f"{use.block.lower()} {flat[path]}"
            raise Conflict(f"{subscription.description}: {path}: there is no {what} in service.")
        session.add(Dependency(subscription_id=subscription.id, path=path, depends_on_id=used.id))


async def give_back(session: AsyncSession, run: Run) -> None:
    """End the subscriptions of a run that adopted them, before its marks are taken from NetBox.

    Raises Locked, and Conflict for one that was changed since, or that others have come to depend on.
    """
    ids = [uuid.UUID(one.subscription) for one in proposals_of(run.plan) if one.taken and one.subscription]
    living = select(Subscription).where(Subscription.id.in_(ids), Subscription.status != Lifecycle.TERMINATED)
    living = living.with_for_update(of=Subscription).execution_options(populate_existing=True)
    found = list((await session.scalars(living.order_by(Subscription.id))).unique())
    users = select(Dependency.depends_on_id).where(
        Dependency.depends_on_id.in_(ids), Dependency.subscription_id.not_in(ids)
    )
    changes = select(Run.subscription_id).where(
        Run.subscription_id.in_(ids),
        ~Run.plan_only,
        Run.target != RunTarget.VALIDATE,
        Run.status != RunStatus.CANCELLED,
    )
    used, changed = set(await session.scalars(users)), set(await session.scalars(changes))
    for subscription in found:
        await refuse_while_locked(session, subscription)
        if subscription.id in used | changed:
            why = "others depend on it" if subscription.id in used else "it was changed since it was adopted"
            raise Conflict(
                f"{subscription.description}: {why}, so the adoption as a whole cannot be given back.",
                subscription=str(subscription.id),
            )
    for subscription in found:
        move(subscription, Lifecycle.TERMINATED)
        subscription.touched, subscription.insync, subscription.end_date = False, True, now()
        await release(session, subscription.id)


async def customer_called(session: AsyncSession, name: str) -> Customer:
    """The customer with this shortcode. Raises Invalid."""
    found = await session.scalar(select(Customer).where(Customer.shortcode == name))
    if found is None:
        message = f"there is no customer {name!r}: create it with POST /api/v1/customers"
        raise invalid([FieldError(field="input.customer", message=message)])
    return found
