"""Projects and inventories: where they lie, which playbooks they have, how they are updated."""

import json
import re
from pathlib import Path

from tests.awx.standin.injection import inject
from tests.awx.standin.store import Record, Store

_PLAYBOOK = re.compile(
    r"^\s*-?\s*(?:['\"]?)(?:hosts|import_playbook|ansible\.builtin\.import_playbook)(?:['\"]?)\s*:", re.MULTILINE
)
_NOT_IN = {"roles", "tasks", "group_vars", "host_vars", "collections"}


def folder_of(store: Store, project: Record) -> Path:
    """The project's files."""
    if project["scm_type"]:
        return store.data / "projects" / f"_{project['id']}"
    return store.projects_root / str(project["local_path"])


def playbooks_of(store: Store, project: Record) -> list[str]:
    """Paths of the playbooks that a job template may name (awx/main/utils/ansible.py)."""
    root = folder_of(store, project)
    found = []
    for folder in (root, *(path for path in sorted(root.iterdir()) if _searched(path))) if root.is_dir() else ():
        files = sorted(folder.iterdir()) if folder == root else sorted(folder.rglob("*"))
        for file in files:
            inside = file.relative_to(root)
            named = file.suffix in (".yml", ".yaml") and not _NOT_IN.intersection(inside.parts[:-1])
            if named and file.is_file() and _PLAYBOOK.search(file.read_text(errors="replace")):
                found.append(str(inside))
    return found


def _searched(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.name not in _NOT_IN


def reason_if_failed(project: Record) -> str:
    """Why no job can be launched from it; empty when one can."""
    if project["scm_type"] and project["status"] == "failed":
        return "The project revision for this job template is unknown due to a failed update."
    if project["scm_type"] and not project["scm_revision"]:
        return "Missing a revision to run due to failed project update."
    return ""


def begin_update(store: Store, project: Record) -> Record:
    """A new update of a project under version control."""
    project["status"] = "pending"
    return store.add(
        "project_updates", name=project["name"], project=project["id"], unified_job_template=project["id"],
        launch_type="manual", status="pending",
    )  # fmt: skip


def update_commands(store: Store, update: Record) -> Record:
    """What the process of a project's update does."""
    project = store.table("projects")[update["project"]]
    folder = folder_of(store, project)
    branch = ["--branch", project["scm_branch"]] if project["scm_branch"] else []
    clone = ["git", "clone", "--quiet", "--depth", "1", *branch, "--", project["scm_url"], str(folder)]
    commands = [
        {"argv": ["rm", "-rf", str(folder)], "cwd": "/", "output": "stdout"},
        {"argv": clone, "cwd": "/", "output": "stdout"},
        {"argv": ["git", "-C", str(folder), "rev-parse", "HEAD"], "cwd": "/", "output": "revision"},
    ]
    return {"commands": commands, "timeout": project["timeout"]}


def end_update(store: Store, update: Record) -> None:
    """Write into the project what came of its update."""
    project = store.table("projects")[update["project"]]
    project["status"] = "successful" if update["status"] == "successful" else "failed"
    if update["status"] == "successful":
        project["scm_revision"] = (store.job_folder(update["id"]) / "revision").read_text().strip()


def begin_inventory_update(store: Store, source: Record) -> Record:
    """A new update of an inventory from its source."""
    source["status"] = "pending"
    return store.add(
        "inventory_updates", name=source["name"], inventory_source=source["id"], inventory=source["inventory"],
        unified_job_template=source["id"], launch_type="manual", status="pending",
    )  # fmt: skip


def inventory_commands(store: Store, update: Record) -> tuple[Record, dict[str, str]]:
    """What the process of an inventory's update does, and its environment."""
    source = store.table("inventory_sources")[update["inventory_source"]]
    project = store.table("projects")[source["source_project"]]
    numbers = [*source["credentials"], *([source["credential"]] if source["credential"] else [])]
    environment, _variables = inject(store, sorted(set(numbers)), store.job_folder(update["id"]))
    argv = ["ansible-inventory", "-i", source["source_path"], "--list", "--export"]
    command = {"argv": argv, "cwd": str(folder_of(store, project)), "output": "inventory.json"}
    return {"commands": [command], "timeout": source["timeout"]}, environment


def end_inventory_update(store: Store, update: Record) -> None:
    """Take the hosts and groups over."""
    source = store.table("inventory_sources")[update["inventory_source"]]
    source["status"] = update["status"]
    if update["status"] == "successful":
        source["content"] = json.loads((store.job_folder(update["id"]) / "inventory.json").read_text())
        inventory = store.table("inventories")[source["inventory"]]
        content = inventory_content(store, inventory)
        inventory["total_hosts"] = len(content["_meta"]["hostvars"].keys() | set(_hosts(content)))
        inventory["total_groups"] = len(content.keys() - {"_meta", "all", "ungrouped"})


def inventory_content(store: Store, inventory: Record) -> Record:
    """All sources of the inventory as ansible-inventory --list would tell it."""
    content: Record = {"_meta": {"hostvars": {}}}
    for source in store.table("inventory_sources").values():
        if source["inventory"] != inventory["id"]:
            continue
        for name, group in (source.get("content") or {}).items():
            if name == "_meta":
                content["_meta"]["hostvars"] |= group["hostvars"]
                continue
            known = content.setdefault(name, {"hosts": [], "children": [], "vars": {}})
            for part in ("hosts", "children"):
                known[part] = sorted({*known[part], *group.get(part, [])})
            known["vars"] |= group.get("vars", {})
    return content


def _hosts(content: Record) -> list[str]:
    return [host for name, group in content.items() if name != "_meta" for host in group["hosts"]]
