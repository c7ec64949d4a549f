#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: fabric_info
short_description: Nodes, circuits and links of the network, according to NetBox
version_added: 0.1.0
description:
  - Reads what a map or a report needs of all nodes and circuits that belong to a subscription, or of a part of them.
    Changes nothing.
  - Takes two requests, and one more for each further page of NetBox (1000 nodes or circuits, unless its
    C(MAX_PAGE_SIZE) is lower).
options:
  sites:
    description: Slugs of sites. Only nodes there, and circuits that end on these nodes. All sites if not given.
    type: list
    elements: str
    default: []
  roles:
    description: Slugs of device roles. Only such nodes, and circuits that end on them. All roles if not given.
    type: list
    elements: str
    default: []
  nodes:
    description: Names of nodes. Only these, and circuits that end on them. All nodes if not given.
    type: list
    elements: str
    default: []
  node_status:
    description: Statuses of devices in NetBox, as V(active). Only such nodes, and circuits that end on them. Any status
      if not given.
    type: list
    elements: str
    default: []
  circuit_status:
    description: Statuses of circuits in NetBox, as V(active). Only such circuits. Any status if not given.
    type: list
    elements: str
    default: []
  services:
    description: Whether to read all ports and L2VPNs, too. One request more.
    type: bool
    default: false
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.device_intent
  - module: trunkline.network.node
  - module: trunkline.network.circuit
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: The whole network
  trunkline.network.fabric_info:
  register: fabric

- name: A map of it
  ansible.builtin.copy:
    dest: fabric.dot
    mode: "0644"
    content: |
      graph fabric {
      {% for link in fabric.links %}
        "{{ link.a }}" -- "{{ link.z }}" [label="{{ link.cid }} {{ link.metric }}"];
      {% endfor %}
      }

- name: The circuits in service that end in Amsterdam or Paris
  trunkline.network.fabric_info:
    sites: [ams, par]
    circuit_status: [active]
  register: fabric
"""

RETURN = r"""
nodes:
  description:
    - The nodes, by name.
    - Null stands for what is not set in NetBox. The loopback addresses are the device's primary ones.
  returned: success
  type: list
  elements: dict
  sample:
    - name: ams-pe
      netbox_id: 7
      subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
      status: active
      site: {slug: ams, name: Amsterdam, latitude: 52.37, longitude: 4.9}
      role: pe
      device_type: frr-router
      platform: frr
      loopback_ipv4: 10.0.127.2/32
      loopback_ipv6: fc00:0:0:127::2/128
      management: 172.20.20.11/24
circuits:
  description:
    - The circuits, by cid; for a part of the network, those that end on at least one of its nodes.
    - An end is null while no cable leads from it to an interface.
  returned: success
  type: list
  elements: dict
  sample:
    - cid: TL-1A9D6F0B2C33
      netbox_id: 3
      subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
      status: active
      isis_metric: 10
      under_maintenance: false
      speed_mbps: 10000
      ipv4_prefix: 10.0.1.0/31
      ipv6_prefix: fc00:0:1::/127
      a: {node: ams-pe, interface: eth1, netbox_interface_id: 3, ipv4: 10.0.1.0/31, ipv6: fc00:0:1::/127}
      z: {node: par-pe, interface: eth1, netbox_interface_id: 9, ipv4: 10.0.1.1/31, ipv6: fc00:0:1::1/127}
ports:
  description: All ports, by name.
  returned: success, with O(services=true)
  type: list
  elements: dict
  sample:
    - name: ams-pe:eth3
      netbox_interface_id: 5
      subscription: 1f0c6b7e-2b7a-4d0e-8a52-1a9d6f0b2c33
      status: active
      node: ams-pe
      interface: eth3
      mode: tagged
      label: University A
      speed_mbps: 10000
      mtu: null
l2vpns:
  description: All L2VPNs, by name.
  returned: success, with O(services=true)
  type: list
  elements: dict
  sample:
    - name: TL-1A9D6F0B2C33
      netbox_id: 4
      subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
      status: active
      label: null
      vni: 10004
      saps: [{port: "ams-pe:eth3", vlan: 100}, {port: "lon-pe:eth3", vlan: null}]
links:
  description: The same circuits as an edge list; only those whose two ends are on RV(nodes).
  returned: success
  type: list
  elements: dict
  sample:
    - {a: ams-pe, z: par-pe, cid: TL-1A9D6F0B2C33, metric: 10, status: active, under_maintenance: false}
totals:
  description: How many of each there are.
  returned: success
  type: dict
  sample:
    nodes: 2
    circuits: 1
    links: 1
    under_maintenance: 0
    nodes_by_status: {active: 2}
    circuits_by_status: {active: 1}
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: always
  type: int
  sample: 2
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 0
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.1
"""
