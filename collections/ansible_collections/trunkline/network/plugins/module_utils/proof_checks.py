# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What must be true of a router that carries its circuits, whatever its platform."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["address", "adjacency", "ping", "tunnel"]


@dataclass(frozen=True)
class Check:
    """One thing to prove: `kind` of proof, about `subject` (an interface, the source of a ping, a VNI), `expected`."""

    kind: Kind
    subject: str
    expected: str
    found: str = "nothing yet"
    seconds: float | None = field(default=None)

    @property
    def is_proved(self) -> bool:
        """Whether it was seen to be true."""
        return self.seconds is not None

    def sentence(self, router: str) -> str:
        """Say what is wrong: router, interface, expected, found."""
        what = {
            "address": "address",
            "adjacency": "IS-IS adjacency",
            "ping": "ping, answer from",
            "tunnel": "tunnel to",
        }[self.kind]
        return f"{router} {self.subject}: {what} expected {self.expected}, found {self.found}"


def checks(
    interfaces: Sequence[Mapping[str, Any]],
    pings: Sequence[Mapping[str, str]],
    tunnels: Sequence[Mapping[str, Any]] = (),
) -> list[Check]:
    """Return all that is to be proved for the module's parameters of these names."""
    wanted: list[Check] = []
    for interface in interfaces:
        addresses = (interface.get(family) for family in ("ipv4", "ipv6"))
        wanted.extend(Check("address", interface["name"], canonical(address)) for address in addresses if address)
        if interface.get("neighbor"):
            wanted.append(Check("adjacency", interface["name"], f"Up with {interface['neighbor']}"))
    wanted.extend(Check("tunnel", f"VNI {one['vni']}", _host(far)) for one in tunnels for far in one["vteps"])
    wanted.extend(Check("ping", _host(ping["source"]), _host(ping["destination"])) for ping in pings)
    return wanted


def canonical(address: str) -> str:
    """An address with its length in the form that is compared. Raises ValueError."""
    return str(ipaddress.ip_interface(address))


def _host(address: str) -> str:
    return str(ipaddress.ip_interface(address).ip)
