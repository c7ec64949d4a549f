"""Customers."""

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy import func, select
from starlette.datastructures import FormData

from trunkline.access import Caller, Role
from trunkline.db.models import Subscription
from trunkline.errors import Problem, field_errors, invalid
from trunkline.routes.authentication import Where, needs
from trunkline.routes.customers.endpoints import (
    LISTING,
    change_customer,
    create_customer,
    delete_customer,
    wanted,
)
from trunkline.routes.customers.schemas import CustomerChange, CustomerFilter, CustomerIn, CustomerOut
from trunkline.routes.session import Session
from trunkline.web.page import Posted, Visitor, asked, page_router, params, see_other, show, twin

router = page_router()


@router.get("/customers", dependencies=[twin("/api/v1/customers"), needs(Role.VIEWER, Where.ANYWHERE)])
async def customers(request: Request, session: Session, caller: Visitor) -> Response:
    """The list, and a form for a new one."""
    return await _page(request, session, caller)


@router.post("/customers", dependencies=[needs(Role.ADMIN)])
async def create(request: Request, session: Session, caller: Visitor, form: Posted) -> Response:
    """A new customer; what is wrong is said beside the field."""
    try:
        # What was stored for a refused one goes with the savepoint, so that the page can still be read.
        async with session.begin_nested():
            await create_customer(session, _given(form), Response())
    except Problem as problem:
        return await _page(request, session, caller, form, problem)
    return see_other(request, "/customers")


@router.post("/customers/{shortcode}/rename", dependencies=[needs(Role.ADMIN)])
async def rename(request: Request, session: Session, caller: Visitor, form: Posted, shortcode: str) -> Response:
    """Another name; the shortcode stays."""
    try:
        body = CustomerChange(name=str(form.get("name", "")).strip())
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None
    await change_customer(session, shortcode, body, Response())
    return see_other(request, "/customers")


@router.post("/customers/{shortcode}/remove", dependencies=[needs(Role.ADMIN)])
async def remove(request: Request, session: Session, caller: Visitor, form: Posted, shortcode: str) -> Response:
    """Refused while there are subscriptions for it."""
    await delete_customer(session, shortcode)
    return see_other(request, "/customers")


def _given(form: FormData) -> CustomerIn:
    try:
        return CustomerIn(shortcode=str(form.get("shortcode", "")).strip(), name=str(form.get("name", "")).strip())
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


async def _page(
    request: Request, session: Session, caller: Caller, form: FormData | None = None, problem: Problem | None = None
) -> Response:
    filters = params(request, CustomerFilter)
    rows, cursor = await LISTING.page(session, wanted(caller), filters)
    ids = [row.id for row in rows]
    counted = select(Subscription.customer_id, func.count()).where(Subscription.customer_id.in_(ids))
    counts = await session.execute(counted.group_by(Subscription.customer_id))
    return show(
        request,
        "customers.html",
        status=problem.status if problem else 200,
        caller=caller,
        items=[CustomerOut.model_validate(row) for row in rows],
        counts=dict(row.tuple() for row in counts),
        next=cursor,
        query=asked(request),
        given={name: str(form.get(name, "")) for name in ("shortcode", "name")} if form else {},
        problem=problem,
    )
