# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Brings objects of AWX to their declared values: finds them by name, makes them, changes what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils.awx_client import AwxError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.trunkline.network.plugins.module_utils.awx_client import Client, Record

REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "execution_environment": "execution_environments",
    "default_environment": "execution_environments",
}
GLOBAL = ("organizations", "credential_types", "execution_environments")
TYPES = (
    *GLOBAL,
    "credentials",
    "projects",
    "inventories",
    "inventory_sources",
    "job_templates",
    "workflow_job_templates",
)
ENCRYPTED = "$encrypted$"
HIDDEN = "********"
LINKS = {"success": "success_nodes", "failure": "failure_nodes", "always": "always_nodes"}
GOOD, BAD = ("ok", "successful"), ("failed", "error", "canceled")
# What does not exist yet, in check mode.
PLANNED = 0


class Objects:
    """One pass over declared objects; `operations` says what was, or would be, done."""

    def __init__(
        self, client: Client, organization: str, secrets: Record, check: bool, renew: bool, wait_s: float
    ) -> None:
        self.operations: list[Record] = []
        self._client, self._organization, self._secrets = client, organization, secrets
        self._check, self._renew, self._wait_s = check, renew, wait_s
        self._ids: dict[tuple[str, str], int] = {}

    def ensure(self, kind: str, given: Record) -> None:
        """Make or change one object, and what hangs on it. Raises AwxError."""
        wanted = {name: value for name, value in given.items() if name not in ("credentials", "survey", "nodes")}
        name = wanted["name"]
        if kind == "credentials":
            wanted["inputs"] = {**wanted.get("inputs", {}), **self._secrets.get(name, {})}
        if kind in ("credentials", "projects", "inventories", "workflow_job_templates"):
            wanted["organization"] = self._organization
        body = {field: self._reference(field, value) for field, value in wanted.items()}
        found = self._find(kind, name, body)
        number = self._make(kind, name, body) if found is None else self._change(kind, name, found, body)
        self._ids[kind, name] = number
        self._update(kind, name, number)
        if "credentials" in given:
            self._associate(kind, name, number, given["credentials"])
        if given.get("survey"):
            self._survey(kind, name, number, given["survey"])
        if "nodes" in given:
            self._nodes(name, number, given["nodes"])

    def _reference(self, field: str, value: object) -> object:
        if field not in REFERENCES or not isinstance(value, str):
            return value
        return self._id(REFERENCES[field], value)

    def _id(self, kind: str, name: str) -> int:
        if (kind, name) not in self._ids:
            found = self._find(kind, name, {})
            if found is None:
                raise AwxError(f"AWX has none of {kind} named {name!r}: declare it earlier in objects, or make it")
            self._ids[kind, name] = found["id"]
        return self._ids[kind, name]

    def _find(self, kind: str, name: str, body: Record) -> Record | None:
        filters: Record = {"name": name}
        if kind == "inventory_sources":
            filters["inventory"] = body["inventory"]
        elif kind == "credential_types" and "kind" in body:
            filters["kind"] = body["kind"]
        elif kind not in GLOBAL:
            filters["organization"] = self._id("organizations", self._organization)
        if PLANNED in filters.values():
            return None
        found = self._client.all(f"{kind}/", **filters)
        return found[0] if found else None

    def _make(self, kind: str, name: str, body: Record) -> int:
        self._say("create", kind, name, {}, body)
        return PLANNED if self._check else int(self._client.send("POST", f"{kind}/", body)["id"])

    def _change(self, kind: str, name: str, found: Record, body: Record) -> int:
        different = {field: value for field, value in body.items() if not self._same(field, found.get(field), value)}
        if different:
            self._say("update", kind, name, {field: found.get(field) for field in different}, different)
            if not self._check:
                self._client.send("PATCH", f"{kind}/{found['id']}/", different)
        return int(found["id"])

    def _same(self, field: str, have: object, want: object) -> bool:
        if field == "extra_vars":
            return bool(json.loads(str(have) or "{}") == json.loads(str(want) or "{}"))
        if field == "inputs" and isinstance(have, dict) and isinstance(want, dict) and "fields" not in want:
            # AWX never gives a secret back: whether it is the same cannot be known.
            return all(
                value == have.get(name) or (have.get(name) == ENCRYPTED and not self._renew)
                for name, value in want.items()
            )
        return bool(have == want)

    def _update(self, kind: str, name: str, number: int) -> None:
        """Projects and inventory sources are updated when they were made or changed, and waited for."""
        if kind not in ("projects", "inventory_sources") or number == PLANNED:
            return
        path = f"{kind}/{number}/"
        found = self._client.get(path)
        touched = any(operation["type"] == kind and operation["name"] == name for operation in self.operations)
        if touched and not self._check and (kind == "inventory_sources" or found["status"] == "successful"):
            self._client.send("POST", f"{path}update/", {})
            found = self._client.get(path)
        if found["status"] not in GOOD and not self._check:
            found = self._client.wait(path, lambda now: now["status"] in (*GOOD, *BAD), self._wait_s)
        if found["status"] in BAD:
            raise AwxError(f"the update of {name!r} ({kind}) ended as {found['status']}: its output in AWX tells why")

    def _associate(self, kind: str, name: str, number: int, credentials: Iterable[str]) -> None:
        wanted = {self._id("credentials", credential): credential for credential in credentials}
        path = f"{kind}/{number}/credentials/"
        have = {item["id"]: item["name"] for item in self._client.all(path)} if number else {}
        if set(have) == set(wanted) and PLANNED not in wanted:
            return
        self._say(
            "update", kind, name, {"credentials": sorted(have.values())}, {"credentials": sorted(wanted.values())}
        )
        if self._check:
            return
        for other in sorted(set(have) - set(wanted)):
            self._client.send("POST", path, {"id": other, "disassociate": True})
        for other in sorted(set(wanted) - set(have)):
            self._client.send("POST", path, {"id": other})

    def _survey(self, kind: str, name: str, number: int, survey: Record) -> None:
        path = f"{kind}/{number}/survey_spec/"
        have = self._client.get(path) if number else {}
        if have == survey:
            return
        self._say("update", kind, name, {"survey": have}, {"survey": survey})
        if not self._check:
            self._client.send("POST", path, survey)

    def _nodes(self, name: str, number: int, nodes: list[Record]) -> None:
        path = f"workflow_job_templates/{number}/workflow_nodes/"
        have = {item["identifier"]: item for item in self._client.all(path)} if number else {}
        for node in nodes:
            self._node(name, path, have, node)
        if self._check:
            return
        for node in nodes:
            for word, link in LINKS.items():
                known = set(have[node["identifier"]][link])
                for target in node.get(word, []):
                    if have[target]["id"] not in known:
                        self._say("update", "workflow_job_template_nodes", node["identifier"], {}, {word: target})
                        where = f"workflow_job_template_nodes/{have[node['identifier']]['id']}/{link}/"
                        self._client.send("POST", where, {"id": have[target]["id"]})

    def _node(self, workflow: str, path: str, have: dict[str, Record], node: Record) -> None:
        identifier, label = node["identifier"], f"{workflow}: {node['identifier']}"
        body: Record = {"identifier": identifier}
        if "job_template" in node:
            body["unified_job_template"] = self._id("job_templates", node["job_template"])
        if "job_type" in node:
            body["job_type"] = node["job_type"]
        found = have.get(identifier)
        if found is None:
            self._say("create", "workflow_job_template_nodes", label, {}, node)
            if self._check:
                return
            found = have[identifier] = self._client.send("POST", path, body)
        else:
            self._change("workflow_job_template_nodes", label, found, body)
        approval = node.get("approval")
        if approval and found["unified_job_template"] is None:
            where = f"workflow_job_template_nodes/{found['id']}/create_approval_template/"
            if not self._check:
                self._client.send("POST", where, approval)
        elif approval:
            where = f"workflow_approval_templates/{found['unified_job_template']}/"
            self._change("workflow_approval_templates", approval["name"], self._client.get(where), approval)

    def _say(self, op: str, kind: str, name: str, before: Record, after: Record) -> None:
        self.operations.append(
            {
                "op": op,
                "type": kind,
                "name": name,
                "before": self._shown(name, before),
                "after": self._shown(name, after),
            }
        )

    def _shown(self, name: str, values: Record) -> Record:
        secret = self._secrets.get(name, {})
        if "inputs" not in values or not secret:
            return values
        inputs = {field: HIDDEN if field in secret else value for field, value in values["inputs"].items()}
        return {**values, "inputs": inputs}
