#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_verify
short_description: Ask a FRR router whether its circuits work
version_added: 0.1.0
description:
  - Runs on the router and waits, once and for at most O(timeout_s), until addresses are present, IS-IS adjacencies are
    up with the right neighbor, and pings are answered.
  - Reports for each what was expected, what was found, and after how many seconds it was true. Changes nothing.
options:
  interfaces:
    description: Interfaces to prove.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the interface on the router.
        type: str
        required: true
      ipv4:
        description: IPv4 address with prefix length that must be present.
        type: str
      ipv6:
        description: IPv6 address with prefix length that must be present.
        type: str
      neighbor:
        description:
          - Hostname of the router at the other end, with which the IS-IS adjacency must be up. Null where none is
            expected.
        type: str
  pings:
    description: Addresses that must answer.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Own address to ping from; a prefix length is ignored.
        type: str
        required: true
      destination:
        description: Address that must answer; a prefix length is ignored.
        type: str
        required: true
  tunnels:
    description: VNIs and the routers that this one must know as their other ends.
    type: list
    elements: dict
    default: []
    suboptions:
      vni:
        description: The VXLAN network identifier.
        type: int
        required: true
      vteps:
        description: Addresses of the other routers.
        type: list
        elements: str
        required: true
  timeout_s:
    description:
      - Seconds to wait for all of it together.
      - A network with FRR's default LSP timers takes about 31 seconds until loopbacks answer.
    type: int
    default: 60
  lease:
    description:
      - Owner of the lease under which the router waits for a confirmation (M(trunkline.network.frr_config)). It is kept
        for as long as the proof may take. The proof is refused if that lease is over.
    type: str
  confirm_s:
    description: Seconds that the router goes on waiting for the confirmation after the proof.
    type: int
    default: 30
attributes:
  check_mode:
    description: Returns at once with no checks, since what a plan would bring cannot be proved yet.
    support: full
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Prove a circuit from this end
  trunkline.network.frr_verify:
    interfaces:
      - {name: eth1, ipv4: 10.0.1.0/31, ipv6: "fc00:0:1::/127", neighbor: par-p}
    pings:
      - {source: 10.0.127.2/32, destination: 10.0.127.3/32}
      - {source: "fc00:0:0:127::2", destination: "fc00:0:0:127::3"}
"""

RETURN = r"""
checks:
  description: What was to be proved, in the order of the parameters.
  returned: always, empty in check mode
  type: list
  elements: dict
  contains:
    kind:
      description: C(address), C(adjacency), C(tunnel) or C(ping).
      type: str
    subject:
      description: The interface, the VNI, or the source address of a ping.
      type: str
    expected:
      description: What must be found.
      type: str
    found:
      description: What was found last.
      type: str
    seconds:
      description: After how many seconds it was as expected; null if it never was.
      type: float
  sample:
    - {kind: adjacency, subject: eth1, expected: Up with par-p, found: Up with par-p, seconds: 0.1}
seconds:
  description: Seconds until all was proved, or the wait was over.
  returned: always
  type: float
  sample: 2.2
