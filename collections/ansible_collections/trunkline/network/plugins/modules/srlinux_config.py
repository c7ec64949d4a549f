#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: srlinux_config
short_description: Make what we own on an SR Linux router what it should be
version_added: 0.1.0
description:
  - Speaks JSON-RPC. Makes the router carry O(config), in one transaction that the router takes back by itself unless it
    is confirmed in time, and saves it.
  - Owned whole are the entries of the lists C(/interface), C(/network-instance/interface) and
    C(/network-instance/protocols/isis/instance) that O(config) has. What somebody else added to an owned entry is
    removed, and shown in the diff. What we owned before and is no longer in O(config) is removed.
  - What else is in O(config), such as the type of a network instance, is set, and neither removed later nor cleaned of
    what others put beside it. B(All else on the router is left as it is).
  - Steps when there is something to do. Lease, records and C(diff), C(validate), C(set) with C(confirm-timeout),
    records and C(diff) again, which must be empty, C(confirmed-accept), C(save). With nothing to do it is two
    requests and no lease.
  - The router's record of what is ours, and the lease, are empty prefix sets whose names say it
    (C(trunkline owns /interface=ethernet-1%2F1)). No policy refers to them. They are on the router because every
    door (API, AWX, a shell) meets there; they are left out of the diff.
  - The lease binds Trunkline's runs, not a person at the router's CLI. It relies on the router's clock.
options:
  config:
    description:
      - The configuration as RFC 7951 writes YANG data, with or without prefixes of modules. Empty removes all that we
        own.
    type: dict
    required: true
attributes:
  check_mode:
    description: Changes nothing; the diff is the one that the push would give, and the router validates the change.
    support: full
  diff_mode:
    description: The difference as the router's own CLI prints it.
    support: full
extends_documentation_fragment:
  - trunkline.network.srlinux
  - trunkline.network.srlinux.push
seealso:
  - module: trunkline.network.srlinux_lease
  - module: trunkline.network.srlinux_deploy
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Configure one interface and leave the rest of the router alone
  trunkline.network.srlinux_config:
    config:
      interface:
        - name: ethernet-1/1
          description: to par-p
          admin-state: enable

- name: Remove all that we own
  trunkline.network.srlinux_config:
    config: {}
"""

RETURN = r"""
diff:
  description: Under C(prepared) what changes, as the router's CLI prints it; empty if nothing changes.
  returned: success
  type: dict
  sample:
    prepared: |2
            interface ethernet-1/1 {
      -         description old
      +         description "to par-p"
            }
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
  sample: true
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
restored:
  description: Whether the router is known to be as it was before the push. If not, it returns there by itself.
  returned: when a push was begun and not kept
  type: bool
"""
