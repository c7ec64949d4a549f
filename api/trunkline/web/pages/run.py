"""One run: its steps, its plan, its log, and what a person decides."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, cast

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.db.models import Run, RunStatus, RunTarget
from trunkline.errors import NotFound, field_errors, invalid
from trunkline.routes.authentication import Where, needs
from trunkline.routes.runs import service
from trunkline.routes.runs.endpoints import detail, get_plan
from trunkline.routes.runs.schemas import OnePlan, PlanOut, RejectIn, RunDetail
from trunkline.routes.session import Session
from trunkline.runs.adoption import ADOPT
from trunkline.web.diffs import Row, side_by_side
from trunkline.web.page import Posted, Visitor, page_router, see_other, show, show_part, twin

router = page_router()


@router.get("/runs/{run_id:uuid}", dependencies=[twin("/api/v1/runs/{run_id}"), needs(Role.VIEWER, Where.RUN)])
async def run(request: Request, session: Session, caller: Visitor, run_id: uuid.UUID) -> Response:
    """The whole page; its log comes from the API's events."""
    return show(request, "run.html", caller=caller, **await _shown(session, caller, run_id))


@router.get("/parts/runs/{run_id:uuid}", dependencies=[needs(Role.VIEWER, Where.RUN)])
async def run_part(request: Request, session: Session, caller: Visitor, run_id: uuid.UUID) -> Response:
    """All of it but the log."""
    return show_part(request, "parts/run.html", caller=caller, **await _shown(session, caller, run_id))


async def _shown(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> dict[str, Any]:
    shown = await detail(session, run_id)
    try:
        plan: PlanOut | None = await get_plan(session, run_id)
    except NotFound:
        plan = None
    return {
        "run": shown,
        "plan": plan,
        "diffs": _diffs(plan),
        "previous": plan.previous if plan else None,
        "previous_diffs": _diffs(plan.previous if plan else None),
        "can": can(caller, shown),
    }


def _diffs(plan: OnePlan | None) -> dict[str, list[Row]]:
    return {name: side_by_side(diff) for name, diff in plan.devices.items()} if plan else {}


def can(caller: Caller, run: RunDetail) -> set[str]:
    """What the page offers; the service has the last word, and says why."""
    if not caller.anywhere(Role.OPERATOR):
        return set()
    ended, waits, held = run.status.ended, run.status is RunStatus.AWAITING_APPROVAL, run.status is RunStatus.HELD
    adopted = run.task == ADOPT and run.plan_digest is not None
    undone = (run.status is RunStatus.COMPLETED and (run.target is RunTarget.MODIFY or adopted)) or (
        run.status is RunStatus.FAILED and run.target in (RunTarget.CREATE, RunTarget.MODIFY, RunTarget.TERMINATE)
    )
    decides = waits and caller.anywhere(Role.APPROVER)
    offered = {
        "approve": decides,
        "reject": decides,
        "cancel": not (ended or waits or run.cancel_requested_by),
        "retry": held or (ended and run.status is not RunStatus.COMPLETED and run.target is not RunTarget.BATCH),
        "rollback": held or (undone and not run.plan_only),
    }
    return {name for name, yes in offered.items() if yes}


type Decide = Callable[[AsyncSession, Caller, uuid.UUID], Awaitable[Run]]


@router.post("/runs/{run_id:uuid}/approve", dependencies=[needs(Role.APPROVER, Where.RUN)])
async def approve(request: Request, session: Session, caller: Visitor, form: Posted, run_id: uuid.UUID) -> Response:
    """The plan that was looked at is applied; another one is refused."""
    digest, four_eyes = form.get("digest"), request.app.state.settings.four_eyes
    await service.approve(session, caller, run_id, str(digest) if digest else None, four_eyes=four_eyes)
    return see_other(request, f"/runs/{run_id}")


@router.post("/runs/{run_id:uuid}/reject", dependencies=[needs(Role.APPROVER, Where.RUN)])
async def reject(request: Request, session: Session, caller: Visitor, form: Posted, run_id: uuid.UUID) -> Response:
    """The plan is not applied; the reason is kept with the run."""
    try:
        body = RejectIn(reason=str(form.get("reason", "")).strip())
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None
    await service.reject(session, caller, run_id, body.reason)
    return see_other(request, f"/runs/{run_id}")


@router.post("/runs/{run_id:uuid}/cancel", dependencies=[needs(Role.OPERATOR, Where.RUN)])
async def cancel(
    request: Request,
    session: Session,
    caller: Visitor,
    form: Posted,
    run_id: uuid.UUID,
) -> Response:
    """The playbook is stopped, and what was applied is rolled back."""
    await service.cancel(session, caller, run_id, None)
    return see_other(request, f"/runs/{run_id}")


@router.post("/runs/{run_id:uuid}/{decision}", dependencies=[needs(Role.OPERATOR, Where.RUN)])
async def again(
    request: Request,
    session: Session,
    caller: Visitor,
    form: Posted,
    run_id: uuid.UUID,
    decision: str,
) -> Response:
    """Retry, or go back to before."""
    decide = _AGAIN.get(decision)
    if decide is None:
        raise NotFound(f"A run cannot be asked to {decision}.")
    made = await decide(session, caller, run_id)
    return see_other(request, f"/runs/{made.id}")


_AGAIN = cast("dict[str, Decide]", {"retry": service.retry, "rollback": service.roll_back})
