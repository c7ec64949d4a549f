"""Workflow jobs: nodes start when a node before them has ended as their link says; approvals wait for a person."""

from tests.awx.standin import jobs
from tests.awx.standin.launching import launch
from tests.awx.standin.store import Record, Store, now

_LINKS = {
    "success_nodes": ("successful",),
    "failure_nodes": ("failed", "error", "canceled"),
    "always_nodes": jobs.ENDED,
}


def advance(store: Store, workflow: Record) -> None:
    """Start what is due; end the workflow when nothing runs and nothing is due."""
    if workflow["status"] == "pending":
        workflow |= {"status": "running", "started": now()}
    nodes = [node for node in store.table("workflow_job_nodes").values() if node["workflow_job"] == workflow["id"]]
    states = {node["id"]: _status(store, node) for node in nodes}
    due = [node for node in nodes if node["job"] is None and _is_due(node, nodes, states)]
    if workflow.get("cancel"):
        for node in nodes:
            if states[node["id"]] not in (None, *jobs.ENDED):
                _cancel(store, node)
        due = []
    for node in due:
        _start(store, workflow, node)
    if due or any(state not in (None, *jobs.ENDED) for state in states.values()):
        return
    unhandled = [
        node for node in nodes if states[node["id"]] in ("failed", "error", "canceled")
        and not node["failure_nodes"] and not node["always_nodes"]
    ]  # fmt: skip
    status = "canceled" if workflow.get("cancel") else "failed" if unhandled else "successful"
    workflow |= {"status": status, "finished": now(), "failed": status != "successful"}
    if unhandled:
        workflow["job_explanation"] = "No error handling path for workflow job node(s) [{}].".format(
            ",".join(f"({node['id']},{states[node['id']]})" for node in unhandled)
        )


def job_of(store: Store, node: Record) -> Record | None:
    """The job or approval that the node has become."""
    if node["job"] is None:
        return None
    return store.table("jobs").get(node["job"]) or store.table("workflow_approvals")[node["job"]]


def _status(store: Store, node: Record) -> str | None:
    job = job_of(store, node)
    return None if job is None else str(job["status"])


def _is_due(node: Record, nodes: list[Record], states: dict[int, str | None]) -> bool:
    before = [(parent, link) for parent in nodes for link in _LINKS if node["id"] in parent[link]]
    return not before or any(states[parent["id"]] in _LINKS[link] for parent, link in before)


def _start(store: Store, workflow: Record, node: Record) -> None:
    number = node["unified_job_template"]
    if number in store.table("workflow_approval_templates"):
        template = store.table("workflow_approval_templates")[number]
        approval = store.add(
            "workflow_approvals",
            name=template["name"], description=template["description"], unified_job_template=number,
            workflow_approval_template=number, status="pending", launch_type="workflow", failed=False, started=now(),
            finished=None, source_workflow_job=workflow["id"],
        )  # fmt: skip
        node["job"] = approval["id"]
        return
    learned: Record = {}
    for other in store.table("workflow_job_nodes").values():
        job = job_of(store, other)
        if other["workflow_job"] == workflow["id"] and job and "job_template" in job:
            learned |= jobs.state_of(store, job)["artifacts"]
    given = {"extra_vars": workflow["extra_vars"] | learned | node["extra_data"]}
    given |= {"job_type": node["job_type"]} if node["job_type"] else {}
    job, _ignored = launch(store, store.table("job_templates")[number], given, "workflow")
    node["job"] = job["id"]


def _cancel(store: Store, node: Record) -> None:
    job = job_of(store, node)
    if job is not None and "job_template" in job:
        jobs.cancel(store, job)
    elif job is not None:
        job |= {"status": "canceled", "failed": True, "finished": now()}
