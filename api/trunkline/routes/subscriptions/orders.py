"""A new order: what is checked before anything is stored, and what is stored."""

import contextlib
import uuid
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.catalog import PRODUCTS, Block, Product
from trunkline.db.history import acting
from trunkline.db.models import Customer, Dependency, ProductRow, Run, RunTarget, Subscription
from trunkline.errors import FieldError, invalid
from trunkline.routes.idempotency import remember
from trunkline.routes.subscriptions.references import References, resolve
from trunkline.routes.subscriptions.schemas import OneOfMany, OrderIn
from trunkline.runs.claims import claim, must_be_free
from trunkline.runs.start import NewRun, start


@dataclass(frozen=True)
class Checked:
    """An order that nothing stands against; `uses`: what each path of its block refers to."""

    product: Product
    customer: Customer
    block: Block
    uses: dict[str, Subscription]
    note: str

    def subscription(self) -> Subscription:
        """What is stored of it."""
        return Subscription(
            product_slug=self.product.slug,
            customer_id=self.customer.id,
            description=self.block.describe(),
            note=self.note,
            block=self.block.values(),
        )

    def dependencies(self, subscription: Subscription) -> list[Dependency]:
        """What is stored of its references, beside its subscription."""
        return [
            Dependency(subscription_id=subscription.id, path=path, depends_on_id=target.id)
            for path, target in self.uses.items()
        ]


@dataclass(frozen=True)
class Known:
    """What was found for one order is so for the next in the same transaction."""

    products: dict[str, ProductRow | None] = field(default_factory=dict)
    customers: dict[str, Customer | None] = field(default_factory=dict)
    references: References = field(default_factory=dict)


async def check(session: AsyncSession, caller: Caller, body: OneOfMany, known: Known | None = None) -> Checked:
    """Everything that can be said of an order without storing it; `known` is looked into and added to.

    Raises Invalid, Forbidden, Conflict, Locked.
    """
    known = known or Known()
    product, customer = await product_and_customer(session, body.product, body.customer, known)
    caller.must(Role.OPERATOR, product.slug, customer.shortcode)
    block = product.ordered(body.input)
    named, uses = await resolve(session, product, block.values(), known.references)
    # Once more: two references may turn out to be the same thing when both have their names.
    return Checked(product, customer, product.ordered(named), uses, body.note)


async def order(session: AsyncSession, caller: Caller, body: OrderIn, key: str | None) -> tuple[Run, bool]:
    """The run of a new subscription, and whether the order had been placed before under the same key."""
    run_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, run_id)
    if earlier is not None:
        return earlier, True
    checked = await check(session, caller, body)
    await acting(session, caller.name, run_id)
    if body.plan_only:
        return await _plan(session, caller, checked, run_id), False
    subscription = await _store(session, checked)
    new = NewRun(
        target=RunTarget.CREATE,
        by=caller.name,
        subscription=subscription,
        approval=body.approval,
        desired=subscription.block,
        id=run_id,
    )
    return await start(session, new), False


async def _plan(session: AsyncSession, caller: Caller, checked: Checked, run_id: uuid.UUID) -> Run:
    await must_be_free(session, checked.block)
    new = NewRun(
        target=RunTarget.CREATE,
        by=caller.name,
        title=checked.block.describe(),
        desired=checked.block.values(),
        plan_only=True,
        order={"id": str(run_id), "product": checked.product.slug, "customer": checked.customer.shortcode},
        id=run_id,
    )
    return await start(session, new)


async def _store(session: AsyncSession, checked: Checked) -> Subscription:
    subscription = checked.subscription()
    session.add(subscription)
    await session.flush()
    await claim(session, subscription, checked.block)
    session.add_all(checked.dependencies(subscription))
    await session.flush()
    await session.refresh(subscription)
    return subscription


async def product_and_customer(
    session: AsyncSession, slug: str, customer: str, known: Known | None = None
) -> tuple[Product, Customer]:
    """What an order names; `known` is looked into and added to. Raises Invalid for both fields at once."""
    known = known or Known()
    if slug not in known.products:
        known.products[slug] = await session.get(ProductRow, slug)
    if customer not in known.customers:
        known.customers[customer] = await _customer(session, customer)
    wrong: list[FieldError] = []
    product, row = PRODUCTS.get(slug), known.products[slug]
    if product is None or row is None:
        orderable = ", ".join(sorted(name for name, item in PRODUCTS.items() if item.status == "active"))
        wrong.append(FieldError(field="product", message=f"must be one of {orderable}"))
    found = known.customers[customer]
    if found is None:
        message = f"there is no customer {customer!r}: create it with POST /api/v1/customers"
        wrong.append(FieldError(field="customer", message=message))
    if product is not None and found is not None and (refusal := product.orderable_by(found.shortcode)) is not None:
        wrong.append(refusal)
    if product is None or found is None or wrong:
        raise invalid(wrong)
    return product, found


async def _customer(session: AsyncSession, named: str) -> Customer | None:
    chosen = Customer.shortcode == named
    with contextlib.suppress(ValueError):  # a shortcode, not an id
        chosen = or_(chosen, Customer.id == uuid.UUID(named))
    found: Customer | None = await session.scalar(select(Customer).where(chosen))
    return found
