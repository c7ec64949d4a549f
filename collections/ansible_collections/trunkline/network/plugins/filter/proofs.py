# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""From what a device must carry to what proves that it does."""

from __future__ import annotations

DOCUMENTATION = r"""
name: proofs
short_description: What proves that a device carries its circuits
version_added: 0.1.0
description:
  - Turns the intent of a device into the parameters of M(trunkline.network.frr_verify).
  - Always the loopback's addresses; for each named interface its addresses, the adjacency with the neighbor, and pings
    to the other end of the link and from loopback to loopback, over IPv4 and IPv6.
  - For each named L2VPN the tunnels to the other routers that carry it, and pings to their loopbacks.
positional: interfaces
options:
  _input:
    description: The intent, as M(trunkline.network.device_intent) returns it.
    type: dict
    required: true
  interfaces:
    description: Names of the device's interfaces whose circuits are to be proved.
    type: list
    elements: str
    default: []
  l2vpns:
    description: Names of the L2VPNs to be proved. One that does not end on this device asks for nothing.
    type: list
    elements: str
    default: []
author:
  - Trunkline contributors
"""

EXAMPLES = r"""
- name: Prove the circuit on eth1
  trunkline.network.frr_verify:
    interfaces: "{{ (intent | trunkline.network.proofs(['eth1'])).interfaces }}"
    pings: "{{ (intent | trunkline.network.proofs(['eth1'])).pings }}"
"""

RETURN = r"""
_value:
  description: The parameters C(interfaces), C(pings) and C(tunnels) of M(trunkline.network.frr_verify).
  type: dict
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def proofs(
    intent: Mapping[str, Any], interfaces: Sequence[str] = (), l2vpns: Sequence[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Return what frr_verify has to see on the device. AnsibleFilterError for an interface without a circuit."""
    loopback = intent["loopback"]
    circuits = {circuit["interface"]: circuit for circuit in intent["circuits"]}
    unknown = [name for name in interfaces if name not in circuits]
    if unknown:
        raise AnsibleFilterError(
            f"{intent['device']}: no circuit ends on {', '.join(unknown)}; "
            f"circuits end on {', '.join(circuits) or 'none'}"
        )
    wanted: list[dict[str, str | None]] = []
    pings: list[dict[str, str]] = []
    if loopback:
        wanted.append(_interface(loopback["interface"], loopback, None))
    for name in interfaces:
        circuit = circuits[name]
        wanted.append(_interface(name, circuit, circuit["neighbor"]))
        for family in ("ipv4", "ipv6"):
            pings.extend(_pings(circuit.get(family), circuit.get(f"neighbor_{family}")))
            pings.extend(_pings(loopback and loopback.get(family), circuit.get(f"neighbor_loopback_{family}")))
    carried = [item for item in intent.get("l2vpns", []) if item["name"] in l2vpns]
    tunnels = [{"vni": item["vni"], "vteps": item["vteps"]} for item in carried]
    for far in sorted({far for item in carried for far in item["vteps"]}):
        pings.extend(_pings(loopback and loopback.get("ipv4"), far))
    return {"interfaces": wanted, "pings": pings, "tunnels": tunnels}


def _interface(name: str, addresses: Mapping[str, Any], neighbor: str | None) -> dict[str, str | None]:
    return {"name": name, "ipv4": addresses.get("ipv4"), "ipv6": addresses.get("ipv6"), "neighbor": neighbor}


def _pings(source: str | None, destination: str | None) -> list[dict[str, str]]:
    return [{"source": source, "destination": destination}] if source and destination else []


class FilterModule:
    """Ansible's way to find the filters of a file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"proofs": proofs}
