"""Products and workflows: what can be ordered and done."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Select, select

from trunkline.access import Role
from trunkline.catalog import PRODUCTS
from trunkline.db.models import ProductRow
from trunkline.errors import NotFound
from trunkline.routes.authentication import Where, needs
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.products.schemas import (
    ProductDetail,
    ProductFilter,
    ProductOut,
    WorkflowFilter,
    WorkflowOut,
    product_detail,
    product_out,
)
from trunkline.routes.session import Session

router = APIRouter(tags=["products"])


@router.get(
    "/products",
    summary="List products",
    response_model=Page[ProductOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_products(session: Session, params: Annotated[ProductFilter, Query()]) -> Response:
    """All products, by slug; hidden ones only when `status` or `slug` names them."""
    return await LISTING.answer(
        session, listed(params), params, ProductOut, lambda row: product_out(row, PRODUCTS[row.slug])
    )


def listed(params: ProductFilter) -> Select[ProductRow]:
    """The products that a list shows, but for what `LISTING` filters by."""
    query = select(ProductRow).where(ProductRow.slug.in_(PRODUCTS), ProductRow.status != "removed")
    if params.status is None and params.slug is None:
        query = query.where(ProductRow.status != "hidden")
    return query


@router.get(
    "/products/{slug}", summary="A product and its order form", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)]
)
async def get_product(session: Session, slug: str) -> ProductDetail:
    """The product with the JSON Schema of its input."""
    row = await session.get(ProductRow, slug)
    if row is None or row.status == "removed" or slug not in PRODUCTS:
        listed = sorted(slug for slug, product in PRODUCTS.items() if product.status != "hidden")
        raise NotFound(f"There is no product {slug}. The products are {', '.join(listed)}.")
    return product_detail(row, PRODUCTS[slug])


@router.get("/workflows", summary="List workflows", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def list_workflows(params: Annotated[WorkflowFilter, Query()]) -> list[WorkflowOut]:
    """The workflows of every product that is not hidden, with the playbook that does each."""
    return [
        WorkflowOut(
            name=workflow.name,
            target=workflow.target,
            product=product.slug,
            playbook=workflow.playbook,
            changes_network=workflow.changes_network,
        )
        for product in PRODUCTS.values()
        for workflow in product.workflows
        if params.product in (None, product.slug)
        and params.target in (None, workflow.target)
        and (product.status != "hidden" or params.product == product.slug)
    ]


LISTING = Listing(
    id=ProductRow.slug.expression,
    sorts={"slug": ProductRow.slug.expression, "name": ProductRow.name.expression},
    filters={
        "slug": ProductRow.slug.expression,
        "status": ProductRow.status.expression,
        "block": ProductRow.block.expression,
    },
)
