"""One subscription."""

import uuid
from typing import Literal

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Role
from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import changeable_paths, learned_paths
from trunkline.catalog.values import flatten, pattern_of
from trunkline.db.models import Change, Run, Subscription
from trunkline.routes.authentication import Where, needs
from trunkline.routes.runs.schemas import run_out
from trunkline.routes.session import Reader, Session
from trunkline.routes.subscriptions import detail, service
from trunkline.routes.subscriptions.allowed import allowed
from trunkline.routes.subscriptions.endpoints import HISTORY, change_out
from trunkline.routes.subscriptions.schemas import ChangeFilter, ModifyIn, Related
from trunkline.web.netbox import links
from trunkline.web.page import Posted, Visitor, page_router, see_other, show, show_part, twin

router = page_router()

_RUNS = 10
_DEEPEST = 4


@router.get(
    "/subscriptions/{subscription_id:uuid}",
    dependencies=[twin("/api/v1/subscriptions/{subscription_id}"), needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def subscription(
    request: Request, session: Session, reader: Reader, caller: Visitor, subscription_id: uuid.UUID
) -> Response:
    """What it is, what it hangs together with, how it came to be so, and what can be done with it."""
    row = await service.get(session, subscription_id)
    _, shown = await detail.read(reader, subscription_id)
    query = select(Run).where(Run.subscription_id == subscription_id).order_by(Run.created_at.desc()).limit(_RUNS)
    history = select(Change).where(Change.subscription_id == subscription_id)
    changes, more = await HISTORY.page(session, history, ChangeFilter(limit=20))
    return show(
        request,
        "subscription.html",
        caller=caller,
        item=shown,
        product=PRODUCTS.get(row.product_slug),
        values=_values(row),
        depends_on=await _tree(session, shown.depends_on, "depends_on"),
        in_use_by=await _tree(session, shown.in_use_by, "in_use_by"),
        runs=[run_out(run) for run in (await session.scalars(query)).unique()],
        changes=[change_out(change) for change in changes],
        more_changes=more is not None,
        netbox=await links(session, request.app.state.settings, subscription_id),
        workflows=await allowed(session, caller, row),
    )


@router.get(
    "/parts/subscriptions/{subscription_id:uuid}/actions", dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)]
)
async def actions(request: Request, session: Session, caller: Visitor, subscription_id: uuid.UUID) -> Response:
    """What can be done now, while a run goes on."""
    row = await service.get(session, subscription_id)
    run = await session.scalar(
        select(Run.id).where(Run.subscription_id == subscription_id).order_by(Run.created_at.desc()).limit(1)
    )
    return show_part(
        request,
        "parts/actions.html",
        caller=caller,
        item=row,
        workflows=await allowed(session, caller, row),
        last_run=run,
    )


@router.post("/subscriptions/{subscription_id:uuid}/validate", dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)])
async def validate(
    request: Request,
    session: Session,
    caller: Visitor,
    form: Posted,
    subscription_id: uuid.UUID,
) -> Response:
    """Look for drift: nothing to fill in."""
    row = await service.lock(session, subscription_id, None)
    run = await service.validate(session, caller, row)
    return see_other(request, f"/runs/{run.id}")


@router.post("/subscriptions/{subscription_id:uuid}/note", dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)])
async def note(
    request: Request, session: Session, caller: Visitor, form: Posted, subscription_id: uuid.UUID
) -> Response:
    """Keep another note: no run is needed."""
    row = await service.lock(session, subscription_id, None)
    await service.modify(session, caller, row, ModifyIn(note=str(form.get("note", ""))[:2000]))
    return see_other(request, f"/subscriptions/{subscription_id}")


def _values(row: Subscription) -> list[tuple[str, object, str]]:
    """Each value with who gives it: `ordered`, `changeable` or `learned`."""
    product = PRODUCTS.get(row.product_slug)
    learned = learned_paths(product.block) if product else frozenset()
    changeable = changeable_paths(product.block) if product else frozenset()

    def kind(path: str) -> str:
        pattern = pattern_of(path)
        return "learned" if pattern in learned else "changeable" if pattern in changeable else "ordered"

    return [(path, value, kind(path)) for path, value in flatten(row.block).items()]


type Tree = list[tuple[Related, "Tree"]]


async def _tree(
    session: AsyncSession, related: list[Related], side: Literal["depends_on", "in_use_by"], depth: int = 1
) -> Tree:
    """What is related, and what is related to that."""
    look = service.depends_on if side == "depends_on" else service.in_use_by
    tree: Tree = []
    for item in related:
        below = (
            [
                Related(path=path, id=row.id, product=row.product_slug, status=row.status, description=row.description)
                for path, row in await look(session, item.id)
            ]
            if depth < _DEEPEST
            else []
        )
        tree.append((item, await _tree(session, below, side, depth + 1)))
    return tree
