"""The pages of each workflow, as generators: a page is yielded, its values come back; the last one places the order."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field, create_model
from pydantic.fields import FieldInfo
from pydantic_forms.core import FormPage
from pydantic_forms.validators import LongText
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.catalog import Product, Target
from trunkline.catalog.block import changeable_paths, input_model
from trunkline.catalog.choices import ChosenFrom
from trunkline.catalog.types import Uses
from trunkline.catalog.values import Values, flatten, items_of, merge, value_at
from trunkline.db.models import Approval, Customer, Lifecycle, ProductRow, Run, RunStatus, Subscription
from trunkline.errors import Conflict, FieldError, Invalid, Unavailable, invalid
from trunkline.forms.netbox import NetBoxChoices, Options
from trunkline.forms.pages import Rows, choice, has_fields, leaves, page, with_examples
from trunkline.routes.subscriptions import orders, service
from trunkline.routes.subscriptions.schemas import ModifyIn, OneOfMany, OrderIn

type Pages = AsyncGenerator[Any, Any]
"""pydantic-forms' generator: it yields page models and is sent their values; a dict ends it."""

type Leaf = Callable[[str, FieldInfo], Awaitable[object | None]]
"""Path and field -> the type that a page gives it; None: it is not on that page."""

# A list that nobody reads to its end: beyond it a form takes text, and GET /subscriptions?q= finds it.
_MOST_CHOICES = 1000


