"""Start a task, whoever wants it: a caller or the clock."""

import uuid

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog.types import Uses
from trunkline.db.models import Approval, JsonObject, Run, RunTarget, Subscription
from trunkline.errors import FieldError, NotFound, field_errors, invalid
from trunkline.lifecycle import must_be_in_service
from trunkline.runs.adoption import ADOPT, customer_called
from trunkline.runs.find import find
from trunkline.runs.start import NewRun, start
from trunkline.runs.tasks import TASKS, Task


def task_called(name: str) -> Task:
    """The task. Raises NotFound."""
    if name not in TASKS:
        raise NotFound(f"There is no task {name}. The tasks are {', '.join(TASKS)}.")
    return TASKS[name]


def checked_input(task: Task, given: JsonObject) -> JsonObject:
    """The input as the task takes it. Raises Invalid."""
    try:
        return task.input.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise invalid(field_errors(error.errors(), "input.")) from None


async def start_task(
    session: AsyncSession,
    by: str,
    task: Task,
    given: JsonObject,
    *,
    approval: Approval = Approval.AUTO,
    plan_only: bool = False,
    run_id: uuid.UUID | None = None,
) -> Run:
    """The run that does it. Raises Invalid, IllegalTransition, Locked."""
    values = checked_input(task, given)
    if task.name == ADOPT:
        await customer_called(session, str(values["customer"]))
    subject = await _subject(session, task, values)
    new = NewRun(
        target=RunTarget.TASK,
        by=by,
        title=f"{task.description}: {subject.description}" if subject else task.description,
        subscription=subject,
        approval=approval,
        desired=values,
        # One without a playbook changes nothing itself: it ends with what others call its plan.
        plan_only=plan_only or task.playbook is None,
        # An input with this name says whether they are to be looked at.
        skip_devices=values.get("devices") is False,
        task=task.name,
        id=run_id,
    )
    return await start(session, new)


async def _subject(session: AsyncSession, task: Task, values: JsonObject) -> Subscription | None:
    if task.subject is None:
        return None
    use = next(item for item in task.input.model_fields[task.subject].metadata if isinstance(item, Uses))
    subscription = await find(session, use, str(values[task.subject]), change=True)
    if subscription is None:
        message = f"there is no {use.block.lower()} {values[task.subject]!r}: see GET /api/v1/subscriptions"
        raise invalid([FieldError(field=f"input.{task.subject}", message=message)])
    must_be_in_service(subscription, "worked on by this task")
    return subscription
