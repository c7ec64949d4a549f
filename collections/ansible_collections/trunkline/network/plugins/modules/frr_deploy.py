#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_deploy
short_description: Make a FRR router carry what NetBox says it must carry
version_added: 0.1.0
description:
  - One atomic action on one router. Takes the router's lease (M(trunkline.network.frr_lease)), reads the intent
    (M(trunkline.network.device_intent)), renders it, pushes it (M(trunkline.network.frr_config)), and gives the lease
    back, also when something fails. The intent is read under the lease, so that no run can push what another has made
    obsolete.
  - With O(lease) and O(confirm_s) it is a part of a larger action, on several routers for instance. The router then
    waits to be told whether to keep it.
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
    description: The template of all that is ours on the router; it sees the intent as C(intent).
    type: str
    default: frr.conf.j2
  also_owned:
    description: Headers of stanzas that are ours even if the router's record of them has been lost.
    type: list
    elements: str
    default: []
  lease:
    description:
      - Owner of the lease that was taken with M(trunkline.network.frr_lease). It stays held. If not given, a lease is
        taken for the length of this task.
    type: str
    default: ""
  confirm_s:
    description:
      - Seconds within which O(lease) must be confirmed with M(trunkline.network.frr_lease), else the router returns to
        what it was. V(0) makes the push final.
    type: int
    default: 0
  lease_ttl_s:
    description: Seconds after which the lease ends by itself, should this run die.
    type: int
    default: 120
  lease_wait_s:
    description: Seconds to wait for another run's lease.
    type: int
    default: 60
attributes:
  check_mode:
    description: Changes nothing; the diff is the one that the push would give.
    support: full
  diff_mode:
    description: A unified diff of the owned stanzas, one hunk a stanza.
    support: full
notes:
  - The lease is held in the name of the environment variable E(TRUNKLINE_RUN); if that is empty, a unique name is made.
extends_documentation_fragment:
  - trunkline.network.netbox
seealso:
  - module: trunkline.network.device_intent
  - module: trunkline.network.frr_config
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Bring the router in line with NetBox
  trunkline.network.frr_deploy:

- name: See what a planned circuit would change on the router
  trunkline.network.frr_deploy:
    overlay: "{{ planned.operations }}"
  check_mode: true
"""

RETURN = r"""
intent:
  description: What the router must carry, as M(trunkline.network.device_intent) returns it.
  returned: success
  type: dict
diff:
  description: Under C(prepared) the unified diff from the running to the intended stanzas, empty if nothing changes.
  returned: success
  type: dict
owned:
  description: Headers of the stanzas that are ours after this push.
  returned: success
  type: list
  elements: str
  sample: [interface eth1]
timings_s:
  description: Seconds spent on the router, by step.
  returned: success
  type: dict
  sample: {snapshot: 0.05, check: 0.2, push: 0.5}
requests:
  description: How many HTTP requests were sent to NetBox.
  returned: success
  type: int
  sample: 1
"""
