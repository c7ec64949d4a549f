"""What is ordered: the same nodes and circuits for every side."""

import uuid
from typing import Any

Order = dict[str, Any]
PORTS = 8  # interfaces that the device type frr-router brings
_NAMESPACE = uuid.UUID("6f0a4c1e-7f0c-4f0b-9a55-2f6f3b0f7b10")

POOLS = {
    "loopback": ("10.0.0.0/22", "fc00:0:0:127::/64"),
    "core-link": ("10.1.0.0/22", "fc00:0:1::/48"),
}
SCENARIO: dict[str, Any] = {
    "pools": [
        {"prefix": prefix, "role": role, "reserve_first": role == "loopback"}
        for role, prefixes in POOLS.items()
        for prefix in prefixes
    ],
    "sites": [{"slug": "ams", "name": "Amsterdam"}, {"slug": "par", "name": "Paris"}],
    "isis": {"instance": "CORE", "area": "49.0001", "level": 2},
    "maintenance_metric": 15000000,
}


def nodes(count: int, status: str = "provisioning", prefix: str = "node") -> list[Order]:
    """The orders of so many nodes, with names and addresses of their own."""
    return [
        {
            "subscription": str(uuid.uuid5(_NAMESPACE, f"{prefix}-{number}")),
            "name": f"{prefix}-{number}",
            "site": ("ams", "par")[number % 2],
            "role": "pe",
            "device_type": "frr-router",
            "platform": "frr",
            "management": f"172.{20 if prefix == 'node' else 21}.{number // 250}.{number % 250 + 1}/16",
            "status": status,
        }
        for number in range(count)
    ]


def circuits(count: int, *, changed: bool = False) -> list[Order]:
    """The orders of so many circuits between `routers`: PORTS circuits between two of them, then the next two.

    `changed`: under maintenance, with another metric.
    """
    return [
        {
            "subscription": str(uuid.uuid5(_NAMESPACE, f"circuit-{number}")),
            "cid": f"B-{number}",
            "a": {"node": f"router-{number // PORTS * 2}", "interface": f"eth{number % PORTS + 1}"},
            "z": {"node": f"router-{number // PORTS * 2 + 1}", "interface": f"eth{number % PORTS + 1}"},
            "status": "provisioning",
            "isis_metric": 20 if changed else 10,
            "under_maintenance": changed,
            "speed_mbps": 10000,
        }
        for number in range(count)
    ]


def routers(circuit_count: int) -> list[Order]:
    """The orders of the nodes between which so many circuits run."""
    return nodes((circuit_count + PORTS - 1) // PORTS * 2, "active", "router")


def ordered(kind: str, case: str, count: int) -> list[Order]:
    """The orders of one measurement: `kind` node or circuit, `case` new, again, change or remove."""
    if kind == "node":
        return nodes(count, "active" if case in ("change", "remove") else "provisioning")
    return circuits(count, changed=case in ("change", "remove"))
