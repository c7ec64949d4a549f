"""Order: the pages of a form. All that is filled in stands in the address, so that nothing is lost on the way."""

import json
import uuid
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import TypeAdapter
from starlette.datastructures import FormData

from trunkline.access import Caller, Role
from trunkline.catalog import PRODUCTS, Values
from trunkline.catalog.values import items_of, pattern_of, value_at
from trunkline.db.models import Subscription
from trunkline.errors import FieldError, Invalid, NotFound, Problem, invalid
from trunkline.routes.authentication import Where, needs
from trunkline.routes.forms.schemas import FormIn, FormOut
from trunkline.routes.runs.endpoints import detail, get_plan
from trunkline.routes.runs.schemas import RunOut
from trunkline.routes.session import Session
from trunkline.routes.subscriptions import service as subscriptions
from trunkline.web.diffs import side_by_side
from trunkline.web.forms import Rows, groups_of, inputs_of, read, with_row, without_row
from trunkline.web.page import Elsewhere, Posted, Visitor, page_router, see_other, show, twin

router = page_router()

_NOTHING_TO_FILL_IN = ("terminate", "resync", "validate")
_PAGES = TypeAdapter(list[dict[str, object]])


@dataclass(frozen=True)
class Filled:
    """A form on its way: the pages filled in (also those after the one that is looked at), and which page that is."""

    workflow: str
    pages: list[Values]
    at: int
    subscription: uuid.UUID | None

    @classmethod
    def of(cls, workflow: str, values: FormData | dict[str, str]) -> "Filled":
        """As the address or a form has it. Raises Invalid."""
        try:
            pages = _PAGES.validate_json(str(values.get("pages") or "[]"))
            at = int(str(values.get("at") or len(pages)))
            subscription = uuid.UUID(str(values["subscription"])) if values.get("subscription") else None
        except ValueError:
            pages, at, subscription = [], -1, None
        if not 0 <= at <= len(pages):
            field = FieldError(field="pages", message="this address is incomplete: begin the order again")
            raise invalid([field])
        return cls(workflow, pages, at, subscription)

    def url(self, *, pages: list[Values] | None = None, at: int | None = None, plan: str | None = None) -> str:
        """The address of this form, at another page."""
        query = {"pages": json.dumps(self.pages if pages is None else pages, separators=(",", ":"))}
        if at is not None:
            query["at"] = str(at)
        if self.subscription:
            query["subscription"] = str(self.subscription)
        if plan:
            query["plan"] = plan
        return f"/order/{self.workflow}?{urlencode(query)}"

    async def ask(self, request: Request, caller: Caller, pages: list[Values]) -> FormOut | RunOut:
        """The page after these, or the run. Raises Problem."""
        # pydantic-forms is loaded where it is needed: it takes a fifth of the service's start.
        from trunkline.routes.forms import service  # noqa: PLC0415

        body = FormIn(pages=pages, subscription=self.subscription)
        return await service.fill_in(request, caller, self.workflow, body)


@router.get("/order", dependencies=[twin("/api/v1/products"), needs(Role.VIEWER, Where.ANYWHERE)])
async def choose(request: Request, caller: Visitor) -> Response:
    """What can be ordered."""
    offered = [product for product in PRODUCTS.values() if product.status == "active"]
    return show(request, "order_choose.html", caller=caller, products=offered)


@router.get(
    "/order/{workflow}", dependencies=[twin("/api/v1/workflows", query=False), needs(Role.OPERATOR, Where.ANYWHERE)]
)
async def form_page(request: Request, session: Session, caller: Visitor, workflow: str) -> Response:
    """The page that the address names."""
    filled = Filled.of(workflow, dict(request.query_params))
    plan = request.query_params.get("plan")
    if plan:
        return await _plan(request, session, caller, filled, plan)
    if filled.pages and request.headers.get("sec-fetch-site") == "cross-site":
        # The page after the last values makes a plan: no other site starts that for a person.
        raise Elsewhere("/order")
    if not filled.pages and _target(workflow) in _NOTHING_TO_FILL_IN:
        about = await _about(session, caller, filled)
        return show(request, "order_begin.html", caller=caller, filled=filled, about=about, target=_target(workflow))
    given = filled.pages[: filled.at]
    try:
        page = await filled.ask(request, caller, given)
    except Invalid as problem:
        # A page that was left before it was complete: what it lacks is said there.
        return await _again(request, session, caller, filled, given, problem)
    if isinstance(page, RunOut):
        raise Elsewhere(f"/runs/{page.id}")
    if page.plan is not None:
        raise Elsewhere(filled.url(pages=given, plan=str(page.plan.run)))
    return await _fields(request, session, caller, filled, page, _kept(filled), {}, None)


@router.post("/order/{workflow}", dependencies=[needs(Role.OPERATOR, Where.ANYWHERE)])
async def send_page(request: Request, session: Session, caller: Visitor, form: Posted, workflow: str) -> Response:
    """Take a page in, and go to the next one; or say beside each field what is wrong with it."""
    filled = Filled.of(workflow, form)
    if form.get("plan"):
        return await _place(request, session, caller, filled, form)
    if elsewhere := _without_looking(filled, form):
        return see_other(request, elsewhere)
    starts = "begin" in form
    given = filled.pages[: filled.at] + ([] if starts else [read(form)])
    try:
        answer = await filled.ask(request, caller, given)
    except Problem as problem:
        if starts or problem.status == 404:
            raise
        return await _again(request, session, caller, filled, given, problem)
    if isinstance(answer, RunOut):
        return see_other(request, f"/runs/{answer.id}")
    if answer.plan is not None:
        return see_other(request, filled.url(pages=given, plan=str(answer.plan.run)))
    later = filled.pages[filled.at + 1 :]
    return see_other(request, filled.url(pages=given + later, at=len(given)))