@dataclass
class Form:
    """One walk through a form, of which `given` pages are filled in.

    `planned`: the run whose plan the last page shows; `run`: what the filled-in form has started.
    """

    session: AsyncSession
    choices: NetBoxChoices
    caller: Caller
    product: Product
    given: int
    subscription: Subscription | None = None
    asked: int = 0
    last: bool = False
    planned: Run | None = None
    run: Run | None = None

    def pages(self, target: Target) -> Pages:
        """The pages of a workflow."""
        return {
            "create": self._create,
            "modify": self._modify,
            "terminate": self._terminate,
            "resync": self._resync,
            "validate": self._validate,
        }[target]()

    async def _create(self) -> Pages:
        who = yield self._page(await self._who())
        values: Values = {}
        first = await self._values_page(values, on_first=True)
        values = merge(values, _plain((yield self._page(first))))
        self._check_alone(values)
        second = await self._values_page(values, on_first=False)
        if has_fields(second):
            values = merge(values, _plain((yield self._page(second))), items=True)
        body = OrderIn(product=self.product.slug, customer=str(_plain(who)["customer"]), note=who.note, input=values)
        await self._refer_to_page(orders.check(self.session, self.caller, OneOfMany(**body.model_dump(include=_ORDER))))
        planned = None
        if self._is_next:
            planned, _ = await orders.order(
                self.session, self.caller, body.model_copy(update={"plan_only": True}), None
            )
        decided = yield self._plan_page(planned)
        await self._must_be_the_plan(decided.plan, self.product.ordered(values).values())
        self.run, _ = await orders.order(
            self.session, self.caller, body.model_copy(update={"approval": decided.approval}), None
        )
        yield {}

    async def _modify(self) -> Pages:
        subscription = self._subscription
        ordered = self.product.unlearned(subscription.block)
        changeable = changeable_paths(self.product.block)
        present = {path: value for path in changeable if (value := value_at(ordered, path)) is not None}

        async def leaf(path: str, field: FieldInfo) -> object | None:
            # A list changes as a whole, or not at all.
            may_change = {path, path.partition(".*")[0]} <= changeable
            return await self._type(field, flatten(ordered), path) if may_change else None

        form = await self._built(self.product.name, leaf, present, {})
        changed = _changed(_plain((yield self._page(form))), ordered)
        if not changed:
            raise invalid([FieldError(field="pages.0", message="nothing is changed: give another value to some field")])
        body = ModifyIn(input=changed)
        planned = None
        if self._is_next:
            plan_only = body.model_copy(update={"plan_only": True})
            planned = await service.modify(self.session, self.caller, subscription, plan_only)
        decided = yield self._plan_page(planned)
        desired = self.product.modified(subscription.block, changed).values()
        await self._must_be_the_plan(decided.plan, desired)
        approved = body.model_copy(update={"approval": decided.approval})
        self.run = await service.modify(self.session, self.caller, subscription, approved)
        yield {}

    async def _terminate(self) -> Pages:
        subscription = self._subscription
        planned = None
        if self._is_next:
            planned = await service.terminate(
                self.session, self.caller, subscription, approval=Approval.AUTO, plan_only=True, skip_devices=False
            )
        decided = yield self._plan_page(planned)
        await self._must_be_the_plan(decided.plan, subscription.block)
        self.run = await service.terminate(
            self.session, self.caller, subscription, approval=decided.approval, plan_only=False, skip_devices=False
        )
        yield {}

    async def _resync(self) -> Pages:
        subscription = self._subscription
        planned = None
        if self._is_next:
            planned = await service.resync(self.session, self.caller, subscription, plan_only=True)
        decided = yield self._plan_page(planned)
        await self._must_be_the_plan(decided.plan, subscription.block)
        self.run = await service.resync(self.session, self.caller, subscription, plan_only=False)
        yield {}

    async def _validate(self) -> Pages:
        self.run = await service.validate(self.session, self.caller, self._subscription)
        yield {}

    # What the pages are made of.

    @property
    def _is_next(self) -> bool:
        """Whether the page about to be yielded is the one that is shown."""
        return self.asked == self.given

    @property
    def _subscription(self) -> Subscription:
        if self.subscription is None:
            raise invalid([FieldError(field="subscription", message="say which subscription it is about")])
        return self.subscription

    def _page(self, form: type[FormPage]) -> type[FormPage]:
        self.asked += 1
        return form

    async def _who(self) -> type[FormPage]:
        rows = await self.session.scalars(select(Customer).order_by(Customer.shortcode).limit(_MOST_CHOICES))
        options = {
            row.shortcode: row.name
            for row in rows
            if self.product.orderable_by(row.shortcode) is None
            and self.caller.may(Role.OPERATOR, self.product.slug, row.shortcode)
        }
        if not options:
            raise Conflict(f"No customer may order {self.product.slug}: create one with POST /api/v1/customers.")
        return _form("Customer", customer=(choice("Customer", options), ...), note=(LongText, ""))

    async def _values_page(self, known: Values, *, on_first: bool) -> type[FormPage]:
        """The first page has what can be chosen at once, the second what hangs on the first, row by row."""
        flat = flatten(known)
        rows = {} if on_first else {path: len(items) for path, items in _lists(known)}

        async def leaf(path: str, field: FieldInfo) -> object | None:
            chosen = _mark(field, ChosenFrom)
            waits = bool(chosen and chosen.device and self.choices.configured)
            return None if waits is on_first else await self._type(field, flat, path)

        return await self._built(self.product.name if on_first else f"{self.product.name}: details", leaf, {}, rows)

    async def _built(self, title: str, leaf: Leaf, present: Values, rows: Rows) -> type[FormPage]:
        model = input_model(self.product.block)
        types = {path: await leaf(path, field) for path, field in leaves(model, rows)}
        return page(title, model, types, present, rows)

    async def _type(self, field: FieldInfo, known: Values, path: str) -> object:
        options = await self._options(field, known, path)
        return choice(path, options) if options else field.annotation

    async def _options(self, field: FieldInfo, known: Values, path: str) -> Options:
        """What can be chosen for a field; empty: it takes text. Raises Unavailable."""
        use, chosen = _mark(field, Uses), _mark(field, ChosenFrom)
        if use is not None:
            return await self._referable(use)
        # Of a row that may still be added nobody knows on which device it will be.
        if chosen is None or not self.choices.configured or (chosen.device and ".*." in path):
            return {}
        device = str(known.get(path.rpartition(".")[0] + f".{chosen.device}" if "." in path else chosen.device, ""))
        options = await self.choices.options(chosen, device if chosen.device else "")
        if not options:
            of = f" of {device}" if chosen.device else ""
            remedy = "choose another" if of else "the task bootstrap-netbox makes them"
            raise Conflict(f"{path}: NetBox has no {chosen.things}{of}: {remedy}.", field=path)
        return options

    async def _referable(self, use: Uses) -> Options:
        query = (
            select(Subscription)
            .join(ProductRow, ProductRow.slug == Subscription.product_slug)
            .where(ProductRow.block == use.block, Subscription.status == Lifecycle.ACTIVE)
            .order_by(Subscription.description)
            .limit(_MOST_CHOICES + 1)
        )
        rows = (await self.session.scalars(query)).unique().all()
        if not rows:
            raise Conflict(f"There is no active {use.block.lower()} to choose: order one first.")
        return {str(row.block[use.field]): row.description for row in rows} if len(rows) <= _MOST_CHOICES else {}

    def _check_alone(self, values: Values) -> None:
        """What can be said of the first page by itself: fields of the second have their examples for the moment."""
        try:
            self.product.ordered(with_examples(input_model(self.product.block), values))
        except Invalid as problem:
            raise self._on_page(problem, 1) from None

    async def _refer_to_page(self, checked: Any) -> None:  # noqa: ANN401
        try:
            await checked
        except Invalid as problem:
            raise self._on_page(problem, self.asked - 1) from None

    @staticmethod
    def _on_page(problem: Invalid, number: int) -> Invalid:
        return invalid(
            [
                FieldError(
                    field=f"pages.{number}.{item.field.removeprefix('input').strip('.')}".rstrip("."),
                    message=item.message,
                )
                for item in problem.errors
            ]
        )

    def _plan_page(self, planned: Run | None) -> type[FormPage]:
        self.planned, self.last = planned, True
        shown = {"default": str(planned.id)} if planned else {"default": ...}
        return self._page(
            _form(
                "Plan",
                plan=(Annotated[uuid.UUID, Field(description="The run whose plan was looked at")], Field(**shown)),
                approval=(
                    Approval,
                    Field(Approval.AUTO, description="manual: look at the plan once more before it is applied"),
                ),
            )
        )

    async def _must_be_the_plan(self, run_id: uuid.UUID, desired: Values) -> None:
        run = await self.session.get(Run, run_id)
        where = f"pages.{self.asked - 1}.plan"
        if run is None or not run.plan_only or run.desired != desired:
            message = "is not the plan of these values: send the pages before it again"
            raise invalid([FieldError(field=where, message=message)])
        if not run.status.ended:
            raise Unavailable(f"{where}: run {run.id} is still planning: wait for it.")
        if run.status is not RunStatus.COMPLETED:
            detail = (run.error or {}).get("detail", run.status)
            raise invalid([FieldError(field=where, message=f"the plan failed: {detail}")])


