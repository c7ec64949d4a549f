# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Which of a Linux router's links are its ports, and what NetBox calls their type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A port of a container is one end of a veth pair; all other kinds are made by software on top of ports.
PORT_KINDS = (None, "veth")
# By speed in Mbit/s. NetBox's types also say the medium, which Linux does not: these are the ones of RJ45 or, where
# there is none, of a pluggable (https://demo.netbox.dev/static/docs/models/dcim/interface/).
TYPES = {
    100: "100base-tx",
    1000: "1000base-t",
    2500: "2.5gbase-t",
    5000: "5gbase-t",
    10000: "10gbase-t",
    25000: "25gbase-x-sfp28",
    40000: "40gbase-x-qsfpp",
    100000: "100gbase-x-qsfp28",
    400000: "400gbase-x-qsfpdd",
}


def physical_interfaces(links: Iterable[dict[str, Any]], speed_mbps: Callable[[str], int]) -> list[dict[str, Any]]:
    """The ports among the links of `ip -json -details link show`, by name, each with NetBox's type for its speed."""
    return sorted(
        (
            {"name": link["ifname"], "type": TYPES.get(speed_mbps(link["ifname"]), "other")}
            for link in links
            if link.get("link_type") == "ether" and link.get("linkinfo", {}).get("info_kind") in PORT_KINDS
        ),
        key=lambda item: item["name"],
    )
