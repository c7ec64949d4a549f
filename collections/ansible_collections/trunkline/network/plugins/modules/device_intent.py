#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: device_intent
short_description: What a router must carry, according to NetBox
version_added: 0.1.0
description:
  - Reads with one request all that a router must carry (loopback, routing instance, circuits) and returns it as data
    for a template. Changes nothing.
  - With O(overlay), what is planned counts as done. So a plan shows the lines that a router would get for objects that
    do not exist yet, and a router can lose its lines before the objects are removed.
options:
  device:
    description: Name of the device.
    type: str
    required: true
  overlay:
    description: Operations that are planned, in order, as M(trunkline.network.node) and M(trunkline.network.circuit)
      return them.
    type: list
    elements: dict
    default: []
  config_context:
    description: Name of the config context with the network's settings, for a device that NetBox does not have yet.
    type: str
    default: trunkline
  platform:
    description: Platform of the device, where NetBox does not know it.
    type: str
    default: ""
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.node
  - module: trunkline.network.circuit
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: What ams-pe must carry
  trunkline.network.device_intent:
    device: ams-pe
  register: read

- name: What ams-pe would have to carry with a circuit that is only planned
  trunkline.network.device_intent:
    device: ams-pe
    overlay: "{{ planned.operations }}"
  register: read
"""

RETURN = r"""
intent:
  description:
    - What the device must carry. Loopback and isis are null, and circuits is empty, for a device that is not in NetBox.
    - The metric is the maintenance metric where the circuit is under maintenance.
    - BGP is null on a router that neither carries an L2VPN nor reflects routes for one that does.
  returned: success
  type: dict
  sample:
    device: ams-pe
    platform: frr
    hostname: ams-pe
    loopback: {interface: lo, ipv4: 10.0.127.2/32, ipv6: fc00:0:0:127::2/128}
    isis: {instance: CORE, area: "49.0001", level: 2, net: 49.0001.0100.0012.7002.00}
    circuits:
      - subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
        cid: TL-1A9D6F0B2C33
        interface: eth1
        description: TL-1A9D6F0B2C33 to par-p:eth2
        ipv4: 10.0.1.0/31
        ipv6: fc00:0:1::/127
        metric: 10
        neighbor: par-p
        neighbor_ipv4: 10.0.1.1
        neighbor_ipv6: fc00:0:1::1
        neighbor_loopback_ipv4: 10.0.127.3
        neighbor_loopback_ipv6: fc00:0:0:127::3
    ports:
      - interface: eth3
        subscription: 7d2f6a58-5d0e-4c55-9a3e-0d7c8a3d9a01
        description: University A
        mtu: 9000
        tagged: true
    l2vpns:
      - subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
        name: TL-0D7C8A3D9A02
        vni: 10001
        saps: [{interface: eth3, vlan: 100, mtu: 9000}]
        vteps: [10.0.127.4]
    bgp:
      asn: 65000
      router_id: 10.0.127.2
      neighbors: [{name: par-p, address: 10.0.127.3, client: false}]
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: always
  type: int
  sample: 1
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 0
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.05
"""
