"""Which links are ports."""

from __future__ import annotations

from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils.frr_interfaces import physical_interfaces

# As of `ip -json -details link show` (iproute2 6.1), shortened.
LINKS: list[dict[str, Any]] = [
    {"ifname": "lo", "link_type": "loopback"},
    {"ifname": "eth2", "link_type": "ether", "linkinfo": {"info_kind": "veth"}},
    {"ifname": "eth1", "link_type": "ether"},
    {"ifname": "br0", "link_type": "ether", "linkinfo": {"info_kind": "bridge"}},
    {"ifname": "vxlan7", "link_type": "ether", "linkinfo": {"info_kind": "vxlan"}},
    {"ifname": "gre0", "link_type": "gre", "linkinfo": {"info_kind": "gre"}},
]


def test_ports_are_found_by_name_with_the_type_of_their_speed() -> None:
    speeds = {"eth1": 25000, "eth2": 123}
    assert physical_interfaces(LINKS, speeds.__getitem__) == [
        {"name": "eth1", "type": "25gbase-x-sfp28"},
        {"name": "eth2", "type": "other"},
    ]
