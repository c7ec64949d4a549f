"""Launches: what may be given, what is taken, what is ignored, and the job that comes of it."""

import json
from typing import Any

from tests.awx.standin import surveys
from tests.awx.standin.errors import AnswerError, invalid
from tests.awx.standin.jobs import ENDED
from tests.awx.standin.kinds import JOB_DEFAULTS, PROMPTS, WORKFLOW_PROMPTS
from tests.awx.standin.projects import reason_if_failed
from tests.awx.standin.store import Record, Store

_JOB_TYPES = ("run", "check")


def launch_info(store: Store, template: Record, prompts: dict[str, str]) -> Record:
    """What a GET of the launch tells."""
    needed = surveys.needed(template)
    lists: Record = {name: [] for name in ("labels", "credentials", "instance_groups")}
    return {
        "can_start_without_user_input": not needed,
        "passwords_needed_to_start": [],
        **{ask: template[ask] for ask in prompts.values()},
        "survey_enabled": bool(template["survey_enabled"] and template.get("survey_spec")),
        "variables_needed_to_start": needed,
        "credential_needed_to_start": False,
        "inventory_needed_to_start": template["inventory"] is None,
        "job_template_data": {name: template[name] for name in ("name", "id", "description")},
        "defaults": {name: template.get(name, lists.get(name)) for name in prompts},
    }


def variables_of(text: Any) -> Record:
    """Variables given as an object, or as text in JSON."""
    if isinstance(text, dict):
        return text
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid(extra_vars="Cannot parse as JSON (error: Expecting value) or YAML (error: not a mapping).")
    return found


def launch(store: Store, template: Record, given: Record, launch_type: str = "manual") -> tuple[Record, Record]:
    """The new job and the fields that were ignored. Raises AnswerError."""
    accepted, ignored, errors = _prompted(store, template, given, PROMPTS)
    reason = "A project is required to run a job." if template["project"] is None else ""
    if reason:
        errors["project"] = [reason]
    elif failed := reason_if_failed(store.table("projects")[template["project"]]):
        errors["playbook"] = [failed]
    if template["inventory"] is None and "inventory" not in accepted:
        errors["resources_needed_to_start"] = ["Job Template inventory is missing or undefined."]
    if accepted.get("job_type", "run") not in _JOB_TYPES:
        errors["job_type"] = [f'"{accepted["job_type"]}" is not a valid choice.']
    for name in ("labels", "credentials"):
        errors |= _missing(store, name, accepted.get(name, []))
    if errors:
        raise AnswerError(400, errors)
    spec = (template.get("survey_spec") or {}).get("spec", [])
    own = variables_of(template["extra_vars"]) | surveys.defaults(template)
    job = store.add(
        "jobs",
        name=template["name"], description=template["description"], unified_job_template=template["id"],
        job_template=template["id"], launch_type=launch_type, status="pending",
        **{name: accepted.get(name, template[name]) for name in JOB_DEFAULTS if name != "extra_vars"},
        **{name: accepted.get(name, template[name]) for name in ("inventory", "project", "organization")},
        execution_environment=template["execution_environment"],
        extra_vars=own | accepted.get("extra_vars", {}),
        labels=sorted({*template["labels"], *accepted.get("labels", [])}),
        credentials=sorted({*template["credentials"], *accepted.get("credentials", [])}),
        launched={
            "literal": sorted(accepted.get("extra_vars", {})),
            "passwords": [item["variable"] for item in spec if item["type"] == "password"],
        },
    )  # fmt: skip
    return job, ignored


def launch_workflow(store: Store, template: Record, given: Record) -> tuple[Record, Record]:
    """The new workflow job; what it does not prompt for is an error here, unlike with job templates."""
    accepted, rejected, errors = _prompted(store, template, given, WORKFLOW_PROMPTS)
    for name in rejected:
        if name != "extra_vars":
            errors.setdefault(name, ["Field is not configured to prompt on launch."])
    if errors:
        raise AnswerError(400, errors)
    own = variables_of(template["extra_vars"]) | surveys.defaults(template)
    workflow = store.add(
        "workflow_jobs",
        name=template["name"], description=template["description"], unified_job_template=template["id"],
        workflow_job_template=template["id"], launch_type="manual", status="pending", failed=False, started=None,
        finished=None, canceled_on=None, elapsed=0.0, job_explanation="", labels=[],
        extra_vars=own | accepted.get("extra_vars", {}),
    )  # fmt: skip
    nodes = [
        node
        for node in store.table("workflow_job_template_nodes").values()
        if node["workflow_job_template"] == template["id"]
    ]
    copies = {
        node["id"]: store.add(
            "workflow_job_nodes",
            workflow_job=workflow["id"], identifier=node["identifier"], job=None, do_not_run=False,
            **{name: node[name] for name in ("unified_job_template", "extra_data", "job_type")},
        )
        for node in nodes
    }  # fmt: skip
    for node in nodes:
        for link in ("success_nodes", "failure_nodes", "always_nodes"):
            copies[node["id"]][link] = [copies[number]["id"] for number in node[link]]
    return workflow, {name: value for name, value in rejected.items() if name == "extra_vars"}


def active(store: Store, kind: str) -> list[Record]:
    """Those that have not ended."""
    return [record for record in store.table(kind).values() if record["status"] not in ENDED]


def _prompted(
    store: Store, template: Record, given: Record, prompts: dict[str, str]
) -> tuple[Record, Record, dict[str, list[str]]]:
    accepted: Record = {}
    ignored: Record = {}
    variables, rejected, said = surveys.accept(template, variables_of(given.get("extra_vars")))
    errors = {"variables_needed_to_start": said} if said else {}
    if variables:
        accepted["extra_vars"] = variables
    if rejected:
        ignored["extra_vars"] = rejected
    for name, ask in prompts.items():
        if name == "extra_vars" or name not in given:
            continue
        value = given[name]
        if template[ask]:
            accepted[name] = value
        elif value != template.get(name):
            ignored[name] = value
    return accepted, ignored, errors


def _missing(store: Store, kind: str, numbers: list[int]) -> dict[str, list[str]]:
    wrong = [number for number in numbers if number not in store.table(kind)]
    return {kind: [f'Invalid pk "{number}" - object does not exist.' for number in wrong]} if wrong else {}
