"""Tasks: work that no order asks for."""

import uuid

from fastapi import APIRouter, Response

from trunkline.access import Caller, Role
from trunkline.db.models import Run
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.idempotency import Key, remember
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.session import Session
from trunkline.routes.tasks.schemas import TaskIn, TaskOut
from trunkline.runs import start_task as runs
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
    run = await _start(session, caller, runs.task_called(name), body or TaskIn(), idempotency_key)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


async def _start(session: Session, caller: Caller, task: Task, body: TaskIn, key: str | None) -> Run:
    run_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, run_id)
    if earlier is not None:
        return earlier
    return await runs.start_task(
        session, caller.name, task, body.input, approval=body.approval, plan_only=body.plan_only, run_id=run_id
    )
