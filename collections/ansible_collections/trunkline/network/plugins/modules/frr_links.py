#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_links
short_description: Make the Linux links that the ports and L2VPNs of a FRR router need
version_added: 0.1.0
description:
  - Runs on the router and uses its own C(ip). Sets the MTU of ports and brings them up; makes a bridge and a VXLAN
    interface for each L2VPN and puts its access points into the bridge; removes what Trunkline has made and is no
    longer wanted. Links of others are left untouched.
  - Part of the transaction that M(trunkline.network.frr_lease) begins and M(trunkline.network.frr_config) takes part
    in. What was changed returns to what it was, unless it is confirmed.
  - The links are gone after a reboot of the router, and made again when the order is run again.
options:
  ports:
    description: The ports, as M(trunkline.network.device_intent) returns them.
    type: list
    elements: dict
    default: []
    suboptions:
      interface:
        description: Name of the interface.
        type: str
        required: true
      mtu:
        description: Its MTU. If not given, the interface has the MTU that it had before it was a port.
        type: int
  l2vpns:
    description: The L2VPNs that end on them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name, for messages.
        type: str
        required: true
      vni:
        description: VXLAN network identifier. In check mode it may not be known yet.
        type: int
      local:
        description: Address of the router's own that the VXLAN tunnels begin at.
        type: str
        required: true
      saps:
        description: The access points.
        type: list
        elements: dict
        required: true
        suboptions:
          interface:
            description: The port.
            type: str
            required: true
          vlan:
            description: Id of the VLAN. If not given, the port carries untagged frames of this L2VPN only.
            type: int
          mtu:
            description: MTU of the port.
            type: int
  lease:
    description: Owner of the lease that was taken with M(trunkline.network.frr_lease).
    type: str
  confirm_s:
    description: Seconds within which O(lease) must be confirmed. V(0) makes the change final.
    type: int
    default: 0
  lock_wait_s:
    description: Seconds to wait while another module is at work on this router.
    type: int
    default: 30
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: A unified diff, one line a link.
    support: full
requirements:
  - iproute2
  - Root on the router
notes:
  - On a kernel without 802.1Q devices a pair of veth interfaces with BPF programs stands in for a VLAN interface.
seealso:
  - module: trunkline.network.frr_config
  - module: trunkline.network.frr_lease
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: An L2VPN with one tagged access point
  trunkline.network.frr_links:
    ports:
      - {interface: eth3, mtu: 9000}
    l2vpns:
      - name: TL-0D7C8A3D9A02
        vni: 10001
        local: 10.0.127.1
        saps:
          - {interface: eth3, vlan: 100, mtu: 9000}
"""

RETURN = r"""
diff:
  description: Under C(prepared) the unified diff of the links, empty if nothing changes.
  returned: success
  type: dict
commands:
  description: The arguments of C(ip) that were used (in check mode, would be used), in order.
  returned: success
  type: list
  elements: str
  sample: [link add br10001 type bridge mcast_snooping 0]
unconfirmed:
  description: Whether the router waits for a confirmation.
  returned: success
  type: bool
