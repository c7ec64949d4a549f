"""Tasks: work that no order asks for."""

import uuid

from fastapi import APIRouter, Response
from pydantic import ValidationError

from trunkline.access import Caller, Role
from trunkline.catalog.types import Uses
from trunkline.db.models import JsonObject, Run, RunTarget, Subscription
from trunkline.errors import FieldError, NotFound, field_errors, invalid
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.idempotency import Key, remember
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.session import Session
from trunkline.routes.subscriptions import service as subscriptions
from trunkline.routes.subscriptions.references import find
from trunkline.routes.tasks.schemas import TaskIn, TaskOut
from trunkline.runs.start import NewRun, start
from trunkline.runs.tasks import TASKS, Task

router = APIRouter(prefix="/tasks", tags=["tasks"])


@router.get("", summary="List tasks", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def list_tasks() -> list[TaskOut]:
    """Every task, with the schema of its input."""
    return [
        TaskOut(name=task.name, description=task.description, input_schema=task.input.model_json_schema())
        for task in TASKS.values()
    ]


@router.post("/{name}", status_code=202, summary="Start a task", dependencies=[needs(Role.OPERATOR)])
async def start_task(
    session: Session,
    caller: Authenticated,
    name: str,
    response: Response,
    body: TaskIn | None = None,
    idempotency_key: Key = None,
) -> RunOut:
    """The run that does it."""
    run = await _start(session, caller, _task(name), body or TaskIn(), idempotency_key)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


def _task(name: str) -> Task:
    if name not in TASKS:
        raise NotFound(f"There is no task {name}. The tasks are {', '.join(TASKS)}.")
    return TASKS[name]


async def _start(session: Session, caller: Caller, task: Task, body: TaskIn, key: str | None) -> Run:
    run_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, run_id)
    if earlier is not None:
        return earlier
    try:
        values: JsonObject = task.input.model_validate(body.input).model_dump(mode="json")
    except ValidationError as error:
        raise invalid(field_errors(error.errors(), "input.")) from None
    subject = await _subject(session, task, values)
    new = NewRun(
        target=RunTarget.TASK,
        by=caller.name,
        title=f"{task.description}: {subject.description}" if subject else task.description,
        subscription=subject,
        approval=body.approval,
        desired=values,
        # One without a playbook changes nothing: it ends with what others call its plan.
        plan_only=body.plan_only or task.playbook is None,
        task=task.name,
        id=run_id,
    )
    return await start(session, new)


async def _subject(session: Session, task: Task, values: JsonObject) -> Subscription | None:
    if task.subject is None:
        return None
    use = next(item for item in task.input.model_fields[task.subject].metadata if isinstance(item, Uses))
    subscription = await find(session, use, str(values[task.subject]), change=True)
    if subscription is None:
        message = f"there is no {use.block.lower()} {values[task.subject]!r}: see GET /api/v1/subscriptions"
        raise invalid([FieldError(field=f"input.{task.subject}", message=message)])
    subscriptions.must_be_in_service(subscription, "worked on by this task")
    return subscription
