"""Products and workflows: what can be ordered and done."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from trunkline.catalog import PRODUCTS
from trunkline.db.models import ProductRow
from trunkline.errors import NotFound
from trunkline.routes.paging import Listing, Page
from trunkline.routes.products.schemas import (
    ProductDetail,
    ProductFilter,
    ProductOut,
    WorkflowOut,
    product_detail,
    product_out,
)
from trunkline.routes.session import Session

router = APIRouter(tags=["products"])


@router.get("/products", summary="List products")
async def list_products(session: Session, params: Annotated[ProductFilter, Query()]) -> Page[ProductOut]:
    """All products, by slug."""
    rows, cursor = await _LISTING.page(session, select(ProductRow).where(ProductRow.slug.in_(PRODUCTS)), params)
    return Page(items=[product_out(row, PRODUCTS[row.slug]) for row in rows], next=cursor)


@router.get("/products/{slug}", summary="A product and its order form")
async def get_product(session: Session, slug: str) -> ProductDetail:
    """The product with the JSON Schema of its input."""
    row = await session.get(ProductRow, slug)
    if row is None or slug not in PRODUCTS:
        raise NotFound(f"There is no product {slug}. The products are {', '.join(sorted(PRODUCTS))}.")
    return product_detail(row, PRODUCTS[slug])


@router.get("/workflows", summary="List workflows")
async def list_workflows() -> list[WorkflowOut]:
    """Every workflow of every product, with the playbook that does it."""
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
    ]


_LISTING = Listing(
    id=ProductRow.slug.expression,
    sorts={"slug": ProductRow.slug.expression, "name": ProductRow.name.expression},
    filters={
        "slug": ProductRow.slug.expression,
        "status": ProductRow.status.expression,
        "block": ProductRow.block.expression,
    },
)
