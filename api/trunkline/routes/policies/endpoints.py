"""Policies: which plans a person approves, who is told, and what becomes of an apply that fails."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import func, select

from trunkline.access import Role
from trunkline.catalog import PRODUCTS
from trunkline.catalog.types import Slug
from trunkline.db.models import Customer, Policy
from trunkline.errors import FieldError, NotFound, ProblemDocument, invalid
from trunkline.routes.authentication import Where, needs
from trunkline.routes.etags import IfMatch, etag, must_match
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.policies.schemas import PolicyFilter, PolicyOut, Rule
from trunkline.routes.session import Session

router = APIRouter(prefix="/policies", tags=["policies"])

_CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"model": ProblemDocument, "description": "It was changed since you looked at it"}
}


@router.get(
    "",
    summary="List policies",
    response_model=Page[PolicyOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_policies(session: Session, params: Annotated[PolicyFilter, Query()]) -> Response:
    """Policies, by name. Of all that match a plan the strictest word of each kind holds, whatever their order."""
    return await LISTING.answer(session, select(Policy), params, PolicyOut)


@router.get("/{name}", summary="A policy", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def get_policy(session: Session, name: str, response: Response) -> PolicyOut:
    """The policy with this name."""
    return _shown(await _get(session, name), response)


@router.put(
    "/{name}",
    summary="Set a policy",
    responses={201: {"model": PolicyOut, "description": "It is new"}, **_CHANGED},
    dependencies=[needs(Role.ADMIN)],
)
async def put_policy(
    session: Session, name: Slug, body: Rule, response: Response, if_match: IfMatch = None
) -> PolicyOut:
    """Makes the policy, or gives it another rule: fields that are left out are as in a new one. It counts for plans
    that are made from now on.
    """
    await _refuse_unknown(session, body)
    # Two that make it at once take turns.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"policy {name}", 0))))
    row = await session.scalar(select(Policy).where(Policy.name == name).with_for_update())
    if row is not None:
        must_match(if_match, PolicyOut.model_validate(row))
    else:
        if if_match is not None:
            raise _missing(name)
        row = Policy(name=name)
        session.add(row)
        response.status_code = 201
        response.headers["Location"] = f"/api/v1/policies/{name}"
    for field, value in body.model_dump(mode="json").items():
        setattr(row, field, value)
    row.approval, row.on_failure = body.approval, body.on_failure
    await session.flush()
    await session.refresh(row)
    return _shown(row, response)


@router.delete(
    "/{name}", status_code=204, summary="Remove a policy", responses=_CHANGED, dependencies=[needs(Role.ADMIN)]
)
async def delete_policy(session: Session, name: str, if_match: IfMatch = None) -> None:
    """What it said of plans that are made already holds on."""
    row = await _get(session, name, lock=True)
    must_match(if_match, PolicyOut.model_validate(row))
    await session.delete(row)


async def _refuse_unknown(session: Session, rule: Rule) -> None:
    """A rule that names what is not there would match nothing, and nobody would notice."""
    known = set((await session.scalars(select(Customer.shortcode).where(Customer.shortcode.in_(rule.customers)))).all())
    wrong = [
        FieldError(field="products", message=f"there is no product {slug!r}: see GET /api/v1/products")
        for slug in rule.products
        if slug not in PRODUCTS
    ]
    wrong += [
        FieldError(field="customers", message=f"there is no customer {name!r}: see GET /api/v1/customers")
        for name in rule.customers
        if name not in known
    ]
    if wrong:
        raise invalid(wrong)


async def _get(session: Session, name: str, *, lock: bool = False) -> Policy:
    query = select(Policy).where(Policy.name == name)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise _missing(name)
    return row


def _missing(name: str) -> NotFound:
    return NotFound(f"There is no policy {name}. GET /api/v1/policies lists them.")


def _shown(row: Policy, response: Response) -> PolicyOut:
    shown = PolicyOut.model_validate(row)
    response.headers["ETag"] = etag(shown)
    return shown


LISTING = Listing(
    id=Policy.id.expression,
    sorts={"name": Policy.name.expression, "created_at": Policy.created_at.expression},
    filters={"name": Policy.name.expression, "approval": Policy.approval.expression},
)
