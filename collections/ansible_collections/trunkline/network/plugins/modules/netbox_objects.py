#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: netbox_objects
short_description: Ensure that simple NetBox objects exist
version_added: 0.1.0
description:
  - Makes sure that a declared list of objects exists in NetBox with the given fields. Objects are found by their
    natural key (slug, name, prefix, address), created in bulk, and corrected where a given field differs. Fields that
    are not given are never touched.
  - Groups are handled in order, so a group may refer to objects of an earlier one by slug.
  - One read a group, and one write a group that differs.
options:
  objects:
    description: Groups of objects, in order of dependency.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description: The NetBox object type.
        type: str
        required: true
        choices:
          - circuits.circuittype
          - circuits.provider
          - dcim.devicerole
          - dcim.devicetype
          - dcim.interfacetemplate
          - dcim.manufacturer
          - dcim.platform
          - dcim.site
          - extras.configcontext
          - extras.customfield
          - extras.tag
          - ipam.ipaddress
          - ipam.prefix
          - ipam.role
      items:
        description: "The objects, with NetBox's own field names. References are given by attribute: C({slug: frr})."
        type: list
        elements: dict
        required: true
      correct:
        description: Whether fields that differ are corrected. If not, an object that exists is left as it is.
        type: bool
        default: true
extends_documentation_fragment:
  - trunkline.network.netbox
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Two sites and a pool of loopback addresses
  trunkline.network.netbox_objects:
    objects:
      - type: dcim.site
        items:
          - {slug: ams, name: Amsterdam, status: active}
          - {slug: par, name: Paris, status: active}
      - type: ipam.role
        items:
          - {slug: loopback, name: Loopback}
      - type: ipam.prefix
        items:
          - {prefix: 10.0.127.0/24, role: {slug: loopback}, status: active}
"""

RETURN = r"""
operations:
  description: What was done (in check mode, what would be done).
  returned: success
  type: list
  elements: dict
  sample:
    - {op: create, type: dcim.site, name: ams, before: null, after: {slug: ams, name: Amsterdam}}
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: always
  type: int
  sample: 3
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 1
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.21
"""
