#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: circuit
short_description: A circuit between two routers in NetBox, complete with cables, prefixes and addresses
version_added: 0.1.0
description:
  - Makes the circuit, its two terminations, a cable from each interface to its termination, an IPv4 /31 and an IPv6
    /127 (inside a /64 of its own) from the pools, the four addresses, and the interfaces' descriptions; or removes all
    of it and gives prefixes and addresses back.
  - Everything it makes carries the subscription's UUID from the request that creates it. A run that was killed at any
    point and is run again finds what it made.
  - What differs from the order is corrected, ends that moved to another interface included; fields that the order does
    not have are never touched.
  - When NetBox refuses a step, what this call has made is removed again.
options:
  state:
    description: Whether the circuit shall be there.
    type: str
    choices: [present, absent]
    default: present
  subscription: &subscription
    description: UUID of the order. The circuit belongs to it. Needed for each order.
    type: str
  a: &a
    description: The A end. It gets the lower address of both families. Required for O(state=present).
    type: dict
    suboptions: &end
      node:
        description: Name of the device.
        type: str
        required: true
      interface:
        description: Name of the interface, which must be free.
        type: str
        required: true
  z: &z
    description: The Z end. Required for O(state=present).
    type: dict
    suboptions: *end
  status: &status
    description: Status of the subscription, which becomes that of the circuit.
    type: str
    choices: [provisioning, active, migrating, disabled]
    default: provisioning
  cid: &cid
    description: Circuit id. If not given, it is made from the subscription's UUID, so that it never changes.
    type: str
  isis_metric: &isis_metric
    description: IS-IS metric when the circuit is not under maintenance.
    type: int
    default: 10
  under_maintenance: &under_maintenance
    description: Whether traffic is to be kept off the circuit.
    type: bool
    default: false
  speed_mbps: &speed_mbps
    description: Speed in Mbit/s.
    type: int
    default: 10000
  provider: &provider
    description: Slug of the provider. If not given, an existing circuit keeps its own, and a new one gets V(trunkline).
    type: str
  circuit_type: &circuit_type
    description: Slug of the circuit type. If not given, an existing circuit keeps its own, and a new one gets
      V(core-link).
    type: str
  pool: &pool
    description:
      - Slug of the prefix role by which the pools are found. Where there are several pools, the next is used when one
        is full.
    type: str
    default: core-link
  overlay:
    description:
      - Operations that are planned and not yet in NetBox, as the modules return them. A circuit can so be planned
        upon nodes, and nodes upon sites and device types, that are still to be made.
      - In check mode only.
    type: list
    elements: dict
    default: []
  check_paths:
    description:
      - Whether to look which circuits that are to go, or to be put under maintenance, are the only path between their
        ends. One more request, for all circuits of the network.
    type: bool
    default: false
  circuits:
    description:
      - Many orders in one call, each with the options of one. Read and written in bulk; all of them are made, or none.
      - Not together with O(subscription).
    type: list
    elements: dict
    suboptions:
      subscription: *subscription
      a: *a
      z: *z
      status: *status
      cid: *cid
      isis_metric: *isis_metric
      under_maintenance: *under_maintenance
      speed_mbps: *speed_mbps
      provider: *provider
      circuit_type: *circuit_type
      pool: *pool
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.node
  - module: trunkline.network.device_intent
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: A circuit, with prefixes from the pools
  trunkline.network.circuit:
    subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
    a: {node: ams-pe, interface: eth1}
    z: {node: par-p, interface: eth2}
    isis_metric: 10

- name: Keep traffic off it
  trunkline.network.circuit:
    subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
    status: active
    a: {node: ams-pe, interface: eth1}
    z: {node: par-p, interface: eth2}
    isis_metric: 10
    under_maintenance: true

- name: Take it away
  trunkline.network.circuit:
    state: absent
    subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33

- name: All circuits of a file, in one call
  trunkline.network.circuit:
    circuits: "{{ network.circuits }}"
"""

RETURN = r"""
circuits:
  description: Instead of RV(circuit) when O(circuits) was given, the same for each, in their order.
  returned: success, with O(circuits)
  type: list
  elements: dict
circuit:
  description: The circuit. What does not exist yet is predicted (addresses) or null (ids) in check mode.
  returned: success, without O(circuits)
  type: dict
  sample:
    cid: TL-1A9D6F0B2C33
    netbox_id: 1
    subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
    status: provisioning
    isis_metric: 10
    under_maintenance: false
    speed_mbps: 10000
    ipv4_prefix: 10.0.1.0/31
    ipv6_prefix: fc00:0:1::/127
    a: {node: ams-pe, interface: eth1, netbox_interface_id: 3, ipv4: 10.0.1.0/31, ipv6: "fc00:0:1::/127"}
    z: {node: par-p, interface: eth2, netbox_interface_id: 9, ipv4: 10.0.1.1/31, ipv6: "fc00:0:1::1/127"}
devices:
  description: The routers to configure, for C(add_host); when an end has moved, the one that it left, too.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: ams-pe, address: 172.20.20.11, platform: frr}
    - {name: par-p, address: 172.20.20.12, platform: frr}
operations:
  description: What was done (in check mode, what would be done), in order.
  returned: success
  type: list
  elements: dict
  sample:
    - op: create
      type: ipam.prefix
      name: 10.0.1.0/31
      before: null
      after: {prefix: 10.0.1.0/31, status: active, description: ams-pe:eth1 - par-p:eth2}
      subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
activation:
  description: What a later call with O(status=active) will do, when O(status=provisioning). So a plan can show it.
  returned: success
  type: list
  elements: dict
  sample:
    - op: update
      type: circuits.circuit
      name: TL-1A9D6F0B2C33
      before: {status: provisioning}
      after: {status: active}
      subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
cautions:
  description: One sentence for each circuit that is the only path between its ends, with O(check_paths).
  returned: success
  type: list
  elements: str
  sample: ["TL-1A9D6F0B2C33: there is no other path between ams-pe and par-p; TL-0D7C8A3D9A02 depend on it"]
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
  sample: 9
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 8
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.62
"""
