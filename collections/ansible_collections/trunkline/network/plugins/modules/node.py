#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: node
short_description: A router in NetBox, complete with loopback, addresses and primary addresses
version_added: 0.1.0
description:
  - Makes the device, its loopback and management interfaces, an IPv4 and an IPv6 loopback address from the pools, the
    management address, and the primary addresses; or removes all of it and gives the addresses back.
  - Everything it makes carries the subscription's UUID from the request that creates it. A run that was killed at any
    point and is run again finds what it made.
  - What differs from the order is corrected; fields that the order does not have are never touched.
  - When NetBox refuses a step, what this call has made is removed again.
options:
  state:
    description: Whether the node shall be there.
    type: str
    choices: [present, absent]
    default: present
  subscription: &subscription
    description: UUID of the order. The node belongs to it. Needed for each order.
    type: str
  name: &name
    description: Name of the device. Needed for each order.
    type: str
  status: &status
    description: Status of the subscription. V(provisioning) makes the device V(staged) in NetBox.
    type: str
    choices: [provisioning, active, migrating, disabled]
    default: provisioning
  site: &site
    description: Slug of the site. Required for O(state=present).
    type: str
  role: &role
    description: Slug of the device role. Required for O(state=present).
    type: str
  device_type: &device_type
    description: Slug of the device type, which brings the physical interfaces. Required for O(state=present).
    type: str
  platform: &platform
    description: Slug of the platform. Required for O(state=present).
    type: str
  management: &management
    description: Management address with its length, for instance V(172.20.20.11/24).
    type: str
  management_interface: &management_interface
    description: Name of the interface for O(management). Made, unless the device type brings it.
    type: str
    default: mgmt0
  loopback_interface: &loopback_interface
    description: Name of the loopback interface. Made, unless the device type brings it.
    type: str
    default: lo0
  loopback_pool: &loopback_pool
    description:
      - Slug of the prefix role by which the loopback pools are found. Where there are several pools, the next is used
        when one is full.
      - The IPv6 address takes the same place in its pool as the IPv4 address, if that is free.
    type: str
    default: loopback
  interfaces: &interfaces
    description:
      - Interfaces beside those that the device type brings, for instance what M(trunkline.network.frr_interfaces) has
        found on the device. They belong to the order - what differs is corrected, and they go with the device.
      - An interface that the device already has and that is not the order's is left as it is.
      - One that is no longer listed stays, since something may use it.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the interface.
        type: str
        required: true
      type:
        description: Type as NetBox's API names it, for instance V(1000base-t).
        type: str
        default: other
      description:
        description: Description. Not touched when empty, nor while a cable ends on the interface.
        type: str
        default: ""
      mgmt_only:
        description: Whether it is for management only. No circuit can then end on it.
        type: bool
        default: false
  overlay:
    description:
      - Operations that are planned and not yet in NetBox, as the modules return them. A circuit can so be planned
        upon nodes, and nodes upon sites and device types, that are still to be made.
      - In check mode only.
    type: list
    elements: dict
    default: []
  nodes:
    description:
      - Many orders in one call, each with the options of one. Read and written in bulk; all of them are made, or none.
      - Not together with O(subscription) and O(name).
    type: list
    elements: dict
    suboptions:
      subscription: *subscription
      name: *name
      status: *status
      site: *site
      role: *role
      device_type: *device_type
      platform: *platform
      management: *management
      management_interface: *management_interface
      loopback_interface: *loopback_interface
      loopback_pool: *loopback_pool
      interfaces: *interfaces
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.circuit
  - module: trunkline.network.device_intent
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: A router, with addresses from the pools
  trunkline.network.node:
    subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
    name: ams-pe
    site: ams
    role: pe
    device_type: frr-router
    platform: frr
    management: 172.20.20.11/24

- name: The same router goes into service
  trunkline.network.node:
    subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
    status: active
    name: ams-pe
    site: ams
    role: pe
    device_type: frr-router
    platform: frr
    management: 172.20.20.11/24

- name: And is taken away
  trunkline.network.node:
    state: absent
    subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
    name: ams-pe

- name: A router whose type brings no interfaces, with those that it reports itself
  trunkline.network.node:
    subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
    name: ams-pe
    site: ams
    role: pe
    device_type: server
    platform: frr
    interfaces: "{{ hostvars['ams-pe'].reported.interfaces }}"

- name: All routers of a file, in one call
  trunkline.network.node:
    nodes: "{{ network.nodes }}"
"""

RETURN = r"""
nodes:
  description: Instead of RV(node) when O(nodes) was given, the same for each, in their order.
  returned: success, with O(nodes)
  type: list
  elements: dict
node:
  description: The node. What does not exist yet is predicted (addresses) or null (ids) in check mode.
  returned: success, without O(nodes)
  type: dict
  sample:
    name: ams-pe
    netbox_id: 1
    subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
    site: ams
    role: pe
    device_type: frr-router
    platform: frr
    status: staged
    management: 172.20.20.11/24
    loopback_ipv4: 10.0.127.2/32
    loopback_ipv6: fc00:0:0:127::2/128
devices:
  description: The router to configure, for C(add_host). Empty when there is none (state=absent, and already gone).
  returned: success
  type: list
  elements: dict
  sample: [{name: ams-pe, address: 172.20.20.11, platform: frr}]
operations:
  description: What was done (in check mode, what would be done), in order.
  returned: success
  type: list
  elements: dict
  sample:
    - op: create
      type: dcim.device
      name: ams-pe
      before: null
      after: {name: ams-pe, site: ams, role: pe, device_type: frr-router, platform: frr, status: staged}
      subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
users:
  description: What still uses the node, when it could not be removed.
  returned: failure
  type: list
  elements: str
  sample: [circuit TL-1A9D6F0B2C33 on eth1]
activation:
  description: What a later call with O(status=active) will do, when O(status=provisioning). So a plan can show it.
  returned: success
  type: list
  elements: dict
  sample:
    - op: update
      type: dcim.device
      name: ams-pe
      before: {status: staged}
      after: {status: active}
      subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
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
  sample: 6
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 5
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.31
"""
