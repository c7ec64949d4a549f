#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: netbox_undo
short_description: Undo what a task has written to NetBox
version_added: 0.1.0
description:
  - Makes each object that was written under O(written_as), or by the run O(written_by), what it was before, by NetBox's
    change log. What was created is deleted, what was changed is changed back.
  - Refuses, and changes nothing, where an object was deleted, since NetBox cannot give one its id back.
options:
  written_as:
    description: NetBox's request ids, as M(trunkline.network.node) and M(trunkline.network.circuit) return them.
    type: list
    elements: str
  written_by:
    description: Id of a run, with which all that it has written to NetBox is signed. What it has undone stays undone.
    type: str
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.circuit
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: A circuit, or nothing
  block:
    - name: Document it
      trunkline.network.circuit:
        subscription: 5c6b0f6e-1b7a-4d0e-8a52-1a9d6f0b2c33
        a: {node: ams-pe, interface: eth1}
        z: {node: par-pe, interface: eth1}
      register: documented

    - name: Configure it
      ansible.builtin.include_tasks: configure.yml
  rescue:
    - name: Leave NetBox as it was
      trunkline.network.netbox_undo:
        written_as: "{{ documented.written_as }}"
"""

RETURN = r"""
operations:
  description: What was done (in check mode, what would be), in order.
  returned: success
  type: list
  elements: dict
  sample:
    - {op: delete, type: circuits.circuit, name: TL-1A9D6F0B2C33, before: null, after: null}
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: always
  type: int
  sample: 4
writes:
  description: How many of them could change something.
  returned: success
  type: int
  sample: 3
seconds:
  description: How long the work took, without Ansible's own start.
  returned: success
  type: float
  sample: 0.9
"""
