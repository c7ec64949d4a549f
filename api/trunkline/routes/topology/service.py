"""Nodes and what joins them, of what is ordered now: nothing here knows a product."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.access.caller import sees, sees_runs
from trunkline.catalog import PRODUCTS, Block, Values
from trunkline.catalog.block import leaves, references
from trunkline.catalog.choices import ChosenFrom
from trunkline.catalog.values import flatten
from trunkline.db.models import LIVE, Dependency, Lifecycle, Run, RunStatus, Subscription
from trunkline.lifecycle import IN_SERVICE
from trunkline.routes.topology.schemas import State, Topology, TopologyLink, TopologyNode
from trunkline.runs.record import now

# A plan that someone looks at is on the map for as long as it is worth ordering.
_PLANNED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Ordered:
    """What the map needs of a subscription."""

    id: uuid.UUID
    product: str
    status: Lifecycle
    insync: bool
    description: str
    block: Values
    run: uuid.UUID | None = None
    uses: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Planned:
    """The plan of an order that was not placed."""

    run: uuid.UUID
    product: str
    description: str
    block: Values


async def topology(session: AsyncSession, caller: Caller) -> Topology:
    """All that the caller may look at that is ordered and not terminated, and what is being planned."""
    return build(await _ordered(session, caller), await _planned(session, caller))


def build(ordered: Iterable[Ordered], planned: Iterable[Planned]) -> Topology:
    """The map: what refers to nothing is a node, what refers to two nodes joins them."""
    ordered = list(ordered)
    nodes = {item.id: item for item in ordered if not item.uses}
    links = [
        TopologyLink(
            id=item.id,
            description=item.description,
            a=ends[0],
            z=ends[1],
            state=state_of(item),
            run=item.run,
            ordered=True,
        )
        for item in ordered
        if len(ends := _in_order(item, nodes)) == 2
    ]
    known = {item.description for item in ordered}
    links += [link for item in planned if item.description not in known and (link := _planned_link(item, nodes))]
    return Topology(
        nodes=[
            TopologyNode(
                id=item.id,
                name=str(item.block.get("name", item.description)),
                description=item.description,
                group=_site(item),
                state=state_of(item),
                run=item.run,
            )
            for item in nodes.values()
        ],
        links=links,
    )


def state_of(item: Ordered) -> State:
    """How it is drawn."""
    if item.status is Lifecycle.INITIAL:
        return "planned"
    if item.status is Lifecycle.PROVISIONING:
        return "provisioning"
    if not item.insync:
        return "drift"
    if item.block.get("under_maintenance") is True or item.status is Lifecycle.MIGRATING:
        return "maintenance"
    return "disabled" if item.status is Lifecycle.DISABLED else "up"


def _in_order(item: Ordered, nodes: Mapping[uuid.UUID, Ordered]) -> list[uuid.UUID]:
    return sorted((end for end in item.uses if end in nodes), key=lambda end: nodes[end].description)


def _planned_link(item: Planned, nodes: Mapping[uuid.UUID, Ordered]) -> TopologyLink | None:
    flat = flatten(item.block)
    wanted = {str(flat.get(path)) for path in references(PRODUCTS[item.product].block)}
    ends = [node.id for node in nodes.values() if wanted & {str(node.id), str(node.block.get("name"))}]
    if len(ends) != 2:
        return None
    return TopologyLink(
        id=item.run,
        description=item.description,
        a=ends[0],
        z=ends[1],
        state="planned",
        run=item.run,
        ordered=False,
    )


def _site(item: Ordered) -> str:
    product = PRODUCTS.get(item.product)
    path = _site_path(product.block) if product else None
    return str(flatten(item.block).get(path, "")) if path else ""


@lru_cache
def _site_path(block: type[Block]) -> str | None:
    """The field that names a site of NetBox."""
    for leaf in leaves(block):
        if any(isinstance(mark, ChosenFrom) and mark.things == "sites" for mark in leaf.field.metadata):
            return leaf.pattern
    return None


async def _ordered(session: AsyncSession, caller: Caller) -> list[Ordered]:
    uses: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for user, used in await session.execute(select(Dependency.subscription_id, Dependency.depends_on_id)):
        uses[user].add(used)
    live = select(Run.subscription_id, Run.id).where(Run.status.in_(LIVE), Run.subscription_id.is_not(None))
    runs = dict(row.tuple() for row in await session.execute(live))
    query = select(
        Subscription.id,
        Subscription.product_slug,
        Subscription.status,
        Subscription.insync,
        Subscription.description,
        Subscription.block,
    ).where(Subscription.status.in_([Lifecycle.INITIAL, Lifecycle.PROVISIONING, *IN_SERVICE]), sees(caller))
    return [
        Ordered(*row, run=runs.get(row.id), uses=frozenset(uses[row.id]))
        for row in await session.execute(query.order_by(Subscription.created_at, Subscription.id))
    ]


async def _planned(session: AsyncSession, caller: Caller) -> list[Planned]:
    recent = (Run.status == RunStatus.COMPLETED) & (Run.created_at > now() - _PLANNED_WITHIN)
    query = select(Run).where(
        Run.plan_only, Run.order.is_not(None), or_(Run.status.in_(LIVE), recent), sees_runs(caller)
    )
    rows = (await session.scalars(query.order_by(Run.created_at.desc()).limit(50))).unique()
    newest: dict[str, Planned] = {}
    for run in rows:
        product = str((run.order or {}).get("product"))
        if product in PRODUCTS:
            newest.setdefault(run.title, Planned(run.id, product, run.title, run.desired))
    return list(newest.values())
