"""Lists, detail views, and making, changing and deleting objects, with AWX's words for what is wrong."""

from dataclasses import dataclass
from typing import Any

from tests.awx.standin.errors import AnswerError, invalid, not_allowed
from tests.awx.standin.injection import check_injectors
from tests.awx.standin.kinds import KINDS, Kind
from tests.awx.standin.launching import active
from tests.awx.standin.lists import page_of
from tests.awx.standin.projects import begin_update, folder_of, playbooks_of
from tests.awx.standin.represent import ENCRYPTED, kind_of_template, shown
from tests.awx.standin.store import Record, Store, now


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


def list_all(store: Store, kind: str, asked: Asked) -> tuple[int, Any]:
    """A page of all objects of a kind."""
    return 200, list_of(store, kind, list(store.table(kind).values()), asked)


def list_of(store: Store, kind: str, records: list[Record], asked: Asked) -> Record:
    """A page of these."""
    page = page_of(store, kind, records, asked.path, asked.query)
    return page | {"results": [shown(store, kind, record) for record in page["results"]]}


def detail(store: Store, kind: str, record: Record, _asked: Asked) -> tuple[int, Any]:
    """One object."""
    return 200, shown(store, kind, record)


def create(store: Store, kind: str, asked: Asked) -> tuple[int, Any]:
    """A new object; projects under version control are updated at once."""
    described = KINDS[kind]
    if not described.writable:
        raise not_allowed(asked.method)
    missing = {name: ["This field is required."] for name in described.required if asked.body.get(name) is None}
    if missing:
        raise AnswerError(400, missing)
    record: Record = {"name": "", "description": ""} | described.fields | dict.fromkeys(described.references)
    record |= {name: [] for name in described.associations}
    record |= _checked(store, kind, record, asked.body)
    _check(store, kind, record)
    made = store.add(kind, **record)
    if kind == "projects":
        made["status"] = "ok"
        if made["scm_type"]:
            made["status"] = "never updated"
            begin_update(store, made)
    if kind == "inventory_sources":
        made["status"] = "never updated"
    return 201, shown(store, kind, made)


def change(store: Store, kind: str, record: Record, asked: Asked) -> tuple[int, Any]:
    """An object with other values."""
    if not KINDS[kind].writable or record.get("managed"):
        raise AnswerError(403, {"detail": "Modifications not allowed for managed credential types"})
    changed = record | _checked(store, kind, record, asked.body)
    _check(store, kind, changed)
    record |= changed | {"modified": now()}
    return 200, shown(store, kind, record)


def delete(store: Store, kind: str, record: Record, _asked: Asked) -> tuple[int, Any]:
    """The object is gone, unless something uses it at the moment."""
    running = [job for job in active(store, "jobs") if record["id"] in (job["id"], job["unified_job_template"])]
    if running:
        used = [{"type": "job", "id": job["id"]} for job in running]
        raise AnswerError(409, {"error": "Resource is being used by running jobs.", "active_jobs": used})
    del store.table(kind)[record["id"]]
    return 204, None


def _checked(store: Store, kind: str, old: Record, body: Record) -> Record:
    """The known fields of the body; as in AWX, others are passed over in silence."""
    described = KINDS[kind]
    found: Record = {}
    for name, value in body.items():
        if name in described.references:
            found[name] = _reference(store, described, name, value)
        elif name in ("name", "description") or (name in described.fields and name not in ("managed", "namespace")):
            _check_type(name, described.fields.get(name, ""), value)
            found[name] = value
    if "inputs" in found and kind == "credentials":
        kept = {name: old.get("inputs", {}).get(name) for name, value in found["inputs"].items() if value == ENCRYPTED}
        found["inputs"] = found["inputs"] | kept
    return found


def _check_type(name: str, default: Any, value: Any) -> None:
    if isinstance(default, bool) and not isinstance(value, bool):
        raise invalid(**{name: "Must be a valid boolean."})
    if isinstance(default, int) and not isinstance(default, bool) and not isinstance(value, int):
        raise invalid(**{name: "A valid integer is required."})
    if isinstance(default, str) and value is not None and not isinstance(value, str):
        raise invalid(**{name: "Not a valid string."})


def _reference(store: Store, described: Kind, name: str, value: Any) -> Any:
    if value is None:
        return None
    target = described.references[name]
    try:
        known = value in store.table(kind_of_template(store, value) if target == "unified_job_templates" else target)
    except StopIteration:
        known = False
    if not isinstance(value, int) or not known:
        raise invalid(**{name: f'Invalid pk "{value}" - object does not exist.'})
    return value


def _check(store: Store, kind: str, record: Record) -> None:
    described = KINDS[kind]
    if kind == "job_templates":
        _check_template(store, record)
    if kind == "credential_types":
        check_injectors(record["injectors"])
    if kind == "credentials":
        _check_inputs(store, record)
    if kind == "projects" and not record["scm_type"] and not folder_of(store, record).is_dir():
        raise invalid(local_path="Invalid path choice.")
    same = store.find(
        kind,
        lambda other: (
            other["id"] != record.get("id") and all(other.get(name) == record.get(name) for name in described.unique)
        ),
    )
    if same is not None:
        names = ", ".join(described.unique)
        raise invalid(__all__=f"{described.model} with this ({names}) combination already exists.")


def _check_template(store: Store, record: Record) -> None:
    project = store.table("projects")[record["project"]]
    record["organization"] = project["organization"]
    if record["inventory"] is None and not record["ask_inventory_on_launch"]:
        raise invalid(inventory="You must either set a default value or ask to prompt on launch.")
    if not record["playbook"]:
        raise invalid(playbook="Must select playbook for project.")
    if record["playbook"] not in playbooks_of(store, project):
        raise invalid(playbook="Playbook not found for project.")


def _check_inputs(store: Store, record: Record) -> None:
    kind = store.table("credential_types")[record["credential_type"]]
    known = {field["id"] for field in kind["inputs"].get("fields", [])}
    if wrong := sorted(set(record["inputs"]) - known):
        raise invalid(inputs={name: [f"'{name}' is not a valid field for {kind['name']}"] for name in wrong})
    lacking = [name for name in kind["inputs"].get("required", []) if not record["inputs"].get(name)]
    if lacking:
        raise invalid(inputs={name: [f"required for {kind['name']}"] for name in lacking})
