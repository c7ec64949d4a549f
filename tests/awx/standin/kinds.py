"""What kinds of objects there are: fields with their defaults, references, and what makes one unique."""

from dataclasses import dataclass, field
from typing import Any

_ASK = (
    "scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory",
    "credential", "execution_environment", "labels", "forks", "job_slice_count", "timeout", "instance_groups",
)  # fmt: skip
ASK_FIELD = {"variables": "extra_vars", "tags": "job_tags", "credential": "credentials"}
"""Where the field that is prompted for has another name than its `ask_..._on_launch`."""
PROMPTS = {ASK_FIELD.get(name, name): f"ask_{name}_on_launch" for name in _ASK}
JOB_DEFAULTS: dict[str, Any] = {
    "job_type": "run", "playbook": "", "scm_branch": "", "forks": 0, "limit": "", "verbosity": 0, "extra_vars": "",
    "job_tags": "", "force_handlers": False, "skip_tags": "", "start_at_task": "", "timeout": 0,
    "use_fact_cache": False, "diff_mode": False, "become_enabled": False, "allow_simultaneous": False,
    "job_slice_count": 1,
}  # fmt: skip
WORKFLOW_PROMPTS = {
    "extra_vars": "ask_variables_on_launch", "inventory": "ask_inventory_on_launch", "limit": "ask_limit_on_launch",
    "scm_branch": "ask_scm_branch_on_launch", "labels": "ask_labels_on_launch", "skip_tags": "ask_skip_tags_on_launch",
    "job_tags": "ask_tags_on_launch",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One endpoint."""

    type: str
    model: str
    fields: dict[str, Any] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("name",)
    unique: tuple[str, ...] = ("name",)
    writable: bool = True
    # Sublists that objects are put into by their id: /job_templates/1/credentials/.
    associations: dict[str, str] = field(default_factory=dict)


_JT_REFERENCES = {"inventory": "inventories", "project": "projects", "organization": "organizations",
                  "execution_environment": "execution_environments"}  # fmt: skip
_NODE_LINKS = dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes")

KINDS = {
    "organizations": Kind("organization", "Organization", {"max_hosts": 0}),
    "labels": Kind(
        "label", "Label", {}, {"organization": "organizations"}, ("name", "organization"), ("name", "organization")
    ),
    "execution_environments": Kind(
        "execution_environment", "ExecutionEnvironment", {"image": "", "pull": ""},
        {"organization": "organizations", "credential": "credentials"}, ("name", "image"),
    ),
    "credential_types": Kind(
        "credential_type", "CredentialType",
        {"kind": "", "namespace": None, "managed": False, "inputs": {}, "injectors": {}},
        {}, ("name", "kind"), ("name", "kind"),
    ),
    "credentials": Kind(
        "credential", "Credential", {"inputs": {}},
        {"organization": "organizations", "credential_type": "credential_types"}, ("name", "credential_type"),
        ("organization", "name", "credential_type"),
    ),
    "projects": Kind(
        "project", "Project",
        {"local_path": "", "scm_type": "", "scm_url": "", "scm_branch": "", "scm_clean": False,
         "scm_update_on_launch": False, "scm_update_cache_timeout": 0, "scm_revision": "", "allow_override": False,
         "timeout": 0},
        {"organization": "organizations", "credential": "credentials"}, unique=("name", "organization"),
    ),
    "inventories": Kind(
        "inventory", "Inventory", {"kind": "", "variables": "", "total_hosts": 0, "total_groups": 0},
        {"organization": "organizations"}, ("name", "organization"), ("name", "organization"),
    ),
    "inventory_sources": Kind(
        "inventory_source", "InventorySource",
        {"source": "", "source_path": "", "source_vars": "", "overwrite": False, "overwrite_vars": False,
         "update_on_launch": False, "update_cache_timeout": 0, "timeout": 0, "verbosity": 1},
        {"inventory": "inventories", "source_project": "projects", "credential": "credentials"},
        ("name", "inventory"), ("name", "inventory"), associations={"credentials": "credentials"},
    ),
    "job_templates": Kind(
        "job_template", "JobTemplate",
        JOB_DEFAULTS | dict.fromkeys(PROMPTS.values(), False) | {"survey_enabled": False}, _JT_REFERENCES,
        ("name", "project"), ("name", "organization"),
        associations={"credentials": "credentials", "labels": "labels"},
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template", "WorkflowJobTemplate",
        {"extra_vars": "", "survey_enabled": False, "allow_simultaneous": False, "limit": None, "scm_branch": None,
         "skip_tags": None, "job_tags": None} | dict.fromkeys(WORKFLOW_PROMPTS.values(), False),
        {"organization": "organizations", "inventory": "inventories"}, unique=("name", "organization"),
        associations={"labels": "labels"},
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node", "WorkflowJobTemplateNode",
        {"identifier": "", "extra_data": {}, "job_type": None, "limit": None, "diff_mode": None,
         "all_parents_must_converge": False},
        {"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
        ("workflow_job_template",), ("identifier", "workflow_job_template"), associations=_NODE_LINKS,
    ),
    "workflow_approval_templates": Kind(
        "workflow_approval_template", "WorkflowApprovalTemplate", {"timeout": 0}, unique=("id",)
    ),
    "jobs": Kind("job", "Job", writable=False),
    "project_updates": Kind("project_update", "ProjectUpdate", writable=False),
    "inventory_updates": Kind("inventory_update", "InventoryUpdate", writable=False),
    "workflow_jobs": Kind("workflow_job", "WorkflowJob", writable=False),
    "workflow_job_nodes": Kind("workflow_job_node", "WorkflowJobNode", writable=False),
    "workflow_approvals": Kind("workflow_approval", "WorkflowApproval", writable=False),
}  # fmt: skip
UNIFIED_TEMPLATES = (
    "job_templates", "projects", "inventory_sources", "workflow_job_templates", "workflow_approval_templates",
)  # fmt: skip
