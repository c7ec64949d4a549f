# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether what must be true of a FRR router is true: pure functions on FRR's JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.trunkline.network.plugins.module_utils.proof_checks import Check


def look(
    check: Check,
    interfaces: Mapping[str, Any],
    neighbors: Mapping[str, Any],
    vnis: Mapping[str, Any],
    seconds: float,
) -> Check:
    """Return a check that is no ping with what was found; `seconds` is kept if it is what was expected."""
    if check.kind == "address":
        found = _addresses(check.subject, interfaces)
    elif check.kind == "adjacency":
        found = _adjacencies(check.subject, neighbors)
    else:
        found = _tunnels(check.subject, vnis)
    if check.expected in found:
        return replace(check, found=check.expected, seconds=seconds)
    return replace(check, found=", ".join(found) or "none")


def _addresses(interface: str, interfaces: Mapping[str, Any]) -> list[str]:
    facts = interfaces.get(interface)
    if facts is None:
        return [f"no interface of that name (there are {', '.join(sorted(interfaces))})"]
    if facts.get("operationalStatus", "up") != "up":
        # zebra lists the addresses of a link that is down, but nothing can reach them.
        return [f"the link {facts['operationalStatus']}"]
    return [entry["address"] for entry in facts.get("ipAddresses", [])]


def _adjacencies(interface: str, neighbors: Mapping[str, Any]) -> list[str]:
    # A passive circuit is listed as {"circuit": 0}, without interface and state.
    return [
        f"{circuit.get('state', 'Down')} with {circuit.get('adj', 'unknown')}"
        for area in neighbors.get("areas", [])
        for circuit in area.get("circuits", [])
        if circuit.get("interface") == interface
    ]


def _tunnels(subject: str, vnis: Mapping[str, Any]) -> list[str]:
    facts = vnis.get(subject.removeprefix("VNI "), {})
    # FRR 8.4 puts the list where its name says that their number is.
    found: list[Any] = next(
        (facts[name] for name in ("remoteVteps", "numRemoteVteps") if isinstance(facts.get(name), list)), []
    )
    return [str(far["ip"] if isinstance(far, dict) else far) for far in found]
