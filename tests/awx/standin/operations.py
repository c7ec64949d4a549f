"""What hangs below an object: launches, updates, events, cancels, surveys, associations, approvals."""

from collections.abc import Callable
from typing import Any

from tests.awx.standin import jobs, launching, projects, surveys
from tests.awx.standin.errors import AnswerError, not_allowed
from tests.awx.standin.kinds import KINDS, PROMPTS, WORKFLOW_PROMPTS
from tests.awx.standin.lists import page_of
from tests.awx.standin.objects import Asked, create, list_of
from tests.awx.standin.represent import ENCRYPTED, shown
from tests.awx.standin.store import Record, Store, now

type Answer = tuple[int, Any]


def find(kind: str, name: str) -> Callable[..., Answer] | None:
    """What does the work of /KIND/ID/NAME/."""
    if name in KINDS[kind].associations or (kind == "jobs" and name in ("labels", "credentials")):
        return lambda store, kind, record, asked: _associate(store, kind, record, asked, name)
    return _OPERATIONS.get((kind, name))


def _launch(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    if asked.method == "GET":
        return 200, launching.launch_info(store, record, PROMPTS)
    _post_only(asked)
    job, ignored = launching.launch(store, record, asked.body)
    return 201, {"job": job["id"], "ignored_fields": ignored} | shown(store, "jobs", job)


def _launch_workflow(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    if asked.method == "GET":
        return 200, launching.launch_info(store, record, WORKFLOW_PROMPTS)
    _post_only(asked)
    workflow, ignored = launching.launch_workflow(store, record, asked.body)
    return 201, {"workflow_job": workflow["id"], "ignored_fields": ignored} | shown(store, "workflow_jobs", workflow)


def _survey(_store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    if asked.method == "GET":
        spec = record.get("survey_spec") or {}
        hidden = [
            item | {"default": ENCRYPTED} if item["type"] == "password" and item.get("default") else item
            for item in spec.get("spec", [])
        ]
        return 200, spec | {"spec": hidden} if spec else {}
    if asked.method == "DELETE":
        record["survey_spec"] = {}
        return 200, {}
    _post_only(asked)
    surveys.check_spec(asked.body)
    record["survey_spec"] = asked.body
    return 200, {}


def _update(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    if asked.method == "GET":
        return 200, {"can_update": bool(record["scm_type"])}
    if not record["scm_type"]:
        raise not_allowed(asked.method)
    update = projects.begin_update(store, record)
    return 202, {"project_update": update["id"]} | shown(store, "project_updates", update)


def _update_inventory(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    if asked.method == "GET":
        return 200, {"can_update": True}
    update = projects.begin_inventory_update(store, record)
    return 202, {"inventory_update": update["id"]} | shown(store, "inventory_updates", update)


def _playbooks(store: Store, _kind: str, record: Record, _asked: Asked) -> Answer:
    return 200, projects.playbooks_of(store, record)


def _hosts(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    content = projects.inventory_content(store, record)
    names = sorted({host for name, group in content.items() if name != "_meta" for host in group["hosts"]})
    found = [
        {"id": number, "type": "host", "name": name, "variables": content["_meta"]["hostvars"].get(name, {})}
        for number, name in enumerate(names, 1)
    ]
    return 200, page_of(store, "hosts", found, asked.path, asked.query)


def _events(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    return 200, page_of(store, "job_events", jobs.events_of(store, record), asked.path, asked.query)


def _cancel(store: Store, kind: str, record: Record, asked: Asked) -> Answer:
    possible = record["status"] not in jobs.ENDED
    if kind == "jobs":
        possible = jobs.state_of(store, record)["status"] not in jobs.ENDED
    if asked.method == "GET":
        return 200, {"can_cancel": possible}
    if not possible:
        raise not_allowed(asked.method)
    if kind == "workflow_jobs":
        record["cancel"] = True
    elif record["status"] == "pending":
        record |= {"status": "canceled", "finished": now(), "job_explanation": "Job was canceled before it started."}
    else:
        jobs.cancel(store, record)
    return 202, None


def _workflow_nodes(store: Store, kind: str, record: Record, asked: Asked) -> Answer:
    if kind == "workflow_jobs":
        found = [node for node in store.table("workflow_job_nodes").values() if node["workflow_job"] == record["id"]]
        return 200, list_of(store, "workflow_job_nodes", found, asked)
    if asked.method == "POST":
        body = asked.body | {"workflow_job_template": record["id"]}
        return create(store, "workflow_job_template_nodes", Asked("POST", asked.path, asked.query, body))
    nodes = store.table("workflow_job_template_nodes").values()
    found = [node for node in nodes if node["workflow_job_template"] == record["id"]]
    return 200, list_of(store, "workflow_job_template_nodes", found, asked)


def _approval_template(store: Store, _kind: str, record: Record, asked: Asked) -> Answer:
    _post_only(asked)
    if not asked.body.get("name"):
        raise AnswerError(400, {"name": ["This field is required."]})
    values = {"name": "", "description": "", "timeout": 0} | asked.body
    template = store.add("workflow_approval_templates", **values)
    record["unified_job_template"] = template["id"]
    return 201, shown(store, "workflow_approval_templates", template)


def _decide(_store: Store, _kind: str, record: Record, asked: Asked, status: str) -> Answer:
    _post_only(asked)
    if record["status"] != "pending":
        raise AnswerError(400, {"error": "This workflow step has already been approved or denied."})
    record |= {"status": status, "failed": status == "failed", "finished": now()}
    return 204, None


def _approve(store: Store, kind: str, record: Record, asked: Asked) -> Answer:
    return _decide(store, kind, record, asked, "successful")


def _deny(store: Store, kind: str, record: Record, asked: Asked) -> Answer:
    return _decide(store, kind, record, asked, "failed")


def _associate(store: Store, kind: str, record: Record, asked: Asked, name: str) -> Answer:
    target = KINDS[kind].associations.get(name, name)
    if asked.method == "GET":
        return 200, list_of(store, target, [store.table(target)[number] for number in record[name]], asked)
    _post_only(asked)
    number = asked.body.get("id")
    if number not in store.table(target):
        raise AnswerError(400, {"msg": f"{KINDS[target].model} 'id' field is missing."})
    members = set(record[name])
    if asked.body.get("disassociate"):
        members.discard(number)
    else:
        new = store.table(target)[number]
        same = [
            store.table(target)[other]
            for other in members - {number}
            if target == "credentials" and store.table(target)[other]["credential_type"] == new["credential_type"]
        ]
        if same:
            title = store.table("credential_types")[new["credential_type"]]["name"]
            raise AnswerError(400, {"error": f"Cannot assign multiple {title} credentials."})
        members.add(number)
    record[name] = sorted(members)
    return 204, None


def _post_only(asked: Asked) -> None:
    if asked.method != "POST":
        raise not_allowed(asked.method)


_OPERATIONS: dict[tuple[str, str], Callable[..., Answer]] = {
    ("job_templates", "launch"): _launch,
    ("job_templates", "survey_spec"): _survey,
    ("workflow_job_templates", "launch"): _launch_workflow,
    ("workflow_job_templates", "survey_spec"): _survey,
    ("workflow_job_templates", "workflow_nodes"): _workflow_nodes,
    ("workflow_job_template_nodes", "create_approval_template"): _approval_template,
    ("workflow_jobs", "workflow_nodes"): _workflow_nodes,
    ("workflow_jobs", "cancel"): _cancel,
    ("workflow_approvals", "approve"): _approve,
    ("workflow_approvals", "deny"): _deny,
    ("jobs", "job_events"): _events,
    ("jobs", "cancel"): _cancel,
    ("projects", "update"): _update,
    ("projects", "playbooks"): _playbooks,
    ("inventory_sources", "update"): _update_inventory,
    ("inventories", "hosts"): _hosts,
}
