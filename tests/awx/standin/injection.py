"""What credentials give to a job: environment, files and extra vars, rendered from the injectors of their types."""

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.awx.standin.errors import invalid
from tests.awx.standin.store import Record, Store

_BLOCKED = {
    "VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID",
    "AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION",
    "CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH",
}  # fmt: skip


def check_injectors(injectors: Record) -> None:
    """Raises AnswerError for variables that AWX lets no credential set."""
    for variable in injectors.get("env", {}):
        if variable.startswith("ANSIBLE_"):
            raise invalid(
                injectors=f"Environment variable {variable} may affect Ansible configuration so its use is not allowed "
                "in credentials."
            )
        if variable in _BLOCKED:
            raise invalid(injectors=f"Environment variable {variable} is not allowed to be used in credentials.")


def inject(store: Store, numbers: list[int], folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Environment and extra vars of a job with these credentials; their files are written into `folder`."""
    environment: dict[str, str] = {}
    variables: dict[str, str] = {}
    for number in numbers:
        credential = store.table("credentials")[number]
        kind = store.table("credential_types")[credential["credential_type"]]
        names: dict[str, Any] = {name: value for name, value in credential["inputs"].items() if value}
        for field in kind["inputs"].get("fields", []):
            if field.get("format") == "ssh_private_key" and field["id"] in names:
                names[field["id"]] = names[field["id"]].rstrip("\n") + "\n"
        names["tower"] = SimpleNamespace()
        render = ImmutableSandboxedEnvironment(keep_trailing_newline=True).from_string
        for label, template in kind["injectors"].get("file", {}).items():
            path = _file(folder, render(template).render(**names))
            if "." in label:
                names["tower"].filename = getattr(names["tower"], "filename", SimpleNamespace())
                setattr(names["tower"].filename, label.split(".")[1], path)
            else:
                names["tower"].filename = path
        environment |= {name: render(text).render(**names) for name, text in kind["injectors"].get("env", {}).items()}
        variables |= {
            name: render(text).render(**names) for name, text in kind["injectors"].get("extra_vars", {}).items()
        }
    return environment, variables


def _file(folder: Path, content: str) -> str:
    handle, path = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    return path
