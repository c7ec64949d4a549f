#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: srlinux_deploy
short_description: Make an SR Linux router carry what NetBox says it must carry
version_added: 0.1.0
description:
  - One atomic action on one router. Reads the intent (M(trunkline.network.device_intent)), renders it, and compares. If
    there is something to do, takes the router's lease, reads and renders the intent again, so that no run can push what
    another has made obsolete, and pushes it as M(trunkline.network.srlinux_config) does.
  - In check mode nothing changes and no lease is taken; the diff is the one that the push would give.
options:
  device:
    description: Name of the device in NetBox. If not given, the host's name in the inventory.
    type: str
  overlay:
    description: Operations that are planned and not yet in NetBox, as M(trunkline.network.circuit) returns them.
    type: list
    elements: dict
    default: []
  intent:
    description: What the router must carry. If not given, it is read from NetBox.
    type: dict
  config_context:
    description: Name of the NetBox config context with the IS-IS settings.
    type: str
    default: trunkline
  template:
    description: The template of all that is ours on the router, as JSON; it sees the intent as C(intent).
    type: str
    default: srlinux.json.j2
  own_hostname:
    description:
      - Whether to set C(/system/name/host-name) to the device's name. Its neighbors learn it by IS-IS, and the proof of
        an adjacency names it. It stays when the node goes.
    type: bool
    default: true
attributes:
  check_mode:
    description: Changes nothing; the diff is the one that the push would give, and the router validates the change.
    support: full
  diff_mode:
    description: The difference as the router's own CLI prints it.
    support: full
notes:
  - The lease is held in the name of the environment variable E(TRUNKLINE_RUN); if that is empty, a unique name is made.
extends_documentation_fragment:
  - trunkline.network.srlinux
  - trunkline.network.srlinux.push
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.device_intent
  - module: trunkline.network.srlinux_config
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Bring the router in line with NetBox
  trunkline.network.srlinux_deploy:

- name: See what a planned circuit would change on the router
  trunkline.network.srlinux_deploy:
    overlay: "{{ planned.operations }}"
  check_mode: true
"""

RETURN = r"""
intent:
  description: What the router must carry, as M(trunkline.network.device_intent) returns it.
  returned: success
  type: dict
config:
  description: What was rendered from it, as M(trunkline.network.srlinux_config) takes it.
  returned: success
  type: dict
diff:
  description: Under C(prepared) what changes, as the router's CLI prints it; empty if nothing changes.
  returned: success
  type: dict
owned:
  description: Paths of what is ours after this push.
  returned: success
  type: list
  elements: str
  sample: ["/interface[name=ethernet-1/1]"]
saved:
  description: Whether the startup configuration was written.
  returned: success
  type: bool
unconfirmed:
  description: Whether the change waits to be confirmed.
  returned: success
  type: bool
  sample: false
timings_s:
  description: Seconds spent, by step.
  returned: success
  type: dict
  sample: {compare: 0.1, lease: 0.4, push: 0.6, save: 0.7}
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: success
  type: int
  sample: 1
"""