"""

import os
import uuid
from dataclasses import replace

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils import (
    frr_device,
    frr_guard,
    frr_links,
    frr_links_device,
    frr_lock,
    frr_settle,
    frr_unconfirmed,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr
from ansible_collections.trunkline.network.plugins.module_utils.frr_unconfirmed import Unconfirmed

# As in frr_config: nobody else gets at the router during the change; if it is killed, the router returns after this.
DEAD_AFTER_S = 5

PORT = {"interface": {"type": "str", "required": True}, "mtu": {"type": "int"}}
SAP = {**PORT, "vlan": {"type": "int"}}
L2VPN = {
    "name": {"type": "str", "required": True},
    "vni": {"type": "int"},
    "local": {"type": "str", "required": True},
    "saps": {"type": "list", "elements": "dict", "required": True, "options": SAP},
}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "dict", "default": [], "options": PORT},
            "l2vpns": {"type": "list", "elements": "dict", "default": [], "options": L2VPN},
            "lease": {"type": "str"},
            "confirm_s": {"type": "int", "default": 0},
            "lock_wait_s": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    router = os.uname().nodename
    if module.params["confirm_s"] and module.params["lease"] is None:
        module.fail_json(msg="confirm_s: needs lease: who is to confirm? Take one with frr_lease")
    vtysh = module.get_bin_path("vtysh", required=True)
    try:
        with frr_lock.file_lock(module.params["lock_wait_s"]) as lock:
            answer = make_it_so(module, Frr(lambda argv: module.run_command(argv, pass_fds=[lock]), vtysh))
    except (frr_lock.LockError, frr_links.LinkError) as error:
        module.fail_json(msg=f"{router}: {error}")
    except DeviceError as error:
        module.fail_json(msg=f"{router}: {error}")
    module.exit_json(**answer)


def make_it_so(module: AnsibleModule, frr: Frr) -> dict[str, object]:
    """Compare, and unless this is check mode, change; return the module's answer. The caller holds the file lock."""
    parameters = module.params
    if not module.check_mode:
        frr_settle.settle(lambda: frr)
        frr_lock.check_lease(parameters["lease"])
    record = frr_links_device.read_record()
    wanted = {"ports": parameters["ports"], "l2vpns": parameters["l2vpns"], "was": {}}
    there = frr_links_device.current(frr.run)
    wanted = frr_links_device.remembered(there, record, wanted)
    pending = None if module.check_mode else frr_settle.unconfirmed()
    # Of one owner, one change after the other: what the first has brought is ours, too.
    before = pending.links[1] if pending and pending.links else record
    todo = frr_links_device.commands(there, before, wanted)
    links = frr_links_device.links_of(wanted)
    prepared = frr_links.diff(there, links, set(frr_links_device.links_of(before)))
    waits = False
    if (todo or record != wanted or pending) and not module.check_mode:
        push = unconfirmed_push(pending, parameters["lease"] or f"frr_links {uuid.uuid4().hex[:8]}", record, wanted)
        waits = carry_out(frr, push, todo, there, parameters["lease"], parameters["confirm_s"])
    return {
        "changed": bool(todo),
        "diff": {"prepared": prepared if todo else ""},
        "commands": [" ".join(command) for command in todo],
        "unconfirmed": waits,
    }


def unconfirmed_push(
    pending: Unconfirmed | None, owner: str, record: frr_links_device.Record, wanted: frr_links_device.Record
) -> Unconfirmed:
    """The change as it is to be on file before anything happens: part of the owner's earlier push, if there is one."""
    if pending is not None:
        return replace(pending, links=(pending.links[0] if pending.links else record, wanted))
    return Unconfirmed(
        owner=owner,
        owned=frozenset(),
        intended=frr_device.read_record(),
        before=(),
        startup=frr_unconfirmed.keep(frr_device.STARTUP_FILE),
        record=frr_unconfirmed.keep(frr_device.RECORD_FILE),
        links=(record, wanted),
    )


def carry_out(
    frr: Frr,
    push: Unconfirmed,
    todo: list[list[str]],
    there: dict[str, frr_links.Link],
    lease: str | None,
    confirm_s: int,
) -> bool:
    """Make the change, so that the router returns by itself if this process dies; return whether it now waits for a
    confirmation, and holds the lease for so long. A change that is refused is undone, with all that is unconfirmed.
    """
    frr_device.check_that_it_can_keep()
    before, guarded = frr_lock.read_lease(), frr_unconfirmed.read() is not None
    # In this order: without a lease, an unconfirmed push is one that is to be undone.
    frr_lock.hold(push.owner, DEAD_AFTER_S)
    frr_unconfirmed.write(push)
    waits = False
    try:
        if not guarded:
            frr_guard.start(frr.vtysh)
        try:
            frr_links_device.carry_out(frr.run, todo, there)
        except DeviceError:
            frr_settle.undo(frr, push)
            raise
        if confirm_s:
            frr_lock.hold(push.owner, confirm_s)
            waits = True
        else:
            frr_settle.confirm(frr, push)
    finally:
        if not waits and frr_unconfirmed.read() is None:
            if lease is None or before is None:
                frr_lock.remove_lease(push.owner)
            else:
                frr_lock.write_lease(before)
    return waits


if __name__ == "__main__":
    main()
