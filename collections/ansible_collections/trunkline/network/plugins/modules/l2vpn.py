#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: l2vpn
short_description: An L2VPN between ports in NetBox, complete with terminations, VLANs and its VNI
version_added: 0.1.0
description:
  - Makes the L2VPN, a termination for each access point, and for each tagged access point an interface on the port
    (C(eth3.100)) and the VLAN; or removes all of it.
  - NetBox gives each L2VPN a number, and from it the L2VPN has its VNI, which is so never taken twice.
  - Everything it makes carries the subscription's UUID from the request that creates it. A run that was killed at any
    point and is run again finds what it made.
  - What differs from the order is corrected, access points that came or went included.
options:
  state:
    description: Whether the L2VPN shall be there.
    type: str
    choices: [present, absent]
    default: present
  subscription: &subscription
    description: UUID of the order. The L2VPN belongs to it, and has its name from it. Needed for each order.
    type: str
  saps: &saps
    description: The access points. Required for O(state=present).
    type: list
    elements: dict
    suboptions:
      port:
        description: The port, which must be there, as C(ams-pe:eth3).
        type: str
        required: true
      vlan:
        description: Id of the VLAN, on a port that takes tagged frames. To be left out on one that takes untagged.
        type: int
  description: &description
    description: What NetBox says of it.
    type: str
    default: ''
  status: &status
    description: Status of the subscription, which becomes that of the L2VPN.
    type: str
    choices: [provisioning, active, migrating, disabled]
    default: provisioning
  vni_base: &vni_base
    description: What is added to the L2VPN's number in NetBox to make its VNI.
    type: int
    default: 10000
  config_context: &config_context
    description: Name of the NetBox config context with the EVPN settings. It has the roles of the route reflectors.
    type: str
    default: trunkline
  overlay:
    description:
      - Operations that are planned and not yet in NetBox, as the modules return them. An L2VPN can so be planned upon
        ports that are still to be made.
      - In check mode only.
    type: list
    elements: dict
    default: []
  l2vpns:
    description:
      - Many orders in one call, each with the options of one. Read and written in bulk; all of them are made, or none.
      - Not together with O(subscription).
    type: list
    elements: dict
    suboptions:
      subscription: *subscription
      saps: *saps
      description: *description
      status: *status
      vni_base: *vni_base
      config_context: *config_context
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.port
  - module: trunkline.network.device_intent
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: An L2VPN between two ports, one of them tagged
  trunkline.network.l2vpn:
    subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
    saps:
      - {port: "ams-pe:eth3", vlan: 100}
      - {port: "lon-pe:eth3"}

- name: Take it away
  trunkline.network.l2vpn:
    state: absent
    subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
"""

RETURN = r"""
l2vpns:
  description: Instead of RV(l2vpn) when O(l2vpns) was given, the same for each, in their order.
  returned: success, with O(l2vpns)
  type: list
  elements: dict
l2vpn:
  description: The L2VPN. In check mode the ids of what does not exist yet are null, and its VNI is predicted.
  returned: success, without O(l2vpns)
  type: dict
  sample:
    name: TL-0D7C8A3D9A02
    netbox_id: 1
    subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
    status: planned
    description: ''
    vni: 10001
    saps:
      - {port: "ams-pe:eth3", node: ams-pe, vlan: 100, netbox_interface_id: 31}
      - {port: "lon-pe:eth3", node: lon-pe, vlan: null, netbox_interface_id: 22}
devices:
  description: The routers to configure, for C(add_host). Those of the access points, and the route reflectors.
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
    - op: create
      type: vpn.l2vpn
      name: TL-0D7C8A3D9A02
      before: null
      after: {name: TL-0D7C8A3D9A02, slug: tl-0d7c8a3d9a02, type: vxlan-evpn, status: planned, description: ''}
      subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
activation:
  description: What a later call with O(status=active) will do, when O(status=provisioning). So a plan can show it.
  returned: success
  type: list
  elements: dict
  sample:
    - op: update
      type: vpn.l2vpn
      name: TL-0D7C8A3D9A02
      before: {status: planned}
      after: {status: active}
      subscription: 9e1b3c70-6a9b-4e0e-b1a4-0d7c8a3d9a02
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
  sample: 7
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
