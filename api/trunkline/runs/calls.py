"""Which playbook a stage runs, and with which values: the whole of a workflow's meaning."""

from collections.abc import Sequence
from typing import cast

from trunkline.catalog import PRODUCTS, Product, Target, Values
from trunkline.db.models import JsonObject, Lifecycle, Run, RunTarget, Subscription
from trunkline.runs import adoption
from trunkline.runs.launch.contract import Call
from trunkline.runs.outcome import subscription_of
from trunkline.runs.tasks import TASKS


def many(playbook: str) -> str:
    """The playbook that does for a list of orders what `playbook` does for one."""
    return playbook.removesuffix(".yml") + "_many.yml"


def call_of(run: Run, stage: str, carried: Sequence[Run], timeout_s: int) -> Call | None:
    """The launch for a stage ("plan", "apply" or "rollback") of the run; `carried` are the orders of a batch.

    None for a task that the service does by itself.
    """
    check = stage == "plan"
    if run.target is RunTarget.TASK:
        task = TASKS[str(run.task)]
        if task.playbook is None:
            return None
        playbook = task.undo_playbook if stage == "rollback" and task.undo_playbook else task.playbook
        variables = adoption.variables(run, stage) if task.name == adoption.ADOPT else _of_task(run)
    elif run.target is RunTarget.BATCH:
        product = PRODUCTS[subscription_of(carried[0]).product_slug]
        playbook = many(product.workflow("terminate" if stage == "rollback" else "create").playbook)
        variables = {"subscriptions": [_ordered(member, stage) for member in carried]}
    elif run.subscription is None:
        playbook, variables = _not_placed(run)
    else:
        product = PRODUCTS[run.subscription.product_slug]
        playbook = product.workflow(_target(run, stage)).playbook
        variables = {"subscription": _ordered(run, stage)}
    return Call(run.id, playbook, variables, check=check, skip_devices=run.skip_devices, timeout_s=timeout_s)


def _target(run: Run, stage: str) -> Target:
    if stage == "rollback":
        return "terminate" if run.target is RunTarget.CREATE else "resync"
    return cast("Target", run.target.value)  # of a run with a subscription, tasks apart, it is one of those


def _ordered(run: Run, stage: str) -> JsonObject:
    subscription = subscription_of(run)
    back = stage == "rollback" and run.target is not RunTarget.CREATE
    status = subscription.status if back or run.desired_status is None else run.desired_status
    if run.target is RunTarget.CREATE:
        status = Lifecycle.PROVISIONING
    return _for_playbook(subscription, status, run.before if back else run.desired)


def _for_playbook(subscription: Subscription, status: Lifecycle, block: Values) -> JsonObject:
    product = PRODUCTS[subscription.product_slug]
    return _variables(str(subscription.id), product, status, subscription.customer.shortcode, block)


def _not_placed(run: Run) -> tuple[str, JsonObject]:
    """An order of which only the plan is wanted."""
    order = run.order or {}
    product = PRODUCTS[str(order["product"])]
    values = _variables(str(order["id"]), product, Lifecycle.PROVISIONING, str(order["customer"]), run.desired)
    return product.workflow("create").playbook, {"subscription": values}


def _variables(identity: str, product: Product, status: Lifecycle, customer: str, block: Values) -> JsonObject:
    return {
        "id": identity,
        "product": product.slug,
        "status": status.value,
        "customer": customer,
        "block": product.for_playbook(block),
    }


def _of_task(run: Run) -> JsonObject:
    variables: JsonObject = dict(run.desired)
    if run.subscription is not None:
        variables["subscription"] = _for_playbook(run.subscription, run.subscription.status, run.subscription.block)
    return variables
