"""What a playbook would change: its plan, as values."""

import hashlib
import json
from dataclasses import dataclass
from typing import cast

from trunkline.db.models import JsonObject


@dataclass(frozen=True)
class Size:
    """How much a plan changes: operations in NetBox, devices, and lines of their configurations."""

    operations: int
    devices: int
    lines: int


def plan_of(artifacts: JsonObject) -> JsonObject:
    """The plan that a playbook reported: NetBox operations, a diff for each device that would change, warnings."""
    reported = cast("JsonObject", artifacts.get("plan") or {})
    devices = cast("JsonObject", reported.get("devices") or {})
    warnings = list(cast("list[object]", reported.get("warnings") or []))
    return {
        "netbox": list(cast("list[object]", reported.get("netbox") or [])),
        "devices": {name: diff for name, diff in sorted(devices.items()) if diff},
        **({"warnings": warnings} if warnings else {}),
    }


def digest(plan: JsonObject) -> str:
    """The same for the same plan, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def changes_anything(plan: JsonObject) -> bool:
    """Whether the plan has any operation or diff."""
    return bool(plan["netbox"] or plan["devices"])


def size_of(plan: JsonObject) -> Size:
    """Operations, devices and changed lines of the plan."""
    devices = cast("dict[str, str]", plan["devices"])
    lines = [line for diff in devices.values() for line in diff.splitlines()]
    changed = [line for line in lines if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))]
    return Size(len(cast("list[object]", plan["netbox"])), len(devices), len(changed))
