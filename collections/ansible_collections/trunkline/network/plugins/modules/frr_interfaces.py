#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_interfaces
short_description: The physical interfaces of an FRR router, as it reports them
version_added: 0.1.0
description:
  - Runs on the router. Returns its interfaces in the form that O(trunkline.network.node#module:interfaces) takes, so
    that a router whose device type knows no interfaces can be documented as it is.
  - Loopbacks, bridges, tunnels and other interfaces that are not physical (Linux gives them a link kind) are left out;
    one end of a veth pair counts as physical, which is what a port of a container or a network namespace is.
options:
  management:
    description: Names of the interfaces that are for management only.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode; changes nothing.
    support: full
seealso:
  - module: trunkline.network.node
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Ask the router for its interfaces
  trunkline.network.frr_interfaces:
    management: [eth0]
  register: reported
"""

RETURN = r"""
interfaces:
  description: The interfaces, by name.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: eth0, type: 1000base-t, mgmt_only: true}
    - {name: eth1, type: 10gbase-t, mgmt_only: false}
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils.frr_interfaces import physical_interfaces

# `ip` says nothing of the speed; the kernel does, where the driver knows it.
# https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-net
SPEED_FILE = "/sys/class/net/{name}/speed"


def speed_mbps(name: str) -> int:
    """The interface's speed in Mbit/s; -1 when the kernel does not know it."""
    try:
        with open(SPEED_FILE.format(name=name), encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={"management": {"type": "list", "elements": "str", "default": []}}, supports_check_mode=True
    )
    code, out, err = module.run_command([module.get_bin_path("ip", required=True), "-json", "-details", "link", "show"])
    if code != 0:
        module.fail_json(msg=f"{os.uname().nodename}: 'ip link show' failed: {err.strip()}; is iproute2 complete?")
    found = physical_interfaces(json.loads(out), speed_mbps)
    unknown = sorted(set(module.params["management"]) - {item["name"] for item in found})
    if unknown:
        names = ", ".join(item["name"] for item in found)
        module.fail_json(msg=f"management: {os.uname().nodename} has no interface {unknown[0]!r}. It has {names}.")
    for item in found:
        item["mgmt_only"] = item["name"] in module.params["management"]
    module.exit_json(changed=False, interfaces=found)


if __name__ == "__main__":
    main()
