"""Objects as AWX shows them: with their links, without their secrets."""

import json
from typing import Any

from tests.awx.standin.jobs import events_complete, state_of
from tests.awx.standin.kinds import KINDS, UNIFIED_TEMPLATES
from tests.awx.standin.store import Record, Store

ROOT = "/api/v2"
ENCRYPTED = "$encrypted$"
_SUBLISTS = {
    "job_templates": ("launch", "survey_spec", "credentials", "labels", "jobs"),
    "workflow_job_templates": ("launch", "survey_spec", "workflow_nodes", "labels"),
    "workflow_job_template_nodes": ("success_nodes", "failure_nodes", "always_nodes", "create_approval_template"),
    "projects": ("update", "playbooks", "project_updates"),
    "inventory_sources": ("update", "credentials", "inventory_updates"),
    "inventories": ("hosts", "groups", "inventory_sources"),
    "jobs": ("job_events", "cancel", "labels", "credentials", "stdout"),
    "workflow_jobs": ("workflow_nodes", "cancel", "labels"),
    "workflow_approvals": ("approve", "deny"),
}
_HIDDEN = {
    "labels",
    "credentials",
    "success_nodes",
    "failure_nodes",
    "always_nodes",
    "survey_spec",
    "content",
    "launched",
}


def kind_of_template(store: Store, number: int) -> str:
    """Which kind of unified job template it is."""
    return next(kind for kind in UNIFIED_TEMPLATES if number in store.table(kind))


def shown(store: Store, kind: str, record: Record) -> Record:
    """The object as its detail view and its lists give it."""
    described = KINDS[kind]
    url = f"{ROOT}/{kind}/{record['id']}/"
    related = {name: f"{url}{name}/" for name in _SUBLISTS.get(kind, ())}
    summary: Record = {}
    for name, target in described.references.items():
        if record.get(name) is None:
            continue
        real = kind_of_template(store, record[name]) if target == "unified_job_templates" else target
        related[name] = f"{ROOT}/{real}/{record[name]}/"
        other = store.table(real)[record[name]]
        summary[name] = {"id": other["id"], "name": other.get("name", ""), "description": other.get("description", "")}
        if target == "unified_job_templates":
            summary[name]["unified_job_type"] = KINDS[real].type
    for name in ("labels", "credentials"):
        if name in record:
            members = [store.table(name)[number] for number in record[name]]
            brief = [{"id": member["id"], "name": member["name"]} for member in members]
            summary[name] = {"count": len(brief), "results": brief} if name == "labels" else brief
    body = {name: value for name, value in record.items() if name not in _HIDDEN}
    return (
        {"type": described.type, "url": url, "related": related, "summary_fields": summary}
        | body
        | _own(store, kind, record)
    )


def _own(store: Store, kind: str, record: Record) -> Record:
    """What is peculiar to one kind."""
    if kind == "credentials":
        secret = _secrets_of(store, record)
        inputs = {name: ENCRYPTED if name in secret and value else value for name, value in record["inputs"].items()}
        return {"inputs": inputs, "kind": store.table("credential_types")[record["credential_type"]]["kind"]}
    if kind == "workflow_job_template_nodes":
        return {name: record[name] for name in ("success_nodes", "failure_nodes", "always_nodes")}
    if kind in ("jobs", "project_updates", "inventory_updates"):
        state = state_of(store, record)
        extra: Record = {}
        if kind == "jobs":
            hidden = record["launched"]["passwords"]
            variables = {name: ENCRYPTED if name in hidden else value for name, value in record["extra_vars"].items()}
            artifacts = state["artifacts"]
            if artifacts.get("_ansible_no_log"):
                artifacts = "$hidden due to Ansible no_log flag$"
            extra = {"extra_vars": json.dumps(variables), "artifacts": artifacts}
            extra["event_processing_finished"] = events_complete(store, record)
        return {name: value for name, value in state.items() if name not in ("pid", "artifacts")} | extra
    if kind == "workflow_approvals":
        return {"can_approve_or_deny": record["status"] == "pending", "timed_out": False}
    if kind == "workflow_jobs":
        return {"extra_vars": json.dumps(record["extra_vars"])}
    return {}


def _secrets_of(store: Store, record: Record) -> set[Any]:
    fields = store.table("credential_types")[record["credential_type"]]["inputs"].get("fields", [])
    return {item["id"] for item in fields if item.get("secret")}