_ORDER = {"product", "customer", "note", "input"}


def _form(title: str, **fields: Any) -> type[FormPage]:  # noqa: ANN401
    base = type(title, (FormPage,), {"model_config": ConfigDict(title=title), "__module__": __name__})
    return cast("type[FormPage]", create_model(title, __base__=base, **fields))


def _plain(values: FormPage) -> Values:
    """As JSON has it: of a choice its value."""
    return values.model_dump(mode="json")


def _mark[M](field: FieldInfo, kind: type[M]) -> M | None:
    return next((item for item in field.metadata if isinstance(item, kind)), None)


def _lists(values: Values, prefix: str = "") -> Iterator[tuple[str, list[Values]]]:
    for name, value in values.items():
        if items := items_of(value):
            yield prefix + name, items
        elif isinstance(value, dict):
            yield from _lists(cast("Values", value), f"{prefix}{name}.")


def _changed(given: Values, before: Values) -> Values:
    """What is not as before; of a list with another row all rows."""
    changed: Values = {}
    for name, value in given.items():
        old = before.get(name)
        if isinstance(value, dict):
            if below := _changed(cast("Values", value), cast("Values", old or {})):
                changed[name] = below
        elif _known(value) != items_of(old) if items_of(value) else value != old:
            changed[name] = value
    return changed


def _known(value: object) -> list[Values]:
    """The rows of a list without what was left empty, as a block keeps them."""
    return [{name: below for name, below in item.items() if below is not None} for item in items_of(value)]
