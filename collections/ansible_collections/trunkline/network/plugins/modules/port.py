#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: port
short_description: An interface of a router that is given to a customer, in NetBox
version_added: 0.1.0
description:
  - Marks an interface that the device has as the subscription's and gives it description, mode, speed and MTU; or takes
    all of that off again.
  - Refuses an interface that carries a circuit or belongs to another subscription, and one to be taken back that an
    L2VPN still uses.
options:
  state:
    description: Whether the port shall be there.
    type: str
    choices: [present, absent]
    default: present
  subscription: &subscription
    description: UUID of the order. The interface belongs to it. Needed for each order.
    type: str
  node: &node
    description: Name of the device. Required for O(state=present).
    type: str
  interface: &interface
    description: Name of the interface, which must be free. Required for O(state=present).
    type: str
  mode: &mode
    description: Whether the customer sends untagged frames, for one service, or tagged ones, for several.
    type: str
    choices: [untagged, tagged]
    default: untagged
  description: &description
    description: What NetBox and the router say of the interface.
    type: str
    default: ''
  speed_mbps: &speed_mbps
    description: Speed in Mbit/s. If not given, NetBox has none.
    type: int
  mtu: &mtu
    description: MTU in bytes. If not given, that of the router stays.
    type: int
  status: &status
    description: Status of the subscription. NetBox has none for an interface.
    type: str
    choices: [provisioning, active, migrating, disabled]
    default: provisioning
  overlay:
    description:
      - Operations that are planned and not yet in NetBox, as the modules return them. A port can so be planned upon a
        node that is still to be made.
      - In check mode only.
    type: list
    elements: dict
    default: []
  ports:
    description:
      - Many orders in one call, each with the options of one. Read and written in bulk; all of them are made, or none.
      - Not together with O(subscription).
    type: list
    elements: dict
    suboptions:
      subscription: *subscription
      node: *node
      interface: *interface
      mode: *mode
      description: *description
      speed_mbps: *speed_mbps
      mtu: *mtu
      status: *status
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.l2vpn
  - module: trunkline.network.node
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Give an interface to a customer who sends tagged frames
  trunkline.network.port:
    subscription: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01
    node: ams-pe
    interface: eth3
    mode: tagged
    description: University A
    mtu: 9000

- name: Take it back
  trunkline.network.port:
    state: absent
    subscription: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01
"""

RETURN = r"""
ports:
  description: Instead of RV(port) when O(ports) was given, the same for each, in their order.
  returned: success, with O(ports)
  type: list
  elements: dict
port:
  description: The port.
  returned: success, without O(ports)
  type: dict
  sample:
    name: ams-pe:eth3
    netbox_interface_id: 5
    subscription: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01
    node: ams-pe
    interface: eth3
    mode: tagged
    description: University A
    speed_mbps: 10000
    mtu: 9000
devices:
  description: The routers to configure, for C(add_host).
  returned: success
  type: list
  elements: dict
  sample:
    - {name: ams-pe, address: 172.20.20.11, platform: frr}
operations:
  description: What was done (in check mode, what would be done), in order.
  returned: success
  type: list
  elements: dict
  sample:
    - op: update
      type: dcim.interface
      name: ams-pe:eth3
      before: {description: '', mode: '', port: null}
      after: {description: University A, mode: tagged, port: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01}
      subscription: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01
activation:
  description: Always empty. NetBox has no status for an interface.
  returned: success
  type: list
  elements: dict
written_as:
  description: The request ids under which NetBox's change log has what this task wrote, for
    M(trunkline.network.netbox_undo).
  returned: success
  type: list
  elements: str
  sample: [4f0c1b1e-9d9c-4c0b-8f3e-2f6a7f0c5d11]
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: always
  type: int
  sample: 2
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 1
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.12
"""
