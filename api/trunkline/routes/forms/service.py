"""Walk through a form: which page comes next, and what the last one shows."""

import asyncio
import uuid
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from pydantic_forms.core.asynchronous import walk_form
from pydantic_forms.core.shared import Complete, Rejected, page_schema
from pydantic_forms.exceptions import FormOverflowError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.catalog import PRODUCTS, Product, Target
from trunkline.db.models import Run
from trunkline.errors import FieldError, NotFound, field_errors, invalid
from trunkline.routes.forms.generators import Form
from trunkline.routes.forms.schemas import FormIn, FormOut, FormPlan
from trunkline.routes.runs.schemas import RunError, RunOut, plan_out, run_out
from trunkline.routes.session import sign
from trunkline.routes.subscriptions import service

# A plan takes two seconds or so; a client that gets none follows the run.
_PLANNED_WITHIN_S = 20.0


async def fill_in(request: Request, caller: Caller, workflow: str, body: FormIn) -> FormOut | RunOut:
    """The next page, or the run when there is none. Raises NotFound, Invalid, Conflict, Unavailable."""
    product, target = _workflow(workflow)
    state = request.app.state
    async with state.sessions.begin() as session:
        await sign(session, request)
        form = Form(session, state.choices, caller, product, len(body.pages))
        if body.subscription is not None:
            form.subscription = await service.lock(session, body.subscription, None)
            owned = (form.subscription.product_slug, form.subscription.customer.shortcode)
            if not caller.may(Role.VIEWER, *owned):
                raise NotFound(f"There is no subscription {body.subscription} that {caller.name} may look at.")
            caller.must(Role.OPERATOR, *owned)
            if form.subscription.product_slug != product.slug or target == "create":
                message = f"is not what workflow {workflow} is for"
                raise invalid([FieldError(field="subscription", message=message)])
        page = await _walk(form, target, body)
        if form.run is not None:
            return run_out(form.run)
    if page is None:
        raise RuntimeError(f"the form of {workflow} ended without a run")
    schema = page_schema(page)
    plan = None if form.planned is None else await _plan(request, form.planned.id)
    return FormOut(page=form.asked - 1, title=schema["title"], schema=schema, last=form.last, plan=plan)


async def _walk(form: Form, target: Target, body: FormIn) -> type[BaseModel] | None:
    """The page to show next; None when all were accepted. Raises Invalid."""
    for number, page in enumerate(body.pages):
        # pydantic-forms gives the fields as keyword arguments.
        if "self" in page:
            raise invalid([FieldError(field=f"pages.{number}.self", message="there is no such field")])
    try:
        outcome = await walk_form(lambda _state: form.pages(target), {}, body.pages)
    except FormOverflowError:
        message = f"the form of {target} has {form.asked} pages here: leave out what comes after"
        raise invalid([FieldError(field="pages", message=message)]) from None
    if isinstance(outcome, Rejected):
        raise invalid(field_errors(outcome.error.errors, f"pages.{outcome.index}."))
    return None if isinstance(outcome, Complete) else outcome.model


async def _plan(request: Request, run_id: uuid.UUID) -> FormPlan:
    """The run's plan; after a while without it what is known of it."""
    state = request.app.state
    run = None
    with state.hub.following(run_id) as woken:
        try:
            async with asyncio.timeout(_PLANNED_WITHIN_S):
                while run is None or not run.status.ended:
                    woken.clear()
                    run = await _run(state.sessions(), run_id)
                    if not run.status.ended:
                        await woken.wait()
        except TimeoutError:
            run = await _run(state.sessions(), run_id)
    plan = plan_out(run.plan, run.previous_plan) if run.plan is not None else None
    error = RunError.model_validate(run.error) if run.error else None
    return FormPlan(run=run_id, status=run.status.value, plan=plan, error=error)


async def _run(session: AsyncSession, run_id: uuid.UUID) -> Run:
    async with session:
        return await session.get_one(Run, run_id)


def _workflow(name: str) -> tuple[Product, Target]:
    found: dict[str, Any] = {flow.name: (item, flow.target) for item in PRODUCTS.values() for flow in item.workflows}
    if name not in found:
        raise NotFound(f"There is no workflow {name}. GET /api/v1/workflows lists them.")
    product, target = found[name]
    return product, target
