#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_config
short_description: Make the stanzas we own on a FRR router what they should be
version_added: 0.1.0
description:
  - Runs on the router (over ssh, docker or any other connection), with plain Python and FRR's own frr-reload.py.
  - Takes the text of the stanzas that we own (C(interface eth1), C(router isis CORE) ...) and makes the running and the
    startup configuration carry exactly these. What we owned before and is no longer in O(config) is removed.
    B(Every other stanza on the router is left as it is).
  - Owned is what the router's record names (C(/etc/frr/trunkline.json), which holds headers only, no lines), and what
    O(config) and O(also_owned) name. An owned stanza is owned whole. A line that somebody else added to it is
    removed, and shown in the diff.
  - 'Steps: file lock, snapshot, candidate, C(vtysh -m), where a stanza changes C(frr-reload.py --test) too,
    diff, the new lines in one C(vtysh -f), what that leaves to do by C(frr-reload.py --reload), read back and compare;
    then, at once or when it is confirmed, save and record. Whatever fails after the router has begun to change, the
    snapshot is put back and the error names the line and FRR''s words.'
  - From before the router begins to change, a process on the router itself waits for the end. If this module is killed
    on its way, or nobody confirms the push within O(confirm_s), that process returns the router to what it was. That
    is the running configuration, the startup configuration and the record.
  - Addresses, timers and values that equal a default may be written in any spelling; they are brought to FRR's own.
