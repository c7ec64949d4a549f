"""Customers: whom subscriptions are for."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from trunkline.db.models import Customer
from trunkline.errors import Duplicate, NotFound
from trunkline.routes.customers.schemas import CustomerFilter, CustomerIn, CustomerOut
from trunkline.routes.paging import Listing, Page
from trunkline.routes.session import Session

router = APIRouter(prefix="/customers", tags=["customers"])


@router.get("", summary="List customers")
async def list_customers(session: Session, params: Annotated[CustomerFilter, Query()]) -> Page[CustomerOut]:
    """Customers, by shortcode."""
    rows, cursor = await _LISTING.page(session, select(Customer), params)
    return Page(items=[CustomerOut.model_validate(row) for row in rows], next=cursor)


@router.post("", status_code=201, summary="Create a customer")
async def create_customer(session: Session, body: CustomerIn, response: Response) -> CustomerOut:
    """A customer with a shortcode that no other has."""
    statement = insert(Customer).values(id=uuid.uuid4(), shortcode=body.shortcode, name=body.name)
    created = await session.scalar(statement.on_conflict_do_nothing().returning(Customer))
    if created is None:
        raise Duplicate(f"There is a customer {body.shortcode} already: use it, or choose another shortcode.")
    response.headers["Location"] = f"/api/v1/customers/{created.shortcode}"
    return CustomerOut.model_validate(created)


@router.get("/{shortcode}", summary="A customer")
async def get_customer(session: Session, shortcode: str) -> CustomerOut:
    """The customer with this shortcode."""
    row = await session.scalar(select(Customer).where(Customer.shortcode == shortcode))
    if row is None:
        raise NotFound(f"There is no customer {shortcode}. GET /api/v1/customers lists them.")
    return CustomerOut.model_validate(row)


_LISTING = Listing(
    id=Customer.id.expression,
    sorts={
        "shortcode": Customer.shortcode.expression,
        "name": Customer.name.expression,
        "created_at": Customer.created_at.expression,
    },
    filters={"shortcode": Customer.shortcode.expression, "name": Customer.name.expression},
)
