"""Customers."""

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy import func, select
from starlette.datastructures import FormData

from trunkline.db.models import Customer, Subscription
from trunkline.errors import Problem, field_errors, invalid
from trunkline.routes.customers.endpoints import LISTING, change_customer, create_customer, delete_customer
from trunkline.routes.customers.schemas import CustomerChange, CustomerFilter, CustomerIn, CustomerOut
from trunkline.routes.session import Session
from trunkline.web.page import Posted, Visit, Visitor, asked, page_router, params, see_other, show, twin

router = page_router()


@router.get("/customers", dependencies=[twin("/api/v1/customers")])
async def customers(request: Request, session: Session, visit: Visitor) -> Response:
    """The list, and a form for a new one."""
    return await _page(request, session, visit)


@router.post("/customers")
async def create(request: Request, session: Session, visit: Visitor, form: Posted) -> Response:
    """A new customer; what is wrong is said beside the field."""
    try:
        # What was stored for a refused one goes with the savepoint, so that the page can still be read.
        async with session.begin_nested():
            await create_customer(session, _given(form), Response())
    except Problem as problem:
        return await _page(request, session, visit, form, problem)
    return see_other(request, "/customers")


@router.post("/customers/{shortcode}/rename")
async def rename(request: Request, session: Session, visit: Visitor, form: Posted, shortcode: str) -> Response:
    """Another name; the shortcode stays."""
    try:
        body = CustomerChange(name=str(form.get("name", "")).strip())
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None
    await change_customer(session, shortcode, body, Response())
    return see_other(request, "/customers")


@router.post("/customers/{shortcode}/remove")
async def remove(request: Request, session: Session, visit: Visitor, form: Posted, shortcode: str) -> Response:
    """Refused while there are subscriptions for it."""
    await delete_customer(session, shortcode)
    return see_other(request, "/customers")


def _given(form: FormData) -> CustomerIn:
    try:
        return CustomerIn(shortcode=str(form.get("shortcode", "")).strip(), name=str(form.get("name", "")).strip())
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


async def _page(
    request: Request, session: Session, visit: Visit, form: FormData | None = None, problem: Problem | None = None
) -> Response:
    filters = params(request, CustomerFilter)
    rows, cursor = await LISTING.page(session, select(Customer), filters)
    ids = [row.id for row in rows]
    counted = select(Subscription.customer_id, func.count()).where(Subscription.customer_id.in_(ids))
    counts = await session.execute(counted.group_by(Subscription.customer_id))
    return show(
        request,
        "customers.html",
        status=problem.status if problem else 200,
        visit=visit,
        items=[CustomerOut.model_validate(row) for row in rows],
        counts=dict(row.tuple() for row in counts),
        next=cursor,
        query=asked(request),
        given={name: str(form.get(name, "")) for name in ("shortcode", "name")} if form else {},
        problem=problem,
    )