"""

import json
import os
import subprocess
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trunkline.network.plugins.module_utils import frr_lock
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr
from ansible_collections.trunkline.network.plugins.module_utils.frr_proof import look
from ansible_collections.trunkline.network.plugins.module_utils.proof_checks import Check, checks

if TYPE_CHECKING:
    from collections.abc import Mapping

POLL_S = 0.1
LOCK_WAIT_S = 30


class _State(NamedTuple):
    """What FRR says: interfaces by name, the answer about IS-IS neighbours, VNIs by number."""

    interfaces: Mapping[str, Any]
    neighbors: Mapping[str, Any]
    vnis: Mapping[str, Any]


class Pings:
    """The pings that are under way, all at once: an unanswered one costs a second, and must not hold up the others."""

    def __init__(self, ping: str) -> None:
        self._ping = ping
        self._under_way: dict[int, subprocess.Popen[str]] = {}

    def look(self, index: int, check: Check, seconds: float) -> Check:
        """Return the check with what its ping found; start a ping where none is under way."""
        process = self._under_way.get(index)
        if process is None:
            self._under_way[index] = self._start(check)
            return check
        if process.poll() is None:
            return check
        out, err = process.communicate()
        del self._under_way[index]
        if process.returncode == 0:
            return replace(check, found=check.expected, seconds=seconds)
        return replace(check, found=err.strip() or _loss(out))

    def stop(self) -> None:
        """End what is still under way."""
        for process in self._under_way.values():
            process.kill()
            process.communicate()

    def _start(self, check: Check) -> subprocess.Popen[str]:
        family = "-6" if ":" in check.expected else "-4"
        # Within its second iputils asks five times and ends with the first answer; busybox asks once.
        argv = [self._ping, family, "-n", "-c1", "-i0.2", "-w1", "-W1", "-I", check.subject, check.expected]
        # run_command would wait for its end. pylint: disable-next=ansible-bad-function
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(wanted: list[Check], frr: Frr, pings: Pings, timeout_s: float) -> tuple[list[Check], float]:
    """Look again and again until all is proved or the time is up; return the checks and the seconds it took."""
    started, state = time.monotonic(), _State({}, {}, {})
    while True:
        # For pings alone FRR need not be asked.
        if any(check.kind != "ping" and not check.is_proved for check in wanted):
            state = _state(frr, any(check.kind == "tunnel" for check in wanted))
        seconds = round(time.monotonic() - started, 2)
        wanted = [
            check
            if check.is_proved
            else pings.look(index, check, seconds)
            if check.kind == "ping"
            else look(check, *state, seconds)
            for index, check in enumerate(wanted)
        ]
        if all(check.is_proved for check in wanted) or seconds >= timeout_s:
            return wanted, seconds
        time.sleep(POLL_S)


def keep(lease: str | None, seconds: float) -> None:
    """Hold the lease for so long, if there is one. Raises LockError if it is over."""
    if lease is None:
        return
    with frr_lock.file_lock(LOCK_WAIT_S):
        if not frr_lock.is_held(lease):
            raise frr_lock.LockError(frr_lock.is_over(lease))
        frr_lock.hold(lease, seconds)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "interfaces": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "ipv4": {"type": "str"},
                    "ipv6": {"type": "str"},
                    "neighbor": {"type": "str"},
                },
            },
            "pings": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "source": {"type": "str", "required": True},
                    "destination": {"type": "str", "required": True},
                },
            },
            "tunnels": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "vni": {"type": "int", "required": True},
                    "vteps": {"type": "list", "elements": "str", "required": True},
                },
            },
            "timeout_s": {"type": "int", "default": 60},
            "lease": {"type": "str"},
            "confirm_s": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    try:
        wanted = checks(module.params["interfaces"], module.params["pings"], module.params["tunnels"])
    except ValueError as error:
        module.fail_json(msg=f"interfaces, pings: {error}; write addresses as 10.0.1.0/31 or fc00:0:1::/127")
    if module.check_mode:
        module.exit_json(changed=False, checks=[], seconds=0.0)
    frr = Frr(module.run_command, module.get_bin_path("vtysh", required=True))
    pings = Pings(module.get_bin_path("ping", required=True))
    router, lease, confirm_s = os.uname().nodename, module.params["lease"], module.params["confirm_s"]
    try:
        keep(lease, module.params["timeout_s"] + confirm_s)
        wanted, seconds = wait_for(wanted, frr, pings, module.params["timeout_s"])
        keep(lease, confirm_s)
    except frr_lock.LockError as error:
        module.fail_json(msg=str(error))
    except DeviceError as error:
        module.fail_json(msg=f"{router}: {error}")
    finally:
        pings.stop()
    answer = {"checks": [asdict(check) for check in wanted], "seconds": seconds}
    unproved = [check.sentence(router) for check in wanted if not check.is_proved]
    if unproved:
        module.fail_json(msg=f"not working after {seconds:g} s: {'; '.join(unproved)}", **answer)
    module.exit_json(changed=False, **answer)


def _state(frr: Frr, vnis: bool) -> _State:
    commands = ["show interface json", "show isis neighbor json", *["show evpn vni detail json"] * vnis]
    decoder, rest, answers = json.JSONDecoder(), frr.show(*commands).strip(), []
    try:
        for _command in commands:
            # Without isisd there is no second answer, or a sentence in its place.
            answer, end = decoder.raw_decode(rest) if rest.startswith(("{", "[")) else ({}, len(rest))
            answers.append(answer)
            rest = rest[end:].strip()
    except ValueError as error:
        raise DeviceError(f"FRR's state is not readable as JSON ({error})") from error
    tunnels = answers[2] if vnis else []
    return _State(answers[0], answers[1], {str(one["vni"]): one for one in tunnels if isinstance(one, dict)})


def _loss(output: str) -> str:
    return next((line for line in output.splitlines() if "packet loss" in line), "no answer")


if __name__ == "__main__":
    main()