options:
  config:
    description:
      - The stanzas, as C(show running-config) prints them; C(exit) and C(!) may be left out. Empty removes all that we
        own.
      - Interfaces must exist on the router, and daemons run there; both are checked before anything changes.
    type: str
    required: true
  lease:
    description:
      - Owner of the lease that was taken with M(trunkline.network.frr_lease). The push is refused when that lease is
        over, or is held by another.
      - Left out, the push is refused only while somebody holds a lease.
      - Not looked at in check mode, which changes nothing.
    type: str
  confirm_s:
    description:
      - Seconds within which the push must be confirmed with O(trunkline.network.frr_lease#module:state=confirmed). Else
        the router returns to what it was. Until then nothing is saved, and the lease is held.
      - V(0) makes the push final at once.
    type: int
    default: 0
  also_owned:
    description: Headers of stanzas that are ours even if the router's record has been lost.
    type: list
    elements: str
    default: []
  lock_wait_s:
    description: Seconds to wait for another push that is under way on this router.
    type: int
    default: 30
attributes:
  check_mode:
    description: Changes nothing; the diff is the one that the push would give. FRR parses the candidate, too.
    support: full
  diff_mode:
    description: A unified diff of the owned stanzas, one hunk a stanza.
    support: full
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Configure one interface and leave the rest of the router alone
  trunkline.network.frr_config:
    config: |
      interface eth1
       description to par-p
       ip address 10.0.1.0/31
  become: true

- name: Remove all that we own
  trunkline.network.frr_config:
    config: ""
  become: true

- name: Push under a lease; the router returns to what it was unless that is confirmed within 30 seconds
  trunkline.network.frr_config:
    config: "{{ lookup('ansible.builtin.template', 'frr.conf.j2') }}"
    lease: "{{ taken.lease.owner }}"
    confirm_s: 30

- name: Confirm it
  trunkline.network.frr_lease:
    state: confirmed
    owner: "{{ taken.lease.owner }}"
"""

RETURN = r"""
diff:
  description: Under C(prepared) the unified diff from the running to the intended stanzas, empty if nothing changes.
  returned: success
  type: dict
  sample:
    prepared: |
      --- running
      +++ intended
      @@ -1,2 +1,2 @@ interface eth1
       interface eth1
      - description old
      + description to par-p
owned:
  description: Headers of the stanzas that are ours after this push.
  returned: success
  type: list
  elements: str
  sample: [interface eth1]
saved:
  description: Whether the startup configuration was (in check mode, would be) written by this push.
  returned: success
  type: bool
  sample: true
unconfirmed:
  description: Whether the router waits for a confirmation.
  returned: success
  type: bool
  sample: false
has_links:
  description: Whether M(trunkline.network.frr_links) has made links on this router.
  returned: success
  type: bool
timings_s:
  description: Seconds spent on the router, by step.
  returned: success
  type: dict
  sample: {snapshot: 0.05, check: 0.2, push: 0.5}
restored:
  description: Whether the running configuration is again what it was before the push.
  returned: when a push was refused half-way
  type: bool
"""

import os
import time
import uuid

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils import (
    frr_device,
    frr_guard,
    frr_links_device,
    frr_lock,
    frr_settle,
    frr_unconfirmed,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr
from ansible_collections.trunkline.network.plugins.module_utils.frr_push import (
    Plan,
    PushError,
    apply,
    plan,
    unconfirmed_push,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import Stanza, StanzaError, parse_wanted

# Nobody else gets at the router during a push, however long it takes. If it is killed, the router returns after this.
DEAD_AFTER_S = 5


class Stopwatch:
    """Seconds by step, for the answer."""

    def __init__(self) -> None:
        self.timings_s: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, step: str) -> None:
        """End a step; the next one begins."""
        now = time.monotonic()
        self.timings_s[step] = round(now - self._since, 3)
        self._since = now


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "config": {"type": "str", "required": True, "no_log": True},
            "lease": {"type": "str"},
            "confirm_s": {"type": "int", "default": 0},
            "also_owned": {"type": "list", "elements": "str", "default": []},
            "lock_wait_s": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    router = os.uname().nodename
    if module.params["confirm_s"] and module.params["lease"] is None:
        module.fail_json(msg="confirm_s: needs lease: who is to confirm? Take one with frr_lease")
    try:
        wanted = parse_wanted(module.params["config"])
    except StanzaError as error:
        module.fail_json(msg=f"{router}: {error}")
    if not os.path.isdir(frr_lock.RUN_DIRECTORY) or not os.path.exists(frr_device.RELOAD):
        module.fail_json(
            msg=f"{router}: needs FRR with {frr_device.RELOAD}; install frr and frr-pythontools, and start FRR"
        )
    vtysh = module.get_bin_path("vtysh", required=True)
    try:
        with frr_lock.file_lock(module.params["lock_wait_s"]) as lock:
            frr = Frr(lambda argv: module.run_command(argv, pass_fds=[lock]), vtysh)
            try:
                answer = make_it_so(module, frr, wanted)
            finally:
                frr.forget_files()
    except frr_lock.LockError as error:
        module.fail_json(msg=str(error))
    except PushError as error:
        module.fail_json(msg=f"{router}: {error}", restored=error.restored)
    except DeviceError as error:
        module.fail_json(msg=f"{router}: {error}")
    module.exit_json(**answer)


def make_it_so(module: AnsibleModule, frr: Frr, wanted: list[Stanza]) -> dict[str, object]:
    """Compare, and unless this is check mode, push; return the module's answer. The caller holds the file lock."""
    parameters, watch = module.params, Stopwatch()
    pending = None
    if not module.check_mode:
        frr_settle.settle(lambda: frr)
        frr_lock.check_lease(parameters["lease"])
        pending = frr_settle.unconfirmed()
    todo = plan(frr, wanted, frozenset(parameters["also_owned"]), pending)
    watch.lap("snapshot")
    if todo.diff:
        frr.check(todo.before.running, todo.candidate, todo.owned)
        watch.lap("check")
    waits = False
    if todo.is_needed and not module.check_mode:
        waits = push(frr, todo, parameters["lease"], parameters["confirm_s"])
        watch.lap("push")
    return {
        "changed": todo.changed,
        "diff": {"prepared": todo.diff},
        "owned": sorted(todo.intended),
        "saved": todo.changed and not parameters["confirm_s"],
        "unconfirmed": waits,
        "has_links": os.path.exists(frr_links_device.FILE),
        "timings_s": watch.timings_s,
    }


def push(frr: Frr, todo: Plan, lease: str | None, confirm_s: int) -> bool:
    """Carry the plan out, so that the router returns by itself if this process dies; return whether it now waits for
    a confirmation, and holds the lease for so long. Otherwise the lease stays what it was.
    """
    frr_device.check_that_it_can_keep()
    owner = lease or f"frr_config {uuid.uuid4().hex[:8]}"
    before, waits = frr_lock.read_lease(), False
    unconfirmed = unconfirmed_push(todo, owner)
    # In this order: without a lease, an unconfirmed push is one that is to be undone.
    frr_lock.hold(owner, DEAD_AFTER_S)
    try:
        frr_unconfirmed.write(unconfirmed)
        frr_guard.start(frr.vtysh)
        apply(frr, todo, unconfirmed)
        if confirm_s:
            frr_lock.hold(owner, confirm_s)
            waits = True
        else:
            frr_settle.confirm(frr, unconfirmed)
    finally:
        if not waits and frr_unconfirmed.read() is None:
            if lease is None or before is None:
                frr_lock.remove_lease(owner)
            else:
                frr_lock.write_lease(before)
    return waits


if __name__ == "__main__":
    main()
