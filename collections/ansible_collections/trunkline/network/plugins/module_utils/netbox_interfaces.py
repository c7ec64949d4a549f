# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What circuits and ports ask of a device's interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .addresses import bare

if TYPE_CHECKING:
    from .netbox_plan import Record

# Whose port an interface is. Not the field by which objects are owned: the interface came with the node, and stays when
# the port goes.
PORT = "trunkline_port"
NOT_PHYSICAL = ("virtual", "lag", "bridge")
USABLE = """
query ($devices: [String!], $interface_list: OffsetPaginationInput) {
  interface_list(filters: {device: {name: {in_list: $devices}}}, pagination: $interface_list) {
    id name type mgmt_only device { name }
  }
}
"""


def usable(interface: Record) -> bool:
    """Whether something can be plugged into the interface that is not management."""
    return interface["type"] not in NOT_PHYSICAL and not interface["mgmt_only"]


def reachable(device: Record) -> Record:
    """How to reach a device: by its management address, else by its primary one."""
    address = (device["oob_ip"] or device["primary_ip4"])["address"]
    platform = device["platform"]["slug"] if device["platform"] else None
    return {"name": device["name"], "address": bare(address), "platform": platform}