def _without_looking(filled: Filled, form: FormData) -> str | None:
    """The page before, or this one with a row more or less: what is filled in is kept, right or wrong."""
    back, add, remove = ("back" in form, str(form.get("add", "")), str(form.get("remove", "")))
    if not (back or add or remove):
        return None
    values, place = read(form), ""
    if add:
        values = with_row(values, add)
        place = f"#row.{add}.{len(items_of(value_at(values, add))) - 1}"
    elif remove:
        values, place = without_row(values, remove), f"#rows.{remove.rpartition('.')[0]}"
    pages = [*filled.pages[: filled.at], values, *filled.pages[filled.at + 1 :]]
    return filled.url(pages=pages, at=max(filled.at - back, 0)) + place


async def _about(session: Session, caller: Caller, filled: Filled) -> Subscription | None:
    """The subscription that the form is for. Raises NotFound."""
    if filled.subscription is None:
        return None
    row = await subscriptions.get(session, filled.subscription)
    if not caller.may(Role.VIEWER, row.product_slug, row.customer.shortcode):
        raise NotFound(f"There is no subscription {row.id} that {caller.name} may look at.")
    return row


def _kept(filled: Filled) -> Values:
    return filled.pages[filled.at] if filled.at < len(filled.pages) else {}


def _target(workflow: str) -> str:
    for product in PRODUCTS.values():
        for item in product.workflows:
            if item.name == workflow:
                return item.target
    raise NotFound(f"There is no workflow {workflow}. The products page lists them.")


async def _again(
    request: Request, session: Session, caller: Caller, filled: Filled, given: list[Values], problem: Problem
) -> Response:
    """The page on which something is wrong, with what was filled in."""
    numbers = [
        int(parts[1]) for error in problem.errors if (parts := error.field.split("."))[0] == "pages" and len(parts) > 1
    ]
    at = min([number for number in numbers if number < len(given)], default=filled.at)
    page = await filled.ask(request, caller, given[:at])
    if isinstance(page, RunOut) or page.plan is not None:
        raise problem
    errors = {
        error.field.removeprefix(f"pages.{at}.").removeprefix(f"pages.{at}"): error.message
        for error in problem.errors
        if error.field.startswith(f"pages.{at}")
    }
    if place := str(problem.more.get("field", "")).removeprefix("input."):
        errors[place] = problem.detail.removeprefix("input.").removeprefix(f"{place}: ")
    here = Filled(filled.workflow, given + filled.pages[len(given) :], at, filled.subscription)
    return await _fields(request, session, caller, here, page, given[at], errors, problem)


async def _fields(
    request: Request,
    session: Session,
    caller: Caller,
    filled: Filled,
    page: FormOut,
    values: Values,
    errors: dict[str, str],
    problem: Problem | None,
) -> Response:
    groups = groups_of(page.form, values, errors)
    inputs = inputs_of(groups)
    paths = {item.path for item in inputs} | {group.path for group in groups if isinstance(group, Rows)}
    return show(
        request,
        "order.html",
        status=problem.status if problem else 200,
        caller=caller,
        filled=filled,
        title=page.title,
        groups=groups,
        optional=" ".join(sorted({pattern_of(item.path) for item in inputs if item.optional})),
        # What belongs to no field stands above them.
        problem=problem,
        general=[message for path, message in errors.items() if path not in paths]
        or ([problem.detail] if problem and not errors and not isinstance(problem, Invalid) else []),
        has_errors=bool(paths & errors.keys()),
        about=await _about(session, caller, filled),
        product=_product(filled.workflow),
        target=_target(filled.workflow),
    )


async def _plan(
    request: Request,
    session: Session,
    caller: Caller,
    filled: Filled,
    plan: str,
    problem: Problem | None = None,
) -> Response:
    try:
        run_id = uuid.UUID(plan)
    except ValueError:
        raise NotFound(f"There is no run {plan}: begin the order again.") from None
    run = await detail(session, run_id)
    if run.created_by != caller.name and not caller.everywhere(Role.VIEWER):
        raise NotFound(f"There is no plan {plan} of yours: begin the order again.")
    shown = await get_plan(session, run_id) if run.plan_digest else None
    return show(
        request,
        "order_plan.html",
        status=problem.status if problem else 200,
        caller=caller,
        filled=filled,
        run=run,
        plan=shown,
        diffs={name: side_by_side(diff) for name, diff in shown.devices.items()} if shown else {},
        problem=problem,
        product=_product(filled.workflow),
        target=_target(filled.workflow),
        about=await _about(session, caller, filled),
    )


async def _place(request: Request, session: Session, caller: Caller, filled: Filled, form: FormData) -> Response:
    last = cast("Values", {"plan": str(form["plan"]), "approval": "manual" if form.get("manual") else "auto"})
    try:
        run = await filled.ask(request, caller, [*filled.pages, last])
    except Problem as problem:
        return await _plan(request, session, caller, filled, str(form["plan"]), problem)
    if not isinstance(run, RunOut):
        raise NotFound("This form has more pages than were filled in: begin the order again.")
    return see_other(request, f"/runs/{run.id}")


def _product(workflow: str) -> str:
    return next(product.name for product in PRODUCTS.values() if workflow in {item.name for item in product.workflows})
