"""Customers: whom subscriptions are for."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from trunkline.access import Caller, Role
from trunkline.access.caller import sees_customers
from trunkline.db.models import Customer, Subscription
from trunkline.errors import Duplicate, InUse, NotFound, ProblemDocument
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.customers.schemas import CustomerChange, CustomerFilter, CustomerIn, CustomerOut
from trunkline.routes.etags import IfMatch, etag, must_match
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Session

router = APIRouter(prefix="/customers", tags=["customers"])

_CHANGED = {"model": ProblemDocument, "description": "It was changed since you looked at it"}


@router.get(
    "",
    summary="List customers",
    response_model=Page[CustomerOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_customers(
    session: Session, caller: Authenticated, params: Annotated[CustomerFilter, Query()]
) -> Response:
    """Customers, by shortcode."""
    return await LISTING.answer(session, wanted(caller), params, CustomerOut)


def wanted(caller: Caller) -> Select[Customer]:
    """The customers that the caller may look at."""
    return select(Customer).where(sees_customers(caller))


@router.post("", status_code=201, summary="Create a customer", dependencies=[needs(Role.ADMIN)])
async def create_customer(session: Session, body: CustomerIn, response: Response) -> CustomerOut:
    """A customer with a shortcode that no other has."""
    statement = insert(Customer).values(id=uuid.uuid4(), shortcode=body.shortcode, name=body.name)
    created = await session.scalar(statement.on_conflict_do_nothing().returning(Customer))
    if created is None:
        raise Duplicate(f"There is a customer {body.shortcode} already: use it, or choose another shortcode.")
    response.headers["Location"] = f"/api/v1/customers/{created.shortcode}"
    return _shown(created, response)


@router.get("/{shortcode}", summary="A customer", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def get_customer(session: Session, caller: Authenticated, shortcode: str, response: Response) -> CustomerOut:
    """The customer with this shortcode."""
    if not caller.may_for(Role.VIEWER, shortcode):
        raise NotFound(f"There is no customer {shortcode} that {caller.name} may look at.")
    return _shown(await _get(session, shortcode), response)


@router.patch("/{shortcode}", summary="Rename a customer", responses={412: _CHANGED}, dependencies=[needs(Role.ADMIN)])
async def change_customer(
    session: Session, shortcode: str, body: CustomerChange, response: Response, if_match: IfMatch = None
) -> CustomerOut:
    """The shortcode stays: orders and scripts name it."""
    row = await _get(session, shortcode, lock=True)
    must_match(if_match, CustomerOut.model_validate(row))
    row.name = body.name
    return _shown(row, response)


@router.delete(
    "/{shortcode}",
    status_code=204,
    summary="Remove a customer",
    responses={412: _CHANGED},
    dependencies=[needs(Role.ADMIN)],
)
async def delete_customer(session: Session, shortcode: str, if_match: IfMatch = None) -> None:
    """Refused while there are subscriptions for it, terminated ones included: their history names it."""
    row = await _get(session, shortcode, lock=True)
    must_match(if_match, CustomerOut.model_validate(row))
    count = await session.scalar(select(func.count()).where(Subscription.customer_id == row.id))
    if count:
        raise InUse(
            f"Customer {shortcode} has {count} subscriptions, see GET /api/v1/subscriptions?customer={shortcode}: "
            "their history names it, so it stays.",
            subscriptions=count,
        )
    await session.delete(row)


async def _get(session: Session, shortcode: str, *, lock: bool = False) -> Customer:
    query = select(Customer).where(Customer.shortcode == shortcode)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no customer {shortcode}. GET /api/v1/customers lists them.")
    return row


def _shown(row: Customer, response: Response) -> CustomerOut:
    shown = CustomerOut.model_validate(row)
    response.headers["ETag"] = etag(shown)
    return shown


LISTING = Listing(
    id=Customer.id.expression,
    sorts={
        "shortcode": Customer.shortcode.expression,
        "name": Customer.name.expression,
        "created_at": Customer.created_at.expression,
    },
    filters={"shortcode": Customer.shortcode.expression, "name": Customer.name.expression},
)
