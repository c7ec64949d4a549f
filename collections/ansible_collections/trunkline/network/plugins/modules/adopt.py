#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt
short_description: Make devices and circuits that NetBox already has those of subscriptions
version_added: 0.1.0
description:
  - Looks at the devices and circuits that no subscription owns, says what stands against adopting each, and marks the
    others as a subscription's, with all that makes them up. That is a device's loopback and management addresses, and a
    circuit's terminations, cables, prefixes and addresses.
  - In the same call NetBox is brought to what M(trunkline.network.node) and M(trunkline.network.circuit) would
    document, for instance descriptions. Values are learned from what is there, nothing is allocated, nothing is
    deleted. Afterwards these modules find nothing to do.
  - No device is looked at or changed. RV(overlays) and RV(devices) serve to compare the routers with what they would be
    told.
  - What was marked half-way, because the run was killed, is taken up again with the same O(namespace).
    M(trunkline.network.netbox_undo) gives everything back.
options:
  sites:
    description: Slugs of sites. Only devices there, and circuits that end on these. All sites if not given.
    type: list
    elements: str
    default: []
  roles:
    description: Slugs of device roles. Only such devices, and circuits that end on them. All roles if not given.
    type: list
    elements: str
    default: []
  nodes:
    description: Names of devices. Only these, and circuits that end on them. All devices if not given.
    type: list
    elements: str
    default: []
  device_types:
    description: Slugs of device types that can be a node. Devices of others are only counted. All types if not given.
    type: list
    elements: str
    default: []
  namespace:
    description:
      - UUID from which the subscriptions' ids follow, with the number that the object has in NetBox. If not given, the
        run (E(TRUNKLINE_RUN)).
    type: str
  only:
    description:
      - Subscriptions, as RV(adopted) has them of an earlier call with the same O(namespace). Exactly these are adopted,
        or none. If not given, all that can be.
    type: list
    elements: str
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.fabric_info
  - module: trunkline.network.netbox_undo
  - module: trunkline.network.node
  - module: trunkline.network.circuit
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: What could be adopted in Amsterdam
  trunkline.network.adopt:
    sites: [ams]
    device_types: [frr-router]
    namespace: 3b1f8b2a-9d0c-4d75-8f4e-6a2f5f6b8c22
  check_mode: true
  register: found

- name: Adopt it
  trunkline.network.adopt:
    sites: [ams]
    device_types: [frr-router]
    namespace: 3b1f8b2a-9d0c-4d75-8f4e-6a2f5f6b8c22
    only: "{{ found.adopted | map(attribute='subscription') }}"
"""

RETURN = r"""
adopted:
  description:
    - What is adopted (in check mode, could be), nodes first. As M(trunkline.network.node) and
      M(trunkline.network.circuit) return it, with its type.
  returned: success
  type: list
  elements: dict
  sample:
    - type: dcim.device
      name: ams-pe
      netbox_id: 7
      subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
      status: active
      site: ams
      role: pe
      device_type: frr-router
      platform: frr
      management: 172.20.20.11/24
      loopback_ipv4: 10.0.127.2/32
      loopback_ipv6: fc00:0:0:127::2/128
refused:
  description: What cannot be adopted, with what stands against it and the remedies.
  returned: success
  type: list
  elements: dict
  sample:
    - type: circuits.circuit
      name: KPN-1
      netbox_id: 3
      cannot: ["speed_mbps: the circuit has no commit rate. Set it in NetBox, in kbit/s."]
others:
  description: Devices of other types than O(device_types), counted by type and platform, with the names of some.
  returned: success
  type: list
  elements: dict
  sample: [{device_type: server, platform: debian, count: 120, examples: [ams-s1, ams-s2]}]
overlays:
  description: By device, what its intent must have in addition until the circuits are adopted, for
    M(trunkline.network.device_intent).
  returned: success
  type: dict
  sample: {}
devices:
  description: The routers that what is adopted concerns, for C(add_host).
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
    - op: update
      type: dcim.device
      name: ams-pe
      before: {subscription: null}
      after: {subscription: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11}
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
  sample: 8
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 4
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.9
"""
