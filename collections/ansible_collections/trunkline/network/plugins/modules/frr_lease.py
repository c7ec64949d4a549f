#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_lease
short_description: Hold a router for the length of a run
version_added: 0.1.0
description:
  - Takes, renews or gives back the lease of a router. The lease is a file on the router itself, where every door
    (API, AWX, a person with ansible-playbook) meets, so that two runs cannot undo each other's work.
  - A lease ends by itself after O(ttl_s) seconds of the router's boot clock, and with a reboot. A run that dies
    does not block a router for longer.
  - Take it B(before) the intent is read, and hand its owner to M(trunkline.network.frr_config).
options:
  state:
    description: Whether to hold the lease or to give it back. Only the owner can give it back.
    type: str
    choices: [present, absent]
    default: present
  owner:
    description:
      - Who holds the router, as others will read it when they are refused. The same owner may take its lease again,
        which renews it, so it should be unique to the run.
      - Left out with O(state=present), a unique name is made and returned in RV(lease.owner).
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
    description: Nothing is taken or given back in check mode; the answer tells what would be.
    support: full
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Take the router
  trunkline.network.frr_lease:
    owner: run 7f3c
  register: taken

- name: Give it back
  trunkline.network.frr_lease:
    state: absent
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
waited_s:
  description: Seconds that this call waited for another's lease to end.
  returned: success
  type: float
  sample: 0.0
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

import os
import time
import uuid

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils import frr_lock
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import Lease, LockError


class LeaseHeldError(LockError):
    """Another run holds the router."""

    def __init__(self, lease: Lease, now: float) -> None:
        super().__init__(frr_lock.held_by_another(lease, now))
        self.holder = {"owner": lease.owner, "ttl_s": round(lease.left_s(now), 1)}


def take(owner: str, ttl_s: int, wait_s: int, check_mode: bool) -> tuple[bool, Lease]:
    """Take or renew the lease, waiting for another's to end; return whether it is newly taken, and the lease.

    Raises LockError (LeaseHeldError when the holder is known) after `wait_s` seconds.
    """
    boot = frr_lock.boot_id()
    deadline = frr_lock.now_s() + wait_s
    while True:
        with frr_lock.file_lock(max(0.0, deadline - frr_lock.now_s())):
            current = frr_lock.read_lease()
            now = frr_lock.now_s()
            other = frr_lock.holder(current, owner, now, boot)
            if other is None:
                lease = Lease(owner, now + ttl_s, boot)
                renewed = current is not None and current.owner == owner and not current.is_over(now, boot)
                if not check_mode:
                    frr_lock.write_lease(lease)
                return not renewed, lease
        if check_mode or now >= deadline:
            raise LeaseHeldError(other, now)
        time.sleep(frr_lock.POLL_S)


def give_back(owner: str, wait_s: int, check_mode: bool) -> bool:
    """Give the lease back; return whether it was ours. One that is over or another's is left alone."""
    with frr_lock.file_lock(wait_s):
        if check_mode:
            current = frr_lock.read_lease()
            return current is not None and current.owner == owner
        return frr_lock.remove_lease(owner)


def new_owner() -> str:
    """A unique owner that says where the run comes from, as far as the router can know."""
    client = os.environ.get("SSH_CLIENT", "").split(" ")[0] or "console"
    return f"{client} {uuid.uuid4().hex[:8]}"


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "owner": {"type": "str"},
            "ttl_s": {"type": "int", "default": 120},
            "wait_s": {"type": "int", "default": 60},
        },
        required_if=[("state", "absent", ["owner"])],
        supports_check_mode=True,
    )
    parameters = module.params
    for name in ("ttl_s", "wait_s"):
        if parameters[name] < (name == "ttl_s"):
            module.fail_json(msg=f"{name}: {parameters[name]} is too small; give a number of seconds")
    if not os.path.isdir(frr_lock.RUN_DIRECTORY):
        module.fail_json(
            msg=f"{os.uname().nodename}: FRR does not run here (no {frr_lock.RUN_DIRECTORY}); install it and start it"
        )
    started = frr_lock.now_s()
    try:
        if parameters["state"] == "absent":
            changed = give_back(parameters["owner"], parameters["wait_s"], module.check_mode)
            module.exit_json(changed=changed, lease=None, waited_s=round(frr_lock.now_s() - started, 2))
        changed, lease = take(
            parameters["owner"] or new_owner(), parameters["ttl_s"], parameters["wait_s"], module.check_mode
        )
    except LeaseHeldError as error:
        module.fail_json(msg=str(error), holder=error.holder)
    except LockError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed,
        lease={"owner": lease.owner, "ttl_s": float(parameters["ttl_s"])},
        waited_s=round(frr_lock.now_s() - started, 2),
    )


if __name__ == "__main__":
    main()
