#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_lease
short_description: Hold a router for the length of a run
version_added: 0.1.0
description:
  - Takes, renews or gives back the lease of a router, and decides what becomes of what was pushed under it. The lease
    is a file on the router itself, where every door (API, AWX, a person with ansible-playbook) meets, so that two runs
    cannot undo each other's work.
  - A lease ends by itself after O(ttl_s) seconds of the router's boot clock, and with a reboot. A run that dies
    does not block a router for longer.
  - Take it B(before) the intent is read, and hand its owner to M(trunkline.network.frr_config).
options:
  state:
    description:
      - V(present) takes or renews the lease.
      - V(confirmed) makes what O(owner) has pushed with M(trunkline.network.frr_config) last (startup configuration and
        record), and gives the lease back. That this call arrives is the proof that the router can still be reached.
      - V(absent) undoes what O(owner) has pushed and not confirmed, if anything, and gives the lease back.
    type: str
    choices: [present, absent, confirmed]
    default: present
  owner:
    description:
      - Who holds the router, as others will read it when they are refused. The same owner may take its lease again,
        which renews it, so it should be unique to the run. Nobody else can give it back.
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

- name: Confirm what was pushed, and give the router back
  trunkline.network.frr_lease:
    state: confirmed
    owner: "{{ taken.lease.owner }}"

- name: Undo what was pushed, and give the router back
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
undone:
  description: Whether a push that was not confirmed has been undone.
  returned: success
  type: bool
  sample: false
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
      description: Who holds the router, null while a module without a lease is at work on it.
      type: str
    ttl_s:
      description: Seconds until that lease ends by itself.
      type: float
"""

import os
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils import frr_lock, frr_settle
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import Lease, LockBusyError, LockError

# From the file lock's descriptor to FRR on this router.
FrrMaker = Callable[[int], Frr]


class HeldError(LockError):
    """Another run holds the router, or a module is at work on it."""

    def __init__(self, message: str, owner: str | None, ttl_s: float) -> None:
        super().__init__(message)
        self.holder = {"owner": owner, "ttl_s": round(ttl_s, 1)}

    @classmethod
    def by(cls, lease: Lease, now_s: float) -> HeldError:
        """Another's lease."""
        return cls(frr_lock.held_by_another(lease, now_s), lease.owner, lease.left_s(now_s))


def take(owner: str, ttl_s: int, wait_s: int, check_mode: bool, frr: FrrMaker) -> tuple[bool, Lease]:
    """Take or renew the lease, waiting for another's to end; return whether it is newly taken, and the lease.

    Raises HeldError after `wait_s` seconds.
    """
    deadline = frr_lock.now_s() + wait_s
    try:
        return _take(owner, ttl_s, deadline, check_mode, frr)
    except LockBusyError as error:
        now, lease = frr_lock.now_s(), frr_lock.read_lease()
        other = frr_lock.holder(lease, owner, now, frr_lock.boot_id())
        raise (HeldError(str(error), None, 0) if other is None else HeldError.by(other, now)) from error


def _take(owner: str, ttl_s: int, deadline: float, check_mode: bool, frr: FrrMaker) -> tuple[bool, Lease]:
    boot = frr_lock.boot_id()
    while True:
        with frr_lock.file_lock(max(0.0, deadline - frr_lock.now_s())) as lock:
            if not check_mode:
                frr_settle.settle(partial(frr, lock))
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
            raise HeldError.by(other, now)
        time.sleep(frr_lock.POLL_S)


def give_back(owner: str, wait_s: int, check_mode: bool, frr: FrrMaker) -> tuple[bool, bool]:
    """Undo what `owner` has not confirmed, and give the lease back; return whether it was ours, whether was undone.

    One that is over or another's is left alone.
    """
    with frr_lock.file_lock(wait_s) as lock:
        if check_mode:
            return frr_lock.is_held(owner), False
        settled = frr_settle.settle(partial(frr, lock))
        push = frr_settle.unconfirmed()
        undone = push is not None and push.owner == owner
        if push is not None and undone:
            frr_settle.undo(frr(lock), push)
        return frr_lock.remove_lease(owner), undone or settled


def confirm(owner: str, wait_s: int, check_mode: bool, frr: FrrMaker) -> bool:
    """Make what `owner` has pushed last, and give the lease back; return whether there was anything to confirm.

    Raises LockError if the lease is over, since the push is undone then.
    """
    with frr_lock.file_lock(wait_s) as lock:
        if not frr_lock.is_held(owner):
            if not check_mode:
                frr_settle.settle(partial(frr, lock))
            raise LockError(frr_lock.is_over(owner))
        push = frr_settle.unconfirmed()
        if check_mode:
            return push is not None
        if push is not None:
            frr_settle.confirm(frr(lock), push)
        frr_lock.remove_lease(owner)
        return push is not None


def new_owner() -> str:
    """A unique owner that says where the run comes from, as far as the router can know."""
    client = os.environ.get("SSH_CLIENT", "").split(" ")[0] or "console"
    return f"{client} {uuid.uuid4().hex[:8]}"


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent", "confirmed"], "default": "present"},
            "owner": {"type": "str"},
            "ttl_s": {"type": "int", "default": 120},
            "wait_s": {"type": "int", "default": 60},
        },
        required_if=[("state", state, ["owner"]) for state in ("absent", "confirmed")],
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

    def frr(lock: int) -> Frr:
        # Only where there is something to undo or confirm: most calls need no vtysh.
        return Frr(lambda argv: module.run_command(argv, pass_fds=[lock]), module.get_bin_path("vtysh", required=True))

    owner, wait_s, check_mode = parameters["owner"], parameters["wait_s"], module.check_mode
    started = frr_lock.now_s()
    try:
        answer: dict[str, Any] = {"lease": None, "undone": False}
        if parameters["state"] == "absent":
            answer["changed"], answer["undone"] = give_back(owner, wait_s, check_mode, frr)
        elif parameters["state"] == "confirmed":
            answer["changed"] = confirm(owner, wait_s, check_mode, frr)
        else:
            answer["changed"], lease = take(owner or new_owner(), parameters["ttl_s"], wait_s, check_mode, frr)
            answer["lease"] = {"owner": lease.owner, "ttl_s": float(parameters["ttl_s"])}
    except HeldError as error:
        module.fail_json(msg=str(error), holder=error.holder)
    except LockError as error:
        module.fail_json(msg=str(error))
    except DeviceError as error:
        module.fail_json(msg=f"{os.uname().nodename}: {error}")
    module.exit_json(**(answer | {"waited_s": round(frr_lock.now_s() - started, 2)}))


if __name__ == "__main__":
    main()
