#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: srlinux_verify
short_description: Ask an SR Linux router whether its circuits work
version_added: 0.1.0
description:
  - Asks over JSON-RPC and waits, once and for at most O(timeout_s), until addresses are present, IS-IS adjacencies are
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
  timeout_s:
    description:
      - Seconds to wait for all of it together.
      - An FRR neighbor with default LSP timers takes about 31 seconds until loopbacks answer.
    type: int
    default: 60
attributes:
  check_mode:
    description: Returns at once with no checks, since what a plan would bring cannot be proved yet.
    support: full
extends_documentation_fragment:
  - trunkline.network.srlinux
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Prove a circuit from this end
  trunkline.network.srlinux_verify:
    interfaces:
      - {name: ethernet-1/1, ipv4: 10.0.1.0/31, ipv6: "fc00:0:1::/127", neighbor: par-p}
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
      description: C(address), C(adjacency) or C(ping).
      type: str
    subject:
      description: The interface, or the source address of a ping.
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
    - {kind: adjacency, subject: ethernet-1/1, expected: Up with par-p, found: Up with par-p, seconds: 0.1}
seconds:
  description: Seconds until all was proved, or the wait was over.
  returned: always
  type: float
  sample: 2.2
"""
