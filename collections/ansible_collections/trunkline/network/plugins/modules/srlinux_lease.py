#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: srlinux_lease
short_description: Hold an SR Linux router for the length of a run
version_added: 0.1.0
description:
  - Takes, renews or gives back the lease of a router, and decides what becomes of what was pushed under it. The
    lease is an empty prefix set on the router itself, where every door (API, AWX, a person with ansible-playbook)
    meets, so that two runs cannot undo each other's work. It does not bind a person at the router's CLI.
  - A lease ends by itself after O(ttl_s) seconds of the router's clock. A run that dies does not block a router for
    longer.
  - Take it B(before) the intent is read, and hand its owner to M(trunkline.network.srlinux_deploy) or
    M(trunkline.network.srlinux_config).
options:
  state:
    description:
      - V(present) takes or renews the lease.
      - V(confirmed) keeps what O(owner) has pushed and not confirmed, saves it, and gives the lease back. Fails when
        there is nothing to confirm, since the router has then taken it back.
      - V(absent) takes back what O(owner) has pushed and not confirmed, if anything, and gives the lease back.
    type: str
    choices: [present, absent, confirmed]
    default: present
  owner:
    description:
      - Who holds the router, as others will read it when they are refused. The same owner may take its lease again,
        so it should be unique to the run.
      - Left out with O(state=present), it is E(TRUNKLINE_RUN), or else a unique name that is returned in
        RV(lease.owner).
    type: str
  ttl_s:
    description: Seconds after which the lease ends by itself.
    type: int
    default: 120
  wait_s:
    description: Seconds to wait for another's lease to end before giving up.
    type: int
    default: 60
attributes:
  check_mode:
    description: Nothing is taken, given back or confirmed in check mode.
    support: full
  diff_mode:
    description: The push has shown the difference.
    support: none
extends_documentation_fragment:
  - trunkline.network.srlinux
seealso:
  - module: trunkline.network.srlinux_config
  - module: trunkline.network.srlinux_deploy
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Take the router
  trunkline.network.srlinux_lease:
    owner: run 7f3c
  register: taken

- name: Push; the router returns to what it was unless that is confirmed within 90 seconds
  trunkline.network.srlinux_deploy:
    lease: "{{ taken.lease.owner }}"
    confirm_s: 90

- name: Keep it, and give the router back
  trunkline.network.srlinux_lease:
    state: confirmed
    owner: "{{ taken.lease.owner }}"
"""

RETURN = r"""
lease:
  description: The lease as it is now, null when nobody holds the router.
  returned: success
  type: dict
  contains:
    owner:
      description: Who holds the router.
      type: str
    ttl_s:
      description: Seconds until the lease ends by itself.
      type: float
  sample: {owner: run 7f3c, ttl_s: 120.0}
holder:
  description: Who holds the router instead.
  returned: when the lease was refused
  type: dict
  contains:
    owner:
      description: Who holds the router.
      type: str
    ttl_s:
      description: Seconds until that lease ends by itself.
      type: float
"""
