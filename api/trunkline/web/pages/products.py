"""Products, and the blocks that each is made of."""

from fastapi import Request, Response

from trunkline.access import Role
from trunkline.routes.authentication import Where, needs
from trunkline.routes.products.endpoints import LISTING, get_product, listed
from trunkline.routes.products.schemas import ProductFilter
from trunkline.routes.session import Session
from trunkline.web.page import Visitor, page_router, params, show, twin

router = page_router()


@router.get("/products", dependencies=[twin("/api/v1/products"), needs(Role.VIEWER, Where.ANYWHERE)])
async def products(request: Request, session: Session, caller: Visitor) -> Response:
    """All products."""
    filters = params(request, ProductFilter).model_copy(update={"limit": 200})
    rows, _ = await LISTING.page(session, listed(filters), filters)
    items = [await get_product(session, row.slug) for row in rows]
    return show(request, "products.html", caller=caller, items=items)


@router.get("/products/{slug}", dependencies=[twin("/api/v1/products/{slug}"), needs(Role.VIEWER, Where.ANYWHERE)])
async def product(request: Request, session: Session, caller: Visitor, slug: str) -> Response:
    """One product with its blocks as a diagram."""
    return show(request, "product.html", caller=caller, item=await get_product(session, slug))
